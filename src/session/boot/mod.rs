//! From a session spec to a server that answers, stage by stage.
//!
//! Each stage is announced with its elapsed time; each failure says what, why and what next. What is created on the way is
//! recorded at once, so that nothing is lost in a crash.
//!
//! In reading order: `cx` is what every stage works with, `sandbox` runs the stages, `code` brings in the user's code,
//! `install` installs OpenCode, `server` starts it; `provider_key_rules` keeps provider keys out of the sandbox. It does not
//! know what happens after the boot (`run`).

pub(super) mod code;
pub(super) mod cx;
pub(super) mod install;
pub(super) mod provider_key_rules;
pub(super) mod sandbox;
pub(super) mod server;

use cx::BootCx;

use super::context::wall;
use super::failures;
use super::server::OpencodeServer;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::OpencodeSessionId;
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo, Stage};
use crate::domain::session::{CredentialRef, SessionEvent, SessionOrigin};
use crate::opencode::client::USER;
use crate::opencode::error::OpencodeError;
use server::find_conversation;

/// Boots what the spec describes; on failure the phase says why.
pub(crate) async fn boot(cx: BootCx) -> Result<OpencodeServer, Phase> {
    match &cx.spec.origin {
        SessionOrigin::Attach {
            url,
            session,
            credential,
        } => {
            let (url, session, credential) = (url.clone(), session.clone(), credential.clone());
            attach(&cx, url, session, &credential)
                .await
                .map_err(Phase::Failed)
        }
        SessionOrigin::New(new) => {
            let place = match cx.recorder.stored_record().await {
                Some(place) => place,
                None => cx.recorder.plan(new.clone(), wall()).await,
            };
            Box::pin(sandbox::boot(&cx, place)).await
        }
        SessionOrigin::Stored => match cx.recorder.stored_record().await {
            Some(place) => Box::pin(sandbox::boot(&cx, place)).await,
            None => Err(Phase::Failed(
                Failure::new("this session is not stored")
                    .detail("it was deleted, or never stored")
                    .advise([Advice::NewSession]),
            )),
        },
    }
}

async fn attach(
    cx: &BootCx,
    url: String,
    session: Option<OpencodeSessionId>,
    credential: &CredentialRef,
) -> Result<OpencodeServer, Failure> {
    let password = cx.context.secret(credential);
    let has_password = password.is_some();
    let url_of_server = url.trim_end_matches('/').to_owned();
    let client = cx.context.opencode(url_of_server, password, Vec::new())?;
    let found = cx
        .stage(Stage::Subscribe, find_conversation(&client, session))
        .await;
    let found = found.map_err(|error| match (&error, credential) {
        (OpencodeError::Unauthorized { .. }, CredentialRef::Env(variable)) if !has_password => {
            failures::password_missing(variable)
        }
        (OpencodeError::Unauthorized { .. }, _) => {
            failures::password_refused(cx.context.user.as_deref().unwrap_or(USER))
        }
        _ => failures::opencode(&error),
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
    Ok(OpencodeServer::new(
        client,
        conversation,
        found.directory,
        None,
    ))
}
