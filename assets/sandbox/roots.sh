# Prints the first commits of the history that the session in the work tree $1 began with, but for those
# that sandbar made.
set -eu
cd "$1"
find_base
[ -d "$base_git" ] || exit 0
git --git-dir="$base_git" log --max-parents=0 --format='%H %ce' refs/sandbar/base 2>/dev/null | sed -n '/ sandbar@sandbar.invalid$/!s/ .*//p' || :
