//! git on the user's machine: with output that we can parse, without running programs that a repository names, and
//! without writing to the user's repository.
//!
//! Filters are the exception: without those of the user's repository, files would differ from what git stores. Knows
//! no repository and no sandbox.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::domain::failure::Failure;

/// Variables that would point git at another repository or change its output. Those that set configuration are the
/// user's choice and stay.
const REMOVED: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_AUTHOR_DATE",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMITTER_DATE",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// No fetches, prompts, index refreshes or replacements while we read.
const SET: &[(&str, &str)] = &[
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // git's messages are parsed.
    ("LC_ALL", "C"),
];

/// No configuration of the user or the system. git before 2.32 finds it by the home directory alone.
const WITHOUT_CONFIGURATION: &[(&str, &str)] = &[
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_CONFIG_COUNT", "0"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_PARAMETERS", ""),
    ("HOME", "/dev/null"),
    ("XDG_CONFIG_HOME", "/dev/null"),
];

const CONFIGURATION: &[&str] = &[
    "advice.addEmbeddedRepo=false",
    "commit.gpgsign=false",
    // Both start programs.
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    // The whole work tree is read, and our index is one file.
    "core.quotePath=false",
    "core.safecrlf=false",
    "core.sparseCheckout=false",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "index.sparse=false",
    // Recorded conflict resolutions are neither replayed nor added.
    "rerere.autoupdate=false",
    "rerere.enabled=false",
    "user.name=sandbar",
    "user.email=sandbar@sandbar.invalid",
];

/// git in one directory, with the same environment for each call.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    dir: PathBuf,
    env: Vec<(&'static str, OsString)>,
}

impl Git {
    /// In one of the user's repositories, with the user's configuration.
    pub(crate) fn of_user(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            env: Vec::new(),
        }
    }

    /// In one of our repositories, independent of anybody's configuration.
    pub(crate) fn of_ours(dir: &Path) -> Self {
        let env = WITHOUT_CONFIGURATION.iter();
        Self {
            dir: dir.to_owned(),
            env: env.map(|&(name, value)| (name, value.into())).collect(),
        }
    }

    #[must_use]
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// Commits have the name and the address that the user's configuration says, not ours.
    pub(crate) async fn identity(self) -> Self {
        let mut git = self.clone();
        for (key, variables) in [
            ("user.name", ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"]),
            ("user.email", ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]),
        ] {
            let all = self.text(&["config", "--get-all", key]).await;
            let all = all.unwrap_or_default();
            // The last one is ours, from the command line.
            if let Some(theirs) = all.lines().rev().nth(1) {
                for variable in variables {
                    git = git.env(variable, theirs);
                }
            }
        }
        git
    }

    /// Runs git; returns its output without the trailing line feed.
    pub(crate) async fn text(&self, args: &[&str]) -> Result<String, Failure> {
        let bytes = self.bytes(args).await?;
        Ok(String::from_utf8_lossy(&bytes)
            .trim_end_matches(['\n', '\r'])
            .to_owned())
    }

    /// Runs git for a path that it prints.
    pub(crate) async fn path(&self, args: &[&str]) -> Result<PathBuf, Failure> {
        let mut bytes = self.bytes(args).await?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Ok(self.dir.join(OsString::from_vec(bytes)))
    }

    pub(crate) async fn bytes(&self, args: &[&str]) -> Result<Vec<u8>, Failure> {
        self.fed(args, Vec::new()).await
    }

    /// Runs git with `input` on stdin.
    pub(crate) async fn fed(&self, args: &[&str], input: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let what = format!("git {}", args.first().copied().unwrap_or_default());
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        let tried = self.tried(&args, input).await?;
        tried.map_err(|said| failed(&what, said))
    }

    /// Runs git and returns its stderr if it fails.
    pub(crate) async fn tried(
        &self,
        args: &[&OsStr],
        input: Vec<u8>,
    ) -> Result<Result<Vec<u8>, String>, Failure> {
        let mut command = Command::new("git");
        for setting in CONFIGURATION {
            command.args(["-c", setting]);
        }
        command.args(args);
        self.output(command, input).await
    }

    /// Runs one of our scripts that call git; `what` names it in the failure.
    pub(crate) async fn script(
        &self,
        what: &str,
        script: &str,
        args: &[&OsStr],
    ) -> Result<String, Failure> {
        let mut command = Command::new("sh");
        command.args(["-euc", script, "sandbar"]).args(args);
        let output = self.output(command, Vec::new()).await?;
        let output = output.map_err(|said| failed(what, said))?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    async fn output(
        &self,
        mut command: Command,
        input: Vec<u8>,
    ) -> Result<Result<Vec<u8>, String>, Failure> {
        let not_run = |error: std::io::Error| {
            Failure::new("git could not be run")
                .detail(error.to_string())
                .hint("install git, or start with --empty")
        };
        for name in REMOVED {
            command.env_remove(name);
        }
        let mut child = command
            .current_dir(&self.dir)
            .envs(SET.iter().copied())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(not_run)?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // git may exit before it has read everything; its exit code tells.
                let _unread = stdin.write_all(&input).await;
            }
        };
        let ((), output) = tokio::join!(feed, child.wait_with_output());
        let output = output.map_err(not_run)?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        Ok(Err(String::from_utf8_lossy(&output.stderr)
            .trim()
            .to_owned()))
    }
}

fn failed(what: &str, said: String) -> Failure {
    Failure::new(format!("{what} failed"))
        .detail(said)
        .hint("start with --empty to leave the code out")
}
