# The file in which serve.sh writes down which process is the server, for when envd has forgotten it: one that was
# restarted lists nothing (seen on 0.6.13).
server_file="$HOME/.sandbar/server"

# Prints when the process $1 began, in the kernel's count; nothing where it has ended. An id may come again, with
# another beginning.
began() {
  sed -n 's/^[0-9]* (.*) \([^Z]\) /\1 /p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}
