//! Revives a session whose sandbox is gone in a new one, from its last snapshot.
//!
//! [`begin`] removes the old sandbox from the store, so that the boot creates a new one; [`code()`] and
//! [`conversations`] restore the snapshot, in the stages where a new session gets its own. Both depend only on what
//! is missing and on the snapshot, so a boot that failed half-way is simply repeated. Prompts that the snapshot does
//! not contain go back into the queue, held: what was typed is not lost.

use std::time::Duration;

use super::{blocking, info, last};
use crate::domain::chat::{MessageWithParts, PartKind, Resync, Role};
use crate::domain::failure::Failure;
use crate::domain::id::{MessageId, SessionKey};
use crate::domain::prompt::PromptKind;
use crate::domain::sandbox::Stage;
use crate::domain::session::{CodeSource, Prompt, Revival, SessionOrigin, SessionSpec};
use crate::session::boot::cx::BootCx;
use crate::session::code;
use crate::session::context::SessionContext;
use crate::session::context::clone_access::{explain, for_git};
use crate::session::failures;
use crate::session::recorder::record::SessionRecord;
use crate::session::recorder::{Recorder, SnapshotSlot};
use crate::session::sandbox::{SandboxScript, SessionSandbox};
use crate::store::files::snapshots::StoredSnapshot;

const IMPORT: &str = include_str!("../../../assets/sandbox/import.sh");

/// Unpacking the code, or importing the conversations.
const LONG: Duration = Duration::from_mins(10);

/// What would be restored, and how much would not; `None`: there is no snapshot. Changes nothing.
pub async fn prospect(context: &SessionContext, key: &SessionKey) -> Option<Revival> {
    let origin = SessionOrigin::Stored;
    let key = key.clone();
    let recorder = Recorder::open(context, &SessionSpec { key, origin });
    let snapshot = last(&recorder).await?;
    let lost = lost(&recorder, &snapshot).await;
    Some(Revival {
        snapshot: info(&snapshot),
        missing: lost.iter().filter_map(prompt).count(),
    })
}

/// Removes the sandbox from the store, and requeues the prompts that the snapshot does not contain; also returns the
/// messages that are lost. `None`: there is no snapshot, and nothing is changed.
pub(in crate::session) async fn begin(recorder: &Recorder) -> Option<(Revival, Vec<MessageId>)> {
    let snapshot = last(recorder).await?;
    let mut place = recorder.stored_record().await?;
    let lost = lost(recorder, &snapshot).await;
    let prompts: Vec<Prompt> = lost.iter().filter_map(prompt).collect();
    // The new sandbox gets its own password, which is stored before it is created.
    recorder.forget_password();
    recorder.hold(true).await;
    for prompt in prompts.iter().rev() {
        recorder.requeue(prompt, true).await;
    }
    place.sandbox.id = None;
    place.sandbox.directory = None;
    place.sandbox.opencode_url = None;
    place.sandbox.ends_at = None;
    place.port = None;
    recorder.place(&place).await;
    let revival = Revival {
        snapshot: info(&snapshot),
        missing: prompts.len(),
    };
    let lost = lost.into_iter().map(|lost| lost.message.id);
    Some((revival, lost.collect()))
}

/// Messages after the snapshot, as far as they were recorded.
async fn lost(recorder: &Recorder, snapshot: &StoredSnapshot) -> Vec<MessageWithParts> {
    let stored = recorder.stored().await;
    let transcript = stored.and_then(|stored| stored.transcript);
    let last = snapshot.last_prompt.as_ref();
    transcript.map_or_else(Vec::new, |all| behind(all, last))
}

/// The messages from the first prompt after the snapshot's last one on.
fn behind(transcript: Resync, last: Option<&MessageId>) -> Vec<MessageWithParts> {
    let mut messages = transcript.messages.into_iter();
    let is_last = |one: &MessageWithParts| Some(&one.message.id) == last;
    // If that is older than what is stored, the missing prompts are unknown.
    let is_known = last.is_none() && !transcript.more || messages.any(|one| is_last(&one));
    let of_last = |one: &MessageWithParts| one.message.role != Role::User;
    let behind = messages.skip_while(of_last);
    if is_known {
        behind.collect()
    } else {
        Vec::new()
    }
}

