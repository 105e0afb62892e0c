# Starts OpenCode's server. $1 its path, $2 work tree, $3 port, $4 file with the password or nothing.
# The password is never an argument: it is in the environment since the sandbox was made, or in a file
# that only we can read.
if [ -n "$4" ]; then OPENCODE_SERVER_PASSWORD=$(cat "$4"); export OPENCODE_SERVER_PASSWORD; fi
[ -n "$OPENCODE_SERVER_PASSWORD" ] || { echo "no password is set; a server open to everybody is not started" >&2; exit 3; }
# Before OpenCode loads a plugin file it fetches its own plugin package from npm, and the first conversation
# waits for that (seen on 1.18.33: 5 to 30 s). Ours needs nothing of it; what the lock file names is not
# fetched. A directory that somebody else has set up stays as it is.
config="$HOME/.config/opencode"
if [ ! -e "$config/package.json" ] && [ ! -e "$config/package-lock.json" ] && mkdir -p "$config/node_modules"; then
  printf '%s\n' '{"packages":{"":{"dependencies":{"@opencode-ai/plugin":"*"}}}}' > "$config/package-lock.json"
fi
cd "$2" || exit 3
PATH="$(dirname "$1"):$PATH"
export PATH
exec "$1" serve --hostname 127.0.0.1 --port "$3" --print-logs --log-level INFO
