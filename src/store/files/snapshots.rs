//! What a session without its sandbox is revived from: its code and conversations, as they were at the end of a
//! turn. Files for this user alone, in one directory per session.
//!
//! `snapshots/<key>/snapshot.json` names the files beside it that belong to the last snapshot. It is replaced last,
//! and the files that it does not name are deleted then: at any instant there is one complete snapshot, or none. The
//! content of bundles and conversations is not known here.
//!
//! The calls block; async tasks wrap them in `spawn_blocking`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::id::{MessageId, OpencodeSessionId, SessionKey};
use crate::domain::time::UnixMillis;
use crate::os::regular_file;
use crate::store::error::StoreError;
use crate::store::files::{file_name, is_plain, replace_private};

const INDEX: &str = "snapshot.json";

/// A session's last snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredSnapshot {
    /// The time of the conversations.
    pub at: UnixMillis,
    /// The time of the code; older than `at` if it could not be packed since.
    pub code_at: UnixMillis,
    /// `None` if it was never packed: it is too large.
    pub code: Option<CodeSnapshot>,
    /// Never empty: `[0]` is the session's own; then those of its sub-agents, each after its parent.
    pub conversations: Vec<ConversationSnapshot>,
    /// The newest prompt in the session's own conversation.
    pub last_prompt: Option<MessageId>,
}

/// A work tree in git bundles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSnapshot {
    /// Its path in the sandbox.
    pub directory: String,
    /// Changes with anything in it.
    pub state: String,
    /// The commit that it is restored from.
    pub commit: String,
    /// Whether the bundles require a clone of the code's origin.
    pub on_clone: bool,
    /// Commits, which name the bundles: the first bundle is self-contained, and the optional second one builds on
    /// it.
    pub bundles: Vec<String>,
    /// Lines added and removed since the session began; unknown in snapshots of earlier versions.
    #[serde(default)]
    pub lines: Option<(u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationSnapshot {
    pub id: OpencodeSessionId,
    /// By the server's clock.
    pub updated: UnixMillis,
}

/// Content that is not stored yet.
#[derive(Debug, Default)]
pub struct NewContent {
    /// A bundle and its commit.
    pub bundle: Option<(String, Vec<u8>)>,
    pub conversations: Vec<(ConversationSnapshot, Vec<u8>)>,
}

/// The snapshot files in a store's directory.
#[derive(Debug, Clone)]
pub struct SnapshotFiles {
    dir: PathBuf,
}

impl SnapshotFiles {
    /// `dir` is the store's directory. Touches nothing yet.
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.join("snapshots"),
        }
    }

    /// Returns the session's last snapshot; `None` if there is none that can be read.
    pub fn load(&self, key: &SessionKey) -> Result<Option<StoredSnapshot>, StoreError> {
        let path = self.of(key)?.join(INDEX);
        match regular_file::read(&path, u64::MAX) {
            Ok(text) => Ok(serde_json::from_slice::<SnapshotRow>(&text)
                .ok()
                .map(Into::into)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::file("read", path, source)),
        }
    }

    /// Replaces the session's snapshot. What `fresh` lacks must already be stored.
    pub fn save(
        &self,
        key: &SessionKey,
        snapshot: &StoredSnapshot,
        fresh: &NewContent,
    ) -> Result<(), StoreError> {
        let dir = self.of(key)?;
        if let Some((commit, bundle)) = &fresh.bundle {
            replace_private(&dir.join(bundle_name(commit)?), bundle)?;
        }
        for (conversation, json) in &fresh.conversations {
            replace_private(&dir.join(conversation_name(conversation)?), json)?;
        }
        let row = SnapshotRow::from(snapshot.clone());
        let index = dir.join(INDEX);
        let text = serde_json::to_vec(&row);
        let text = text.map_err(|error| StoreError::file("write", &index, error.into()))?;
        replace_private(&index, &text)?;
        remove_others(&dir, snapshot)
    }

    pub fn bundle(&self, key: &SessionKey, commit: &str) -> Result<Vec<u8>, StoreError> {
        read(&self.of(key)?.join(bundle_name(commit)?))
    }

    pub fn conversation(
        &self,
        key: &SessionKey,
        conversation: &ConversationSnapshot,
    ) -> Result<Vec<u8>, StoreError> {
        read(&self.of(key)?.join(conversation_name(conversation)?))
    }

    /// Deletes the session's snapshots; succeeds if there are none.
    pub fn remove(&self, key: &SessionKey) -> Result<(), StoreError> {
        let dir = self.of(key)?;
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::file("remove", dir, error))
            }
            _ => Ok(()),
        }
    }

    fn of(&self, key: &SessionKey) -> Result<PathBuf, StoreError> {
        Ok(self.dir.join(file_name(key)?))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    regular_file::read(path, u64::MAX).map_err(|source| StoreError::file("read", path, source))
}

/// Words from a sandbox become file names: only safe ones.
fn plain(name: &str) -> Result<&str, StoreError> {
    if is_plain(name) {
        return Ok(name);
    }
    Err(StoreError::BadKey {
        key: SessionKey::new(name),
    })
}

fn bundle_name(commit: &str) -> Result<String, StoreError> {
    Ok(format!("{}.bundle", plain(commit)?))
}

