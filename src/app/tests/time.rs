use super::*;
use crate::domain::chat::{Conversation, Tokens};
use crate::domain::sandbox::Outage;
use crate::domain::sandbox::price::{RunningSandbox, SandboxSize};
use crate::domain::sandbox::usage::{ObservedRun, RunEnd, Usage};
use crate::domain::session::SessionCommand;

fn live() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    script
}

fn drafts(effects: Vec<Effect>) -> Vec<String> {
    effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Command(_, SessionCommand::SaveDraft(draft)) => Some(draft),
            _ => None,
        })
        .collect()
}

#[test]
fn nothing_is_due_while_nothing_happens() {
    let script = live();

    assert_eq!(script.app.animation_due(script.now), None);
}

#[test]
fn sessions_that_are_not_shown_move_nothing_and_hurry_nobody() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.keys("ctrl-x 2 ctrl-x 1");
    script.wait(Duration::from_secs(5));
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);

    script.phase("two", Phase::Booting(Stage::Install));

    assert_eq!(script.app.animation_due(script.now), None);
}

#[test]
fn a_boot_and_a_countdown_are_due_and_lie_ahead() {
    let mut script = live();
    for phase in [
        Phase::Booting(Stage::Create),
        Phase::Reconnecting(Outage {
            since: UnixMillis(NOON),
            attempt: 1,
            next_at: UnixMillis(NOON + 5_000),
            reason: "connection lost".to_owned(),
        }),
    ] {
        script.phase("one", phase);

        let due = script.app.animation_due(script.now);

        assert!(due.is_some_and(|due| due > script.now), "{due:?}");
    }
}

#[test]
fn everything_that_expires_comes_to_rest() {
    let mut script = live();
    script.event(Event::Reply(Reply::Notice("copied".to_owned())));
    script.keys("ctrl-c ctrl-x");

    script.wait(Duration::from_secs(10));

    assert_eq!(script.app.animation_due(script.now), None);
    assert!(script.app.status.notice().is_none());
}

#[test]
fn a_draft_is_stored_soon_and_once() {
    let mut script = live();

    script.type_text("half").wait(Duration::from_secs(3));
    script.wait(Duration::from_mins(1));

    assert_eq!(drafts(script.asked()), ["half"]);
    assert_eq!(script.app.animation_due(script.now), None);
}

#[test]
fn what_was_typed_just_before_the_terminal_is_lent_is_stored_first() {
    let mut script = live();
    script.status("one", TurnStatus::Busy);
    script.type_text("half");

    script.event(Event::TerminalLent);

    assert_eq!(drafts(script.asked()), ["half"]);
    script.event(Event::TerminalLent);
    assert_eq!(drafts(script.asked()), [""; 0]);
}

#[test]
fn a_stop_stores_drafts_and_quits_at_once() {
    let mut script = live();
    script.status("one", TurnStatus::Busy);
    script.type_text("half");

    script.event(Event::Stop);

    let asked = script.asked();
    assert_eq!(asked.last(), Some(&Effect::Quit));
    assert_eq!(drafts(asked), ["half"]);
}

#[test]
fn a_stop_keeps_a_prompt_that_the_task_did_not_receive_in_the_draft() {
    let mut script = live();
    script.type_text("first").keys("enter");
    let sent = script.asked().into_iter().find_map(|effect| match effect {
        Effect::Command(_, command @ SessionCommand::Prompt(_)) => Some(command),
        _ => None,
    });
    let refused = SessionEvent::CommandRefused {
        command: sent.unwrap(),
        failure: Failure::new("the session accepts no more commands"),
    };
    script.session("one", refused).type_text("half");

    script.event(Event::Stop);

    assert_eq!(drafts(script.asked()), ["first\nhalf"]);
}

#[test]
fn another_session_on_the_screen_stores_the_draft_of_the_one_before() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.phase("one", Phase::Live);
    script.type_text("half").keys("ctrl-x 2");

    assert_eq!(drafts(script.asked()), ["half"]);
}

#[test]
fn the_leader_shows_what_may_follow_after_a_moment() {
    let mut script = live();
    script.keys("ctrl-x");
    assert!(!script.screen(120, 36).contains("esc cancels"));

    script.wait(Duration::from_millis(301));

    assert!(script.screen(120, 36).contains("esc cancels"));
}

fn ending(after: Duration) -> Script {
    let mut script = live();
    let info = SandboxInfo {
        ends_at: Some(UnixMillis(NOON).plus(after)),
        ..sandbox("sbx-one")
    };
    script.session("one", SessionEvent::Sandbox(info));
    script
}

#[test]
fn the_time_that_a_sandbox_has_left_counts_down_on_the_screen() {
    let mut script = ending(Duration::from_mins(30));
    assert!(script.screen(160, 24).contains("pauses in 30m"));
    let due = script.app.animation_due(script.now).unwrap();
    // Ten seconds of the first minute are over.
    assert_eq!(due.checked_sub(script.now), Some(Duration::from_secs(50)));

    script.wait(Duration::from_secs(28 * 60 + 30));
    let screen = script.screen(120, 24);
    assert!(screen.contains("pauses in 1:20"), "{screen}");

    script.phase("one", Phase::Paused);
    assert!(!script.screen(100, 24).contains("pauses in"));
    assert_eq!(script.app.animation_due(script.now), None);
}

