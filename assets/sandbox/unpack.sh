# Unpacks a git bundle made by sandbar. $1 the name of the directory, $2 the session, $3 the bundle, $4 what
# HEAD names, or nothing. Prints the directory.
set -eu
claim "$1" "$2"
shift 2
mkdir -p "$directory"
cd "$directory"
# After lines that begin with # come those of a name and its ref.
begin_repository "$(sed -n '/^[#@]/!{ s/ .*//p; q; }' "$1")"
name_committer
refs=$(git bundle unbundle "$1")
object() { printf '%s\n' "$refs" | sed -n "s: refs/sandbar/$1\$::p"; }
head=$(object head)
git update-ref refs/sandbar/info "$(object info)"
came_along shallow >.git/shallow && [ -s .git/shallow ] || rm -f .git/shallow
take_rules
git update-ref refs/sandbar/base "$(object base)"
if [ -n "$2" ]; then
  git symbolic-ref HEAD "$2"
  [ -z "$head" ] || git update-ref "$2" "$head"
elif [ -n "$head" ]; then
  git update-ref --no-deref HEAD "$head"
fi
# The snapshot fills the work tree; the index goes back to HEAD, so that what was uncommitted still is.
git read-tree --reset -u refs/sandbar/base
if [ -n "$head" ]; then git read-tree HEAD; else git read-tree --empty; fi
# A submodule of which nothing came along is an empty directory, as where it was never fetched.
git ls-files --stage | sed -n 's/^160000 [^	]*	//p' | while IFS= read -r name; do
  unquote "$name"
  mkdir -p "./$path" 2>/dev/null || :
done
git update-index -q --refresh >/dev/null || :
keep_base
rm -f "$1"
printf '%s\n' "$directory"
