//! Which process drives a session: it sends the queue, extends the sandbox, records. Others show.
//!
//! A lock is a file lock on `locks/<key>`, so it ends with its holder, however that ends. The files
//! stay: removing one while another process opens it would make two holders. Only with the session itself
//! its file goes too, for then there is nothing left to hold.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::files::{file_name, make_private_dir, open_private};
use crate::domain::id::SessionKey;

/// Held until dropped.
#[derive(Debug)]
pub struct SessionLock {
    /// `None` where no file can be written or locked.
    _file: Option<File>,
}

impl SessionLock {
    /// Takes the session's lock in the store's directory; `None` while somebody else holds it, or
    /// where the key cannot be a file's name. Does not wait; opens a file, so it may touch the disk.
    pub fn try_take(dir: &Path, key: &SessionKey) -> Option<Self> {
        let locks = dir.join("locks");
        let name = file_name(key).ok()?;
        match make_private_dir(&locks).and_then(|()| open_private(&locks.join(name))) {
            Ok(file) => match file.try_lock() {
                Ok(()) => Some(Self { _file: Some(file) }),
                Err(TryLockError::WouldBlock) => None,
                // Not every network file system has locks.
                Err(TryLockError::Error(_)) => Some(Self { _file: None }),
            },
            // A full disk or an unwritable directory: a session that nobody drives would be worse
            // than one that two drive, since prompts are claimed before they are posted.
            Err(_) => Some(Self { _file: None }),
        }
    }

    /// Gives the lock up and removes its file, and those of what is named after the session (`KEY-…`, its
    /// drafts): the session is no more. A file that stays does no harm.
    pub fn remove(self, dir: &Path, key: &SessionKey) {
        let Ok(name) = file_name(key) else { return };
        let entries = std::fs::read_dir(dir.join("locks")).into_iter().flatten();
        for path in entries.flatten().map(|entry| entry.path()) {
            let file = path.file_name().and_then(|file| file.to_str());
            let rest = file.and_then(|file| file.strip_prefix(name));
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("-d")) {
                let _stays = std::fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_excludes_others_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (SessionKey::new("one"), SessionKey::new("two"));

        let held = SessionLock::try_take(dir.path(), &one).unwrap();

        assert!(SessionLock::try_take(dir.path(), &one).is_none());
        assert!(SessionLock::try_take(dir.path(), &two).is_some());
        drop(held);
        assert!(SessionLock::try_take(dir.path(), &one).is_some());
    }

    #[test]
    fn a_key_that_is_a_path_gets_no_lock() {
        let dir = tempfile::tempdir().unwrap();

        assert!(SessionLock::try_take(dir.path(), &"../x".into()).is_none());
        assert!(!dir.path().join("x").exists());
    }

    #[test]
    fn where_no_file_can_be_made_nothing_is_shared_and_the_lock_is_given() {
        let file = tempfile::NamedTempFile::new().unwrap();

        assert!(SessionLock::try_take(&file.path().join("below"), &"one".into()).is_some());
    }
}
