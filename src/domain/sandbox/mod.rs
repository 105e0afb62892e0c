//! A sandbox's state as sandbar shows it: the phase that its task reports, the state that the user
//! sees. [`price`] is what a sandbox costs for the time that it ran ([`usage`]), [`unattached`] are sandboxes that
//! belong to no session of this machine.

pub mod price;
pub mod unattached;
pub mod usage;

use std::time::Duration;

use super::failure::Failure;
use super::id::{SandboxId, TemplateId};
use super::time::{Monotonic, UnixMillis};

/// Steps of a boot, in order. Resuming or reopening a sandbox skips those that it does not need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The sandbox is created, or resumed.
    Create,
    /// The user's code is copied in.
    Code,
    /// OpenCode is searched for, and installed if it is missing.
    Install,
    /// `opencode serve` is started.
    Start,
    /// The server answers with its version.
    Health,
    /// The event stream is open and the conversation is fetched.
    Subscribe,
}

impl Stage {
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Code,
        Self::Install,
        Self::Start,
        Self::Health,
        Self::Subscribe,
    ];

    /// The word on the screen and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Code => "code",
            Self::Install => "install",
            Self::Start => "start",
            Self::Health => "health",
            Self::Subscribe => "subscribe",
        }
    }
}

/// What a session's task reports about the connection to its server. One value at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Stored, but not opened since this program started.
    Dormant,
    Booting(Stage),
    /// The conversation is loaded and events arrive.
    Live,
    Reconnecting(Outage),
    Paused,
    /// The boot or the server failed; the sandbox may still exist.
    Failed(Failure),
    /// The sandbox no longer exists; only the recorded conversation is left.
    Gone(Failure),
}

/// A lost connection that is being restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    pub since: UnixMillis,
    /// Counts from 1.
    pub attempt: u32,
    /// When the next attempt starts.
    pub next_at: UnixMillis,
    /// What was lost, in words.
    pub reason: String,
}

/// The state of a session in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionStatus {
    Booting,
    Idle,
    Working,
    NeedsYou,
    Reconnecting,
    Paused,
    Failed,
    Gone,
}

impl SessionStatus {
    /// Derives the state from the phase, whether a turn runs, and whether a request waits.
    pub fn of(phase: &Phase, busy: bool, needs_you: bool) -> Self {
        match phase {
            Phase::Booting(_) => Self::Booting,
            Phase::Reconnecting(_) => Self::Reconnecting,
            Phase::Paused => Self::Paused,
            Phase::Failed(_) => Self::Failed,
            Phase::Gone(_) => Self::Gone,
            Phase::Dormant | Phase::Live => match (needs_you, busy) {
                (true, _) => Self::NeedsYou,
                (false, true) => Self::Working,
                (false, false) => Self::Idle,
            },
        }
    }

    /// The word on the screen and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Booting => "booting",
            Self::Idle => "idle",
            Self::Working => "working",
            Self::NeedsYou => "needs you",
            Self::Reconnecting => "reconnecting",
            Self::Paused => "paused",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}

/// Where sandboxes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineKind {
    /// E2B's cloud, or another server with its API at the configured URL.
    E2b,
    /// Our own daemon on this machine.
    Local,
    /// No sandbox: an OpenCode server that someone else runs.
    Attached,
}

impl EngineKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::E2b => "e2b",
            Self::Local => "local",
            Self::Attached => "attached",
        }
    }
}

/// What is known about a session's sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxInfo {
    pub engine: EngineKind,
    pub id: Option<SandboxId>,
    pub template: Option<TemplateId>,
    /// Base URL of the OpenCode server, stored with the session and reused: scheme and host, no
    /// path.
    pub opencode_url: Option<String>,
    pub opencode_version: Option<String>,
    /// When the sandbox's time to live ends; `None` if there is no limit.
    pub ends_at: Option<UnixMillis>,
    /// The sandbox's isolation from this machine in one word, e.g. "none"; `None` for E2B.
    pub isolation: Option<String>,
    /// The agent's working directory in the sandbox.
    pub directory: Option<String>,
    /// The model is the scripted demo model.
    pub demo: bool,
}

/// Progress of a boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootEvent {
    Started {
        stage: Stage,
        at: Monotonic,
    },
    /// A line of output of the tool that does the work.
    Output {
        stage: Stage,
        line: String,
    },
    Finished {
        stage: Stage,
        took: Duration,
    },
}
