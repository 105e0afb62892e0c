# Before OpenCode loads a plugin file it fetches its own plugin package from npm, into each configuration directory
# that it reads, and the first conversation waits for all of them (seen on 1.18.33: 5 to 30 s, 70 s without a
# network). Ours needs nothing of it; what a lock file names is not fetched.

# $1: a directory. One that somebody else has set up stays as it is.
needs_no_plugin_package() (
  cd "$1" 2>/dev/null || return 0
  [ ! -e package.json ] && [ ! -e package-lock.json ] && mkdir -p node_modules 2>/dev/null || return 0
  printf '%s\n' '{"packages":{"":{"dependencies":{"@opencode-ai/plugin":"*"}}}}' > package-lock.json
  # As OpenCode writes it a moment later, so that nothing of this counts as work.
  [ -e .gitignore ] || printf 'node_modules\npackage.json\npackage-lock.json\nbun.lock\n.gitignore' > .gitignore
  within=$(git rev-parse --show-prefix 2>/dev/null) || return 0
  rule="/$(printf '%s' "$within" | sed 's/[][*?\\]/\\&/g')package-lock.json"
  # sandbar tells the agent's work by a repository of its own, which has no rules of the agent's.
  ! [ -d "$HOME/.sandbar/base.git" ] || exclude_file "$HOME/.sandbar/base.git/info/exclude" "$rule"
  git check-ignore -q package-lock.json 2>/dev/null
  [ $? = 1 ] || return 0
  exclude=$(git rev-parse --git-path info/exclude) && exclude_file "$exclude" "$rule"
)

# Appends the rule $2 to the file $1, once.
exclude_file() {
  grep -qxF -e "$2" "$1" 2>/dev/null && return 0
  mkdir -p "${1%/*}" && printf '%s\n' "$2" >> "$1" || :
}

# Goes through the directories that OpenCode reads for the work tree $1 (its ConfigPaths.directories, 1.18.33): the
# global one, each .opencode from the work tree upwards, the one at home, which is also where OpenCode's own
# installer puts the program, and $OPENCODE_CONFIG_DIR. Of the first and the last it makes what is missing.
settle_config_dirs() {
  global="${XDG_CONFIG_HOME:-$HOME/.config}/opencode"
  for made in "$global" "$OPENCODE_CONFIG_DIR"; do
    [ -z "$made" ] || { mkdir -p "$made" && needs_no_plugin_package "$made"; } || :
  done
  needs_no_plugin_package "$HOME/.opencode"
  [ -z "$OPENCODE_DISABLE_PROJECT_CONFIG" ] || return 0
  # Above home, or above a work tree that is elsewhere, nothing is ours to write.
  case "$1/" in
    "$HOME"/*) top=$HOME ;;
    *) top=$(git -C "$1" rev-parse --show-toplevel 2>/dev/null) || top=$1 ;;
  esac
  at=$1
  while [ "$at" != "$HOME" ]; do
    # A repository's link may lead anywhere.
    [ -L "$at/.opencode" ] || needs_no_plugin_package "$at/.opencode"
    [ "$at" != "$top" ] && [ "$at" != / ] || break
    at=$(dirname "$at")
  done
}
