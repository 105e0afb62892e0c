//! Commands and shell lines: posted one by one like messages, and never twice by themselves.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::prompt::PromptKind;

fn command(session: &mut Session, id: &str) {
    session.on(DeliveryEvent::Send(Prompt {
        kind: PromptKind::Command,
        ..prompt(id)
    }));
    session.effects.clear();
}

fn failed(session: &Session) -> bool {
    let mut effects = session.effects.iter();
    effects.any(|effect| matches!(effect, DeliveryEffect::Fail(_)))
}

#[test]
fn a_command_waits_for_the_turn_before_it_and_its_answer_ends_with_its_turn() {
    let mut session = Session::connected();
    session.send(&["a"]);
    command(&mut session, "/b");
    session.send(&["c"]);
    assert_eq!(session.posted(), ["a"]);
    session.answers(Some("a"), "x", true);
    assert_eq!(session.posted(), ["/b"]);

    session.shows("/b", true);
    session.turn(true);
    session.answers(Some("/b"), "y", true);
    session.turn(false);
    assert_eq!(session.posted(), ["c"]);

    // The server answers the call only now.
    session.post_ends("/b", PostResult::Accepted);
    assert!(!failed(&session));
}

#[test]
fn a_command_that_may_have_run_is_held_and_said_to_be() {
    for lost in [true, false] {
        let mut session = Session::connected();
        command(&mut session, "/b");
        assert_eq!(session.posted(), ["/b"]);
        if lost {
            session.on(DeliveryEvent::Disconnected);
            session.resync(false, &[]);
        } else {
            session.post_ends("/b", PostResult::Unreachable);
        }

        assert_eq!(session.posted(), [""; 0]);
        assert_eq!(session.waiting(), ["/b"]);
        assert!(session.delivery.pending().held && failed(&session));
        // The user decides.
        session.on(DeliveryEvent::Release);
        assert_eq!(session.posted(), ["/b"]);
    }
}

#[test]
fn a_command_that_the_server_shows_is_not_held() {
    let mut session = Session::connected();
    command(&mut session, "/b");
    session.posted();
    session.on(DeliveryEvent::Disconnected);

    session.resync(true, &[("/b", false)]);

    assert_eq!(session.waiting(), [""; 0]);
    assert_eq!(session.posted(), [""; 0]);
}

#[test]
fn a_command_that_the_server_did_not_answer_before_it_ended_does_not_run_again() {
    let mut session = Session::connected();
    command(&mut session, "/b");
    session.shows("/b", true);
    session.posted();
    session.on(DeliveryEvent::Disconnected);
    session.resync(false, &[("/b", false)]);

    session.checked("/b", 1, TurnState::NotBegun);

    assert_eq!((session.posted(), session.waiting()), (vec![], vec![]));
}
