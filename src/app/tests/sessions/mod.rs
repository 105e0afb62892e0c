mod bulk;
mod conversations;
mod filter;
mod list;
mod notifications;
mod peek;
mod recovery;
mod revive;
mod row_actions;
mod tree;
mod unattached;
mod unread;
mod watched;
use super::*;
use crate::app::Pane;
use crate::domain::preferences::PromptChoice;
use crate::domain::sandbox::SessionStatus;
use crate::domain::session::{CloseAction, SessionCommand, StoredComposer};

fn opens(effects: &[Effect]) -> Vec<(String, bool)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::OpenSession(spec) => Some(match &spec.origin {
                SessionOrigin::New(new) => (new.name.clone(), true),
                _ => (spec.key.to_string(), false),
            }),
            _ => None,
        })
        .collect()
}

fn state(script: &Script, key: &str) -> SessionStatus {
    script.app.open.get(&SessionKey::from(key)).unwrap().state()
}

#[test]
fn the_first_start_opens_a_new_session_and_keeps_what_was_typed_before() {
    let mut script = Script::started(options());
    let asked = [
        Effect::ListSessions,
        Effect::ListUnattachedSandboxes,
        Effect::LoadPreferences,
    ];
    assert_eq!(script.asked(), asked);

    script.type_text("hello");
    script.event(Event::Reply(Reply::Sessions(Vec::new())));

    assert_eq!(opens(&script.asked()), [("sandbar".to_owned(), true)]);
    let chat = &script.app.session().unwrap().chat;
    assert_eq!(chat.draft(), "hello");
}

#[test]
fn a_paste_in_pieces_before_the_sessions_are_known_is_kept_whole() {
    let mut script = Script::started(options());

    script.event(Event::Paste("a line\n".repeat(30)));
    for _ in 0..2000 {
        script.event(Event::PasteMore("a line\n".repeat(30)));
    }
    script.event(Event::Reply(Reply::Sessions(Vec::new())));

    let chat = &script.app.session().unwrap().chat;
    assert!(chat.draft() == "a line\n".repeat(30 * 2001));
}

#[test]
fn a_start_with_stored_sessions_opens_the_newest() {
    let mut script = Script::started(options());

    script.event(Event::Reply(Reply::Sessions(vec![
        row("old", 9),
        row("new", 1),
    ])));

    assert_eq!(opens(&script.asked()), [("new".to_owned(), false)]);
    assert_eq!(script.shown(), "new");
}

#[test]
fn a_start_prefers_a_session_that_has_a_sandbox() {
    let failed = |engine| {
        let mut failed = row("failed", 1);
        failed.phase = Phase::Failed(Failure::new("the sandbox API cannot be reached"));
        failed.sandbox.id = None;
        failed.sandbox.engine = engine;
        failed
    };
    let opened = |rows| {
        let mut script = Script::started(options());
        script.event(Event::Reply(Reply::Sessions(rows)));
        opens(&script.asked())
    };

    let old = [("old".to_owned(), false)];
    let again = [("failed".to_owned(), false)];
    let new = [("sandbar".to_owned(), true)];
    assert_eq!(opened(vec![failed(EngineKind::Local), row("old", 9)]), old);
    assert_eq!(opened(vec![failed(EngineKind::Local)]), again);
    assert_eq!(opened(vec![failed(EngineKind::E2b)]), new);
}

#[test]
fn a_later_list_opens_nothing() {
    let mut script = Script::with_stored(vec![row("one", 1)]);

    script.event(Event::Reply(Reply::Sessions(vec![
        row("two", 0),
        row("one", 1),
    ])));

    assert_eq!(script.asked(), []);
    assert_eq!(script.shown(), "one");
}

#[test]
fn attach_opens_its_server_at_once() {
    let mut script = Script::started(AppOptions {
        mode: Mode::Attach {
            spec: attach_spec(),
            url: String::new(),
        },
        ..options()
    });

    assert_eq!(script.asked(), [Effect::OpenSession(attach_spec())]);
}

#[test]
fn names_of_new_sessions_are_unique() {
    let mut script = Script::with_stored(vec![row("sandbar", 1), row("sandbar-2", 2)]);

    script.keys("ctrl-x n ctrl-x l n");

    let names = [
        ("sandbar-3".to_owned(), true),
        ("sandbar-4".to_owned(), true),
    ];
    assert_eq!(opens(&script.asked()), names);
    assert_eq!(script.app.focus.pane(), Pane::Chat);
}

