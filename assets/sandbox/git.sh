# git as our scripts run it: nothing that a repository's configuration names is started, and what it says
# is what we read. Variables of the caller that would lead it to another repository are gone.
LC_ALL=C
export LC_ALL
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR
unset GIT_NAMESPACE GIT_PREFIX GIT_SHALLOW_FILE GIT_EXTERNAL_DIFF GIT_DIFF_OPTS GIT_LITERAL_PATHSPECS
GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 GIT_NO_LAZY_FETCH=1 GIT_NO_REPLACE_OBJECTS=1 GIT_LFS_SKIP_SMUDGE=1
export GIT_TERMINAL_PROMPT GIT_OPTIONAL_LOCKS GIT_NO_LAZY_FETCH GIT_NO_REPLACE_OBJECTS GIT_LFS_SKIP_SMUDGE
git() {
  command git -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.untrackedCache=false \
    -c core.splitIndex=false -c core.sparseCheckout=false -c index.sparse=false -c core.safecrlf=false \
    -c core.quotePath=true -c advice.addEmbeddedRepo=false "$@"
}
# Sets "path" to a name that git has printed, which it quotes where the name is unusual.
unquote() {
  path=$1
  case $path in
    \"*\")
      path=${path#?}
      path=$(printf '%s\n' "${path%?}" | sed 's/\\\\/\\134/g; s/\\\([0-7]\{3\}\)/\\0\1/g; s/\\"/"/g')
      path=$(printf '%bx' "$path")
      path=${path%x}
      ;;
  esac
}
