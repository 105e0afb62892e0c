//! How much memory a sandbox uses: of its processes, and of what is in memory without being mapped
//! by any of them.
//!
//! The kernel counts as a process's own only what it has mapped. A memfd that is written to, and files
//! on a tmpfs, are memory too: they are counted by their size, once, and their mappings are not. Two
//! steps, since the exact one reads much: [`most`] is quick and never too low, [`measure`] is exact.
//! Linux only, by `/proc`; elsewhere nothing is counted.

use std::collections::{HashMap, HashSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Directories inside of a sandbox with a file system of its own that are in memory and writable.
const IN_MEMORY: [&str; 2] = ["dev/shm", "run"];
/// `f_type` of a tmpfs, and of a memfd (`linux/magic.h`).
const TMPFS: u64 = 0x0102_1994;
/// Files counted in one directory that is in memory.
const FILES: usize = 100_000;

/// What is to be measured.
#[derive(Debug, Clone, Default)]
pub(in crate::local) struct MemorySources {
    pub(in crate::local) pids: Vec<u32>,
    /// Directories of this machine that are the sandbox's alone.
    pub(in crate::local) dirs: Vec<PathBuf>,
    /// Its processes have a file system of their own.
    pub(in crate::local) own_files: bool,
}

/// What a sandbox uses, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::local) struct MemoryUsage {
    /// By process, with the unmapped memory that it holds: two may hold the same.
    pub(in crate::local) processes: Vec<(u32, u64)>,
    pub(in crate::local) total: u64,
}

/// A file's identity: device and inode.
type FileId = (u64, u64);

/// More than processes use, or exactly as much: shared pages count for each, and all memory of this
/// machine that might be unmapped counts as theirs (`unmapped`, see [`unmapped`]).
pub(in crate::local) fn most(pids: &[u32], unmapped: u64) -> u64 {
    let mapped = pids.iter().map(|pid| {
        let status = read(*pid, "status");
        kilobytes(&status, "VmRSS:") + kilobytes(&status, "VmSwap:")
    });
    mapped
        .sum::<u64>()
        .saturating_mul(1024)
        .saturating_add(unmapped)
}

/// The memory of the whole machine that may be unmapped: shared memory, and what is swapped out.
pub(in crate::local) fn unmapped() -> u64 {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let swapped = kilobytes(&info, "SwapTotal:").saturating_sub(kilobytes(&info, "SwapFree:"));
    (kilobytes(&info, "Shmem:") + swapped).saturating_mul(1024)
}

/// Measures exactly, as far as the kernel shows it to this user.
pub(in crate::local) fn measure(measured: &MemorySources) -> MemoryUsage {
    let mut devices = HashSet::new();
    let mut total = 0_u64;
    for (device, bytes) in in_memory(measured) {
        if devices.insert(device) {
            total = total.saturating_add(bytes);
        }
    }
    let mut held = HashMap::new();
    let mut processes = Vec::new();
    for pid in &measured.pids {
        let mine = held_by(*pid, &devices);
        let bytes: u64 = mine.values().sum();
        held.extend(mine);
        processes.push((*pid, bytes));
    }
    total = total.saturating_add(held.values().sum());
    for (pid, bytes) in &mut processes {
        let is_counted = |(device, inode): FileId| {
            devices.contains(&device) || held.contains_key(&(device, inode))
        };
        let mapped = mapped(&read(*pid, "smaps"), is_counted)
            .unwrap_or_else(|| kilobytes(&read(*pid, "status"), "VmRSS:"))
            .saturating_mul(1024);
        *bytes = bytes.saturating_add(mapped);
        total = total.saturating_add(mapped);
    }
    MemoryUsage { processes, total }
}

/// File systems and directories in memory that are the sandbox's own: device and bytes.
fn in_memory(measured: &MemorySources) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let on_tmpfs = measured.dirs.iter().filter(|dir| is_tmpfs(dir));
    let mut bytes = 0;
    for dir in on_tmpfs {
        bytes += files_below(dir);
        if let Ok(metadata) = dir.metadata() {
            // One device holds all of them, and others' files beside.
            found.retain(|(device, _)| *device != metadata.dev());
            found.push((metadata.dev(), bytes));
        }
    }
    if measured.own_files {
        found.extend(own_mounts(&measured.pids));
    }
    found
}

fn own_mounts(pids: &[u32]) -> Vec<(u64, u64)> {
    let machines = |name: &str| device(&Path::new("/").join(name));
    // The processes that isolate the sandbox see the machine's files.
    let root = pids.iter().rev().find_map(|pid| {
        let root = PathBuf::from(format!("/proc/{pid}/root"));
        let is_own = device(&root.join(IN_MEMORY[0]))? != machines(IN_MEMORY[0])?;
        is_own.then_some(root)
    });
    let Some(root) = root else {
        return Vec::new();
    };
    let mounts = IN_MEMORY.iter().filter_map(|name| {
        let place = root.join(name);
        let system = rustix::fs::statvfs(&place).ok()?;
        let used = system.f_blocks.saturating_sub(system.f_bfree);
        Some((device(&place)?, used.saturating_mul(system.f_frsize)))
    });
    mounts.collect()
}

fn device(path: &Path) -> Option<u64> {
    path.metadata().ok().map(|metadata| metadata.dev())
}

fn is_tmpfs(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|system| u64::try_from(system.f_type) == Ok(TMPFS))
}

