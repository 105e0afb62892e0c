mod permission_rules;
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::{
    Permission, PermissionReply, Question, QuestionItem, QuestionOption, QuestionReply,
};
use crate::domain::failure::Failure;

const ENTER: Key = Key::plain(KeyCode::Enter);
const DOWN: Key = Key::plain(KeyCode::Down);
const TAB: Key = Key::plain(KeyCode::Tab);
const ESC: Key = Key::plain(KeyCode::Esc);
/// Longer than a digit waits for text to follow.
const SETTLED: u64 = 400;

pub(in crate::app::chat::tests) fn permission(id: &str) -> Permission {
    Permission {
        id: id.into(),
        session: "ses_1".into(),
        kind: "bash".into(),
        patterns: vec!["cargo test -p auth".into()],
        always: vec!["cargo test *".into()],
        subject: "cargo test -p auth".into(),
        diff: None,
        details: Vec::new(),
        lacks_arguments: false,
        undecodable: false,
        call_id: None,
    }
}

pub(super) fn question(items: Vec<QuestionItem>) -> Question {
    Question {
        id: "que_1".into(),
        session: "ses_1".into(),
        items,
        undecodable: false,
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

fn asking() -> ChatHarness {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness
}

fn replies(harness: &mut ChatHarness) -> Vec<PermissionReply> {
    harness
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            SessionCommand::ReplyPermission { reply, .. } => Some(reply),
            _ => None,
        })
        .collect()
}

fn answers(harness: &mut ChatHarness) -> Vec<QuestionReply> {
    harness
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            SessionCommand::ReplyQuestion { reply, .. } => Some(reply),
            _ => None,
        })
        .collect()
}

fn asked() -> ChatHarness {
    let mut harness = asking();
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));
    harness
}

fn asked_question(items: Vec<QuestionItem>) -> ChatHarness {
    let mut harness = asking();
    harness.receive(ChatEvent::QuestionAsked(question(items)));
    harness
}

/// Presses a digit after a second of quiet, and waits until it counts.
fn answer(harness: &mut ChatHarness, digit: char) {
    harness.key(Key::char(digit));
    harness.wait(SETTLED);
}

const DENY: PermissionReply = PermissionReply::Reject { message: None };

#[test]
fn no_letter_ever_answers() {
    let mut harness = asked();
    harness.wait(10_000);

    harness.type_text("add a docstring, should it be Done as before?");
    harness.wait(SETTLED);

    assert_eq!(harness.commands(), []);
    let text = "add a docstring, should it be Done as before?";
    assert_eq!(harness.chat.draft(), text);
    assert!(harness.chat.needs_you());
}

#[test]
fn a_digit_answers_after_half_a_second_of_quiet() {
    for (key, reply) in [
        ('1', PermissionReply::Once),
        ('2', PermissionReply::Always),
        ('3', DENY),
    ] {
        let mut harness = asked();

        answer(&mut harness, key);

        assert_eq!(replies(&mut harness), [reply]);
        assert!(!harness.chat.needs_you());
        assert!(harness.chat.composer_is_empty());
    }
}

#[test]
fn a_digit_right_after_the_panel_appears_is_text() {
    let mut harness = asking();
    harness.wait(10_000);
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));

    harness.key_after(450, Key::char('1'));
    harness.wait(SETTLED);

    assert_eq!(replies(&mut harness), []);
    assert_eq!(harness.chat.draft(), "1");
}

#[test]
fn a_digit_right_after_a_message_was_sent_is_text() {
    let mut harness = asked();
    harness.say("later");
    harness.commands();

    harness.key_after(450, Key::char('1'));
    harness.wait(SETTLED);

    assert_eq!(replies(&mut harness), []);
    assert_eq!(harness.chat.draft(), "1");
}

