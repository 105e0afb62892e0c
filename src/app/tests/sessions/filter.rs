//! The filter of the list, and what is done with all that match.

use std::path::PathBuf;

use pretty_assertions::assert_eq;

use crate::app::Pane;
use crate::app::sessions::lines::ListLine;
use crate::app::tests::*;
use crate::app::view::theme::{Characters, Colours};
use crate::domain::session::activity::Activity;
use crate::domain::session::{CloseAction, ListPlace};

fn titled(name: &str, title: &str, project: &str, phase: Phase) -> SessionSummary {
    SessionSummary {
        title: title.to_owned(),
        opencode_session: Some(OpencodeSessionId::from("ses_1")),
        project: Some(PathBuf::from("/home/user").join(project)),
        phase,
        ..row(name, 20 * 60_000)
    }
}

fn gone() -> Phase {
    Phase::Gone(Failure::new("the sandbox no longer exists"))
}

/// `fix-login` is on the screen, and the list has the focus.
fn listed() -> Script {
    let rows = vec![
        SessionSummary {
            shown: Some(UnixMillis(NOON)),
            ..titled("fix-login", "Flaky login test", "shop", Phase::Dormant)
        },
        titled(
            "migrate-db",
            "Move to PostgreSQL 17",
            "shop",
            Phase::Dormant,
        ),
        titled("big-refactor", "Split the crate", "parser", Phase::Paused),
        titled("old-try", "Login, a first attempt", "shop", gone()),
        titled("older-try", "Something else", "parser", gone()),
    ];
    let mut options = options();
    if let Mode::Full { project, .. } = &mut options.mode {
        *project = Some(PathBuf::from("/home/user/shop"));
    }
    let mut script = Script::started(options);
    script.event(Event::Reply(Reply::Sessions(rows)));
    script.phase("fix-login", Phase::Live);
    script.status("fix-login", TurnStatus::Idle);
    let line = "bash: cargo publish".to_owned();
    script.session(
        "migrate-db",
        SessionEvent::Activity(Activity::NeedsYou(line)),
    );
    script.keys("ctrl-x l");
    script.asked();
    script
}

fn names(script: &Script) -> Vec<String> {
    let lines = script.app.list.lines();
    let names = lines.map(|line| match line {
        ListLine::Session(row) => row.name.clone(),
        ListLine::Gone(count) => format!("{count} gone"),
        ListLine::Sandbox(sandbox) => sandbox.id.to_string(),
    });
    names.collect()
}

fn found(text: &str) -> Vec<String> {
    let mut script = listed();
    script.keys("/").type_text(text);
    names(&script)
}

#[test]
fn words_find_rows_by_name_title_repository_state_and_what_they_wait_for() {
    assert_eq!(found("login"), ["fix-login", "old-try"]);
    assert_eq!(found("shop postgres"), ["migrate-db"]);
    assert_eq!(found("parser"), ["big-refactor", "older-try"]);
    assert_eq!(found("needs you"), ["migrate-db"]);
    assert_eq!(found("cargo publish"), ["migrate-db"]);
    assert_eq!(found("gone"), ["old-try", "older-try"]);
    assert_eq!(found("paused"), ["big-refactor"]);
    // Letters in order are no match, and a capital letter is one.
    assert_eq!(found("fxlgn"), [""; 0]);
    assert_eq!(found("Login"), ["old-try"]);
    // No one typed the directories above.
    assert_eq!(found("home"), [""; 0]);
}

#[test]
fn the_filter_is_in_the_title_and_stays_until_esc() {
    let mut script = listed();

    script.keys("/").type_text("login");
    insta::assert_snapshot!("typing_80x24", script.screen(80, 24));
    assert!(script.app.viewport.cursor.is_some());
    script.keys("enter j");
    insta::assert_snapshot!("kept_120x36", script.screen(120, 36));
    assert_eq!(names(&script), ["fix-login", "old-try"]);

    // In the chat, keys are text there.
    script.keys("ctrl-x l").type_text("x");
    assert_eq!(script.app.session().unwrap().chat.draft(), "x");
    script.keys("ctrl-x l");
    assert_eq!(names(&script), ["fix-login", "old-try"]);

    script.keys("esc");
    let all = ["migrate-db", "fix-login", "big-refactor", "2 gone"];
    assert_eq!(names(&script), all);
    assert_eq!(script.app.focus.pane(), Pane::Sessions);
    script.keys("esc");
    assert_eq!(script.app.focus.pane(), Pane::Chat);
}

