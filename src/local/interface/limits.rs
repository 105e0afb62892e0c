//! What a sandbox may use: the configured limits, and how each is enforced.

use serde::{Deserialize, Serialize};

/// The configured limits; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceLimits {
    /// Bytes that all processes of a sandbox may use.
    pub memory: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u64>,
    /// Bytes of one file.
    pub file_size: Option<u64>,
}

/// How a limit is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// There is no limit.
    Unlimited,
    /// By a control group; nothing gets past it.
    Group,
    /// By the kernel's limits of processes.
    Kernel,
    /// By polling every few seconds; a fast process can exceed it for a moment.
    Watched,
    /// It cannot be enforced here.
    Missing,
}

/// The limits of a server's sandboxes, and how each is enforced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnforcedLimits {
    pub limits: ResourceLimits,
    pub memory: Enforcement,
    pub processes: Enforcement,
    pub file_size: Enforcement,
}

impl EnforcedLimits {
    /// In one line.
    pub fn line(&self) -> String {
        let say = |what: &str, limit: Option<u64>, means: Enforcement, size: fn(u64) -> String| {
            let limit = limit.map(size).unwrap_or_default();
            match means {
                Enforcement::Unlimited => format!("{what} unlimited"),
                Enforcement::Group | Enforcement::Kernel => format!("{what} {limit}"),
                Enforcement::Watched => format!("{what} {limit} (polled every few seconds)"),
                Enforcement::Missing => format!("{what} not limited here"),
            }
        };
        format!(
            "limits: {}, {}, {}",
            say("memory", self.limits.memory, self.memory, bytes),
            say("processes", self.limits.processes, self.processes, |n| n
                .to_string()),
            say("a file", self.limits.file_size, self.file_size, bytes),
        )
    }
}

pub(in crate::local) fn bytes(size: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.iter().find(|(_, shift)| size >> shift > 0);
    unit.map_or_else(
        || format!("{size} bytes"),
        |(name, shift)| format!("{} {name}", size >> shift),
    )
}
