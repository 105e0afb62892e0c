//! A sandbox inherits nothing from the process that started its server. At every level that this machine supports,
//! for servers of root and of an ordinary user, as seen by the sandbox's processes and by the machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use keyutils::{Keyring, Permission, keytypes};
use pretty_assertions::assert_eq;
use sandbar::local::Level;

use crate::support::process::terminal;
use crate::support::serving::{Account, Ground, Serving};

/// Lists the terminals that a process can reach, its child, and a child without a session or parent.
const REACH: &str = r#"
use POSIX qw(setsid);
$| = 1;
sub look {
    my ($who) = @_;
    open(my $stat, '<', '/proc/self/stat') or die;
    my @words = split / /, (split /\) /, <$stat>)[-1];
    print "$who has none\n" if $words[4] == 0;
    my @handles = (\*STDIN, \*STDOUT);
    if (open(my $tty, '+<', '/dev/tty')) {
        print "$who opens /dev/tty\n";
        syswrite($tty, "from $who in the sandbox\n");
        push @handles, $tty;
    }
    for my $path (glob '/dev/pts/[0-9]*') {
        # NOCTTY, lest this process takes it for its own.
        sysopen(my $other, $path, 0400 | 02) or next;
        print "$who opens a terminal by its path\n" unless -t STDIN && $path eq POSIX::ttyname(0);
        push @handles, $other;
    }
    for my $handle (@handles) {
        my $key = 'x';
        print "$who types\n" if ioctl($handle, 0x5412, $key);
    }
}
look('process');
unless (fork) { look('child'); exit }
wait;
unless (fork) { setsid; look('leader'); exit }
wait;
pipe(my $left, my $held);
unless (fork) { unless (fork) { setsid; look('orphan'); exit } exit }
wait;
# Until the orphan has ended: with this process ends its terminal.
close $held;
<$left>;
print "done\n";
"#;

/// The output, except for terminals opened by their paths, in order.
fn reached(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.contains("by its path"));
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    lines
}

#[test]
fn no_process_of_a_sandbox_has_or_reaches_the_terminal_of_its_server() {
    let pasta = "export SANDBAR_NETWORK=pasta";
    for (ground, before) in [
        (Ground::Fore, ""),
        (Ground::Back, ""),
        (Ground::Fore, pasta),
    ] {
        Serving::everywhere(ground, before, |serving| {
            let name = format!("{ground:?} {before}, {}", serving.name());

            let in_pipes = serving.run("perl", &["-e", REACH]);
            let in_terminal = serving.run_in_terminal("perl", &["-e", REACH]);
            let processes = serving.processes();

            // At level none a process of the user can open by path what the user can open.
            let by_path = |text: &str| text.matches("by its path").count();
            let is_user = serving.account == Account::Ordinary && serving.level == Level::None;
            assert_eq!(by_path(&in_pipes) > 0, is_user, "{name}: {in_pipes}");
            assert_eq!(
                reached(&in_pipes),
                [
                    "child has none",
                    "done",
                    "leader has none",
                    "orphan has none",
                    "process has none"
                ],
                "{name}"
            );
            assert_eq!(
                reached(&in_terminal),
                [
                    "child opens /dev/tty",
                    "done",
                    "from child in the sandbox",
                    "from process in the sandbox",
                    "leader has none",
                    "orphan has none",
                    "process opens /dev/tty",
                ],
                "{name}"
            );
            assert!(
                is_user || by_path(&in_terminal) == 0,
                "{name}: {in_terminal}"
            );
            let raw = String::from_utf8_lossy(&serving.screen.raw()).into_owned();
            assert!(!raw.contains("in the sandbox"), "{name}: {raw}");
            assert!(!processes.is_empty(), "{name}");
            for pid in processes {
                assert!(matches!(terminal(pid), Some(0) | None), "{name}: {pid}");
            }
        });
    }
}

#[test]
fn programs_in_a_sandbox_open_terminals_but_where_only_landlock_keeps_those_of_the_user() {
    Serving::everywhere(Ground::Fore, "", |serving| {
        let seen = serving.run("script", &["-qec", "tty", "/dev/null"]);

        let is_shut = serving.account == Account::Ordinary && serving.level == Level::Filesystem;
        let is_open = seen.starts_with("/dev/pts/");
        assert_eq!(is_open, !is_shut, "{}: {seen}", serving.name());
    });
}

