//! What decides about permissions without the user: the session's auto mode, and the project whose rules count.

use super::{Recorder, logged};
use crate::domain::failure::Failure;
use crate::domain::session::CodeSource;

impl Recorder {
    /// Whether auto mode is on, whichever process switched it. Off if that cannot be read.
    pub(crate) async fn auto_mode(&self) -> bool {
        match &self.records {
            Some(records) => {
                logged("auto mode", records.store.auto_mode(&self.key).await).unwrap_or(false)
            }
            None => self.memory().auto_mode,
        }
    }

    /// # Errors
    /// Nothing is switched then.
    pub(crate) async fn set_auto_mode(&self, on: bool) -> Result<(), Failure> {
        let Some(records) = &self.records else {
            self.memory().auto_mode = on;
            return Ok(());
        };
        let set = records.store.set_auto_mode(&self.key, on).await;
        set.map_err(|error| {
            Failure::new("auto mode could not be switched").detail(error.to_string())
        })
    }

    /// The project as rules name it: the URL that was cloned, the server that was attached to, or else the directory.
    pub(crate) async fn rules_project(&self) -> Option<String> {
        let Some(records) = &self.records else {
            return self.attached.clone();
        };
        let stored = logged("session", records.store.session(&self.key).await)??;
        if let Some(CodeSource::Clone(url)) = stored.new.map(|new| new.code) {
            return Some(url);
        }
        // A path that is no text cannot be written into the file of rules.
        let project = stored.summary.project?;
        project.to_str().map(str::to_owned)
    }
}
