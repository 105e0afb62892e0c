//! Reads the work of a session: from its sandbox, which is resumed for that if it is paused, or from the last snapshot.
//!
//! Out: a patch, or commits in the user's repository. A repository that is unrelated to the session is refused before
//! anything is fetched.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::lookup::SessionLookup;
use crate::cli::ls::age;
use crate::cli::report::{self, CommandError};
use crate::config::{Config, Env};
use crate::domain::diff::update::UpdateResult;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::sandbox::Phase;
use crate::domain::session::{CodeSource, SessionSummary};
use crate::domain::time::UnixMillis;
use crate::session::code::repository::fetch::unbundle;
use crate::session::code::repository::related;
use crate::session::context::{SessionContext, wall};
use crate::session::sandbox::access::SandboxAccess;
use crate::session::snapshot::patch;

/// The user's repository that the work is for.
#[derive(Clone, Copy)]
pub(super) struct Destination<'a> {
    pub(super) root: &'a Path,
    /// The command, for what to do if the repository is unrelated.
    pub(super) command: &'a str,
    /// Take an unrelated repository too.
    pub(super) force: bool,
}

/// A session whose work is read.
pub(super) struct WorkReader<'a> {
    pub(super) config: &'a Config,
    pub(super) env: &'a Env,
    pub(super) name: &'a str,
    /// `None`: the patch is only printed.
    pub(super) destination: Option<Destination<'a>>,
}

impl<'a> WorkReader<'a> {
    /// Reads the work for a repository of the user's.
    pub(super) fn to(
        destination: Destination<'a>,
        config: &'a Config,
        env: &'a Env,
        name: &'a str,
    ) -> Self {
        Self {
            config,
            env,
            name,
            destination: Some(destination),
        }
    }
}

/// A way to read the work, after the destination was checked.
#[derive(Clone, Copy)]
enum Form {
    Patch,
    Commits,
    /// The other way: what has changed at the destination goes into the sandbox.
    Update,
}

/// The work in the asked form.
enum SessionWork {
    /// Empty if nothing was changed.
    Patch(Vec<u8>),
    /// The commit that [`unbundle`] has brought.
    Commits(String),
    Updated(UpdateResult),
}

