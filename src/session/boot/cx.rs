//! What every boot stage works with: the session, and the listener for its progress.

use std::future::Future;
use std::sync::Arc;

use crate::domain::failure::Failure;
use crate::domain::id::TemplateId;
use crate::domain::sandbox::{BootEvent, Phase, Stage};
use crate::domain::session::{SessionEvent, SessionSpec};
use crate::net::url::without_userinfo;
use crate::session::context::SessionContext;
use crate::session::events::EventSender;
use crate::session::recorder::Recorder;
use crate::session::recorder::record::SessionRecord;

/// What a boot works with.
pub(crate) struct BootCx {
    pub(crate) context: Arc<SessionContext>,
    pub(crate) events: EventSender,
    pub(crate) recorder: Recorder,
    pub(crate) spec: SessionSpec,
    /// The user has confirmed the size of the code.
    pub(crate) large_code: bool,
    /// Replaces the session's own template.
    pub(crate) template: Option<TemplateId>,
    /// A session without a conversation of its own takes the newest existing one.
    pub(crate) joins: bool,
    /// A paused sandbox is resumed; otherwise the boot ends with [`Phase::Paused`].
    pub(crate) resumes: bool,
}

impl BootCx {
    /// Announces a stage, runs it and reports how long it took.
    pub(in crate::session) async fn stage<T, E>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let began = tokio::time::Instant::now();
        self.events
            .send(SessionEvent::Phase(Phase::Booting(stage)))
            .await;
        let at = self.context.now();
        self.events
            .send(SessionEvent::Boot(BootEvent::Started { stage, at }))
            .await;
        let done = work.await?;
        let took = began.elapsed();
        self.events
            .send(SessionEvent::Boot(BootEvent::Finished { stage, took }))
            .await;
        Ok(done)
    }

    /// Reports a line of output from the tool at work.
    pub(in crate::session) async fn output(&self, stage: Stage, line: impl Into<String>) {
        let line = without_userinfo(&line.into());
        self.events
            .send(SessionEvent::Boot(BootEvent::Output { stage, line }))
            .await;
    }
}

/// Stores the session record and shows what is known of the sandbox.
pub(in crate::session) async fn settle(cx: &BootCx, place: &SessionRecord) {
    cx.recorder.place(place).await;
    cx.events
        .send(SessionEvent::Sandbox(place.sandbox.clone()))
        .await;
}

impl From<Failure> for Phase {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
