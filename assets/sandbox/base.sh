# Where a session began is kept in a repository of ours: with its own the agent may do what it likes, it
# may begin a new one too. Needs git.sh and add-all.sh.
base_git="$HOME/.sandbar/base.git"

# Sets "directory" to the place in our home for the work tree $1 of the session $2: the same one at each
# try, and none that a program or the template has.
claim() {
  claimed=$HOME/.sandbar/work-tree
  if [ -f "$claimed" ] && [ "$(head -n 1 "$claimed")" = "$2" ]; then
    directory=$(tail -n 1 "$claimed")
    return
  fi
  directory=$HOME/$1
  number=2
  while [ -e "$directory" ] || [ -L "$directory" ]; do
    directory=$HOME/$1-$number
    number=$((number + 1))
  done
  mark_work_tree "$2"
}

mark_work_tree() {
  mkdir -p "$HOME/.sandbar"
  printf '%s\n' "$1" "$directory" >"$HOME/.sandbar/work-tree.part"
  mv "$HOME/.sandbar/work-tree.part" "$HOME/.sandbar/work-tree"
}

# git init for a repository that has the object $1: the names of its objects are as long.
begin_repository() (
  GIT_DEFAULT_HASH=sha1
  [ "${#1}" != 64 ] || GIT_DEFAULT_HASH=sha256
  export GIT_DEFAULT_HASH
  shift
  git init -q "$@"
)

name_committer() {
  git config user.name >/dev/null || { git config user.name agent; git config user.email agent@sandbar.invalid; }
}

# A file of the user's repository that came along: exclude, attributes or shallow.
came_along() { git cat-file blob "refs/sandbar/info:$1" 2>/dev/null; }

# Puts rules of the user's that lie outside of the work tree into the repository at the current directory.
take_rules() {
  rules=$(git rev-parse --git-path info)
  mkdir -p "$rules"
  for file in exclude attributes; do
    ! came_along "$file" >"$rules/$file.part" || [ ! -s "$rules/$file.part" ] || mv "$rules/$file.part" "$rules/$file"
    rm -f "$rules/$file.part"
  done
}

# Remembers refs/sandbar/base of the repository at the current directory.
keep_base() {
  rm -rf "$base_git".part-*
  part=$base_git.part-$$
  mkdir -p "${base_git%/*}"
  begin_repository "$(git rev-parse refs/sandbar/base)" --bare "$part"
  objects=$(git rev-parse --git-path objects)
  # Links take no room.
  cp -Rl "$objects/." "$part/objects" 2>/dev/null || cp -Rf "$objects/." "$part/objects"
  shallow=$(git rev-parse --git-path shallow)
  [ ! -f "$shallow" ] || cp "$shallow" "$part/shallow"
  for ref in base info; do
    object=$(git rev-parse -q --verify "refs/sandbar/$ref") || continue
    git --git-dir="$part" update-ref "refs/sandbar/$ref" "$object"
  done
  (cd "$part" && take_rules && printf '\n* !diff\n' >>info/attributes)
  rm -rf "$base_git"
  mv "$part" "$base_git"
}

# Makes what the work tree here holds now the commit refs/sandbar/base, on top of HEAD.
begin_here() {
  GIT_INDEX_FILE=$(git rev-parse --git-path sandbar-index)
  export GIT_INDEX_FILE
  rm -f "$GIT_INDEX_FILE"
  parent=$(git rev-parse -q --verify 'HEAD^{commit}') || parent=
  if [ -n "$parent" ]; then git read-tree HEAD; fi
  add_all '' >"$GIT_INDEX_FILE.told"
  commit=$(git -c user.name=sandbar -c user.email=sandbar@sandbar.invalid commit-tree "$(git write-tree)" ${parent:+-p "$parent"} -m 'work tree' </dev/null)
  sed -n 's/^files //p' "$GIT_INDEX_FILE.told"
  rm -f "$GIT_INDEX_FILE" "$GIT_INDEX_FILE.told"
  unset GIT_INDEX_FILE
  git update-ref refs/sandbar/base "$commit"
  keep_base
}

# Sees to it that the base is there: sessions of earlier versions have it in the work tree's repository.
find_base() {
  if git --git-dir="$base_git" rev-parse -q --verify refs/sandbar/base >/dev/null 2>&1; then return; fi
  [ -e .git ] || return 0
  if git rev-parse -q --verify refs/sandbar/base >/dev/null; then keep_base; fi
}

# No configuration holds but that of our repository. git before 2.32 knows the user's by the home alone.
without_configuration() {
  HOME=/dev/null XDG_CONFIG_HOME=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1
  export HOME XDG_CONFIG_HOME GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL GIT_ATTR_NOSYSTEM
}

# Puts the work tree at the current directory into the index, which holds the base or a later state of it:
# what the agent tracks too, also where it is ignored.
add_work() {
  leave_unchecked || return
  own_files | git update-index -z --add --remove --replace --ignore-skip-worktree-entries --stdin 2>/dev/null || :
  add_all "$1"
}

# What the agent does not have checked out, of a sparse checkout, is not deleted.
leave_unchecked() {
  sparse=$GIT_INDEX_FILE.sparse
  (
    unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
    GIT_CEILING_DIRECTORIES=${PWD%/*}
    export GIT_CEILING_DIRECTORIES
    git ls-files -v 2>/dev/null | sed -n 's/^[Ss] //p' | sort
  ) >"$sparse"
  if [ -s "$sparse" ]; then
    git ls-files | sort | comm -12 - "$sparse" | while IFS= read -r name; do
      unquote "$name"
      if ! [ -e "./$path" ] && ! [ -L "./$path" ]; then printf '%s\0' "$path"; fi
    done | git update-index -z --skip-worktree --stdin || return
  fi
  rm -f "$sparse"
}
