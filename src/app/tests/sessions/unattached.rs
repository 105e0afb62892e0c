//! The account's unattached sandboxes.

use pretty_assertions::assert_eq;

use crate::app::Pane;
use crate::app::input::key::{Mouse, MouseKind};
use crate::app::tests::*;
use crate::domain::sandbox::price::SandboxSize;
use crate::domain::sandbox::unattached::{EngineState, Provenance, UnattachedSandbox};
use crate::domain::session::{CloseAction, SessionCommand};

fn unattached_sandbox(id: &str, provenance: Provenance) -> UnattachedSandbox {
    UnattachedSandbox {
        engine: EngineKind::E2b,
        id: SandboxId::from(id),
        key: None,
        name: String::new(),
        state: EngineState::Running,
        since: Some(UnixMillis(NOON - 3 * 3_600_000)),
        size: SandboxSize {
            vcpus: 2,
            memory_mib: 1024,
        },
        provenance,
    }
}

/// One of each kind.
fn all_kinds() -> Vec<UnattachedSandbox> {
    let elsewhere = UnattachedSandbox {
        name: "my-work".to_owned(),
        ..unattached_sandbox("i1", Provenance::Elsewhere)
    };
    let left = UnattachedSandbox {
        name: "one".to_owned(),
        state: EngineState::Paused,
        ..unattached_sandbox("i2", Provenance::Left("one".to_owned()))
    };
    vec![
        elsewhere,
        left,
        unattached_sandbox("i3", Provenance::ThirdParty),
    ]
}

/// Two sessions, the first of which is live, and these unattached sandboxes.
fn with(unattached: Vec<UnattachedSandbox>) -> Script {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    script.event(Event::Reply(Reply::UnattachedSandboxes(Ok(unattached))));
    script
}

fn ids(script: &Script) -> Vec<&str> {
    let unattached = script.app.list.unattached().iter();
    unattached
        .map(|unattached_sandbox| unattached_sandbox.id.as_str())
        .collect()
}

fn notice(script: &Script) -> &str {
    script.app.status.notice().unwrap_or_default()
}

fn adopt(id: &str, result: Result<SessionSummary, Failure>) -> Event {
    Event::Reply(Reply::Adopted(SandboxId::from(id), result.map(Box::new)))
}

fn closed(id: &str, phase: Phase) -> Event {
    Event::Reply(Reply::Closed(SandboxId::from(id), phase))
}

#[test]
fn unattached_sandboxes_are_listed_below_the_sessions_with_what_to_do() {
    let mut script = with(all_kinds());
    script.keys("ctrl-x l G k k");

    insta::assert_snapshot!("unattached_120x36", script.screen(120, 36));
    insta::assert_snapshot!("unattached_80x24", script.screen(80, 24));
}

#[test]
fn where_the_list_is_out_of_sight_the_header_counts_those_that_run() {
    let mut script = with(all_kinds());

    let screen = script.screen(80, 24);

    assert!(
        screen.lines().next().unwrap().ends_with("2 unattached"),
        "{screen}"
    );
}

#[test]
fn they_wait_for_the_sessions_and_the_sessions_do_not_wait_for_them() {
    let mut script = Script::started(options());

    script.event(Event::Reply(Reply::UnattachedSandboxes(Ok(all_kinds()))));
    assert_eq!(ids(&script), [""; 0]);
    script.event(Event::Reply(Reply::Sessions(vec![row("one", 1)])));

    assert_eq!((script.shown(), ids(&script).len()), ("one", 3));
    // The cursor is on the shown session.
    script.keys("ctrl-x l").asked();
    assert!(script.screen(120, 36).contains("p pause/resume"));
}

#[test]
fn they_are_polled_while_the_list_is_visible() {
    let mut script = with(Vec::new());
    let minutes = Duration::from_mins;
    script.draw(80, 24);
    script.asked();

    // At this size only the list itself shows them.
    script.wait(minutes(30));
    assert_eq!(script.asked(), []);
    script.keys("ctrl-x l").draw(80, 24);
    script.wait(Duration::from_secs(1));
    assert_eq!(script.asked(), [Effect::ListUnattachedSandboxes]);

    // No second request before the response.
    script.wait(minutes(30));
    assert_eq!(script.asked(), []);
    script.event(Event::Reply(Reply::UnattachedSandboxes(Ok(Vec::new()))));
    script.wait(Duration::from_secs(119));
    assert_eq!(script.asked(), [Effect::ListSessions]);
    script.wait(minutes(1));
    assert_eq!(script.asked(), [Effect::ListUnattachedSandboxes]);
}