/// The prompt of a message, under the same ids.
fn prompt(known: &MessageWithParts) -> Option<Prompt> {
    let message = &known.message;
    let mut parts = known.parts.iter();
    let (part, text) = parts.find_map(|part| match &part.kind {
        PartKind::Text {
            text,
            synthetic: false,
            ..
        } => Some((part.id.clone(), text.clone())),
        _ => None,
    })?;
    (message.role == Role::User).then(|| Prompt {
        message: message.id.clone(),
        part,
        text,
        kind: PromptKind::Message,
        parts: Vec::new(),
        agent: message.agent.clone(),
        model: message.model.clone(),
        variant: message.variant.clone(),
    })
}

/// Restores the work tree if a snapshot has it; returns its directory.
pub(in crate::session) async fn code(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    place: &SessionRecord,
    home: &str,
) -> Result<Option<String>, Failure> {
    let kept = last(&cx.recorder).await.and_then(|snapshot| snapshot.code);
    let (Some(code), Some(SnapshotSlot { files, key })) = (kept, cx.recorder.keep()) else {
        return Ok(None);
    };
    let line = "restoring the work tree from the last snapshot";
    cx.output(Stage::Code, line).await;
    let mut paths = Vec::new();
    for commit in code.bundles {
        let path = format!("{home}/.sandbar/{commit}.bundle");
        let (files, key) = (files.clone(), key.clone());
        let bundle = blocking(move || files.bundle(&key, &commit)).await?;
        sandbox.write(&path, bundle).await?;
        paths.push(path);
    }
    let name = code.directory.rsplit('/').next().unwrap_or("code");
    let url = match &place.new.code {
        CodeSource::Clone(url) => url.as_str(),
        CodeSource::Empty | CodeSource::WorkTree(_) => "",
    };
    let for_git = for_git(&cx.context.clone_access, url);
    let kind = if code.on_clone { "clone" } else { "" };
    let key = cx.spec.key.as_str();
    let mut arguments = vec![name, key, &code.commit, &for_git.url, kind, for_git.word];
    arguments.extend(paths.iter().map(String::as_str));
    let script = SandboxScript {
        what: "the work tree could not be restored",
        text: code::RESTORE,
        arguments: &arguments,
        input: for_git.input,
    };
    let said = sandbox.said(script, LONG).await.map_err(explain)?;
    Ok(Some(code::brought(&said).0))
}

