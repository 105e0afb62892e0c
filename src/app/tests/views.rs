use proptest::prelude::*;

use super::*;
use crate::app::view::theme::{Characters, Colours};
use crate::domain::sandbox::Outage;

/// Several sessions in several states; `fix-login` is shown.
fn several_sessions() -> Script {
    let mut gone = row("old-try", 7);
    gone.phase = Phase::Gone(Failure::new("the sandbox no longer exists"));
    let mut paused = row("spike-wasm", 6);
    paused.phase = Phase::Paused;
    let mut bump = row("bump-deps", 5);
    bump.title = "Bump all dependencies".to_owned();
    let rows = vec![
        row("fix-login", 1),
        row("api-rate-limit", 2),
        row("new-parser", 3),
        row("flaky-ci", 4),
        bump,
        paused,
        gone,
    ];
    let mut script = Script::with_stored(rows);
    script.keys("ctrl-x 2 ctrl-x 3 ctrl-x 4 ctrl-x 1");
    let now = script.now;
    script.session("fix-login", SessionEvent::Sandbox(sandbox("sbx-1")));
    script.phase("fix-login", Phase::Live);
    script.status("fix-login", TurnStatus::Busy);
    script.phase("api-rate-limit", Phase::Live);
    script.session("api-rate-limit", SessionEvent::Chat(permission()));
    script.session("new-parser", started(Stage::Install, now));
    script.phase("flaky-ci", Phase::Failed(exited()));
    script.session(
        "fix-login",
        SessionEvent::Logs(vec![
            log(LogStream::Sandbar, "boot: health after 2.1s"),
            log(
                LogStream::Stdout,
                "opencode server listening on http://127.0.0.1:4096",
            ),
            log(
                LogStream::Stderr,
                "INFO  service=session id=ses_df85 prompt",
            ),
            log(
                LogStream::Stderr,
                "WARN  service=bash \u{1b}[31mtimeout\u{1b}[0m=120000",
            ),
        ]),
    );
    script.wait(Duration::from_secs(42));
    script
}

pub(super) fn booting() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let now = script.now;
    script.phase("one", Phase::Booting(Stage::Install));
    script.session("one", finished(Stage::Create, 640));
    script.session("one", finished(Stage::Code, 1_250));
    script.session("one", started(Stage::Install, now));
    for line in ["npm view opencode-linux-x64", "added 2 packages in 12s"] {
        script.session(
            "one",
            SessionEvent::Boot(BootEvent::Output {
                stage: Stage::Install,
                line: line.to_owned(),
            }),
        );
    }
    script.now += Duration::from_secs(14);
    script
}

pub(super) fn failed() -> Script {
    let mut script = booting();
    script.phase("one", Phase::Failed(exited()));
    script
}

#[test]
fn several_sessions_at_120x36() {
    insta::assert_snapshot!(several_sessions().screen(120, 36));
}

#[test]
fn several_sessions_at_200x50() {
    insta::assert_snapshot!(several_sessions().screen(200, 50));
}

#[test]
fn several_sessions_at_80x24() {
    insta::assert_snapshot!(several_sessions().screen(80, 24));
}

#[test]
fn several_sessions_at_40x12() {
    insta::assert_snapshot!(several_sessions().screen(40, 12));
}

#[test]
fn the_list_takes_the_body_of_a_small_screen() {
    insta::assert_snapshot!(several_sessions().keys("ctrl-x l").screen(80, 24));
}

#[test]
fn the_log_takes_the_body_of_a_small_screen() {
    insta::assert_snapshot!(several_sessions().keys("ctrl-x o").screen(80, 24));
}

#[test]
fn a_stage_that_runs_shows_whole_seconds() {
    let mut script = booting();
    script.now -= Duration::from_millis(14_000 - 3_400);

    let screen = script.screen(80, 24);

    assert!(screen.contains("install OpenCode    3s"), "{screen}");
}

#[test]
fn a_boot_shows_its_stages() {
    insta::assert_snapshot!(booting().screen(80, 24));
}

#[test]
fn a_boot_takes_one_line_where_there_is_little_room() {
    insta::assert_snapshot!(booting().screen(40, 12));
}

#[test]
fn a_failed_boot_says_what_why_and_what_next() {
    insta::assert_snapshot!(failed().screen(80, 24));
}

#[test]
fn however_much_a_failure_says_the_chat_keeps_its_frame() {
    let mut script = failed();
    let failure = Failure {
        stderr: (0..40).map(|line| format!("at line {line}")).collect(),
        ..Failure::new("OpenCode ended with exit code 1")
    };
    script.phase("one", Phase::Failed(failure));

    insta::assert_snapshot!(script.screen(80, 24));
}

