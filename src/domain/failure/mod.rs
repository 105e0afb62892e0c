//! What the user reads when something fails, and what he can do about it ([`advice`]).

pub mod advice;

use std::time::Duration;

use advice::Advice;

/// A failure as a value that the model can hold and compare. Every text is safe to show: no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// What failed, one sentence without a full stop: "OpenCode ended with exit code 1".
    pub summary: String,
    /// Why, in the words of the layer that knows; may have several lines; may be empty.
    pub detail: String,
    /// What to do next. Boxed, since failures are returned everywhere.
    pub next: Box<NextSteps>,
    /// Whether the same attempt can succeed later.
    pub retryable: bool,
    /// The cause may go away by itself: retry after at least this long. `None`: someone has to act
    /// first.
    pub passing: Option<Duration>,
    /// The last lines of the failing process's stderr, `stderr[0]` the oldest.
    pub stderr: Vec<String>,
}

/// What to do about a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NextSteps {
    /// May be empty.
    pub advice: Vec<Advice>,
    /// The name of the session, for commands that need it; empty if it is unknown.
    pub session: String,
}

impl Failure {
    pub fn new(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            ..Self::default()
        }
    }

    /// What failed and why, where there is room for no more.
    pub fn line(&self) -> String {
        let why = self.detail.lines().map(str::trim);
        let why = why.filter(|line| !line.is_empty());
        let words: Vec<&str> = std::iter::once(&*self.summary).chain(why).collect();
        words.join("; ")
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds what to do next, in words. For a key or a command of ours, use [`Failure::advise`].
    #[must_use]
    pub fn hint(self, words: impl Into<String>) -> Self {
        self.advise([Advice::Text(words.into())])
    }

    #[must_use]
    pub fn advise(mut self, advice: impl IntoIterator<Item = Advice>) -> Self {
        self.next.advice = advice.into_iter().collect();
        self
    }

    /// Sets the session that it is about.
    #[must_use]
    pub fn about(mut self, session: impl Into<String>) -> Self {
        self.next.session = session.into();
        self
    }

    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Retryable at once by the user, and automatically after `least`.
    #[must_use]
    pub fn passing(mut self, least: Duration) -> Self {
        self.passing = Some(least);
        self.retryable()
    }

    #[must_use]
    pub fn stderr(mut self, lines: Vec<String>) -> Self {
        self.stderr = lines;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_failed_and_why() {
        let failure = Failure::new("no connection");
        assert_eq!(failure.line(), "no connection");
        let failure = failure.detail("refused:\n  port 1\n");
        assert_eq!(failure.line(), "no connection; refused:; port 1");
    }
}
