use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::{
    Permission, PermissionReply, Question, QuestionItem, QuestionOption, QuestionReply,
};
use crate::domain::failure::Failure;

const ENTER: Key = Key::plain(KeyCode::Enter);
const DOWN: Key = Key::plain(KeyCode::Down);
const TAB: Key = Key::plain(KeyCode::Tab);

pub(in crate::app::chat::tests) fn permission(id: &str) -> Permission {
    Permission {
        id: id.into(),
        session: "ses_1".into(),
        kind: "bash".into(),
        patterns: vec!["cargo test -p auth".into()],
        always: vec!["cargo test *".into()],
        subject: "cargo test -p auth".into(),
        diff: None,
        call_id: None,
    }
}

pub(super) fn question(items: Vec<QuestionItem>) -> Question {
    Question {
        id: "que_1".into(),
        session: "ses_1".into(),
        items,
        call_id: None,
    }
}

pub(super) fn item(header: &str, multiple: bool) -> QuestionItem {
    let option = |label: &str, description: &str| QuestionOption {
        label: label.into(),
        description: description.into(),
    };
    QuestionItem {
        header: header.into(),
        question: format!("Which {header} do you want?"),
        options: vec![option("Blue", "as the sky"), option("Green", "as grass")],
        multiple,
        custom: true,
    }
}

fn asking() -> World {
    let mut world = World::idle();
    world.receive(ChatEvent::Status(Status::Busy));
    world
}

fn replies(world: &mut World) -> Vec<PermissionReply> {
    world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            SessionCommand::ReplyPermission { reply, .. } => Some(reply),
            _ => None,
        })
        .collect()
}

fn answers(world: &mut World) -> Vec<QuestionReply> {
    world
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            SessionCommand::ReplyQuestion { reply, .. } => Some(reply),
            _ => None,
        })
        .collect()
}

#[test]
fn type_ahead_never_answers_a_permission() {
    let mut world = asking();
    world.type_text("lo");
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));

    world.type_text("ad a dad");

    assert_eq!(replies(&mut world), []);
    assert_eq!(world.chat.draft(), "load a dad");
    assert!(world.chat.needs_you());
}

#[test]
fn a_key_right_after_the_panel_appears_goes_to_the_composer() {
    let mut world = asking();
    world.wait(10_000);
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));

    world.key_after(100, Key::char('a'));

    assert_eq!(replies(&mut world), []);
    assert_eq!(world.chat.draft(), "a");
}

#[test]
fn a_quiet_panel_takes_one_key() {
    for (key, reply) in [
        ('a', PermissionReply::Once),
        ('s', PermissionReply::Always),
        ('A', PermissionReply::Always),
        ('d', PermissionReply::Reject { message: None }),
    ] {
        let mut world = asking();
        world.receive(ChatEvent::PermissionAsked(permission("per_1")));

        world.key(Key::char(key));

        assert_eq!(replies(&mut world), [reply]);
        assert!(!world.chat.needs_you());
    }
}

#[test]
fn the_next_request_has_its_own_guard() {
    let mut world = asking();
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));
    world.receive(ChatEvent::PermissionAsked(permission("per_2")));

    world.key(Key::char('a'));
    world.key_after(50, Key::char('a'));

    assert_eq!(replies(&mut world), [PermissionReply::Once]);
    assert!(world.chat.needs_you());
}

#[test]
fn tab_goes_to_a_waiting_request_and_esc_leaves_it_waiting() {
    let mut world = asking();
    world.type_text("half a prompt");
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));

    world.key(TAB);
    let there = world.chat.context();
    world.key(Key::plain(KeyCode::Esc));

    assert_eq!(there, ChatContext::Request);
    assert_eq!(world.chat.context(), ChatContext::Composer);
    assert!(world.chat.needs_you());
    assert_eq!(world.chat.draft(), "half a prompt");
    assert_eq!(world.commands(), []);
}

#[test]
fn a_reason_is_typed_and_goes_with_the_denial() {
    let mut world = asking();
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));

    world.key(Key::char('D'));
    world.type_text("use a dry run");
    world.key(ENTER);

    let message = Some("use a dry run".to_owned());
    assert_eq!(replies(&mut world), [PermissionReply::Reject { message }]);
}