#[test]
fn an_attached_program_lists_no_sandboxes() {
    let mut script = Script::attached();
    script.phase("attached", Phase::Live);
    script.status("attached", TurnStatus::Idle);
    script.draw(120, 36);

    script.wait(Duration::from_hours(1));

    assert_eq!(script.asked(), []);
}

#[test]
fn if_the_listing_fails_a_quiet_line_says_so_and_the_old_rows_stay() {
    let mut script = with(all_kinds());

    let failure = Failure::new("the sandbox API cannot be reached");
    script.event(Event::Reply(Reply::UnattachedSandboxes(Err(failure))));

    let screen = script.screen(120, 36);
    assert!(screen.contains("other sandboxes: the"), "{screen}");
    assert!(screen.contains("my-work"), "{screen}");
    assert_eq!(
        (notice(&script), script.app.overlays.iter().count()),
        ("", 0)
    );
    script.event(Event::Reply(Reply::UnattachedSandboxes(Ok(Vec::new()))));
    assert!(!script.screen(120, 36).contains("others"));
}

#[test]
fn a_sandbox_that_this_program_is_creating_does_not_flash_up() {
    let mut script = with(Vec::new());
    script.keys("ctrl-x n");
    let key = script.shown().to_owned();
    let made = UnattachedSandbox {
        key: Some(SessionKey::from(key.as_str())),
        ..unattached_sandbox("i1", Provenance::ReservedFor("sandbar".to_owned()))
    };

    script.event(Event::Reply(Reply::UnattachedSandboxes(Ok(vec![made]))));
    assert_eq!(ids(&script), [""; 0]);

    script.session(&key, SessionEvent::Sandbox(sandbox("i1")));
    script.phase(&key, Phase::Live);
    assert_eq!(ids(&script), [""; 0]);
}

#[test]
fn one_that_is_just_not_taken_shows_once_the_boot_has_failed() {
    let mut script = with(Vec::new());
    script.keys("ctrl-x n");
    let key = script.shown().to_owned();
    let made = UnattachedSandbox {
        key: Some(SessionKey::from(key.as_str())),
        ..unattached_sandbox("i1", Provenance::ReservedFor("sandbar".to_owned()))
    };
    script.event(Event::Reply(Reply::UnattachedSandboxes(Ok(vec![made]))));

    script.phase(&key, Phase::Failed(exited()));

    assert_eq!(ids(&script), ["i1"]);
}

#[test]
fn one_is_adopted_and_becomes_a_row_of_its_own_under_the_cursor() {
    let mut script = with(all_kinds());
    script.keys("ctrl-x l G k k").asked();

    script.keys("enter");
    assert_eq!(
        notice(&script),
        "no session here uses this sandbox: made on another machine; a adopts it, D kills it"
    );
    script.keys("a a");
    let asked = script.asked();
    let [Effect::Adopt(id, _)] = &asked[..] else {
        panic!("it was asked for {asked:?}");
    };
    assert_eq!(id.as_str(), "i1");
    assert!(script.screen(120, 36).contains("being adopted"));

    let mut adopted = row("my-work", 9);
    adopted.sandbox.id = Some(SandboxId::from("i1"));
    adopted.phase = Phase::Paused;
    script.event(adopt("i1", Ok(adopted)));

    assert_eq!(notice(&script), "adopted my-work; enter opens it");
    assert_eq!(ids(&script), ["i2", "i3"]);
    assert_eq!(script.asked(), [Effect::ListUnattachedSandboxes]);
    script.keys("enter");
    assert_eq!(script.shown(), "my-work");
}

