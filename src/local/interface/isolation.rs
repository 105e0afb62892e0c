//! How far sandboxes are isolated: the requested level, and the level that a server provides.

use serde::{Deserialize, Serialize};

/// A level of isolation; later ones isolate more.
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
    /// A network of its own for each, with all its ports; connected by the server's HTTP(S) proxy alone.
    #[default]
    Own,
    /// A network of its own for each, with all its ports; connected by pasta, for any protocol.
    Pasta,
    /// The machine's network.
    Shared,
}

/// Which isolation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsolationRequest {
    /// No higher level is tried.
    pub most: Level,
    /// The server does not start below this level.
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

/// Where a sandbox of level full sees this program.
pub const PROGRAM_INSIDE: &str = "/opt/sandbar/bin/sandbar";

/// The isolation that a server gives its sandboxes, and why it is not higher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Isolation {
    pub level: Level,
    /// Of level full; below it the network is always shared.
    pub network: Network,
    /// Why the level is not higher, or the network another than was asked for; may be empty.
    pub why: String,
    /// What to do for that; may be empty.
    pub next: String,
    /// The sandboxes run as the server's user.
    pub shares_user: bool,
    /// The user ids of the sandboxes, if the server is root.
    #[serde(skip)]
    pub(in crate::local) uid_pool: Option<UidPool>,
}

impl Isolation {
    /// Level, reason and remedy in one line.
    pub fn line(&self) -> String {
        let mut line = format!("isolation: {}", self.told());
        if !self.next.is_empty() {
            line = format!("{line}; for more: {}", self.next);
        }
        line
    }

    /// Level and reason.
    pub fn told(&self) -> String {
        let mut line = self.level.name().to_owned();
        match (self.level, self.network) {
            (Level::Full, Network::Own) => line.push_str(" (own network, outbound through a proxy)"),
            (Level::Full, Network::Pasta) => line.push_str(
                " (own network, outbound through pasta, which enforces no network rules and reaches metadata servers and this machine's other addresses)",
            ),
            (Level::Full, Network::Shared) => line.push_str(" (shared network)"),
            (Level::Filesystem, _) if self.shares_user => line.push_str(
                " (a sandbox can still change the mode and times of your files, and its programs cannot open terminals)",
            ),
            _ => {}
        }
        if !self.why.is_empty() {
            line = format!("{line}; {}", self.why);
        }
        line
    }

    /// The level, and its network where that is another than its own behind a proxy.
    pub fn word(&self) -> &'static str {
        match (self.level, self.network) {
            (Level::Full, Network::Pasta) => "full, pasta network",
            (Level::Full, Network::Shared) => "full, shared network",
            (level, _) => level.name(),
        }
    }

    /// What else the user of a sandbox should know; may be empty.
    pub fn notice(&self) -> String {
        let is_plain =
            self.level < Level::Full || (self.network == Network::Own && self.why.is_empty());
        if is_plain { String::new() } else { self.line() }
    }

    /// Whether each sandbox has all ports to itself.
    pub fn own_network(&self) -> bool {
        self.level == Level::Full && self.network != Network::Shared
    }

    /// Whether the server's proxy is the only connection to the network, so that it can enforce network rules.
    pub fn enforces_network_rules(&self) -> bool {
        self.level == Level::Full && self.network == Network::Own
    }
}

/// The user ids from which each sandbox gets one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) struct UidPool {
    pub(in crate::local) first: u32,
    pub(in crate::local) count: u32,
}
