//! Replies to permissions and questions: the user's, and those that rules give.

use futures::future::FutureExt as _;

use super::state::{CallResult, Connection};
use crate::domain::chat::{ChatEvent, Permission, PermissionReply, QuestionReply, TurnStatus};
use crate::domain::failure::Failure;
use crate::domain::id::{PermissionId, QuestionId};
use crate::session::run::state::SessionState;

impl Connection {
    pub(crate) fn reply_permission(&self, id: PermissionId, reply: PermissionReply) {
        let replied = self.server.clone().reply_permission(id, reply);
        self.calls.push(replied.map(super::done).boxed());
    }

    pub(crate) fn reply_question(&self, id: QuestionId, reply: QuestionReply) {
        let replied = self.server.clone().reply_question(id, reply);
        self.calls.push(replied.map(super::done).boxed());
    }

    /// The rules have changed, or auto mode has.
    pub(crate) async fn answer_waiting(&mut self, serving: &mut SessionState) {
        for asked in serving.requests.waiting() {
            self.answered(serving, &asked).await;
        }
    }

    /// Answers what rules and auto mode decide; returns what is left of the event for the user.
    pub(super) async fn left_for_user(
        &mut self,
        serving: &mut SessionState,
        mut event: ChatEvent,
    ) -> Option<ChatEvent> {
        match &mut event {
            ChatEvent::PermissionAsked(asked) if self.answered(serving, asked).await => {
                return None;
            }
            ChatEvent::Resync(resync) => {
                if self.live.is_none() {
                    serving.requests.new_connection();
                }
                if let Some(listed) = &mut resync.permissions
                    && resync.status != TurnStatus::Idle
                {
                    let mut left = Vec::new();
                    for asked in std::mem::take(listed) {
                        if !self.answered(serving, &asked).await {
                            left.push(asked);
                        }
                    }
                    *listed = left;
                }
            }
            _ => {}
        }
        serving.requests.follow(&event);
        Some(event)
    }

    /// Whether the request is answered without the user.
    async fn answered(&mut self, serving: &mut SessionState, asked: &Permission) -> bool {
        if serving.requests.is_answered(&asked.id) {
            return true;
        }
        let Some(reply) = serving.automatic_reply(asked).await else {
            return false;
        };
        let replied = self
            .server
            .clone()
            .reply_permission(asked.id.clone(), reply);
        let asked = asked.clone();
        let call = replied.map(|replied| match replied {
            Ok(()) => CallResult::Done,
            Err(failure) => CallResult::Unanswered(Box::new(asked), failure),
        });
        self.calls.push(call.boxed());
        true
    }

    /// An automatic answer did not arrive: the user is asked.
    pub(super) async fn unanswered(
        serving: &mut SessionState,
        asked: Permission,
        failure: Failure,
    ) {
        // Another client was faster.
        if !serving.requests.is_answered(&asked.id) {
            return;
        }
        serving.requests.unanswered(&asked.id);
        let event = ChatEvent::PermissionAsked(asked);
        serving.requests.follow(&event);
        serving.command_failed(failure).await;
        serving.news(event).await;
    }
}
