# Makes a work tree again as it was at the commit $3 of snapshot.sh, in a directory named $1 for the session
# $2. $4: the URL that it was cloned from, or nothing; $5: "clone" where the bundles need that clone; $6:
# "credentials" where they come by standard input. The rest: bundles, in order. Prints the directory.
set -eu
take_credentials "$6" "$4"
claim "$1" "$2"
snapshot=$3 url=$4 kind=$5
shift 6
mkdir -p "$directory"
if [ "$kind" = clone ] && ! git -C "$directory" rev-parse -q --verify refs/sandbar/snapshot >/dev/null 2>&1; then
  # Beside its place until it is whole: one that was cut off would be taken for it.
  rm -rf "$directory".part-*
  work="$directory.part-$$"
  trap 'rm -rf "$work"' EXIT
  remote_git clone --progress --no-checkout -- "$url" "$work" >&2
  rm -rf "$directory"
  mv -T "$work" "$directory"
fi
cd "$directory"
# Of a try that was cut off.
rm -f .git/index.lock
begin_repository "$snapshot"
name_committer
if [ -n "$url" ] && ! git config remote.origin.url >/dev/null; then git remote add -- origin "$url"; fi
for bundle; do git bundle unbundle "$bundle" >/dev/null; done

# The commit's message says what the refs were.
said() { git cat-file commit "$snapshot" | sed -n "1,/^\$/d; s/^$1 //p"; }
said shallow >.git/shallow.part
if [ -s .git/shallow.part ]; then mv .git/shallow.part .git/shallow; else rm -f .git/shallow.part; fi
said ref | while read -r object name; do echo "update $name $object"; done | git update-ref --stdin
said symref | while read -r target name; do git symbolic-ref "$name" "$target"; done
head=$(said head)
case "$head" in
  refs/*) git symbolic-ref HEAD "$head" ;;
  *) git update-ref --no-deref HEAD "$head" ;;
esac
git update-ref refs/sandbar/snapshot "$snapshot"
take_rules
git read-tree --reset -u "$snapshot"
# What was staged is staged again, what was not is not.
git read-tree "$(said index)"
git update-index -q --refresh >/dev/null || :
if git rev-parse -q --verify refs/sandbar/base >/dev/null; then keep_base; fi
branch=${head#refs/heads/}
if [ -n "$url" ] && git rev-parse -q --verify "refs/remotes/origin/$branch" >/dev/null; then
  git branch -q --set-upstream-to="origin/$branch" "$branch" || :
fi
rm -f "$@"
printf '%s\n' "$directory"
