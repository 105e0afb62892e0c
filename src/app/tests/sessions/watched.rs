//! Running sessions that are not open; which session is opened, and how that affects its sandbox.

use std::path::PathBuf;

use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::domain::sandbox::SessionStatus;
use crate::domain::session::SessionCommand;
use crate::domain::session::activity::Activity;

/// A row with a started server.
fn served(name: &str, age: u64) -> SessionSummary {
    SessionSummary {
        opencode_session: Some(OpencodeSessionId::from("ses_1")),
        ..row(name, age)
    }
}

fn in_phase(name: &str, age: u64, phase: Phase) -> SessionSummary {
    SessionSummary {
        phase,
        ..served(name, age)
    }
}

fn gone() -> Phase {
    Phase::Gone(Failure::new("the sandbox was killed"))
}

/// The sessions to watch, if requested since the last call.
fn watched(script: &mut Script) -> Option<Vec<String>> {
    let asked = script.asked().into_iter().rev();
    let mut asked = asked.filter_map(|effect| match effect {
        Effect::WatchSessions(keys) => Some(keys.iter().map(ToString::to_string).collect()),
        _ => None,
    });
    asked.next()
}

fn activity(script: &mut Script, key: &str, activity: Activity) {
    script.session(key, SessionEvent::Activity(activity));
}

fn needs(line: &str) -> Activity {
    Activity::NeedsYou(line.to_owned())
}

fn state(script: &Script, key: &str) -> SessionStatus {
    let row = script.app.list.row(&SessionKey::from(key)).unwrap();
    script.app.all_sessions().state_of(row)
}

/// The commands sent since the last call, without drafts.
fn commands(script: &mut Script) -> Vec<SessionCommand> {
    let asked = script.asked().into_iter();
    let commands = asked.filter_map(|effect| match effect {
        Effect::Command(_, SessionCommand::SaveDraft(_)) => None,
        Effect::Command(_, command) => Some(command),
        _ => None,
    });
    commands.collect()
}

#[test]
fn all_that_may_run_and_is_not_open_is_watched() {
    let mut elsewhere = served("elsewhere", 6);
    elsewhere.sandbox.engine = EngineKind::E2b;
    let mut script = Script::started(options());

    script.event(Event::Reply(Reply::Sessions(vec![
        served("shown", 1),
        served("runs", 2),
        in_phase("failed", 3, Phase::Failed(exited())),
        in_phase("paused", 4, Phase::Paused),
        in_phase("gone", 5, gone()),
        elsewhere,
        row("no server yet", 7),
    ])));
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    assert_eq!(watched(&mut script), names(&["failed", "runs"]));

    // An open session reports its own activity; nothing else is requested.
    script.status("shown", TurnStatus::Busy);
    assert_eq!(watched(&mut script), None);
    script.keys("ctrl-x 3");
    assert_eq!(watched(&mut script), names(&["failed"]));
    // Its sandbox was paused: it is watched again once it has been resumed elsewhere.
    script.session("failed", SessionEvent::Phase(Phase::Paused));
    assert_eq!(watched(&mut script), names(&[]));
    script.event(Event::Reply(Reply::Sessions(vec![served("failed", 3)])));
    assert_eq!(watched(&mut script), names(&["failed"]));
}

#[test]
fn a_waiting_session_is_counted_named_and_shown_by_a_key() {
    let mut script = Script::with_stored(vec![
        served("shown", 1),
        served("busy", 2),
        served("asks", 3),
        served("mute", 4),
    ]);
    script.phase("shown", Phase::Live);
    activity(&mut script, "busy", Activity::Working);
    activity(&mut script, "asks", needs("bash: cargo publish"));
    let silent = Failure::new("server does not answer");
    activity(&mut script, "mute", Activity::Silent(silent));

    assert_eq!(script.app.title(), "! shown (1 needs you)");
    insta::assert_snapshot!("watched_120x36", script.screen(120, 36));
    let screen = script.screen(80, 24);
    let header = screen.lines().next().unwrap();
    assert!(header.contains("1 other needs you"), "{screen}");
    script.asked();
    script.keys("ctrl-x space");

    assert_eq!(script.shown(), "asks");
    // From here on its own task reports its activity.
    activity(&mut script, "asks", needs("too late"));
    assert_eq!(state(&script, "asks"), SessionStatus::Booting);
    script.phase("asks", Phase::Live);
    assert_eq!(state(&script, "asks"), SessionStatus::Idle);
}

