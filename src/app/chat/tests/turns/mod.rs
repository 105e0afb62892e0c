//! The line that ends a turn.

pub(super) mod reverted;
mod undo;

use pretty_assertions::assert_eq;

use super::view::draw;
use super::*;
use crate::domain::chat::{Tokens, TurnStatus};

/// An answer that took a second, with how the model finished it.
fn answer(id: &str, created: u64, finish: &str) -> ChatEvent {
    ChatEvent::Message(Message {
        completed: Some(UnixMillis(created + 1_000)),
        finish: Some(finish.to_owned()),
        cost: 0.04,
        tokens: Tokens {
            input: 1_000,
            output: 200,
            cache_read: 9_000,
            ..Tokens::default()
        },
        ..message(id, Role::Assistant, created)
    })
}

fn prompt(harness: &mut ChatHarness, id: &str, created: u64) {
    harness.receive_all([
        ChatEvent::Message(message(id, Role::User, created)),
        ChatEvent::Part(text(id, &format!("prt_{id}"), id, true)),
    ]);
}

/// The lines on the screen that end a turn.
fn ends(harness: &mut ChatHarness) -> Vec<String> {
    let screen = draw(harness, 80, 24);
    let lines = screen.lines().filter(|line| line.starts_with('◆'));
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn a_turn_of_several_answers_ends_once_and_is_summed_up() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    prompt(&mut harness, "first", 1_000);
    harness.receive_all([
        answer("msg_1", 2_000, "tool-calls"),
        answer("msg_2", 43_000, "stop"),
    ]);
    assert_eq!(ends(&mut harness), [""; 0], "it still runs");

    harness.receive(ChatEvent::Status(TurnStatus::Idle));

    assert_eq!(ends(&mut harness), ["◆ build · 0:43 · 2.4k tokens · $0.08"]);
}

#[test]
fn a_prompt_that_came_while_the_turn_ran_belongs_to_it() {
    let mut harness = ChatHarness::idle();
    prompt(&mut harness, "first", 1_000);
    harness.receive(answer("msg_1", 2_000, "tool-calls"));
    prompt(&mut harness, "second", 3_000);
    harness.receive(answer("msg_2", 4_000, "stop"));

    assert_eq!(ends(&mut harness), ["◆ build · 0:04 · 2.4k tokens · $0.08"]);

    prompt(&mut harness, "third", 60_000);
    harness.receive(ChatEvent::Status(TurnStatus::Busy));

    assert_eq!(ends(&mut harness).len(), 1, "its end stays");
}

#[test]
fn a_turn_that_did_not_end_well_says_why() {
    let error = |name: &str| MessageError {
        name: name.to_owned(),
        message: "502 from the provider".to_owned(),
    };
    let ended = |finish: &str, error: Option<MessageError>| {
        let mut harness = ChatHarness::idle();
        prompt(&mut harness, "first", 1_000);
        let ChatEvent::Message(mut message) = answer("msg_1", 2_000, finish) else {
            return String::new();
        };
        message.error = error;
        message.tokens = Tokens::default();
        message.cost = 0.0;
        harness.receive(ChatEvent::Message(message));
        ends(&mut harness).join("\n")
    };

    let all = [
        ended("stop", Some(error("MessageAbortedError"))),
        ended("stop", Some(error("APIError"))),
        ended("length", None),
        ended("content-filter", None),
        ended("tool-calls", None),
        ended("other", None),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_compaction_in_the_middle_of_a_turn_does_not_end_it() {
    let mut harness = ChatHarness::idle();
    prompt(&mut harness, "first", 1_000);
    harness.receive(answer("msg_1", 2_000, "stop"));
    harness.receive_all([
        ChatEvent::Message(message("msg_c", Role::User, 3_000)),
        ChatEvent::Part(Part {
            id: "prt_c".into(),
            message: "msg_c".into(),
            kind: PartKind::Compaction { auto: true },
        }),
        answer("msg_s", 4_000, "stop"),
    ]);

    assert_eq!(ends(&mut harness).len(), 1);
    assert!(draw(&mut harness, 80, 24).contains("was getting long and was summarized"));
}

#[test]
fn a_narrow_line_leaves_out_what_matters_least() {
    let mut harness = ChatHarness::idle();
    prompt(&mut harness, "first", 1_000);
    harness.receive(answer("msg_1", 2_000, "stop"));

    let line = |harness: &mut ChatHarness, width| {
        let screen = draw(harness, width, 12);
        let line = screen.lines().find(|line| line.starts_with('◆'));
        line.unwrap_or_default().trim_end().to_owned()
    };
    assert_eq!(line(&mut harness, 30), "◆ build · 0:02 · $0.04");
    assert_eq!(line(&mut harness, 20), "◆ 0:02 · $0.04");
}
