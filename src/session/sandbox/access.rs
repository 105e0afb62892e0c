//! Access to a sandbox for short commands: for one question, without a session's task.
//!
//! In: a [`SessionContext`], whose settings name the engine, and the stored sandbox. Out: the answer, or a
//! [`Failure`] with the same text as in the terminal. Nothing is stored here.

use std::path::Path;

use super::SessionSandbox;
use super::lifecycle::is_engine_of;
use super::listing::{gone, is_gone};
use crate::domain::diff::update::UpdateResult;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::{Phase, SandboxInfo};
use crate::e2b::list::ListFilter;
use crate::e2b::wire::ListedSandbox;
use crate::engine::Engine;
use crate::session::context::SessionContext;
use crate::session::failures;

/// Maximum number of sandboxes listed.
const MOST: usize = 1000;

/// An engine that is available. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EngineClient {
    pub(in crate::session) engine: Engine,
}

impl EngineClient {
    /// The engine of the settings; `None`: it is the local one, and it is not running. Never starts it.
    pub async fn find(context: &SessionContext) -> Result<Option<Self>, Failure> {
        let Some(spec) = &context.settings.engine else {
            return Ok(None);
        };
        let http = context.http().map_err(|error| failures::http(&error))?;
        let found = Engine::find(spec, &http).await;
        let found = found.map_err(|error| failures::engine(&error))?;
        Ok(found.map(|engine| Self { engine }))
    }

    /// The engine of the settings; the local one is started if it is not running.
    pub async fn find_or_start(context: &SessionContext) -> Result<Self, Failure> {
        let engine = context.engine().await;
        let engine = engine.map_err(|error| failures::engine(&error))?;
        Ok(Self { engine })
    }

    /// Whether sandboxes can be made from a template of this name.
    pub async fn has_template(&self, name: &str) -> Result<bool, Failure> {
        let found = self.engine.control.has_template(name).await;
        found.map_err(|error| failures::e2b(&error))
    }

    /// All sandboxes of the account, whoever created them, newest first.
    pub async fn sandboxes(&self) -> Result<Vec<ListedSandbox>, Failure> {
        let filter = ListFilter::default();
        let listed = self.engine.control.list_all(&filter, MOST).await;
        listed.map_err(|error| failures::e2b(&error))
    }

    /// Kills a sandbox, running or paused. The phase is [`Phase::Gone`] with the cause; false: it was gone already.
    pub async fn kill(&self, id: &SandboxId) -> Result<(Phase, bool), Failure> {
        match self.engine.control.kill(id.as_str()).await {
            Ok(true) => Ok((Phase::Gone(failures::killed(id.as_str())), true)),
            Ok(false) => Ok((gone(id), false)),
            Err(error) => Err(failures::e2b(&error)),
        }
    }

    /// A sandbox as the engine lists it; `None`: there is none with this id.
    pub async fn sandbox(&self, id: &SandboxId) -> Result<Option<ListedSandbox>, Failure> {
        match self.engine.control.get(id.as_str()).await {
            Ok(detail) => Ok(Some(detail.listed)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(failures::e2b(&error)),
        }
    }
}

/// A sandbox that keeps running during the access. [`SandboxAccess::leave`] must be called.
#[derive(Debug)]
pub struct SandboxAccess {
    sandbox: SessionSandbox,
    directory: String,
    /// It was paused before, and will be paused again.
    pub resumed: bool,
}

impl SandboxAccess {
    /// Connects to the sandbox; a paused one is resumed, and the local engine is started for it. `None`: it is gone.
    pub async fn enter(
        context: &SessionContext,
        info: &SandboxInfo,
    ) -> Result<Option<Self>, Failure> {
        let (Some(id), Some(directory)) = (&info.id, &info.directory) else {
            return Err(Failure::new("there is no code in this session yet")
                .detail("its sandbox was never ready")
                .advise([Advice::OpenSession]));
        };
        let engine = context.engine().await;
        let engine = engine.map_err(|error| failures::engine(&error))?;
        is_engine_of(info, &engine)?;
        let joined = SessionSandbox::join(context, engine, id.as_str()).await?;
        Ok(joined.map(|(sandbox, resumed)| Self {
            sandbox,
            directory: directory.clone(),
            resumed,
        }))
    }

    /// The work done since the session began, as a binary-safe patch, empty if there is none; and what could not be
    /// read of it.
    pub async fn patch(&self) -> Result<(Vec<u8>, Vec<String>), Failure> {
        self.sandbox.diff(&self.directory).await
    }

    /// The session's commits and its uncommitted work as a git bundle, and what could not be read of it. `whole`: with
    /// the history before the session too.
    pub(crate) async fn bundle(&self, whole: bool) -> Result<(Vec<u8>, Vec<String>), Failure> {
        self.sandbox.bundle(&self.directory, whole).await
    }

    /// Takes what has changed in the work tree at `root` into the session.
    pub(crate) async fn update(&self, root: &Path) -> Result<UpdateResult, Failure> {
        self.sandbox.update(&self.directory, root).await
    }

    /// The root commits of the history that the session began with.
    pub async fn roots(&self) -> Result<Vec<String>, Failure> {
        self.sandbox.roots(&self.directory).await
    }

    /// Leaves the sandbox as it was found; returns its listing if it ran only for this access.
    pub async fn leave(self) -> Result<Option<ListedSandbox>, Failure> {
        if !self.resumed {
            return Ok(None);
        }
        self.sandbox.pause_again().await
    }
}
