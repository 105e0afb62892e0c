//! A session's sandbox while it is in use: commands in it, its end, and what becomes of it.
//!
//! In reading order: `script` runs our shell scripts; [`listing`] reads what an engine says of sandboxes, `lifecycle`
//! resumes, pauses and kills them; [`access`] is for commands that look into a sandbox and have no task, [`closing`] for
//! those that end one; [`shell`] is an interactive shell; [`unattached`] finds sandboxes without a session;
//! `server_process` finds a server that envd no longer lists; `work` reads and changes the work in the sandbox.

pub mod access;
pub mod closing;
pub(super) mod lifecycle;
pub mod listing;
pub(super) mod script;
pub(super) mod server_process;
pub mod shell;
pub mod unattached;
mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::SecretString;

use super::logs::follow::LogFollower;
use super::recorder::Recorder;
use lifecycle::{close, settled, ttl};
use listing::{is_gone, run_of};

use super::context::{SessionContext, wall};
use super::failures;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::Phase;
use crate::domain::sandbox::price::RunningSandbox;
use crate::domain::session::CloseAction;
use crate::domain::time::UnixMillis;
use crate::e2b::envd::EnvdClient;
use crate::e2b::host::TRAFFIC_TOKEN_HEADER;
use crate::e2b::plan::is_at_its_longest;
use crate::e2b::process::CommandResult;
use crate::e2b::wire::{self, SandboxState};
use crate::engine::Engine;
use crate::net::url::without_userinfo;
use crate::opencode::client::OpencodeClient;

/// Maximum output of a short command; more is cut at the front.
const OUTPUT_LIMIT: usize = 64 * 1024;

/// What became of a sandbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SandboxVerdict {
    Runs,
    /// It is paused or gone.
    Over(Phase),
    /// It could not be asked.
    Unknown,
}

/// One of our scripts.
pub(super) struct SandboxScript<'a> {
    /// Names the script in its failure.
    pub(super) what: &'a str,
    pub(super) text: &'a str,
    pub(super) arguments: &'a [&'a str],
    /// Its stdin.
    pub(super) input: Option<Bytes>,
}

/// Cheap to clone; all clones share the same sandbox.
#[derive(Clone)]
pub(crate) struct SessionSandbox {
    pub(super) engine: Engine,
    /// The response to create or connect, with the tokens.
    pub(super) wire: Arc<wire::Sandbox>,
    pub(super) envd: EnvdClient,
    /// Follows `opencode serve`, once it runs.
    pub(super) follower: Option<Arc<LogFollower>>,
}

impl std::fmt::Debug for SessionSandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sandbox({})", self.id())
    }
}

impl SessionSandbox {
    /// A sandbox from the engine's response to create or connect.
    pub(super) fn new(
        context: &SessionContext,
        engine: Engine,
        wire: wire::Sandbox,
    ) -> Result<Self, Failure> {
        let http = context.http().map_err(|error| failures::http(&error))?;
        let envd = engine.addresses.envd(&wire);
        let envd = envd.and_then(|address| EnvdClient::new(http.pool().clone(), address));
        Ok(Self {
            engine,
            wire: Arc::new(wire),
            envd: envd.map_err(|error| failures::e2b(&error))?,
            follower: None,
        })
    }

    /// Connects to a sandbox for a short while; true: it was paused, and is resumed. `None`: it is gone.
    pub(super) async fn join(
        context: &SessionContext,
        engine: Engine,
        id: &str,
    ) -> Result<Option<(Self, bool)>, Failure> {
        let ttl = ttl(context, &engine);
        match settled(|| engine.control.connect(id, Some(ttl))).await {
            Ok(connected) => {
                let sandbox = Self::new(context, engine, connected.sandbox)?;
                Ok(Some((sandbox, connected.resumed)))
            }
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(failures::e2b(&error)),
        }
    }

    /// Pauses it again after [`Self::join`] has resumed it; returns its listing until then, if available.
    pub(super) async fn pause_again(&self) -> Result<Option<wire::ListedSandbox>, Failure> {
        let seen = self.engine.control.get(self.id()).await;
        let paused = settled(|| self.engine.control.pause(self.id())).await;
        paused.map_err(|error| failures::e2b(&error))?;
        Ok(seen.ok().map(|detail| detail.listed))
    }

    pub(crate) fn id(&self) -> &str {
        self.envd.sandbox_id()
    }

    /// The base URL of the OpenCode server on this port, and a client of it.
    pub(super) fn opencode(
        &self,
        context: &SessionContext,
        port: u16,
        password: Option<SecretString>,
    ) -> Result<(String, OpencodeClient), Failure> {
        let url = self.engine.addresses.base_url(&self.wire, port);
        let token = self.wire.traffic_access_token.clone();
        let headers = token.map(|token| (TRAFFIC_TOKEN_HEADER.to_owned(), token));
        let client = context.opencode(url.clone(), password, headers.into_iter().collect())?;
        Ok((url, client))
    }

    /// Runs one of our scripts with arguments and returns its stdout.
    ///
    /// # Errors
    /// The [`Failure`] includes the script's last lines of stderr.
    pub(crate) async fn script(
        &self,
        what: &str,
        script: &str,
        arguments: &[&str],
        limit: Duration,
    ) -> Result<String, Failure> {
        let script = SandboxScript {
            what,
            text: script,
            arguments,
            input: None,
        };
        self.said(script, limit).await
    }

