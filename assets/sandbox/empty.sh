# Makes an empty git work tree at $1: without one OpenCode has no revert, no diff and no snapshots.
set -eu
mkdir -p "$1"
cd "$1"
git rev-parse --git-dir >/dev/null 2>&1 || git init -q
git config user.name >/dev/null || { git config user.name agent; git config user.email agent@sandbar.invalid; }
