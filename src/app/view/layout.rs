//! Maps size, focus and zoom to areas. Panes are dropped, never squeezed: a pane that does not fit
//! next to the others takes the whole body while it has the focus.

use ratatui::layout::Rect;

use crate::app::pane::Pane;

/// The area of each pane. A pane without an area is not on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// Above the chat.
    pub header: Option<Rect>,
    pub sessions: Option<Rect>,
    /// Right of the list.
    pub sessions_divider: Option<Rect>,
    pub chat: Option<Rect>,
    pub logs: Option<Rect>,
    /// Left of the log if it is beside the chat.
    pub logs_divider: Option<Rect>,
    /// The newest line of the log while it is not open.
    pub ticker: Option<Rect>,
    /// Hints or a notice, and facts.
    pub footer: Option<Rect>,
}

/// What the layout depends on besides the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub focus: Pane,
    pub zoomed: bool,
    /// Chat only.
    pub attached: bool,
}

/// On a smaller screen there is only the chat.
const SMALLEST: (u16, u16) = (22, 8);

/// Divides the screen.
pub fn areas(screen: Rect, shape: Shape) -> Areas {
    let mut areas = Areas::default();
    if screen.width < SMALLEST.0 || screen.height < SMALLEST.1 {
        areas.chat = Some(screen);
        return areas;
    }
    let mut body = screen;
    if screen.height >= 12 {
        areas.footer = Some(take_bottom(&mut body, 1));
    }
    if shape.attached || shape.zoomed || !fits(shape.focus, screen.width) {
        let pane = if shape.attached {
            Pane::Chat
        } else {
            shape.focus
        };
        areas.header = header(screen, &mut body);
        *areas.pane(pane) = Some(body);
    } else {
        divide(screen, shape.focus, body, &mut areas);
    }
    areas
}

fn header(screen: Rect, body: &mut Rect) -> Option<Rect> {
    (screen.height >= 10).then(|| take_top(body, 1))
}

/// Whether the pane fits next to the others at this width.
fn fits(pane: Pane, width: u16) -> bool {
    pane == Pane::Chat || width >= 110
}

/// The log is a row until it is opened; a wide screen has room for it.
fn divide(screen: Rect, focus: Pane, mut body: Rect, areas: &mut Areas) {
    match screen.width {
        160.. => {
            areas.logs = Some(take_right(&mut body, 64));
            areas.logs_divider = Some(take_right(&mut body, 1));
        }
        110.. if focus == Pane::Logs => {
            let rows = (body.height / 3).max(5).min(body.height / 2);
            areas.logs = Some(take_bottom(&mut body, rows));
        }
        44.. if screen.height >= 30 => areas.ticker = Some(take_bottom(&mut body, 1)),
        _ => {}
    }
    if screen.width >= 110 {
        let columns = if screen.width >= 160 { 36 } else { 30 };
        areas.sessions = Some(take_left(&mut body, columns));
        areas.sessions_divider = Some(take_left(&mut body, 1));
    }
    areas.header = header(screen, &mut body);
    areas.chat = Some(body);
}

impl Areas {
    fn pane(&mut self, pane: Pane) -> &mut Option<Rect> {
        match pane {
            Pane::Sessions => &mut self.sessions,
            Pane::Chat => &mut self.chat,
            Pane::Logs => &mut self.logs,
        }
    }
}

pub(in crate::app) fn take_top(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    let top = Rect {
        height: rows,
        ..*area
    };
    area.y += rows;
    area.height -= rows;
    top
}

/// Takes rows from the bottom of an area, as far as it has them.
pub(in crate::app) fn take_bottom(area: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    area.height -= rows;
    Rect {
        y: area.bottom(),
        height: rows,
        ..*area
    }
}

fn take_left(area: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    let left = Rect {
        width: columns,
        ..*area
    };
    area.x += columns;
    area.width -= columns;
    left
}

fn take_right(area: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    area.width -= columns;
    Rect {
        x: area.right(),
        width: columns,
        ..*area
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn areas_lie_in_the_screen_and_apart(
            width in 0_u16..250,
            height in 0_u16..80,
            focus in prop::sample::select(vec![Pane::Sessions, Pane::Chat, Pane::Logs]),
            zoomed: bool,
            attached: bool,
        ) {
            let screen = Rect::new(0, 0, width, height);
            let shape = Shape { focus, zoomed, attached };

            let a = areas(screen, shape);

            let all: Vec<Rect> =
                [a.header, a.sessions, a.sessions_divider, a.chat]
                    .into_iter()
                    .chain([a.logs, a.logs_divider, a.ticker, a.footer])
                    .flatten()
                    .collect();
            let covered: u32 = all.iter().map(|area| area.area()).sum();
            prop_assert_eq!(covered, screen.area());
            for (i, one) in all.iter().enumerate() {
                prop_assert_eq!(screen.intersection(*one), *one);
                for other in &all[i + 1..] {
                    prop_assert!(!one.intersects(*other));
                }
            }
        }
    }
}
