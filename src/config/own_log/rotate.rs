//! A log file of bounded size: a full one is renamed to `<name>.1`, replacing the previous one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::os::regular_file;

#[derive(Debug)]
pub(super) struct Rotating {
    path: PathBuf,
    file: File,
    size: u64,
    max: u64,
}

impl Rotating {
    /// Opens or creates the file and its directory, for the owner only.
    pub(super) fn open(path: &Path, max: u64) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)?;
        }
        let file = append(path)?;
        let size = file.metadata()?.len();
        Ok(Self {
            path: path.to_owned(),
            file,
            size,
            max,
        })
    }

    fn rotate(&mut self) -> io::Result<()> {
        let mut older = self.path.clone().into_os_string();
        older.push(".1");
        std::fs::rename(&self.path, older)?;
        self.file = append(&self.path)?;
        self.size = self.file.metadata()?.len();
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    let mut how = OpenOptions::new();
    let file = regular_file::open(path, how.create(true).append(true).mode(0o600))?;
    // An existing file keeps its mode on open.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

impl Write for Rotating {
    /// A record larger than the file limit is cut.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = usize::try_from(self.max).unwrap_or(usize::MAX);
        let kept = &bytes[..bytes.len().min(most)];
        let length = kept.len() as u64;
        if self.size > 0 && self.size + length > self.max {
            self.rotate()?;
        }
        self.file.write_all(kept)?;
        self.size += length;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_hold_the_newest_records_and_stay_within_their_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/sandbar.log");
        let mut log = Rotating::open(&path, 20).unwrap();

        for number in 0..9 {
            log.write_all(format!("record {number}\n").as_bytes())
                .unwrap();
        }
        log.write_all(&[b'x'; 100]).unwrap();

        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert_eq!(read(&path), "x".repeat(20));
        let older = directory.path().join("deep/sandbar.log.1");
        assert_eq!(read(&older), "record 8\n");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