impl WorkReader<'_> {
    /// The work as a patch; empty if nothing was changed.
    pub(super) async fn patch(&self) -> Result<Vec<u8>, CommandError> {
        match Box::pin(self.read(Form::Patch)).await? {
            SessionWork::Patch(patch) => Ok(patch),
            SessionWork::Commits(_) | SessionWork::Updated(_) => Ok(Vec::new()),
        }
    }

    /// Brings the work into the destination's objects, as a commit.
    pub(super) async fn commits(&self) -> Result<String, CommandError> {
        match Box::pin(self.read(Form::Commits)).await? {
            SessionWork::Commits(commit) => Ok(commit),
            SessionWork::Patch(_) | SessionWork::Updated(_) => Ok(String::new()),
        }
    }

    /// Takes what has changed at the destination into the session.
    pub(super) async fn update(&self) -> Result<UpdateResult, CommandError> {
        match Box::pin(self.read(Form::Update)).await? {
            SessionWork::Updated(updated) => Ok(updated),
            SessionWork::Patch(_) | SessionWork::Commits(_) => Ok(UpdateResult::default()),
        }
    }

    async fn read(&self, form: Form) -> Result<SessionWork, CommandError> {
        let lookup = SessionLookup::open(self.config, self.env).await?;
        let session = lookup.session(self.name)?;
        let stored = lookup.store().session(&session.key).await;
        let new = stored.ok().flatten().and_then(|stored| stored.new);
        let code = new.map(|new| new.code);
        let context = lookup.context(session.sandbox.engine).await?;
        if !matches!(session.phase, Phase::Gone(_))
            && let Some(access) = SandboxAccess::enter(&context, &session.sandbox).await?
        {
            return self
                .in_sandbox(access, (&lookup, session), code.as_ref(), form)
                .await;
        }
        self.in_snapshot(&context, session, code.as_ref(), form)
            .await
    }

    /// The work of a session whose sandbox is gone, from its last snapshot.
    async fn in_snapshot(
        &self,
        context: &SessionContext,
        session: &SessionSummary,
        code: Option<&CodeSource>,
        form: Form,
    ) -> Result<SessionWork, CommandError> {
        let tell = |at: UnixMillis| {
            let age = age(wall().since(at));
            report::progress(format!(
                "the sandbox is gone; this is its last snapshot, taken {age}"
            ));
        };
        match form {
            Form::Update => {
                let failure = Failure::new("the sandbox is gone: it cannot be updated");
                Err(failure.advise([Advice::Revive]).into())
            }
            Form::Patch => {
                let kept = patch::patch(context, &session.key).await?;
                tell(kept.at);
                self.check(code, &kept.roots).await?;
                Ok(SessionWork::Patch(kept.patch))
            }
            Form::Commits => {
                let kept = patch::bundle(context, &session.key).await?;
                tell(kept.at);
                self.check(code, &kept.roots).await?;
                let commit = self.unbundle(&kept.bundle).await?.ok_or_else(lacking)?;
                Ok(SessionWork::Commits(commit))
            }
        }
    }

    /// A paused sandbox is resumed for this and paused again, even if the user interrupts.
    async fn in_sandbox(
        &self,
        access: SandboxAccess,
        (lookup, session): (&SessionLookup<'_>, &SessionSummary),
        code: Option<&CodeSource>,
        form: Form,
    ) -> Result<SessionWork, CommandError> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        if access.resumed {
            report::progress("the sandbox is paused; resuming it for this, then pausing it again");
        }
        let read = async {
            self.check(code, &access.roots().await?).await?;
            match form {
                Form::Patch => {
                    let (patch, notes) = access.patch().await?;
                    notes.iter().for_each(report::progress);
                    Ok(SessionWork::Patch(patch))
                }
                Form::Commits => self
                    .commits_in_sandbox(&access)
                    .await
                    .map(SessionWork::Commits),
                Form::Update => {
                    let root = self.destination.map_or(Path::new("."), |one| one.root);
                    access.update(root).await.map(SessionWork::Updated)
                }
            }
        };
        let read = tokio::select! {
            read = read => read.map_err(|failure: Failure| CommandError::from(failure)),
            _ = interrupt.recv() => Err(CommandError::Interrupted),
        };
        match access.leave().await {
            Ok(Some(seen)) => lookup.ran(&[session], &seen).await,
            Ok(None) => {}
            // The work is here; that the sandbox keeps running deserves a note, not a failure.
            Err(failure) => {
                report::progress(format!(
                    "the sandbox could not be paused again and is still running: {}",
                    failure.line()
                ));
            }
        }
        read
    }

    /// First without the history that the destination probably has.
    async fn commits_in_sandbox(&self, access: &SandboxAccess) -> Result<String, Failure> {
        let mut fetched = None;
        for whole in [false, true] {
            let (bundle, notes) = access.bundle(whole).await?;
            fetched = self.unbundle(&bundle).await?;
            if fetched.is_some() || whole {
                notes.iter().for_each(report::progress);
                break;
            }
        }
        fetched.ok_or_else(lacking)
    }

    async fn unbundle(&self, bundle: &[u8]) -> Result<Option<String>, Failure> {
        match &self.destination {
            Some(destination) => unbundle(destination.root, bundle).await,
            None => Ok(None),
        }
    }

    async fn check(&self, code: Option<&CodeSource>, roots: &[String]) -> Result<(), Failure> {
        let Some(destination) = self.destination.filter(|one| !one.force) else {
            return Ok(());
        };
        let (name, command) = (self.name, destination.command);
        let related =
            related::check(destination.root, &format!("session {name}"), code, roots).await;
        let hint = format!(
            "change to its work tree, or use this one with `sandbar {command} --force {name}`"
        );
        related.map_err(|failure| failure.hint(hint))
    }
}

/// Bundles of a whole history need nothing, but that of a shallow clone is not whole.
fn lacking() -> Failure {
    Failure::new("the session builds on commits that are not in this repository")
        .hint("run `git fetch` first, or use `sandbar apply`, which needs no history")
}
