//! System calls that the seccomp filter denies in a sandbox, and ordinary programs that must still work, at every
//! level that this machine supports.

use pretty_assertions::assert_eq;
use sandbar::local::Level;

use crate::support::serving::{Account, Ground, Serving};

/// A call, its arguments as Perl writes them, and the expected error.
type Denied = (&'static str, i64, &'static str, i32);

/// Denied everywhere. Without the filter some succeed and the others fail with another error.
fn always() -> Vec<Denied> {
    let forbidden = libc::EPERM;
    vec![
        ("keyctl", libc::SYS_keyctl, "0, -3, 0", forbidden),
        ("add_key", libc::SYS_add_key, "0, 0, 0, 0, 0", forbidden),
        (
            "request_key",
            libc::SYS_request_key,
            "0, 0, 0, 0",
            forbidden,
        ),
        ("bpf", libc::SYS_bpf, "0, 0, 0", forbidden),
        ("io_uring", libc::SYS_io_uring_setup, "0, 0", forbidden),
        (
            "perf",
            libc::SYS_perf_event_open,
            "0, 0, 0, 0, 0",
            forbidden,
        ),
        ("userfaultfd", libc::SYS_userfaultfd, "1", forbidden),
        ("TIOCSTI", libc::SYS_ioctl, "0, 0x5412, 0", forbidden),
        ("TIOCLINUX", libc::SYS_ioctl, "0, 0x541C, 0", forbidden),
        // The kernel checks only the lower half.
        (
            "high TIOCSTI",
            libc::SYS_ioctl,
            "0, 0x100005412, 0",
            forbidden,
        ),
        ("personality", libc::SYS_personality, "0x400000", forbidden),
        ("vsock", libc::SYS_socket, "40, 1, 0", libc::EAFNOSUPPORT),
        ("alg", libc::SYS_socket, "38, 5, 0", libc::EAFNOSUPPORT),
        (
            "high vsock",
            libc::SYS_socket,
            "0x100000028, 1, 0",
            libc::EAFNOSUPPORT,
        ),
        ("a later call", 470, "0, 0, 0", libc::ENOSYS),
        ("a call of x32", 0x4000_0000 + 39, "", libc::ENOSYS),
    ]
}

/// Denied where namespaces isolate.
fn of_namespaces() -> Vec<Denied> {
    let user = "0x10000000";
    vec![
        ("unshare", libc::SYS_unshare, user, libc::EPERM),
        (
            "clone",
            libc::SYS_clone,
            "0x10000011, 0, 0, 0, 0",
            libc::EPERM,
        ),
        ("clone3", libc::SYS_clone3, "0, 0", libc::ENOSYS),
        ("mount", libc::SYS_mount, "0, 0, 0, 0, 0", libc::EPERM),
        ("setns", libc::SYS_setns, "0, 0", libc::EPERM),
    ]
}

/// Denied where only Landlock protects the user's files; `$file` is one of its own.
fn of_reach() -> Vec<Denied> {
    let own = "-100, $file, $<, -1, 0";
    vec![
        ("fchownat", libc::SYS_fchownat, own, libc::EPERM),
        (
            "setxattr",
            libc::SYS_setxattr,
            "$file, $name, $name, 1, 0",
            libc::EOPNOTSUPP,
        ),
        (
            "lsetxattr",
            libc::SYS_lsetxattr,
            "$file, $name, $name, 1, 0",
            libc::EOPNOTSUPP,
        ),
        (
            "removexattr",
            libc::SYS_removexattr,
            "$file, $name",
            libc::EOPNOTSUPP,
        ),
        (
            "prlimit of another",
            libc::SYS_prlimit64,
            "getppid, 7, $limit, 0",
            libc::EPERM,
        ),
    ]
}

/// Prints the error of each call.
fn script(calls: &[Denied]) -> String {
    let mut script =
        "my $file = \"$ENV{HOME}/file\"; open(my $h, '>', $file); my $name = 'user.x'; \
         my $limit = pack('QQ', 64, 64); my $r;"
            .to_owned();
    for (name, number, arguments, _) in calls {
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!(", {arguments}")
        };
        // A successful call has no error.
        let call = format!(
            "$! = 0; $r = syscall({number}{arguments}); print '{name}: ', $r < 0 ? $! + 0 : 0, qq(\\n);"
        );
        script.push_str(&call);
    }
    script
}

#[test]
fn system_calls_denied_to_containers_are_denied_to_sandboxes() {
    Serving::everywhere(Ground::Fore, "", |serving| {
        let mut calls = always();
        if serving.level > Level::None {
            calls.extend(of_namespaces());
        }
        if serving.level == Level::Filesystem && serving.account == Account::Ordinary {
            calls.extend(of_reach());
        }
        let wanted = calls.iter();
        let wanted = wanted.map(|(name, _, _, error)| format!("{name}: {error}"));

        let seen = serving.run("perl", &["-e", &script(&calls)]);

        let seen: Vec<&str> = seen.lines().collect();
        assert_eq!(seen, wanted.collect::<Vec<_>>(), "{}", serving.name());
    });
}

/// Ordinary work: processes, files and their modes, archives, git, npm, debuggers if present.
const WORK: &str = "set -e
export npm_config_update_notifier=false
cd
mkdir work
cd work
git init -q .
git config user.name n
git config user.email e@example.org
echo 'echo ran' > tool
chmod 755 tool
touch -d '2020-01-02 03:04:05 UTC' old
git add .
git commit -q -m first
test \"$(git ls-files -s tool | cut -c 1-6)\" = 100755
git clone -q . ../clone
tar czf ../work.tar.gz .
mkdir ../out
tar xzpf ../work.tar.gz -C ../out
test -x ../out/tool
test \"$(stat -c %Y ../out/old)\" = 1577934245
cp -a . ../copy
./tool
echo '{\"name\": \"one\", \"version\": \"1.0.0\", \"bin\": \"tool\"}' > package.json
npm install --silent --no-audit --no-fund --offline --install-links --prefix ../installed \"$PWD\"
test -x ../installed/node_modules/.bin/one
node -e \"const {Worker} = require('worker_threads'); \
    new Worker('require(\\\"fs\\\").promises.readFile(\\\"tool\\\")', {eval: true}).on('exit', \
    () => console.log('worker'))\"
for debugger in strace gdb; do
    command -v $debugger >/dev/null || continue
    case $debugger in
    strace) strace -f -o trace sh -c 'true & wait' && grep -q 'exited with 0' trace ;;
    gdb) gdb -q -batch -ex run /bin/true 2>&1 | tee trace | grep -q 'exited normally'
        ! grep 'randomization' trace ;;
    esac
done
echo done";

#[test]
fn ordinary_work_is_not_denied() {
    Serving::everywhere(Ground::Fore, "", |serving| {
        if serving.account == Account::Root {
            // It has no filter of its own, and npm is slow.
            return;
        }
        let seen = serving.run("/bin/sh", &["-c", WORK]);

        assert_eq!(seen, "ran\nworker\ndone\n", "{}", serving.name());
    });
}
