//! Advice on a failure for the command line: names the command to run.

use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;

/// Placeholder for an unknown session name.
const ANY_NAME: &str = "NAME";

/// The advice of a failure as text; empty if it has none.
pub(in crate::cli) fn words(failure: &Failure) -> String {
    let session = match failure.next.session.as_str() {
        "" => ANY_NAME,
        name => name,
    };
    Advice::words(&failure.next.advice, |advice| word(advice, session))
}

/// The stable codes of the advice, for scripts.
pub(in crate::cli) fn codes(failure: &Failure) -> Vec<&'static str> {
    failure.next.advice.iter().map(Advice::code).collect()
}

/// The argument of each of the codes; `None` for one without.
pub(in crate::cli) fn arguments(failure: &Failure) -> Vec<Option<&str>> {
    failure.next.advice.iter().map(Advice::argument).collect()
}

fn word(advice: &Advice, session: &str) -> String {
    let in_terminal = |what: &str| format!("open it with `sandbar --session {session}` to {what}");
    match advice {
        Advice::Text(words) | Advice::SetKey(words) => words.clone(),
        Advice::EnterPassword => "`sandbar attach` asks for the password".to_owned(),
        Advice::TryAgain => "run the command again".to_owned(),
        Advice::TryAgainSoon => "run the command again in a moment".to_owned(),
        Advice::TryAnotherPort => in_terminal("try another port"),
        Advice::StartServer => in_terminal("start the server again"),
        Advice::SendAnyway => in_terminal("send it anyway"),
        Advice::ReadLogs => in_terminal("read its logs"),
        Advice::StartEmpty => "start without code: --empty".to_owned(),
        Advice::UseTemplate(None) => "use another --template".to_owned(),
        Advice::UseTemplate(Some(template)) => format!("use --template {template}, which has it"),
        Advice::NewSession => "`sandbar run` starts a new session".to_owned(),
        Advice::ReadConversation => {
            format!("`sandbar --session {session}` still shows the conversation")
        }
        Advice::OpenAgain | Advice::OpenSession => {
            format!("`sandbar --session {session}` opens it")
        }
        Advice::Resume => format!("`sandbar resume {session}` resumes it"),
        Advice::Revive => format!("`sandbar revive {session}` brings it back"),
        Advice::KillSandbox(id) => format!("`sandbar kill {id}` ends it"),
        Advice::ListSandboxes => "`sandbar ls` lists the account's sandboxes".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::failure::advice::testing;

    #[test]
    fn a_command_is_told_of_commands_with_the_session_s_name() {
        let told = |advice: &[Advice], session: &str| {
            words(&Failure::new("x").advise(advice.to_vec()).about(session))
        };

        assert_eq!(
            told(&[Advice::SendAnyway, Advice::StartEmpty], "fix"),
            "open it with `sandbar --session fix` to send it anyway, or start without code: --empty"
        );
        assert_eq!(
            told(&[Advice::ReadConversation, Advice::NewSession], "fix"),
            "`sandbar --session fix` still shows the conversation; `sandbar run` starts a new session"
        );
        assert_eq!(
            told(&[Advice::Resume], ""),
            "`sandbar resume NAME` resumes it"
        );
    }

    #[test]
    fn each_advice_has_words_and_none_names_a_key() {
        let all: Vec<String> = testing::all()
            .iter()
            .map(|advice| format!("{:17} {}", advice.code(), word(advice, "fix")))
            .collect();

        insta::assert_snapshot!(all.join("\n"));
    }
}
