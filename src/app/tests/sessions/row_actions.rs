//! Names of sessions, their places in the list, and their deletion for good.

use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::domain::session::{CloseAction, ListPlace};

fn key(name: &str) -> SessionKey {
    SessionKey::from(name)
}

fn notice(script: &Script) -> &str {
    script.app.status.notice().unwrap_or_default()
}

fn names(script: &Script) -> Vec<&str> {
    let rows = script.app.list.rows().iter();
    rows.map(|row| row.name.as_str()).collect()
}

fn gone(name: &str, age: u64) -> SessionSummary {
    SessionSummary {
        phase: Phase::Gone(Failure::new("the sandbox no longer exists")),
        ..row(name, age)
    }
}

/// `one` is on the screen; the cursor is on it.
fn listed(rows: Vec<SessionSummary>) -> Script {
    let mut script = Script::with_stored(rows);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    script.keys("ctrl-x l");
    script.asked();
    script
}

#[test]
fn a_session_is_renamed_and_a_name_that_is_none_is_refused() {
    let mut script = listed(vec![row("one", 1)]);

    script.keys("e");
    assert!(script.screen(80, 24).contains("Rename the session"));
    script.keys("ctrl-u - x enter");
    assert_eq!(
        script.asked(),
        [Effect::RenameSession(key("one"), "-x".to_owned())]
    );
    let why = "it begins like an option".to_owned();
    script.event(Event::Reply(Reply::NotRenamed(
        key("one"),
        "-x".to_owned(),
        why,
    )));
    assert_eq!(notice(&script), "not renamed: it begins like an option");

    // What was typed can be corrected.
    script.keys("y enter");
    assert_eq!(
        script.asked(),
        [Effect::RenameSession(key("one"), "-xy".to_owned())]
    );
}

#[test]
fn pinned_sessions_stand_first_and_archived_ones_fold() {
    let rows = vec![row("one", 1), row("two", 2), row("three", 3)];
    let mut script = listed(rows);

    script.keys("G P");
    assert_eq!(
        script.asked(),
        [Effect::PlaceSessions(
            vec![key("three")],
            ListPlace::Pinned(true)
        )]
    );
    assert_eq!(names(&script), ["three", "one", "two"]);

    script.keys("G A");
    assert_eq!(
        script.asked(),
        [Effect::PlaceSessions(
            vec![key("two")],
            ListPlace::Archived(true)
        )]
    );
    let screen = script.screen(120, 36);
    assert!(screen.contains("1 archived"), "{screen}");
    assert!(script.app.list.session_at(2).is_none());

    // Unfolded, it is brought back.
    script.keys("z G A");
    assert_eq!(
        script.asked().first(),
        Some(&Effect::PlaceSessions(
            vec![key("two")],
            ListPlace::Archived(false)
        ))
    );
    assert_eq!(names(&script), ["three", "one", "two"]);
}

#[test]
fn a_removed_session_leaves_the_list_and_the_next_one_is_shown() {
    let mut script = listed(vec![row("one", 1), row("two", 2)]);

    script.keys("X");
    let screen = script.screen(80, 24);
    assert!(screen.contains("Remove session one for good?"), "{screen}");
    assert!(screen.contains("Its sandbox is killed"), "{screen}");
    script.keys("n");
    assert_eq!(script.asked(), []);

    script.keys("X y");
    assert_eq!(
        script.asked(),
        [Effect::RemoveSession(key("one"), CloseAction::Kill)]
    );
    script.session("one", SessionEvent::Stopped);
    script.session("one", SessionEvent::Removed(Ok(())));
    assert_eq!(names(&script), ["two"]);
    assert_eq!((notice(&script), script.shown()), ("removed one", "two"));

    script.asked();
    script.keys("X y");
    script.session("two", SessionEvent::Removed(Ok(())));
    assert_eq!(names(&script), [""; 0]);
    assert!(script.screen(80, 24).contains("No sessions yet"));
}

#[test]
fn all_marked_are_removed_and_one_text_says_so() {
    let rows = vec![row("one", 1), gone("two", 2), gone("three", 3)];
    let mut script = listed(rows);

    script.keys("z j j space space X y");
    assert_eq!(
        script.asked(),
        [
            Effect::RemoveSession(key("two"), CloseAction::Kill),
            Effect::RemoveSession(key("three"), CloseAction::Kill),
        ]
    );
    script.session("two", SessionEvent::Removed(Ok(())));
    let failure = Failure::new("another sandbar has this session open");
    script.session("three", SessionEvent::Removed(Err(failure)));

    assert_eq!(names(&script), ["one", "three"]);
    let words = "removed two; three was not removed: another sandbar has this session open";
    assert_eq!(notice(&script), words);
}

#[test]
fn the_sandbox_that_another_session_works_in_stays() {
    let mut sibling = row("two", 2);
    sibling.sandbox = sandbox("sbx-one");
    let mut script = listed(vec![row("one", 1), sibling]);

    script.keys("X");
    let screen = script.screen(80, 24);
    assert!(
        screen.contains("Other sessions use the same sandbox"),
        "{screen}"
    );
    script.keys("y");
    assert_eq!(
        script.asked(),
        [Effect::RemoveSession(key("one"), CloseAction::Detach)]
    );
}
