//! How far sandboxes are shut off from this machine: which level it offers, why not a higher one,
//! and how a sandbox's helper is started behind that wall.
//!
//! In: what is wanted ([`Wanted`]) and how the helper is started. Out: one decision for the life of
//! a server ([`Isolation`]), made by trying, never by reading settings of the kernel. It knows
//! programs and the kernel, and nothing of E2B, HTTP, or a sandbox's record.
//!
//! | level | files | processes | network |
//! |---|---|---|---|
//! | full | own home and `/tmp`, system read-only | own | own; out through the server's proxy |
//! | filesystem | own directories, system read-only | seen, not signalled | the machine's |
//! | none | the user's | the user's | the machine's |

mod bubblewrap;
mod confine;
mod probe;
mod start;
mod view;

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::helper::HelperCommand;

pub(super) use bubblewrap::search_path;
pub(super) use confine::{Confinement, restrict};
pub(super) use start::{Quarters, Start};
pub(super) use view::{View, normal};

/// Where a sandbox of level full sees this program.
pub const PROGRAM_INSIDE: &str = "/opt/sandbar/bin/sandbar";

/// The first of the user ids that sandboxes get where the server runs as root. Above what systemd
/// and containers give out, below what is negative as a signed number.
const FIRST_UID: u32 = 1_900_000_000;
const UIDS: u32 = 1 << 16;

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
    /// The machine's.
    Shared,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Nothing beyond this level is tried.
    pub most: Level,
    /// With less the server does not start.
    pub least: Level,
    pub network: Network,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            most: Level::Full,
            least: Level::None,
            network: Network::Own,
        }
    }
}

/// What a server gives its sandboxes, and why not more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    pub level: Level,
    /// Of level full; below it the network is always shared.
    pub network: Network,
    /// Why the level is not higher; empty at level full.
    pub why: String,
    /// What to do for the next level; may be empty.
    pub next: String,
}

impl Isolation {
    /// Level, reason and remedy in one line.
    pub fn line(&self) -> String {
        let mut line = format!("isolation: {}", self.level.name());
        match (self.level, self.network) {
            (Level::Full, Network::Own) => line.push_str(" (own network, out by a proxy)"),
            (Level::Full, Network::Shared) => line.push_str(" (shared network)"),
            _ => {}
        }
        if !self.why.is_empty() {
            line = format!("{line}; {}", self.why);
        }
        if !self.next.is_empty() {
            line = format!("{line}; for more: {}", self.next);
        }
        line
    }

    pub(super) fn own_network(&self) -> bool {
        self.level == Level::Full && self.network == Network::Own
    }
}

/// Why a level is not to be had, and what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lack {
    why: String,
    next: String,
}

/// Finds the highest level up to the wanted one that works here. Takes some milliseconds, at most
/// a few seconds where something hangs.
pub(super) fn decide(
    wanted: Wanted,
    helper: &HelperCommand,
    state_dir: &Path,
) -> io::Result<Isolation> {
    let mut lack = Lack {
        why: String::new(),
        next: String::new(),
    };
    let mut level = wanted.most;
    if level == Level::Full
        && let Err(missing) = probe::full(wanted.network)
    {
        (level, lack) = (Level::Filesystem, missing);
    }
    if level == Level::Filesystem
        && let Err(missing) = probe::filesystem(helper, state_dir)
    {
        level = Level::None;
        if lack.why.is_empty() {
            lack = missing;
        } else {
            lack.why = format!("{}; {}", lack.why, missing.why);
        }
    }
    if level == wanted.most && level < Level::Full {
        lack = Lack {
            why: "more was not asked for".to_owned(),
            next: String::new(),
        };
    }
    if level < wanted.least {
        let message = format!(
            "isolation '{}' is required and this machine gives '{}': {}; {}",
            wanted.least.name(),
            level.name(),
            lack.why,
            lack.next,
        );
        return Err(io::Error::other(message));
    }
    let network = match level {
        Level::Full => wanted.network,
        _ => Network::Shared,
    };
    Ok(Isolation {
        level,
        network,
        why: lack.why,
        next: lack.next,
    })
}

/// Whether the server is root, which no sandbox may be.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user as whom a sandbox runs where the server is root: a free one for each sandbox, else
/// the server's own (`None`).
pub(super) fn owner(id: &str, level: Level) -> Option<u32> {
    if level == Level::None || !is_root() {
        return None;
    }
    // FNV-1a: the same for the life of the sandbox, and spread over all.
    let hash = id.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    Some(FIRST_UID + hash % UIDS)
}
