use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn with_parts(message: Message, parts: Vec<Part>) -> MessageWithParts {
    MessageWithParts { message, parts }
}

/// The order of events in a plain turn, as observed on 1.18.33.
fn plain_turn() -> Vec<ChatEvent> {
    let mut closed = message("msg_b", Role::Assistant, 20);
    closed.completed = Some(UnixMillis(30));
    closed.finish = Some("stop".into());
    vec![
        ChatEvent::Message(message("msg_a", Role::User, 10)),
        ChatEvent::Part(text("msg_a", "prt_a", "hello", true)),
        ChatEvent::Status(TurnStatus::Busy),
        ChatEvent::Message(message("msg_b", Role::Assistant, 20)),
        ChatEvent::Status(TurnStatus::Busy),
        ChatEvent::Part(step_start("msg_b", "prt_s")),
        ChatEvent::Part(text("msg_b", "prt_t", "", false)),
        delta("msg_b", "prt_t", "Hi"),
        delta("msg_b", "prt_t", " there"),
        ChatEvent::Part(text("msg_b", "prt_t", "Hi there", true)),
        ChatEvent::Message(closed),
        ChatEvent::Status(TurnStatus::Idle),
        ChatEvent::Conversation(conversation("Greeting")),
    ]
}

#[test]
fn a_plain_turn_gives_prompt_and_answer() {
    let mut harness = ChatHarness::new();

    harness.receive_all(plain_turn());

    assert_eq!(harness.texts(), ["hello", "Hi there"]);
    assert!(!harness.chat.is_busy());
    assert_eq!(harness.chat.title(), "Greeting");
}

#[test]
fn a_delta_for_an_unknown_part_creates_it() {
    let mut harness = ChatHarness::new();

    harness.receive(delta("msg_b", "prt_t", "half"));

    assert_eq!(harness.texts(), ["half"]);
}

#[test]
fn a_delta_keeps_the_generation_and_raises_the_revision() {
    let mut harness = ChatHarness::new();
    harness.receive(ChatEvent::Part(text("msg_b", "prt_t", "", false)));
    let versions = |harness: &ChatHarness| {
        let entry = harness.chat.transcript.entry(&"msg_b".into()).unwrap();
        (entry.parts[0].generation, entry.parts[0].revision)
    };
    let before = versions(&harness);

    harness.receive(delta("msg_b", "prt_t", "one"));
    let grown = versions(&harness);
    harness.receive(ChatEvent::Part(text("msg_b", "prt_t", "other", true)));
    let replaced = versions(&harness);

    assert_eq!(grown, (before.0, before.1 + 1));
    assert_eq!(replaced, (before.0 + 1, before.1 + 2));
}

#[test]
fn an_empty_unfinished_text_never_replaces_what_was_built() {
    let mut harness = ChatHarness::new();
    harness.receive(ChatEvent::Message(message("msg_b", Role::Assistant, 20)));
    harness.receive(delta("msg_b", "prt_t", "built from deltas"));

    harness.receive(ChatEvent::Part(text("msg_b", "prt_t", "", false)));

    assert_eq!(harness.texts(), ["built from deltas"]);
}

#[test]
fn the_closing_update_replaces_what_was_built() {
    let mut harness = ChatHarness::new();
    harness.receive(delta("msg_b", "prt_t", "buit from"));

    harness.receive(ChatEvent::Part(text("msg_b", "prt_t", "built", true)));
    harness.receive(delta("msg_b", "prt_t", " late and stale"));

    assert_eq!(harness.texts(), ["built"]);
}

#[test]
fn a_gap_is_marked_and_filled_by_the_closing_update() {
    let mut harness = ChatHarness::new();
    harness.receive(ChatEvent::Message(message("msg_b", Role::Assistant, 20)));
    harness.receive(ChatEvent::Part(text("msg_b", "prt_t", "", false)));
    harness.receive(delta("msg_b", "prt_t", "The first"));
    let mut lost = resync(
        vec![with_parts(
            message("msg_b", Role::Assistant, 20),
            vec![text("msg_b", "prt_t", "", false)],
        )],
        TurnStatus::Busy,
    );
    lost.after_gap = true;

    harness.receive(ChatEvent::Resync(Box::new(lost)));
    harness.receive(delta("msg_b", "prt_t", "the last."));
    let holed = harness.texts();
    harness.receive(ChatEvent::Part(text(
        "msg_b",
        "prt_t",
        "The first, the last.",
        true,
    )));

    assert_eq!(holed, ["The first […] the last."]);
    assert_eq!(harness.texts(), ["The first, the last."]);
    assert!(
        !harness
            .chat
            .transcript
            .entry(&"msg_b".into())
            .unwrap()
            .parts[0]
            .gap
    );
}

