//! Draws the overlays: dialogs, and the possible next keys of a sequence.

mod chat_list;
mod help;
mod links;
pub(in crate::app::overlay) mod list;
pub(in crate::app) mod picker;
mod secret_entry;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::kill_confirm::KillConfirm;
use super::secret_entry::SecretPurpose;
use super::{Confirm, Overlay};
use crate::app::App;
use crate::app::action::{Action, AppAction, ChatAction};
use crate::app::input::keymap::{KeyContext, ListedKeys, merge_numbered};
use crate::app::overlay::changes::apply::apply_words;
use crate::app::overlay::changes::discard::discard_words;
use crate::app::overlay::changes::from_home::update_words;
use crate::app::session::revive;
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::frame::{PaneFrame, centred};
use crate::app::view::hints::{CLOSE, SCROLL_OVERLAY, YES};
use crate::app::view::theme::Theme;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::text::{visible, wrap};
use secret_entry::SecretWords;

impl App {
    pub(in crate::app) fn view_overlays(
        &self,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        for overlay in self.overlays.iter() {
            vx.viewport.cursor = None;
            match overlay {
                Overlay::Help(help) => self.view_help(help, screen, buf, vx),
                Overlay::Models(picker) => self.view_models(picker, screen, buf, vx),
                Overlay::Palette(picker) => self.view_palette(picker, screen, buf, vx),
                Overlay::Links(links) => links.draw(screen, buf, vx),
                Overlay::Login(login) => self.view_login(login, screen, buf, vx),
                Overlay::Changes => self.view_changes(screen, buf, vx),
                Overlay::Peek(peek) => self.view_peek(peek.key(), screen, buf, vx),
                Overlay::TextSearch(search) => self.view_text_search(search, screen, buf, vx),
                Overlay::Chat(list) => list.draw(screen, buf, vx),
                Overlay::Status(picker) => self.view_status(picker, screen, buf, vx),
                Overlay::Secret(entry) => {
                    entry.draw(&self.secret_words(entry.purpose()), screen, buf, vx);
                }
                Overlay::Templates(picker) => self.view_templates(picker, screen, buf, vx),
                Overlay::Confirm(question) => {
                    let first = self.view_confirm(question, screen, buf, vx);
                    vx.viewport.overlay = Some(first);
                }
            }
        }
        if self.leader.is_shown(vx.now) {
            self.view_which_key(screen, buf, vx.theme);
        }
    }

