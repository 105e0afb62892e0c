//! The store against real files in temporary directories.

mod files;
mod preferences;
mod queue;
mod round_trips;
mod runs;
mod text_search;
mod transcripts;

use std::path::Path;
use std::time::Duration;

use super::{OpenedStore, Store, StoredSession};
use crate::domain::chat::{Message, Part, Role};
use crate::domain::id::SessionKey;
use crate::domain::prompt::PromptKind;
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo};
use crate::domain::session::{Prompt, SessionSummary};
use crate::domain::time::UnixMillis;

/// For waits that an event ends.
const DEADLINE: Duration = Duration::from_secs(10);

fn open(dir: &Path) -> Store {
    let OpenedStore { store, notices } = Store::open(dir);
    assert_eq!(notices, Vec::<String>::new());
    store
}

fn key() -> SessionKey {
    "one".into()
}

fn session(key: &str, name: &str) -> StoredSession {
    StoredSession {
        summary: SessionSummary {
            key: key.into(),
            name: name.to_owned(),
            title: String::new(),
            sandbox: SandboxInfo {
                engine: EngineKind::Local,
                id: None,
                template: None,
                opencode_url: None,
                opencode_version: None,
                ends_at: None,
                isolation: None,
                directory: None,
                demo: false,
            },
            opencode_session: None,
            phase: Phase::Dormant,
            project: None,
            shown: None,
            auto: false,
            pinned: false,
            archived: false,
            unread: false,
            cost: 0.0,
            changed: None,
            created: UnixMillis(1),
            updated: UnixMillis(1),
        },
        port: None,
        new: None,
    }
}

fn message(id: &str, created: u64) -> Message {
    Message::new(id, Role::Assistant, UnixMillis(created))
}

fn text_part(message: &str, id: &str, text: &str) -> Part {
    Part::text(message, id, text, false)
}

fn prompt(id: &str) -> Prompt {
    Prompt {
        message: id.into(),
        part: "prt_1".into(),
        text: format!("text of {id}"),
        kind: PromptKind::Message,
        parts: Vec::new(),
        agent: Some("build".to_owned()),
        model: None,
        variant: None,
    }
}
