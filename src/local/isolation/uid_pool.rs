//! The user ids of sandboxes, where the server is root: a sandbox never runs as root.
//!
//! At every level of isolation the kernel goes by the user id on the machine, and root's may write
//! `/proc/sys`. So each sandbox gets a user of its own, which no account has.
//! That user must be able to reach what it uses: directories that only root may enter are no place for
//! its home, and programs in them are put beside the server's files ([`within_reach`]).

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::UidPool;
use super::unavailable::Unavailable;

/// Directories of a server.
pub(in crate::local) struct ServerDirs<'a> {
    /// Contains its sandboxes.
    pub(in crate::local) state: &'a Path,
    /// The directories of ours that contain it.
    pub(in crate::local) above: &'a [PathBuf],
}

/// Above what systemd and containers give out, below what is negative as a signed number.
const WHOLE: UidPool = UidPool {
    first: 1_900_000_000,
    count: 1 << 16,
};

/// Where a container has but few ids, those above its accounts are taken.
const ACCOUNTS: u32 = 20_000;
/// So many must be free there.
const FEWEST: u32 = 256;

impl UidPool {
    /// This server's pool: `None` where it is not root, so that its sandboxes run as its own user.
    pub(super) fn here() -> Result<Option<Self>, Unavailable> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        // Without the file there are no user namespaces, hence all ids.
        let map = std::fs::read_to_string("/proc/self/uid_map");
        let uid_pool = Self::mapped(map.as_deref().unwrap_or("0 0 4294967295"))?;
        if let Some(uid_pool) = uid_pool {
            uid_pool.try_change()?;
        }
        Ok(uid_pool)
    }

    /// Those of a user namespace: lines of first id inside, first id outside, and count.
    fn mapped(map: &str) -> Result<Option<Self>, Unavailable> {
        let ranges = map.lines().filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse::<u32>);
            let mut next = || numbers.next()?.ok();
            Some((next()?, next()?, next()?))
        });
        let ranges: Vec<_> = ranges.collect();
        let free = |(inside, _, count): &(u32, u32, u32)| {
            let end = inside.saturating_add(*count);
            if *inside <= WHOLE.first && end >= WHOLE.first + WHOLE.count {
                return Some(WHOLE);
            }
            let first = ACCOUNTS.max(*inside);
            // The last two of 65536 are nobody's.
            let count = end.checked_sub(first)?.saturating_sub(2).min(WHOLE.count);
            (count >= FEWEST).then_some(Self { first, count })
        };
        if let Some(uid_pool) = ranges.iter().find_map(free) {
            return Ok(Some(uid_pool));
        }
        // Root of a user namespace is, to the machine, the ordinary user who made it.
        let root = ranges.iter().find(|(inside, _, _)| *inside == 0);
        if root.is_some_and(|(_, outside, _)| *outside != 0) {
            return Ok(None);
        }
        Err(Unavailable {
            why: "the server runs as root, and there is no other user to run sandboxes as"
                .to_owned(),
            next: "run it as an ordinary user".to_owned(),
        })
    }

    /// Root without its rights cannot become somebody else.
    fn try_change(self) -> Result<(), Unavailable> {
        let tried = Command::new("/bin/sh")
            .args(["-c", ":"])
            .uid(self.first)
            .gid(self.first)
            .current_dir("/")
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.map(drop).map_err(|error| Unavailable {
            why: format!(
                "the server runs as root and cannot start a sandbox as another user: {error}"
            ),
            next: "run it as an ordinary user".to_owned(),
        })
    }

    /// Any of them, for a try.
    pub(super) fn any(self) -> u32 {
        self.first
    }

    /// The same for the life of the sandbox.
    pub(super) fn of(self, id: &str) -> u32 {
        // FNV-1a spreads over all.
        let hash = id.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        self.first + hash % self.count
    }
}

/// The search path without the folders that other users cannot enter: to those who look there for a
/// program that is nowhere, it would seem forbidden.
pub(super) fn search_path(path: &str) -> String {
    let open = path.split(':').filter(|folder| {
        let folder = Path::new(folder);
        folder.is_absolute() && closed(folder).is_none()
    });
    open.collect::<Vec<_>>().join(":")
}

/// The nearest directory above (or the path itself) that other users cannot enter.
fn closed(path: &Path) -> Option<&Path> {
    path.ancestors().find(|folder| {
        !folder
            .metadata()
            .is_ok_and(|metadata| metadata.mode() & 0o001 != 0)
    })
}