#[test]
fn the_filtered_list_at_200x50_and_without_colour() {
    let mut script = listed();
    script.keys("/").type_text("shop");
    insta::assert_snapshot!("kept_200x50", script.screen(200, 50));

    script.theme = Theme::new(Colours::None, Characters::Ascii);
    script.keys("enter *");
    insta::assert_snapshot!("marked_no_colour_80x24", script.screen(80, 24));
}

#[test]
fn the_cursor_stays_on_its_row_while_it_matches() {
    let mut script = listed();
    script.keys("G k /").type_text("parser");

    let selected = |script: &Script| match script.app.list.selected() {
        Some(crate::app::sessions::RowTarget::Session(key)) => key.to_string(),
        _ => String::new(),
    };
    assert_eq!(selected(&script), "big-refactor");
    script.keys("down");
    assert_eq!(selected(&script), "older-try");
    // Backspace edits the text; what matches no more is not under the cursor.
    script.keys("ctrl-u").type_text("fix");
    assert_eq!(selected(&script), "fix-login");
    script.keys("enter enter");
    assert_eq!(script.shown(), "fix-login");
}

#[test]
fn a_row_that_matches_no_more_leaves_the_list() {
    let mut script = listed();
    script.keys("/").type_text("needs").keys("enter");

    script.session("migrate-db", SessionEvent::Activity(Activity::Working));
    assert_eq!(names(&script), [""; 0]);
    assert!(script.screen(120, 36).contains("No session matches"));
    script.keys("j k D p X space * enter esc");
    assert_eq!(script.asked(), []);
}

#[test]
fn all_that_match_are_killed_archived_or_removed_at_once_and_only_they() {
    let mut script = listed();
    script.keys("/").type_text("shop").keys("enter * D");
    let screen = script.screen(80, 24);
    assert!(
        screen.contains("Kill the sandboxes of 2 sessions?"),
        "{screen}"
    );
    script.keys("y");
    let asked = script.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");

    let mut script = listed();
    script.keys("/").type_text("gone").keys("enter * X");
    let screen = script.screen(80, 24);
    assert!(screen.contains("Remove 2 sessions for good?"), "{screen}");
    script.keys("y");
    let keys = ["old-try", "older-try"].map(SessionKey::from);
    let removed = keys.map(|key| Effect::RemoveSession(key, CloseAction::Kill));
    assert_eq!(script.asked(), removed);

    let mut script = listed();
    script.keys("/").type_text("parser").keys("enter * A");
    let keys = ["big-refactor", "older-try"].map(SessionKey::from);
    let placed = Effect::PlaceSessions(keys.into(), ListPlace::Archived(true));
    assert_eq!(script.asked(), [placed]);
}

#[test]
fn marks_outlive_the_filter_and_a_second_star_takes_them_back() {
    let mut script = listed();
    script.keys("/").type_text("postgres").keys("enter * /");
    script.keys("ctrl-u").type_text("paused").keys("enter *");
    assert_eq!(script.app.list.marks(), 2);
    script.keys("*");
    assert_eq!(script.app.list.marks(), 1);

    // Esc takes the marks first, then the filter.
    script.keys("esc");
    assert_eq!(script.app.list.marks(), 0);
    assert_eq!(names(&script), ["big-refactor"]);
    script.keys("* esc esc");
    assert_eq!(names(&script).len(), 4);
}

#[test]
fn a_paste_goes_into_the_filter_while_it_is_typed() {
    let mut script = listed();
    script.keys("/");
    script.event(Event::Paste("postgres\n".to_owned()));

    assert_eq!(names(&script), ["migrate-db"]);
    assert_eq!(script.app.session().unwrap().chat.draft(), "");
}

#[test]
fn slots_are_the_sessions_that_have_a_row_from_the_top() {
    let mut script = listed();
    let slots = |script: &Script| {
        let slots = (0..9).map_while(|slot| script.app.list.session_at(slot));
        slots.map(|row| row.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(slots(&script), ["migrate-db", "fix-login", "big-refactor"]);
    // The row that counts the others is none.
    script.keys("z");
    let all = [
        "migrate-db",
        "fix-login",
        "big-refactor",
        "old-try",
        "older-try",
    ];
    assert_eq!(slots(&script), all);

    script.keys("/").type_text("login").keys("enter");
    assert_eq!(slots(&script), ["fix-login", "old-try"]);
    script.keys("ctrl-p").type_text("show session 2");
    assert!(script.screen(80, 24).contains("show session 2: old-try"));
    script.keys("esc ctrl-x 2");
    assert_eq!(script.shown(), "old-try");
}
