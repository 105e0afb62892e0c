//! What one sandbox may use of this machine, and how that is enforced.
//!
//! In: the configured limits ([`ResourceLimits`]). Out: what is enforced, and how ([`Enforcement`]): by a control group where
//! the kernel lets this user have one; else by the kernel's limits for users and files, and by
//! polling the memory every few seconds, that of memfds and files on a tmpfs too ([`usage`]).
//! The file systems in memory of level full are sized by the limit.
//! What cannot be enforced here is reported, not pretended.
//!
//! | | control group | else |
//! |---|---|---|
//! | memory | at once | polled; the largest process is killed |
//! | processes | at once | at once, where the sandbox is a user of its own |
//! | size of a file | at once, by the kernel's limit for files | the same |
//!
//! A limit of address space is not among them: `JavaScript` engines reserve far more than they use.
//!
//! In reading order: this file; [`cgroup`]; [`usage`]; [`descriptors`], the server's own.

mod cgroup;
mod descriptors;
pub(super) mod usage;

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

pub(super) use crate::local::interface::limits::{EnforcedLimits, Enforcement, ResourceLimits};
use crate::local::isolation::Isolation;
use cgroup::ControlGroups;
pub(super) use descriptors::{DescriptorLimits, DescriptorQuota};

/// Enforces the limits of a server's sandboxes.
#[derive(Debug, Clone)]
pub(super) struct LimitEnforcer {
    pub(super) enforced: EnforcedLimits,
    groups: Option<ControlGroups>,
}

impl LimitEnforcer {
    /// Finds out what can be enforced here. Reads and writes the disk.
    pub(super) fn find(limits: ResourceLimits, isolation: &Isolation) -> Self {
        let wanted = limits.memory.is_some() || limits.processes.is_some();
        let groups = wanted.then(ControlGroups::find).flatten();
        Self {
            enforced: enforced(limits, groups.is_some(), isolation.own_user()),
            groups,
        }
    }

    /// The limits that the helper sets for itself before it starts anything.
    pub(super) fn of_process(&self) -> ProcessLimits {
        let limits = &self.enforced.limits;
        let by_kernel =
            |means: Enforcement, limit: Option<u64>| limit.filter(|_| means == Enforcement::Kernel);
        ProcessLimits {
            processes: by_kernel(self.enforced.processes, limits.processes),
            file_size: by_kernel(self.enforced.file_size, limits.file_size),
            open_files: None,
        }
    }

    /// Puts a sandbox's first processes, which have not started any other, into its group.
    pub(super) fn enter(&self, id: &str, processes: &[u32]) -> io::Result<()> {
        match &self.groups {
            Some(groups) => groups.enter(id, &self.enforced.limits, processes),
            None => Ok(()),
        }
    }

    /// Forgets the group of a sandbox whose processes have ended.
    pub(super) fn leave(&self, id: &str) {
        if let Some(groups) = &self.groups {
            groups.leave(id);
        }
    }

    /// The memory limit that has to be polled.
    pub(super) fn watched_memory(&self) -> Option<u64> {
        let memory = self.enforced.limits.memory;
        memory.filter(|_| self.enforced.memory == Enforcement::Watched)
    }
}

/// What can be enforced, and how: `has_group` with control groups, `own_user` where the kernel counts the
/// processes of each sandbox apart.
fn enforced(limits: ResourceLimits, has_group: bool, own_user: bool) -> EnforcedLimits {
    let means = |limit: Option<u64>, otherwise: Enforcement| match limit {
        None => Enforcement::Unlimited,
        Some(_) if has_group => Enforcement::Group,
        Some(_) => otherwise,
    };
    let processes = if own_user {
        Enforcement::Kernel
    } else {
        Enforcement::Missing
    };
    EnforcedLimits {
        limits,
        memory: means(limits.memory, Enforcement::Watched),
        processes: means(limits.processes, processes),
        file_size: limits
            .file_size
            .map_or(Enforcement::Unlimited, |_| Enforcement::Kernel),
    }
}

/// The kernel's limits for a helper and all that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct ProcessLimits {
    processes: Option<u64>,
    file_size: Option<u64>,
    /// That programs may raise again.
    open_files: Option<u64>,
}

impl ProcessLimits {
    pub(super) fn with_open_files(self, descriptors: DescriptorLimits) -> Self {
        Self {
            open_files: Some(descriptors.ordinary),
            ..self
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Limits this process and its children, for ever.
    pub(super) fn set(&self) -> io::Result<()> {
        let wanted = [
            (Resource::Nproc, self.processes),
            (Resource::Fsize, self.file_size),
        ];
        for (resource, limit) in wanted {
            let Some(limit) = limit else { continue };
            // What is lower already stays.
            let limit = getrlimit(resource)
                .maximum
                .map_or(limit, |most| most.min(limit));
            setrlimit(
                resource,
                Rlimit {
                    current: Some(limit),
                    maximum: Some(limit),
                },
            )?;
        }
        if let Some(open_files) = self.open_files {
            let maximum = getrlimit(Resource::Nofile).maximum;
            let current = maximum.map_or(open_files, |most| most.min(open_files));
            let current = Some(current);
            setrlimit(Resource::Nofile, Rlimit { current, maximum })?;
        }
        Ok(())
    }
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
    fn a_helper_gets_only_what_no_group_keeps() {
        let enforcer = |has_group, own_user| LimitEnforcer {
            enforced: enforced(LIMITS, has_group, own_user),
            groups: None,
        };

        assert!(enforcer(true, true).of_process().is_nothing());
        assert!(enforcer(false, false).of_process().is_nothing());
        assert_eq!(enforcer(false, true).of_process().processes, Some(4096));
        assert_eq!(enforcer(true, true).watched_memory(), None);
        assert_eq!(enforcer(false, true).watched_memory(), Some(8 << 30));
    }

    #[test]
    fn a_line_says_how_each_limit_is_enforced() {
        let group = enforced(LIMITS, true, false);
        let own_user = enforced(LIMITS, false, true);
        let shared = enforced(LIMITS, false, false);

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
