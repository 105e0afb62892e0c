//! Unattached sandboxes, which belong to no session here: their provenance, as far as it is known.
//!
//! They run and may cost money, so they are shown. How they are found is not known here.

use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::EngineKind;
use crate::domain::sandbox::price::{RunningSandbox, SandboxSize};
use crate::domain::time::UnixMillis;

/// A sandbox that the engine lists and that belongs to no session in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnattachedSandbox {
    pub engine: EngineKind,
    pub id: SandboxId,
    /// The key of the session that created it, from its metadata.
    pub key: Option<SessionKey>,
    /// The name of the session that created it; empty if it is unknown.
    pub name: String,
    pub state: EngineState,
    /// When it was created, or last resumed.
    pub since: Option<UnixMillis>,
    pub size: SandboxSize,
    pub provenance: Provenance,
}

/// The state that the engine reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineState {
    Running,
    Paused,
    /// A state that we do not know.
    Unknown,
}

/// Where an unattached sandbox comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// The session with this name has no sandbox, and will use this one when it is opened.
    ReservedFor(String),
    /// The session with this name continues in another sandbox.
    Left(String),
    /// Sandbar created it, on another machine or for a store that was lost.
    Elsewhere,
    /// Another program created it.
    ThirdParty,
}

impl EngineState {
    /// The word on the screen and in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Unknown => "unknown",
        }
    }
}

impl UnattachedSandbox {
    /// Since when it runs and how large it is; `None` if it does not run or this is unknown.
    pub fn run(&self) -> Option<RunningSandbox> {
        let size = self.size;
        let run = self.since.map(|since| RunningSandbox { since, size });
        run.filter(|_| self.state == EngineState::Running)
    }
}

impl Provenance {
    /// The provenance in words, as the rest of a sentence about the sandbox.
    pub fn words(&self) -> String {
        match self {
            Self::ReservedFor(name) => format!("reserved for {name} until that session opens"),
            Self::Left(name) => format!("left by {name}, which now has another sandbox"),
            Self::Elsewhere => "made on another machine".to_owned(),
            Self::ThirdParty => "not made by sandbar".to_owned(),
        }
    }
}
