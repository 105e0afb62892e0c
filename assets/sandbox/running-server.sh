# Prints the id of the server's process, when it began, the number of its start and its port, if it still runs.
# Needs server-file.sh.
read -r pid beginning start port 2>/dev/null < "$server_file" || exit 0
[ -n "$beginning" ] && [ "$(began "$pid")" = "$beginning" ] || exit 0
echo "$pid $beginning $start $port"
