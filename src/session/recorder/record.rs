//! The session record: its sandbox, the server in it, the conversation on the server.
//!
//! It grows while the session boots; each step is stored at once, so that a crash leaves nothing that cannot be
//! found again, and a repeated boot continues where it failed.

use crate::domain::id::OpencodeSessionId;
use crate::domain::sandbox::{EngineKind, SandboxInfo};
use crate::domain::session::NewSession;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionRecord {
    pub(crate) new: NewSession,
    pub(crate) sandbox: SandboxInfo,
    /// The port of OpenCode in the sandbox, once chosen.
    pub(crate) port: Option<u16>,
    pub(crate) conversation: Option<OpencodeSessionId>,
}

impl SessionRecord {
    /// Whether a boot only has to find what already exists.
    pub(crate) fn is_complete(&self) -> bool {
        let sandbox = &self.sandbox;
        self.conversation.is_some()
            && sandbox.id.is_some()
            && sandbox.directory.is_some()
            && sandbox.opencode_url.is_some()
    }

    /// A session that has nothing yet.
    pub(crate) fn planned(new: NewSession, engine: EngineKind) -> Self {
        let sandbox = SandboxInfo {
            engine,
            id: None,
            template: Some(new.template.clone()),
            opencode_url: None,
            opencode_version: None,
            ends_at: None,
            isolation: None,
            directory: None,
            demo: new.demo,
        };
        Self {
            new,
            sandbox,
            port: None,
            conversation: None,
        }
    }
}
