//! What one sandbox may take of the kernel's means to watch directories: the server's user has so many
//! for all of its sandboxes, and for its other programs.

use std::io;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One sandbox gets one of so many parts.
pub(super) const PARTS: usize = 8;
/// Where the kernel does not tell: its own defaults.
const INSTANCES: usize = 128;
const WATCHES: usize = 8192;

/// Instances of inotify, and directories that these watch.
#[derive(Debug, Clone)]
pub(super) struct WatchQuota {
    instances: Arc<Semaphore>,
    watches: Arc<Semaphore>,
    whole: (usize, usize),
}

impl Default for WatchQuota {
    /// A share of what this machine gives a user.
    fn default() -> Self {
        let limit = |name: &str, usual: usize| {
            let file = format!("/proc/sys/fs/inotify/{name}");
            let text = std::fs::read_to_string(file).unwrap_or_default();
            text.trim().parse().unwrap_or(usual)
        };
        Self::of(
            limit("max_user_instances", INSTANCES),
            limit("max_user_watches", WATCHES),
        )
    }
}

impl WatchQuota {
    /// A share of so many instances and watches.
    pub(super) fn of(instances: usize, watches: usize) -> Self {
        let part = |whole: usize| (whole / PARTS).clamp(1, Semaphore::MAX_PERMITS);
        let whole = (part(instances), part(watches));
        Self {
            instances: Arc::new(Semaphore::new(whole.0)),
            watches: Arc::new(Semaphore::new(whole.1)),
            whole,
        }
    }

    /// A place for one watcher, until it is dropped.
    pub(super) fn watcher(&self) -> io::Result<OwnedSemaphorePermit> {
        take(&self.instances, || {
            format!(
                "the sandbox has reached its limit of {} watchers: remove one, or watch a parent directory recursively",
                self.whole.0
            )
        })
    }

    /// A place for one directory, until it is dropped.
    pub(super) fn directory(&self) -> io::Result<OwnedSemaphorePermit> {
        take(&self.watches, || {
            format!(
                "the sandbox has reached its limit of {} watched directories: remove a watcher, or watch a smaller tree",
                self.whole.1
            )
        })
    }
}

fn take(free: &Arc<Semaphore>, told: impl FnOnce() -> String) -> io::Result<OwnedSemaphorePermit> {
    let taken = Arc::clone(free).try_acquire_owned();
    taken.map_err(|_| io::Error::new(io::ErrorKind::QuotaExceeded, told()))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn one_sandbox_gets_a_part_and_what_it_lets_go_comes_back() {
        let quota = WatchQuota::of(16, 8);

        let held = [quota.watcher().unwrap(), quota.watcher().unwrap()];
        let directory = quota.directory().unwrap();
        let told = quota.watcher().unwrap_err();
        let (watchers, directories) = (told.to_string(), quota.directory().unwrap_err());
        drop((held, directory));

        assert_eq!(told.kind(), io::ErrorKind::QuotaExceeded);
        assert!(
            watchers.starts_with("the sandbox has reached its limit of 2 watchers"),
            "{watchers}"
        );
        let directories = directories.to_string();
        assert!(
            directories.starts_with("the sandbox has reached its limit of 1 watched"),
            "{directories}"
        );
        assert!(quota.watcher().is_ok() && quota.directory().is_ok());
    }
}
