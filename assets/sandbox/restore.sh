# Makes the work tree $1 again as it was at the commit $2 of snapshot.sh. $3: the URL that it was
# cloned from, or nothing; $4: "clone" where the bundles need that clone. The rest: bundles, in order.
set -eu
directory=$1 snapshot=$2 url=$3 kind=$4
shift 4
mkdir -p "$directory"
if [ "$kind" = clone ] && [ ! -e "$directory/.git" ]; then
  GIT_TERMINAL_PROMPT=0 git clone --progress --no-checkout -- "$url" "$directory"
fi
cd "$directory"
git init -q
git config user.name >/dev/null || { git config user.name agent; git config user.email agent@sandbar.invalid; }
if [ -n "$url" ] && ! git config remote.origin.url >/dev/null; then git remote add -- origin "$url"; fi
for bundle; do git bundle unbundle "$bundle" >/dev/null; done

# The commit's message says what the refs were.
said() { git cat-file commit "$snapshot" | sed -n "1,/^\$/d; s/^$1 //p"; }
said ref | while read -r object name; do echo "update $name $object"; done | git update-ref --stdin
said symref | while read -r target name; do git symbolic-ref "$name" "$target"; done
head=$(said head)
case "$head" in
  refs/*) git symbolic-ref HEAD "$head" ;;
  *) git update-ref --no-deref HEAD "$head" ;;
esac
git update-ref refs/sandbar/snapshot "$snapshot"
git read-tree --reset -u "$snapshot"
# What was staged is staged again, what was not is not.
git read-tree "$(said index)"
git update-index -q --refresh >/dev/null || :
branch=${head#refs/heads/}
if [ -n "$url" ] && git rev-parse -q --verify "refs/remotes/origin/$branch" >/dev/null; then
  git branch -q --set-upstream-to="origin/$branch" "$branch" || :
fi
rm -f "$@"
