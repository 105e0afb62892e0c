# Gives conversations to the OpenCode $1, at home in the work tree $2. The rest: their files; the first
# one must get there, those of sub-agents should. OpenCode takes a second or two for each.
set -eu
opencode=$1
cd "$2"
own=$3
shift 3
export OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_MODELS_FETCH=1
"$opencode" import "$own"
for file; do printf '%s\0' "$file"; done | xargs -0 -r -n 1 -P 4 "$opencode" import || :
rm -f "$own" "$@"
