# Prints what has changed in the work tree $1 since the session began, untracked files included.
# Uses an index of its own: the agent's is only read.
set -eu
cd "$1"
index=$(git rev-parse --git-path sandbar-index)
base=$(git rev-parse -q --verify refs/sandbar/base || git hash-object -t tree /dev/null)
rm -f "$index"
GIT_INDEX_FILE=$index git read-tree "$base"
GIT_INDEX_FILE=$index git add --all
tree=$(GIT_INDEX_FILE=$index git write-tree)
git diff --no-color --no-ext-diff --binary --full-index "$base" "$tree"
rm -f "$index"
