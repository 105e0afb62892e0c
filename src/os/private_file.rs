//! Files for their owner alone: those that hold secrets, and locks.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::FlockOperation;

use crate::os::regular_file;

/// Replaces a file in one step, readable by its owner alone.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let _ = std::fs::remove_file(&temporary);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}

/// Opens a file for its owner alone, and locks it.
pub fn lock_file(path: &Path, how: FlockOperation) -> io::Result<File> {
    let mut open = OpenOptions::new();
    open.create(true).truncate(false).write(true).mode(0o600);
    let file = regular_file::open(path, &mut open)?;
    rustix::fs::flock(&file, how)?;
    Ok(file)
}
