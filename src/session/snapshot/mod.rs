//! Snapshots of a session in case its sandbox is lost: its code and its conversations.
//!
//! The process that drives the session takes one in the background when a turn has ended. The sandbox packs its work
//! tree into git bundles, the first complete, the next incremental; the server exports the conversations. Nothing
//! waits for it, and a failed snapshot is a line in our own log: the previous one stays. Only `revive` knows how a
//! session is restored from it.

pub mod patch;
pub mod revive;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::code;
use super::context::wall;
use super::failures;
use super::recorder::{Recorder, SnapshotSlot};
use super::server::OpencodeServer;
use crate::domain::failure::Failure;
use crate::domain::id::{MessageId, OpencodeSessionId};
use crate::domain::session::{ChangedLines, SnapshotInfo};
use crate::domain::time::UnixMillis;
use crate::opencode::client::OpencodeClient;
use crate::store::StoreError;
use crate::store::files::snapshots::{
    CodeSnapshot, ConversationSnapshot, NewContent, StoredSnapshot,
};

/// The largest bundle that is stored.
const CODE_LIMIT: usize = 64 * 1024 * 1024;
/// The largest conversation that is stored.
const CONVERSATION_LIMIT: usize = 64 * 1024 * 1024;
/// Conversations of one session, including those of sub-agents.
const CONVERSATIONS: usize = 100;
/// Packing a work tree.
const PACKING: Duration = Duration::from_mins(2);
/// Where the sandbox writes its bundle, relative to home.
const BUNDLE: &str = ".sandbar/snapshot.bundle";

/// Takes a snapshot; returns what is stored then.
pub(super) async fn take(
    server: OpencodeServer,
    keep: SnapshotSlot,
) -> Result<SnapshotInfo, Failure> {
    let id = server.conversation.as_str();
    let before = {
        let keep = keep.clone();
        blocking(move || keep.files.load(&keep.key)).await?
    };
    let before = before.unwrap_or_default();
    let now = wall();
    let mut snapshot = StoredSnapshot {
        at: now,
        code_at: now,
        ..StoredSnapshot::default()
    };
    let mut fresh = NewContent::default();
    conversations(&server.client, id, &before, (&mut snapshot, &mut fresh)).await?;
    match code(&server, before.code.as_ref()).await {
        Ok(PackedCode::Same) => snapshot.code = before.code,
        Ok(PackedCode::New(code, bundle)) => {
            fresh.bundle = Some((code.commit.clone(), bundle));
            snapshot.code = Some(code);
        }
        // The conversation is worth storing too; the code stays at its previous state.
        Err(failure) => {
            tracing::warn!(?failure, "the work tree could not be saved");
            snapshot.code_at = before.code_at;
            snapshot.code = before.code;
        }
    }
    let info = info(&snapshot);
    let saved = move || keep.files.save(&keep.key, &snapshot, &fresh);
    blocking(saved).await?;
    Ok(info)
}

/// Adds the session's conversation and those of its sub-agents that have changed since.
async fn conversations(
    client: &OpencodeClient,
    id: &str,
    before: &StoredSnapshot,
    (snapshot, fresh): (&mut StoredSnapshot, &mut NewContent),
) -> Result<(), Failure> {
    let failed = |error| failures::opencode(&error);
    let mut left = VecDeque::from([client.session(id).await.map_err(failed)?]);
    while let Some(session) = left.pop_front()
        && snapshot.conversations.len() < CONVERSATIONS
    {
        let conversation = ConversationSnapshot {
            id: OpencodeSessionId::from(&*session.id),
            updated: UnixMillis(session.time.updated),
        };
        left.extend(client.children(&session.id).await.map_err(failed)?);
        let is_own = session.id == id;
        if is_own || !before.conversations.contains(&conversation) {
            let mut export = client.export(&session.id).await.map_err(failed)?;
            if is_own {
                // The queue's next prompt does not wait for us. A conversation with an unfinished last turn would
                // look complete.
                let running = client.statuses().await.map_err(failed)?;
                if running.contains_key(id) {
                    export.drop_last_turn();
                }
                snapshot.last_prompt = export.last_prompt().map(MessageId::from);
            }
            let json = export.json().into_bytes();
            if json.len() > CONVERSATION_LIMIT {
                return Err(Failure::new("the conversation is too large to be saved"));
            }
            fresh.conversations.push((conversation.clone(), json));
        }
        snapshot.conversations.push(conversation);
    }
    Ok(())
}

/// What the sandbox packed of its work tree.
enum PackedCode {
    /// Nothing has changed.
    Same,
    New(CodeSnapshot, Vec<u8>),
}

