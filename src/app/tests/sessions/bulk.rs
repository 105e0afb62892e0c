//! Marked sessions in the list, and operations on them.

use crate::app::Pane;
use crate::app::tests::*;
use crate::domain::id::MessageId;
use crate::domain::session::{CloseAction, SessionCommand, SnapshotInfo};

fn key(name: &str) -> SessionKey {
    SessionKey::from(name)
}

fn notice(script: &Script) -> &str {
    script.app.status.notice().unwrap_or_default()
}

fn paused(name: &str, age: u64) -> SessionSummary {
    SessionSummary {
        phase: Phase::Paused,
        ..row(name, age)
    }
}

/// Two open sessions, `one` with a snapshot, and three that are not open.
fn some() -> Script {
    let mut planned = row("planned", 5);
    planned.sandbox.id = None;
    let mut gone = row("gone", 4);
    gone.phase = Phase::Gone(Failure::new("the sandbox no longer exists"));
    let rows = vec![row("one", 1), row("two", 2), row("three", 3), gone, planned];
    let mut script = Script::with_stored(rows);
    script.keys("ctrl-x 2 ctrl-x 1");
    for name in ["one", "two"] {
        script.phase(name, Phase::Live);
        script.status(name, TurnStatus::Idle);
    }
    let snapshot = SnapshotInfo {
        at: UnixMillis(NOON - 120_000),
        code_at: Some(UnixMillis(NOON - 120_000)),
        last_prompt: Some(MessageId::from("msg_1")),
        changed: None,
    };
    script.session("one", SessionEvent::Snapshot(Some(snapshot)));
    script.asked();
    script
}

#[test]
fn space_marks_and_goes_on_and_esc_unmarks_before_it_leaves() {
    let mut script = some();

    script.keys("ctrl-x l space space k space");
    assert_eq!(script.app.list.marks(), 1);
    assert!(script.screen(120, 36).contains("1 marked"));

    script.keys("esc");
    assert_eq!(
        (script.app.list.marks(), script.app.focus.pane()),
        (0, Pane::Sessions)
    );
    script.keys("esc");
    assert_eq!(script.app.focus.pane(), Pane::Chat);
    assert_eq!(script.asked(), []);
}

#[test]
fn marks_of_rows_that_are_no_longer_listed_are_forgotten() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.keys("ctrl-x l space");

    script.app.list = crate::app::sessions::Sessions::default();
    script.event(Event::Reply(Reply::Sessions(vec![row("two", 1)])));

    assert_eq!(script.app.list.marks(), 0);
}

#[test]
fn pausing_many_opens_and_resumes_none_and_says_what_was_done() {
    let mut script = some();
    script.session("two", SessionEvent::Phase(Phase::Paused));

    script.keys("ctrl-x l z space space space space j space p");

    let asked = [
        Effect::Command(key("one"), SessionCommand::Pause),
        Effect::CloseSession(key("three"), CloseAction::Pause),
    ];
    assert_eq!(script.asked(), asked);
    assert_eq!(notice(&script), "pausing 2 sandboxes …");
    assert_eq!((script.app.list.marks(), script.shown()), (0, "one"));

    script.phase("one", Phase::Paused);
    script.phase("three", Phase::Paused);
    assert_eq!(
        notice(&script),
        "2 paused, 1 was paused already, 1 is gone, 1 has no sandbox"
    );
    assert_eq!(
        script.app.list.row(&key("three")).unwrap().phase,
        Phase::Paused
    );
}

#[test]
fn a_failure_is_reported_and_stops_no_other() {
    let mut script = some();
    script.keys("ctrl-x l space space space p");
    script.asked();

    script.phase(
        "three",
        Phase::Failed(Failure::new("no connection to the API").detail("timed out")),
    );
    script.phase("one", Phase::Paused);
    assert_eq!(notice(&script), "pausing 3 sandboxes …");
    let busy = Failure::new("the session accepts no more commands");
    script.session("two", SessionEvent::CommandFailed(busy));

    assert_eq!(
        notice(&script),
        "1 paused; three: no connection to the API; timed out; two: the session accepts no more commands"
    );
    // Whether it runs is as unknown as before.
    assert_eq!(
        script.app.list.row(&key("three")).unwrap().phase,
        Phase::Dormant
    );
}

