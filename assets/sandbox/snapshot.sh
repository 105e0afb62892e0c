# Writes a bundle $2 from which restore.sh makes the work tree $1 again: refs with their history, the
# index, and the work tree with what is untracked but not ignored. Uses an index and refs of its own:
# the agent's are only read. $3: the state of the last snapshot. $4: the commit of the last bundle that
# stands alone, where that is at hand: then this one holds only what came since. $5: bytes at most.
# Needs base.sh.
#
# Prints nothing where the state is still the same; else lines of a word and its values.
set -eu
cd "$1"
export GIT_AUTHOR_NAME=sandbar GIT_AUTHOR_EMAIL=sandbar@sandbar.invalid
export GIT_COMMITTER_NAME=sandbar GIT_COMMITTER_EMAIL=sandbar@sandbar.invalid
too_large() { rm -f "$2"; echo "the work tree is larger than $5 bytes" >&2; exit 9; }

# The agent may have begun a repository anew, or have left none: where the session began is in ours.
find_base
usable() {
  [ -e .git ] && git rev-parse -q --git-dir >/dev/null 2>&1 || return 1
  [ -d "$base_git" ] || return 0
  for ref in base info; do
    object=$(git --git-dir="$base_git" rev-parse -q --verify "refs/sandbar/$ref") || continue
    [ "$(git rev-parse -q --verify "refs/sandbar/$ref")" != "$object" ] || continue
    git fetch -q --no-tags --update-shallow "$base_git" "+refs/sandbar/$ref:refs/sandbar/$ref" 2>/dev/null || return 1
  done
}
if ! usable && [ -d "$base_git" ]; then
  # The files alone, then.
  GIT_DIR=$base_git GIT_WORK_TREE=$PWD
  export GIT_DIR GIT_WORK_TREE
fi
base=$(git rev-parse --git-path sandbar-snapshot-base)
own=$(git rev-parse --git-path sandbar-snapshot-index)
objects=$(git rev-parse --git-path objects)
case $own in /*) ;; *) own=$PWD/$own ;; esac
case $objects in /*) ;; *) objects=$PWD/$objects ;; esac

head=$(git symbolic-ref -q HEAD || git rev-parse HEAD)
parent=$(git rev-parse -q --verify 'HEAD^{commit}' || :)
parent=${parent:+-p $parent}
rm -f "$own" "$own".*
index=$(git rev-parse --git-path index)
[ ! -e "$index" ] || cp "$index" "$own"
export GIT_INDEX_FILE="$own"
# An index in the middle of a merge is no tree: then HEAD stands for it.
staged=$(git write-tree 2>/dev/null) || staged=$(git rev-parse -q --verify 'HEAD^{tree}') || staged=$(git mktree </dev/null)
rm -f "$own"

# The files by the rules of our repository: what the agent ignores by its own would not be in the work
# either. The index of the last time knows which have not changed since.
add_by_our_rules() (
  if [ -d "$base_git" ]; then
    GIT_INDEX_FILE=$base_git/snapshot-index
    without_configuration
    GIT_DIR=$base_git GIT_WORK_TREE=$PWD GIT_OBJECT_DIRECTORY=$objects
    export GIT_DIR GIT_WORK_TREE GIT_OBJECT_DIRECTORY
  fi
  rm -f "$GIT_INDEX_FILE".*
  for index in last base; do
    if [ "$index" = base ] || [ ! -e "$GIT_INDEX_FILE" ]; then
      rm -f "$GIT_INDEX_FILE"
      from=$(git rev-parse -q --verify refs/sandbar/base) || from=$parent
      [ -z "$from" ] || git read-tree "${from#-p }" || exit
    fi
    add_work "$1" >/dev/null || exit
    # Its objects go with the agent's repository.
    if git write-tree 2>/dev/null; then exit; fi
  done
  exit 1
)
tree=$(add_by_our_rules $(($5 * 4))) || { [ $? != 9 ] || too_large "$@"; exit 1; }
rm -f "$own"
unset GIT_INDEX_FILE

name='%(if)%(symref)%(then)symref %(symref)%(else)ref %(objectname)%(end) %(refname)'
refs=$(git for-each-ref --format="$name" | grep -v ' refs/sandbar/snapshot' || :)
shallow=$(sed 's/^/shallow /' "$(git rev-parse --git-path shallow)" 2>/dev/null || :)
state=$(printf '%s\n' "$head" "$staged" "$tree" "$refs" "$shallow" | git hash-object --stdin)
[ "$state" != "$3" ] || exit 0

# How many lines were added and removed since the session began, by the rules of our repository.
lines=$(
  [ -d "$base_git" ] || exit 0
  without_configuration
  GIT_DIR=$base_git GIT_ALTERNATE_OBJECT_DIRECTORIES=$objects
  export GIT_DIR GIT_ALTERNATE_OBJECT_DIRECTORIES
  from=$(git rev-parse -q --verify 'refs/sandbar/base^{tree}') || from=$(git mktree </dev/null)
  git diff-tree -r --numstat --no-ext-diff --no-textconv --no-renames --diff-algorithm=myers "$from" "$tree" |
    awk '{ added += $1; removed += $2 } END { printf "%.0f %.0f", added, removed }'
) || lines=
staged=$(git commit-tree "$staged" $parent -m index)
snapshot=$(printf 'head %s\nindex %s\n%s\n%s\n' "$head" "$staged" "$refs" "$shallow" | git commit-tree "$tree" $parent -p "$staged")
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
printf 'state %s\nkind %s\nlines %s\ncommit %s\n' "$state" "$kind" "$lines" "$snapshot"