#[test]
fn events_reach_their_session_while_another_is_shown() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.phase("one", Phase::Live);
    script.keys("ctrl-x 2");
    assert_eq!(opens(&script.asked()), [("two".to_owned(), false)]);

    script.status("one", TurnStatus::Busy);
    script.session(
        "one",
        SessionEvent::Logs(vec![log(LogStream::Stdout, "hi")]),
    );

    assert_eq!(script.shown(), "two");
    assert_eq!(state(&script, "one"), SessionStatus::Working);
    assert!(
        script
            .app
            .open
            .get(&SessionKey::from("one"))
            .unwrap()
            .is_unread()
    );
    assert!(
        script
            .app
            .open
            .get(&SessionKey::from("one"))
            .unwrap()
            .logs
            .last()
            .is_some()
    );

    script.keys("ctrl-x 1");
    assert!(!script.app.session().unwrap().is_unread());
    assert_eq!(opens(&script.asked()), []);
}

#[test]
fn events_of_sessions_that_are_not_open_are_dropped() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);

    script.status("two", TurnStatus::Busy);
    script.status("nobody", TurnStatus::Busy);

    assert_eq!(script.app.open.iter().count(), 1);
    assert_eq!(script.asked(), []);
}

#[test]
fn ctrl_x_space_goes_round_the_sessions_that_wait() {
    let mut script = Script::with_stored(vec![row("a", 1), row("b", 2), row("c", 3)]);
    script.keys("ctrl-x 2 ctrl-x 3 ctrl-x 1");
    for key in ["a", "b", "c"] {
        script.phase(key, Phase::Live);
    }
    for key in ["b", "c"] {
        script.session(key, SessionEvent::Chat(permission()));
    }

    script.keys("ctrl-x space");
    assert_eq!(script.shown(), "b");
    script.keys("ctrl-x space");
    assert_eq!(script.shown(), "c");
    script.keys("ctrl-x space");
    assert_eq!(script.shown(), "b");
    assert_eq!(script.app.title(), "! b (2 need you)");
}

#[test]
fn kill_asks_and_names_all_sessions_in_the_sandbox() {
    let mut fork = row("fork", 3);
    fork.sandbox = sandbox("sbx-one");
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2), fork]);
    script.phase("one", Phase::Live);

    script.keys("ctrl-x l D");
    let screen = script.screen(80, 24);
    assert!(screen.contains("Kill the sandbox of one?"), "{screen}");
    assert!(screen.contains("Also in this sandbox: fork."), "{screen}");
    assert_eq!(script.asked(), []);

    script.keys("y j D y");
    assert_eq!(
        script.asked(),
        [
            Effect::Command(SessionKey::from("one"), SessionCommand::Kill),
            // It learns the state of its sandbox, too.
            Effect::CloseSession(SessionKey::from("fork"), CloseAction::Kill),
            Effect::CloseSession(SessionKey::from("two"), CloseAction::Kill),
        ]
    );
}

#[test]
fn pause_pauses_and_resumes() {
    let key = SessionKey::from("one");
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live).keys("ctrl-x l p");
    script.phase("one", Phase::Paused).keys("p");

    assert_eq!(
        script.asked(),
        [
            Effect::Command(key.clone(), SessionCommand::Pause),
            Effect::Command(key, SessionCommand::Retry),
        ]
    );
}

#[test]
fn a_session_that_is_over_is_kept_in_the_store_only_once_another_one_is_shown() {
    let gone = || Phase::Gone(Failure::new("the sandbox was killed"));
    let names = |script: &Script| -> Vec<String> {
        script
            .app
            .open
            .iter()
            .map(|(key, _)| key.to_string())
            .collect()
    };
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2), row("three", 3)]);
    script.phase("one", gone());
    script.session("one", SessionEvent::Stopped);
    assert_eq!(names(&script), ["one"], "it is on the screen");

    script.keys("ctrl-x l g enter ctrl-x l z ctrl-x l");
    assert_eq!(names(&script), ["two"]);
    let screen = script.screen(120, 36);
    assert!(screen.contains("the sandbox was killed"), "{screen}");

    // The typed text exists nowhere else.
    script.phase("two", Phase::Live).type_text("half a thought");
    script.phase("two", gone());
    script.session("two", SessionEvent::Stopped);
    script.keys("ctrl-x l g enter");
    assert_eq!(names(&script), ["three", "two"]);

    script.asked();
    script.keys("ctrl-x l j j enter");
    assert_eq!(opens(&script.asked()), [("one".to_owned(), false)]);
}

