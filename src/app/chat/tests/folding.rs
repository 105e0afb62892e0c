//! A block that was folded or unfolded is visible.

use pretty_assertions::assert_eq;

use super::view::Screen;
use super::*;
use crate::app::chat::scroll::BlockId;

/// A conversation of tool calls that printed this many lines each, on a screen with 14 rows of
/// conversation.
fn calls(lines: usize, count: u32) -> (ChatHarness, Screen) {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Message(message("msg_a", Role::Assistant, 1)));
    for number in 0..count {
        let output: Vec<String> = (0..lines)
            .map(|line| format!("out {number}/{line}"))
            .collect();
        let id = format!("prt_{number:02}");
        let mut call = tool("msg_a", &id, ToolStatus::Completed, &output.join("\n"));
        if let PartKind::Tool(call) = &mut call.kind {
            call.detail = ToolDetail::Shell(ShellCall {
                command: format!("call {number}"),
                ..ShellCall::default()
            });
        }
        harness.receive(ChatEvent::Part(call));
    }
    let mut screen = Screen::new(60, 20);
    screen.draw(&mut harness);
    (harness, screen)
}

fn select(harness: &mut ChatHarness, number: u32) {
    let id = format!("prt_{number:02}");
    harness.chat.scroll.selected = Some(BlockId::Part("msg_a".into(), id.as_str().into()));
}

fn row_of(picture: &str, text: &str) -> Option<usize> {
    picture.lines().position(|row| row.contains(text))
}

#[test]
fn what_is_unfolded_on_the_last_row_is_scrolled_into_sight() {
    let (mut harness, mut screen) = calls(4, 40);
    harness.act(ChatAction::Top);
    let before = screen.draw(&mut harness);
    let last = harness.chat.viewport.blocks.len() - 1;
    let last = u32::try_from(last).unwrap();
    select(&mut harness, last);
    assert!(
        row_of(&before, &format!("call {last} ")).is_some(),
        "{before}"
    );

    harness.act(ChatAction::Fold);
    let after = screen.draw(&mut harness);

    assert!(
        row_of(&after, &format!("out {last}/3")).is_some(),
        "{after}"
    );
    assert!(
        row_of(&after, &format!("call {last} ")).is_some(),
        "{after}"
    );
    // It stays there in the next frame, and the mouse does the same.
    assert_eq!(screen.draw(&mut harness), after);
}

#[test]
fn what_is_longer_than_the_screen_begins_at_its_top() {
    for number in [39, 5] {
        let (mut harness, mut screen) = calls(60, 40);
        if number == 5 {
            harness.act(ChatAction::Top);
            screen.draw(&mut harness);
        }
        select(&mut harness, number);

        harness.act(ChatAction::Fold);
        let unfolded = screen.draw(&mut harness);
        let head = row_of(&unfolded, &format!("call {number} ")).unwrap();
        let first = row_of(&unfolded, &format!("out {number}/0")).unwrap();
        harness.act(ChatAction::PageDown);
        screen.draw(&mut harness);
        harness.act(ChatAction::Fold);
        let folded = screen.draw(&mut harness);

        assert!(head <= 1 && first == head + 1, "{unfolded}");
        assert!(
            row_of(&folded, &format!("call {number} ")).is_some(),
            "{folded}"
        );
    }
}

#[test]
fn what_is_unfolded_by_the_mouse_is_seen_too() {
    let (mut harness, mut screen) = calls(4, 40);
    harness.act(ChatAction::Top);
    screen.draw(&mut harness);
    let (row, id) = harness.chat.viewport.blocks.last().unwrap().clone();
    let top = harness.chat.viewport.top;

    harness.chat.press(top + row);
    let after = screen.draw(&mut harness);

    let BlockId::Part(_, part) = id else {
        panic!("{id:?}")
    };
    let number: u32 = part.as_str().trim_start_matches("prt_").parse().unwrap();
    assert!(
        row_of(&after, &format!("out {number}/3")).is_some(),
        "{after}"
    );
}

#[test]
fn what_is_selected_stays_in_sight_when_all_is_folded_or_unfolded() {
    let (mut harness, mut screen) = calls(6, 40);
    select(&mut harness, 38);
    screen.draw(&mut harness);

    harness.act(ChatAction::FoldTools);
    let unfolded = screen.draw(&mut harness);
    harness.act(ChatAction::FoldTools);
    let folded = screen.draw(&mut harness);

    assert!(row_of(&unfolded, "call 38 ").is_some(), "{unfolded}");
    assert!(row_of(&folded, "call 38 ").is_some(), "{folded}");
}

#[test]
fn of_a_progress_bar_the_last_state_is_shown() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Message(message("msg_a", Role::Assistant, 1)));
    let states: Vec<String> = (1..=200).map(|n| format!("\r{n:3}% [####]")).collect();
    let states = states.concat();
    let output = format!("{states}\ndone\n");
    harness.receive(ChatEvent::Part(tool(
        "msg_a",
        "prt_a",
        ToolStatus::Completed,
        &output,
    )));
    let mut screen = Screen::new(60, 20);
    screen.draw(&mut harness);

    harness.act(ChatAction::FoldTools);
    let shown = screen.draw(&mut harness);

    assert_eq!(shown.matches('%').count(), 1, "{shown}");
    assert!(row_of(&shown, "200% [####]").is_some(), "{shown}");
}