#[test]
fn a_resync_removes_what_the_server_no_longer_has() {
    let mut harness = ChatHarness::new();
    harness.receive_all(plain_turn());
    let kept = with_parts(
        message("msg_b", Role::Assistant, 20),
        vec![text("msg_b", "prt_t", "Hi there", true)],
    );

    harness.receive(ChatEvent::Resync(Box::new(resync(
        vec![kept],
        TurnStatus::Idle,
    ))));

    assert_eq!(harness.texts(), ["Hi there"]);
}

#[test]
fn a_page_of_a_resync_leaves_older_messages_alone() {
    let mut harness = ChatHarness::new();
    harness.receive_all(plain_turn());
    let newer = with_parts(
        message("msg_c", Role::User, 40),
        vec![text("msg_c", "prt_c", "and now?", true)],
    );
    let mut page = resync(vec![newer], TurnStatus::Idle);
    page.more = true;

    harness.receive(ChatEvent::Resync(Box::new(page)));

    assert_eq!(harness.texts(), ["hello", "Hi there", "and now?"]);
}

#[test]
fn unfinished_texts_of_failed_attempts_are_hidden() {
    let mut harness = ChatHarness::new();
    harness.receive(ChatEvent::Message(message("msg_b", Role::Assistant, 20)));
    harness.receive_all([
        ChatEvent::Part(step_start("msg_b", "prt_1")),
        ChatEvent::Part(text("msg_b", "prt_2", "", false)),
        delta("msg_b", "prt_2", "a first attempt"),
    ]);
    let before = harness.texts();

    harness.receive_all([
        ChatEvent::Part(step_start("msg_b", "prt_3")),
        ChatEvent::Part(text("msg_b", "prt_4", "", false)),
        delta("msg_b", "prt_4", "a second one"),
    ]);

    assert_eq!(before, ["a first attempt"]);
    assert_eq!(harness.texts(), ["a second one"]);
}

#[test]
fn a_tool_call_never_goes_back_from_its_end() {
    let mut harness = ChatHarness::new();
    harness.receive(ChatEvent::Message(message("msg_b", Role::Assistant, 20)));
    let done = tool("msg_b", "prt_1", ToolStatus::Completed, "all ok");

    harness.receive(ChatEvent::Part(done.clone()));
    harness.receive(ChatEvent::Part(tool(
        "msg_b",
        "prt_1",
        ToolStatus::Running,
        "al",
    )));

    let entry = harness.chat.transcript.entry(&"msg_b".into()).unwrap();
    assert_eq!(entry.parts[0].part, done);
}

#[test]
fn messages_are_sorted_by_the_servers_time_then_by_arrival() {
    let mut harness = ChatHarness::new();
    for (id, created) in [("msg_z", 20), ("msg_y", 10), ("msg_a", 20)] {
        harness.receive(ChatEvent::Message(message(id, Role::User, created)));
        harness.receive(ChatEvent::Part(text(id, &format!("prt_{id}"), id, true)));
    }

    assert_eq!(harness.texts(), ["msg_y", "msg_z", "msg_a"]);
}

#[test]
fn an_error_of_the_turn_is_shown_once() {
    let mut harness = ChatHarness::idle();
    let error = MessageError {
        name: "APIError".into(),
        message: "no credit".into(),
    };
    harness.receive(ChatEvent::Error(error.clone()));
    let alone = harness.texts();
    let mut failed = message("msg_b", Role::Assistant, 20);
    failed.error = Some(error.clone());

    harness.receive(ChatEvent::Message(failed));

    assert_eq!(alone, ["notice"]);
    assert_eq!(harness.texts(), [format!("{:?}", Some(error))]);
}

