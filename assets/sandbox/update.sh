# Merges the user's changes into the work tree $1: the bundle $2 of `pack` has the HEAD at home, and a commit of its
# work tree on top. What the agent has done is merged with it from the state that the session began with, or was
# updated to last; from then on that is home's state. Where both have changed the same lines, both are in the file with
# git's markers, and the agent's index has all sides. HEAD moves to home's if the agent has made no commits; else a
# commit merges both, unless they conflict: then the merge is left for the agent to commit. What the work tree held
# before is kept as refs/sandbar/before-update.
#
# Prints lines of a word and a value: "head" and what became of it, "conflict" and a file with markers, "unmarked" and
# one that git could not mark, "changed" and how many files of the work tree are different now. Needs base.sh.
set -eu
bundle=$2
trap 'rm -f "$bundle"' EXIT
cd "$1"
refuse() { echo "$*" >&2; exit 1; }
find_base
[ -d "$base_git" ] || refuse "the state that the session began with is missing in the sandbox"
[ -e .git ] && git rev-parse -q --git-dir >/dev/null 2>&1 || refuse "the repository in the sandbox is gone"
for state in MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD rebase-merge rebase-apply BISECT_LOG; do
  [ ! -e "$(git rev-parse --git-path "$state")" ] || refuse "a merge, rebase, cherry-pick, revert or bisect is in progress in the sandbox ($state); ask the agent to finish it, then update again"
done
[ -z "$(git ls-files --unmerged)" ] || refuse "there are unresolved conflicts in the sandbox; ask the agent to resolve them, then update again"
index=$(git rev-parse --git-path index)
[ ! -e "$index.lock" ] || refuse "git is running in the sandbox ($index.lock); try again when it has finished"
absolute() { case $1 in /*) printf '%s\n' "$1" ;; *) printf '%s\n' "$PWD/$1" ;; esac; }
index=$(absolute "$index")
objects=$(absolute "$(git rev-parse --git-path objects)")
shallow=$(absolute "$(git rev-parse --git-path shallow)")
agent=$(absolute "$(git rev-parse --git-dir)")

base=$(git --git-dir="$base_git" rev-parse refs/sandbar/base)
head=$(git rev-parse -q --verify 'HEAD^{commit}') || head=
first=$(sed -n '/^[#@]/!{ s/ .*//p; q; }' "$bundle")
[ "${#first}" = "${#base}" ] || refuse "your repository and the one in the sandbox use different hash algorithms (SHA-1 and SHA-256)"
refs=$(git bundle unbundle "$bundle")
object() { printf '%s\n' "$refs" | sed -n "s: refs/sandbar/$1\$::p"; }
home=$(object base)
home_head=$(object head)
info=$(object info)
# Where home's history ends, unless it goes on here.
git cat-file blob "$info:shallow" 2>/dev/null | while read -r commit; do
  git cat-file -e "$commit^" 2>/dev/null || echo "$commit"
done >"$shallow.part"
cat "$shallow" 2>/dev/null >>"$shallow.part" || :
if [ -s "$shallow.part" ]; then sort -u "$shallow.part" >"$shallow"; fi
rm -f "$shallow.part"

# All merging happens in a repository of ours, by no configuration but git's own; its objects are the agent's.
work=$(mktemp -d "${base_git%/*}/update-XXXXXX")
trap 'rm -rf "$work" "$bundle"' EXIT
in_ours() (
  without_configuration
  GIT_DIR=$work/update.git GIT_OBJECT_DIRECTORY=$objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$base_git/objects
  export GIT_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
  export GIT_AUTHOR_NAME=sandbar GIT_AUTHOR_EMAIL=sandbar@sandbar.invalid
  export GIT_COMMITTER_NAME=sandbar GIT_COMMITTER_EMAIL=sandbar@sandbar.invalid
  "$@"
)
(without_configuration; begin_repository "$base" --bare "$work/update.git")
mkdir -p "$work/update.git/info"
cp -R "$base_git/info/." "$work/update.git/info"
cat "$shallow" "$base_git/shallow" 2>/dev/null | sort -u >"$work/update.git/shallow" || :
[ -s "$work/update.git/shallow" ] || rm -f "$work/update.git/shallow"
# Merges the commits $1 and $2 to "merged", a tree, with the sides of conflicts in the file $3. The base is theirs.
merge() {
  in_ours git update-ref refs/heads/session "$1"
  in_ours git update-ref refs/heads/update "$2"
  status=0
  in_ours git merge-tree --write-tree --no-messages session update >"$work/merge" 2>"$work/told" || status=$?
  case $status in
    0 | 1) ;;
    129) refuse "git in the sandbox is too old for this: it has to be 2.38 or later" ;;
    *) cat "$work/told" >&2; exit 1 ;;
  esac
  merged=$(head -n 1 "$work/merge")
  sed '1d; /^$/d' "$work/merge" >"$3"
}