#[test]
fn a_digit_with_text_behind_it_is_text() {
    for more in [" thing", "2", "1"] {
        let mut harness = asked();
        harness.wait(1_000);

        harness.key_after(0, Key::char('1'));
        harness.key_after(120, Key::char(more.chars().next().unwrap()));
        harness.type_text(&more[1..]);
        harness.wait(SETTLED);

        assert_eq!(replies(&mut harness), []);
        assert_eq!(harness.chat.draft(), format!("1{more}"));
    }
}

#[test]
fn a_burst_of_keys_and_a_paste_are_text() {
    let mut harness = asked();
    harness.wait(1_000);
    harness.key_after(0, Key::char('1'));
    harness.burst_key(Key::char('1'));
    harness.wait(SETTLED);
    assert_eq!(replies(&mut harness), []);
    assert_eq!(harness.chat.draft(), "11");

    let mut harness = asked();
    harness.key(DOWN);
    harness.burst_key(Key::char('1'));
    harness.wait(SETTLED);
    assert_eq!(replies(&mut harness), []);
    assert_eq!(harness.chat.draft(), "1");

    let mut harness = asked();
    harness.wait(1_000);
    harness.key_after(0, Key::char('1'));
    harness.paste("1");
    harness.wait(SETTLED);
    assert_eq!(replies(&mut harness), []);
    assert_eq!(harness.chat.draft(), "11");
}

#[test]
fn an_enter_that_was_meant_to_send_answers_nothing() {
    let mut harness = asked();

    harness.key(ENTER);
    harness.key(ENTER);

    assert_eq!(harness.commands(), []);
    assert!(harness.chat.needs_you());
}

#[test]
fn a_burst_that_marks_and_accepts_is_no_answer() {
    let mut harness = asked();
    harness.wait(1_000);

    harness.key_after(0, DOWN);
    harness.burst_key(ENTER);
    harness.wait(SETTLED);

    assert_eq!(replies(&mut harness), []);
    harness.key(ENTER);
    assert_eq!(replies(&mut harness), [PermissionReply::Once]);
}

#[test]
fn a_line_of_a_digit_that_a_program_types_is_a_prompt() {
    let mut harness = asked();
    harness.wait(1_000);

    harness.key_after(0, Key::char('1'));
    harness.burst_key(ENTER);
    harness.wait(SETTLED);

    let prompts = harness.prompts();
    assert_eq!(prompts.len(), 1);
    assert_eq!(prompts[0].text, "1");
    assert!(harness.chat.needs_you());
}

#[test]
fn the_arrows_mark_an_option_and_enter_accepts_it() {
    let mut harness = asked();

    for _ in 0..3 {
        harness.key(DOWN);
    }
    harness.key(ENTER);

    assert_eq!(replies(&mut harness), [DENY]);
}

#[test]
fn esc_answers_nothing_and_cancels_a_digit() {
    let mut harness = asked();
    harness.wait(1_000);

    harness.key_after(0, Key::char('1'));
    harness.key_after(100, ESC);
    harness.wait(SETTLED);
    harness.key(DOWN);
    harness.key(ESC);

    assert_eq!(harness.commands(), []);
    assert!(harness.chat.needs_you());
}

#[test]
fn a_request_starts_again_when_the_server_changes_it() {
    let mut harness = asked();
    harness.wait(1_000);
    harness.key_after(0, Key::char('1'));
    let mut changed = permission("per_1");
    changed.subject = "rm -rf .".into();

    harness.receive(ChatEvent::PermissionAsked(changed.clone()));
    harness.wait(SETTLED);
    assert_eq!(replies(&mut harness), []);

    // The same once more changes nothing.
    harness.wait(1_000);
    harness.receive(ChatEvent::PermissionAsked(changed));
    harness.key_after(0, Key::char('1'));
    harness.wait(SETTLED);
    assert_eq!(replies(&mut harness), [PermissionReply::Once]);
}

#[test]
fn a_digit_of_long_ago_answers_nothing() {
    let mut harness = asked();
    harness.wait(1_000);
    harness.key_after(0, Key::char('1'));

    // Another session was on the screen meanwhile.
    harness.key_after(60_000, DOWN);

    assert_eq!(replies(&mut harness), []);
    assert!(harness.chat.needs_you());
}

