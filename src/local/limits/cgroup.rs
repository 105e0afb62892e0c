//! Control groups (version 2): one for each sandbox, where this user may make them.
//!
//! That is so in a session under systemd, whose user manager hands over a part of the tree, and for
//! root where the tree is not shown read-only. The group is made beside the server's own, below
//! the nearest ancestor that hands both controllers down: a group with processes of its own cannot.

use std::io;
use std::path::{Path, PathBuf};

use super::ResourceLimits;

const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// Where groups are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ControlGroups {
    parent: PathBuf,
}

impl ControlGroups {
    /// `None` where this user may make no group, or none that limits anything.
    pub(super) fn find() -> Option<Self> {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        Self::above(&mounted(&mounts)?, own_group(&own)?)
    }

    /// Looks from the server's own group upwards.
    fn above(mount: &Path, own: &str) -> Option<Self> {
        let own = mount.join(own.trim_start_matches('/'));
        let mut ancestors = own.ancestors().take_while(|dir| dir.starts_with(mount));
        let parent = ancestors.find(|dir| hands_down(dir) && is_ours(dir))?;
        Some(Self {
            parent: parent.to_owned(),
        })
    }

    /// Makes the group and puts the processes into it.
    pub(super) fn enter(
        &self,
        id: &str,
        limits: &ResourceLimits,
        processes: &[u32],
    ) -> io::Result<()> {
        let group = self.group(id);
        std::fs::create_dir_all(&group)?;
        let text = |limit: Option<u64>| limit.map_or_else(|| "max".to_owned(), |n| n.to_string());
        std::fs::write(group.join("memory.max"), text(limits.memory))?;
        // What is swapped out is used too; not every kernel counts it.
        let _ = std::fs::write(group.join("memory.swap.max"), "0");
        std::fs::write(group.join("pids.max"), text(limits.processes))?;
        for pid in processes {
            std::fs::write(group.join("cgroup.procs"), pid.to_string())?;
        }
        Ok(())
    }

    /// Removes the group; one that still has processes stays.
    pub(super) fn leave(&self, id: &str) {
        if let Err(error) = std::fs::remove_dir(self.group(id)) {
            tracing::warn!(%error, "a sandbox's control group could not be removed");
        }
    }

    fn group(&self, id: &str) -> PathBuf {
        self.parent.join(format!("sandbar-{id}"))
    }
}

/// Where the tree is, of `/proc/self/mountinfo`: of `36 35 0:30 / /sys/fs/cgroup rw - cgroup2 …`
/// the fifth field. Only a whole tree fits to the names of groups.
fn mounted(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut fields = place.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        (root == "/" && kind.starts_with("cgroup2 ")).then(|| PathBuf::from(place))
    })
}

/// The own group, of `/proc/self/cgroup`: version 2 has the number 0 and no name.
fn own_group(groups: &str) -> Option<&str> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    // Outside of what this namespace sees.
    (!own.contains("..")).then_some(own)
}

fn hands_down(dir: &Path) -> bool {
    let handed = std::fs::read_to_string(dir.join("cgroup.subtree_control")).unwrap_or_default();
    let handed: Vec<&str> = handed.split_whitespace().collect();
    CONTROLLERS.iter().all(|wanted| handed.contains(wanted))
}

/// Whether groups can be made here, and processes moved out of one into another.
fn is_ours(dir: &Path) -> bool {
    let procs = std::fs::OpenOptions::new()
        .write(true)
        .open(dir.join("cgroup.procs"));
    let trial = dir.join(format!("sandbar-trial-{}", std::process::id()));
    procs.is_ok() && std::fs::create_dir(&trial).is_ok() && std::fs::remove_dir(&trial).is_ok()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_tree_and_the_own_group_are_found_among_others() {
        let mounts = "30 29 0:25 /x /sys/fs/cgroup/part rw - cgroup2 cgroup2 rw\n\
            36 35 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        let groups = "9:name=systemd:/\n0::/user.slice/app.scope\n";

        assert_eq!(mounted(mounts), Some(PathBuf::from("/sys/fs/cgroup")));
        assert_eq!(own_group(groups), Some("/user.slice/app.scope"));
        assert_eq!(mounted("1 1 0:1 / / rw - ext4 /dev/x rw\n"), None);
        assert_eq!(own_group("0::/../other\n"), None);
    }

    /// A tree of plain files: `user` hands down, its child, where the server is, does not.
    fn tree(handed: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (group, handed) in [("", ""), ("user", handed), ("user/app.scope", "")] {
            let group = dir.path().join(group);
            std::fs::create_dir_all(&group).unwrap();
            std::fs::write(group.join("cgroup.subtree_control"), handed).unwrap();
            std::fs::write(group.join("cgroup.procs"), "").unwrap();
        }
        dir
    }

    #[test]
    fn a_group_is_made_below_the_nearest_ancestor_that_hands_down() {
        let dir = tree("cpu memory pids\n");
        let groups = ControlGroups::above(dir.path(), "/user/app.scope").unwrap();
        assert_eq!(groups.parent, dir.path().join("user"));

        let limits = ResourceLimits {
            memory: Some(1 << 30),
            ..ResourceLimits::default()
        };
        groups.enter("one", &limits, &[7]).unwrap();

        let read = |file: &str| {
            let group = dir.path().join("user/sandbar-one");
            std::fs::read_to_string(group.join(file)).unwrap()
        };
        assert_eq!(read("memory.max"), "1073741824");
        assert_eq!(read("pids.max"), "max");
        assert_eq!(read("cgroup.procs"), "7");
    }

    #[test]
    fn without_both_controllers_there_is_no_group() {
        let dir = tree("pids\n");

        assert_eq!(ControlGroups::above(dir.path(), "/user/app.scope"), None);
    }
}
