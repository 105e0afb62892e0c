# Clones $3 into a directory named $1 for the session $2, and remembers where it began. $4: "credentials" where
# they come by standard input. Prints the directory, then a line for each thing that the user should know.
set -eu
take_credentials "${4:-}" "$3"
# What its files are filtered by in this sandbox may fetch them.
unset GIT_LFS_SKIP_SMUDGE
claim "$1" "$2"
if [ ! -e "$directory" ]; then
  # Beside its place until it is whole. Another try that still runs loses its ground, and ends.
  rm -rf "$directory".part-*
  work="$directory.part-$$"
  trap 'rm -rf "$work"' EXIT
  remote_git clone --progress -- "$3" "$work" || {
    code=$?
    [ -d "$work" ] || exit "$code"
    # A clone whose files could not be filtered is there, but for them.
    git -C "$work" rev-parse -q --verify HEAD >/dev/null
    (export GIT_LFS_SKIP_SMUDGE=1; git -C "$work" reset -q --hard)
  }
  mv -T "$work" "$directory"
fi
cd "$directory"
name_committer
printf '%s\n' "$directory"
if ! git rev-parse -q --verify HEAD >/dev/null; then
  branches=$(git for-each-ref --format='%(refname:lstrip=3)' refs/remotes/origin | grep -vx HEAD || :)
  if [ -z "$branches" ]; then
    echo "the repository is empty"
  else
    branch=$(printf '%s\n' "$branches" | grep -x -e main -e master | head -n 1)
    branch=${branch:-$(printf '%s\n' "$branches" | head -n 1)}
    git checkout -q -B "$branch" --track "origin/$branch"
    echo "HEAD of the repository names no branch; using $branch, one of $(printf '%s\n' "$branches" | head -n 20 | paste -sd ' ' -)"
  fi
fi
if [ -f .gitmodules ]; then
  # One after the other: the first that cannot be fetched would be the last.
  git submodule status | sed 's/^.[0-9a-f]* //; s/ ([^ ]*)$//' | while IFS= read -r path; do
    remote_git submodule --quiet update --init --recursive -- "$path" >&2 </dev/null || :
  done
  git submodule status --recursive | sed -n 's/^-[^ ]* /submodule not fetched: /p'
fi
git grep -l -e '^version https://git-lfs' -- ':(attr:filter=lfs)' 2>/dev/null | sed 's/^/Git LFS pointer, its content is not here: /' | head -n 20
begin_here >/dev/null