#[test]
fn the_next_request_has_its_own_guard() {
    let mut harness = asked();
    harness.receive(ChatEvent::PermissionAsked(permission("per_2")));

    answer(&mut harness, '1');
    harness.key_after(0, Key::char('1'));
    harness.wait(SETTLED);

    assert_eq!(replies(&mut harness), [PermissionReply::Once]);
    assert!(harness.chat.needs_you());
}

#[test]
fn what_could_not_be_read_can_only_be_denied() {
    let mut unreadable = permission("per_1");
    unreadable.undecodable = true;
    for (digit, expected) in [('1', vec![]), ('2', vec![]), ('3', vec![DENY])] {
        let mut harness = asking();
        harness.receive(ChatEvent::PermissionAsked(unreadable.clone()));

        answer(&mut harness, digit);

        assert_eq!(replies(&mut harness), expected, "{digit}");
    }
    let mut garbled = question(vec![item("colour", false)]);
    garbled.undecodable = true;
    let mut harness = asking();
    harness.receive(ChatEvent::QuestionAsked(garbled));

    answer(&mut harness, '1');
    assert_eq!(answers(&mut harness), []);
    harness.key(ENTER);
    assert_eq!(answers(&mut harness), [QuestionReply::Reject]);
}

#[test]
fn a_draft_is_set_aside_for_an_answer_and_comes_back() {
    let mut harness = asking();
    harness.type_text("half a prompt");
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));
    answer(&mut harness, '1');
    assert_eq!(harness.chat.draft(), "half a prompt1");
    harness.key(Key::plain(KeyCode::Backspace));

    harness.key(TAB);
    harness.wait(1_000);
    let there = harness.chat.context();
    let kept = harness.chat.draft();
    harness.key(ESC);
    assert_eq!(there, ChatContext::Permission);
    assert_eq!(kept, "half a prompt");
    assert_eq!(harness.chat.context(), ChatContext::Composer);
    assert_eq!(harness.commands(), []);

    harness.key(TAB);
    answer(&mut harness, '1');

    assert_eq!(replies(&mut harness), [PermissionReply::Once]);
    assert!(!harness.chat.composer_is_empty());
    assert_eq!(harness.chat.draft(), "half a prompt");
}

#[test]
fn a_letter_goes_on_with_the_draft_that_was_set_aside() {
    let mut harness = asking();
    harness.type_text("half a");
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));

    harness.key(TAB);
    harness.type_text(" prompt");

    assert_eq!(harness.chat.draft(), "half a prompt");
    assert_eq!(harness.chat.context(), ChatContext::Composer);
}

#[test]
fn a_reason_is_written_in_the_composer_and_goes_with_the_denial() {
    let mut harness = asked();

    answer(&mut harness, '4');
    let context = harness.chat.context();
    harness.type_text("use 1 dry run");
    harness.key(ENTER);

    assert_eq!(context, ChatContext::RequestInput);
    let message = Some("use 1 dry run".to_owned());
    assert_eq!(replies(&mut harness), [PermissionReply::Reject { message }]);
    assert!(harness.chat.composer_is_empty());
}

#[test]
fn a_reason_is_not_lost_when_the_request_goes() {
    let mut harness = asking();
    harness.type_text("draft");
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));
    harness.key(TAB);
    answer(&mut harness, '4');
    harness.type_text("use a dry run");

    harness.receive(ChatEvent::PermissionReplied("per_1".into()));

    assert_eq!(harness.chat.draft(), "draft\nuse a dry run");
    assert_eq!(harness.chat.context(), ChatContext::Composer);
    assert_eq!(harness.prompts(), []);
}

#[test]
fn esc_goes_back_from_a_reason_to_the_options() {
    let mut harness = asked();

    answer(&mut harness, '4');
    harness.key(ENTER);
    harness.key(ESC);
    answer(&mut harness, '3');

    assert_eq!(replies(&mut harness), [DENY]);
}

