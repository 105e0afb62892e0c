# Unpacks a git bundle made by sandbar. $1 bundle, $2 directory, $3 branch (may be empty).
set -eu
mkdir -p "$2"
cd "$2"
git init -q
git config user.name >/dev/null || { git config user.name agent; git config user.email agent@sandbar.invalid; }
git fetch -q "$1" '+refs/*:refs/sandbar/import/*'
git update-ref refs/sandbar/base refs/sandbar/import/sandbar/base
if [ -n "$3" ]; then
  git update-ref "refs/heads/$3" "refs/sandbar/import/heads/$3"
  git symbolic-ref HEAD "refs/heads/$3"
elif git rev-parse -q --verify refs/sandbar/import/sandbar/head >/dev/null; then
  git update-ref --no-deref HEAD refs/sandbar/import/sandbar/head
fi
git for-each-ref --format='delete %(refname)' refs/sandbar/import/ | git update-ref --stdin
# The snapshot fills the work tree; the index goes back to HEAD, so that what was uncommitted still is.
git read-tree --reset -u refs/sandbar/base
if git rev-parse -q --verify HEAD >/dev/null; then git read-tree HEAD; else git read-tree --empty; fi
rm -f "$1"
