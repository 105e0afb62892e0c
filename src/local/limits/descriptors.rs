//! The server's file descriptors: how many it has, and which share of them one sandbox may take.
//!
//! Each process, each connection and each watcher of a sandbox takes some of the server's. It raises
//! its own limit as far as it may; its sandboxes get the ordinary one.

use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What the kernel and systemd give a process that asks for nothing.
const USUAL: u64 = 1024;
/// One sandbox gets one of so many parts.
const PARTS: u64 = 8;
/// Enough for one sandbox, however many descriptors there are.
const MOST: u64 = 1024;
const FEWEST: u64 = 16;

/// Limits of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::local) struct DescriptorLimits {
    /// What processes of sandboxes start with.
    pub(in crate::local) ordinary: u64,
    limit: u64,
}

impl DescriptorLimits {
    /// Raises this process's limit as far as its user may.
    pub(in crate::local) fn raise() -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: maximum,
            maximum,
        };
        // Some systems have a lower limit than the one that they tell.
        let _ = setrlimit(Resource::Nofile, raised);
        let now = getrlimit(Resource::Nofile).current;
        Self::of(current.unwrap_or(u64::MAX), now.unwrap_or(u64::MAX))
    }

    fn of(before: u64, limit: u64) -> Self {
        // What is raised already says nothing about what others get.
        let ordinary = if before < limit {
            before
        } else {
            before.min(USUAL)
        };
        Self { ordinary, limit }
    }

    /// How many one sandbox may take.
    fn quota(self) -> usize {
        let quota = (self.limit / PARTS).clamp(FEWEST, MOST);
        usize::try_from(quota).unwrap_or(usize::MAX)
    }

    /// Connections from outside at a time; further ones wait to be accepted.
    pub(in crate::local) fn connections(self) -> usize {
        let half = usize::try_from(self.limit / 2).unwrap_or(usize::MAX);
        half.clamp(1, Semaphore::MAX_PERMITS)
    }
}

/// What one sandbox may take of the server's descriptors.
#[derive(Debug, Clone)]
pub(in crate::local) struct DescriptorQuota {
    free: Arc<Semaphore>,
    whole: usize,
}

impl DescriptorQuota {
    pub(in crate::local) fn new(descriptors: DescriptorLimits) -> Self {
        let whole = descriptors.quota();
        Self {
            free: Arc::new(Semaphore::new(whole)),
            whole,
        }
    }

    /// Takes so many until what it gives is dropped; an error for the caller of the API if they are
    /// used up.
    pub(in crate::local) fn take(&self, count: u32) -> Result<OwnedSemaphorePermit, String> {
        let taken = Arc::clone(&self.free).try_acquire_many_owned(count);
        taken.map_err(|_| {
            format!(
                "the sandbox uses its whole share of {} of the server's file descriptors: end some \
                 of its processes or connections",
                self.whole
            )
        })
    }

    /// Connections that it may have to the outside; each takes two.
    pub(in crate::local) fn outbound_connections(&self, most: usize) -> usize {
        most.min(self.whole / 4).max(1)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn sandboxes_keep_the_limit_that_the_server_had_before_it_raised_its_own() {
        assert_eq!(DescriptorLimits::of(256, 4096).ordinary, 256);
        assert_eq!(DescriptorLimits::of(524_288, 524_288).ordinary, 1024);
        assert_eq!(DescriptorLimits::of(20, 20).ordinary, 20);
    }

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        let descriptors = DescriptorLimits::raise();

        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
        assert_eq!(descriptors.limit, maximum.unwrap_or(u64::MAX));
    }

    #[test]
    fn one_sandbox_leaves_most_of_the_descriptors_to_others() {
        let quota = |limit| DescriptorLimits::of(limit, limit).quota();
        assert_eq!([20, 1024, 4096, u64::MAX].map(quota), [16, 128, 512, 1024]);

        let quota = DescriptorQuota::new(DescriptorLimits::of(20, 20));
        let held: Vec<_> = (0..5).map(|_| quota.take(3).unwrap()).collect();
        let told = quota.take(3).unwrap_err();
        drop(held);

        assert!(
            told.contains("whole share of 16 of the server's file descriptors"),
            "{told}"
        );
        assert!(quota.take(16).is_ok());
    }
}