# The work tree as the agent has it, in an index of ours that knows its files.
with_files() (
  GIT_WORK_TREE=$PWD GIT_INDEX_FILE=$work/index
  export GIT_WORK_TREE GIT_INDEX_FILE
  in_ours "$@"
)
fill() { git read-tree "$base" && add_work '' >"$work/left" && git write-tree; }
here=$(with_files fill)
ours=$(in_ours git commit-tree "$here" -p "$base" -m 'work tree' </dev/null)
theirs=$(in_ours git commit-tree "$home^{tree}" -p "$base" -m 'home' </dev/null)
merge "$ours" "$theirs" "$work/files"
tree=$merged

# What HEAD and the index become.
new_head=$head next=$head kind=same
: >"$work/commits"
is_before() { in_ours git merge-base --is-ancestor "$1" "$2" 2>/dev/null; }
if [ -n "$home_head" ] && ! { [ -n "$head" ] && is_before "$home_head" "$head"; }; then
  if [ -z "$head" ] || is_before "$head" "$home_head"; then
    new_head=$home_head next=$home_head kind=moved
  else
    in_ours git merge-base "$head" "$home_head" >/dev/null || refuse "your commits and those in the sandbox have no common history"
    merge "$head" "$home_head" "$work/commits"
    next=$merged
    if [ -s "$work/commits" ]; then
      kind=merging
    else
      kind=merged
      new_head=$(in_ours git commit-tree "$merged" -p "$head" -p "$home_head" -m "Merge changes from the user's repository" </dev/null)
    fi
  fi
fi
# What the agent has staged stays so where that is possible.
staged=$(git write-tree)
if [ -n "$head" ] && [ "$next" != "$head" ] && [ "$staged" != "$(git rev-parse "$head^{tree}")" ]; then
  began=$(in_ours git commit-tree "$head^{tree}" -m began </dev/null)
  ours_staged=$(in_ours git commit-tree "$staged" -p "$began" -m index </dev/null)
  theirs_next=$(in_ours git commit-tree "$next^{tree}" -p "$began" -m next </dev/null)
  merge "$ours_staged" "$theirs_next" "$work/staged"
  [ -s "$work/staged" ] || next=$merged
elif [ "$next" = "$head" ]; then
  next=$staged
fi
new_index() (
  GIT_INDEX_FILE=$work/new-index
  export GIT_INDEX_FILE
  if [ -n "$next" ]; then git read-tree "$next"; else git read-tree --empty; fi
  zero=$(printf %s "$base" | tr '0-9a-f' 0)
  cat "$work/files" "$work/commits" | awk -F '\t' -v zero="$zero" '
    !($2 in seen) { print "0 " zero "\t" $2 }
    !(($2, substr($1, length($1))) in seen) { print }
    { seen[$2] = seen[$2, substr($1, length($1))] = 1 }' | git update-index --index-info
)
new_index

# From here on things change. Files that the agent changes meanwhile make this fail as a whole.
git update-ref refs/sandbar/before-update "$ours"
with_files git read-tree -m -u "$here" "$tree"
with_files git diff-tree -r --name-only "$here" "$tree" | wc -l | sed 's/^ */changed /'
if [ "$kind" = moved ] || [ "$kind" = merged ]; then
  git update-ref -m 'sandbar update' HEAD "$new_head" ${head:+"$head"}
elif [ "$kind" = merging ]; then
  printf '%s\n' "$home_head" >"$agent/MERGE_HEAD"
  echo "Merge changes from the user's repository" >"$agent/MERGE_MSG"
  : >"$agent/MERGE_MODE"
fi
cp "$work/new-index" "$index.lock" && mv "$index.lock" "$index"
git update-index -q --refresh >/dev/null 2>&1 || :
git update-ref refs/sandbar/info "$info"
git update-ref refs/sandbar/base "$home"
keep_base
printf 'head %s\n' "$kind"
cut -f 2 "$work/files" "$work/commits" | awk '!seen[$0]++' | while IFS= read -r name; do
  unquote "$name"
  if grep -q '^<<<<<<< ' "./$path" 2>/dev/null; then echo "conflict $name"; else echo "unmarked $name"; fi
done
