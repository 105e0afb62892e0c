//! The changes: since the session began, since the last commit, against the default branch, or of one turn.

use crate::domain::diff::apply::{Applied, ApplyRequest};
use crate::domain::diff::change_set::{ChangeSet, ChangesScope};
use crate::domain::failure::Failure;
use crate::session::code::repository::{apply, related};
use crate::session::code::work_tree;
use crate::session::failures;
use crate::session::server::OpencodeServer;

impl OpencodeServer {
    pub(crate) async fn changes(&self, scope: &ChangesScope) -> Result<ChangeSet, Failure> {
        let files = match scope {
            ChangesScope::Session => return self.work().await,
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
                "a server without a sandbox of ours has no work to apply",
            ));
        };
        let root = work_tree(&request.root).ok_or_else(|| {
            let root = request.root.display();
            Failure::new(format!("{root} is not a git work tree any more"))
        })?;
        let roots = sandbox.roots(&self.directory).await?;
        related::check(&root, "the session", None, &roots).await?;
        apply::apply(&root, &request.patch, request.step).await
    }
}
