//! The work in a sandbox, read and changed by the scripts of [`crate::session::code`].

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::{SandboxScript, SessionSandbox};
use crate::domain::diff::update::UpdateResult;
use crate::domain::failure::Failure;
use crate::session::code;

/// The largest patch that is downloaded.
const PATCH_LIMIT: usize = 64 * 1024 * 1024;
/// How long a script may take.
const LIMIT: Duration = Duration::from_mins(2);
/// How long the one with the whole history may take.
const LONG: Duration = Duration::from_mins(10);

impl SessionSandbox {
    /// The work since the session began, as a patch, and what could not be read of it.
    pub(crate) async fn diff(&self, directory: &str) -> Result<(Vec<u8>, Vec<String>), Failure> {
        self.work(code::DIFF, &[directory]).await
    }

    /// The session's commits and its uncommitted work as a git bundle, as [`code::FETCH`] describes it.
    pub(crate) async fn bundle(
        &self,
        directory: &str,
        whole: bool,
    ) -> Result<(Vec<u8>, Vec<String>), Failure> {
        let history = if whole { "whole" } else { "" };
        self.work(code::FETCH, &[directory, history]).await
    }

    /// The root commits of the history that the session in a directory began with.
    pub(crate) async fn roots(&self, directory: &str) -> Result<Vec<String>, Failure> {
        let what = "the session's history could not be read";
        let limit = Duration::from_mins(1);
        let said = self.script(what, code::ROOTS, &[directory], limit).await?;
        Ok(said.lines().map(str::to_owned).collect())
    }

    /// Takes a part of the work back, or puts it in `again`.
    pub(crate) async fn discard(
        &self,
        directory: &str,
        patch: Bytes,
        again: bool,
    ) -> Result<(), Failure> {
        let (what, how) = if again {
            ("the changes could not be brought back", "again")
        } else {
            ("the changes could not be discarded", "")
        };
        let file = format!("{}/.sandbar/discard.patch", self.home().await?);
        self.write(&file, patch).await?;
        let arguments = [directory, how, &file];
        self.script(what, code::DISCARD, &arguments, LIMIT).await?;
        Ok(())
    }

    /// Takes what has changed in the work tree at `root` into the session in a directory.
    pub(crate) async fn update(
        &self,
        directory: &str,
        root: &Path,
    ) -> Result<UpdateResult, Failure> {
        let scratch = tempfile::tempdir().map_err(|error| {
            Failure::new("a temporary directory could not be created").detail(error.to_string())
        })?;
        let packed = code::pack(root, scratch.path()).await?;
        let bundle = format!("{}/.sandbar/update.bundle", self.home().await?);
        self.write(&bundle, packed.bytes).await?;
        let what = "the session could not be updated";
        let arguments = [directory, &bundle];
        let said = self.script(what, code::UPDATE, &arguments, LONG).await;
        let said = said.map_err(|failure| {
            // The script's own words say why.
            match failure.stderr.last() {
                Some(why) => Failure::new(what).detail(why.clone()),
                None => failure,
            }
        })?;
        Ok(UpdateResult {
            notes: packed.notes,
            ..UpdateResult::read(&said)
        })
    }

    /// Runs a script that prints the work; what could not be read of it is on its standard error.
    async fn work(
        &self,
        script: &str,
        arguments: &[&str],
    ) -> Result<(Vec<u8>, Vec<String>), Failure> {
        let script = SandboxScript {
            what: "the work could not be read",
            text: script,
            arguments,
            input: None,
        };
        let output = self.output(script, (LIMIT, PATCH_LIMIT)).await?;
        let said = String::from_utf8_lossy(&output.stderr);
        let notes = said
            .lines()
            .filter_map(|line| line.strip_prefix("sandbar: "));
        let notes = notes.map(str::to_owned).collect();
        Ok((output.stdout, notes))
    }
}
