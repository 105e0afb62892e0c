//! The sandbox of a request, and whether the request may use it.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use connectrpc::{ConnectError, RequestContext};

use crate::local::auth;
use crate::local::sandbox::registry::Registry;
use crate::local::sandbox::{LocalSandbox, SandboxRun};

/// The sandbox that a request is for.
#[derive(Clone)]
pub(in crate::local) struct SandboxContext {
    pub(in crate::local) sandbox: Arc<LocalSandbox>,
    pub(in crate::local) run: Arc<SandboxRun>,
    pub(in crate::local) registry: Arc<Registry>,
}

impl SandboxContext {
    pub(super) fn has_token(&self, headers: &HeaderMap) -> bool {
        has_token(&self.sandbox, headers)
    }
}

fn has_token(sandbox: &LocalSandbox, headers: &HeaderMap) -> bool {
    !sandbox.record().secure || names_token(sandbox, headers)
}

pub(super) fn names_token(sandbox: &LocalSandbox, headers: &HeaderMap) -> bool {
    let given = headers
        .get("x-access-token")
        .map_or(&b""[..], HeaderValue::as_bytes);
    auth::same(given, sandbox.record().envd_token.as_bytes())
}

/// Accepts no user name, or the one that the processes run as.
pub(super) fn known_name(name: &str, user: &str) -> Result<(), String> {
    // `user` is E2B's default account; old SDKs always send it.
    if name.is_empty() || name == "user" || name == user {
        return Ok(());
    }
    Err(format!(
        "invalid username: '{name}': local sandboxes run as '{user}'"
    ))
}

/// The sandbox of an RPC.
pub(super) fn context(cx: &RequestContext) -> Result<SandboxContext, ConnectError> {
    let found = cx.extensions().get::<SandboxContext>().cloned();
    found.ok_or_else(|| ConnectError::internal("the request has no sandbox"))
}
