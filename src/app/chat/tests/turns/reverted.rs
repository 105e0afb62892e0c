//! Turns that another client has reverted, and the agent and model of the next prompt.

use insta::assert_snapshot;
use pretty_assertions::assert_eq;

use crate::app::chat::tests::view::draw;
use crate::app::chat::tests::*;
use crate::domain::chat::{Agent, Catalog, ModelRef, RevertPoint};

fn prompt(id: &str, at: u64) -> MessageWithParts {
    MessageWithParts {
        message: message(id, Role::User, at),
        parts: vec![text(
            id,
            &format!("{id}_text"),
            &format!("prompt {id}"),
            true,
        )],
    }
}

fn answer(id: &str, at: u64) -> MessageWithParts {
    let mut message = message(id, Role::Assistant, at);
    message.completed = Some(UnixMillis(at + 1));
    message.tokens.input = at;
    MessageWithParts {
        message,
        parts: vec![
            text(id, &format!("{id}_first"), &format!("first of {id}"), true),
            text(
                id,
                &format!("{id}_second"),
                &format!("second of {id}"),
                true,
            ),
        ],
    }
}

/// Two turns, of which the second may be reverted.
pub(in crate::app::chat::tests) fn two_turns(point: Option<(&str, Option<&str>)>) -> ChatHarness {
    let mut harness = ChatHarness::idle();
    let turns = vec![
        prompt("a", 10),
        answer("b", 20),
        prompt("c", 30),
        answer("d", 40),
    ];
    harness.receive(ChatEvent::Resync(Box::new(resync(turns, TurnStatus::Idle))));
    harness.receive(reverted(point));
    harness
}

pub(in crate::app::chat::tests) fn reverted(point: Option<(&str, Option<&str>)>) -> ChatEvent {
    ChatEvent::Conversation(Conversation {
        reverted: point.map(|(message, part)| RevertPoint {
            message: message.into(),
            part: part.map(Into::into),
        }),
        ..conversation("a title")
    })
}

const FIRST: [&str; 3] = ["prompt a", "first of b", "second of b"];
const SECOND: [&str; 3] = ["prompt c", "first of d", "second of d"];

/// The number of blocks, counted from the bottom.
fn upwards(harness: &ChatHarness) -> usize {
    let blocks = harness.chat.blocks();
    let mut at = blocks.last();
    let mut count = 0;
    while let Some(pos) = at {
        count += 1;
        at = blocks.prev(pos);
    }
    count
}

#[test]
fn reverted_turns_are_folded_into_a_note_and_come_back_with_an_unrevert() {
    let mut harness = two_turns(Some(("c", None)));

    assert_eq!(harness.texts(), [&FIRST[..], &["reverted"]].concat());
    assert_eq!(upwards(&harness), 5);
    assert_eq!(harness.chat.tokens().input, 20);

    harness.receive(reverted(None));

    assert_eq!(harness.texts(), [FIRST, SECOND].concat());
    assert_eq!(harness.chat.tokens().input, 40);
}

#[test]
fn of_a_message_a_part_and_what_is_behind_it_can_be_reverted() {
    let harness = two_turns(Some(("b", Some("b_second"))));

    assert_eq!(harness.texts(), ["prompt a", "first of b", "reverted"]);
    assert_eq!(upwards(&harness), 3);
}

#[test]
fn a_selected_note_unfolds_what_is_reverted() {
    let mut harness = two_turns(Some(("c", None)));
    draw(&mut harness, 80, 24);
    harness.act(ChatAction::PreviousBlock);

    harness.act(ChatAction::Fold);

    assert_eq!(
        harness.texts(),
        [&FIRST[..], &["reverted"], &SECOND].concat()
    );
    assert_eq!(upwards(&harness), 9);
    assert_snapshot!("reverted_open_80x24", draw(&mut harness, 80, 24));

    harness.act(ChatAction::Fold);

    assert_eq!(harness.texts(), [&FIRST[..], &["reverted"]].concat());
    assert_snapshot!("reverted_80x24", draw(&mut harness, 80, 24));
}

#[test]
fn the_next_prompt_removes_what_is_reverted_and_stands_below_it_until_then() {
    let mut harness = two_turns(Some(("c", None)));
    harness.say("new");
    assert_eq!(harness.texts(), [&FIRST[..], &["reverted", "new"]].concat());

    // The server removes them before it reports that nothing is reverted any more.
    for id in ["c", "d"] {
        harness.receive(ChatEvent::MessageRemoved(id.into()));
    }

    assert_eq!(harness.texts(), [&FIRST[..], &["new"]].concat());
}

#[test]
fn what_is_reverted_from_before_the_loaded_page_is_all_of_it() {
    let mut harness = ChatHarness::idle();
    let mut page = resync(vec![prompt("c", 30), answer("d", 40)], TurnStatus::Idle);
    page.more = true;
    page.conversation.reverted = Some(RevertPoint {
        message: "a".into(),
        part: None,
    });
    harness.receive(ChatEvent::Resync(Box::new(page)));

    assert_eq!(harness.texts(), ["reverted"]);

    harness.receive(ChatEvent::Older {
        page: vec![prompt("0", 1), prompt("a", 10), answer("b", 20)],
        more: false,
    });

    assert_eq!(harness.texts(), ["prompt 0", "reverted"]);
}

#[test]
fn the_composer_keeps_the_users_agent_and_model_after_a_compaction() {
    let by = |id: &str, agent: &str, summary: bool, at| {
        let mut known = answer(id, at);
        known.message.agent = Some(agent.to_owned());
        known.message.summary = summary;
        known.message.model = Some(ModelRef {
            provider: "p".into(),
            model: agent.into(),
        });
        known
    };
    let mut harness = ChatHarness::idle();
    let turns = vec![
        by("a", "plan", false, 10),
        by("b", "hidden", false, 20),
        by("c", "compaction", true, 30),
        by("d", "title", false, 40),
        by("e", "build", true, 50),
    ];
    harness.receive(ChatEvent::Resync(Box::new(resync(turns, TurnStatus::Idle))));
    let offered = |name: &str| Agent {
        name: name.into(),
        description: String::new(),
    };
    harness.receive(ChatEvent::Catalog(Catalog {
        agents: vec![offered("build"), offered("plan")],
        ..Catalog::default()
    }));

    assert_eq!(harness.chat.agent(), Some("plan"));
    assert_eq!(
        harness.chat.model().map(|model| model.model.as_str()),
        Some("plan")
    );

    harness.say("go on");

    // The composer shows what is sent.
    let sent = harness.prompts().remove(0);
    assert_eq!(sent.agent.as_deref(), Some("plan"));
}
