//! The calls that post prompts, and that ask what became of them.

use std::time::Duration;

use futures::FutureExt as _;

use super::state::{CallResult, Connection};
use crate::domain::session::Prompt;
use crate::session::context::timing::Timing;
use crate::session::run::prompt_delivery::{DeliveryCall, DeliveryEvent, PostResult};
use crate::session::run::state::SessionState;
use crate::session::server::OpencodeServer;

/// An error without a turn is not followed by idle, so it has a longer wait of its own.
const WITHOUT_IDLE: u32 = 5;

impl Connection {
    /// Starts the calls that are due.
    pub(super) fn begin_calls(&mut self, serving: &mut SessionState) {
        for due in serving.take_calls() {
            let wait = wait(&due, &serving.context.timing);
            let begun = call(self.server.clone(), due, wait);
            self.calls.push(begun.map(CallResult::Delivery).boxed());
        }
    }

    /// The connection is over: prompts on their way go back to the queue.
    pub(super) async fn lost(&mut self, serving: &mut SessionState) {
        while let Ok(event) = self.news.try_recv() {
            serving.news(event).await;
        }
        self.leave_unanswered(serving).await;
        serving.deliver(DeliveryEvent::Disconnected).await;
        // Nobody starts them any more.
        serving.take_calls();
    }
}

/// How long to wait before a call.
fn wait(call: &DeliveryCall, timing: &Timing) -> Duration {
    match call {
        DeliveryCall::Post(_) => Duration::ZERO,
        DeliveryCall::Check { .. } => timing.turn_begins,
        DeliveryCall::Settle { is_idle: true } => timing.settles,
        DeliveryCall::Settle { is_idle: false } => WITHOUT_IDLE * timing.settles,
    }
}

async fn call(server: OpencodeServer, call: DeliveryCall, wait: Duration) -> DeliveryEvent {
    match call {
        DeliveryCall::Post(prompt) => {
            let result = post(&server, &prompt).await;
            DeliveryEvent::PostEnded(prompt.message, result)
        }
        DeliveryCall::Check { prompt, checks } => {
            tokio::time::sleep(wait).await;
            let turn = server.turn_of(&prompt).await;
            DeliveryEvent::Checked {
                prompt,
                checks,
                turn,
            }
        }
        DeliveryCall::Settle { .. } => {
            tokio::time::sleep(wait).await;
            DeliveryEvent::Settled
        }
    }
}

async fn post(server: &OpencodeServer, prompt: &Prompt) -> PostResult {
    match server.prompt(prompt).await {
        Ok(()) => PostResult::Accepted,
        Err((failure, true)) => PostResult::Refused(failure),
        Err((failure, false)) => {
            tracing::info!(?failure, "it is not known whether a prompt arrived");
            PostResult::Unreachable
        }
    }
}
