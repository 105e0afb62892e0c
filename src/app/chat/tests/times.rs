//! Times on the screen: one clock for a turn, and a server whose clock differs.

use super::view::draw_now;
use super::*;

/// The wall clock of these tests at the start.
const WALL: u64 = 1_800_000_100_000;
const MINUTES: u64 = 5 * 60_000;

fn running(started: u64) -> Part {
    let mut part = tool("msg_b", "prt_tool", ToolStatus::Running, "");
    if let PartKind::Tool(call) = &mut part.kind {
        call.started = Some(UnixMillis(started));
    }
    part
}

/// A turn on a server whose clock is minutes off, with a tool call that starts now.
fn turn_of(server: u64) -> ChatHarness {
    let mut harness = ChatHarness::idle();
    harness.receive_all([
        ChatEvent::Status(TurnStatus::Busy),
        ChatEvent::Message(message("msg_b", Role::Assistant, server)),
        ChatEvent::Part(running(server + 1)),
    ]);
    harness
}

#[test]
fn a_tool_runs_for_as_long_as_it_does_whatever_the_servers_clock_says() {
    for server in [WALL, WALL + MINUTES, WALL - MINUTES] {
        let mut harness = turn_of(server);
        harness.wait(12_000);

        let screen = draw_now(&mut harness, 80, 24);

        let row = screen.lines().find(|row| row.contains("bash cargo test"));
        let row = row.unwrap_or_default().trim_end_matches([' ', '│']);
        assert!(
            row.ends_with(" 0:11") || row.ends_with(" 0:12"),
            "{server}: {screen}"
        );
    }
}

#[test]
fn the_next_attempt_follows_the_servers_clock() {
    for server in [WALL, WALL + MINUTES, WALL - MINUTES] {
        let mut harness = turn_of(server);
        harness.receive(ChatEvent::Status(TurnStatus::Retry {
            attempt: 2,
            message: "busy".into(),
            next: UnixMillis(server + 10_000),
        }));

        let screen = draw_now(&mut harness, 80, 24);

        assert!(
            screen.contains("retrying in 10s") || screen.contains("retrying in 9s"),
            "{screen}"
        );
    }
}

#[test]
fn a_turn_that_is_found_running_has_run_since_its_prompt() {
    let mut harness = ChatHarness::new();
    let prompt = MessageWithParts {
        message: message("msg_a", Role::User, WALL - 90_000),
        parts: vec![text("msg_a", "prt_a", "go", true)],
    };
    harness.receive(ChatEvent::Resync(Box::new(resync(
        vec![prompt],
        TurnStatus::Busy,
    ))));

    assert_eq!(
        harness.chat.turn_time(harness.now),
        Some(Duration::from_secs(90))
    );
    harness.wait(5_000);
    assert_eq!(
        harness.chat.turn_time(harness.now),
        Some(Duration::from_secs(95))
    );

    // The connection was lost and is back: the turn continues.
    let again = resync(Vec::new(), TurnStatus::Busy);
    harness.receive(ChatEvent::Resync(Box::new(again)));
    assert_eq!(
        harness.chat.turn_time(harness.now),
        Some(Duration::from_secs(95))
    );
}
