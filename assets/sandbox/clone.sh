# Clones $1 into $2 and remembers where it began.
set -eu
GIT_TERMINAL_PROMPT=0 git clone --progress -- "$1" "$2"
cd "$2"
git config user.name >/dev/null || { git config user.name agent; git config user.email agent@sandbar.invalid; }
git update-ref refs/sandbar/base HEAD
