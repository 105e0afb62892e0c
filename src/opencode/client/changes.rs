//! Calls for what was changed in the work tree, and by a turn.

use super::{ApiCall, OpencodeClient, OpencodeError};
use crate::opencode::wire::message::List;
use crate::opencode::wire::status::FileDiff;

impl OpencodeClient {
    /// The changed files of the work tree, new ones included: since the last commit, or since the branch left the
    /// default branch. Empty outside of a repository.
    pub async fn vcs_diff(&self, since_branch: bool) -> Result<Vec<FileDiff>, OpencodeError> {
        let mode = if since_branch { "branch" } else { "git" };
        self.file_diffs(&["vcs", "diff"], ("mode", mode)).await
    }

    /// The files that the turn of a prompt changed.
    pub async fn turn_diff(
        &self,
        session: &str,
        message: &str,
    ) -> Result<Vec<FileDiff>, OpencodeError> {
        let path = ["session", session, "diff"];
        self.file_diffs(&path, ("messageID", message)).await
    }

    async fn file_diffs(
        &self,
        path: &[&str],
        query: (&str, &str),
    ) -> Result<Vec<FileDiff>, OpencodeError> {
        let call = ApiCall {
            limit: self.limits.slow_call,
            query: &[query],
            ..self.get("get the changes", path)
        };
        let List(files) = self.fetch(&call).await?;
        Ok(files)
    }
}
