# Ends processes with all that came of them: what they have started, and who is in a group or a session that they
# lead. $@: their ids. A SIGKILL or a deadline of envd's hits the one process only (seen on 0.6.13).

# Prints those that run.
family() {
  cat /proc/[0-9]*/stat 2>/dev/null |
    sed -n 's/^\([0-9]*\) (.*) [^ZX] \([0-9]*\) \([0-9]*\) \([0-9]*\) .*/\1 \2 \3 \4/p' |
    awk -v roots="$*" '
      BEGIN { n = split(roots, all, " "); for (i = 1; i <= n; i++) ours[all[i]] = 1 }
      { pid[NR] = $1; parent[NR] = $2; group[NR] = $3; session[NR] = $4 }
      END {
        do {
          grown = 0
          for (i = 1; i <= NR; i++) {
            if (pid[i] in ours || !(parent[i] in ours || group[i] in ours || session[i] in ours)) continue
            ours[pid[i]] = grown = 1
          }
        } while (grown)
        for (i = 1; i <= NR; i++) if (pid[i] in ours) print pid[i]
      }' | sort
}
# One that is stopped starts no other: the family is whole when it grows no more.
known=
for round in 1 2 3 4 5 6 7 8; do
  found=$(family "$@")
  [ "$found" != "$known" ] || break
  known=$found
  kill -STOP $found 2>/dev/null
done
[ -n "$known" ] || exit 0
kill -KILL $known 2>/dev/null
# A process has its port until it has ended.
for round in 1 2 3 4 5 6 7 8 9 10; do
  [ -n "$(family $known)" ] || exit 0
  sleep 0.2
done
