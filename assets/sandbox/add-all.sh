# Puts the work tree at the current directory into the index that GIT_INDEX_FILE names, with what is
# untracked but not ignored. A repository inside of it, a submodule too, is taken as its files: git itself
# would take it as the number of its commit, and fails at one that has none. GIT_DIR, where it is set, is
# the repository whose configuration holds. $1: bytes of new and changed files at most, or nothing; where
# there are more it returns 9. Needs git.sh.
#
# Prints a line of a word and a path, as git quotes it, for what is not as one would think: "files", a
# repository that is taken as its files; "absent", one of which nothing is here; "left", what could not be
# read and is as it was in the index, or not there.
add_all() (
  GIT_DIR=${GIT_DIR:-$(git rev-parse --absolute-git-dir)} || exit
  case $GIT_INDEX_FILE in /*) ;; *) GIT_INDEX_FILE=$PWD/$GIT_INDEX_FILE ;; esac
  GIT_WORK_TREE=$PWD
  export GIT_INDEX_FILE GIT_DIR GIT_WORK_TREE
  add_files "$1" ''
)

# All of add_all but its surroundings. $2: where we are below the first work tree.
add_files() {
  if [ -n "$1" ]; then
    new=$(changed_files -z | xargs -0 -r stat -c %s -- 2>/dev/null | awk '{ s += $1 } END { printf "%.0f", s }')
    [ "${new:-0}" -le "$1" ] || return 9
  fi
  look_at_all
  # git ends the name of a repository that the index does not have with a slash.
  inner=$GIT_INDEX_FILE.inner
  {
    git ls-files --others --exclude-standard 2>"$inner.told" | sed -n 's:/$::p; s:/"$:":p'
    git ls-files --stage | sed -n 's/^160000 [^	]*	//p'
  } >"$inner"
  sed -n "s/^warning: could not open directory '\(.*\)': .*/\1/p" "$inner.told" | while IFS= read -r name; do
    tell left "$2" "$name"
  done
  specs=$GIT_INDEX_FILE.specs
  printf '.\0' >"$specs"
  exclude <"$inner"
  failed=0
  add_specs || failed=$?
  if [ "$failed" -gt 1 ]; then
    # A filter that fails and is required ends git add. What it would have to clean stays as it was: the
    # bare content may be what the filter is to hide.
    filtered=$GIT_INDEX_FILE.filtered
    changed_files | git check-attr --stdin filter | sed '/: filter: un\{0,1\}set$/d; /: filter: unspecified$/d; s/: filter: [^ ]*$//' >"$filtered"
    [ -s "$filtered" ] || return "$failed"
    exclude <"$filtered"
    rm -f "$filtered"
    failed=0
    add_specs || failed=$?
    [ "$failed" -le 1 ] || return "$failed"
    failed=1
  fi
  rm -f "$specs"
  if [ "$failed" = 1 ]; then
    changed_files | while IFS= read -r name; do
      case $name in */ | */\") ;; *) tell left "$2" "$name" ;; esac
    done
  fi
  # Each in a shell of its own, which has its own variables of these names.
  while IFS= read -r name <&3; do
    unquote "$name"
    add_inner "$1" "$2" || return
  done 3<"$inner"
  rm -f "$inner" "$inner.told"
}

# A repository inside, at "path", which git has printed as "name".
add_inner() {
  git update-index --force-remove -- "$path" || return
  if ! [ -e "./$path/.git" ]; then
    tell absent "$2" "$name"
    return 0
  fi
  tell files "$2" "$name"
  (
    tree=$GIT_INDEX_FILE.tree
    GIT_INDEX_FILE=$GIT_INDEX_FILE-inner
    cd "./$path" || exit
    GIT_WORK_TREE=$PWD
    rm -f "$GIT_INDEX_FILE"
    # What it tracks goes along, also where it is ignored.
    own_files | git update-index -z --add --remove --stdin 2>/dev/null || :
    bare "$name"
    add_files "$1" "$2$bare/" && git write-tree >"$tree"
    status=$?
    rm -f "$GIT_INDEX_FILE" "$GIT_INDEX_FILE".*
    exit $status
  ) || return
  git read-tree --prefix="$path/" "$(cat "$GIT_INDEX_FILE.tree")" || return
  rm -f "$GIT_INDEX_FILE.tree"
}

# What the repository at the current directory tracks, but for those inside of it.
own_files() (
  unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
  GIT_CEILING_DIRECTORIES=${PWD%/*}
  export GIT_CEILING_DIRECTORIES
  git ls-files -z --stage 2>/dev/null | tr '\0\n' '\n\0' | sed '/^160000 /d; s/^[^	]*	//' | tr '\0\n' '\n\0'
)

changed_files() { git ls-files "$@" --modified --others --exclude-standard; }

add_specs() { git add --all --ignore-errors --pathspec-from-file="$specs" --pathspec-file-nul; }

exclude() {
  while IFS= read -r name; do
    unquote "$name"
    printf ':(exclude,literal)%s\0' "$path"
  done >>"$specs"
}

# A file that an index is told not to look at is looked at, where it is there: it may have changed.
look_at_all() {
  unseen=$GIT_INDEX_FILE.unseen
  git ls-files -v | sed -n 's/^[a-zS] //p' | while IFS= read -r name; do
    unquote "$name"
    if [ -e "./$path" ] || [ -L "./$path" ]; then printf '%s\0' "$path"; fi
  done >"$unseen"
  if [ -s "$unseen" ]; then
    git update-index -z --no-skip-worktree --stdin <"$unseen" && git update-index -z --no-assume-unchanged --stdin <"$unseen" || return
  fi
  rm -f "$unseen"
}

# Prints the word $1 and the path $3 below $2, both as git quotes them; $2 without the quotes.
tell() {
  bare "$3"
  case $2$bare in
    *\\*) printf '%s "%s%s"\n' "$1" "$2" "$bare" ;;
    *) printf '%s %s%s\n' "$1" "$2" "$bare" ;;
  esac
}

# Sets "bare" to a name that git has printed, without the quotes.
bare() {
  bare=$1
  case $bare in \"*\") bare=${bare#?} bare=${bare%?} ;; esac
}