    /// Returns the first row of the text that was drawn.
    fn view_confirm(
        &self,
        question: &Confirm,
        screen: Rect,
        buf: &mut Buffer,
        vx: &ViewCx<'_>,
    ) -> u16 {
        let theme = vx.theme;
        let (title, words, scroll) = self.confirm_words(question, vx);
        let width = 60.min(screen.width);
        let inner = usize::from(width.saturating_sub(4));
        let lines: Vec<Line<'static>> = words
            .iter()
            .flat_map(|words| match words.as_str() {
                "" => vec![Line::default()],
                // A foreign name in it must neither break the line nor hide anything.
                words => wrap::wrap_plain(&visible::one_line(words), inner, theme.text),
            })
            .collect();
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
        let area = centred(screen, width, height, buf);
        // Where room is short, the keys stay.
        let room = usize::from(
            area.height
                .saturating_sub(if area.height > 4 { 4 } else { 3 }),
        );
        let last = u16::try_from(lines.len().saturating_sub(room)).unwrap_or(u16::MAX);
        let can_scroll = last > 0
            && matches!(
                question,
                Confirm::Kill { .. }
                    | Confirm::Remove { .. }
                    | Confirm::Apply { .. }
                    | Confirm::Discard { .. }
            );
        let first = if can_scroll { scroll.min(last) } else { 0 };
        let below = lines.len().saturating_sub(usize::from(first) + room);
        let shown = lines.into_iter().skip(first.into()).take(room);
        let mut lines: Vec<Line<'static>> = shown.collect();
        if let (Some(end), true) = (lines.last_mut(), below > 0) {
            *end = Line::styled(format!("… {} more lines", below + 1), theme.warning);
        }
        if area.height > 4 {
            lines.push(Line::default());
        }
        lines.push(Line::from(self.confirm_keys(can_scroll, theme)));
        let frame = PaneFrame {
            title,
            right: "",
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        for (line, row) in lines.iter().zip(inner.rows()) {
            let x = row.x.saturating_add(1);
            buf.set_line(x, row.y, line, row.width.saturating_sub(1));
        }
        first
    }

    /// The title of a dialog, its paragraphs, and the first row that is wanted.
    fn confirm_words(
        &self,
        question: &Confirm,
        vx: &ViewCx<'_>,
    ) -> (&'static str, Vec<String>, u16) {
        match question {
            Confirm::Quit => ("Quit?", self.quit_words(), 0),
            Confirm::Kill { targets, scroll } => {
                let question = KillConfirm::new(self.all_sessions(), self.clock(vx.wall));
                ("Kill?", question.words(targets), *scroll)
            }
            Confirm::Remove { keys, scroll } => ("Remove?", self.removal_words(keys), *scroll),
            Confirm::DeleteConversation { title, .. } => {
                let words = vec![
                    format!("Delete the conversation \"{title}\" from the server?"),
                    "Its messages cannot be brought back; files stay as they are.".to_owned(),
                ];
                ("Delete?", words, 0)
            }
            Confirm::Revive(key) => {
                let (name, session) = (self.list.name(key), self.open.get(key));
                let words = revive::words(name, session, self.clock(vx.wall));
                ("Revive?", words, 0)
            }
            Confirm::Auto(key) => ("Auto mode?", self.auto_words(key), 0),
            Confirm::Apply {
                key,
                request,
                applied,
                scroll,
            } => {
                let words = apply_words(self.list.name(key), request, applied);
                ("Apply?", words, *scroll)
            }
            Confirm::Update { key, root } => {
                ("Update?", update_words(self.list.name(key), root), 0)
            }
            Confirm::Discard {
                key,
                request,
                scroll,
            } => {
                let words = discard_words(self.list.name(key), request);
                ("Discard?", words, *scroll)
            }
        }
    }

    /// The words around a field for a secret.
    fn secret_words(&self, purpose: &SecretPurpose) -> SecretWords {
        let key = match purpose {
            SecretPurpose::ServerPassword(key) => key,
            SecretPurpose::ProviderKey { name, .. } => return provider_key_words(name),
        };
        let session = self.open.get(key);
        let why = match session.map(crate::app::OpenSession::phase) {
            Some(Phase::Failed(failure)) => failure.summary.clone(),
            _ => String::new(),
        };
        SecretWords {
            title: "Password",
            why,
            of: self.attached_url().unwrap_or_default().to_owned(),
            ask: "type or paste the password; it is not shown",
            below: "",
        }
    }

    /// What auto mode means.
    fn auto_words(&self, key: &SessionKey) -> Vec<String> {
        let off = self.key_name(Action::Chat(ChatAction::ToggleAuto));
        let off = if off.is_empty() {
            String::new()
        } else {
            format!(" {off} ends it.")
        };
        vec![
            format!(
                "Allow all that the agent of {} asks for, without asking you?",
                visible::name(&self.session_name(key))
            ),
            "Only what a rule denies is refused. Each answer is a line in the logs. The session \
             stays in auto mode when you quit."
                .to_owned()
                + &off,
        ]
    }

    /// The answers, and the scroll keys if the text is longer than the box.
    fn confirm_keys(&self, can_scroll: bool, theme: &Theme) -> Vec<Span<'static>> {
        let contexts = [KeyContext::Confirm, KeyContext::Always];
        let scroll = can_scroll.then_some(SCROLL_OVERLAY);
        let hints = [YES, CLOSE].into_iter().chain(scroll);
        let hints = hints.filter_map(|hint| self.hint(hint, &contexts, theme));
        hints
            .flat_map(|(keys, words)| {
                let words = Span::raw(format!(" {words}   "));
                [Span::styled(keys, theme.key), words]
            })
            .collect()
    }

