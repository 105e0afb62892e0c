//! Prepares a sandbox's directories, and decides how its helper is started.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bubblewrap;
use super::bubblewrap::BubblewrapSpec;
use super::confine::ReachableFiles;
use super::etc::CERTIFICATES;
use super::{Confinement, DeniedCalls, Isolation, Level, PROGRAM_INSIDE, PathMap, detach};
use crate::local::interface::options::HelperCommand;

/// The directory in which level full finds programs of ours.
const PROGRAMS: &str = "/opt/sandbar/bin";

/// What the launch of a sandbox's helper needs.
pub(in crate::local) struct LaunchSpec<'a> {
    pub(in crate::local) dir: &'a Path,
    pub(in crate::local) id: &'a str,
    pub(in crate::local) isolation: &'a Isolation,
    pub(in crate::local) helper: &'a HelperCommand,
    pub(in crate::local) path: &'a str,
    /// Bytes that it may use.
    pub(in crate::local) memory: Option<u64>,
    /// The template's programs: name and file.
    pub(in crate::local) programs: Vec<(&'static str, PathBuf)>,
    /// Those that programs shall trust, if not the system's.
    pub(in crate::local) certificates: Option<Vec<u8>>,
}

/// How a helper is started: the command without its streams, and how it confines itself.
pub(in crate::local) struct HelperLaunch {
    pub(in crate::local) command: Command,
    pub(in crate::local) confinement: Confinement,
    /// The sandbox has a network of its own: only its processes can listen in it.
    pub(in crate::local) own_network: bool,
    /// Its processes cannot open a terminal: the server has to give them one that is open.
    pub(in crate::local) needs_terminals: bool,
}

impl LaunchSpec<'_> {
    /// Touches the disk; not for async threads.
    pub(in crate::local) fn prepare(self) -> io::Result<HelperLaunch> {
        let level = self.isolation.level;
        let owner = self.isolation.owner(self.id);
        let outside = PathMap::new(self.dir, false);
        if let Some(owner) = owner {
            for dir in [outside.home(), outside.tmp()] {
                give_all(dir, owner)?;
            }
        }
        self.write_certificates()?;
        let mut start = match level {
            Level::Full => self.full(owner)?,
            Level::Filesystem => {
                let mut start = HelperLaunch::plain(self.helper);
                let programs = self.programs.iter().map(|(_, file)| file.canonicalize());
                let mut read: Vec<PathBuf> = programs.flatten().collect();
                read.push(self.helper.program.clone());
                read.push(self.isolation.certificates(self.dir));
                let homes = [outside.home(), outside.tmp()].map(Path::to_owned);
                let files = ReachableFiles::new(read, homes.into());
                start.needs_terminals = owner.is_none();
                start.confinement.files = Some(match owner {
                    None => files,
                    Some(_) => files.with_terminals(),
                });
                start
            }
            Level::None => HelperLaunch::plain(self.helper),
        };
        start.confinement.calls = DeniedCalls {
            namespaces: level > Level::None,
            reach: level == Level::Filesystem && owner.is_none(),
        };
        if let (Level::None | Level::Filesystem, Some(owner)) = (level, owner) {
            // The record stays readable by root alone.
            std::fs::set_permissions(self.dir, std::fs::Permissions::from_mode(0o711))?;
            // The standard library drops the supplementary groups as well.
            start.command.uid(owner).gid(owner);
        }
        Ok(start)
    }

    fn write_certificates(&self) -> io::Result<()> {
        let dir = self.dir.join("etc");
        let file = dir.join(CERTIFICATES);
        let Some(certificates) = &self.certificates else {
            // Of an earlier run.
            let _ = std::fs::remove_file(file);
            return Ok(());
        };
        std::fs::create_dir_all(&dir)?;
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755))?;
        std::fs::write(&file, certificates)?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644))
    }

    fn full(&self, owner: Option<u32>) -> io::Result<HelperLaunch> {
        let mut programs = vec![(PROGRAM_INSIDE.into(), self.helper.program.clone())];
        let template = self.programs.iter();
        programs
            .extend(template.map(|(name, file)| (Path::new(PROGRAMS).join(name), file.clone())));
        let spec = BubblewrapSpec {
            first: detach::words(&self.helper.program),
            home: self.dir.join("home"),
            tmp: self.dir.join("tmp"),
            etc: self.dir.join("etc"),
            programs,
            path: self.path.to_owned(),
            owner,
            network: self.isolation.network,
            memory: self.memory,
        };
        spec.write_etc()?;
        let mut program: Vec<OsString> = vec![PROGRAM_INSIDE.into()];
        program.extend(self.helper.arguments.iter().map(OsString::from));
        Ok(HelperLaunch {
            own_network: self.isolation.own_network(),
            ..HelperLaunch::new(bubblewrap::command(&spec, &program)?)
        })
    }
}

impl HelperLaunch {
    /// A helper that sees all of the machine.
    pub(in crate::local) fn plain(helper: &HelperCommand) -> Self {
        let mut words = detach::words(&helper.program);
        words.push(helper.program.clone().into());
        words.extend(helper.arguments.iter().map(OsString::from));
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .env_clear()
            .current_dir("/")
            .stdout(std::process::Stdio::null());
        Self::new(command)
    }

    fn new(command: Command) -> Self {
        Self {
            command,
            confinement: Confinement {
                files: None,
                calls: DeniedCalls::default(),
            },
            own_network: false,
            needs_terminals: false,
        }
    }
}

/// Hands a directory with everything below it to its sandbox's user. No process of the sandbox runs
/// yet. The directory itself goes last: where it is the user's already, all else is.
fn give_all(dir: &Path, owner: u32) -> io::Result<()> {
    if dir.symlink_metadata()?.uid() == owner {
        return Ok(());
    }
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let metadata = path.symlink_metadata()?;
            give(&path, &metadata, owner)?;
            if metadata.is_dir() {
                open.push(path);
            }
        }
    }
    give(dir, &dir.symlink_metadata()?, owner)
}

fn give(path: &Path, metadata: &Metadata, owner: u32) -> io::Result<()> {
    // A second name may stand for a file elsewhere.
    let named_twice = !metadata.is_dir() && metadata.nlink() > 1;
    if metadata.uid() != owner && !named_twice {
        lchown(path, Some(owner), Some(owner))?;
    }
    Ok(())
}