#[test]
fn one_that_is_not_open_is_paused_without_being_opened() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2), paused("three", 3)]);

    script.keys("ctrl-x l j p");
    let asked = [Effect::CloseSession(key("two"), CloseAction::Pause)];
    assert_eq!(script.asked(), asked);
    script.phase("two", Phase::Paused);
    assert_eq!(notice(&script), "");

    // The paused one is resumed, for which it is opened.
    script.keys("j p");
    assert_eq!(script.shown(), "three");
}

#[test]
fn a_single_one_to_which_nothing_is_to_be_done_says_why() {
    let mut script = some();

    script.keys("ctrl-x l z G k k p");
    assert_eq!(notice(&script), "planned has no sandbox");
    script.keys("j j p");
    assert_eq!(notice(&script), "gone is gone");
    script.keys("D");
    assert_eq!(notice(&script), "gone is already gone");
    assert_eq!(
        (script.asked(), script.app.overlays.iter().count()),
        (Vec::new(), 0)
    );
}

#[test]
fn killing_many_asks_once_and_kills_each_by_itself() {
    let mut script = some();

    script.keys("ctrl-x l z space space space j j space D n");
    assert_eq!((script.asked(), script.app.list.marks()), (Vec::new(), 4));
    script.keys("D y");

    let asked = [
        Effect::Command(key("one"), SessionCommand::Kill),
        Effect::Command(key("two"), SessionCommand::Kill),
        Effect::CloseSession(key("three"), CloseAction::Kill),
    ];
    assert_eq!(
        (script.asked().as_slice(), script.app.list.marks()),
        (&asked[..], 0)
    );
    for name in ["one", "two", "three"] {
        script.phase(name, Phase::Gone(Failure::new("the sandbox was killed")));
    }
    assert_eq!(notice(&script), "3 killed");
}

#[test]
fn one_whose_task_has_ended_is_killed_all_the_same() {
    let mut script = some();
    script.phase("one", Phase::Failed(exited()));
    script.session("one", SessionEvent::Stopped);
    assert_eq!(script.asked(), [Effect::ListSessions]);

    script.keys("ctrl-x l D y");

    let asked = [Effect::CloseSession(key("one"), CloseAction::Kill)];
    assert_eq!(script.asked(), asked);
}

#[test]
fn the_marked_rows_are_seen() {
    let mut script = some();
    script.keys("ctrl-x l space j space");

    insta::assert_snapshot!("marked_80x24", script.screen(80, 24));
    insta::assert_snapshot!("marked_120x36", script.screen(120, 36));
}

#[test]
fn the_dialog_names_everything_that_is_killed_and_lost() {
    let mut fork = row("fork", 6);
    fork.sandbox = sandbox("sbx-two");
    let mut script = some();
    let rows = script.app.list.rows().iter().cloned().chain([fork]);
    let rows = rows.collect();
    script.event(Event::Reply(Reply::Sessions(rows)));
    script.status("two", TurnStatus::Busy);

    script.keys("ctrl-x l g space space space space D");

    insta::assert_snapshot!("victims_80x24", script.screen(80, 24));
    insta::assert_snapshot!("victims_40x12", script.screen(40, 12));
}

#[test]
fn however_many_sandboxes_are_killed_all_can_be_read() {
    let rows = (0..60).map(|n| row(&format!("session-{n}"), n)).collect();
    let mut script = Script::with_stored(rows);
    script.keys("ctrl-x l");
    for _ in 0..60 {
        script.keys("space");
    }
    script.keys("D");

    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let screen = script.screen(80, 24);
        assert!(screen.contains("y yes"), "{screen}");
        for n in 0..60 {
            if screen.contains(&format!("session-{n}:")) {
                seen.insert(n);
            }
        }
        script.keys("pgdn");
    }
    assert_eq!(seen.len(), 60);
    insta::assert_snapshot!(script.screen(80, 24));
}
