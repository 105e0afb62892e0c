//! The notice below the conversation, and when it disappears.

use super::view::draw;
use super::*;
use crate::domain::failure::Failure;

fn shows(harness: &ChatHarness) -> bool {
    harness.chat.notices.shown().is_some()
}

fn failed(failure: &Failure) -> ChatHarness {
    let mut harness = ChatHarness::idle();
    harness.chat.command_failed(failure);
    harness
}

/// A failure that only the user can fix.
fn serious() -> Failure {
    Failure::new("the sandbox could not be given more time").hint("log in again")
}

const MINUTE: u64 = 60_000;

#[test]
fn a_notice_stays_until_the_user_is_present_and_then_expires() {
    let mut harness = ChatHarness::idle();
    harness.chat.say("back in a new sandbox".into());
    let mut other = failed(&Failure::new("that prompt had already been sent"));

    for harness in [&mut harness, &mut other] {
        harness.wait(100 * MINUTE);
        assert!(shows(harness));

        harness.key_after(0, Key::char('x'));
        harness.wait(10_000);
        assert!(shows(harness));
        harness.wait(MINUTE);

        assert!(!shows(harness));
        assert_eq!(harness.chat.animation_due(harness.now), None);
    }
}

#[test]
fn a_failure_stays_longer_than_a_message() {
    let mut said = ChatHarness::idle();
    said.chat.say("back in a new sandbox".into());
    let mut failure = failed(&Failure::new("that prompt had already been sent"));
    for harness in [&mut said, &mut failure] {
        harness.key_after(0, Key::char('x'));
        harness.wait(20_000);
    }

    assert!(!shows(&said));
    assert!(shows(&failure));
}

#[test]
fn a_failure_that_only_the_user_can_fix_stays_until_something_was_done() {
    let mut harness = failed(&serious());
    harness.key_after(0, Key::char('x'));
    harness.wait(100 * MINUTE);
    assert!(shows(&harness));

    // Another client's turn, or the next of the queue: there is time to read the notice.
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    assert!(shows(&harness));
    harness.key_after(0, Key::char('y'));
    harness.wait(MINUTE);
    assert!(!shows(&harness));

    let mut harness = failed(&serious());
    harness.say("go on");
    assert!(!shows(&harness));
}

#[test]
fn a_lost_connection_is_reported_once() {
    let lost = || Failure::new("the server does not answer").passing(Duration::ZERO);
    // The calls fail before or after the loss is noticed.
    let mut before = failed(&lost());
    before.chat.set_delivery(Delivery::Later);
    let mut after = ChatHarness::idle();
    after.chat.set_delivery(Delivery::Later);
    after.chat.command_failed(&lost());

    assert!(!shows(&before));
    assert!(!shows(&after));
    // A failure with another cause is shown, even a missing connection to send it.
    after.chat.command_failed(&serious());
    assert!(shows(&after));
    let mut offline = ChatHarness::idle();
    offline.chat.set_delivery(Delivery::Later);
    let unsent = Failure::new("the sandbox is paused").retryable();
    offline.chat.command_failed(&unsent);
    assert!(shows(&offline));
    offline.chat.set_delivery(Delivery::Live);
    assert!(!shows(&offline));
}

#[test]
fn a_failure_is_shown_elsewhere_only_while_it_is_not_visible() {
    let mut harness = failed(&serious());
    assert!(harness.chat.hides_failure());

    draw(&mut harness, 80, 24);
    assert!(!harness.chat.hides_failure());

    harness.chat.scroll.to(ChatAnchor::Top);
    assert!(harness.chat.hides_failure());
}