#[test]
fn sessions_that_are_over_need_no_one() {
    let mut script = Script::with_stored(vec![
        served("shown", 1),
        served("one", 2),
        served("two", 3),
        served("open", 4),
    ]);
    script.keys("ctrl-x 4 ctrl-x 1");
    script.phase("open", Phase::Live);
    script.status("open", TurnStatus::Busy);
    script.session("open", SessionEvent::Chat(permission()));
    activity(&mut script, "one", needs("bash: ls"));
    activity(&mut script, "two", needs("bash: ls"));
    assert_eq!(script.app.all_sessions().waiting(), 3);

    script.phase("one", Phase::Paused);
    script.phase("two", gone());
    script.phase("open", Phase::Paused);
    // They were in flight.
    activity(&mut script, "one", needs("bash: ls"));
    activity(&mut script, "two", needs("bash: ls"));

    assert_eq!(script.app.all_sessions().waiting(), 0);
    let states = ["one", "two", "open"].map(|key| state(&script, key));
    assert_eq!(
        states,
        [
            SessionStatus::Paused,
            SessionStatus::Gone,
            SessionStatus::Paused
        ]
    );
    script.keys("ctrl-x space");
    assert_eq!(script.shown(), "shown");
    // Its request is not on the screen either: an answer would have no effect.
    script.keys("ctrl-x 4");
    let screen = script.screen(120, 36);
    assert!(!screen.contains("rm -rf dist"), "{screen}");
}

#[test]
fn sessions_that_are_paused_with_their_server_are_reported_once() {
    let notice = |script: &Script| {
        let notice = script.app.status.notice();
        notice.unwrap_or_default().to_owned()
    };
    let rows = || vec![served("shown", 1), served("two", 2), served("three", 3)];
    let mut script = Script::with_stored(rows());
    script.phase("shown", Phase::Live);
    script.phase("shown", Phase::Paused);
    assert_eq!(notice(&script), "", "the screen shows it");

    script.phase("two", Phase::Paused);
    let mut stored = rows();
    for row in &mut stored {
        row.phase = Phase::Paused;
    }
    script.event(Event::Reply(Reply::Sessions(stored.clone())));
    let text = "3 sessions are paused: shown, two, three";
    assert_eq!(notice(&script), text);
    script.wait(Duration::from_mins(1));
    script.event(Event::Reply(Reply::Sessions(stored)));

    assert_eq!(notice(&script), "");
    let states = ["shown", "two", "three"].map(|key| state(&script, key));
    assert_eq!(states, [SessionStatus::Paused; 3]);
}

#[test]
fn a_pause_from_here_is_not_reported() {
    let mut script = Script::with_stored(vec![served("shown", 1), served("two", 2)]);
    script.keys("ctrl-x l j p");

    script.phase("two", Phase::Paused);

    assert_eq!(state(&script, "two"), SessionStatus::Paused);
    assert!(script.app.status.notice().is_none());
}

