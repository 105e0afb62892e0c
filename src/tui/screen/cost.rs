//! How many bytes an answer costs on a fixed schedule of frames: the bounds that keep slow
//! connections usable.

use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Block, Widget as _};

use super::Screen;

/// Tokens that arrive between two frames: 500 a second at 17 frames a second.
const TOKENS_A_FRAME: usize = 30;

/// Words, emphasis, wide characters and emoji, in the proportions of a typical answer; always the
/// same.
fn tokens() -> Vec<String> {
    const WORDS: [&str; 12] = [
        "the", "stream", "renders", "quickly", "when", "cells", "change", "rarely", "buffers",
        "stay", "small", "latency",
    ];
    let mut seed = 1_u32;
    let mut next = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    (0..2000)
        .map(|at| match (at % 40, next(60)) {
            (39, _) => ".\n\n".to_owned(),
            (_, 0) => " 日本語の文章".to_owned(),
            (_, 1) => " 🚀".to_owned(),
            (_, 2) => " **bold**".to_owned(),
            (_, word) => {
                let word = WORDS.get(usize::try_from(word % 12).unwrap()).unwrap();
                format!(" {word}")
            }
        })
        .collect()
}

/// Wraps simply; a word in asterisks is bold.
fn wrap(text: &str, width: u16) -> Vec<Vec<(&str, Style)>> {
    let mut lines = Vec::new();
    for source in text.split('\n') {
        let mut line = Vec::new();
        let mut used = 0;
        for word in source.split_inclusive(' ') {
            let columns = word.cell_width();
            if used + columns > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            let bold = Style::new().add_modifier(Modifier::BOLD);
            let style = if word.starts_with("**") {
                bold
            } else {
                Style::new()
            };
            line.push((word, style));
            used += columns;
        }
        lines.push(line);
    }
    lines
}

/// Draws a chat whose text is pinned to the bottom, with a composer below.
fn draw(text: &str, chat: Rect, buffer: &mut Buffer) {
    let [inner, composer] = [
        Rect {
            height: chat.height - 4,
            ..chat
        },
        Rect {
            y: chat.bottom() - 4,
            height: 4,
            ..chat
        },
    ];
    Block::bordered().title("Chat").render(inner, buffer);
    Block::bordered().title("message").render(composer, buffer);
    let inside = Block::bordered().inner(inner);
    let lines = wrap(text, inside.width);
    let height = usize::from(inside.height);
    let over = lines.len().saturating_sub(height);
    for (line, y) in lines.iter().skip(over).zip(inside.top()..inside.bottom()) {
        let mut x = inside.x;
        for (word, style) in line {
            let room = usize::from(inside.right() - x);
            x = buffer.set_stringn(x, y, word, room, *style).0;
        }
    }
}

/// Returns the bytes of a whole answer after the first frame.
fn cost(chat: Rect, tokens: &[String]) -> usize {
    let area = Rect::new(0, 0, 120, 36);
    let mut screen = Screen::new();
    let mut text = String::new();
    let mut bytes = 0;
    let first = Buffer::empty(area);
    screen.frame(&first, Some((chat.x + 2, 33)));
    for chunk in tokens.chunks(TOKENS_A_FRAME) {
        text.extend(chunk.iter().map(String::as_str));
        let mut buffer = Buffer::empty(area);
        if chat.x > 0 {
            let list = Rect::new(0, 0, chat.x, 36);
            Block::bordered()
                .title("Sessions")
                .render(list, &mut buffer);
            for y in 1..8 {
                buffer.set_string(1, y, format!("● session {y}"), Style::new());
            }
        }
        draw(&text, chat, &mut buffer);
        let frame = screen.frame(&buffer, Some((chat.x + 2, 33)));
        bytes += frame.map_or(0, |frame| frame.len());
    }
    bytes
}

#[test]
fn an_answer_over_the_whole_width_costs_hardly_more_than_its_text() {
    let tokens = tokens();
    let text: usize = tokens.iter().map(String::len).sum();

    let bytes = cost(Rect::new(0, 0, 120, 36), &tokens);

    assert!(bytes < 2 * text, "{bytes} bytes for {text} of text");
    assert!(bytes < 20 * tokens.len(), "{bytes} bytes");
}

#[test]
fn an_answer_beside_a_list_costs_little_too() {
    let tokens = tokens();
    let text: usize = tokens.iter().map(String::len).sum();

    let bytes = cost(Rect::new(30, 0, 90, 36), &tokens);

    assert!(bytes < 3 * text, "{bytes} bytes for {text} of text");
    assert!(bytes < 20 * tokens.len(), "{bytes} bytes");
}
