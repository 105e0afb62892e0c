# Waits until the process $1, which began at $2, has ended. Needs server-file.sh.
while [ "$(began "$1")" = "$2" ]; do sleep 1; done
