//! Draws a login in the browser: the address, what the provider says, and what is waited for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::state::{LoginOverlay, LoginState};
use crate::app::App;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::domain::server::login::LoginStep;
use crate::text::{visible, wrap};

/// The whole box, where the screen has room for it.
const WIDTH: u16 = 88;

impl App {
    pub(in crate::app::overlay) fn view_login(
        &self,
        login: &LoginOverlay,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let room = usize::from(WIDTH.min(screen.width).saturating_sub(4)).max(1);
        let theme = vx.theme;
        let label = visible::one_line(&login.request.method.label);
        let mut lines = wrap::wrap_plain(&label, room, theme.dim);
        let has_field = match &login.state {
            _ if self.is_login_lost(login) => {
                lines.extend(lost(room, vx));
                false
            }
            LoginState::Begins => {
                lines.push(Line::styled(
                    "asking the server for the address …",
                    theme.text,
                ));
                false
            }
            LoginState::Opened(step) => {
                lines.extend(address(step, room, vx));
                if !step.wants_code {
                    let words = "waiting for your login in the browser …";
                    lines.push(Line::styled(words, theme.accent));
                }
                step.wants_code
            }
            LoginState::Checks(step) => {
                lines.extend(address(step, room, vx));
                lines.push(Line::styled("checking the code …", theme.accent));
                false
            }
            LoginState::Failed(failure) => {
                let summary = visible::one_line(&failure.summary);
                lines.extend(wrap::wrap_plain(&summary, room, theme.error));
                let detail = visible::one_line(&failure.detail);
                lines.extend(wrap::wrap_plain(&detail, room, theme.dim));
                let advice = self.advice_keys().words(failure);
                lines.extend(wrap::wrap_plain(&advice, room, theme.text));
                false
            }
        };
        let title = format!("Log in to {}", visible::one_line(&login.request.name));
        let rows = lines.len() + 2 + usize::from(has_field);
        let height = u16::try_from(rows).unwrap_or(u16::MAX);
        let area = centred(screen, WIDTH, height, buf);
        let frame = PaneFrame {
            title: &wrap::truncate(&title, room),
            right: "",
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        // Where room is short, the end is what matters: the field, or what is waited for.
        let free = usize::from(inner.height).saturating_sub(usize::from(has_field));
        lines.drain(..lines.len().saturating_sub(free));
        let mut rows = inner.rows();
        for (line, row) in lines.iter().zip(rows.by_ref()) {
            buf.set_line(row.x + 1, row.y, line, row.width.saturating_sub(2));
        }
        if let Some(row) = rows.next().filter(|_| has_field) {
            let ask = "type or paste the code from the page; it is not shown";
            login.code.draw(ask, row, buf, vx);
        }
    }
}

fn lost(room: usize, vx: &ViewCx<'_>) -> Vec<Line<'static>> {
    let words = "The connection to the server was lost, so this login has ended. Begin again once \
                 sandbar has reconnected.";
    wrap::wrap_plain(words, room, vx.theme.error)
}

/// What the provider says, the address, and whether a browser here reaches where it leads.
fn address(step: &LoginStep, room: usize, vx: &mut ViewCx<'_>) -> Vec<Line<'static>> {
    let theme = vx.theme;
    let said = visible::one_line(&step.instructions);
    let mut lines = wrap::wrap_plain(&said, room, theme.strong);
    lines.push(Line::default());
    let url = visible::one_line(&step.url);
    if step.is_web_page() {
        let style = vx.cache.link_style(theme.accent, &step.url);
        lines.extend(wrap::wrap_plain(&url, room, style));
    } else {
        lines.extend(wrap::wrap_plain(&url, room, theme.text));
        let words = "This is not a web address, so sandbar does not open or copy it.";
        lines.extend(wrap::wrap_plain(words, room, theme.warning));
    }
    lines.push(Line::default());
    if let Some(host) = step.returns_to() {
        let words = format!(
            "After you log in, the browser goes to {host}, which works only in a browser on the \
             server's own machine. If yours runs elsewhere, choose another way to log in."
        );
        let words = visible::one_line(&words);
        lines.extend(wrap::wrap_plain(&words, room, theme.warning));
    }
    lines
}
