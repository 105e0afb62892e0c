//! The OpenCode server in a session's sandbox, for callers that only query it.
//!
//! In: a stored session. Out: the state of its sandbox, and a client if it runs. The control plane is asked before
//! anything is sent to the sandbox: traffic resumes a paused one if the account is set up so, and a connect call
//! always does.

use crate::domain::failure::Failure;
use crate::domain::id::OpencodeSessionId;
use crate::domain::sandbox::Phase;
use crate::e2b::host::TRAFFIC_TOKEN_HEADER;
use crate::e2b::wire::{SandboxDetail, SandboxState};
use crate::engine::Engine;
use crate::opencode::client::OpencodeClient;
use crate::session::context::SessionContext;
use crate::session::failures;
use crate::session::sandbox::access::EngineClient;
use crate::session::sandbox::listing::{gone, is_gone};
use crate::store::StoredSession;

/// The state of a session's sandbox and server.
#[derive(Debug)]
pub(in crate::session) enum ServerAccess {
    Runs(Box<OpencodeClient>, OpencodeSessionId),
    /// The sandbox is paused or gone.
    Over(Phase),
}

/// Asks the engine for the session's sandbox; never starts the engine.
pub(in crate::session) async fn find(
    context: &SessionContext,
    session: &StoredSession,
) -> Result<ServerAccess, Failure> {
    let Some(id) = &session.summary.sandbox.id else {
        return Err(no_server());
    };
    let Some(host) = EngineClient::find(context).await? else {
        return match &context.settings.engine {
            Some(spec) if Engine::is_stopped(spec) => Ok(ServerAccess::Over(Phase::Paused)),
            _ => Err(Failure::new("the local server does not answer").retryable()),
        };
    };
    match host.engine.control.get(id.as_str()).await {
        Ok(detail) if detail.listed.state == SandboxState::Paused => {
            Ok(ServerAccess::Over(Phase::Paused))
        }
        Ok(detail) => client(context, &host.engine, session, &detail),
        Err(error) if is_gone(&error) => Ok(ServerAccess::Over(gone(id))),
        Err(error) => Err(failures::e2b(&error)),
    }
}

fn client(
    context: &SessionContext,
    engine: &Engine,
    session: &StoredSession,
    detail: &SandboxDetail,
) -> Result<ServerAccess, Failure> {
    let summary = &session.summary;
    let (Some(port), Some(conversation)) = (session.port, &summary.opencode_session) else {
        return Err(no_server());
    };
    let secrets = context
        .records
        .as_ref()
        .and_then(|records| records.secrets.load(&summary.key).ok().flatten())
        .unwrap_or_default();
    let domain = detail.domain.as_deref().unwrap_or(&secrets.domain);
    let url = engine
        .addresses
        .base_url_of(&detail.listed.sandbox_id, Some(domain), port);
    let token = secrets.traffic_access_token;
    let headers = token.map(|token| (TRAFFIC_TOKEN_HEADER.to_owned(), token));
    let headers = headers.into_iter().collect();
    let client = context.opencode(url, secrets.opencode_password, headers)?;
    let client = match &summary.sandbox.directory {
        Some(directory) => client.in_directory(directory),
        None => client,
    };
    Ok(ServerAccess::Runs(Box::new(client), conversation.clone()))
}

fn no_server() -> Failure {
    Failure::new("no server was started in its sandbox yet")
}
