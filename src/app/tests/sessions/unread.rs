//! What nobody has seen yet, also after the program's end.

use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::domain::chat::{Part, Role};
use crate::domain::session::ListPlace;
use crate::domain::session::activity::Activity;
use crate::domain::testing::{resync, spoken};

/// What is stored of it since the last call, in order.
fn stored(script: &mut Script) -> Vec<(String, bool)> {
    let asked = script.asked().into_iter();
    let stored = asked.filter_map(|effect| match effect {
        Effect::PlaceSessions(keys, ListPlace::Unread(on)) => Some((keys[0].to_string(), on)),
        _ => None,
    });
    stored.collect()
}

fn chat(script: &mut Script, key: &str, event: ChatEvent) {
    script.session(key, SessionEvent::Chat(event));
}

fn synced(messages: u64) -> ChatEvent {
    let messages = (1..=messages).map(|n| spoken(&format!("msg_{n}"), Role::User, n, "text"));
    ChatEvent::Resync(Box::new(resync(messages.collect(), TurnStatus::Idle)))
}

/// Two open sessions, the first one on the screen.
fn two_open() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.keys("ctrl-x 2");
    script.phase("two", Phase::Live);
    chat(&mut script, "two", synced(1));
    script.keys("ctrl-x 1");
    script.asked();
    script
}

fn has_bar(script: &mut Script, name: &str) -> bool {
    let screen = script.screen(120, 36);
    let row = screen.lines().find(|row| row.contains(name));
    row.unwrap().starts_with('▌')
}

#[test]
fn news_are_stored_once_and_seeing_them_is_too() {
    let mut script = two_open();

    let part = |text: &str| ChatEvent::Part(Part::text("msg_2", "prt_2", text, true));
    chat(&mut script, "two", part("more"));
    chat(&mut script, "two", part("and more"));
    assert_eq!(stored(&mut script), [("two".to_owned(), true)]);
    assert!(has_bar(&mut script, "two"));

    script.keys("ctrl-x 2");
    assert_eq!(stored(&mut script), [("two".to_owned(), false)]);
    chat(&mut script, "two", part("seen"));
    assert_eq!(stored(&mut script), []);
}

#[test]
fn what_is_only_fetched_again_is_no_news_and_what_was_missed_is() {
    let mut script = two_open();

    chat(&mut script, "two", synced(1));
    assert_eq!(stored(&mut script), []);
    chat(&mut script, "two", synced(2));

    assert_eq!(stored(&mut script), [("two".to_owned(), true)]);
}

#[test]
fn a_session_that_was_unread_at_the_end_of_the_program_still_is() {
    let two = SessionSummary {
        unread: true,
        ..row("two", 2)
    };
    let mut script = Script::with_stored(vec![row("one", 1), two]);
    assert!(has_bar(&mut script, "two"));
    script.keys("ctrl-x l /").type_text("unread");
    assert_eq!(script.app.list.filtered(), Some(1));
    assert_eq!(stored(&mut script), []);

    script.keys("enter enter");

    assert_eq!(script.shown(), "two");
    assert_eq!(stored(&mut script), [("two".to_owned(), false)]);
}

#[test]
fn the_end_of_a_turn_that_is_only_watched_is_news() {
    let with_server = |name, age| SessionSummary {
        opencode_session: Some(OpencodeSessionId::from("ses_1")),
        ..row(name, age)
    };
    let mut script = Script::with_stored(vec![with_server("one", 1), with_server("two", 2)]);
    script.asked();

    script.session("two", SessionEvent::Activity(Activity::Idle));
    script.session("two", SessionEvent::Activity(Activity::Working));
    assert_eq!(stored(&mut script), []);
    script.session("two", SessionEvent::Activity(Activity::Idle));

    assert_eq!(stored(&mut script), [("two".to_owned(), true)]);
    assert!(has_bar(&mut script, "two"));
}
