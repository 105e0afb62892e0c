# Prints what has changed in the work tree $1 since the session began, untracked files included.
# Uses an index of its own: the agent's is only read. Needs add-all.sh.
set -eu
cd "$1"
index=$(git rev-parse --absolute-git-dir)/sandbar-index
base=$(git rev-parse -q --verify refs/sandbar/base || git hash-object -t tree /dev/null)
rm -f "$index"
export GIT_INDEX_FILE="$index"
git read-tree "$base"
add_all ''
tree=$(git write-tree)
git diff --no-color --no-ext-diff --binary --full-index "$base" "$tree"
rm -f "$index"