#[test]
fn a_failed_reply_brings_the_request_back() {
    let mut harness = asking();
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));
    answer(&mut harness, '1');

    harness.chat.command_failed(&Failure::new("no connection"));

    assert!(harness.chat.needs_you());
}

#[test]
fn a_temporary_failure_is_shown_until_a_command_succeeds() {
    let lasting = Failure::new("the model does not exist");
    let passing = Failure::new("no connection").retryable();
    for (failure, stays) in [(lasting, true), (passing, false)] {
        let mut harness = asking();
        harness.receive(ChatEvent::PermissionAsked(permission("per_1")));
        answer(&mut harness, '1');
        harness.chat.command_failed(&failure);
        assert!(harness.chat.notices.shown().is_some());

        harness.receive(ChatEvent::PermissionReplied("per_1".into()));

        assert_eq!(harness.chat.notices.shown().is_some(), stays, "{failure:?}");
    }
}

#[test]
fn requests_of_an_ended_turn_are_dropped() {
    let mut harness = asking();
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));

    harness.receive(ChatEvent::Status(TurnStatus::Idle));

    assert!(!harness.chat.needs_you());
}

#[test]
fn a_resync_keeps_requests_that_the_server_could_not_list() {
    let mut harness = asking();
    harness.receive(ChatEvent::PermissionAsked(permission("per_1")));
    let mut unlisted = resync(Vec::new(), TurnStatus::Busy);
    unlisted.permissions = None;

    harness.receive(ChatEvent::Resync(Box::new(unlisted)));
    let kept = harness.chat.needs_you();
    harness.receive(ChatEvent::Resync(Box::new(resync(
        Vec::new(),
        TurnStatus::Busy,
    ))));

    assert!(kept);
    assert!(!harness.chat.needs_you());
}

/// A connection is lost, and the server of the next one lists this.
fn reconnected(harness: &mut ChatHarness, listed: Vec<Permission>) {
    harness.chat.set_delivery(Delivery::Later);
    let mut resync = resync(Vec::new(), TurnStatus::Busy);
    resync.permissions = Some(listed);
    harness.receive(ChatEvent::Resync(Box::new(resync)));
    harness.chat.set_delivery(Delivery::Live);
}

#[test]
fn a_reply_that_was_lost_with_the_connection_is_sent_again() {
    let mut harness = asked();
    answer(&mut harness, '1');
    assert_eq!(replies(&mut harness), [PermissionReply::Once]);

    // A list that was made before the reply arrived changes nothing.
    let mut listed = resync(Vec::new(), TurnStatus::Busy);
    listed.permissions = Some(vec![permission("per_1")]);
    harness.receive(ChatEvent::Resync(Box::new(listed)));
    assert_eq!(replies(&mut harness), []);

    for _ in 0..2 {
        reconnected(&mut harness, vec![permission("per_1")]);
        assert_eq!(replies(&mut harness), [PermissionReply::Once]);
        assert!(!harness.chat.needs_you());
    }
    // It arrived after all.
    reconnected(&mut harness, Vec::new());
    reconnected(&mut harness, vec![permission("per_1")]);
    assert_eq!(replies(&mut harness), []);
}

#[test]
fn a_request_that_has_changed_while_the_connection_was_lost_is_asked_again() {
    let mut harness = asked();
    answer(&mut harness, '1');
    harness.commands();

    let changed = Permission {
        subject: "cargo publish".into(),
        ..permission("per_1")
    };
    reconnected(&mut harness, vec![changed]);

    assert_eq!(replies(&mut harness), []);
    assert!(harness.chat.needs_you());
}

