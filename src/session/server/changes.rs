//! The changes: since the session began, since the last commit, against the default branch, or of one turn.

use std::path::Path;

use bytes::Bytes;

use crate::domain::diff::apply::{Applied, ApplyRequest, DiscardRequest, changed_since};
use crate::domain::diff::change_set::{ChangeSet, ChangesScope};
use crate::domain::diff::update::UpdateResult;
use crate::domain::failure::Failure;
use crate::domain::server::ServerAnswer;
use crate::session::code::repository::apply;
use crate::session::failures;
use crate::session::server::OpencodeServer;

impl OpencodeServer {
    pub(crate) async fn changes(&self, scope: &ChangesScope) -> Result<ChangeSet, Failure> {
        let files = match scope {
            // The snapshot is the supervisor's business.
            ChangesScope::Session | ChangesScope::Snapshot => return self.work().await,
            ChangesScope::Uncommitted => self.client.vcs_diff(false).await,
            ChangesScope::Branch => self.client.vcs_diff(true).await,
            ChangesScope::Turn(prompt) => {
                let conversation = self.conversation.as_str();
                self.client.turn_diff(conversation, prompt.as_str()).await
            }
        };
        let files = files.map_err(|error| failures::opencode(&error))?;
        let files = files.into_iter().map(|file| (file.file, file.patch));
        Ok(ChangeSet::read_each(files))
    }

    /// The work since the session began, as `sandbar diff` prints it.
    async fn work(&self) -> Result<ChangeSet, Failure> {
        let Some(sandbox) = &self.sandbox else {
            return Err(Failure::new(
                "changes since the session began can be shown only for sandboxes that sandbar created",
            )
            .hint("compare with the last commit or the default branch instead"));
        };
        let (patch, problems) = sandbox.diff(&self.directory).await?;
        Ok(ChangeSet {
            problems,
            ..ChangeSet::of_patch(&patch)
        })
    }

    /// Applies a part of the work to a work tree of the user's, which must have to do with the session.
    pub(crate) async fn apply(&self, request: &ApplyRequest) -> Result<Applied, Failure> {
        let Some(sandbox) = &self.sandbox else {
            return Err(Failure::new(
                "changes can be applied only from sandboxes that sandbar created",
            ));
        };
        let roots = sandbox.roots(&self.directory).await?;
        apply::apply_related(request, &roots).await
    }

    /// Takes a part of the work back, and answers what came of it.
    pub(crate) async fn discarded(&self, request: DiscardRequest) -> ServerAnswer {
        let discarded = self.discard(&request).await;
        ServerAnswer::Discarded(request, discarded)
    }

    /// Does nothing if one of the files has changed since it was shown.
    async fn discard(&self, request: &DiscardRequest) -> Result<(), Failure> {
        let Some(sandbox) = &self.sandbox else {
            return Err(Failure::new(
                "changes can be discarded only in sandboxes that sandbar created",
            ));
        };
        if !request.again {
            let (now, _) = sandbox.diff(&self.directory).await?;
            let changed = changed_since(&request.seen, &now);
            if !changed.is_empty() {
                return Err(Failure::new(
                    "nothing was discarded, because these files have changed since you saw them",
                )
                .detail(changed.join(", ")));
            }
        }
        let patch = Bytes::copy_from_slice(&request.patch);
        sandbox.discard(&self.directory, patch, request.again).await
    }

    /// Takes what has changed in a work tree of the user's into the session, which must have to do with it.
    pub(crate) async fn update(&self, root: &Path) -> Result<UpdateResult, Failure> {
        let Some(sandbox) = &self.sandbox else {
            return Err(Failure::new(
                "only sessions in sandboxes that sandbar created can be updated",
            ));
        };
        let roots = sandbox.roots(&self.directory).await?;
        apply::check_related(root, &roots).await?;
        sandbox.update(&self.directory, root).await
    }
}
