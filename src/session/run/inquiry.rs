//! Asks the control plane about a sandbox whose server is unreachable.
//!
//! On a slow network its answer takes seconds. Questions run beside the connection attempts, and the first answer
//! that ends those attempts counts. Knows neither a control plane nor a connection.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::FuturesUnordered;
use tokio::time::timeout;

use crate::domain::sandbox::Phase;
use crate::session::sandbox::SandboxVerdict;

/// Concurrent questions: one sent while the network was down may never be answered.
const QUESTIONS: usize = 4;

/// The questions in flight.
#[derive(Default)]
pub(in crate::session) struct SandboxInquiry {
    questions: FuturesUnordered<BoxFuture<'static, SandboxVerdict>>,
    /// An answer that ends the attempts.
    over: Option<Phase>,
}

impl SandboxInquiry {
    /// Asks once more; the question is abandoned after `limit`.
    pub(in crate::session) fn ask(
        &mut self,
        verdict: impl Future<Output = SandboxVerdict> + Send + 'static,
        limit: Duration,
    ) {
        if self.questions.len() < QUESTIONS {
            let verdict = timeout(limit, verdict);
            let verdict = verdict.map(|verdict| verdict.unwrap_or(SandboxVerdict::Unknown));
            self.questions.push(verdict.boxed());
        }
    }

    /// Waits for any answer, or until no question is in flight. Cancel-safe.
    pub(in crate::session) async fn answered(&mut self) {
        if let Some(SandboxVerdict::Over(phase)) = self.questions.next().await {
            self.over = Some(phase);
        }
    }

    /// Waits for an answer that ends the attempts; forever if none comes. Cancel-safe.
    pub(in crate::session) async fn ended(&mut self) {
        while self.over.is_none() {
            if self.questions.is_empty() {
                std::future::pending::<()>().await;
            }
            self.answered().await;
        }
    }

    /// Like [`Self::ended`], and takes the answer.
    pub(in crate::session) async fn over(&mut self) -> Phase {
        loop {
            self.ended().await;
            if let Some(phase) = self.take_over() {
                return phase;
            }
        }
    }

    /// Takes the answer that ends the attempts.
    pub(in crate::session) fn take_over(&mut self) -> Option<Phase> {
        let over = self.over.take()?;
        self.forget();
        Some(over)
    }

    /// The server is reachable again: the questions no longer matter.
    pub(in crate::session) fn forget(&mut self) {
        self.over = None;
        self.questions.clear();
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use tokio::time::{Instant, sleep};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    async fn after(delay: u64, verdict: SandboxVerdict) -> SandboxVerdict {
        sleep(Duration::from_secs(delay)).await;
        verdict
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_slower_than_an_attempt_still_ends_the_attempts() {
        let mut inquiry = SandboxInquiry::default();
        let began = Instant::now();
        inquiry.ask(after(3, SandboxVerdict::Over(Phase::Paused)), LIMIT);

        let soon = timeout(Duration::from_secs(1), inquiry.answered()).await;
        assert!(soon.is_err() && inquiry.take_over().is_none());
        // Another attempt, whose question is never answered.
        inquiry.ask(std::future::pending(), LIMIT);
        inquiry.ended().await;

        assert_eq!(began.elapsed(), Duration::from_secs(3));
        assert_eq!(inquiry.take_over(), Some(Phase::Paused));
        assert_eq!(inquiry.take_over(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn questions_without_an_answer_make_room_for_others() {
        let mut inquiry = SandboxInquiry::default();
        let began = Instant::now();
        for _ in 0..2 * QUESTIONS {
            inquiry.ask(std::future::pending(), LIMIT);
        }
        for _ in 0..QUESTIONS {
            inquiry.answered().await;
        }
        assert_eq!((began.elapsed(), inquiry.take_over()), (LIMIT, None));

        inquiry.ask(after(1, SandboxVerdict::Runs), LIMIT);
        inquiry.ask(after(2, SandboxVerdict::Over(Phase::Paused)), LIMIT);
        inquiry.ended().await;
        assert_eq!(inquiry.take_over(), Some(Phase::Paused));
    }

    #[tokio::test(start_paused = true)]
    async fn questions_from_before_the_server_came_back_do_not_count() {
        let mut inquiry = SandboxInquiry::default();
        inquiry.ask(after(2, SandboxVerdict::Over(Phase::Paused)), LIMIT);

        inquiry.forget();

        assert!(timeout(LIMIT, inquiry.ended()).await.is_err());
    }
}