async fn code(
    server: &OpencodeServer,
    before: Option<&CodeSnapshot>,
) -> Result<PackedCode, Failure> {
    let what = "the work tree could not be packed";
    let Some(sandbox) = &server.sandbox else {
        return Err(Failure::new(what).detail("the server belongs to someone else"));
    };
    let limit = CODE_LIMIT.to_string();
    let state = before.map_or("", |before| &before.state);
    let first = before.and_then(|before| before.bundles.first());
    let home = sandbox.home().await?;
    let path = format!("{home}/{BUNDLE}");
    let first = first.map_or("", String::as_str);
    let arguments = [&*server.directory, &path, state, first, &limit];
    let said = sandbox.script(what, code::SNAPSHOT, &arguments, PACKING);
    let said = said.await?;
    let Some(said) = ScriptAnswer::read(&said) else {
        return Ok(PackedCode::Same);
    };
    let bundle = sandbox.read(&path, CODE_LIMIT).await?;
    let mut bundles = vec![said.commit.clone()];
    if said.kind == "thin" {
        bundles.insert(0, first.to_owned());
    }
    let on_clone = match said.kind.as_str() {
        "thin" => before.is_some_and(|before| before.on_clone),
        kind => kind == "clone",
    };
    let code = CodeSnapshot {
        directory: server.directory.clone(),
        state: said.state,
        commit: said.commit,
        on_clone,
        bundles,
        lines: said.lines.map(|lines| (lines.added, lines.removed)),
    };
    Ok(PackedCode::New(code, bundle.to_vec()))
}

/// The script's answer.
#[derive(Debug, Default, PartialEq, Eq)]
struct ScriptAnswer {
    state: String,
    kind: String,
    commit: String,
    lines: Option<ChangedLines>,
}

impl ScriptAnswer {
    /// `None`: nothing has changed.
    fn read(text: &str) -> Option<Self> {
        let mut said = Self::default();
        for (word, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match word {
                "state" => value.clone_into(&mut said.state),
                "kind" => value.clone_into(&mut said.kind),
                "commit" => value.clone_into(&mut said.commit),
                "lines" => said.lines = changed_lines(value),
                _ => {}
            }
        }
        (!said.commit.is_empty()).then_some(said)
    }
}

/// `12 3`: lines added and removed.
fn changed_lines(text: &str) -> Option<ChangedLines> {
    let (added, removed) = text.split_once(' ')?;
    Some(ChangedLines {
        added: added.parse().ok()?,
        removed: removed.parse().ok()?,
    })
}

/// The session's last snapshot; also `None` if it cannot be read, which our own log reports.
pub(super) async fn last(recorder: &Recorder) -> Option<StoredSnapshot> {
    let SnapshotSlot { files, key } = recorder.keep()?;
    match blocking(move || files.load(&key)).await {
        Ok(snapshot) => snapshot,
        Err(failure) => {
            tracing::warn!(?failure, "the snapshot cannot be read");
            None
        }
    }
}

/// What a listener receives of a snapshot.
pub(super) fn info(snapshot: &StoredSnapshot) -> SnapshotInfo {
    SnapshotInfo {
        at: snapshot.at,
        code_at: snapshot.code.as_ref().map(|_| snapshot.code_at),
        last_prompt: snapshot.last_prompt.clone(),
        changed: snapshot.code.as_ref().and_then(|code| {
            let (added, removed) = code.lines?;
            Some(ChangedLines { added, removed })
        }),
    }
}

/// File work on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    let done = spawn_blocking(work).await;
    let failed = |why: String| Failure::new("the snapshot could not be stored").detail(why);
    done.map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_answer_of_the_script_is_parsed(
            text in "((state|kind|commit|lines|other) [a-z0-9 ]{0,6}\n|\\PC|\n){0,12}",
        ) {
            let said = ScriptAnswer::read(&text);

            let mut lines = text.lines().rev();
            let last = lines.find_map(|line| line.strip_prefix("commit "));
            let last = last.filter(|commit| !commit.is_empty());
            prop_assert_eq!(said.as_ref().map(|said| said.commit.as_str()), last);
        }
    }

    #[test]
    fn the_size_of_the_work_is_read_where_it_is_known() {
        let lines = |text: &str| {
            ScriptAnswer::read(&format!("{text}commit a\n"))
                .unwrap()
                .lines
        };
        let (added, removed) = (12, 3);

        assert_eq!(lines("lines 12 3\n"), Some(ChangedLines { added, removed }));
        assert_eq!(lines("lines \n"), None);
        assert_eq!(lines("lines 12\n"), None);
        assert_eq!(lines(""), None);
    }
}
