//! What the user is told outside the screen.

use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::domain::sandbox::Outage;
use crate::domain::session::activity::Activity;
use crate::domain::session::notification::{Notification, NotificationReason};

fn told(script: &mut Script) -> Vec<(String, NotificationReason, String)> {
    let asked = script.asked().into_iter();
    let told = asked.filter_map(|effect| match effect {
        Effect::Notify(Notification {
            session,
            reason,
            detail,
        }) => Some((session, reason, detail)),
        _ => None,
    });
    told.collect()
}

fn one(
    session: &str,
    reason: NotificationReason,
    detail: &str,
) -> Vec<(String, NotificationReason, String)> {
    vec![(session.to_owned(), reason, detail.to_owned())]
}

/// `one` is open and idle; `two` is watched.
fn away() -> Script {
    let with_server = |name, age| SessionSummary {
        opencode_session: Some(OpencodeSessionId::from("ses_1")),
        ..row(name, age)
    };
    let mut script = Script::with_stored(vec![with_server("one", 1), with_server("two", 2)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    script.session("two", SessionEvent::Activity(Activity::Working));
    script.event(Event::Focus(false));
    assert_eq!(told(&mut script), []);
    script
}

fn waits(script: &mut Script, line: &str) {
    let activity = Activity::NeedsYou(line.to_owned());
    script.session("two", SessionEvent::Activity(activity));
}

#[test]
fn a_session_that_waits_is_told_once_and_again_when_it_waits_again() {
    let mut script = away();

    waits(&mut script, "bash: cargo publish");
    let needs_you = NotificationReason::NeedsYou;
    assert_eq!(
        told(&mut script),
        one("two", needs_you, "bash: cargo publish")
    );
    script.event(Event::Tick);
    waits(&mut script, "bash: cargo publish");
    assert_eq!(told(&mut script), []);

    // A connection that was lost in between is no other state.
    let silent = Activity::Silent(Failure::new("no answer"));
    script.session("two", SessionEvent::Activity(silent));
    waits(&mut script, "bash: cargo publish");
    assert_eq!(told(&mut script), []);

    script.session("two", SessionEvent::Activity(Activity::Working));
    waits(&mut script, "bash: git push");
    assert_eq!(told(&mut script), one("two", needs_you, "bash: git push"));
}

#[test]
fn the_session_on_the_screen_is_told_too() {
    let mut script = away();

    script.status("one", TurnStatus::Busy);
    script.session("one", SessionEvent::Chat(permission()));
    let expected = one("one", NotificationReason::NeedsYou, "bash: rm -rf dist");
    assert_eq!(told(&mut script), expected);
}

#[test]
fn nothing_is_told_while_the_terminal_has_the_focus_or_never_told() {
    let mut script = away();
    script.event(Event::Focus(true));
    waits(&mut script, "bash: cargo publish");
    script.event(Event::Focus(false));
    script.event(Event::Tick);
    assert_eq!(told(&mut script), []);

    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Busy);
    script.session("one", SessionEvent::Chat(permission()));
    assert_eq!(told(&mut script), []);

    let mut script = Script::started(AppOptions {
        notify_unknown_focus: true,
        ..options()
    });
    script.event(Event::Reply(Reply::Sessions(vec![row("one", 1)])));
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Busy);
    script.session("one", SessionEvent::Chat(permission()));
    assert_eq!(told(&mut script).len(), 1);
}

#[test]
fn the_end_of_a_turn_a_failure_and_a_lost_sandbox_are_told() {
    let mut script = away();
    script.status("one", TurnStatus::Busy);
    script.phase(
        "one",
        Phase::Reconnecting(Outage {
            since: UnixMillis(NOON),
            attempt: 1,
            next_at: UnixMillis(NOON),
            reason: "connection reset".to_owned(),
        }),
    );
    script.phase("one", Phase::Live);
    assert_eq!(told(&mut script), []);
    script.status("one", TurnStatus::Idle);
    assert_eq!(told(&mut script), one("one", NotificationReason::Ended, ""));

    script.phase("one", Phase::Failed(Failure::new("OpenCode ended")));
    let failed = one("one", NotificationReason::Failed, "OpenCode ended");
    assert_eq!(told(&mut script), failed);
    script.phase(
        "two",
        Phase::Gone(Failure::new("the sandbox no longer exists")),
    );
    let gone = one(
        "two",
        NotificationReason::Gone,
        "the sandbox no longer exists",
    );
    assert_eq!(told(&mut script), gone);
}

#[test]
fn what_was_over_before_the_start_is_told_to_nobody() {
    let mut script = Script::started(options());
    script.event(Event::Focus(false));
    let gone = Phase::Gone(Failure::new("the sandbox no longer exists"));
    let failed = Phase::Failed(Failure::new("OpenCode ended"));
    let rows = [gone, failed, Phase::Dormant].into_iter().enumerate();
    let rows = rows.map(|(at, phase)| SessionSummary {
        phase,
        ..row(&format!("s{at}"), 5)
    });
    script.event(Event::Reply(Reply::Sessions(rows.collect())));

    assert_eq!(told(&mut script), []);
}

#[test]
fn who_lends_the_terminal_to_a_program_sits_at_it() {
    let mut script = away();
    script.event(Event::TerminalLent);
    waits(&mut script, "bash: cargo publish");

    assert_eq!(told(&mut script), []);
}

#[test]
fn attached_to_a_server_the_conversation_is_named_by_its_title() {
    let mut script = Script::attached();
    script.phase("attached", Phase::Live);
    script.status("attached", TurnStatus::Busy);
    script.event(Event::Focus(false));
    script.session("attached", SessionEvent::Chat(permission()));

    let expected = one(
        "the conversation",
        NotificationReason::NeedsYou,
        "bash: rm -rf dist",
    );
    assert_eq!(told(&mut script), expected);
}
