//! How a session ends, and what becomes of its sandbox then.

use super::SessionState;
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::CloseAction;
use crate::session::sandbox::closing;

impl SessionState {
    /// The last step: the sandbox keeps running, is paused, or is killed.
    pub(crate) async fn end(&mut self, closing: CloseAction) {
        let phase = match &self.server {
            Some(server) => server.close(&self.recorder, closing).await,
            None if closing == CloseAction::Detach => None,
            // The boot has not reached a server, but there may be a sandbox.
            None => self.close_without_server(closing).await,
        };
        if let Some(phase) = phase {
            self.recorder.closed(&phase).await;
            self.announce(phase).await;
        }
        self.recorder.flush().await;
        self.recorder.release();
    }

    async fn close_without_server(&self, closing: CloseAction) -> Option<Phase> {
        let closed = closing::close_recorded(&self.context, &self.recorder, closing).await;
        Some(closed.unwrap_or_else(|| match closing {
            CloseAction::Kill => Phase::Gone(Failure::new("the session never had a sandbox")),
            CloseAction::Pause | CloseAction::Detach => Phase::Dormant,
        }))
    }
}
