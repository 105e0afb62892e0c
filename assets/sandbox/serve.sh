# Starts OpenCode's server. $1 its path, $2 work tree, $3 port, $4 the file in our home with the password,
# $5 the number of this start, $6 "demo" if its only model is the demo's.
# The password is never an argument: it is in the environment since the sandbox was made, or in that file,
# which only we can read. Needs config-dirs.sh and server-file.sh.

# What is printed goes into two files, which read-log.sh reads. So the server waits for no reader, nothing is
# lost while nobody reads, and a place in a stream is a place in a file. The front of a file is punched out
# when it has grown: its bytes are free again, and all others stay where they are.
log="$HOME/.sandbar/logs/$5"
keeps_log() (
  umask 077
  mkdir -p "${log%/*}" && chmod 700 "${log%/*}" || return
  before=
  for old in "${log%/*}"/*.out; do
    # Of all starts before, the last one may still be asked for.
    if [ -n "$before" ] && [ "$before" != "$log" ]; then rm -f "$before".*; fi
    before=${old%.out}
  done
  : >> "$log.out" && : >> "$log.err" && : > "$log.try" || return
  fallocate --punch-hole --offset 0 --length 4096 "$log.try"
  code=$?
  rm -f "$log.try"
  [ "$code" = 0 ] || rm -f "$log".*
  return "$code"
)
punch_out() {
  while sleep 10 && kill -0 $$; do
    wc -c "$log.out" "$log.err" | while read -r size file; do
      case "$file" in "$log".*) ;; *) continue ;; esac
      from=$(cat "$file.from" || echo 0)
      # 16 MiB are enough, 12 MiB stay.
      [ $((size - from)) -gt 16777216 ] || continue
      from=$(((size - 12582912) / 4096 * 4096))
      # Whoever reads must know first.
      echo "$from" > "$file.from"
      fallocate --punch-hole --offset 0 --length "$from" "$file"
    done
  done
}
if why=$(keeps_log 2>&1); then
  exec >> "$log.out" 2>> "$log.err"
  # It is not a child of the server's, has none of its pipes, and ends soon after it.
  (umask 077; punch_out > /dev/null 2>&1 < /dev/null &)
else
  echo "sandbar: no log is kept in this sandbox: $why" >&2
fi

if [ -z "$OPENCODE_SERVER_PASSWORD" ] && [ -f "$HOME/$4" ]; then
  OPENCODE_SERVER_PASSWORD=$(cat "$HOME/$4")
  export OPENCODE_SERVER_PASSWORD
fi
[ -n "$OPENCODE_SERVER_PASSWORD" ] || { echo "no password is set, and a server without one is not started" >&2; exit 3; }
# We come as OpenCode's usual user.
unset OPENCODE_SERVER_USERNAME
if [ "$6" = demo ]; then
  # That model is in the configuration. All others, which the program brings along, take it seconds to load
  # (seen on 1.18.33), and nothing of the demo needs a network.
  OPENCODE_MODELS_PATH="$HOME/.sandbar/models.json"
  mkdir -p "${OPENCODE_MODELS_PATH%/*}" && echo '{}' > "$OPENCODE_MODELS_PATH"
  export OPENCODE_MODELS_PATH OPENCODE_DISABLE_MODELS_FETCH=1
fi
cd "$2" || exit 3
settle_config_dirs "$2"
# Plugins are where the configuration is.
plugins=.config/opencode/plugin
if [ "$global" != "$HOME/.config/opencode" ]; then
  mkdir -p "$global/plugin" && cp "$HOME/$plugins"/sandbar-*.js "$global/plugin/"
fi
# Somebody else's server there would be taken for ours.
if grep -qi ":$(printf %04X "$3") [0-9A-F]*:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null; then
  echo "ServeError" >&2
  exit 5
fi
(umask 077; mkdir -p "${server_file%/*}" && echo "$$ $(began $$) $5 $3" > "$server_file")
PATH="$(dirname "$1"):$PATH"
export PATH
exec "$1" serve --hostname 127.0.0.1 --port "$3" --print-logs --log-level INFO
