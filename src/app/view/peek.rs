//! Draws the session that is looked at: its chat in a frame above the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cx::ViewCx;
use super::frame::{PaneFrame, centred};
use crate::app::App;
use crate::app::chat::ChatViewProps;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::text::{ansi, wrap};

/// Wider, and lines of text are hard to follow.
const WIDEST: u16 = 120;
const HIGHEST: u16 = 34;
/// A narrower screen has no room for what is beside it.
const NARROW: u16 = 100;

impl App {
    pub(in crate::app) fn view_peek(
        &self,
        key: &SessionKey,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let width = match screen.width {
            ..NARROW => screen.width,
            width => (width - 4).min(WIDEST),
        };
        let height = screen.height.saturating_sub(2).clamp(1, HIGHEST);
        let area = centred(screen, width, height, buf);
        let row = self.list.row(key);
        let state = row.map_or("", |row| self.all_sessions().state_of(row).name());
        let name = ansi::plain(self.list.name(key)).into_owned();
        let room = usize::from(area.width).saturating_sub(12);
        let frame = PaneFrame {
            title: &wrap::truncate(&name, room),
            right: state,
            focused: true,
        };
        let inner = frame.draw(area, buf, vx.theme);
        let Some(session) = self.open.get(key) else {
            return;
        };
        let advice = self.advice_keys();
        let props = ChatViewProps {
            focused: true,
            keys: &self.chat_keys,
            advice: &advice,
            waits_for: match session.phase() {
                Phase::Booting(_) | Phase::Reconnecting(_) if !session.chat.needs_you() => {
                    "connecting …"
                }
                _ => "",
            },
            meanwhile: "while the connection is made",
            utc_offset_minutes: self.options.utc_offset_minutes,
        };
        // What was drawn below belongs to the session on the screen.
        let below = std::mem::take(&mut vx.viewport.chat);
        session.chat.view(inner, buf, vx, &props);
        let above = std::mem::replace(&mut vx.viewport.chat, below);
        vx.viewport.peek = Some((key.clone(), above));
    }
}
