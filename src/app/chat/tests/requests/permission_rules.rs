use insta::assert_snapshot;
use pretty_assertions::assert_eq;
use proptest::prelude::*;

use crate::app::chat::tests::requests::{item, permission, question};
use crate::app::chat::tests::view::Screen;
use crate::app::chat::tests::*;
use crate::domain::chat::{Permission, PermissionReply, TaskCall, ToolDetail};
use crate::domain::rule::{Rule, RuleAction};

const ESC: Key = Key::plain(KeyCode::Esc);
const ENTER: Key = Key::plain(KeyCode::Enter);
const DOWN: Key = Key::plain(KeyCode::Down);
/// Longer than a digit waits for text to follow.
const SETTLED: u64 = 400;

fn asked(permission: Permission) -> ChatHarness {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness.receive(ChatEvent::PermissionAsked(permission));
    harness
}

fn answer(harness: &mut ChatHarness, digit: char) {
    harness.key(Key::char(digit));
    harness.wait(SETTLED);
}

fn rule(action: RuleAction, pattern: &str) -> Rule {
    Rule {
        action,
        permission: "bash".into(),
        pattern: pattern.into(),
        project: None,
    }
}

fn add(action: RuleAction, pattern: &str, here: bool) -> SessionCommand {
    SessionCommand::AddRules {
        rules: vec![rule(action, pattern)],
        here,
    }
}

fn reply(reply: PermissionReply) -> SessionCommand {
    SessionCommand::ReplyPermission {
        id: "per_1".into(),
        reply,
    }
}

#[test]
fn a_rule_is_offered_and_answers_this_request_too() {
    let denied = PermissionReply::Reject {
        message: Some("A permission rule set by the user denies this: cargo test *".into()),
    };
    for (digit, answered, action, here) in [
        ('1', PermissionReply::Once, RuleAction::Allow, true),
        ('2', PermissionReply::Once, RuleAction::Allow, false),
        ('3', denied, RuleAction::Deny, false),
    ] {
        let mut harness = asked(permission("per_1"));

        answer(&mut harness, '5');
        assert_eq!(harness.commands(), [], "a rule is only offered");
        answer(&mut harness, digit);

        let expected = [reply(answered), add(action, "cargo test *", here)];
        assert_eq!(harness.commands(), expected);
        assert!(!harness.chat.needs_you());
    }
}

#[test]
fn the_offer_of_a_rule_has_a_guard_of_its_own() {
    let mut harness = asked(permission("per_1"));
    answer(&mut harness, '5');

    // It has been there for SETTLED less the time that the digit waited.
    harness.key_after(50, Key::char('1'));
    harness.wait(SETTLED);

    assert_eq!(harness.commands(), []);
    assert_eq!(harness.chat.draft(), "1");
}

#[test]
fn esc_goes_back_from_the_offered_rule_to_the_answers() {
    let mut harness = asked(permission("per_1"));
    answer(&mut harness, '5');
    harness.key(ESC);

    answer(&mut harness, '1');

    assert_eq!(harness.commands(), [reply(PermissionReply::Once)]);
}

#[test]
fn the_pattern_is_changed_in_the_composer_and_the_draft_comes_back() {
    let mut harness = asked(permission("per_1"));
    harness.type_text("half");
    harness.act(ChatAction::FocusRequest);
    answer(&mut harness, '5');
    answer(&mut harness, '4');
    assert_eq!(harness.chat.context(), ChatContext::RequestInput);
    for _ in 0.."test *".len() {
        harness.key_after(20, Key::plain(KeyCode::Backspace));
    }
    harness.type_text("*");
    harness.key(ENTER);

    answer(&mut harness, '2');

    let expected = [
        reply(PermissionReply::Once),
        add(RuleAction::Allow, "cargo *", false),
    ];
    assert_eq!(harness.commands(), expected);
    assert_eq!(harness.chat.draft(), "half");
}

#[test]
fn a_pattern_that_is_not_changed_after_all_does_not_stay_as_text() {
    let mut harness = asked(permission("per_1"));
    answer(&mut harness, '5');
    answer(&mut harness, '4');

    harness.key(ESC);
    harness.key(ESC);

    assert_eq!(harness.chat.draft(), "");
    answer(&mut harness, '1');
    assert_eq!(harness.commands(), [reply(PermissionReply::Once)]);
}

#[test]
fn a_rule_that_does_not_match_the_request_is_kept_and_the_request_stays() {
    let mut chained = permission("per_1");
    chained.subject = "cargo test; rm -rf target".into();
    let mut harness = asked(chained);
    answer(&mut harness, '5');

    answer(&mut harness, '1');

    let expected = [add(RuleAction::Allow, "cargo test *", true)];
    assert_eq!(harness.commands(), expected);
    assert!(harness.chat.needs_you());
}

#[test]
fn no_rule_is_offered_for_what_could_not_be_read() {
    let mut unreadable = permission("per_1");
    unreadable.undecodable = true;
    let mut harness = asked(unreadable);

    answer(&mut harness, '5');
    answer(&mut harness, '1');

    assert_eq!(harness.commands(), []);
}

#[test]
fn auto_mode_is_asked_about_first_and_ended_at_once() {
    let mut harness = ChatHarness::idle();

    assert_eq!(
        harness.act(ChatAction::ToggleAuto),
        Some(ChatOutcome::AskAuto)
    );
    harness.chat.set_auto(true);
    harness.chat.set_delivery(Delivery::Live);
    assert_eq!(harness.act(ChatAction::ToggleAuto), None);

    assert_eq!(harness.commands(), [SessionCommand::SetAuto(false)]);
}

