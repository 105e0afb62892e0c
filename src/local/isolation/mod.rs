//! How far sandboxes are isolated from this machine: which level it offers, why not a higher one,
//! and how a sandbox's helper is started in that isolation.
//!
//! In: what is wanted ([`IsolationRequest`]) and how the helper is started. Out: one decision for the life of
//! a server ([`Isolation`]), made by trying, never by reading settings of the kernel. It knows
//! programs and the kernel, and nothing of E2B, HTTP, or a sandbox's record.
//!
//! | level | files | processes | network |
//! |---|---|---|---|
//! | full | own home and `/tmp`, system read-only | own | own; out by the server's proxy, or pasta |
//! | filesystem | own directories, system read-only | seen, not signalled | the machine's |
//! | none | the user's | the user's | the machine's |
//!
//! At every level a sandbox has no controlling terminal but its own, and no open file, no key and no
//! ignored signal of the program that started the server ([`detach`](mod@detach)); it gets no rights by
//! set-user-id programs, and cannot make the system calls that containers cannot make
//! ([`system_calls`]).
//!
//! Under the account of an ordinary user some of this does not hold: at level none a sandbox does what the user
//! can do, which includes opening the user's other terminals by their paths. At level filesystem it
//! opens no terminal at all, hence programs inside cannot make one (`tmux`, `script`, `openpty`); the
//! API gives terminals that are open. And landlock does not ask who changes what a file is: mode and
//! times of the user's files can be changed by their paths.
//!
//! A sandbox never runs as the machine's root: see [`uid_pool`].
//!
//! In reading order: [`probe`] finds the level; [`launch`] prepares a sandbox, with [`bubblewrap`], [`pasta`],
//! [`etc`], [`detach`](mod@detach), [`confine`] and [`system_calls`]; [`path_map`] and [`confined_path`] are how the server
//! reaches a sandbox's files, [`removal`] how it removes them.

mod bubblewrap;
mod confine;
mod confined_path;
mod detach;
mod etc;
mod launch;
mod pasta;
mod path_map;
mod probe;
mod programs;
mod removal;
mod system_calls;
mod uid_pool;
mod unavailable;

use std::io;
use std::path::{Path, PathBuf};

use unavailable::Unavailable;

pub(super) use crate::local::interface::isolation::{
    Isolation, IsolationRequest, Level, Network, PROGRAM_INSIDE, UidPool,
};
pub(super) use confine::{Confinement, restrict};
pub(super) use confined_path::{ConfinedPath, remove_dir};
pub use detach::{close_on_exec, detach};
pub(super) use detach::{give_up_rights, lead_session};
pub(super) use launch::{HelperLaunch, LaunchSpec};
pub(super) use path_map::PathMap;
pub(super) use system_calls::DeniedCalls;
pub(super) use uid_pool::ServerDirs;

impl Isolation {
    /// Whether the kernel counts the processes of each sandbox apart: as those of a user, or of a
    /// user namespace.
    pub(super) fn own_user(&self) -> bool {
        self.level == Level::Full || self.uid_pool.is_some()
    }

    /// The user id of a sandbox; `None`: it runs as the server's user.
    pub(super) fn owner(&self, id: &str) -> Option<u32> {
        self.uid_pool.map(|uid_pool| uid_pool.of(id))
    }

    /// What of this machine's search path a sandbox's processes can use.
    pub(super) fn search_path(&self, path: &str) -> String {
        match (self.level, self.uid_pool) {
            (Level::Full, _) => bubblewrap::search_path(path),
            (_, Some(_)) => uid_pool::search_path(path),
            (_, None) => path.to_owned(),
        }
    }

    /// Where a sandbox's processes find the certificates that [`LaunchSpec`] have.
    pub(super) fn certificates(&self, dir: &Path) -> PathBuf {
        match self.level {
            Level::Full => bubblewrap::CERTIFICATES.into(),
            _ => dir.join("etc").join(etc::CERTIFICATES),
        }
    }

    /// A program where the sandboxes can start it. Touches the disk.
    pub(super) fn within_reach(&self, program: &Path, state_dir: &Path) -> io::Result<PathBuf> {
        // At level full the program is mounted where they see it.
        if self.uid_pool.is_none() || self.level == Level::Full {
            return Ok(program.to_owned());
        }
        uid_pool::within_reach(program, &state_dir.join("programs"))
    }
}

/// Finds the highest level up to the wanted one that works here. Takes some milliseconds, at most
/// a few seconds where something hangs.
pub(super) fn decide(wanted: IsolationRequest, dirs: &ServerDirs<'_>) -> io::Result<Isolation> {
    let refused = |unavailable: Unavailable| io::Error::other(unavailable.line());
    let uid_pool = UidPool::here().map_err(refused)?;
    let mut unavailable = Unavailable {
        why: String::new(),
        next: String::new(),
    };
    let (mut level, mut network) = (wanted.most, wanted.network);
    if level == Level::Full {
        match probe::full(network, uid_pool.map(UidPool::any)) {
            Ok(Some(missing)) => (network, unavailable) = (Network::Own, missing),
            Ok(None) => {}
            Err(missing) => (level, unavailable) = (Level::Filesystem, missing),
        }
    }
    if level == Level::Filesystem
        && let Err(missing) = probe::filesystem()
    {
        level = Level::None;
        if unavailable.why.is_empty() {
            unavailable = missing;
        } else {
            unavailable.why = format!("{}; {}", unavailable.why, missing.why);
        }
    }
    if level == wanted.most && level < Level::Full {
        unavailable = Unavailable {
            why: "local.isolation allows no higher level".to_owned(),
            next: String::new(),
        };
    }
    if level < wanted.least {
        let message = format!(
            "isolation '{}' is required and this machine supports '{}': {}",
            wanted.least.name(),
            level.name(),
            unavailable.line(),
        );
        return Err(io::Error::other(message));
    }
    if level < Level::Full && uid_pool.is_some() {
        uid_pool::open_way(dirs).map_err(|shut| {
            let above = match unavailable.why.as_str() {
                "" => String::new(),
                why => format!("no isolation 'full': {why}; "),
            };
            io::Error::other(format!("{above}{}", shut.line()))
        })?;
    }
    if level < Level::Full {
        network = Network::Shared;
    }
    Ok(Isolation {
        level,
        network,
        why: unavailable.why,
        next: unavailable.next,
        shares_user: uid_pool.is_none(),
        uid_pool,
    })
}
