//! What to do about a failure: the action, not the key or command for it.
//!
//! The code that detects a failure gives the advice; each surface words it: the terminal with the
//! bound key, the command line with the command, JSON with [`Advice::code`] and the words.

/// One action that helps, or something useful to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// An action outside sandbar, in words without a key: "check the URL".
    Text(String),
    /// Set a key, a password or another credential; also in words without a key.
    SetKey(String),
    /// Type the password of a server that somebody else runs.
    EnterPassword,
    TryAgain,
    /// The cause goes away by itself.
    TryAgainSoon,
    TryAnotherPort,
    /// Start OpenCode's process in the sandbox again.
    StartServer,
    /// The session's task has ended, but the sandbox runs.
    OpenAgain,
    /// The code is large, and is sent only if the user agrees.
    SendAnyway,
    /// Begin the session without code.
    StartEmpty,
    /// Choose another template, or the one with this name.
    UseTemplate(Option<String>),
    NewSession,
    /// The sandbox is lost, but the conversation is kept.
    ReadConversation,
    ReadLogs,
    /// Open the session: [`NextSteps::session`](super::NextSteps::session), if it is
    /// known.
    OpenSession,
    Resume,
    Revive,
    /// Kill the sandbox with this id.
    KillSandbox(String),
    /// List the account's sandboxes.
    ListSandboxes,
}

impl Advice {
    /// The stable code for scripts; its meaning never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::SetKey(_) => "set-key",
            Self::EnterPassword => "enter-password",
            Self::TryAgain => "try-again",
            Self::TryAgainSoon => "try-again-soon",
            Self::TryAnotherPort => "try-another-port",
            Self::StartServer => "start-server",
            Self::OpenAgain => "open-again",
            Self::SendAnyway => "send-anyway",
            Self::StartEmpty => "start-empty",
            Self::UseTemplate(_) => "use-template",
            Self::NewSession => "new-session",
            Self::ReadConversation => "read-conversation",
            Self::ReadLogs => "read-logs",
            Self::OpenSession => "open-session",
            Self::Resume => "resume",
            Self::Revive => "revive",
            Self::KillSandbox(_) => "kill-sandbox",
            Self::ListSandboxes => "list-sandboxes",
        }
    }

    /// The code's argument: the words, the template's name or the sandbox's id.
    pub fn argument(&self) -> Option<&str> {
        match self {
            Self::Text(argument)
            | Self::SetKey(argument)
            | Self::UseTemplate(Some(argument))
            | Self::KillSandbox(argument) => Some(argument),
            _ => None,
        }
    }

    /// The advice with this code; `None` if there is no such code, or its argument is missing.
    pub fn of_code(code: &str, argument: Option<String>) -> Option<Self> {
        Some(match code {
            "text" => Self::Text(argument?),
            "set-key" => Self::SetKey(argument?),
            "enter-password" => Self::EnterPassword,
            "try-again" => Self::TryAgain,
            "try-again-soon" => Self::TryAgainSoon,
            "try-another-port" => Self::TryAnotherPort,
            "start-server" => Self::StartServer,
            "open-again" => Self::OpenAgain,
            "send-anyway" => Self::SendAnyway,
            "start-empty" => Self::StartEmpty,
            "use-template" => Self::UseTemplate(argument),
            "new-session" => Self::NewSession,
            "read-conversation" => Self::ReadConversation,
            "read-logs" => Self::ReadLogs,
            "open-session" => Self::OpenSession,
            "resume" => Self::Resume,
            "revive" => Self::Revive,
            "kill-sandbox" => Self::KillSandbox(argument?),
            "list-sandboxes" => Self::ListSandboxes,
            _ => return None,
        })
    }

    /// Whether the key that retries performs it.
    pub fn is_retry(&self) -> bool {
        matches!(
            self,
            Self::EnterPassword
                | Self::TryAgain
                | Self::TryAgainSoon
                | Self::TryAnotherPort
                | Self::StartServer
                | Self::OpenAgain
                | Self::SendAnyway
                | Self::Resume
        )
    }

    /// Whether it is a sentence of its own, not one of several actions.
    fn is_sentence(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::SetKey(_) | Self::ReadConversation | Self::ListSandboxes
        )
    }

    /// Joins a surface's words for each: actions become a choice, the rest are sentences.
    pub fn words(all: &[Self], word: impl Fn(&Self) -> String) -> String {
        let mut words = String::new();
        let mut before: Option<&Self> = None;
        for advice in all {
            let next = word(advice);
            if next.is_empty() {
                continue;
            }
            if let Some(before) = before {
                let is_choice = !before.is_sentence() && !advice.is_sentence();
                words.push_str(if is_choice { ", or " } else { "; " });
            }
            words.push_str(&next);
            before = Some(advice);
        }
        words
    }
}

/// Words that involve no action of sandbar.
impl From<&str> for Advice {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Advice {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::Advice;

    /// One of each kind.
    pub(crate) fn all() -> Vec<Advice> {
        vec![
            Advice::Text("check the address".to_owned()),
            Advice::SetKey("set E2B_API_KEY".to_owned()),
            Advice::EnterPassword,
            Advice::TryAgain,
            Advice::TryAgainSoon,
            Advice::TryAnotherPort,
            Advice::StartServer,
            Advice::OpenAgain,
            Advice::SendAnyway,
            Advice::StartEmpty,
            Advice::UseTemplate(None),
            Advice::UseTemplate(Some("opencode".to_owned())),
            Advice::NewSession,
            Advice::ReadConversation,
            Advice::ReadLogs,
            Advice::OpenSession,
            Advice::Resume,
            Advice::Revive,
            Advice::KillSandbox("i1".to_owned()),
            Advice::ListSandboxes,
        ]
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_code_and_its_argument_lead_back_to_the_advice() {
        for advice in testing::all() {
            let argument = advice.argument().map(str::to_owned);

            assert_eq!(Advice::of_code(advice.code(), argument), Some(advice));
        }
        assert_eq!(Advice::of_code("dance", None), None);
        assert_eq!(Advice::of_code("text", None), None);
    }

    #[test]
    fn things_to_do_are_a_choice_and_sentences_stand_alone() {
        let words = |all: &[Advice]| Advice::words(all, |advice| advice.code().replace('-', " "));

        assert_eq!(words(&[]), "");
        assert_eq!(
            words(&[Advice::TryAgain, Advice::UseTemplate(None)]),
            "try again, or use template"
        );
        assert_eq!(
            words(&["wait".into(), Advice::TryAgain, "it is kept".into()]),
            "text; try again; text"
        );
        let all = [Advice::TryAgain, Advice::NewSession, Advice::Revive];
        let but_one = Advice::words(&all, |advice| match advice {
            Advice::NewSession => String::new(),
            advice => advice.code().to_owned(),
        });
        assert_eq!(but_one, "try-again, or revive");
    }
}
