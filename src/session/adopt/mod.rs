//! Makes a session of this store from a sandbox that another sandbar of this account created.
//!
//! In: the id of a sandbox. Out: a stored session that opens like any other, or why that fails. The sandbox itself
//! supplies what is needed: its envd knows how the server was started, and its environment has the server's
//! password. If no server runs, one is started. The sandbox is left as it was found, running or paused. Everything
//! it reports, and its metadata, may be written by anybody: all of it is validated.

mod found;
mod start;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

use self::found::{DiscoveredServer, PASSWORD, cannot, ends_at};
use super::sandbox::SessionSandbox;
use super::sandbox::listing::{METADATA_KEY, METADATA_NAME, is_gone};
use super::sandbox::script::SHORT;
use super::sandbox::unattached::is_ours;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::{Phase, SandboxInfo};
use crate::domain::session::{CodeSource, NewSession, SessionSummary};
use crate::domain::time::UnixMillis;
use crate::e2b::wire::{ListedSandbox, unix_millis};
use crate::opencode::error::OpencodeError;
use crate::session::boot::server::{DEMO_TAG, OPENCODE_TAG, find_conversation, served};
use crate::session::chat::translate::parts::conversation;
use crate::session::context::{RecordStore, SessionContext, wall};
use crate::session::failures;
use crate::store::files::secrets::Secrets;
use crate::store::{Naming, StoreError, StoredSession};

/// Longer names are cut: they come from the metadata.
const NAME_LENGTH: usize = 64;

/// What the session is to be.
#[derive(Debug)]
pub struct AdoptRequest {
    /// `None`: the name that it had where it was created, or a similar one.
    pub name: Option<String>,
    /// The session's key if the sandbox's metadata contain no usable one.
    pub key: SessionKey,
}

/// Adopts the sandbox as a session; `None`: the engine does not know it.
pub async fn adopt(
    context: &Arc<SessionContext>,
    id: &SandboxId,
    wanted: AdoptRequest,
) -> Result<Option<StoredSession>, Failure> {
    let Some(records) = &context.records else {
        return Err(cannot(id, "there is no store for its session", []));
    };
    let engine = context.engine().await;
    let engine = engine.map_err(|error| failures::engine(&error))?;
    let listed = match engine.control.get(id.as_str()).await {
        Ok(detail) => detail.listed,
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => return Err(failures::e2b(&error)),
    };
    if !is_ours(&listed) {
        let why = "sandbar did not create it, so what runs in it is unknown";
        return Err(cannot(id, why, [Advice::NewSession]));
    }
    let key = key(records, id, &listed.metadata, wanted.key).await?;
    let (name, naming) = name(records, &listed.metadata, wanted.name).await?;
    let joined = SessionSandbox::join(context, engine.clone(), id.as_str()).await?;
    let Some((sandbox, resumed)) = joined else {
        return Ok(None);
    };
    let found = Box::pin(look(context, &sandbox)).await;
    // One that cannot be paused again keeps running, and is shown as running.
    let is_paused = resumed && engine.control.pause(id.as_str()).await.is_ok();
    let found = found?;
    let phase = if is_paused {
        Phase::Paused
    } else {
        Phase::Dormant
    };
    let secrets = Secrets {
        opencode_password: Some(found.password.clone()),
        traffic_access_token: sandbox.wire.traffic_access_token.clone(),
        domain: sandbox.wire.domain.clone().unwrap_or_default(),
        ..Secrets::default()
    };
    let info = SandboxInfo {
        engine: engine.kind,
        id: Some(id.clone()),
        template: None,
        opencode_url: None,
        opencode_version: None,
        ends_at: None,
        isolation: engine.isolation.map(str::to_owned),
        directory: None,
        demo: false,
    };
    // It belongs to the directory in which it is adopted.
    let project = context.settings.project.clone();
    let mut session = session((key, name, phase, project), &listed, info, found);
    session.summary.name = save(records, &session, naming, &secrets).await?;
    Ok(Some(session))
}

/// The session's key where the sandbox was created; two stores with one account use separate files.
async fn key(
    records: &RecordStore,
    id: &SandboxId,
    metadata: &BTreeMap<String, String>,
    fallback: SessionKey,
) -> Result<SessionKey, Failure> {
    let Some(key) = metadata.get(METADATA_KEY).filter(|key| is_key(key)) else {
        return Ok(fallback);
    };
    let key = SessionKey::from(key.as_str());
    let known = records.store.session(&key).await;
    match known.map_err(|error| unusable(&error))? {
        None => Ok(key),
        Some(known) => Err(already(id, &known.summary)),
    }
}

/// Keys become file names, and suffixes that we add to a key must not lead to another session's files.
fn is_key(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !key.is_empty() && key.len() <= NAME_LENGTH && key.bytes().all(is_plain)
}

/// The failure for a sandbox that a session of this store has, or had.
pub fn already(id: &SandboxId, session: &SessionSummary) -> Failure {
    let name = &session.name;
    match &session.sandbox.id {
        Some(other) if other != id => cannot(
            id,
            format!("it was created for session {name}, which now uses sandbox {other}"),
            [Advice::KillSandbox(id.to_string())],
        ),
        _ => cannot(
            id,
            format!("it already belongs to session {name}"),
            [Advice::OpenSession],
        )
        .about(name),
    }
}

/// The failure for a sandbox that no engine knows.
pub fn unknown(id: &SandboxId) -> Failure {
    Failure::new(format!("there is no sandbox {id}"))
        .detail("no account configured here has it")
        .advise([Advice::ListSandboxes])
}

