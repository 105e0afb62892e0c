//! How a session ends, and what becomes of its sandbox then.

use super::Serving;
use crate::domain::failure::Failure;
use crate::domain::sandbox::Phase;
use crate::domain::session::Closing;
use crate::session::sandbox::closing;

impl Serving {
    /// The last act: the sandbox runs on, is paused, or is killed.
    pub(crate) async fn end(&mut self, closing: Closing) {
        let phase = match &self.server {
            Some(server) => server.close(&self.recorder, closing).await,
            None if closing == Closing::Detach => None,
            // The boot has not come to a server, but there may be a sandbox.
            None => self.close_without_server(closing).await,
        };
        if let Some(phase) = phase {
            self.recorder.closed(&phase).await;
            self.announce(phase).await;
        }
        self.recorder.flush().await;
        self.recorder.release();
    }

    async fn close_without_server(&self, closing: Closing) -> Option<Phase> {
        let closed = closing::close_recorded(&self.world, &self.recorder, closing).await;
        Some(closed.unwrap_or_else(|| match closing {
            Closing::Kill => Phase::Gone(Failure::new("the session never had a sandbox")),
            Closing::Pause | Closing::Detach => Phase::Dormant,
        }))
    }
}
