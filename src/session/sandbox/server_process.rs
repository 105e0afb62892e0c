//! The server's process as the sandbox itself knows it, for when envd has forgotten it, and the end of processes
//! with all their descendants.
//!
//! A restarted envd lists nothing, while the processes that it had started keep running; its own SIGKILL, and its
//! deadlines, hit one process and not its descendants (both seen on the real envd, 0.6.13). So the server's script
//! writes a file, and processes are ended by a script. Nothing here asks OpenCode.

use std::time::Duration;

use super::script::script_process;
use crate::e2b::envd::EnvdClient;
use crate::e2b::error::Result;
use crate::e2b::process::StartProcess;

const FIND: &str = concat!(
    include_str!("../../../assets/sandbox/server-file.sh"),
    include_str!("../../../assets/sandbox/running-server.sh")
);
const WAIT: &str = concat!(
    include_str!("../../../assets/sandbox/server-file.sh"),
    include_str!("../../../assets/sandbox/wait-for.sh")
);
const IS_ALIVE: &str = concat!(
    include_str!("../../../assets/sandbox/server-file.sh"),
    "began \"$1\""
);
const END: &str = include_str!("../../../assets/sandbox/end-processes.sh");

/// A short script in the sandbox.
const LIMIT: Duration = Duration::from_secs(30);
/// Nothing that these scripts print is longer.
const OUTPUT: usize = 1024;
/// Runs a script with a limit, so that the limit ends all of it. Without timeout(1), envd's deadline ends the script
/// alone.
const LIMITED: &str = "limit=$1; shift; ! command -v timeout >/dev/null 2>&1 || \
    exec timeout -s KILL \"$limit\" /bin/sh -c \"$@\"; exec /bin/sh -c \"$@\"";
/// envd's own deadline comes this much later.
const GRACE: Duration = Duration::from_secs(10);

/// The server's process, as recorded in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct ServerProcess {
    pub(in crate::session) pid: u32,
    /// Its start time in the kernel's count: a reused pid has another one.
    began: String,
    /// Its start number.
    pub(in crate::session) start: u32,
    pub(in crate::session) port: u16,
}

impl ServerProcess {
    /// Finds the server that was started last, if it is still running.
    pub(in crate::session) async fn find(envd: &EnvdClient) -> Result<Option<Self>> {
        let found = envd.run(&script_process(FIND, &[]), LIMIT, OUTPUT).await?;
        Ok(Self::read(&String::from_utf8_lossy(&found.stdout)))
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        Some(Self {
            pid: words.next()?.parse().ok()?,
            began: words.next()?.to_owned(),
            start: words.next()?.parse().ok()?,
            port: words.next()?.parse().ok()?,
        })
    }

    /// A process that exits soon after the server's.
    pub(in crate::session) fn waiter(&self) -> StartProcess {
        script_process(WAIT, &[&self.pid.to_string(), &self.began])
    }
}

/// Whether a process runs; a zombie does not.
pub(in crate::session) async fn is_alive(envd: &EnvdClient, pid: u32) -> Result<bool> {
    let alive = script_process(IS_ALIVE, &[&pid.to_string()]);
    Ok(!envd.run(&alive, LIMIT, OUTPUT).await?.stdout.is_empty())
}

/// Ends processes with all their descendants.
pub(in crate::session) async fn end(envd: &EnvdClient, pids: &[u32]) -> Result<()> {
    if pids.is_empty() {
        return Ok(());
    }
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    let pids: Vec<&str> = pids.iter().map(String::as_str).collect();
    envd.run(&script_process(END, &pids), LIMIT, OUTPUT).await?;
    Ok(())
}