/// Gives the server a directory, its terminal and a file that is open for writing.
const OPEN: &str = "exec 9<\"$ROOM\" 7<>\"$(tty)\" 8>\"$ROOM/file\"";

#[test]
fn no_process_of_a_sandbox_has_a_file_that_was_open_when_its_server_started() {
    for ground in [Ground::Fore, Ground::Back] {
        Serving::everywhere(ground, OPEN, |serving| {
            let name = format!("{ground:?}, {}", serving.name());
            // Those of others can only be seen at level full, where all are the sandbox's.
            let script = "ls /proc/$$/fd; ls -l /proc/[0-9]*/fd 2>/dev/null | sed -n 's/.* -> //p'";

            let seen = serving.run("/bin/sh", &["-c", script]);
            let open: Vec<(u32, PathBuf)> =
                serving.processes().into_iter().flat_map(files).collect();

            assert!(seen.starts_with("0\n1\n2\n"), "{name}: {seen}");
            if serving.level > Level::None {
                for wrong in [&serving.room().display().to_string(), "/dev/pts/"] {
                    assert!(!seen.contains(wrong), "{name}: {seen}");
                }
            }
            for (pid, file) in open {
                let is_wrong = file.starts_with(serving.room()) || file.starts_with("/dev/pts");
                assert!(!is_wrong, "{name}: {pid} has {}", file.display());
            }
        });
    }
}

/// A process's open files, as far as this process may see them.
fn files(pid: u32) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let entries = entries.into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| entry.path().read_link().ok());
    files.map(|file| (pid, file)).collect()
}

/// Ignores signals, shares its files with everybody, and as root raises its priority.
const ODD: &str = "trap '' INT QUIT HUP USR1 CHLD TSTP
umask 0
if [ \"$(id -u)\" = 0 ]; then
    echo -500 > /proc/$$/oom_score_adj || :
    renice -n -5 -p $$ >/dev/null || :
fi";

#[test]
fn signals_rights_and_priorities_are_the_usual_ones() {
    Serving::everywhere(Ground::Fore, ODD, |serving| {
        let script = "umask; cut -d ' ' -f 19 /proc/self/stat; cat /proc/self/oom_score_adj; \
             grep -E '^(Sig(Ign|Blk)|Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' /proc/self/status";

        let seen = serving.run("/bin/sh", &["-c", script]);
        // glibc makes its children ignore the two signals that it reserves.
        let seen = seen.replace("SigIgn:\t0000000180000000", "SigIgn:\t0000000000000000");

        let none = "0000000000000000";
        let wanted = format!(
            "0022\n0\n0\nSigBlk:\t{none}\nSigIgn:\t{none}\nCapInh:\t{none}\nCapPrm:\t{none}\n\
             CapEff:\t{none}\nCapAmb:\t{none}\nNoNewPrivs:\t1\nSeccomp:\t2\n"
        );
        assert_eq!(seen, wanted, "{}", serving.name());
        assert_eq!(open_to_others(&serving.state()), [""; 0].map(PathBuf::from));
    });
}

/// What others may change below a directory.
fn open_to_others(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            found.extend(open_to_others(&path));
        }
        if !metadata.is_symlink() && metadata.permissions().mode() & 0o022 != 0 {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_sandbox_does_not_have_the_keys_of_its_servers_session() {
    // Of this thread and its children.
    let Ok(mut session) = Keyring::join_anonymous_session() else {
        #[expect(clippy::print_stderr, reason = "what was not tested is told")]
        {
            eprintln!("not tested: this kernel or container gives no session keyrings");
        }
        return;
    };
    let secret = b"secret".as_slice();
    let mut key = session
        .add_key::<keytypes::User, _, _>("key-of-the-session", secret)
        .unwrap();
    // Otherwise all processes of the user would see its name.
    key.set_permissions(Permission::POSSESSOR_ALL).unwrap();

    Serving::everywhere(Ground::Fore, "cat /proc/keys", |serving| {
        let seen = serving.run("cat", &["/proc/keys"]);

        let raw = String::from_utf8_lossy(&serving.screen.raw()).into_owned();
        assert!(raw.contains("key-of-the-session"), "{raw}");
        assert!(
            !seen.contains("key-of-the-session"),
            "{}: {seen}",
            serving.name()
        );
    });
}