    /// What keeps running after quitting, and until when.
    fn quit_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let offset = self.options.utc_offset_minutes;
        for (key, session) in self.open.iter() {
            if !session.is_at_work() {
                continue;
            }
            let name = self.session_name(key);
            let queued = match session.chat.queue_len() {
                0 => String::new(),
                1 => ", 1 prompt queued".to_owned(),
                n => format!(", {n} prompts queued"),
            };
            let until = session.ends_at().map(|at| format::minutes(at, offset));
            let until = until.map_or_else(String::new, |time| format!(", runs until {time}"));
            let line = format!("{name}: {}{queued}{until}", session.state().name());
            words.push(line);
        }
        words.push(String::new());
        let queued = self
            .open
            .values()
            .any(|session| session.chat.queue_len() > 0);
        words.push(match (self.is_attached(), queued) {
            (true, _) => "Queued prompts are not sent after you quit.".to_owned(),
            (false, true) => {
                "Sandboxes keep running. Queued prompts are sent when you return.".to_owned()
            }
            (false, false) => "Sandboxes keep running; you will find them in the list.".to_owned(),
        });
        words
    }

    /// The keys that can follow the pressed ones, in columns above the bottom.
    fn view_which_key(&self, screen: Rect, buf: &mut Buffer, theme: &Theme) {
        let keymap = &self.options.keymap;
        let rows = keymap.after(&self.contexts(), self.leader.keys());
        let offered = rows.into_iter().filter(|(_, row)| self.offers(row));
        let choices: Vec<_> = offered
            .map(|(rest, row)| (ListedKeys::of(row, rest), row.hint))
            .collect();
        let whats = merge_numbered(choices.iter().map(|(row, _)| row.clone()).collect());
        let hints = choices.into_iter().map(|(row, hint)| ListedKeys {
            what: hint.to_owned(),
            ..row
        });
        let hints = merge_numbered(hints.collect());
        // Short names, where the descriptions would cover more than half of the screen.
        let room = screen.height / 2;
        let is_whole = |choices: &[ListedKeys]| {
            let per_row = usize::from(columns_of(choices, screen.width).1);
            choices.len().div_ceil(per_row) <= usize::from(room)
        };
        let choices = if is_whole(&whats) { whats } else { hints };
        let (column, columns) = columns_of(&choices, screen.width);
        let per_row = usize::from(columns);
        let rows = u16::try_from(choices.len().div_ceil(per_row)).unwrap_or(u16::MAX);
        let height = rows.saturating_add(2).min(screen.height);
        let area = Rect {
            y: screen.bottom() - height,
            height,
            ..screen
        };
        let area = centred(area, area.width, area.height, buf);
        let keys: Vec<String> = self.leader.keys().iter().map(ToString::to_string).collect();
        let cancel = Action::App(AppAction::CancelSequence);
        let cancel = keymap.key_for(cancel, &[KeyContext::Sequence]);
        let cancel = cancel.map_or_else(String::new, |key| format!("{key} cancels"));
        let frame = PaneFrame {
            title: &keys.join(" "),
            right: &cancel,
            focused: true,
        };
        let inner = frame.draw(area, buf, theme);
        // What does not fit is counted.
        let fit = usize::from(inner.height);
        let shown = if usize::from(rows) > fit {
            fit.saturating_sub(1) * per_row
        } else {
            choices.len()
        };
        for (row, choices) in inner.rows().zip(choices[..shown].chunks(per_row)) {
            let mut x = row.x + 1;
            for ListedKeys { keys, what, .. } in choices {
                let line = Line::from(vec![
                    Span::styled(format!("{keys:>6} "), theme.key),
                    Span::raw(what.as_str()),
                ]);
                buf.set_line(x, row.y, &line, row.right().saturating_sub(x).min(column));
                x = x.saturating_add(column);
            }
        }
        if let Some(last) = inner.rows().next_back().filter(|_| shown < choices.len()) {
            let more = format!("… {} more: see the help", choices.len() - shown);
            buf.set_stringn(last.x + 1, last.y, more, last.width.into(), theme.dim);
        }
    }
}

/// The width of a column of next keys, and how many fit side by side.
fn columns_of(choices: &[ListedKeys], width: u16) -> (u16, u16) {
    let widest = choices.iter().map(|row| wrap::width(&row.what)).max();
    let keys = choices.iter().map(|row| wrap::width(&row.keys)).max();
    let column = keys.unwrap_or(0).max(6) + widest.unwrap_or(0) + 3;
    let column = u16::try_from(column).unwrap_or(u16::MAX);
    (column, (width.saturating_sub(2) / column).max(1))
}

fn provider_key_words(name: &str) -> SecretWords {
    SecretWords {
        title: "API key",
        why: String::new(),
        of: name.to_owned(),
        ask: "type or paste the key; it is not shown",
        below: "The OpenCode server stores the key; sandbar does not.",
    }
}
