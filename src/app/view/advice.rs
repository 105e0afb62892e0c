//! Words the advice of a failure for the screen, with the present keys.
//!
//! Knows no key table: the caller looks the keys up in the right context.

use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;

/// The keys for each piece of advice, as the user has bound them; empty if unbound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::app) struct AdviceKeys {
    pub(in crate::app) retry: String,
    pub(in crate::app) revive: String,
    pub(in crate::app) new: String,
    pub(in crate::app) template: String,
    pub(in crate::app) logs: String,
    pub(in crate::app) kill: String,
}

impl AdviceKeys {
    /// The advice of a failure in words; empty if it has none.
    pub(in crate::app) fn words(&self, failure: &Failure) -> String {
        Advice::words(&failure.next.advice, |advice| {
            self.word(advice, &failure.next.session)
        })
    }

    /// Whether the words name the key that retries.
    pub(in crate::app) fn name_retry(&self, failure: &Failure) -> bool {
        !self.retry.is_empty() && failure.next.advice.iter().any(Advice::is_retry)
    }

    /// Whether the words name the key that chooses a template.
    pub(in crate::app) fn name_template(&self, failure: &Failure) -> bool {
        let is_template = |advice: &Advice| matches!(advice, Advice::UseTemplate(_));
        !self.template.is_empty() && failure.next.advice.iter().any(is_template)
    }

    fn word(&self, advice: &Advice, session: &str) -> String {
        match advice {
            Advice::Text(words) | Advice::SetKey(words) => words.clone(),
            Advice::EnterPassword => press(&self.retry, "enter the password"),
            Advice::TryAgain => press(&self.retry, "try again"),
            Advice::TryAgainSoon => format!("{} in a moment", press(&self.retry, "try again")),
            Advice::TryAnotherPort => press(&self.retry, "try another port"),
            Advice::StartServer => press(&self.retry, "start the server again"),
            Advice::OpenAgain => press(&self.retry, "open the session again"),
            Advice::SendAnyway => press(&self.retry, "send it anyway"),
            Advice::Resume => press(&self.retry, "resume it"),
            Advice::StartEmpty => "start sandbar with --empty".to_owned(),
            Advice::UseTemplate(None) => press(&self.template, "use another template"),
            Advice::UseTemplate(Some(template)) => press(
                &self.template,
                &format!("use the template {template}, which has it"),
            ),
            Advice::NewSession => press(&self.new, "start a new session"),
            Advice::ReadConversation => "the conversation stays readable here".to_owned(),
            Advice::ReadLogs => press(&self.logs, "see the logs"),
            Advice::OpenSession if session.is_empty() => "open the session first".to_owned(),
            Advice::OpenSession => format!("open session {session}"),
            Advice::Revive => press(&self.revive, "revive the session"),
            Advice::KillSandbox(_) => press(&self.kill, "kill it"),
            Advice::ListSandboxes => "the list shows the account's sandboxes".to_owned(),
        }
    }
}

/// `press r to try again`; without a key, only the action.
pub(in crate::app) fn press(key: &str, what: &str) -> String {
    match key {
        "" => what.to_owned(),
        key => format!("press {key} to {what}"),
    }
}

/// `r revives it`; without a key, the text `without`.
pub(in crate::app) fn key_does(key: &str, does: &str, without: &str) -> String {
    match key {
        "" => without.to_owned(),
        key => format!("{key} {does}"),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::failure::advice::testing;

    #[test]
    fn each_advice_has_words_with_its_key_and_without() {
        let bound = AdviceKeys {
            retry: "F-retry".to_owned(),
            revive: "F-revive".to_owned(),
            new: "F-new".to_owned(),
            template: "F-template".to_owned(),
            logs: "F-logs".to_owned(),
            kill: "F-kill".to_owned(),
        };
        let mut all = Vec::new();
        for advice in testing::all() {
            let failure = Failure::new("x").advise([advice]).about("fix");
            all.push(bound.words(&failure));
            all.push(AdviceKeys::default().words(&failure));
        }
        all.dedup();

        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn several_things_to_do_are_one_sentence() {
        let keys = AdviceKeys {
            retry: "r".to_owned(),
            template: "ctrl-x a".to_owned(),
            ..AdviceKeys::default()
        };
        let failure = Failure::new("x").advise([Advice::TryAgain, Advice::UseTemplate(None)]);

        assert_eq!(
            keys.words(&failure),
            "press r to try again, or press ctrl-x a to use another template"
        );
        assert!(keys.name_retry(&failure) && keys.name_template(&failure));
        assert!(!AdviceKeys::default().name_retry(&failure));
    }
}
