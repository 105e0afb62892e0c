# Puts the work tree at the current directory into the index that GIT_INDEX_FILE names, with what is
# untracked but not ignored. A repository inside of it that is no submodule is taken as its files: git
# itself would take it as the number of its commit, and fails at one that has none. $1: bytes of new and
# changed files at most, or nothing; where there are more it returns 9.
add_all() (
  limit=$1
  repository=$(git rev-parse --absolute-git-dir) || exit
  case $GIT_INDEX_FILE in /*) ;; *) GIT_INDEX_FILE=$PWD/$GIT_INDEX_FILE ;; esac
  export GIT_INDEX_FILE GIT_DIR="$repository" GIT_WORK_TREE="$PWD"
  new=$(git ls-files -z --modified --others --exclude-standard | xargs -0 -r stat -c %s 2>/dev/null | awk '{ s += $1 } END { printf "%.0f", s }')
  [ "${new:-0}" -le "${limit:-${new:-0}}" ] || exit 9
  # git ends the name of such a repository with a slash.
  inner=$(git ls-files -z --others --exclude-standard | tr '\0\n' '\n\0' | sed -n 's:/$::p')
  # One that was added already stands in the index, with a directory of its own where a submodule has a file.
  added=$(git ls-files -z --stage | tr '\0\n' '\n\0' | sed -n 's/^160000 [^	]*	//p' | while IFS= read -r path; do
    [ ! -d "$path/.git" ] || printf '%s\n' "$path"
  done)
  set -f
  IFS='
'
  set -- .
  for path in $inner $added; do set -- "$@" ":(exclude,literal)$path"; done
  git add --all -- "$@" || exit
  for path in $inner $added; do
    tree=$(
      cd "$path" || exit
      GIT_INDEX_FILE=$GIT_INDEX_FILE-inner GIT_WORK_TREE=$PWD
      rm -f "$GIT_INDEX_FILE"
      add_all "$limit" && git write-tree
      status=$?
      rm -f "$GIT_INDEX_FILE"
      exit $status
    ) || exit
    git update-index --force-remove -- "$path" || exit
    git read-tree --prefix="$path/" "$tree" || exit
  done
)