#[test]
fn showing_a_paused_session_resumes_nothing_and_enter_does() {
    let mut script = Script::started(options());
    let rows = vec![
        in_phase("first", 1, Phase::Paused),
        in_phase("second", 2, Phase::Paused),
    ];
    script.event(Event::Reply(Reply::Sessions(rows)));
    assert_eq!(script.shown(), "first");
    script.keys("ctrl-x 2 ctrl-x 1 ctrl-x l j enter");
    assert_eq!(script.shown(), "second");
    assert_eq!(commands(&mut script), []);
    let screen = script.screen(120, 36);
    assert!(screen.contains("‖ paused, its files are kept"), "{screen}");

    script.keys("enter");
    assert_eq!(commands(&mut script), [SessionCommand::Retry]);

    // So does a prompt.
    script.keys("ctrl-x 1").type_text("go on").keys("enter");
    let [SessionCommand::Prompt(prompt)] = &commands(&mut script)[..] else {
        panic!("no prompt was sent");
    };
    assert_eq!(prompt.text, "go on");
}

#[test]
fn a_resume_that_costs_says_so() {
    let mut script = Script::with_stored(vec![in_phase("one", 1, Phase::Paused)]);
    let mut paid = sandbox("sbx-one");
    paid.engine = EngineKind::E2b;
    script.session("one", SessionEvent::Sandbox(paid));
    let screen = script.screen(120, 36);
    assert!(
        screen.contains("or enter resumes it, which costs money"),
        "{screen}"
    );

    script.keys("enter");
    script.phase("one", Phase::Booting(Stage::Create));

    let screen = script.screen(120, 36);
    let text = "resuming one: its sandbox costs money while it runs";
    assert!(screen.contains(text), "{screen}");
}

/// Created in this directory, and shown last at this time, if ever.
fn begun(name: &str, project: &str, shown: Option<u64>) -> SessionSummary {
    SessionSummary {
        project: Some(PathBuf::from(project)),
        shown: shown.map(UnixMillis),
        ..served(name, 1)
    }
}

fn started_in(project: &str, first: FirstSession, rows: Vec<SessionSummary>) -> Script {
    let mut options = options();
    if let Mode::Full {
        project: here,
        first: wanted,
        ..
    } = &mut options.mode
    {
        *here = Some(PathBuf::from(project));
        *wanted = first;
    }
    let mut script = Script::started(options);
    script.event(Event::Reply(Reply::Sessions(rows)));
    script
}

#[test]
fn the_start_opens_the_session_of_the_directory_that_was_on_a_screen_last() {
    let rows = || {
        let mut over = begun("over", "/a", Some(9));
        over.phase = gone();
        vec![
            begun("run", "/a", None),
            begun("early", "/a", Some(1)),
            begun("late", "/a", Some(5)),
            begun("other", "/b", Some(7)),
            over,
        ]
    };
    let shown = |project, first| {
        let script = started_in(project, first, rows());
        let name = script.app.list.name(script.app.open.shown().unwrap());
        name.to_owned()
    };

    assert_eq!(shown("/a", FirstSession::LastShown), "late");
    assert_eq!(shown("/b", FirstSession::LastShown), "other");
    // None belongs to it, so a new one is created.
    assert_eq!(shown("/c", FirstSession::LastShown), "sandbar");
    assert_eq!(shown("/a", FirstSession::New), "sandbar");
    // A session that the user named is shown wherever it belongs, even if it can only be read.
    for name in ["other", "over", "run"] {
        let chosen = FirstSession::Chosen(SessionKey::from(name));
        assert_eq!(shown("/a", chosen), name);
    }
}

#[test]
fn what_is_on_the_screen_is_noted_and_a_new_session_belongs_to_the_directory() {
    let mut script = started_in("/a", FirstSession::New, vec![begun("one", "/b", None)]);
    let new = script.app.open.shown().cloned().unwrap();
    let noted = |script: &mut Script| -> Vec<SessionKey> {
        let asked = script.asked().into_iter();
        let shown = asked.filter_map(|effect| match effect {
            Effect::NoteShown(key) => Some(key),
            _ => None,
        });
        shown.collect()
    };
    assert_eq!(noted(&mut script), std::slice::from_ref(&new));
    let row = script.app.list.row(&new).unwrap();
    assert_eq!(row.project, Some(PathBuf::from("/a")));

    script.keys("ctrl-x 2");

    assert_eq!(noted(&mut script), [SessionKey::from("one")]);
}