#[test]
fn arrows_and_enter_press_the_marked_button() {
    let mut world = asking();
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));

    world.key(Key::plain(KeyCode::Right));
    world.key(DOWN);
    world.key(ENTER);

    assert_eq!(
        replies(&mut world),
        [PermissionReply::Reject { message: None }]
    );
}

#[test]
fn a_failed_reply_brings_the_request_back() {
    let mut world = asking();
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));
    world.key(Key::char('a'));

    world.chat.command_failed(&Failure::new("no connection"));

    assert!(world.chat.needs_you());
}

#[test]
fn a_failure_in_passing_is_told_until_the_server_does_what_it_is_told() {
    let lasting = Failure::new("the model does not exist");
    let passing = Failure::new("no connection").retryable();
    for (failure, stays) in [(lasting, true), (passing, false)] {
        let mut world = asking();
        world.receive(ChatEvent::PermissionAsked(permission("per_1")));
        world.key(Key::char('a'));
        world.chat.command_failed(&failure);
        assert!(world.chat.notice.is_some());

        world.receive(ChatEvent::PermissionReplied("per_1".into()));

        assert_eq!(world.chat.notice.is_some(), stays, "{failure:?}");
    }
}

#[test]
fn requests_of_an_ended_turn_are_dropped() {
    let mut world = asking();
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));

    world.receive(ChatEvent::Status(Status::Idle));

    assert!(!world.chat.needs_you());
}

#[test]
fn a_resync_keeps_requests_that_the_server_could_not_list() {
    let mut world = asking();
    world.receive(ChatEvent::PermissionAsked(permission("per_1")));
    let mut unlisted = resync(Vec::new(), Status::Busy);
    unlisted.permissions = None;

    world.receive(ChatEvent::Resync(Box::new(unlisted)));
    let kept = world.chat.needs_you();
    world.receive(ChatEvent::Resync(Box::new(resync(
        Vec::new(),
        Status::Busy,
    ))));

    assert!(kept);
    assert!(!world.chat.needs_you());
}

#[test]
fn questions_are_answered_one_after_the_other() {
    let mut world = asking();
    let items = vec![item("colour", false), item("shades", true)];
    world.receive(ChatEvent::QuestionAsked(question(items)));

    world.key(DOWN);
    world.key(ENTER);
    world.key(Key::char(' '));
    world.key(DOWN);
    world.key(Key::char(' '));
    world.key(ENTER);

    let expected = vec![
        vec!["Green".to_owned()],
        vec!["Blue".to_owned(), "Green".to_owned()],
    ];
    assert_eq!(answers(&mut world), [QuestionReply::Answer(expected)]);
}

#[test]
fn an_own_answer_is_typed_on_the_last_row() {
    let mut world = asking();
    world.receive(ChatEvent::QuestionAsked(question(vec![item(
        "colour", false,
    )])));

    world.key(DOWN);
    world.key(DOWN);
    world.key(ENTER);
    let typing = world.chat.context();
    world.type_text("a deep Red");
    world.key(ENTER);

    assert_eq!(typing, ChatContext::RequestInput);
    let expected = vec![vec!["a deep Red".to_owned()]];
    assert_eq!(answers(&mut world), [QuestionReply::Answer(expected)]);
}

#[test]
fn rejecting_a_question_needs_a_second_key() {
    let mut world = asking();
    world.receive(ChatEvent::QuestionAsked(question(vec![item(
        "colour", false,
    )])));

    world.key(Key::char('R'));
    world.key(DOWN);
    let changed_mind = answers(&mut world);
    world.key(Key::char('R'));
    world.key(ENTER);

    assert_eq!(changed_mind, []);
    assert_eq!(answers(&mut world), [QuestionReply::Reject]);
}

#[test]
fn an_own_answer_goes_with_the_chosen_ones() {
    let mut world = asking();
    world.receive(ChatEvent::QuestionAsked(question(vec![item(
        "colours", true,
    )])));

    world.key(Key::char(' '));
    world.key(DOWN);
    world.key(DOWN);
    world.key(ENTER);
    world.type_text("none of the");
    world.key(ENTER);
    world.key(ENTER);

    let expected = vec![vec!["Blue".to_owned(), "none of the".to_owned()]];
    assert_eq!(answers(&mut world), [QuestionReply::Answer(expected)]);
}