#[test]
fn the_time_to_resume_is_shown_once() {
    let booting = || Phase::Booting(Stage::Create);
    let resume_time = |script: &mut Script| {
        let screen = script.screen(100, 30);
        let at = screen.find("resumed in ")?;
        screen[at..].split_whitespace().nth(2).map(str::to_owned)
    };
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", booting()).phase("one", Phase::Live);
    assert_eq!(resume_time(&mut script), None, "it was not paused");

    script.phase("one", Phase::Paused).phase("one", booting());
    script.now += Duration::from_millis(1400);
    script.phase("one", Phase::Booting(Stage::Subscribe));
    assert_eq!(resume_time(&mut script), None, "it is not back yet");
    script.phase("one", Phase::Live);
    assert_eq!(resume_time(&mut script).as_deref(), Some("1.4s"));

    script.now += Duration::from_mins(1);
    script.event(Event::Tick);
    script.phase("one", booting()).phase("one", Phase::Live);
    assert_eq!(resume_time(&mut script), None);

    // By the session's own key; its task has ended with the pause.
    script.phase("one", Phase::Paused);
    script
        .session("one", SessionEvent::Stopped)
        .keys("ctrl-x r");
    script.now += Duration::from_secs(2);
    script.phase("one", booting()).phase("one", Phase::Live);
    assert_eq!(resume_time(&mut script).as_deref(), Some("2.0s"));
}

#[test]
fn retry_restarts_a_task_that_has_ended() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Failed(exited()));
    script.keys("ctrl-x r");
    let retry = Effect::Command(SessionKey::from("one"), SessionCommand::Retry);
    assert_eq!(script.asked(), [retry]);

    script
        .session("one", SessionEvent::Stopped)
        .keys("ctrl-x r");

    assert_eq!(opens(&script.asked()), [("one".to_owned(), false)]);
    assert_eq!(state(&script, "one"), SessionStatus::Booting);
}

#[test]
fn a_prompt_resumes_a_paused_session_whose_task_has_ended() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let restored = || SessionEvent::Restored {
        composer: StoredComposer {
            draft: "do ".to_owned(),
            ..StoredComposer::default()
        },
        choice: PromptChoice::default(),
    };
    script.session("one", restored());
    script.phase("one", Phase::Paused);
    script.session("one", SessionEvent::Stopped);
    script.asked();

    script.type_text("it").keys("enter");

    let asked = script.asked();
    assert_eq!(opens(&asked), [("one".to_owned(), false)]);
    let Some(Effect::Command(_, SessionCommand::Prompt(prompt))) = asked.last() else {
        panic!("no prompt was sent last: {asked:?}");
    };
    assert_eq!(prompt.text, "do it");
    script.session("one", restored());
    assert_eq!(script.app.session().unwrap().chat.draft(), "");
}

#[test]
fn a_line_that_a_program_types_resumes_the_session_it_was_typed_for() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.phase("one", Phase::Paused);
    script.session("one", SessionEvent::Stopped);
    script.asked();

    script.event(Event::Key("d".parse().unwrap()));
    script.event(Event::BurstKey("enter".parse().unwrap()));
    script.event(Event::BurstKey("ctrl-x".parse().unwrap()));
    script.event(Event::BurstKey("1".parse().unwrap()));

    let asked = script.asked();
    assert_eq!(opens(&asked)[0], ("one".to_owned(), false));
    let prompts: Vec<_> = asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::Command(key, SessionCommand::Prompt(prompt)) => {
                Some((key.as_str(), prompt.text.as_str()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(prompts, [("one", "d")]);
    assert_eq!(script.shown(), "two");
}

#[test]
fn a_held_answer_counts_before_the_next_key_is_looked_up() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Busy);
    script.session("one", SessionEvent::Chat(permission()));
    script.wait(Duration::from_secs(1)).keys("1");
    script.asked();

    // Two hundred and fifty milliseconds later it is an answer, even without a tick.
    script.keys("x");

    let is_reply = |effect: &Effect| {
        let Effect::Command(_, command) = effect else {
            return false;
        };
        matches!(command, SessionCommand::ReplyPermission { .. })
    };
    assert!(script.asked().iter().any(is_reply));
    assert_eq!(script.app.session().unwrap().chat.draft(), "x");
}

