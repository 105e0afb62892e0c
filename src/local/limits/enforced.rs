//! What a sandbox may use, as it is wanted, and what of it holds by which means.

use serde::{Deserialize, Serialize};

/// What is wanted; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
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
pub enum Means {
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
pub struct Enforced {
    pub limits: Limits,
    pub memory: Means,
    pub processes: Means,
    pub file_size: Means,
}

impl Enforced {
    pub(super) fn new(limits: Limits, has_group: bool, own_user: bool) -> Self {
        let means = |limit: Option<u64>, else_by: Means| match limit {
            None => Means::Unlimited,
            Some(_) if has_group => Means::Group,
            Some(_) => else_by,
        };
        let watched = if cfg!(target_os = "linux") {
            Means::Watched
        } else {
            Means::Missing
        };
        Self {
            limits,
            memory: means(limits.memory, watched),
            processes: means(
                limits.processes,
                if own_user {
                    Means::Kernel
                } else {
                    Means::Missing
                },
            ),
            file_size: match limits.file_size {
                None => Means::Unlimited,
                Some(_) => Means::Kernel,
            },
        }
    }

    /// In one line.
    pub fn line(&self) -> String {
        let say = |what: &str, limit: Option<u64>, means: Means, size: fn(u64) -> String| {
            let limit = limit.map(size).unwrap_or_default();
            match means {
                Means::Unlimited => format!("{what} unlimited"),
                Means::Group | Means::Kernel => format!("{what} {limit}"),
                Means::Watched => format!("{what} {limit} (polled every few seconds)"),
                Means::Missing => format!("{what} not limited here"),
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

    const LIMITS: Limits = Limits {
        memory: Some(8 << 30),
        processes: Some(4096),
        file_size: None,
    };

    #[test]
    fn what_is_kept_is_said_with_its_means() {
        let group = Enforced::new(LIMITS, true, false);
        let own_user = Enforced::new(LIMITS, false, true);
        let shared = Enforced::new(LIMITS, false, false);

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
