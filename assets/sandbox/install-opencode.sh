# Installs OpenCode $1 under ~/.sandbar with npm: the platform's package alone, which needs no node to
# run, and ripgrep, without which its search tools fail.
set -eu
version=$1
target="$HOME/.sandbar/opencode/$version"
command -v npm >/dev/null 2>&1 || { echo "npm is not installed in this sandbox: use a template with Node.js, or one that has OpenCode" >&2; exit 3; }
case "$(uname -m)" in
  x86_64) cpu=x64 ;;
  aarch64 | arm64) cpu=arm64 ;;
  *) echo "OpenCode does not support $(uname -m)" >&2; exit 3 ;;
esac
package="opencode-linux-$cpu"
if [ "$cpu" = x64 ] && ! grep -qw avx2 /proc/cpuinfo 2>/dev/null; then package="$package-baseline"; fi
if ldd /bin/sh 2>/dev/null | grep -q musl; then package="$package-musl"; fi
# Beside its place until it is whole. Another try that still runs loses its ground, and ends.
rm -rf "$target".part-*
work="$target.part-$$"
counting=
stop_counting() { kill $counting 2>/dev/null || :; }
trap 'stop_counting; rm -rf "$work"' EXIT
mkdir -p "$work"
# npm says nothing of how much it has received.
while sleep 2 >/dev/null 2>&1; do
  [ -d "$work" ] || exit
  kilobytes=$(du -sk "$work/.npm/_cacache" 2>/dev/null | cut -f 1) || :
  echo "sandbar-received $((${kilobytes:-0} * 1024))"
done &
counting=$!
echo "npm install $package@$version"
npm install --prefix "$work" --cache "$work/.npm" --logs-max 0 --no-audit --no-fund --no-save --loglevel=http "$package@$version" "@vscode/ripgrep-linux-$cpu" 2>&1
ln -sf "node_modules/$package/bin/opencode" "$work/opencode"
ln -sf "node_modules/@vscode/ripgrep-linux-$cpu/bin/rg" "$work/rg"
"$work/opencode" --version
rm -rf "$target" "$work/.npm"
stop_counting
mv "$work" "$target"
