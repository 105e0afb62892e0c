//! What a sandbox may use, as it is wanted, and what of it holds by which means.

use serde::{Deserialize, Serialize};

/// What is wanted; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceLimits {
    /// Bytes that all processes of a sandbox may use.
    pub memory: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u64>,
    /// Bytes of one file.
    pub file_size: Option<u64>,
}

/// How a limit is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Nobody wants it.
    Unlimited,
    /// A control group; nothing gets past it.
    Group,
    /// The kernel's limits of processes.
    Kernel,
    /// Polled every few seconds; what is quick gets past it for a moment.
    Watched,
    /// It cannot be kept here.
    Missing,
}

/// What holds for the sandboxes of a server.
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

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const LIMITS: ResourceLimits = ResourceLimits {
        memory: Some(8 << 30),
        processes: Some(4096),
        file_size: None,
    };

    #[test]
    fn what_is_kept_is_said_with_its_means() {
        let group = EnforcedLimits::new(LIMITS, true, false);
        let own_user = EnforcedLimits::new(LIMITS, false, true);
        let shared = EnforcedLimits::new(LIMITS, false, false);

        assert_eq!(
            group.line(),
            "limits: memory 8 GiB, processes 4096, a file unlimited"
        );
        assert_eq!(
            own_user.line(),
            "limits: memory 8 GiB (polled every few seconds), processes 4096, a file unlimited"
        );
        assert_eq!(
            shared.line(),
            "limits: memory 8 GiB (polled every few seconds), processes not limited here, \
             a file unlimited"
        );
    }
}
