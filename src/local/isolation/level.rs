//! How far sandboxes can be shut off, and how far they shall be.

use serde::{Deserialize, Serialize};

/// A level; a later one shuts off more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    #[default]
    None,
    Filesystem,
    Full,
}

impl Level {
    /// All, the lowest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Filesystem, Self::Full];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Filesystem => "filesystem",
            Self::Full => "full",
        }
    }

    /// The level of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Which network the sandboxes of level full have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// One of their own, with all its ports; out by HTTP(S) through the server's proxy alone.
    #[default]
    Own,
    /// One of their own, with all its ports; out by pasta, whatever the protocol.
    Pasta,
    /// The machine's.
    Shared,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsolationRequest {
    /// Nothing beyond this level is tried.
    pub most: Level,
    /// With less the server does not start.
    pub least: Level,
    pub network: Network,
}

impl Default for IsolationRequest {
    fn default() -> Self {
        Self {
            most: Level::Full,
            least: Level::None,
            network: Network::Own,
        }
    }
}
