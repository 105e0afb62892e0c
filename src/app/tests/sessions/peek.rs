//! A session is looked at and answered from where the user is.

use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::app::view::theme::{Characters, Colours};
use crate::domain::chat::PermissionReply;
use crate::domain::session::activity::Activity;
use crate::domain::session::{CloseAction, SessionCommand};

/// `one` is on the screen; `two` is watched, and waits.
fn waiting() -> Script {
    let with_server = |name, age| SessionSummary {
        opencode_session: Some(OpencodeSessionId::from("ses_1")),
        ..row(name, age)
    };
    let mut script = Script::with_stored(vec![with_server("one", 1), with_server("two", 2)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    let line = "bash: rm -rf dist".to_owned();
    script.session("two", SessionEvent::Activity(Activity::NeedsYou(line)));
    script.asked();
    script
}

/// Its task has connected, and told the request.
fn connected(script: &mut Script, asked: ChatEvent) {
    script.phase("two", Phase::Live);
    script.status("two", TurnStatus::Busy);
    script.session("two", SessionEvent::Chat(asked));
    script.asked();
}

fn long() -> ChatEvent {
    let ChatEvent::PermissionAsked(mut asked) = permission() else {
        unreachable!("it is one")
    };
    let lines: Vec<String> = (1..=60)
        .map(|n| format!("echo line {n}\u{1b}[8m"))
        .collect();
    asked.subject = lines.join("\n");
    ChatEvent::PermissionAsked(asked)
}

fn replies(script: &mut Script) -> Vec<(String, PermissionReply)> {
    let asked = script.asked().into_iter();
    let replies = asked.filter_map(|effect| match effect {
        Effect::Command(key, SessionCommand::ReplyPermission { reply, .. }) => {
            Some((key.to_string(), reply))
        }
        _ => None,
    });
    replies.collect()
}

#[test]
fn a_watched_session_is_answered_without_leaving_the_one_on_the_screen() {
    let mut script = waiting();

    script.keys("ctrl-x v");
    assert_eq!(script.shown(), "one");
    connected(&mut script, permission());
    insta::assert_snapshot!("permission_80x24", script.screen(80, 24));
    // Nothing counts in the first half second.
    script.event(Event::Key("1".parse().unwrap()));
    script.wait(Duration::from_millis(300));
    assert_eq!(replies(&mut script), []);
    script.keys("backspace").wait(Duration::from_secs(1));

    script.keys("1").wait(Duration::from_secs(1));
    let once = ("two".to_owned(), PermissionReply::Once);
    assert_eq!(replies(&mut script), [once]);
    // The last answer ends it.
    assert_eq!(
        script.app.status.notice(),
        Some("the request of two is over")
    );
    assert!(script.app.overlays.is_empty());
    assert_eq!(script.shown(), "one");
    script.type_text("hello");
    assert_eq!(script.app.session().unwrap().chat.draft(), "hello");
}

#[test]
fn a_row_of_the_list_shows_the_whole_request_with_what_it_hides() {
    let mut script = waiting();
    script.keys("ctrl-x l g v");
    connected(&mut script, long());

    for (name, width, height) in [
        ("long_80x24", 80, 24),
        ("long_120x36", 120, 36),
        ("long_200x50", 200, 50),
    ] {
        script.wait(Duration::from_secs(1));
        insta::assert_snapshot!(name, script.screen(width, height));
    }
    script.theme = Theme::new(Colours::None, Characters::Ascii);
    insta::assert_snapshot!("long_no_colour_80x24", script.screen(80, 24));
    script.keys("ctrl-f");
    assert!(script.screen(80, 24).contains("line 1"));
    for _ in 0..8 {
        script.keys("pgdn").screen(80, 24);
    }
    let screen = script.screen(80, 24);
    assert!(screen.contains("echo line 60"), "{screen}");
}

#[test]
fn esc_closes_it_and_stops_nobody() {
    let mut script = waiting();
    script.keys("ctrl-x v");
    connected(&mut script, permission());
    script.wait(Duration::from_secs(1)).keys("esc");

    assert!(script.app.overlays.is_empty());
    script.keys("ctrl-x v ctrl-c");
    assert!(script.app.overlays.is_empty());
    assert_eq!(replies(&mut script), []);
    let stops = script.asked().into_iter();
    let stops = stops.filter(|effect| matches!(effect, Effect::Command(_, SessionCommand::Abort)));
    assert_eq!(stops.count(), 0);
}

#[test]
fn a_reason_is_typed_there_and_esc_goes_back_to_the_options() {
    let mut script = waiting();
    script.keys("ctrl-x v");
    connected(&mut script, permission());
    script
        .wait(Duration::from_secs(1))
        .keys("4")
        .wait(Duration::from_secs(1));
    script.type_text("not now").keys("esc");
    assert!(!script.app.overlays.is_empty());
    script.keys("ctrl-u");
    script
        .wait(Duration::from_secs(1))
        .keys("4")
        .wait(Duration::from_secs(1));
    script.type_text("not now").keys("enter");

    let [(session, PermissionReply::Reject { .. })] = &replies(&mut script)[..] else {
        panic!("no answer");
    };
    assert_eq!(session, "two");
}

#[test]
fn it_can_be_shown_and_what_is_on_the_screen_needs_no_look() {
    let mut script = waiting();
    script.keys("ctrl-x v");
    connected(&mut script, permission());
    script.keys("ctrl-o");
    assert_eq!(script.shown(), "two");
    assert!(script.app.overlays.is_empty());

    script.keys("ctrl-x l");
    let rows = script.app.list.rows();
    assert_eq!(rows.first().map(|row| row.name.as_str()), Some("two"));
    script.keys("g v");
    assert!(script.app.overlays.is_empty());
}

#[test]
fn a_request_that_others_answered_ends_the_look() {
    let mut script = waiting();
    script.keys("ctrl-x v");
    connected(&mut script, permission());
    let replied = ChatEvent::PermissionReplied(PermissionId::from("per_1"));
    script.session("two", SessionEvent::Chat(replied));

    assert!(script.app.overlays.is_empty());
}

/// Effects since the last call that close or open a session.
fn opened_and_closed(script: &mut Script) -> Vec<String> {
    let asked = script.asked().into_iter();
    let asked = asked.filter_map(|effect| match effect {
        Effect::OpenSession(spec) => Some(format!("open {}", spec.key)),
        Effect::CloseSession(key, CloseAction::Detach) => Some(format!("close {key}")),
        Effect::WatchSessions(keys) => Some(format!("watch {}", keys.len())),
        _ => None,
    });
    asked.collect()
}

#[test]
fn a_session_that_was_opened_for_the_look_alone_is_closed_and_watched_again() {
    let mut script = waiting();
    script.keys("ctrl-x v");
    assert_eq!(opened_and_closed(&mut script), ["open two", "watch 0"]);
    connected(&mut script, permission());

    script.wait(Duration::from_secs(1)).keys("esc");

    let key = SessionKey::from("two");
    assert!(script.app.open.get(&key).is_none());
    assert_eq!(opened_and_closed(&mut script), ["close two", "watch 1"]);
    assert!(script.screen(120, 36).contains("needs you"));
    // Its watcher can begin when the task has ended.
    script.session("two", SessionEvent::Stopped);
    assert_eq!(opened_and_closed(&mut script), ["watch 1"]);
}

#[test]
fn a_look_before_the_task_has_ended_opens_it_again() {
    let mut script = waiting();
    script.keys("ctrl-x v");
    connected(&mut script, permission());
    script.wait(Duration::from_secs(1)).keys("esc ctrl-x v");
    script.asked();

    script.session("two", SessionEvent::Stopped);

    assert_eq!(opened_and_closed(&mut script), ["open two"]);
    assert!(!script.app.overlays.is_empty());
}

#[test]
fn a_session_that_was_open_before_the_look_stays_so() {
    let mut script = waiting();
    script.keys("ctrl-x 2");
    connected(&mut script, permission());
    script.keys("ctrl-x 1 ctrl-x v");
    script.asked();

    script.wait(Duration::from_secs(1)).keys("esc");

    assert_eq!(opened_and_closed(&mut script), [""; 0]);
    assert!(script.app.open.get(&SessionKey::from("two")).is_some());
}

#[test]
fn nothing_counts_in_the_first_half_second_of_a_session_that_a_key_has_shown() {
    let mut script = waiting();
    script.keys("ctrl-x 2");
    connected(&mut script, permission());
    script
        .keys("ctrl-x p ctrl-x 1")
        .wait(Duration::from_secs(9));

    script.keys("ctrl-x space");
    assert_eq!(script.shown(), "two");
    script.event(Event::Key("1".parse().unwrap()));
    script.wait(Duration::from_millis(300));
    assert_eq!(replies(&mut script), []);
}
