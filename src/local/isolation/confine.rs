//! How a sandbox's helper confines itself before it starts anything: with a filter of system calls at
//! every level, and with landlock at level filesystem.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DeniedCalls, etc};

/// What a confined helper and all its processes may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct Confinement {
    /// Files that may be touched; `None`: all that it sees.
    pub(in crate::local) files: Option<ReachableFiles>,
    pub(in crate::local) calls: DeniedCalls,
}

/// The files that landlock lets a sandbox reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct ReachableFiles {
    /// Directories and files to read and to run.
    read: Vec<PathBuf>,
    /// Directories and files to change as well.
    write: Vec<PathBuf>,
}

impl ReachableFiles {
    /// The system read-only, and these besides. Touches the disk.
    pub(in crate::local) fn new(read: Vec<PathBuf>, write: Vec<PathBuf>) -> Self {
        let system = [
            "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/opt", "/nix",
        ];
        let devices = [
            "/dev/null",
            "/dev/zero",
            "/dev/full",
            "/dev/random",
            "/dev/urandom",
            "/dev/tty",
        ];
        let mut all = Self { read, write };
        all.read.extend(system.map(PathBuf::from));
        all.read.extend(etc::entries(Path::new("/etc")));
        all.write.extend(devices.map(PathBuf::from));
        all
    }

    /// With all terminals of the machine that its user may open, and new ones.
    ///
    /// For a sandbox with a user of its own, to whom those of others are shut. A rule cannot tell the
    /// terminals that a sandbox opens from those that are there: all are files of one directory.
    pub(in crate::local) fn with_terminals(mut self) -> Self {
        self.write
            .extend(["/dev/ptmx", "/dev/pts"].map(PathBuf::from));
        self
    }
}

/// Confines this process and all that it starts, for ever. It must have a single thread.
pub(in crate::local) fn restrict(wanted: &Confinement) -> io::Result<()> {
    if let Some(files) = &wanted.files {
        restrict_files(files)?;
    }
    wanted.calls.deny()
}

/// Whether this kernel offers landlock.
pub(in crate::local) fn is_offered() -> bool {
    use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok()
}

fn restrict_files(wanted: &ReachableFiles) -> io::Result<()> {
    use landlock::{
        ABI, Access, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr,
        RulesetCreatedAttr, RulesetStatus, Scope,
    };
    const NEWEST: ABI = ABI::V6;
    let failed = |error: landlock::RulesetError| io::Error::other(error.to_string());
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    let rule = |path: &PathBuf, access: BitFlags<AccessFs>| {
        let metadata = path.metadata().ok()?;
        // What can only be done to directories is no right of a file.
        let access = if metadata.is_dir() {
            access
        } else {
            access & AccessFs::from_file(NEWEST)
        };
        Some(PathBeneath::new(PathFd::new(path).ok()?, access))
    };
    let read = wanted.read.iter();
    let read = read.filter_map(|path| rule(path, AccessFs::from_read(NEWEST)));
    let write = wanted.write.iter();
    let write = write.filter_map(|path| rule(path, AccessFs::from_all(NEWEST)));
    let rules = read.chain(write).map(Ok::<_, landlock::RulesetError>);
    let status = ruleset
        .add_rules(rules)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(failed)?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(io::Error::other("landlock was not enforced")),
        _ => Ok(()),
    }
}
