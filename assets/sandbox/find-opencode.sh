# Prints "path version" of the OpenCode to use, or nothing. $1: the version that sandbar installs.
own="$HOME/.sandbar/opencode/$1/opencode"
for candidate in "$(command -v opencode 2>/dev/null)" "$HOME/.opencode/bin/opencode" "$own"; do
  [ -n "$candidate" ] && [ -x "$candidate" ] || continue
  version=$("$candidate" --version 2>/dev/null | tail -n 1) || continue
  echo "$candidate $version"
done
