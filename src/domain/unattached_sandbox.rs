//! Sandboxes of the account that are no session's here: where they come from, as far as it is known.
//!
//! They run and may cost, so they are shown. How they are found is not known here.

use super::id::{SandboxId, SessionKey};
use super::price::{RunningSandbox, SandboxSize};
use super::sandbox::EngineKind;
use super::time::UnixMillis;

/// A sandbox that the engine lists and no session of the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnattachedSandbox {
    pub engine: EngineKind,
    pub id: SandboxId,
    /// The session's key where it was made, as its metadata have it.
    pub key: Option<SessionKey>,
    /// The session's name where it was made; empty where nobody said.
    pub name: String,
    pub life: EngineState,
    /// When it was made, or resumed last.
    pub since: Option<UnixMillis>,
    pub size: SandboxSize,
    pub provenance: Provenance,
}

/// What the engine says of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineState {
    Running,
    Paused,
    /// A word that we do not know.
    Unknown,
}

/// Where a sandbox comes from that no session has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// The session of this name has none, and takes it when it is opened.
    ReservedFor(String),
    /// The session of this name goes on in another one.
    Left(String),
    /// Sandbar made it, on another machine or for a store that was lost.
    Elsewhere,
    /// Another program made it.
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
    /// Since when it runs and how large it is; `None` where it does not run or nobody says.
    pub fn run(&self) -> Option<RunningSandbox> {
        let size = self.size;
        let run = self.since.map(|since| RunningSandbox { since, size });
        run.filter(|_| self.life == EngineState::Running)
    }
}

impl Provenance {
    /// In words, as the rest of a sentence about the sandbox.
    pub fn words(&self) -> String {
        match self {
            Self::ReservedFor(name) => format!("reserved for {name}, until that is opened"),
            Self::Left(name) => format!("left by {name}, which moved elsewhere"),
            Self::Elsewhere => "made elsewhere".to_owned(),
            Self::ThirdParty => "not made by sandbar".to_owned(),
        }
    }
}