/// The requested name, which must be free, or one similar to the metadata's. Checking early avoids resuming a
/// sandbox for nothing; the name is final when the session is stored.
async fn name(
    records: &RecordStore,
    metadata: &BTreeMap<String, String>,
    wanted: Option<String>,
) -> Result<(String, Naming), Failure> {
    let Some(wanted) = wanted else {
        let elsewhere = metadata.get(METADATA_NAME).map_or("", String::as_str);
        return Ok((plain_name(elsewhere), Naming::Similar));
    };
    let other = records.store.by_name(&wanted).await;
    match other.map_err(|error| unusable(&error))? {
        Some(_) => Err(name_taken(&wanted)),
        None => Ok((wanted, Naming::Exact)),
    }
}

/// A name from the metadata, as it can be typed and shown.
fn plain_name(name: &str) -> String {
    let is_plain = |c: &char| c.is_alphanumeric() || "-_. ".contains(*c);
    let name: String = name.chars().filter(is_plain).take(NAME_LENGTH).collect();
    match name.trim_matches(['-', ' ']) {
        "" => "session".to_owned(),
        name => name.to_owned(),
    }
}

/// Finds out what the session needs.
async fn look(
    context: &Arc<SessionContext>,
    sandbox: &SessionSandbox,
) -> Result<DiscoveredServer, Failure> {
    let id = SandboxId::from(sandbox.id());
    let kill = [
        "open it on the machine that made it".into(),
        Advice::KillSandbox(id.to_string()),
    ];
    let running = sandbox.envd.list().await;
    let running = running.map_err(|error| failures::e2b(&error))?;
    let tagged = |tag: &str| {
        let mut running = running.iter();
        running.find(|process| process.tag.as_deref() == Some(tag))
    };
    let demo = tagged(DEMO_TAG).is_some();
    let Some(server) = tagged(OPENCODE_TAG) else {
        return start::start(context, sandbox, demo).await;
    };
    let Some((directory, port)) = served(server) else {
        let why = "its OpenCode was started by an incompatible version of sandbar";
        return Err(cannot(&id, why, kill));
    };
    let what = format!("the password of OpenCode in sandbox {id} cannot be read");
    let password = sandbox.script(&what, PASSWORD, &[], SHORT).await?;
    if password.is_empty() {
        let why = "the password of its OpenCode server was not found in it";
        return Err(cannot(&id, why, kill));
    }
    let password = SecretString::from(password);
    let (url, client) = sandbox.opencode(context, port, Some(password.clone()))?;
    let client = client.in_directory(&directory);
    let newest = find_conversation(&client, None).await;
    let newest = newest.map_err(|error| match error {
        OpencodeError::Unauthorized { .. } => cannot(
            &id,
            "its OpenCode does not accept the password found in it",
            kill,
        ),
        error => failures::opencode(&error),
    })?;
    Ok(DiscoveredServer {
        password,
        port,
        url,
        conversation: conversation(newest),
        demo,
        ends_at: ends_at(sandbox).await,
        directory,
    })
}

fn session(
    (key, name, phase, project): (SessionKey, String, Phase, Option<PathBuf>),
    listed: &ListedSandbox,
    sandbox: SandboxInfo,
    found: DiscoveredServer,
) -> StoredSession {
    let template = listed.alias.as_ref().unwrap_or(&listed.template_id);
    let new = NewSession {
        name: name.clone(),
        template: template.as_str().into(),
        code: CodeSource::Empty,
        model: None,
        demo: found.demo,
    };
    let now = wall();
    let created = unix_millis(&listed.started_at).and_then(|at| u64::try_from(at).ok());
    let summary = SessionSummary {
        key,
        name,
        title: found.conversation.title,
        sandbox: SandboxInfo {
            template: Some(new.template.clone()),
            opencode_url: Some(found.url),
            ends_at: found.ends_at.filter(|_| phase != Phase::Paused),
            directory: Some(found.directory),
            demo: found.demo,
            ..sandbox
        },
        opencode_session: Some(found.conversation.id),
        phase,
        project,
        shown: None,
        auto: false,
        pinned: false,
        archived: false,
        unread: false,
        cost: 0.0,
        changed: None,
        created: created.map_or(now, UnixMillis),
        updated: now,
    };
    StoredSession {
        summary,
        port: Some(found.port),
        new: Some(new),
    }
}

/// Returns the session's name. The password is stored first: a session without it could not be opened.
async fn save(
    records: &RecordStore,
    session: &StoredSession,
    naming: Naming,
    secrets: &Secrets,
) -> Result<String, Failure> {
    let key = &session.summary.key;
    let saved = records.secrets.save(key, secrets);
    saved.map_err(|error| unusable(&error))?;
    let error = match records.store.add_session(session, naming).await {
        Ok(name) => return Ok(name),
        Err(error) => error,
    };
    // A password without a session is useless; the first error is the one to report.
    let _kept = records.secrets.remove(key);
    Err(match error {
        StoreError::NameTaken { name } => name_taken(&name),
        error => unusable(&error),
    })
}

fn name_taken(name: &str) -> Failure {
    Failure::new(format!("a session named {name} already exists"))
        .hint("give another name with --name")
}

fn unusable(error: &StoreError) -> Failure {
    Failure::new("the adopted session cannot be stored")
        .detail(error.to_string())
        .hint("check that sandbar's state directory is writable; `sandbar config` names it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_names_from_metadata_are_used_only_if_they_are_safe() {
        assert!(is_key("key_0Az"));
        for key in ["", "../one", "key_a-d1", "a\nb", &"k".repeat(65)] {
            assert!(!is_key(key), "{key}");
        }
        assert_eq!(plain_name("my work-2"), "my work-2");
        assert_eq!(plain_name("--rm\u{1b}[31m\n"), "rm31m");
        assert_eq!(plain_name("\u{202e}"), "session");
    }
}
