//! The command line of `bwrap`, with which a sandbox's helper becomes the first process of its own
//! namespaces.
//!
//! The arguments go through a pipe as the program's standard output, so that the paths of this
//! machine are not in the process table; nothing else is ever written there.
//!
//! A server that is root hands each sandbox to a user of its own. That user may not be able to reach
//! the sandbox's directories, hence two steps: one `bwrap` as root only mounts them where
//! everybody can reach them, then the user changes, then the second one creates the namespaces.
//! Being root inside a user namespace would not do: the kernel goes by the outer id, and
//! `/proc/sys` would be open for writing.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Network;
use super::programs::PATH;
use super::{etc, pasta};

/// Where the first step mounts what the second one needs.
const STAGE: &str = "/tmp";

/// An empty file among the generated ones, which is mounted over what is hidden.
const EMPTY: &str = "empty";

/// Writable file systems in memory, and which part of the sandbox's memory each may take: as the kernel
/// gives `/dev/shm` half of a machine's. Together less than all: what is in them no kill frees.
const IN_MEMORY: [(&str, u64); 2] = [("/dev/shm", 2), ("/run", 8)];

/// Where a sandbox finds the certificates that were written for it.
pub(super) const CERTIFICATES: &str = "/etc/sandbar-certificates.pem";

/// What bubblewrap isolates, and from what.
#[derive(Debug)]
pub(in crate::local) struct BubblewrapSpec {
    /// Words of a program that runs first and then turns into the rest of its command line.
    pub(in crate::local) first: Vec<OsString>,
    /// Becomes `/home/user`.
    pub(in crate::local) home: PathBuf,
    /// Becomes `/tmp`.
    pub(in crate::local) tmp: PathBuf,
    /// Generated files, a few of `/etc`.
    pub(in crate::local) etc: PathBuf,
    /// Path inside and file on this machine.
    pub(in crate::local) programs: Vec<(PathBuf, PathBuf)>,
    /// The search path of this machine, from which directories outside of `/usr` are shown.
    pub(in crate::local) path: String,
    /// The user as whom it runs where the server is root.
    pub(in crate::local) owner: Option<u32>,
    pub(in crate::local) network: Network,
    /// Bytes that the sandbox may use, of which its file systems in memory get a part.
    pub(in crate::local) memory: Option<u64>,
}

impl BubblewrapSpec {
    /// What of this machine's files is mounted for it alone.
    fn sources(&self) -> Vec<&Path> {
        let programs = self.programs.iter().map(|(_, file)| file);
        let dirs = [&self.home, &self.tmp, &self.etc];
        let all = dirs.into_iter().chain(programs);
        all.map(PathBuf::as_path).collect()
    }

    /// Writes the files that stand for the machine's own in `/etc`.
    pub(in crate::local) fn write_etc(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.etc)?;
        let machines = || std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        let resolv = match self.network {
            Network::Own => String::new(),
            Network::Pasta => pasta::resolvers(&machines()),
            Network::Shared => machines(),
        };
        let mut hosts = String::from("127.0.0.1 localhost sandbox\n");
        let _ = writeln!(hosts, "::1 localhost ip6-localhost ip6-loopback");
        let files = [
            (
                "passwd",
                "root:x:0:0:root:/root:/usr/sbin/nologin\n\
                 user:x:1000:1000:user:/home/user:/bin/bash\n\
                 nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
            ),
            ("group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"),
            ("hosts", &hosts),
            (
                "nsswitch.conf",
                "passwd: files\ngroup: files\nhosts: files dns\n",
            ),
            ("resolv.conf", &resolv),
            (EMPTY, ""),
        ];
        for (name, text) in files.into_iter().chain(etc::SCRIPTS) {
            std::fs::write(self.etc.join(name), text)?;
        }
        Ok(())
    }
}

/// The search path as far as the sandbox sees it.
pub(in crate::local) fn search_path(path: &str) -> String {
    let seen = path.split(':').filter(|folder| {
        ["/usr/", "/bin", "/sbin"]
            .iter()
            .any(|start| folder.starts_with(start))
            || foreign(folder).is_some()
    });
    let mut seen: Vec<&str> = seen.collect();
    for folder in ["/usr/local/bin", "/usr/bin", "/bin"] {
        if !seen.contains(&folder) {
            seen.push(folder);
        }
    }
    seen.insert(0, "/opt/sandbar/bin");
    seen.join(":")
}