/// One of our scripts that this limit ends with all its descendants, even if we are gone; and the deadline for envd,
/// which comes later.
pub(in crate::session) fn limited(
    script: &str,
    arguments: &[&str],
    limit: Duration,
) -> (StartProcess, Duration) {
    let secs = limit.as_secs().max(1).to_string();
    let fixed = [secs.as_str(), script, "sandbar"].into_iter();
    let all: Vec<&str> = fixed.chain(arguments.iter().copied()).collect();
    (script_process(LIMITED, &all), limit + GRACE)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};

    use pretty_assertions::assert_eq;

    use super::*;

    const DIRS: &str = include_str!("../../../assets/sandbox/config-dirs.sh");

    fn sh(home: &Path, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sandbar"]).args(arguments);
        command.env("HOME", home).stdin(Stdio::null());
        command
    }

    fn out(mut command: Command) -> String {
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    fn runs(pid: u32) -> bool {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| !rest.starts_with('Z'))
    }

    /// A killed process may still be exiting.
    fn has_ended(pid: u32) -> bool {
        let began = std::time::Instant::now();
        while runs(pid) && began.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
        !runs(pid)
    }

    /// A process with two children: one in its group, one in a session of its own. Their ids.
    fn family(home: &Path) -> (Child, Vec<u32>) {
        let script = "sleep 1000 & a=$!; setsid sleep 1000 & b=$!; echo $a $b > \"$HOME/ids\"; \
            mv \"$HOME/ids\" \"$HOME/family\"; wait";
        let child = sh(home, script, &[]).spawn().unwrap();
        let ids = loop {
            if let Ok(ids) = fs::read_to_string(home.join("family")) {
                break ids;
            }
            std::thread::yield_now();
        };
        let ids = ids.split_whitespace().map(|id| id.parse().unwrap());
        (child, ids.collect())
    }

    #[test]
    fn the_descendants_of_a_process_end_with_it_and_nothing_else_does() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut child, ids) = family(home.path());
        // As on the real envd, where all that it starts is in one group: its own.
        let (mut neighbour, neighbours) = family(other.path());

        out(sh(home.path(), END, &[&child.id().to_string()]));

        child.wait().unwrap();
        assert!(ids.iter().all(|id| !runs(*id)), "{ids:?}");
        assert!(neighbours.iter().all(|id| runs(*id)) && runs(neighbour.id()));
        out(sh(other.path(), END, &[&neighbour.id().to_string()]));
        neighbour.wait().unwrap();
    }

    #[test]
    fn a_limit_ends_all_descendants_of_a_script() {
        let home = tempfile::tempdir().unwrap();
        let script = "sleep 1000 & echo $!; wait";
        let (limited, deadline) = limited(script, &[], Duration::from_secs(1));

        let mut command = Command::new(&limited.program);
        command.args(&limited.args).env("HOME", home.path());
        // Otherwise it is the group of the tests.
        let printed = out({
            command.process_group(0);
            command
        });

        assert!(has_ended(printed.trim().parse().unwrap()), "{printed}");
        assert!(deadline > Duration::from_secs(1));
    }

    #[test]
    fn the_server_is_found_by_its_file_as_long_as_it_runs() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".sandbar")).unwrap();
        let find = || ServerProcess::read(&out(sh(home.path(), FIND, &[])));
        assert_eq!(find(), None);
        let write = "exec > \"$HOME/.sandbar/server\"; echo \"$1 $(began $1) 7 4096\"";
        let write = format!(
            "{}{write}",
            include_str!("../../../assets/sandbox/server-file.sh")
        );
        let mut server = Command::new("sleep").arg("1000").spawn().unwrap();
        let pid = server.id();
        out(sh(home.path(), &write, &[&pid.to_string()]));

        let found = find().unwrap();
        assert_eq!((found.pid, found.start, found.port), (pid, 7, 4096));
        let wait = found.waiter();
        let mut wait = Command::new(&wait.program)
            .args(&wait.args)
            .env("HOME", home.path())
            .spawn()
            .unwrap();
        assert_eq!(wait.try_wait().unwrap(), None);

        server.kill().unwrap();
        // Its parent has not reaped it.
        assert!(wait.wait().unwrap().success());
        assert_eq!(find(), None);
        server.wait().unwrap();
        // Another process with its id.
        let other = format!("{} 1 7 4096\n", std::process::id());
        fs::write(home.path().join(".sandbar/server"), other).unwrap();
        assert_eq!(find(), None);
    }

    #[test]
    fn no_configuration_directory_of_opencode_waits_for_npm() {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        let work = at("code/a");
        for dir in [
            ".opencode/bin",
            "code/.opencode",
            "code/a/.opencode",
            "own/.opencode",
        ] {
            fs::create_dir_all(at(dir)).unwrap();
        }
        fs::create_dir_all(at("code/a/b/.opencode")).unwrap();
        fs::write(at("own/.opencode/package.json"), "{}").unwrap();
        // The user's own file, which does not name everything that is written.
        fs::write(at("code/.opencode/.gitignore"), "node_modules\n").unwrap();
        let git = |arguments: &[&str]| {
            let mut git = Command::new("git");
            git.arg("-C").arg(at("code")).args(arguments);
            out(git)
        };
        git(&["init", "-q"]);
        // Where the sandbox stores the session's base commit.
        fs::create_dir_all(at(".sandbar/base.git/info")).unwrap();
        let script = format!("{DIRS}settle_config_dirs \"$1\"");
        let settle = |work: &Path, global: Option<&Path>| {
            let mut settle = sh(home.path(), &script, &[work.to_str().unwrap()]);
            settle.env_remove("XDG_CONFIG_HOME");
            settle.env("OPENCODE_CONFIG_DIR", at("named"));
            if let Some(global) = global {
                settle.env("XDG_CONFIG_HOME", global);
            }
            let settled = settle.output().unwrap();
            assert_eq!(String::from_utf8_lossy(&settled.stderr), "");
        };

        settle(&work, None);
        settle(&at("own"), Some(&at("xdg")));

        let is_settled = |dir: &str| {
            let lock = fs::read_to_string(at(dir).join("package-lock.json")).unwrap_or_default();
            lock.contains("@opencode-ai/plugin") && at(dir).join("node_modules").is_dir()
        };
        for dir in [
            ".config/opencode",
            "xdg/opencode",
            ".opencode",
            "code/.opencode",
            "code/a/.opencode",
            "named",
        ] {
            assert!(is_settled(dir), "{dir}");
        }
        settle(&work, None);
        let rules = fs::read_to_string(at(".sandbar/base.git/info/exclude")).unwrap();
        let rule = |rule: &str| rules.lines().filter(|line| *line == rule).count();
        assert_eq!(rule("/.opencode/package-lock.json"), 1, "{rules}");
        assert!(!is_settled("own/.opencode") && !is_settled("code/a/b/.opencode"));
        // None of it counts as work.
        let status = git(&["status", "--porcelain", "-uall"]);
        assert_eq!(status, "?? .opencode/.gitignore\n");
    }

    #[test]
    fn nothing_is_written_above_home_or_through_a_symlink() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for dir in [".opencode", "home/code", "elsewhere"] {
            fs::create_dir_all(at(dir)).unwrap();
        }
        std::os::unix::fs::symlink(at("elsewhere"), at("home/code/.opencode")).unwrap();
        let script = format!("{DIRS}settle_config_dirs \"$1\"");

        out(sh(
            &at("home"),
            &script,
            &[at("home/code").to_str().unwrap()],
        ));

        for dir in [".opencode", "elsewhere"] {
            assert_eq!(fs::read_dir(at(dir)).unwrap().count(), 0, "{dir}");
        }
    }
}
