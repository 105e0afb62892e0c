//! Files that this program knows by their names: regular ones, of a sane size.
//!
//! A FIFO or a device under such a name would make a plain open or read wait for ever, and a huge file
//! would fill the memory. Here both are errors that say what is there. It knows no file by its name;
//! what the size of one may be is the caller's to say.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// The largest file that people or this program write as configuration, keys or state.
pub const SMALL: u64 = 1024 * 1024;

/// Reads a regular file of at most so many bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path, OpenOptions::new().read(true))?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    // It may grow meanwhile.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let read = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if read > most {
        let message = format!("it has {} bytes; the limit is {most}", size.max(read));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Opens a regular file in this way; never waits for the other end of a FIFO.
pub fn open(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    check(path)?;
    // Without effect on a regular file; something else may have come in its place since.
    let never_waits = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = how
        .custom_flags(never_waits.bits().cast_signed())
        .open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// An error if the name is taken by something that is no regular file; a free one is fine. For those
/// who must open it by themselves.
pub fn check(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(metadata) => regular(&metadata),
        // To open it will say what is wrong, or make it.
        Err(_) => Ok(()),
    }
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let message = format!("this is {}, not a regular file", name(metadata.file_type()));
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}

fn name(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn said<T: std::fmt::Debug>(result: io::Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn what_would_never_end_is_refused_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();

        let wanted = "this is a FIFO, not a regular file";
        assert_eq!(said(read(&fifo, SMALL)), wanted);
        let ways: [fn(&mut OpenOptions) -> &mut OpenOptions; 3] = [
            |how| how.write(true).create(true).truncate(true),
            |how| how.append(true).create(true),
            |how| how.read(true).write(true).create(true),
        ];
        for way in ways {
            assert_eq!(said(open(&fifo, way(&mut OpenOptions::new()))), wanted);
        }
        assert_eq!(
            said(read(&link, SMALL)),
            "this is a device, not a regular file"
        );
        assert_eq!(
            said(read(dir.path(), SMALL)),
            "this is a directory, not a regular file"
        );
    }

    #[test]
    fn a_file_is_read_up_to_its_cap_and_not_beyond() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();

        assert_eq!(read(file.path(), 5).unwrap(), b"12345");
        let wanted = "it has 5 bytes; the limit is 4";
        assert_eq!(said(read(file.path(), 4)), wanted);
        let missing = read(&file.path().join("below"), 5).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotADirectory);
    }
}