    /// The same with stdin, which appears in no argument.
    pub(super) async fn said(
        &self,
        script: SandboxScript<'_>,
        limit: Duration,
    ) -> Result<String, Failure> {
        let output = self.output(script, (limit, OUTPUT_LIMIT)).await?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    async fn output(
        &self,
        script: SandboxScript<'_>,
        (limit, bytes): (Duration, usize),
    ) -> Result<CommandResult, Failure> {
        let what = script.what;
        let began = Instant::now();
        let (process, late) = server_process::limited(script.text, script.arguments, limit);
        let output = (self.envd)
            .run_with_input(&process, script.input, (late, bytes))
            .await;
        let mut output = output.map_err(|error| failures::e2b(&error))?;
        if !output.exit.exited && began.elapsed() >= limit {
            output.exit.status = format!("it did not end within {} s", limit.as_secs());
        }
        if output.truncated && output.exit.success() {
            return Err(Failure::new(what)
                .detail(format!("it is larger than {} MB", bytes / 1_048_576))
                .hint("commit and push it from inside the sandbox"));
        }
        if output.exit.success() {
            return Ok(output);
        }
        // git repeats the URL that it was given.
        let stderr = without_userinfo(&String::from_utf8_lossy(&output.stderr));
        let tail: Vec<String> = stderr.lines().rev().take(12).map(last_state).collect();
        Err(Failure::new(what)
            .detail(output.exit.status)
            .advise([Advice::TryAgain])
            .stderr(tail.into_iter().rev().collect())
            .retryable())
    }

    pub(crate) async fn write(&self, path: &str, content: impl Into<Bytes>) -> Result<(), Failure> {
        let written = self.envd.write_file(path, content.into()).await;
        written.map_err(|error| failures::e2b(&error))
    }

    pub(crate) async fn read(&self, path: &str, limit: usize) -> Result<Bytes, Failure> {
        let read = self.envd.read_file(path, limit).await;
        read.map_err(|error| failures::e2b(&error))
    }

    /// The home of the user that runs our scripts.
    pub(crate) async fn home(&self) -> Result<String, Failure> {
        let what = "the sandbox has no shell";
        let limit = Duration::from_secs(30);
        self.script(what, "printf %s \"$HOME\"", &[], limit).await
    }

    /// Waits until `opencode serve` has exited.
    pub(crate) async fn process_ended(&self) -> Failure {
        match &self.follower {
            Some(follower) => follower.ended().await,
            None => std::future::pending().await,
        }
    }

    /// The server is unreachable: its process may have exited without an event.
    pub(crate) fn doubt_process(&self) {
        if let Some(follower) = &self.follower {
            follower.doubt();
        }
    }

    /// Asks the control plane what became of the sandbox.
    pub(crate) async fn verdict(&self) -> SandboxVerdict {
        match self.engine.control.get(self.id()).await {
            Ok(detail) if detail.listed.state == SandboxState::Paused => {
                SandboxVerdict::Over(Phase::Paused)
            }
            Ok(_) => SandboxVerdict::Runs,
            Err(error) if is_gone(&error) => {
                SandboxVerdict::Over(Phase::Gone(failures::gone(self.id())))
            }
            // Its sandboxes keep their files, as when they are paused; their processes have ended.
            Err(_) if self.engine.has_ended().await => SandboxVerdict::Over(Phase::Paused),
            Err(_) => SandboxVerdict::Unknown,
        }
    }

    /// When the sandbox times out, on our clock; another client may have changed it.
    pub(crate) async fn ends_at(&self) -> Result<UnixMillis, Failure> {
        let left = self.engine.control.time_left(self.id()).await;
        left.map(|left| wall().plus(left))
            .map_err(|error| failures::e2b(&error))
    }

    /// Since when it runs, and how large it is; `None` if unknown.
    pub(crate) async fn run(&self) -> Option<RunningSandbox> {
        let detail = self.engine.control.get(self.id()).await.ok()?;
        run_of(&detail.listed)
    }

    /// Sets the timeout from now on; returns when it ends, as the server reports it: the account's plan may allow
    /// less.
    pub(crate) async fn live_for(&self, ttl: Duration) -> Result<UnixMillis, Failure> {
        let control = &self.engine.control;
        let left = match settled(|| control.set_timeout(self.id(), ttl)).await {
            Err(error) if is_at_its_longest(&error) => control.time_left(self.id()).await,
            set => set,
        };
        left.map(|left| wall().plus(left))
            .map_err(|error| failures::e2b(&error))
    }

    /// Closes the sandbox as asked; returns its phase if that changed.
    pub(crate) async fn close(&self, recorder: &Recorder, closing: CloseAction) -> Option<Phase> {
        let id = SandboxId::from(self.id());
        close(&self.engine, Some(recorder), &id, closing).await
    }
}

/// A line as it finally stands on a terminal: progress bars overwrite themselves.
fn last_state(line: &str) -> String {
    let states = line.split('\r').map(str::trim_end);
    let last = states.rev().find(|state| !state.is_empty());
    last.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_final_state_of_a_progress_bar_is_shown() {
        let line = "Receiving objects:  50% (1/2)\rReceiving objects: 100% (2/2), done.\r";

        assert_eq!(last_state(line), "Receiving objects: 100% (2/2), done.");
        assert_eq!(last_state("fatal: no"), "fatal: no");
        assert_eq!(last_state("\r"), "");
    }
}