/// Imports the stored conversations into an OpenCode that has never run in this sandbox.
pub(in crate::session) async fn conversations(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    place: &SessionRecord,
    opencode: &str,
) -> Result<(), Failure> {
    let Some(own) = place.conversation.clone() else {
        return Ok(());
    };
    let kept = last(&cx.recorder).await.unwrap_or_default().conversations;
    let is_own = kept.first().is_some_and(|kept| kept.id == own);
    let (true, Some(SnapshotSlot { files, key })) = (is_own, cx.recorder.keep()) else {
        return Err(failures::no_snapshot());
    };
    let line = "restoring the conversation from the last snapshot";
    cx.output(Stage::Start, line).await;
    let home = sandbox.home().await?;
    let mut paths = Vec::new();
    for conversation in kept {
        let path = format!("{home}/.sandbar/import/{}.json", paths.len());
        let (files, key) = (files.clone(), key.clone());
        let json = blocking(move || files.conversation(&key, &conversation)).await?;
        sandbox.write(&path, json).await?;
        paths.push(path);
    }
    let directory = place.sandbox.directory.clone().unwrap_or_default();
    let mut arguments = vec![opencode, &directory];
    arguments.extend(paths.iter().map(String::as_str));
    let what = "OpenCode did not accept the conversation";
    sandbox
        .script(what, IMPORT, &arguments, LONG)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::chat::{ChatEvent, TurnStatus};
    use crate::domain::id::TemplateId;
    use crate::domain::sandbox::SandboxInfo;
    use crate::domain::session::NewSession;
    use crate::domain::testing;
    use crate::domain::time::UnixMillis;
    use crate::net::http::HttpOptions;
    use crate::session::context::RecordStore;
    use crate::store::files::snapshots::{ConversationSnapshot, NewContent};

    fn context(dir: &Path) -> SessionContext {
        let mut context = SessionContext::new(tokio::time::Instant::now(), HttpOptions::default());
        context.records = Some(RecordStore::open(dir));
        context
    }

    fn message(id: &str, role: Role, at: u64) -> MessageWithParts {
        let mut message = testing::spoken(id, role, at, &format!("text of {id}"));
        message.message.completed = Some(UnixMillis(at));
        message
    }

    /// Three turns, each a prompt and its answer.
    fn transcript(more: bool) -> Resync {
        let turn = |n: u64| {
            [
                message(&format!("msg_{n}"), Role::User, n * 10),
                message(&format!("msg_{n}a"), Role::Assistant, n * 10 + 1),
            ]
        };
        Resync {
            more,
            ..testing::resync((1..=3).flat_map(turn).collect(), TurnStatus::Idle)
        }
    }

    fn ids(messages: &[MessageWithParts]) -> Vec<&str> {
        let ids = messages.iter().map(|one| one.message.id.as_str());
        ids.collect()
    }

    #[test]
    fn lost_messages_begin_with_the_prompt_after_the_last_one_in_the_snapshot() {
        let lost = |more, last: Option<&str>| {
            let last = last.map(MessageId::from);
            behind(transcript(more), last.as_ref())
        };

        assert_eq!(ids(&lost(true, Some("msg_2"))), ["msg_3", "msg_3a"]);
        assert_eq!(ids(&lost(true, Some("msg_3"))), [""; 0]);
        assert_eq!(ids(&lost(false, None)).len(), 6);
        // It is older than everything stored.
        assert_eq!(ids(&lost(true, None)), [""; 0]);
        assert_eq!(ids(&lost(true, Some("msg_0"))), [""; 0]);
    }

    #[tokio::test]
    async fn a_revival_removes_the_sandbox_and_holds_the_lost_prompts_before_the_waiting_ones() {
        let dir = tempfile::tempdir().unwrap();
        let context = context(dir.path());
        let key = SessionKey::from("one");
        let origin = SessionOrigin::Stored;
        let spec = SessionSpec {
            key: key.clone(),
            origin,
        };
        let recorder = Recorder::open(&context, &spec);
        let new = NewSession {
            name: "one".to_owned(),
            template: TemplateId::from("opencode"),
            code: CodeSource::Empty,
            model: None,
            demo: true,
        };
        let mut place = recorder.plan(new, UnixMillis(0)).await;
        let planned = place.sandbox.clone();
        place.sandbox = SandboxInfo {
            id: Some("sbx".into()),
            directory: Some("/home/user/work".to_owned()),
            opencode_url: Some("http://127.0.0.1:4096".to_owned()),
            ..planned.clone()
        };
        place.port = Some(4096);
        place.conversation = Some("ses_1".into());
        recorder.place(&place).await;
        assert_eq!(begin(&recorder).await, None, "nothing was kept");
        let resync = ChatEvent::Resync(Box::new(transcript(false)));
        recorder.chat(&resync).await;
        let waiting = prompt(&message("msg_4", Role::User, 40)).unwrap();
        recorder.enqueue(&waiting).await;
        let snapshot = StoredSnapshot {
            at: UnixMillis(12),
            conversations: vec![ConversationSnapshot {
                id: "ses_1".into(),
                updated: UnixMillis(11),
            }],
            last_prompt: Some("msg_1".into()),
            ..StoredSnapshot::default()
        };
        let SnapshotSlot { files, key } = recorder.keep().unwrap();
        files.save(&key, &snapshot, &NewContent::default()).unwrap();

        let prospect = prospect(&context, &key).await;
        let begun = begin(&recorder).await;

        let revival = Revival {
            snapshot: info(&snapshot),
            missing: 2,
        };
        assert_eq!(prospect.as_ref(), Some(&revival));
        let lost = ["msg_2", "msg_2a", "msg_3", "msg_3a"].map(MessageId::from);
        assert_eq!(begun, Some((revival, lost.to_vec())));
        let queue = recorder.queue().await.unwrap();
        let waiting: Vec<&str> = queue.waiting.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(waiting, ["text of msg_2", "text of msg_3", "text of msg_4"]);
        assert!(queue.held);
        let place = recorder.stored_record().await.unwrap();
        assert_eq!((place.sandbox, place.port), (planned, None));
        assert_eq!(place.conversation, Some("ses_1".into()));
    }
}
