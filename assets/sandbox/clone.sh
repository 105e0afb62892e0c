# Clones $1 into $2 and remembers where it began.
set -eu
# Beside its place until it is whole. Another try that still runs loses its ground, and ends.
rm -rf "$2".part-*
work="$2.part-$$"
trap 'rm -rf "$work"' EXIT
GIT_TERMINAL_PROMPT=0 git clone --progress -- "$1" "$work"
mv -T "$work" "$2"
cd "$2"
git config user.name >/dev/null || { git config user.name agent; git config user.email agent@sandbar.invalid; }
git update-ref refs/sandbar/base HEAD