#[test]
fn what_has_gone_names_the_key_that_works_in_the_composer() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let gone = Failure::new("the sandbox was killed").advise([Advice::NewSession]);

    script.phase("one", Phase::Gone(gone));

    let screen = script.screen(100, 30);
    assert!(
        screen.contains("press ctrl-x n to start a new session"),
        "{screen}"
    );
}

#[test]
fn a_failure_shows_the_server_s_words_without_their_time() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let mut failure = exited();
    failure.stderr = vec!["timestamp=2026-01-01T00:00:00Z level=ERROR boom".to_owned()];

    script.phase("one", Phase::Failed(failure));

    let screen = script.screen(100, 30);
    assert!(screen.contains("│ level=ERROR boom"), "{screen}");
}

#[test]
fn a_failed_command_is_reported() {
    let mut script = Script::with_stored(vec![row("one", 1)]);

    let failure = Failure::new("The prompt was not sent");
    script.session("one", SessionEvent::CommandFailed(failure));

    let notice = script.app.status.notice();
    assert_eq!(notice, Some("The prompt was not sent"));
}

/// Whether the session was opened again since the last call.
fn is_opened(script: &mut Script, key: &str) -> bool {
    let opens =
        |effect: &Effect| matches!(effect, Effect::OpenSession(spec) if spec.key.as_str() == key);
    script.asked().iter().any(opens)
}

#[test]
fn a_session_that_was_paused_here_goes_on_when_it_is_resumed_elsewhere() {
    let listed = |phase: Phase| {
        let row = SessionSummary {
            phase,
            ..row("one", 1)
        };
        Event::Reply(Reply::Sessions(vec![row]))
    };
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live).keys("ctrl-x l p");
    script.phase("one", Phase::Paused);
    script.session("one", SessionEvent::Stopped);
    script.asked();

    // Read before the pause was stored.
    script.event(listed(Phase::Dormant));
    assert!(!is_opened(&mut script, "one"));
    script.event(listed(Phase::Paused));
    assert!(!is_opened(&mut script, "one"));

    script.event(listed(Phase::Dormant));

    assert!(is_opened(&mut script, "one"));
}

#[test]
fn each_resume_shows_how_long_it_took() {
    let paused = SessionSummary {
        phase: Phase::Paused,
        ..row("two", 2)
    };
    let retry = Effect::Command(SessionKey::from("two"), SessionCommand::Retry);
    let mut script = Script::with_stored(vec![row("one", 1), paused]);
    script.keys("ctrl-x l j enter enter");
    assert!(script.asked().contains(&retry));
    script.phase("two", Phase::Booting(Stage::Create));
    script.wait(Duration::from_secs(3));
    script.phase("two", Phase::Live);
    let screen = script.screen(120, 24);
    assert!(screen.contains("resumed in 3"), "{screen}");

    // Its task has ended with the pause.
    script.phase("two", Phase::Paused);
    script.session("two", SessionEvent::Stopped);
    script.keys("ctrl-x 1 ctrl-x l j enter");
    assert!(!is_opened(&mut script, "two"));
    script.keys("enter");

    let asked = script.asked();
    assert_eq!(opens(&asked), [("two".to_owned(), false)]);
    assert!(asked.contains(&retry));
}

#[test]
fn a_log_that_is_sent_again_is_not_doubled() {
    let send_log = |script: &mut Script| {
        let line = LogLine::ours(UnixMillis(NOON), "the only line");
        script.session(
            "one",
            SessionEvent::Restored {
                composer: StoredComposer::default(),
                choice: PromptChoice::default(),
            },
        );
        script.session("one", SessionEvent::Logs(vec![line]));
    };
    let mut script = Script::with_stored(vec![row("one", 1)]);
    send_log(&mut script);
    script.phase("one", Phase::Paused);
    script.session("one", SessionEvent::Stopped);
    script.keys("ctrl-x l p");
    send_log(&mut script);
    script.phase("one", Phase::Live);

    let screen = script.screen(160, 40);

    assert_eq!(screen.matches("the only line").count(), 1, "{screen}");
}

#[test]
fn a_start_opens_the_session_that_was_used_last() {
    let used = |name: &str, age: u64, ago: u64| SessionSummary {
        updated: UnixMillis(NOON - ago),
        ..row(name, age)
    };
    let script = Script::with_stored(vec![used("new", 1, 1), used("old", 9, 0)]);

    assert_eq!(script.shown(), "old");
}