#[test]
fn however_low_the_screen_a_failure_names_the_key_that_tries_again() {
    let mut script = failed();
    let failure = Failure::new("a failure that takes more rows than there are").retryable();
    script.phase("one", Phase::Failed(failure));

    let screen = script.screen(22, 8);

    assert!(screen.contains("ctrl-x r try again"), "{screen}");
}

#[test]
fn a_notice_that_is_too_long_ends_in_an_ellipsis() {
    let mut script = several_sessions();
    script.event(Event::Reply(Reply::Notice("too long ".repeat(30))));

    for (width, height) in [(80, 24), (22, 6)] {
        let screen = script.screen(width, height);
        let row = screen.lines().find(|row| row.contains("too long")).unwrap();
        assert!(row.ends_with('…'), "{screen}");
    }
}

#[test]
fn an_attached_server_has_no_sandbox() {
    let mut script = Script::attached();
    script.phase("attached", Phase::Live);

    let screen = script.screen(80, 24);

    assert!(screen.contains("before there is a connection"), "{screen}");
    assert!(!screen.contains("sandbox"), "{screen}");
}

#[test]
fn a_failed_boot_on_a_small_screen() {
    insta::assert_snapshot!(failed().screen(40, 12));
}

#[test]
fn a_broken_connection_stands_above_the_chat() {
    let mut script = booting();
    script.phase("one", Phase::Live);
    lose(&mut script, "the event stream ended");

    insta::assert_snapshot!(script.screen(100, 16));
}

#[test]
fn a_boot_that_goes_on_by_itself_shows_how_far_it_came() {
    let mut script = booting();
    lose(
        &mut script,
        "the sandbox API cannot be reached (create a sandbox from template opencode: no connection \
         to api.example.com: connection refused)",
    );

    insta::assert_snapshot!(script.screen(100, 24));
}

fn lose(script: &mut Script, reason: &str) {
    let now = NOON + u64::try_from(script.now.as_millis()).unwrap();
    script.phase(
        "one",
        Phase::Reconnecting(Outage {
            since: UnixMillis(now - 14_000),
            attempt: 4,
            next_at: UnixMillis(now + 3_000),
            reason: reason.to_owned(),
        }),
    );
}

#[test]
fn help_shows_all_keys() {
    let mut script = several_sessions();
    script.keys("f1");

    insta::assert_snapshot!(script.screen(120, 240));
}

#[test]
fn help_is_searched_at_80x24() {
    let mut script = several_sessions();
    script.keys("f1").type_text("session");

    insta::assert_snapshot!(script.screen(80, 24));
}

#[test]
fn help_begins_with_what_works_anywhere_at_120x36() {
    let mut script = several_sessions();
    script.keys("f1 down down up");

    insta::assert_snapshot!(script.screen(120, 36));
}

#[test]
fn help_is_searched_by_what_a_key_does_its_name_or_the_key() {
    let mut script = several_sessions();
    script.keys("f1");

    for (typed, found) in [
        ("quit", "app.quit"),
        ("ctrl-z", "suspend sandbar"),
        ("mdl", "choose a model"),
        ("logs follow", "follow the newest line"),
    ] {
        let screen = script.type_text(typed).screen(80, 24);
        assert!(screen.contains(found), "{typed}: {screen}");
        assert!(!screen.contains("redraw the screen"), "{typed}: {screen}");
        script.keys("ctrl-u");
    }
    let screen = script.type_text("xyzzy").screen(80, 24);
    assert!(screen.contains("no key matches"), "{screen}");
}

#[test]
fn escape_clears_what_was_typed_into_the_help_and_then_closes_it() {
    let mut script = several_sessions();
    script.keys("f1").type_text("qj? ");
    assert!(script.screen(80, 24).contains("esc clear"));

    script.keys("esc");
    assert!(script.screen(80, 24).contains("esc close"));
    assert_eq!(script.app.overlays.iter().count(), 1);

    script.keys("esc");
    assert!(script.app.overlays.is_empty());
}

#[test]
fn help_cuts_no_key_in_two() {
    let mut script = several_sessions();
    script.keys("f1");

    for width in [80, 60, 44] {
        let screen = script.screen(width, 130);
        let mut rows = screen.lines().filter(|row| row.starts_with('┃'));
        assert!(rows.all(|row| !row.contains('…')), "{screen}");
    }
    assert!(
        script
            .screen(80, 130)
            .contains("alt-enter, shift-enter  begin a new line")
    );
}

