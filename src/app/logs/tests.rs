use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color::{Red, Reset};

use super::*;
use crate::app::action::LogsAction;
use crate::app::view::theme::Theme;
use crate::domain::log::LogStream;
use crate::domain::time::UnixMillis;

fn line(text: impl Into<String>) -> LogLine {
    LogLine {
        at: UnixMillis(0),
        stream: LogStream::Stdout,
        offset: 0,
        start: 0,
        text: text.into(),
    }
}

fn numbered(range: std::ops::Range<u32>) -> Vec<LogLine> {
    range.map(|n| line(format!("line {n}"))).collect()
}

/// Draws four rows without times and stores the viewport.
fn rows(logs: &mut Logs, width: u16) -> Vec<String> {
    logs.times = false;
    let theme = Theme::default();
    let area = Rect::new(0, 0, width, 4);
    let mut buf = Buffer::empty(area);
    let view = LogsView {
        logs,
        theme: &theme,
        utc_offset_minutes: 0,
    };
    let viewport = view.draw(area, &mut buf);
    logs.shown(viewport);
    buf.content
        .chunks(usize::from(width))
        .map(|row| {
            row.iter()
                .map(ratatui::buffer::Cell::symbol)
                .collect::<String>()
        })
        .map(|row| row.trim_end().trim_start_matches("out  ").to_owned())
        .collect()
}

#[test]
fn the_newest_lines_are_followed() {
    let mut logs = Logs::default();
    logs.append(numbered(0..3));
    assert_eq!(rows(&mut logs, 40), ["line 0", "line 1", "line 2", ""]);

    logs.append(numbered(3..10));

    assert_eq!(
        rows(&mut logs, 40),
        ["line 6", "line 7", "line 8", "line 9"]
    );
}

#[test]
fn what_is_read_does_not_move_when_lines_come_or_go() {
    let mut logs = Logs::default();
    logs.append(numbered(0..20));
    rows(&mut logs, 40);
    logs.update(LogsAction::LineUp);
    let read = rows(&mut logs, 40);
    assert_eq!(read, ["line 15", "line 16", "line 17", "line 18"]);

    logs.append(numbered(20..9_000));
    assert_eq!(rows(&mut logs, 40), read);

    logs.append(numbered(9_000..10_010));
    assert_eq!(rows(&mut logs, 40), read);
}

#[test]
fn the_oldest_remaining_lines_replace_dropped_ones() {
    let mut logs = Logs::default();
    logs.append(numbered(0..20));
    rows(&mut logs, 40);
    logs.update(LogsAction::Top);
    rows(&mut logs, 40);

    logs.append(numbered(20..10_100));

    assert_eq!(rows(&mut logs, 40)[0], "line 100");
}

#[test]
fn the_end_is_followed_again_when_it_is_reached() {
    let mut logs = Logs::default();
    logs.append(numbered(0..20));
    rows(&mut logs, 40);
    logs.update(LogsAction::PageUp);
    assert_eq!(rows(&mut logs, 40)[0], "line 13");
    logs.update(LogsAction::PageDown);
    rows(&mut logs, 40);

    logs.append(numbered(20..21));

    assert_eq!(rows(&mut logs, 40)[3], "line 20");
}

#[test]
fn follow_off_holds_the_page() {
    let mut logs = Logs::default();
    logs.append(numbered(0..20));
    let page = rows(&mut logs, 40);
    logs.update(LogsAction::Follow);

    logs.append(numbered(20..30));

    assert_eq!(rows(&mut logs, 40), page);
    logs.update(LogsAction::Follow);
    assert_eq!(rows(&mut logs, 40)[3], "line 29");
}

#[test]
fn wrapped_lines_are_scrolled_by_their_rows() {
    let mut logs = Logs::default();
    logs.append(vec![
        line("aaaa bbbb cccc dddd eeee ffff gggg"),
        line("last"),
    ]);
    logs.update(LogsAction::Wrap);
    let at_end = rows(&mut logs, 12);
    assert!(
        at_end.last().is_some_and(|row| row.contains("last")),
        "{at_end:?}"
    );

    logs.update(LogsAction::LineUp);

    let up = rows(&mut logs, 12);
    assert_eq!(up[1..], at_end[..3]);
}

#[test]
fn a_line_that_is_read_stays_when_it_has_fewer_rows() {
    let mut logs = Logs::default();
    let mut lines = vec![line("aaaa bbbb cccc dddd eeee ffff gggg")];
    lines.extend(numbered(0..20));
    logs.append(lines);
    logs.update(LogsAction::Wrap);
    rows(&mut logs, 12);
    logs.update(LogsAction::Top);
    rows(&mut logs, 12);
    logs.update(LogsAction::LineDown);
    logs.update(LogsAction::LineDown);
    rows(&mut logs, 12);

    logs.update(LogsAction::Wrap);
    let shown = rows(&mut logs, 40);

    assert!(shown[0].starts_with("aaaa"), "{shown:?}");
}

#[test]
fn many_bytes_drop_old_lines_too() {
    let mut logs = Logs::default();
    let long = "x".repeat(1 << 20);

    logs.append((0..20).map(|_| line(long.clone())).collect());

    assert!(logs.bytes <= MOST_BYTES);
    assert_eq!(logs.lines.len(), 7);
}

#[test]
fn clear_empties_the_view_and_follows() {
    let mut logs = Logs::default();
    logs.append(numbered(0..20));
    logs.update(LogsAction::Top);
    logs.update(LogsAction::Clear);

    logs.append(numbered(20..22));

    assert_eq!(rows(&mut logs, 40)[..2], ["line 20", "line 21"]);
}

#[test]
fn in_the_collapsed_row_only_an_error_has_a_colour() {
    let theme = Theme::default();
    let styled = |level: &str| {
        let mut logs = Logs::default();
        logs.append(vec![LogLine {
            stream: LogStream::Stderr,
            ..line(format!("\x1b[33mlevel={level}\x1b[m x"))
        }]);
        let area = Rect::new(0, 0, 60, 1);
        let mut buf = Buffer::empty(area);
        let view = LogsView {
            logs: &logs,
            theme: &theme,
            utc_offset_minutes: 0,
        };
        view.draw_ticker(area, "Logs", &mut buf);
        let colours = buf.content.iter().map(|cell| cell.fg);
        let mut colours: Vec<_> = colours.collect();
        colours.dedup();
        colours
    };

    assert_eq!(styled("WARN"), [Reset]);
    assert_eq!(styled("ERROR"), [Reset, Red, Reset]);
}