#[test]
fn one_that_cannot_be_adopted_says_why_until_it_is_asked_again() {
    let mut script = with(all_kinds());
    script.keys("ctrl-x l G k k a").asked();

    let failure = Failure::new("sandbox i1 cannot be adopted")
        .detail("the password of its OpenCode server was not found in it")
        .advise([Advice::KillSandbox("i1".to_owned())]);
    script.event(adopt("i1", Err(failure)));

    assert_eq!(
        notice(&script),
        "sandbox i1 cannot be adopted; the password of its OpenCode server was not found in it; press D to kill it"
    );
    script.wait(Duration::from_secs(9));
    insta::assert_snapshot!(script.screen(80, 24));
    script.asked();
    script.keys("a");
    assert!(matches!(script.asked()[..], [Effect::Adopt(..)]));
}

#[test]
fn what_to_do_about_a_failed_adoption_names_no_key_of_another_pane() {
    let failed = |script: &mut Script| {
        let failure = Failure::new("no connection")
            .detail("refused")
            .advise([Advice::TryAgain, Advice::KillSandbox("i1".to_owned())]);
        script.event(adopt("i1", Err(failure)));
        notice(script).to_owned()
    };
    let mut script = with(all_kinds());
    script.keys("ctrl-x l G k k a");

    let in_list = failed(&mut script);
    script.keys("ctrl-x l");
    let elsewhere = failed(&mut script);

    assert_eq!(
        in_list,
        "no connection; refused; press a to try again, or press D to kill it"
    );
    assert_eq!(elsewhere, "no connection; refused; try again, or kill it");
}

#[test]
fn one_is_killed_after_a_question_that_says_whose_it_is() {
    let mut script = with(all_kinds());
    script.keys("ctrl-x l G D").asked();

    insta::assert_snapshot!("foreign_80x24", script.screen(80, 24));
    script.keys("y");

    let asked = [Effect::CloseSandbox(
        SandboxId::from("i3"),
        CloseAction::Kill,
    )];
    assert_eq!(script.asked(), asked);
    script.event(closed("i3", Phase::Gone(Failure::new("killed"))));
    assert_eq!(
        (notice(&script), ids(&script)),
        ("killed sandbox i3", vec!["i1", "i2"])
    );
    assert_eq!(script.asked(), [Effect::ListUnattachedSandboxes]);
}

#[test]
fn sessions_and_unattached_sandboxes_are_marked_and_closed_together() {
    let mut script = with(all_kinds());
    script.asked();
    script.keys("ctrl-x l space j space space space p");

    let asked = [
        Effect::Command(SessionKey::from("one"), SessionCommand::Pause),
        Effect::CloseSandbox(SandboxId::from("i1"), CloseAction::Pause),
        Effect::CloseSandbox(SandboxId::from("i3"), CloseAction::Pause),
    ];
    assert_eq!(script.asked(), asked);
    script.phase("one", Phase::Paused);
    script.event(closed("i1", Phase::Paused));
    script.event(closed("i3", Phase::Failed(Failure::new("no connection"))));
    let text = "2 paused, 1 was paused already; sandbox i3: no connection";
    assert_eq!(notice(&script), text);

    script.keys("g space space space space D");
    insta::assert_snapshot!("both_80x24", script.screen(80, 24));
}

#[test]
fn a_press_of_the_mouse_selects_one_and_opens_nothing() {
    let mut script = with(all_kinds());
    script.draw(120, 36);
    script.asked();

    script.event(Event::Mouse(Mouse {
        kind: MouseKind::Press,
        column: 5,
        row: 6,
    }));

    assert_eq!(
        (script.app.focus.pane(), script.shown()),
        (Pane::Sessions, "one")
    );
    assert!(script.screen(120, 36).contains("a adopt  p pause  D kill"));
    assert_eq!(script.asked(), []);
}

#[test]
fn names_of_unattached_sandboxes_never_reach_the_screen_as_control() {
    let nasty = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}evil";
    let one = UnattachedSandbox {
        name: nasty.to_owned(),
        ..unattached_sandbox(nasty, Provenance::Left(nasty.to_owned()))
    };
    let mut script = with(vec![one]);
    let failure = Failure::new(nasty).detail(nasty);
    script.event(Event::Reply(Reply::UnattachedSandboxes(Err(
        failure.clone()
    ))));
    script.event(adopt(nasty, Err(failure)));

    for keys in ["ctrl-x l G", "D"] {
        let screen = script.keys(keys).screen(120, 36);
        let is_bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!screen.contains(is_bad), "{screen:?}");
    }
}
