# Prints one of the files in which serve.sh keeps what OpenCode prints: a line that tells the place of the first
# byte after it, then the bytes. $1 the file's name, $2 the place to begin at, $3 "-f" to wait for more.
# Exit code 4: there is no such file.
file="$HOME/.sandbar/logs/$1"
[ -f "$file" ] || exit 4
from=0
[ ! -f "$file.from" ] || read -r from < "$file.from"
[ "$from" -gt "$2" ] || from=$2
echo "$from"
exec tail -c "+$((from + 1))" $3 "$file"