#[test]
fn quitting_says_what_runs_on() {
    let mut script = several_sessions();
    script.keys("ctrl-x q");

    insta::assert_snapshot!(script.screen(80, 24));
}

#[test]
fn killing_names_the_session() {
    let mut script = several_sessions();
    script.keys("ctrl-x l D");

    insta::assert_snapshot!(script.screen(40, 12));
}

#[test]
fn the_leader_says_what_may_follow() {
    let mut script = several_sessions();
    script.keys("ctrl-x").wait(Duration::from_millis(400));

    insta::assert_snapshot!(script.screen(120, 36));
}

#[test]
fn the_start_says_that_it_looks() {
    insta::assert_snapshot!(Script::started(options()).screen(80, 16));
}

#[test]
fn attached_says_where_it_connects() {
    insta::assert_snapshot!(Script::attached().screen(80, 16));
}

#[test]
fn ascii_draws_nothing_else() {
    let mut script = several_sessions();
    script.theme = Theme::new(Colours::None, Characters::Ascii);
    script.keys("ctrl-x l");

    let screen = script.screen(120, 36);

    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!(screen);
}

/// What a frame costs: the cells that differ from the frame before.
fn changes(script: &mut Script, time: Duration) -> usize {
    let before = script.draw(120, 36);
    script.wait(time);
    let after = script.draw(120, 36);
    before.diff(&after).len()
}

#[test]
fn a_second_of_work_changes_few_cells_and_idling_none() {
    let mut script = several_sessions();

    let working = changes(&mut script, Duration::from_secs(1));
    script.status("fix-login", TurnStatus::Idle);
    // Each minute the ages in the list change, and nothing between.
    script.wait(Duration::from_secs(10));
    let idle = changes(&mut script, Duration::from_secs(5));

    assert!((1..=8).contains(&working), "{working} cells changed");
    assert_eq!(idle, 0);
}

#[test]
fn help_stops_at_its_last_page() {
    let mut script = several_sessions();
    script.keys("f1");
    for _ in 0..60 {
        script.keys("pgdn");
        script.draw(80, 24);
    }
    let end = script.screen(80, 24);

    script.keys("up");

    let above = script.screen(80, 24);
    assert!(end.contains("overlay.page_up"), "{end}");
    assert_ne!(above, end);
}

#[test]
fn without_colours_there_are_none() {
    use ratatui::style::Color;
    let mut script = several_sessions();
    script.theme = Theme::new(Colours::None, Characters::Unicode);

    let coloured: Vec<_> = script
        .draw(120, 36)
        .content
        .iter()
        .filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
        .cloned()
        .collect();

    assert_eq!(coloured, Vec::new());
}

#[test]
fn nothing_is_painted_behind_text() {
    use ratatui::style::Color;
    let mut script = several_sessions();
    script.keys("ctrl-x l D");

    let painted = script
        .draw(120, 36)
        .content
        .iter()
        .filter(|cell| cell.bg != Color::Reset)
        .count();

    assert_eq!(painted, 0);
}

#[test]
fn outside_text_never_reaches_the_screen_as_control() {
    let nasty = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{202e}evil";
    let mut bad = row(nasty, 1);
    bad.title = nasty.to_owned();
    bad.sandbox.isolation = Some(nasty.to_owned());
    let mut script = Script::with_stored(vec![bad]);
    script.session(
        nasty,
        SessionEvent::Logs(vec![log(LogStream::Stdout, nasty)]),
    );
    script.phase(
        nasty,
        Phase::Failed(
            Failure::new(nasty)
                .detail(nasty)
                .hint(nasty)
                .stderr(vec![nasty.into()]),
        ),
    );
    script.event(Event::Reply(Reply::Notice(nasty.to_owned())));
    script.keys("ctrl-x l D");

    let screen = script.screen(120, 36);

    let bad: Vec<char> = screen
        .chars()
        .filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}')
        .collect();
    assert_eq!(bad, Vec::<char>::new(), "{screen}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_size_is_too_small(
        width in 0_u16..130,
        height in 0_u16..40,
        keys in prop::sample::select(vec!["f1", "ctrl-x", "ctrl-x l", "ctrl-x o", "ctrl-x q", "ctrl-x l D", "ctrl-x z"]),
    ) {
        let mut script = several_sessions();
        script.keys(keys).wait(Duration::from_millis(400));
        script.draw(width, height);
        let mut script = failed();
        script.keys(keys).wait(Duration::from_millis(400));
        script.draw(width, height);
    }
}