#[test]
fn the_user_is_warned_of_the_end_twice_and_again_after_more_time() {
    let mut script = ending(Duration::from_mins(30));
    let notice = |script: &mut Script, wait| {
        script.wait(wait);
        {
            let notice = script.app.status.notice().map(str::to_owned);
            script.app.status.clear();
            notice
        }
    };

    assert_eq!(notice(&mut script, Duration::from_mins(24)), None);
    let first = notice(&mut script, Duration::from_mins(1)).unwrap();
    assert_eq!(first, "one pauses in 5:00; ctrl-x t gives it more time");
    assert_eq!(notice(&mut script, Duration::from_mins(1)), None);
    let last = notice(&mut script, Duration::from_mins(3)).unwrap();
    assert_eq!(last, "one pauses in 1:00; ctrl-x t gives it more time");

    let info = SandboxInfo {
        ends_at: Some(UnixMillis(NOON).plus(Duration::from_hours(1))),
        ..sandbox("sbx-one")
    };
    script.session("one", SessionEvent::Sandbox(info));
    assert!(notice(&mut script, Duration::from_mins(26)).is_some());
}

#[test]
fn one_key_extends_the_time_where_there_is_an_end() {
    let extended = |script: &mut Script| {
        script.asked();
        script.keys("ctrl-x t");
        script
            .asked()
            .iter()
            .any(|effect| matches!(effect, Effect::Command(_, SessionCommand::Extend)))
    };

    assert!(extended(&mut ending(Duration::from_mins(30))));
    let mut unlimited = live();
    assert!(!extended(&mut unlimited));
    assert!(unlimited.app.status.notice().is_some());
}

#[test]
fn after_a_sleep_of_the_machine_all_connections_are_replaced() {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.keys("ctrl-x 2 ctrl-x 1");
    script.phase("one", Phase::Live);
    script.phase("two", Phase::Paused);
    let reconnects = |script: &mut Script| {
        let asked = script.asked().into_iter();
        let keys = asked.filter_map(|effect| match effect {
            Effect::Command(key, SessionCommand::Reconnect) => Some(key),
            _ => None,
        });
        keys.collect::<Vec<_>>()
    };
    script.wait(Duration::from_mins(10)).type_text("a");
    assert_eq!(reconnects(&mut script), []);

    script.slept += Duration::from_mins(10);
    script.type_text("b");

    assert_eq!(reconnects(&mut script), [SessionKey::from("one")]);
    script.type_text("c");
    assert_eq!(reconnects(&mut script), []);
}

#[test]
fn the_sandboxs_cost_stands_beside_that_of_the_tokens_and_grows_by_the_minute() {
    let mut script = live();
    script.session(
        "one",
        SessionEvent::Chat(ChatEvent::Conversation(Conversation {
            id: OpencodeSessionId::from("ses_1"),
            title: String::new(),
            directory: "/home/user/work".to_owned(),
            cost: 0.31,
            tokens: Tokens::default(),
            updated: UnixMillis(NOON),
            reverted: None,
            shared: None,
        })),
    );
    let seen = |since: u64, end| ObservedRun {
        sandbox: "sbx".into(),
        run: RunningSandbox {
            since: UnixMillis(NOON - since * 60_000),
            size: SandboxSize {
                vcpus: 2,
                memory_mib: 2048,
            },
        },
        end,
    };
    let usage = |runs: &[ObservedRun]| Usage::of(runs.iter().cloned(), UnixMillis(NOON));
    let runs = SessionEvent::Runs(usage(&[seen(40, RunEnd::Runs)]));
    script.session("one", runs);
    let frame = |script: &mut Script, width, height| {
        let screen = script.screen(width, height);
        screen.lines().next_back().unwrap().to_owned()
    };

    let due = script.app.animation_due(script.now).unwrap();
    assert_eq!(due.checked_sub(script.now), Some(Duration::from_secs(50)));
    let small = frame(&mut script, 80, 24);
    script.wait(Duration::from_secs(50));
    let large = frame(&mut script, 120, 36);
    insta::assert_snapshot!(format!("{small}\n{large}"));
    let narrow = frame(&mut script, 44, 24);
    assert!(
        narrow.contains(" $0.31") && !narrow.contains("sandbox"),
        "{narrow}"
    );

    script.phase("one", Phase::Paused);
    let over = seen(40, RunEnd::AtMost(UnixMillis(NOON)));
    script.session("one", SessionEvent::Runs(usage(&[over])));
    let paused = frame(&mut script, 100, 36);
    assert!(paused.contains("at most $0.09 sandbox 40m"), "{paused}");
    assert_eq!(script.app.animation_due(script.now), None);
}
