//! A login on its way: what is known of it, and what it waits for.

use crate::app::overlay::secret_entry::SecretField;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::server::login::{LoginAnswers, LoginMethod, LoginQuestion, LoginStep};

/// A way to log in that was chosen, with the answers so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct LoginRequest {
    pub(in crate::app) provider: String,
    /// The provider's name, for the screen.
    pub(in crate::app) name: String,
    pub(in crate::app) method: LoginMethod,
    pub(in crate::app) answers: LoginAnswers,
    /// The index of the question that is asked next, if the answers call for it.
    at: usize,
}

impl LoginRequest {
    pub(in crate::app) fn new(provider: &str, name: &str, method: LoginMethod) -> Self {
        Self {
            provider: provider.to_owned(),
            name: name.to_owned(),
            method,
            answers: LoginAnswers::new(),
            at: 0,
        }
    }

    /// The question to ask now; `None`: all is known.
    pub(in crate::app) fn question(&self) -> Option<&LoginQuestion> {
        let (_, question) = self.method.next_question(self.at, &self.answers)?;
        Some(question)
    }

    /// Answers that question; an empty answer is none.
    pub(in crate::app) fn answered(mut self, answer: &str) -> Self {
        let next = self.method.next_question(self.at, &self.answers);
        let Some((at, key)) = next.map(|(at, question)| (at, question.key.clone())) else {
            return self;
        };
        if !answer.is_empty() {
            self.answers.push((key, answer.to_owned()));
        }
        self.at = at + 1;
        self
    }
}

/// What a login in the browser waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum LoginState {
    /// The server is asked for the address.
    Begins,
    /// The user logs in there; then the server learns of it by itself, or needs the code that the page shows.
    Opened(LoginStep),
    /// The server tries the code.
    Checks(LoginStep),
    Failed(Failure),
}

/// A login in the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct LoginOverlay {
    pub(super) session: SessionKey,
    pub(super) request: LoginRequest,
    pub(super) state: LoginState,
    pub(super) code: SecretField,
}

impl LoginOverlay {
    pub(super) fn new(session: SessionKey, request: LoginRequest) -> Self {
        Self {
            session,
            request,
            state: LoginState::Begins,
            code: SecretField::without_blanks(),
        }
    }

    /// Where a code is typed, if one is wanted now.
    pub(in crate::app) fn code_field(&mut self) -> Option<&mut SecretField> {
        match &self.state {
            LoginState::Opened(step) if step.wants_code => Some(&mut self.code),
            _ => None,
        }
    }

    /// Whether a code was typed that is not sent.
    pub(in crate::app) fn has_code(&self) -> bool {
        matches!(self.state, LoginState::Opened(_)) && !self.code.is_empty()
    }

    /// The address to open, while there is one that may be.
    pub(in crate::app) fn url(&self) -> Option<&str> {
        match &self.state {
            LoginState::Opened(step) | LoginState::Checks(step) => {
                step.is_web_page().then_some(step.url.as_str())
            }
            LoginState::Begins | LoginState::Failed(_) => None,
        }
    }

    pub(in crate::app) fn has_failed(&self) -> bool {
        matches!(self.state, LoginState::Failed(_))
    }
}