#[test]
fn questions_are_answered_one_after_the_other_and_reviewed() {
    let mut harness = asked_question(vec![item("colour", false), item("shades", true)]);

    answer(&mut harness, '2');
    answer(&mut harness, '1');
    answer(&mut harness, '2');
    harness.key(ENTER);
    assert_eq!(answers(&mut harness), []);
    answer(&mut harness, '1');

    let expected = vec![
        vec!["Green".to_owned()],
        vec!["Blue".to_owned(), "Green".to_owned()],
    ];
    assert_eq!(answers(&mut harness), [QuestionReply::Answer(expected)]);
}

#[test]
fn the_next_question_of_several_has_its_own_guard() {
    let mut harness = asked_question(vec![item("colour", false), item("shades", false)]);

    answer(&mut harness, '2');
    harness.key_after(0, Key::char('1'));
    harness.wait(SETTLED);

    assert_eq!(harness.chat.draft(), "1");
    assert_eq!(answers(&mut harness), []);
}

#[test]
fn an_answer_is_changed_on_the_way_back() {
    let mut harness = asked_question(vec![item("colour", false), item("shades", false)]);
    answer(&mut harness, '2');
    harness.key(Key::plain(KeyCode::Left));
    answer(&mut harness, '1');
    answer(&mut harness, '1');
    harness.key(DOWN);
    harness.key(ENTER);

    let blue = vec!["Blue".to_owned()];
    let expected = QuestionReply::Answer(vec![blue.clone(), blue]);
    assert_eq!(answers(&mut harness), [expected]);
}

#[test]
fn digits_in_a_row_choose_several() {
    let mut harness = asked_question(vec![item("shades", true)]);
    harness.wait(1_000);

    harness.key_after(0, Key::char('1'));
    harness.key_after(150, Key::char('2'));
    harness.wait(SETTLED);
    harness.key(ENTER);

    let expected = vec![vec!["Blue".to_owned(), "Green".to_owned()]];
    assert_eq!(answers(&mut harness), [QuestionReply::Answer(expected)]);
}

#[test]
fn the_arrows_reach_all_options_and_tab_chooses_one_of_several() {
    let mut harness = asked_question(vec![item("shades", true)]);

    harness.key(DOWN);
    harness.key(DOWN);
    harness.key(TAB);
    harness.key(ENTER);

    let expected = vec![vec!["Green".to_owned()]];
    assert_eq!(answers(&mut harness), [QuestionReply::Answer(expected)]);
}

#[test]
fn an_own_answer_is_written_in_the_composer() {
    let mut harness = asked_question(vec![item("colour", false)]);

    answer(&mut harness, '3');
    let typing = harness.chat.context();
    harness.type_text("a deep Red");
    harness.key(ENTER);

    assert_eq!(typing, ChatContext::RequestInput);
    let expected = vec![vec!["a deep Red".to_owned()]];
    assert_eq!(answers(&mut harness), [QuestionReply::Answer(expected)]);
}

#[test]
fn lines_that_are_pasted_into_an_answer_belong_to_it() {
    let mut harness = asked_question(vec![item("colour", false)]);

    answer(&mut harness, '3');
    harness.paste("one\ntwo");
    harness.key(ENTER);

    let expected = vec![vec!["one\ntwo".to_owned()]];
    assert_eq!(answers(&mut harness), [QuestionReply::Answer(expected)]);
}

#[test]
fn declining_a_question_needs_a_second_key() {
    let mut harness = asked_question(vec![item("colour", false)]);

    answer(&mut harness, '4');
    assert_eq!(answers(&mut harness), []);
    harness.key(ENTER);

    assert_eq!(answers(&mut harness), [QuestionReply::Reject]);
}

#[test]
fn an_own_answer_goes_with_the_chosen_ones() {
    let mut harness = asked_question(vec![item("colours", true)]);

    answer(&mut harness, '1');
    answer(&mut harness, '3');
    harness.type_text("none of the");
    harness.key(ENTER);
    harness.key(ENTER);

    let expected = vec![vec!["Blue".to_owned(), "none of the".to_owned()]];
    assert_eq!(answers(&mut harness), [QuestionReply::Answer(expected)]);
}
