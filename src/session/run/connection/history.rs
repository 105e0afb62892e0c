//! Undo and redo: the calls that take the conversation and its files back and forth.

use futures::future::FutureExt as _;

use super::state::{CallResult, Connection};
use crate::domain::id::MessageId;
use crate::domain::session::SessionEvent;

impl Connection {
    /// Undoes a prompt and all that follows it.
    pub(crate) fn undo(&self, prompt: MessageId) {
        let server = self.server.clone();
        let call = async move {
            match server.undo(&prompt).await {
                Ok(prompt) => CallResult::FilesChanged(SessionEvent::Undone(Box::new(prompt))),
                Err(failure) => CallResult::Failed(failure),
            }
        };
        self.calls.push(call.boxed());
    }

    /// Brings back what is undone.
    pub(crate) fn redo(&self) {
        let server = self.server.clone();
        let call = async move {
            match server.redo().await {
                Ok(()) => CallResult::FilesChanged(SessionEvent::Redone),
                Err(failure) => CallResult::Failed(failure),
            }
        };
        self.calls.push(call.boxed());
    }
}
