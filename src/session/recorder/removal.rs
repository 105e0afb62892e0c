//! Deletes a session for good: its row and everything recorded for it, its secrets and its snapshots.
//!
//! In: the key of a session whose sandbox is gone, or that never had one; the caller has verified that.

use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::session::context::RecordStore;
use crate::store::StoreError;
use crate::store::sessions::lock::SessionLock;

/// Deletes the session. Its files go first: a file that stays can be removed by a second call.
///
/// # Errors
/// Another process has it open, or some of its data could not be removed.
pub async fn remove(records: &RecordStore, key: &SessionKey) -> Result<(), Failure> {
    let Some(lock) = SessionLock::try_take(&records.directory, key) else {
        return Err(open_elsewhere());
    };
    let (secrets, snapshots) = (records.secrets.clone(), records.snapshots.clone());
    let of = key.clone();
    let files = tokio::task::spawn_blocking(move || {
        secrets.remove(&of)?;
        snapshots.remove(&of)
    });
    let files = files.await.map_err(|error| failed(&error))?;
    files.map_err(|error: StoreError| failed(&error))?;
    let removed = records.store.delete_session(key).await;
    removed.map_err(|error| failed(&error))?;
    lock.remove(&records.directory, key);
    Ok(())
}

fn open_elsewhere() -> Failure {
    Failure::new("another sandbar has this session open").hint("close it there first")
}

pub(in crate::session) fn failed(error: &impl std::fmt::Display) -> Failure {
    Failure::new("the session could not be removed")
        .detail(error.to_string())
        .hint("check that sandbar's state directory is writable; `sandbar config` names it")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use secrecy::SecretString;

    use super::*;
    use crate::domain::chat::ChatEvent;
    use crate::domain::log::LogLine;
    use crate::domain::prompt::PromptKind;
    use crate::domain::session::Prompt;
    use crate::domain::time::UnixMillis;
    use crate::store::files::secrets::Secrets;
    use crate::store::files::snapshots::{NewContent, StoredSnapshot};

    /// All files below a directory that have `key` in their path.
    fn traces(directory: &Path, key: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![directory.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.to_string_lossy().contains(key) {
                    found.push(path.display().to_string());
                }
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found
    }

    fn empty_snapshot() -> StoredSnapshot {
        StoredSnapshot {
            at: UnixMillis(1),
            code_at: UnixMillis(1),
            code: None,
            conversations: Vec::new(),
            last_prompt: None,
        }
    }

    #[tokio::test]
    async fn nothing_of_a_removed_session_is_left_and_its_neighbour_stays() {
        let directory = tempfile::tempdir().unwrap();
        let records = RecordStore::open(directory.path());
        let snapshot = empty_snapshot();
        let keys = ["doomed", "neighbour"].map(SessionKey::from);
        for key in &keys {
            let prompt = Prompt {
                message: "msg".into(),
                part: "prt".into(),
                text: "waits".to_owned(),
                kind: PromptKind::Message,
                parts: Vec::new(),
                agent: None,
                model: None,
                variant: None,
            };
            records.store.enqueue(key, prompt).await.unwrap();
            let logs = vec![LogLine::ours(UnixMillis(1), "line")];
            records.store.append_logs(key, logs).await.unwrap();
            records
                .store
                .set_draft(key, "draft".to_owned())
                .await
                .unwrap();
            let removed = ChatEvent::MessageRemoved("msg".into());
            records.store.record(key, &removed).await.unwrap();
            let secrets = Secrets {
                opencode_password: Some(SecretString::from("hunter2")),
                ..Secrets::default()
            };
            records.secrets.save(key, &secrets).unwrap();
            let saved = records
                .snapshots
                .save(key, &snapshot, &NewContent::default());
            saved.unwrap();
        }
        let [doomed, neighbour] = &keys;
        let held = SessionLock::try_take(directory.path(), doomed).unwrap();
        SessionLock::try_take(directory.path(), &"doomed-d0".into()).unwrap();

        let refused = remove(&records, doomed).await;
        drop(held);
        let removed = remove(&records, doomed).await;

        assert_eq!(refused, Err(open_elsewhere()));
        assert_eq!(removed, Ok(()));
        assert_eq!(traces(directory.path(), "doomed"), [""; 0]);
        assert_eq!(records.store.logs(doomed, 9).await.unwrap(), []);
        assert_eq!(records.store.draft(doomed).await.unwrap(), "");
        assert!(
            records
                .store
                .queue(doomed)
                .await
                .unwrap()
                .waiting
                .is_empty()
        );
        assert_eq!(records.store.logs(neighbour, 9).await.unwrap().len(), 1);
        assert_eq!(traces(directory.path(), "neighbour").len(), 3);
        // Deleting what does not exist succeeds.
        assert_eq!(remove(&records, doomed).await, Ok(()));
    }
}