fn conversation_name(conversation: &ConversationSnapshot) -> Result<String, StoreError> {
    let id = plain(conversation.id.as_str())?;
    Ok(format!("{id}.{}.json", conversation.updated.0))
}

fn remove_others(dir: &Path, snapshot: &StoredSnapshot) -> Result<(), StoreError> {
    let bundles = snapshot.code.iter().flat_map(|code| &code.bundles);
    let mut named: Vec<String> = vec![INDEX.to_owned()];
    named.extend(bundles.filter_map(|commit| bundle_name(commit).ok()));
    let conversations = snapshot.conversations.iter();
    named.extend(conversations.filter_map(|one| conversation_name(one).ok()));
    let entries = fs::read_dir(dir).map_err(|source| StoreError::file("list", dir, source))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| named.iter().any(|known| known == name)) {
            fs::remove_file(&path).map_err(|source| StoreError::file("remove", &path, source))?;
        }
    }
    Ok(())
}

#[derive(Debug, Serialize, Deserialize)]
struct SnapshotRow {
    at: u64,
    code_at: u64,
    code: Option<CodeSnapshot>,
    conversations: Vec<(String, u64)>,
    last_prompt: Option<String>,
}

impl From<StoredSnapshot> for SnapshotRow {
    fn from(snapshot: StoredSnapshot) -> Self {
        let conversations = snapshot.conversations.iter();
        Self {
            at: snapshot.at.0,
            code_at: snapshot.code_at.0,
            code: snapshot.code,
            conversations: conversations
                .map(|one| (one.id.to_string(), one.updated.0))
                .collect(),
            last_prompt: snapshot.last_prompt.map(|id| id.to_string()),
        }
    }
}

impl From<SnapshotRow> for StoredSnapshot {
    fn from(row: SnapshotRow) -> Self {
        let conversation = |(id, updated): (String, u64)| ConversationSnapshot {
            id: id.into(),
            updated: UnixMillis(updated),
        };
        Self {
            at: UnixMillis(row.at),
            code_at: UnixMillis(row.code_at),
            code: row.code,
            conversations: row.conversations.into_iter().map(conversation).collect(),
            last_prompt: row.last_prompt.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use pretty_assertions::assert_eq;

    use super::*;

    fn conversation(id: &str, updated: u64) -> ConversationSnapshot {
        ConversationSnapshot {
            id: id.into(),
            updated: UnixMillis(updated),
        }
    }

    fn snapshot(at: u64, bundles: &[&str]) -> StoredSnapshot {
        StoredSnapshot {
            at: UnixMillis(at),
            code_at: UnixMillis(at),
            code: Some(CodeSnapshot {
                directory: "/home/user/work".to_owned(),
                state: "abc".to_owned(),
                commit: bundles[bundles.len() - 1].to_owned(),
                on_clone: false,
                bundles: bundles.iter().map(|name| (*name).to_owned()).collect(),
                lines: Some((at, 0)),
            }),
            conversations: vec![conversation("ses_1", at)],
            last_prompt: Some("msg_1".into()),
        }
    }

    fn fresh(commit: &str, at: u64) -> NewContent {
        NewContent {
            bundle: Some((commit.to_owned(), commit.as_bytes().to_vec())),
            conversations: vec![(conversation("ses_1", at), b"{}".to_vec())],
        }
    }

    #[test]
    fn the_last_snapshot_is_complete_without_files_of_earlier_ones() {
        let dir = tempfile::tempdir().unwrap();
        let (files, key) = (SnapshotFiles::new(dir.path()), "one".into());
        assert_eq!(files.load(&key).unwrap(), None);

        for (at, bundles) in [(1, &["a"][..]), (2, &["a", "b"]), (3, &["a", "c"])] {
            let commit = bundles[bundles.len() - 1];
            let saved = files.save(&key, &snapshot(at, bundles), &fresh(commit, at));
            saved.unwrap();
        }

        assert_eq!(files.load(&key).unwrap(), Some(snapshot(3, &["a", "c"])));
        assert_eq!(files.bundle(&key, "c").unwrap(), b"c");
        assert_eq!(
            files.conversation(&key, &conversation("ses_1", 3)).unwrap(),
            b"{}"
        );
        let folder = dir.path().join("snapshots/one");
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                assert_eq!(
                    entry.metadata().unwrap().permissions().mode() & 0o777,
                    0o600
                );
                entry.file_name().into_string().unwrap()
            })
            .collect();
        names.sort();
        assert_eq!(
            names,
            ["a.bundle", "c.bundle", "ses_1.3.json", "snapshot.json"]
        );
        files.remove(&key).unwrap();
        files.remove(&key).unwrap();
        assert!(!folder.exists());
    }

    #[test]
    fn names_from_a_sandbox_cannot_leave_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let (files, key) = (SnapshotFiles::new(dir.path()), "one".into());

        let bundle = files.save(&key, &snapshot(1, &["../a"]), &fresh("../a", 1));
        let mut wrong = fresh("a", 1);
        wrong.conversations[0].0.id = "../../ses".into();
        let conversation = files.save(&key, &snapshot(1, &["a"]), &wrong);

        assert!(matches!(bundle, Err(StoreError::BadKey { .. })));
        assert!(matches!(conversation, Err(StoreError::BadKey { .. })));
        assert_eq!(files.load(&key).unwrap(), None);
    }
}
