//! The server of an adopted sandbox, whether it already runs there or is started.

use secrecy::SecretString;

use crate::domain::chat::Conversation;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::EngineKind;
use crate::domain::time::UnixMillis;
use crate::session::sandbox::SessionSandbox;

/// The password stays out of arguments and logs: the script prints it to stdout.
pub(super) const PASSWORD: &str = "printf %s \"$OPENCODE_SERVER_PASSWORD\"";

/// What the sandbox reports of its server.
pub(super) struct DiscoveredServer {
    pub(super) password: SecretString,
    pub(super) directory: String,
    pub(super) port: u16,
    pub(super) url: String,
    pub(super) conversation: Conversation,
    pub(super) demo: bool,
    pub(super) ends_at: Option<UnixMillis>,
}

/// When the sandbox times out; `None`: never, or unknown.
pub(super) async fn ends_at(sandbox: &SessionSandbox) -> Option<UnixMillis> {
    if sandbox.engine.kind != EngineKind::E2b {
        return None;
    }
    sandbox.ends_at().await.ok()
}

/// Says why a sandbox cannot be adopted, and what to do next.
pub(super) fn cannot(
    id: &SandboxId,
    why: impl Into<String>,
    next: impl IntoIterator<Item = Advice>,
) -> Failure {
    let failure = Failure::new(format!("sandbox {id} cannot be adopted"));
    failure.detail(why).advise(next)
}
