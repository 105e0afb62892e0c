# Writes a bundle $2 from which restore.sh makes the work tree $1 again: refs with their history, the
# index, and the work tree with what is untracked but not ignored. Uses an index and refs of its own:
# the agent's are only read. $3: the state of the last snapshot. $4: the commit of the last bundle that
# stands alone, where that is at hand: then this one holds only what came since. $5: bytes at most.
# Needs add-all.sh.
#
# Prints nothing where the state is still the same; else lines of a word and its value.
set -eu
cd "$1"
export GIT_AUTHOR_NAME=sandbar GIT_AUTHOR_EMAIL=sandbar@sandbar.invalid
export GIT_COMMITTER_NAME=sandbar GIT_COMMITTER_EMAIL=sandbar@sandbar.invalid
own=$(git rev-parse --git-path sandbar-snapshot-index)
base=$(git rev-parse --git-path sandbar-snapshot-base)
too_large() { rm -f "$2"; echo "the work tree is larger than $5 bytes" >&2; exit 9; }

head=$(git symbolic-ref -q HEAD || git rev-parse HEAD)
parent=$(git rev-parse -q --verify 'HEAD^{commit}' || :)
parent=${parent:+-p $parent}
rm -f "$own" "$own.lock"
index=$(git rev-parse --git-path index)
[ ! -e "$index" ] || cp "$index" "$own"
export GIT_INDEX_FILE="$own"
# An index in the middle of a merge is no tree: then HEAD stands for it.
staged=$(git write-tree 2>/dev/null) || staged=$(git rev-parse -q --verify 'HEAD^{tree}') || staged=$(git mktree </dev/null)
add_all $(($5 * 4)) || { [ $? != 9 ] || too_large "$@"; exit 1; }
tree=$(git write-tree)
rm -f "$own"
unset GIT_INDEX_FILE

name='%(if)%(symref)%(then)symref %(symref)%(else)ref %(objectname)%(end) %(refname)'
refs=$(git for-each-ref --format="$name" | grep -v ' refs/sandbar/snapshot' || :)
state=$(printf '%s\n' "$head" "$staged" "$tree" "$refs" | git hash-object --stdin)
[ "$state" != "$3" ] || exit 0
staged=$(git commit-tree "$staged" $parent -m index)
snapshot=$(printf 'head %s\nindex %s\n%s\n' "$head" "$staged" "$refs" | git commit-tree "$tree" $parent -p "$staged")
git update-ref refs/sandbar/snapshot "$snapshot"

mkdir -p "$(dirname "$2")"
kind=
if [ -n "$4" ] && [ "$(head -n 1 "$base" 2>/dev/null)" = "$4" ] && sed 's/^/^/' "$base" | git bundle create -q "$2" --all --stdin 2>/dev/null; then
  [ "$(wc -c <"$2")" -gt "$(cat "$base-thin")" ] || kind=thin
fi
if [ -z "$kind" ]; then
  size=$(git count-objects -v | awk '/^size(-pack)?:/ { s += $2 } END { printf "%.0f", s * 1024 }')
  if [ "$size" -le "$5" ]; then
    kind=whole
    git bundle create -q "$2" --all
  else
    # What the remote has, a new clone brings again.
    kind=clone
    [ -n "$(git for-each-ref refs/remotes)" ] || too_large "$@"
    git bundle create -q "$2" --all --not --remotes
  fi
  size=$(wc -c <"$2")
  [ "$size" -le "$5" ] || too_large "$@"
  # One that builds on this one and is larger than half of it had better stand alone.
  [ "$size" -ge 2000000 ] || size=2000000
  echo $((size / 2)) >"$base-thin"
  { echo "$snapshot"; git for-each-ref --format='%(objectname)'; } >"$base"
  # Keeps what the next ones build on.
  git update-ref refs/sandbar/snapshot-base "$snapshot"
fi
printf 'state %s\nkind %s\ncommit %s\n' "$state" "$kind" "$snapshot"
