//! What a server does with a prompt that it has received.

use crate::domain::id::MessageId;
use crate::opencode::wire::message::{MessagePage, MessageWithParts};
use crate::opencode::wire::session::{SessionStatus, StatusMap};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnState {
    /// It is working, on this prompt or another one.
    Runs,
    /// It has answered the prompt.
    Over,
    /// It is idle and has not answered, except with an empty message: that of a server that ended at that moment.
    NotBegun,
    /// It is idle and does not have the prompt.
    Absent,
}

/// Determines it from the statuses of all sessions and, fetched after them, the session's newest messages.
pub fn of(
    statuses: &StatusMap,
    page: &MessagePage,
    session: &str,
    prompt: &MessageId,
) -> TurnState {
    if !matches!(statuses.get(session), None | Some(SessionStatus::Idle)) {
        return TurnState::Runs;
    }
    let mut after = page.messages.iter();
    if !after.any(|message| message.info.id == prompt.as_str()) {
        TurnState::Absent
    } else if after.any(answers) {
        TurnState::Over
    } else {
        TurnState::NotBegun
    }
}

fn answers(message: &MessageWithParts) -> bool {
    let info = &message.info;
    let says = || message.parts.iter().any(|part| part.body.says_something());
    info.role == "assistant" && (info.is_over() || says())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opencode::wire::message::Message;
    use crate::opencode::wire::part::{Part, PartBody};
    use pretty_assertions::assert_eq;

    fn page(messages: &[(&str, &str)]) -> MessagePage {
        let messages = messages.iter().map(|(id, role)| MessageWithParts {
            info: Message {
                id: (*id).to_owned(),
                role: (*role).to_owned(),
                ..Message::default()
            },
            parts: Vec::new(),
        });
        MessagePage {
            messages: messages.collect(),
            older: None,
        }
    }

    #[test]
    fn a_prompt_is_answered_once_an_answer_follows_it() {
        let turn = |statuses: &StatusMap, messages: &[(&str, &str)]| {
            of(statuses, &page(messages), "ses_1", &MessageId::from("b"))
        };
        let idle = StatusMap::new();
        let busy = StatusMap::from([("ses_1".to_owned(), SessionStatus::Busy)]);
        let before = [("a", "user"), ("x", "assistant")];

        assert_eq!(turn(&busy, &before), TurnState::Runs);
        assert_eq!(turn(&idle, &before), TurnState::Absent);
        let stored = [&before[..], &[("b", "user")]].concat();
        assert_eq!(turn(&idle, &stored), TurnState::NotBegun);
        let answered = [&stored[..], &[("y", "assistant")]].concat();
        assert_eq!(turn(&idle, &answered), TurnState::NotBegun, "it is empty");
        let mut answered = page(&answered);
        let turn = |page: &MessagePage| of(&idle, page, "ses_1", &MessageId::from("b"));
        let mut part = |text: &str| {
            answered.messages[3].parts = vec![Part {
                id: "p".to_owned(),
                message_id: "y".to_owned(),
                body: PartBody::Text {
                    text: text.to_owned(),
                    synthetic: false,
                    time: None,
                },
            }];
            turn(&answered)
        };
        assert_eq!(part(""), TurnState::NotBegun);
        assert_eq!(part("word"), TurnState::Over);
        answered.messages[3].parts.clear();
        answered.messages[3].info.time.completed = Some(1);
        assert_eq!(turn(&answered), TurnState::Over);
    }
}
