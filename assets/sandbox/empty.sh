# Makes an empty git work tree for the session $1: without one OpenCode has no revert, no diff and no
# snapshots. Prints its directory.
set -eu
directory=$HOME/work
mark_work_tree "$1"
mkdir -p "$directory"
cd "$directory"
# One above it would not be its own.
[ -e .git ] || git init -q
name_committer
begin_here >/dev/null
printf '%s\n' "$directory"
