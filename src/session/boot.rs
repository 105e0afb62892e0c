//! From what a session is to be to a server that answers, one stage after the other.
//!
//! Each stage is announced with its elapsed time; each failure says what, why and what next. What is
//! made on the way is recorded at once, so that a crash leaves nothing that cannot be found again.

use std::future::Future;
use std::sync::Arc;

use super::boot_sandbox;
use super::events::Events;
use super::recorder::Recorder;
use super::server::Server;
use super::words;
use super::world::World;
use crate::domain::failure::Failure;
use crate::domain::id::{OpencodeSessionId, TemplateId};
use crate::domain::sandbox::{BootEvent, EngineKind, Phase, SandboxInfo, Stage};
use crate::domain::session::{CredentialRef, Origin, SessionEvent, SessionSpec};
use crate::net::url::without_userinfo;
use crate::opencode::client::{OpencodeClient, USER};
use crate::opencode::error::OpencodeError;
use crate::opencode::wire::session::{CreateSession, Session};
use crate::session::world::wall;

/// What a boot works with.
pub(crate) struct BootCx {
    pub(crate) world: Arc<World>,
    pub(crate) events: Events,
    pub(crate) recorder: Recorder,
    pub(crate) spec: SessionSpec,
    /// The user has seen how large the code is, and wants it sent.
    pub(crate) large_code: bool,
    /// Instead of the session's own.
    pub(crate) template: Option<TemplateId>,
    /// Without a conversation of its own it takes up the newest one that is there.
    pub(crate) joins: bool,
    /// A paused sandbox is resumed; else the boot ends with [`Phase::Paused`].
    pub(crate) resumes: bool,
}

impl BootCx {
    /// Announces a stage, does its work, and says how long it took.
    pub(super) async fn stage<T, E>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = tokio::time::Instant::now();
        self.events
            .send(SessionEvent::Phase(Phase::Booting(stage)))
            .await;
        let at = self.world.now();
        self.events
            .send(SessionEvent::Boot(BootEvent::Started { stage, at }))
            .await;
        let done = work.await?;
        let took = began.elapsed();
        self.events
            .send(SessionEvent::Boot(BootEvent::Finished { stage, took }))
            .await;
        Ok(done)
    }

    /// A line of progress from the tool that does the work.
    pub(super) async fn output(&self, stage: Stage, line: impl Into<String>) {
        let line = without_userinfo(&line.into());
        self.events
            .send(SessionEvent::Boot(BootEvent::Output { stage, line }))
            .await;
    }
}

/// Boots what the spec describes; the phase says why it could not.
pub(crate) async fn boot(cx: BootCx) -> Result<Server, Phase> {
    match &cx.spec.origin {
        Origin::Attach {
            url,
            session,
            credential,
        } => {
            let (url, session, credential) = (url.clone(), session.clone(), credential.clone());
            attach(&cx, url, session, &credential)
                .await
                .map_err(Phase::Failed)
        }
        Origin::New(new) => {
            let place = match cx.recorder.stored_place().await {
                Some(place) => place,
                None => cx.recorder.plan(new.clone(), wall()).await,
            };
            Box::pin(boot_sandbox::boot(&cx, place)).await
        }
        Origin::Stored => match cx.recorder.stored_place().await {
            Some(place) => Box::pin(boot_sandbox::boot(&cx, place)).await,
            None => Err(Phase::Failed(
                Failure::new("this session is not in the store")
                    .because("it was deleted, or never stored")
                    .hint("n starts a new session"),
            )),
        },
    }
}

async fn attach(
    cx: &BootCx,
    url: String,
    session: Option<OpencodeSessionId>,
    credential: &CredentialRef,
) -> Result<Server, Failure> {
    let password = cx.world.secret(credential);
    let has_password = password.is_some();
    let url_of_server = url.trim_end_matches('/').to_owned();
    let client = cx.world.opencode(url_of_server, password, Vec::new())?;
    let found = cx.stage(Stage::Subscribe, find(&client, session)).await;
    let found = found.map_err(|error| match (&error, credential) {
        (OpencodeError::Unauthorized { .. }, CredentialRef::Env(variable)) if !has_password => {
            words::password_missing(variable)
        }
        (OpencodeError::Unauthorized { .. }, _) => {
            words::password_refused(cx.world.user.as_deref().unwrap_or(USER))
        }
        _ => words::opencode(&error),
    })?;
    let info = SandboxInfo {
        engine: EngineKind::Attached,
        id: None,
        template: None,
        opencode_url: Some(url),
        opencode_version: None,
        ends_at: None,
        isolation: None,
        directory: Some(found.directory.clone()),
        demo: false,
    };
    cx.events.send(SessionEvent::Sandbox(info)).await;
    let conversation = OpencodeSessionId::from(found.id);
    Ok(Server::new(client, conversation, found.directory, None))
}

/// Finds the conversation to show: the given one, else the newest of the server's own directory,
/// else a new one. The health check comes with it: anything but OpenCode is told apart.
pub(super) async fn find(
    client: &OpencodeClient,
    session: Option<OpencodeSessionId>,
) -> Result<Session, OpencodeError> {
    if let Some(id) = session {
        return client.session(id.as_str()).await;
    }
    let sessions = client.sessions().await?;
    let newest = sessions
        .into_iter()
        .find(|session| session.parent_id.is_none());
    match newest {
        Some(session) => Ok(session),
        None => client.create_session(&CreateSession::default()).await,
    }
}
