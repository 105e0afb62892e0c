# Takes a part of the work in the work tree $1 back: the patch $3, made by diff.sh, is applied in reverse; forwards
# where $2 is "again". All of it or nothing; the patch is removed; neither the agent's index nor its repository is
# touched, and no configuration but ours holds, as in diff.sh.
set -eu
patch=$3
trap 'rm -f "$patch"' EXIT
cd "$1"
find_base
without_configuration
if ! [ -d "$base_git" ]; then
  echo "the state to compare with is missing in the sandbox" >&2
  exit 1
fi
work=$(mktemp -d "${base_git%/*}/discard-XXXXXX")
trap 'rm -rf "$work" "$patch"' EXIT
GIT_DIR=$base_git GIT_WORK_TREE=$PWD GIT_INDEX_FILE=$work/index
export GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
if [ "$2" = again ]; then set --; else set -- --reverse; fi
git -c apply.ignoreWhitespace=no apply "$@" --whitespace=nowarn --binary "$patch"