/// `/opt/node/bin` and the like: software that is neither the system's nor in anybody's home.
fn foreign(folder: &str) -> Option<&Path> {
    let path = Path::new(folder);
    let shown = ["/opt", "/nix", "/home/linuxbrew", "/snap"];
    if !shown.iter().any(|root| path.starts_with(root)) || path.components().count() < 3 {
        return None;
    }
    // A program's libraries stand beside its `bin`.
    match path.file_name() {
        Some(name) if name == "bin" && path.components().count() > 3 => path.parent(),
        _ => Some(path),
    }
}

/// The command that runs `program` as the first process of the sandbox. Its standard output is
/// taken; standard input and error are the caller's to set, and reach the program.
pub(in crate::local) fn command(
    spec: &BubblewrapSpec,
    program: &[OsString],
) -> io::Result<Command> {
    let bwrap = match spec.network {
        Network::Pasta => format!("{} bwrap", pasta::COMMAND),
        Network::Own | Network::Shared => "bwrap".to_owned(),
    };
    let mut bwrap = bwrap.split_whitespace().map(OsString::from);
    let begin = |words: &[OsString]| {
        let mut all = spec.first.iter().chain(words);
        let mut command = Command::new(all.next().cloned().unwrap_or_default());
        command.args(all);
        command
    };
    let mut command;
    let mut sources = MountSources::default();
    if let Some(owner) = spec.owner {
        let by_pasta = spec.network == Network::Pasta;
        let place = if by_pasta {
            pasta::place(&spec.sources())
        } else {
            STAGE
        };
        sources.stage = Some(Vec::new());
        sources.place = place;
        let inner = arguments(spec, &mut sources);
        if by_pasta {
            command = begin(&pasta::stage(place, owner));
        } else {
            command =
                begin(&["bwrap", "--dev-bind", "/", "/", "--tmpfs", place].map(OsString::from));
        }
        command.args(sources.stage.unwrap_or_default());
        let owner = owner.to_string();
        command.args(["--", "setpriv", "--reuid", &owner, "--regid", &owner]);
        command.args(["--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]);
        if !by_pasta {
            command.arg("--no-new-privs");
        }
        command.arg("--");
        command.stdout(pipe(&inner)?);
    } else {
        command = begin(&bwrap.by_ref().take(1).collect::<Vec<_>>());
        command.stdout(pipe(&arguments(spec, &mut sources))?);
    }
    command
        .args(bwrap)
        .args(["--args", "1", "--"])
        .args(program);
    // What the variable lacks is in the usual places.
    command.env_clear().env("PATH", PATH).current_dir("/");
    Ok(command)
}

fn pipe(arguments: &[OsString]) -> io::Result<Stdio> {
    let (read, mut write) = io::pipe()?;
    let mut bytes = Vec::new();
    for argument in arguments {
        bytes.extend_from_slice(argument.as_encoded_bytes());
        bytes.push(0);
    }
    // A pipe holds 64 KiB; more would wait for a reader that is not there yet.
    if bytes.len() > 60 * 1024 {
        return Err(io::Error::other("the sandbox has too many mounts"));
    }
    write.write_all(&bytes)?;
    Ok(read.into())
}

/// Where directories of this machine are found: themselves, or on the stage.
#[derive(Default)]
struct MountSources {
    stage: Option<Vec<OsString>>,
    place: &'static str,
    count: usize,
}

impl MountSources {
    fn of(&mut self, path: &Path, how: &str) -> OsString {
        let Some(stage) = &mut self.stage else {
            return path.into();
        };
        self.count += 1;
        let staged = format!("{}/{}", self.place, self.count);
        stage.extend([how.into(), path.into(), staged.clone().into()]);
        staged.into()
    }
}

fn arguments(spec: &BubblewrapSpec, sources: &mut MountSources) -> Vec<OsString> {
    let mut list: Vec<OsString> = Vec::new();
    let fixed = "--unshare-user --uid 1000 --gid 1000 --unshare-pid --unshare-ipc --unshare-uts \
        --unshare-cgroup-try --hostname sandbox --cap-drop ALL --disable-userns --new-session --clearenv \
        --tmpfs / --ro-bind /usr /usr";
    list.extend(fixed.split_whitespace().map(OsString::from));
    if spec.network == Network::Own {
        list.push("--unshare-net".into());
    }
    let mut add = |parts: [OsString; 3]| list.extend(parts);
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let path = Path::new("/").join(name);
        match path.read_link() {
            Ok(target) => add(["--symlink".into(), target.into(), path.into()]),
            Err(_) if path.is_dir() => add(["--ro-bind".into(), path.clone().into(), path.into()]),
            Err(_) => {}
        }
    }
    let written = sources.of(&spec.etc, "--ro-bind");
    list.extend(files_of_the_machine(spec, Path::new(&written)));
    // Of `/dev` only what is mounted below it can be written: the rest would be memory without a limit.
    let devices = "--proc /proc --ro-bind /proc/sys /proc/sys --dev /dev --remount-ro /dev";
    list.extend(devices.split_whitespace().map(OsString::from));
    list.extend(in_memory(spec.memory));
    let rest = "--dir /var/tmp --symlink /run /var/run --dir /home";
    list.extend(rest.split_whitespace().map(OsString::from));
    let mut add = |parts: [OsString; 3]| list.extend(parts);
    for (inside, program) in &spec.programs {
        // Links lead to where the sandbox cannot see.
        if let Ok(program) = program.canonicalize() {
            let from = sources.of(&program, "--ro-bind");
            add(["--ro-bind".into(), from, inside.into()]);
        }
    }
    add([
        "--bind".into(),
        sources.of(&spec.tmp, "--bind"),
        "/tmp".into(),
    ]);
    add([
        "--bind".into(),
        sources.of(&spec.home, "--bind"),
        "/home/user".into(),
    ]);
    list.extend(["--chdir", "/home/user", "--remount-ro", "/", "--as-pid-1"].map(OsString::from));
    list
}

/// What is shown of the machine's configuration and software, and what stands in its place: `written`
/// holds the generated files.
fn files_of_the_machine(spec: &BubblewrapSpec, written: &Path) -> Vec<OsString> {
    let mut list = Vec::new();
    let mut add = |parts: [OsString; 3]| list.extend(parts);
    for name in etc::SHOWN {
        let path = Path::new("/etc").join(name);
        add(["--ro-bind-try".into(), path.clone().into(), path.into()]);
    }
    let generated = ["passwd", "group", "hosts", "nsswitch.conf", "resolv.conf"];
    let scripts = etc::SCRIPTS.map(|(name, _)| name);
    let generated = generated.into_iter().chain(scripts);
    let generated = generated.map(|name| (name, Path::new("/etc").join(name)));
    // The name inside must not hide a file of the system.
    let certificates = (etc::CERTIFICATES, CERTIFICATES.into());
    for (name, inside) in generated.chain([certificates]) {
        let from = written.join(name);
        add(["--ro-bind-try".into(), from.into(), inside.into()]);
    }
    let software: Vec<&Path> = spec.path.split(':').filter_map(foreign).collect();
    for path in &software {
        add(["--ro-bind-try".into(), path.into(), path.into()]);
    }
    let prefixes = ["/usr", "/usr/local"].map(Path::new);
    let shown: Vec<&Path> = prefixes.into_iter().chain(software).collect();
    let is_seen = |file: &PathBuf| shown.iter().any(|prefix| file.starts_with(prefix));
    for file in etc::hidden(shown.iter().copied())
        .into_iter()
        .filter(is_seen)
    {
        let from = written.join(EMPTY);
        add(["--ro-bind".into(), from.into(), file.into()]);
    }
    list
}

/// The file systems in memory, sized by what the sandbox may use.
fn in_memory(memory: Option<u64>) -> Vec<OsString> {
    let mut list: Vec<OsString> = Vec::new();
    for (place, share) in IN_MEMORY {
        if let Some(memory) = memory {
            // The kernel takes 0 for no limit.
            let size = (memory / share).max(4096).to_string();
            list.extend(["--size".into(), size.into()]);
        }
        list.extend(["--tmpfs".into(), place.into()]);
    }
    list
}