/// Bytes of the files below a directory. A process may be changing it; links are not followed.
fn files_below(dir: &Path) -> u64 {
    let (mut bytes, mut count) = (0_u64, 0);
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            count += 1;
            if count > FILES {
                return bytes;
            }
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            bytes = bytes.saturating_add(size(&metadata));
            if metadata.is_dir() {
                open.push(entry.path());
            }
        }
    }
    bytes
}

/// POSIX counts in blocks of 512 bytes; a hole takes none.
fn size(metadata: &Metadata) -> u64 {
    metadata.blocks().saturating_mul(512)
}

/// The files in memory that a process holds open, but for those on `devices`: memfds, and files of a
/// tmpfs.
fn held_by(pid: u32, devices: &HashSet<u64>) -> HashMap<FileId, u64> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let mut found = HashMap::new();
    for entry in entries.into_iter().flatten().flatten() {
        let path = entry.path();
        // Sockets, pipes and the like have no path.
        let has_path = path.read_link().is_ok_and(|target| target.is_absolute());
        if !has_path || !is_tmpfs(&path) {
            continue;
        }
        let Ok(metadata) = path.metadata() else {
            continue;
        };
        if metadata.is_file() && !devices.contains(&metadata.dev()) {
            found.insert((metadata.dev(), metadata.ino()), size(&metadata));
        }
    }
    found
}

/// Kilobytes that a process has mapped, of a `/proc/PID/smaps`: shared pages in part, and without
/// mappings of files that are counted elsewhere. `None` where the kernel does not tell.
fn mapped(smaps: &str, is_counted: impl Fn(FileId) -> bool) -> Option<u64> {
    let (mut sum, mut counts) = (None, true);
    for line in smaps.lines() {
        if let Some(file) = mapping(line) {
            counts = file.1 == 0 || !is_counted(file);
        } else if counts {
            let fields = ["Pss:", "SwapPss:"];
            let field = fields.iter().find(|field| line.starts_with(**field));
            let bytes = field.map(|field| kilobytes(line, field));
            sum = bytes.map(|bytes| sum.unwrap_or(0) + bytes).or(sum);
        } else {
            sum = sum.or(Some(0));
        }
    }
    sum
}

/// The file of a mapping's first line, `55d0-55d1 r-xp 00000000 08:01 42 /path`, whose inode is 0 if it has
/// none; `None` for another line.
fn mapping(line: &str) -> Option<FileId> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex(start) || !is_hex(end) {
        return None;
    }
    let (major, minor) = words.nth(2)?.split_once(':')?;
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    let device = rustix::fs::makedev(number(major)?, number(minor)?);
    let inode: u64 = words.next()?.parse().ok()?;
    Some((device, inode))
}

fn read(pid: u32, file: &str) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A field of the kernel's tables, in kilobytes; 0 if it is not there.
pub(in crate::local) fn kilobytes(text: &str, field: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use rustix::fs::{MemfdFlags, memfd_create};

    use super::*;

    const MIB: usize = 1 << 20;

    fn usage(dirs: Vec<PathBuf>) -> MemoryUsage {
        let measured = MemorySources {
            pids: vec![std::process::id()],
            dirs,
            own_files: false,
        };
        measure(&measured)
    }

    #[test]
    fn a_memfd_that_nobody_has_mapped_is_counted_once_and_seen_by_the_quick_look() {
        let pids = [std::process::id()];
        let mut file = File::from(memfd_create("filled", MemfdFlags::CLOEXEC).unwrap());
        file.write_all(&vec![1; 64 * MIB]).unwrap();
        let _again = file.try_clone().unwrap();

        let held = held_by(pids[0], &HashSet::new());
        let metadata = file.metadata().unwrap();

        assert_eq!(
            held.get(&(metadata.dev(), metadata.ino())),
            Some(&(64 * MIB as u64))
        );
        assert!(usage(Vec::new()).total >= 64 * MIB as u64);
        assert!(most(&pids, unmapped()) >= 64 * MIB as u64);
    }

    #[test]
    fn files_of_a_directory_in_memory_are_counted_and_others_are_not() {
        let Ok(dir) = tempfile::tempdir_in("/dev/shm") else {
            return;
        };
        std::fs::create_dir(dir.path().join("deep")).unwrap();
        std::fs::write(dir.path().join("deep/file"), vec![1; MIB]).unwrap();
        let disk = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        std::fs::write(disk.path().join("file"), vec![1; MIB]).unwrap();
        let of = |dir: &Path| {
            let measured = MemorySources {
                dirs: vec![dir.to_owned()],
                ..MemorySources::default()
            };
            measure(&measured).total
        };

        let rounded = of(dir.path()) / MIB as u64;

        assert_eq!((rounded, of(disk.path())), (1, 0));
    }

    #[test]
    fn a_mapping_of_what_is_counted_elsewhere_is_left_out() {
        let smaps = "1000-2000 rw-p 00000000 00:00 0 [heap]\nRss: 9 kB\nPss: 4 kB\nSwapPss: 1 kB\n\
             2000-3000 rw-s 00000000 00:01 7 /memfd:a b (deleted)\nPss: 100 kB\n\
             3000-4000 r--p 00000000 08:02 7 /lib/x\nPss: 2 kB\nVmFlags: rd\n";
        let counted = (rustix::fs::makedev(0, 1), 7);

        assert_eq!(mapped(smaps, |_| false), Some(107));
        assert_eq!(mapped(smaps, |file| file == counted), Some(7));
        assert_eq!(mapped("", |_| true), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in "\\PC*") {
            let _ = mapped(&text, |_| true);
            let _ = mapping(&text);
            let _ = kilobytes(&text, "Pss:");
        }
    }
}
