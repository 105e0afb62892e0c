//! The rows of the list: what they say, their order, and those that are gone.

use pretty_assertions::assert_eq;

use crate::app::sessions::RowTarget;
use crate::app::sessions::lines::ListLine;
use crate::app::tests::*;
use crate::app::view::theme::{Characters, Colours};
use crate::domain::session::activity::Activity;
use crate::domain::session::{ChangedLines, SnapshotInfo};

const MINUTE: u64 = 60_000;

/// A session that is not open, with a server, a title and a cost.
fn titled(name: &str, title: &str, phase: Phase) -> SessionSummary {
    SessionSummary {
        title: title.to_owned(),
        opencode_session: Some(OpencodeSessionId::from("ses_1")),
        phase,
        cost: 0.42,
        updated: UnixMillis(NOON - 12 * MINUTE),
        ..row(name, 20 * MINUTE)
    }
}

fn gone() -> Phase {
    Phase::Gone(Failure::new("the sandbox no longer exists"))
}

fn activity(script: &mut Script, key: &str, activity: Activity) {
    script.session(key, SessionEvent::Activity(activity));
}

/// One session in each state; `readme-typos` is on the screen.
fn one_of_each() -> Script {
    let failed = Phase::Failed(Failure::new("OpenCode ended with exit code 1"));
    let changed = |added, removed| Some(ChangedLines { added, removed });
    let rows = vec![
        titled("old-try", "A first attempt", gone()),
        titled("older-try", "The attempt before it", gone()),
        SessionSummary {
            changed: changed(12_204, 3_567),
            ..titled("big-refactor", "Split the storage crate", Phase::Paused)
        },
        titled("flaky-ci", "Make CI green", failed),
        titled("perf-json", "JSON parser without alloc", Phase::Dormant),
        titled("migrate-db", "Move to PostgreSQL 17", Phase::Dormant),
        titled("docs-links", "", Phase::Dormant),
        SessionSummary {
            shown: Some(UnixMillis(NOON)),
            changed: changed(12, 3),
            ..titled("readme-typos", "Fix typos in the README", Phase::Dormant)
        },
    ];
    let mut script = Script::with_stored(rows);
    script.phase("readme-typos", Phase::Live);
    activity(&mut script, "perf-json", Activity::Working);
    let line = "bash: psql -f migrations/0042_users.sql";
    activity(&mut script, "migrate-db", Activity::NeedsYou(line.into()));
    let line = "question: which of the two sites is the right one?";
    activity(&mut script, "docs-links", Activity::NeedsYou(line.into()));
    script
}

/// The names in the list from top to bottom, without those that are folded.
fn names(script: &Script) -> Vec<String> {
    let lines = script.app.list.lines();
    let names = lines.map(|line| match line {
        ListLine::Session(row) => row.name.clone(),
        ListLine::Gone(count) => format!("{count} gone"),
        ListLine::Sandbox(sandbox) => sandbox.id.to_string(),
    });
    names.collect()
}

#[test]
fn the_list_at_80x24() {
    insta::assert_snapshot!(one_of_each().keys("ctrl-x l").screen(80, 24));
}

#[test]
fn the_list_at_120x36() {
    insta::assert_snapshot!(one_of_each().screen(120, 36));
}

#[test]
fn the_list_at_200x50() {
    insta::assert_snapshot!(one_of_each().screen(200, 50));
}

#[test]
fn the_list_without_colour_tells_each_state_by_sign_and_word() {
    let mut script = one_of_each();
    script.theme = Theme::new(Colours::None, Characters::Ascii);

    insta::assert_snapshot!(script.keys("ctrl-x l z").screen(80, 30));
}

#[test]
fn what_needs_the_user_is_first_and_what_is_gone_is_one_row_that_unfolds() {
    let mut script = one_of_each();
    let live = [
        "migrate-db",
        "docs-links",
        "perf-json",
        "flaky-ci",
        "readme-typos",
        "big-refactor",
        "2 gone",
    ];
    assert_eq!(names(&script), live);

    script.keys("ctrl-x l z");
    let all = [&live[..], &["old-try", "older-try"]].concat();
    assert_eq!(names(&script), all);
    // Enter on the row does the same.
    script.keys("G k k enter");
    assert_eq!(names(&script), live);
    assert!(script.app.list.is_on_fold());
    script.keys("enter j");
    assert_eq!(names(&script), all);
    script.keys("enter");
    assert_eq!(script.shown(), "old-try");
    // It is on the screen, so it keeps a row when the others are folded.
    script.keys("ctrl-x l z");
    let shown = [&live[..6], &["old-try", "1 gone"]].concat();
    assert_eq!(names(&script), shown);
}

#[test]
fn the_cursor_and_the_digits_follow_the_order_on_the_screen() {
    let mut script = one_of_each();
    script.keys("ctrl-x l G k");
    let selected = |script: &Script| script.app.list.selected();
    let paused = RowTarget::Session("big-refactor".into());
    assert_eq!(selected(&script), Some(paused.clone()));

    activity(&mut script, "perf-json", Activity::Idle);
    activity(&mut script, "docs-links", Activity::Working);
    script.phase("flaky-ci", gone());

    let order = ["migrate-db", "docs-links", "perf-json", "readme-typos"];
    assert_eq!(names(&script)[..4], order);
    assert_eq!(selected(&script), Some(paused));
    script.keys("ctrl-x 3");
    assert_eq!(script.shown(), "perf-json");
    // A digit has no session that has no row.
    script.keys("ctrl-x 8");
    assert_eq!(script.shown(), "perf-json");
}