/// Lets other users pass through the server's own directories, in which everything that is not
/// theirs is shut by itself.
///
/// # Errors
///
/// Where the way to them is shut: to open it is not the server's business.
pub(super) fn open_way(dirs: &ServerDirs<'_>) -> Result<(), Unavailable> {
    let let_pass = |dir: &Path| {
        let mode = dir.metadata()?.mode();
        std::fs::set_permissions(dir, Permissions::from_mode(mode & 0o7777 | 0o011))
    };
    let sandboxes = dirs.state.join("sandboxes");
    let passed = dirs.above.iter().map(PathBuf::as_path);
    let passable = std::fs::create_dir_all(&sandboxes).and_then(|()| {
        let mut all = passed.chain([dirs.state, &sandboxes]);
        all.try_for_each(let_pass)
    });
    passable.map_err(|error| Unavailable {
        why: format!(
            "other users cannot be given access to '{}': {error}",
            sandboxes.display()
        ),
        next: String::new(),
    })?;
    match closed(&sandboxes) {
        None => Ok(()),
        Some(folder) => Err(Unavailable {
            why: format!(
                "the server runs as root, sandboxes never do, and no other user can enter '{}'",
                folder.display()
            ),
            next: "run it as an ordinary user, or install bubblewrap, or set SANDBAR_HOME to a directory that every user may enter, such as /var/lib/sandbar"
                .to_owned(),
        }),
    }
}

/// The program where other users can start it: itself, or under the same name in `dir`.
pub(super) fn within_reach(program: &Path, dir: &Path) -> io::Result<PathBuf> {
    let program = program.canonicalize()?;
    if closed(&program).is_none() {
        return Ok(program);
    }
    let name = program.file_name().unwrap_or_default();
    let place = dir.join(name);
    if is_same(&program, &place) {
        return Ok(place);
    }
    std::fs::create_dir_all(dir)?;
    std::fs::set_permissions(dir, Permissions::from_mode(0o755))?;
    // One that runs keeps its file; the name gets the one of today.
    let fresh = tempfile::tempdir_in(dir)?;
    let new = fresh.path().join(name);
    // A second name costs nothing, but needs the same file system.
    if closed_itself(&program) || std::fs::hard_link(&program, &new).is_err() {
        std::fs::copy(&program, &new)?;
        std::fs::set_permissions(&new, Permissions::from_mode(0o755))?;
    }
    std::fs::rename(&new, &place)?;
    Ok(place)
}

/// Whether the place holds the program already, as it is today.
fn is_same(program: &Path, place: &Path) -> bool {
    let (Ok(program), Ok(place)) = (program.metadata(), place.metadata()) else {
        return false;
    };
    let is_one_file = program.ino() == place.ino() && program.dev() == place.dev();
    let is_later = (place.mtime(), place.mtime_nsec()) > (program.mtime(), program.mtime_nsec());
    is_one_file || (is_later && program.len() == place.len())
}

fn closed_itself(program: &Path) -> bool {
    !program
        .metadata()
        .is_ok_and(|metadata| metadata.mode() & 0o005 == 0o005)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_user_is_taken_that_the_namespace_has() {
        let whole = UidPool::mapped("         0          0 4294967295\n").unwrap();
        let container = UidPool::mapped("0 100000 65536\n").unwrap();
        let pieces = UidPool::mapped("0 1000 1\n1 100000 65536\n").unwrap();

        assert_eq!(whole, Some(WHOLE));
        let first = ACCOUNTS;
        let uid_pool = |end: u32| UidPool {
            first,
            count: end - first,
        };
        assert_eq!(container, Some(uid_pool(65534)));
        assert_eq!(pieces, Some(uid_pool(65535)));
    }

    #[test]
    fn root_of_a_namespace_is_an_ordinary_user_unless_the_machines_root_made_it() {
        assert_eq!(UidPool::mapped("0 1000 1\n").unwrap(), None);
        assert!(UidPool::mapped("0 0 1\n").is_err());
    }

    #[test]
    fn a_sandbox_keeps_its_user_and_others_have_others() {
        let one = WHOLE.of("i1234567890abcdefghij");

        assert_eq!(WHOLE.of("i1234567890abcdefghij"), one);
        assert_ne!(WHOLE.of("i1234567890abcdefghik"), one);
        assert!((WHOLE.first..WHOLE.first + WHOLE.count).contains(&one));
    }

    #[test]
    fn a_program_behind_a_shut_door_is_put_where_everybody_can_start_it() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let program = dir.path().join("program");
        std::fs::write(&program, "one").unwrap();
        let reach = dir.path().join("reach");

        let put = within_reach(&program, &reach).unwrap();
        assert_eq!(put, reach.join("program"));
        assert_eq!(std::fs::read_to_string(&put).unwrap(), "one");
        assert_eq!(put.metadata().unwrap().mode() & 0o777, 0o755);

        std::fs::remove_file(&program).unwrap();
        std::fs::write(&program, "two").unwrap();
        within_reach(&program, &reach).unwrap();
        assert_eq!(std::fs::read_to_string(&put).unwrap(), "two");
        assert_eq!(std::fs::read_dir(&reach).unwrap().count(), 1);
    }

    #[test]
    fn a_way_that_is_shut_further_up_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let shut = root.join("shut");
        let state = shut.join("state");
        std::fs::create_dir_all(&state).unwrap();
        std::fs::set_permissions(&shut, Permissions::from_mode(0o700)).unwrap();

        let dirs = ServerDirs {
            state: &state,
            above: &[],
        };
        let unavailable = open_way(&dirs).unwrap_err();

        assert!(
            unavailable.why.contains(&format!("'{}'", shut.display())),
            "{unavailable:?}"
        );
        assert_eq!(shut.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(state.metadata().unwrap().mode() & 0o011, 0o011);
    }
}
