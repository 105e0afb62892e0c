//! Asks for the password of a server that somebody else runs.
//!
//! It asks once after each refusal. A user who closes the question sees the failure, and its advice
//! names the key that asks again.

use super::OpenSession;
use crate::app::App;
use crate::app::cx::Cx;
use crate::app::overlay::Overlay;
use crate::app::overlay::secret_entry::{SecretEntry, SecretPurpose};
use crate::domain::id::SessionKey;
use crate::domain::secret::SecretText;
use crate::domain::session::{CredentialRef, SessionCommand, SessionOrigin};
use crate::domain::time::Monotonic;

impl App {
    /// Asks for the password that the session on the screen lacks, once the user types nothing
    /// else.
    pub(in crate::app) fn ask_password_if_due(&mut self, now: Monotonic) {
        if self.password_due().is_some_and(|due| due <= now) {
            self.ask_password();
        }
    }

    /// When the password is to be asked for.
    pub(in crate::app) fn password_due(&self) -> Option<Monotonic> {
        let session = self.session().filter(|_| self.overlays.is_empty())?;
        session.password_due.then(|| session.chat.rests_from())
    }

    /// Asks for the password that the session on the screen lacks; false: it lacks none.
    pub(in crate::app) fn ask_password(&mut self) -> bool {
        let Some(session) = self.open.session_mut() else {
            return false;
        };
        session.password_due = false;
        let lacks = session.lacks_password();
        if lacks {
            let purpose = SecretPurpose::ServerPassword(session.key.clone());
            let entry = SecretEntry::new(purpose);
            self.overlays.push(Overlay::Secret(entry));
        }
        lacks
    }

    /// Connects with what was typed, also the other conversations of the server; without a
    /// password, tries again.
    pub(in crate::app) fn use_password(
        &mut self,
        key: &SessionKey,
        password: &SecretText,
        cx: &mut Cx<'_>,
    ) {
        let credential = self.open.get(key).and_then(OpenSession::credential);
        let Some(credential) = credential.cloned() else {
            return;
        };
        let all = self.open.values();
        let lacking = all.filter(|session| {
            session.lacks_password() && session.credential() == Some(&credential)
        });
        for session in lacking {
            session.command(
                if password.is_empty() {
                    SessionCommand::Retry
                } else {
                    SessionCommand::UsePassword(credential.clone(), password.clone())
                },
                cx,
            );
        }
    }
}

impl OpenSession {
    fn credential(&self) -> Option<&CredentialRef> {
        match &self.origin {
            SessionOrigin::Attach { credential, .. } => Some(credential),
            SessionOrigin::New(_) | SessionOrigin::Stored => None,
        }
    }
}
