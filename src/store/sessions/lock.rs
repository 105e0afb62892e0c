//! Decides which process drives a session: posts the queue, extends the sandbox, records. The others only show.
//!
//! A lock is a file lock on `locks/<key>`, so it ends with its holder, however that ends. The files stay: removing
//! one while another process opens it would allow two holders. A session's file is removed only with the session,
//! since nothing is left to lock then.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::domain::id::SessionKey;
use crate::store::files::{file_name, make_private_dir, open_private};

/// Released on drop.
#[derive(Debug)]
pub struct SessionLock {
    /// `None` if no file can be written or locked.
    file: Option<File>,
}

impl SessionLock {
    /// Takes the session's lock in the store's directory; `None` while another process holds it, or if the key
    /// cannot be a file name. Does not wait; opens a file, so it may touch the disk.
    pub fn try_take(dir: &Path, key: &SessionKey) -> Option<Self> {
        let locks = dir.join("locks");
        let name = file_name(key).ok()?;
        match make_private_dir(&locks).and_then(|()| open_private(&locks.join(name))) {
            Ok(file) => match file.try_lock() {
                Ok(()) => Some(Self { file: Some(file) }),
                Err(TryLockError::WouldBlock) => None,
                // Some network file systems have no locks.
                Err(TryLockError::Error(_)) => Some(Self { file: None }),
            },
            // A full disk or an unwritable directory: no driver would be worse than two, since prompts are claimed
            // before they are posted.
            Err(_) => Some(Self { file: None }),
        }
    }

    /// Releases the lock and removes its file, and those of locks named after the session (`KEY-…`, its drafts): the
    /// session is deleted. A file that stays does no harm.
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

impl Drop for SessionLock {
    /// A child process that is just being started has a copy of the descriptor until it runs its program: closing ours
    /// alone would leave the lock to it for that long.
    fn drop(&mut self) {
        // Closing releases it too, if a little later.
        let _released = self.file.as_ref().map(File::unlock);
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
        let inherited = held.file.as_ref().map(|file| file.try_clone().unwrap());
        drop(held);
        assert!(SessionLock::try_take(dir.path(), &one).is_some());
        drop(inherited);
    }

    #[test]
    fn a_key_that_is_a_path_gets_no_lock() {
        let dir = tempfile::tempdir().unwrap();

        assert!(SessionLock::try_take(dir.path(), &"../x".into()).is_none());
        assert!(!dir.path().join("x").exists());
    }

    #[test]
    fn if_no_file_can_be_created_the_lock_is_granted() {
        let file = tempfile::NamedTempFile::new().unwrap();

        assert!(SessionLock::try_take(&file.path().join("below"), &"one".into()).is_some());
    }
}
