//! The notice below the conversation, and when it disappears.

use super::view::draw;
use super::*;
use crate::domain::failure::Failure;

fn shows(world: &World) -> bool {
    world.chat.notices.shown().is_some()
}

fn failed(failure: &Failure) -> World {
    let mut world = World::idle();
    world.chat.command_failed(failure);
    world
}

/// A failure that only the user can fix.
fn serious() -> Failure {
    Failure::new("the sandbox could not be given more time").hint("log in again")
}

const MINUTE: u64 = 60_000;

#[test]
fn a_notice_stays_until_the_user_is_present_and_then_expires() {
    let mut world = World::idle();
    world.chat.say("back in a new sandbox".into());
    let mut other = failed(&Failure::new("that prompt had already been sent"));

    for world in [&mut world, &mut other] {
        world.wait(100 * MINUTE);
        assert!(shows(world));

        world.key_after(0, Key::char('x'));
        world.wait(10_000);
        assert!(shows(world));
        world.wait(MINUTE);

        assert!(!shows(world));
        assert_eq!(world.chat.animation_due(world.now), None);
    }
}

#[test]
fn a_failure_stays_longer_than_a_message() {
    let mut said = World::idle();
    said.chat.say("back in a new sandbox".into());
    let mut failure = failed(&Failure::new("that prompt had already been sent"));
    for world in [&mut said, &mut failure] {
        world.key_after(0, Key::char('x'));
        world.wait(20_000);
    }

    assert!(!shows(&said));
    assert!(shows(&failure));
}

#[test]
fn a_failure_that_only_the_user_can_fix_stays_until_something_was_done() {
    let mut world = failed(&serious());
    world.key_after(0, Key::char('x'));
    world.wait(100 * MINUTE);
    assert!(shows(&world));

    // Another client's turn, or the next of the queue: there is time to read the notice.
    world.receive(ChatEvent::Status(TurnStatus::Busy));
    assert!(shows(&world));
    world.key_after(0, Key::char('y'));
    world.wait(MINUTE);
    assert!(!shows(&world));

    let mut world = failed(&serious());
    world.say("go on");
    assert!(!shows(&world));
}

#[test]
fn a_lost_connection_is_reported_once() {
    let lost = || Failure::new("the server does not answer").passing(Duration::ZERO);
    // The calls fail before or after the loss is noticed.
    let mut before = failed(&lost());
    before.chat.set_reach(Delivery::Later);
    let mut after = World::idle();
    after.chat.set_reach(Delivery::Later);
    after.chat.command_failed(&lost());

    assert!(!shows(&before));
    assert!(!shows(&after));
    // A failure with another cause is shown, even a missing connection to send it.
    after.chat.command_failed(&serious());
    assert!(shows(&after));
    let mut offline = World::idle();
    offline.chat.set_reach(Delivery::Later);
    let unsent = Failure::new("the sandbox is paused").retryable();
    offline.chat.command_failed(&unsent);
    assert!(shows(&offline));
    offline.chat.set_reach(Delivery::Live);
    assert!(!shows(&offline));
}

#[test]
fn a_failure_is_shown_elsewhere_only_while_it_is_not_visible() {
    let mut world = failed(&serious());
    assert!(world.chat.hides_failure());

    draw(&mut world, 80, 24);
    assert!(!world.chat.hides_failure());

    world.chat.scroll.to(ChatAnchor::Top);
    assert!(world.chat.hides_failure());
}
