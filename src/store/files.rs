//! Files and directories that only this user may read, and names in them.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::error::StoreError;
use crate::domain::id::SessionKey;

/// Makes the directory, for this user alone if it is new.
pub(super) fn make_private_dir(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| StoreError::file("make the directory", dir, source))
}

/// Opens for writing what only this user may read, and makes it where it is missing. `SQLite` gives
/// its log the mode of the database.
pub(super) fn open_private(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| StoreError::file("open", path, source))?;
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(|source| StoreError::file("make private", path, source))?;
    Ok(file)
}

/// Returns the key as a file's name, if it cannot leave the directory it is put in.
pub(super) fn file_name(key: &SessionKey) -> Result<&str, StoreError> {
    let name = key.as_str();
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if name.is_empty() || name.len() > 128 || !plain {
        return Err(StoreError::BadKey { key: key.clone() });
    }
    Ok(name)
}