#[test]
fn who_asks_and_what_a_rule_would_match_are_shown() {
    for (width, height) in [(44, 12), (80, 24), (120, 36)] {
        let mut harness = asked(permission("per_1"));
        harness.receive(ChatEvent::Conversation(conversation("a title")));
        harness.receive(ChatEvent::Message(message("msg_1", Role::Assistant, 1)));
        harness.wait(1000);
        let mut screen = Screen::new(width, height);
        assert_snapshot!(
            format!("permission_from_{width}x{height}"),
            screen.draw(&mut harness)
        );
        answer(&mut harness, '5');
        harness.wait(1000);
        assert_snapshot!(format!("rule_{width}x{height}"), screen.draw(&mut harness));
    }
}

#[test]
fn a_sub_agent_that_asks_is_named() {
    let mut from_child = permission("per_1");
    from_child.session = "ses_2".into();
    let mut harness = asked(from_child);
    harness.receive(ChatEvent::Conversation(conversation("a title")));
    harness.wait(1000);
    let mut screen = Screen::new(80, 24);
    assert!(screen.draw(&mut harness).contains("from a sub-agent"));

    let mut call = tool("msg_1", "prt_1", ToolStatus::Running, "");
    if let PartKind::Tool(call) = &mut call.kind {
        call.tool = "task".into();
        call.detail = ToolDetail::Task(TaskCall {
            agent: "explore".into(),
            child: Some("ses_2".into()),
            ..TaskCall::default()
        });
    }
    harness.receive(ChatEvent::Message(message("msg_1", Role::Assistant, 1)));
    harness.receive(ChatEvent::Part(call));

    let shown = screen.draw(&mut harness);
    assert!(shown.contains("from explore"), "{shown}");
}

/// Whatever a user or a program may press.
fn any_key() -> impl Strategy<Value = Key> {
    let codes = prop::sample::select(vec![
        KeyCode::Enter,
        KeyCode::Tab,
        KeyCode::Esc,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Backspace,
        KeyCode::PageDown,
    ]);
    prop_oneof![
        4 => prop::char::range('0', '9').prop_map(Key::char),
        2 => prop::char::range(' ', '~').prop_map(Key::char),
        2 => codes.prop_map(Key::plain),
    ]
}

fn answers(commands: Vec<SessionCommand>) -> Vec<SessionCommand> {
    let is_answer = |command: &SessionCommand| {
        matches!(
            command,
            SessionCommand::ReplyPermission { .. }
                | SessionCommand::ReplyQuestion { .. }
                | SessionCommand::AddRules { .. }
                | SessionCommand::SetAuto(_)
        )
    };
    commands.into_iter().filter(is_answer).collect()
}

#[test]
fn a_digit_and_a_tab_in_a_burst_are_no_answer() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness.receive(ChatEvent::QuestionAsked(question(vec![item(
        "colour", false,
    )])));
    harness.wait(2_000);
    harness.commands();

    harness.key_after(0, Key::char('1'));
    harness.burst_key(Key::plain(KeyCode::Tab));
    harness.wait(5_000);

    assert_eq!(answers(harness.commands()), []);
    assert_eq!(harness.chat.draft(), "1");
}

proptest! {
    #[test]
    fn no_keys_within_half_a_second_answer(
        before in prop::collection::vec((any_key(), 0_u64..200), 0..6),
        after in prop::collection::vec((any_key(), 0_u64..120), 1..9),
        is_question in any::<bool>(),
    ) {
        let mut harness = ChatHarness::idle();
        harness.receive(ChatEvent::Status(TurnStatus::Busy));
        for (key, millis) in before {
            harness.key_after(millis, key);
        }
        let shown = if is_question {
            ChatEvent::QuestionAsked(question(vec![item("colour", false)]))
        } else {
            ChatEvent::PermissionAsked(permission("per_1"))
        };
        harness.receive(shown);
        let mut passed = 0;
        for (key, millis) in after {
            passed += millis;
            if passed >= 500 {
                break;
            }
            harness.key_after(millis, key);
        }
        harness.wait(5_000);
        prop_assert_eq!(answers(harness.commands()), []);
    }

    #[test]
    fn no_burst_answers(
        first in any_key(), burst in prop::collection::vec(any_key(), 1..12),
        is_question in any::<bool>(),
    ) {
        let mut harness = asked(permission("per_1"));
        if is_question {
            harness.receive(ChatEvent::PermissionReplied("per_1".into()));
            harness.receive(ChatEvent::QuestionAsked(question(vec![item("colour", false)])));
        }
        harness.wait(2_000);
        harness.commands();
        // Nothing is marked yet, so that the first key alone cannot accept anything.
        harness.key_after(0, first);
        for key in burst {
            harness.burst_key(key);
        }
        harness.wait(5_000);
        prop_assert_eq!(answers(harness.commands()), []);
    }

    #[test]
    fn no_typed_text_answers(text in "[ -~]{2,30}", gap in 0_u64..240) {
        let mut harness = asked(permission("per_1"));
        harness.wait(2_000);
        for c in text.chars() {
            harness.key_after(gap, Key::char(c));
        }
        harness.key_after(gap, DOWN);
        harness.wait(5_000);
        prop_assert_eq!(answers(harness.commands()), []);
    }
}