#[test]
fn a_row_keeps_its_title_whatever_its_state() {
    let failure = || Failure::new("it failed");
    for phase in [
        Phase::Dormant,
        Phase::Live,
        Phase::Paused,
        Phase::Booting(Stage::Create),
        Phase::Failed(failure()),
        Phase::Gone(failure()),
    ] {
        let rows = vec![
            row("shown", 1),
            titled("one", "Fix the login test", Phase::Dormant),
        ];
        let mut script = Script::with_stored(rows);
        script.keys("ctrl-x 2 ctrl-x 1 ctrl-x l z");

        script.phase("one", phase.clone());

        let screen = script.screen(80, 24);
        assert!(screen.contains("Fix the login test"), "{phase:?} {screen}");
    }
}

#[test]
fn the_title_and_the_cost_of_a_conversation_stay_once_its_session_is_closed() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    let conversation = crate::domain::chat::Conversation {
        title: "Fix the login test".to_owned(),
        cost: 1.25,
        ..crate::domain::testing::conversation("ses_1")
    };
    let told = ChatEvent::Conversation(conversation);
    script.session("one", SessionEvent::Chat(told));
    script.phase("one", gone());
    script.session("one", SessionEvent::Stopped);

    script.keys("ctrl-x 1 ctrl-x l z");

    assert!(script.app.open.get(&SessionKey::from("one")).is_none());
    let screen = script.screen(80, 24);
    assert!(screen.contains("Fix the login test"), "{screen}");
    assert!(screen.contains("$1.25"), "{screen}");
}

#[test]
fn the_size_of_the_work_follows_the_snapshots_and_leaves_room_for_the_title() {
    let mut script = one_of_each();
    // Too long beside the list's titles at this width, though not on a whole screen.
    assert!(!script.screen(120, 36).contains("+12204"));
    assert!(
        script
            .keys("ctrl-x l")
            .screen(80, 24)
            .contains("+12204 −3567 $0.42")
    );
    assert!(script.screen(80, 24).contains("+12 −3 $0.42"));
    let taken = |changed| {
        SessionEvent::Snapshot(Some(SnapshotInfo {
            at: UnixMillis(NOON),
            code_at: Some(UnixMillis(NOON)),
            last_prompt: None,
            changed,
        }))
    };
    let lines = ChangedLines {
        added: 40,
        removed: 0,
    };

    script.session("readme-typos", taken(Some(lines)));
    assert!(script.screen(80, 24).contains("+40 −0 $0.42"));
    // One that does not know it, of an earlier version.
    script.session("readme-typos", taken(None));
    assert!(script.screen(80, 24).contains("+40 −0 $0.42"));
    // Nothing is left of the work.
    script.session("readme-typos", taken(Some(ChangedLines::default())));
    assert!(!script.screen(80, 24).contains("+0"));
}

#[test]
fn a_row_says_for_how_long_it_is_in_its_state() {
    let mut script = one_of_each();
    // What was so at the start began when the session was last used.
    assert!(script.screen(120, 36).contains("needs you 12m"));

    activity(&mut script, "migrate-db", Activity::Working);
    activity(&mut script, "docs-links", Activity::Idle);
    assert!(script.screen(120, 36).contains(" idle │"));
    script.wait(Duration::from_mins(3));

    let screen = script.screen(120, 36);
    assert!(screen.contains("working 3m"), "{screen}");
    assert!(screen.contains("idle 3m"), "{screen}");
    assert!(screen.contains("paused 15m"), "{screen}");
}

#[test]
fn a_list_that_does_not_fit_says_how_much_is_above_and_below() {
    let rows = (0..20).map(|age| row(&format!("session-{age}"), age));
    let mut script = Script::with_stored(rows.collect());
    script.keys("ctrl-x l");
    let screen = script.screen(80, 24);
    assert!(screen.contains(" ↓ 10 more"), "{screen}");

    script.keys("G k");

    let screen = script.screen(80, 24);
    assert!(screen.contains("session-18"), "{screen}");
    assert!(screen.contains(" ↑ 9 ↓ 1 more"), "{screen}");
}

#[test]
fn a_session_that_another_process_removed_leaves_the_list_unless_it_is_open() {
    let listed = |rows| Event::Reply(Reply::Sessions(rows));
    let mut script = Script::with_stored(vec![row("shown", 1), row("one", 2), row("two", 3)]);
    script.keys("ctrl-x n ctrl-x l G space");
    assert_eq!(script.app.list.marks(), 1);

    script.event(listed(vec![row("one", 2)]));

    // One is on no screen and stored no more, one is being created.
    assert_eq!(names(&script), ["sandbar", "shown", "one"]);
    assert_eq!(script.app.list.marks(), 0);
    let last = RowTarget::Session("one".into());
    assert_eq!(script.app.list.selected(), Some(last));
}

#[test]
fn a_row_stays_where_it_was_while_its_session_connects() {
    let mut script = one_of_each();
    let before = names(&script);

    script.keys("ctrl-x 2");

    assert_eq!(script.shown(), "docs-links");
    assert_eq!(names(&script), before);
    script.phase("docs-links", Phase::Live);
    assert_eq!(names(&script)[..2], ["migrate-db", "perf-json"]);
}
