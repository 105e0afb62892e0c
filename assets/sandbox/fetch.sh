# Writes a bundle of the work in the work tree $1 to standard output. It has one ref, refs/sandbar/work: a commit of
# what the work tree holds, untracked files included, whose parents are where the session began and the agent's HEAD;
# its message names them. History before the session is left out, unless $2 is "whole". All of it happens in a
# repository of our own, which borrows the objects of the others. Needs base.sh.
set -eu
cd "$1"
find_base
head='' objects='' shallow=''
if [ -e .git ] && git rev-parse -q --git-dir >/dev/null 2>&1; then
  head=$(git rev-parse -q --verify 'HEAD^{commit}') || head=
  objects=$(git rev-parse --git-path objects)
  shallow=$(git rev-parse --git-path shallow)
  case $objects in /*) ;; *) objects=$PWD/$objects ;; esac
  case $shallow in /*) ;; *) shallow=$PWD/$shallow ;; esac
fi
base=$(git --git-dir="$base_git" rev-parse -q --verify 'refs/sandbar/base^{commit}' 2>/dev/null) || base=
# The agent may have begun a repository with other object names.
[ -z "$base" ] || [ "${#head}" = "${#base}" ] || head=
[ "$head" != "$base" ] || head=
without_configuration
mkdir -p "${base_git%/*}"
work=$(mktemp -d "${base_git%/*}/fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
begin_repository "${base:-$head}" --bare "$work/fetch.git"
mkdir -p "$work/fetch.git/objects/info" "$work/fetch.git/info"
{
  [ -z "$base" ] || printf '%s\n' "$base_git/objects"
  [ -z "$head" ] || printf '%s\n' "$objects"
} >"$work/fetch.git/objects/info/alternates"
cat "$base_git/shallow" "$shallow" 2>/dev/null | sort -u >"$work/shallow" || :
[ ! -s "$work/shallow" ] || mv "$work/shallow" "$work/fetch.git/shallow"
[ -z "$base" ] || cp -R "$base_git/info/." "$work/fetch.git/info"

GIT_DIR=$work/fetch.git GIT_WORK_TREE=$PWD GIT_INDEX_FILE=$work/index
export GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
if [ -n "$base$head" ]; then git read-tree "${base:-$head}"; else git read-tree --empty; fi
add_work '' >"$work/told"
sed -n 's/^left /sandbar: left out, it cannot be read: /p' "$work/told" >&2
tree=$(git write-tree)
export GIT_AUTHOR_NAME=sandbar GIT_AUTHOR_EMAIL=sandbar@sandbar.invalid
export GIT_COMMITTER_NAME=sandbar GIT_COMMITTER_EMAIL=sandbar@sandbar.invalid
commit=$(printf 'base %s\nhead %s\n' "$base" "$head" | git commit-tree "$tree" ${base:+-p "$base"} ${head:+-p "$head"})
git update-ref refs/sandbar/work "$commit"
{
  echo refs/sandbar/work
  [ "$2" = whole ] || [ -z "$base" ] || git rev-parse "$base^@" | sed 's/^/^/'
} >"$work/revisions"
git bundle create -q "$work/bundle" --stdin <"$work/revisions"
cat "$work/bundle"