#[test]
fn older_messages_are_requested_once_and_put_before() {
    let mut harness = ChatHarness::idle();
    let newest = with_parts(
        message("msg_c", Role::User, 40),
        vec![text("msg_c", "prt_c", "new", true)],
    );
    let mut page = resync(vec![newest], TurnStatus::Idle);
    page.more = true;
    harness.receive(ChatEvent::Resync(Box::new(page)));

    harness.act(ChatAction::Top);
    harness.act(ChatAction::Top);
    let asked = harness.commands();
    harness.receive(ChatEvent::Older {
        page: vec![with_parts(
            message("msg_a", Role::User, 10),
            vec![text("msg_a", "prt_a", "old", true)],
        )],
        more: false,
    });
    harness.act(ChatAction::Top);

    assert_eq!(asked, [SessionCommand::LoadOlder]);
    assert_eq!(harness.commands(), []);
    assert_eq!(harness.texts(), ["old", "new"]);
}

/// A message in its final state on the server, and the events that led to it.
fn history(index: usize, kinds: &[u8]) -> (MessageWithParts, Vec<ChatEvent>) {
    let id = format!("msg_{index}");
    let created = u64::try_from(index / 2).unwrap();
    let role = if index.is_multiple_of(3) {
        Role::User
    } else {
        Role::Assistant
    };
    let open = message(&id, role, created);
    let mut last = open.clone();
    last.completed = Some(UnixMillis(created + 5));
    let mut news = vec![ChatEvent::Message(open), ChatEvent::Message(last.clone())];
    let mut parts = Vec::new();
    for (number, kind) in kinds.iter().enumerate() {
        let part = format!("prt_{index}_{number}");
        let states = match kind % 4 {
            0 => vec![text(&id, &part, "", false), text(&id, &part, "whole", true)],
            1 => vec![
                tool(&id, &part, ToolStatus::Pending, ""),
                tool(&id, &part, ToolStatus::Running, "so far"),
                tool(&id, &part, ToolStatus::Completed, "so far and all"),
            ],
            2 => vec![step_start(&id, &part)],
            _ => vec![
                text(&id, &part, "", false),
                text(&id, &part, "replaced", true),
            ],
        };
        parts.extend(states.last().cloned());
        news.extend(states.into_iter().map(ChatEvent::Part));
    }
    (with_parts(last, parts), news)
}

proptest! {
    #[test]
    fn any_order_and_repetition_converges_to_what_the_server_has(
        kinds in prop::collection::vec(prop::collection::vec(0u8..4, 0..5), 1..7),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
        removed in any::<prop::sample::Index>(),
    ) {
        let histories: Vec<_> = kinds.iter().enumerate().map(|(i, k)| history(i, k)).collect();
        let news: Vec<ChatEvent> = histories.iter().flat_map(|(_, news)| news.clone()).collect();
        let mut server: Vec<MessageWithParts> =
            histories.into_iter().map(|(message, _)| message).collect();
        server.remove(removed.index(server.len()));
        let mut harness = ChatHarness::new();

        for index in order {
            harness.receive(news[index.index(news.len())].clone());
        }
        harness.receive(ChatEvent::Resync(Box::new(resync(server.clone(), TurnStatus::Idle))));
        harness.receive(ChatEvent::Resync(Box::new(resync(server.clone(), TurnStatus::Idle))));

        let mut held: Vec<MessageWithParts> = harness
            .chat
            .transcript
            .newest()
            .map(|entry| MessageWithParts {
                message: entry.message.clone(),
                parts: entry.parts.iter().map(|known| known.part.clone()).collect(),
            })
            .collect();
        held.reverse();
        prop_assert_eq!(held, server);
    }

    #[test]
    fn walking_back_meets_the_same_blocks_as_walking_on(
        kinds in prop::collection::vec(prop::collection::vec(0u8..4, 0..5), 0..7),
    ) {
        let mut harness = ChatHarness::new();
        for (index, kinds) in kinds.iter().enumerate() {
            harness.receive_all(history(index, kinds).1);
        }
        let blocks = harness.chat.blocks();

        let mut on: Vec<_> = std::iter::successors(blocks.first(), |pos| blocks.next(*pos)).collect();
        let back: Vec<_> = std::iter::successors(blocks.last(), |pos| blocks.prev(*pos)).collect();

        on.reverse();
        prop_assert_eq!(on, back);
    }
}
