//! Files and directories that only this user may read, and safe names in them: [`secrets`] and
//! [`snapshots`] are kept so.

pub mod secrets;
pub mod snapshots;

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::error::StoreError;
use crate::domain::id::SessionKey;
use crate::os::regular_file;

/// Creates the directory; a new one is for this user alone.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| StoreError::file("create the directory", dir, source))
}

/// Opens a file for writing that only this user may read, and creates it if missing. `SQLite` gives its log the mode
/// of the database.
pub(super) fn open_private(path: &Path) -> Result<File, StoreError> {
    let mut how = OpenOptions::new();
    how.read(true).write(true).create(true).truncate(false);
    let file = regular_file::open(path, how.mode(0o600))
        .map_err(|source| StoreError::file("open", path, source))?;
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(|source| StoreError::file("make private", path, source))?;
    Ok(file)
}

/// Replaces the file atomically, so that it is never half written; creates its directory and makes it private if
/// needed.
pub(super) fn replace_private(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    if let Some(dir) = path.parent() {
        make_private_dir(dir)?;
        fs::set_permissions(dir, Permissions::from_mode(0o700))
            .map_err(|source| StoreError::file("make private", dir, source))?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".tmp-{}", std::process::id()));
    let temp = Path::new(&name);
    let written = write_private(temp, content).and_then(|()| fs::rename(temp, path));
    written.map_err(|source| {
        // It may not exist; it matters only that no partial file stays.
        let _ = fs::remove_file(temp);
        StoreError::file("write", path, source)
    })
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // New, so that the mode is ours and no symlink is followed.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Returns the key as a file name, if it cannot escape its directory.
pub(super) fn file_name(key: &SessionKey) -> Result<&str, StoreError> {
    let name = key.as_str();
    if !is_plain(name) {
        return Err(StoreError::BadKey { key: key.clone() });
    }
    Ok(name)
}

/// Whether a word is safe as a file name, whoever chose it.
pub(super) fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !name.is_empty() && name.len() <= 128 && name.bytes().all(is_plain)
}
