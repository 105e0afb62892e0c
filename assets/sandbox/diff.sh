# Prints what has changed in the work tree $1 since the session began, untracked files included. All of it
# happens in our repository with an index of its own: what the agent has set in its repository, or for all
# of git, neither hides a change nor forms the patch. What could not be read is told on standard error.
set -eu
cd "$1"
find_base
without_configuration
work=$(mktemp -d "${base_git%/*}/diff-XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ -d "$base_git" ]; then
  GIT_DIR=$base_git
else
  echo "sandbar: the state to compare with is missing in the sandbox: all files are shown as new" >&2
  GIT_DIR=$work/none.git
  git init -q --bare "$GIT_DIR"
fi
GIT_WORK_TREE=$PWD GIT_INDEX_FILE=$work/index GIT_ALTERNATE_OBJECT_DIRECTORIES=$GIT_DIR/objects GIT_OBJECT_DIRECTORY=$work
export GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_OBJECT_DIRECTORY
base=$(git rev-parse -q --verify 'refs/sandbar/base^{tree}') || base=$(git mktree </dev/null)
git read-tree "$base"
add_work '' >"$work/told"
sed -n 's/^left /sandbar: left out, it cannot be read: /p' "$work/told" >&2
git diff-tree -p -r --no-color --no-ext-diff --no-textconv --no-renames --binary --full-index -U3 \
  --src-prefix=a/ --dst-prefix=b/ --diff-algorithm=myers --inter-hunk-context=0 --ignore-submodules=none \
  "$base" "$(git write-tree)"
