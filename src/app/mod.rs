//! The model of all that is seen, and its pure update and view.
//!
//! ```text
//!  header: name, state, engine, what waits elsewhere
//!  ┌ Sessions ┐┌ Chat ─────────────────────────────┐
//!  │          ││ boot trail, or a broken connection │
//!  │          ││ transcript                         │
//!  │          ││ composer                           │
//!  └──────────┘└────────────────────────────────────┘
//!  ┌ Logs ─────────────────────────────────────────┐
//!  └───────────────────────────────────────────────┘
//!  status
//!  keys
//! ```
//!
//! Events go in ([`event::Event`]), effects come out ([`effect::Effect`]); nothing here knows a
//! terminal, a clock, a file or a socket. The root only routes: each pane keeps its own state behind
//! private fields, in modules of its own.

pub mod action;
mod advice;
mod asking;
mod backspace;
pub mod boot;
mod bulk;
pub mod chat;
mod clock;
pub mod cx;
pub mod effect;
pub mod event;
pub mod key;
pub mod keymap;
pub mod layout;
mod lifetime;
pub mod logs;
mod notice;
mod opened;
mod overlay;
mod pane;
mod paused_elsewhere;
mod picker;
mod revive;
mod sessions;
mod settle;
mod spent;
mod start;
mod strangers;
pub mod theme;
mod update;
mod update_bulk;
mod update_mouse;
mod update_session;
mod victims;
mod view;
mod view_bars;
mod view_frame;
mod view_hints;
mod view_overlay;
mod view_picker;
pub mod viewcx;
pub mod viewport;
mod watched;
mod ways;

use std::collections::BTreeMap;
use std::path::PathBuf;

use action::{Action, AppAction};
use asking::Asking;
use bulk::Bulk;
use chat::ChatKeys;
use event::Event;
use key::Key;
use keymap::{Binding, Context, Keymap};
use notice::Notice;
use opened::OpenSession;
use overlay::Overlay;
use paused_elsewhere::PausedElsewhere;
use sessions::Sessions;
use viewport::Viewport;

pub use pane::Pane;

use crate::domain::id::SessionKey;
use crate::domain::price::Prices;
use crate::domain::sandbox::EngineKind;
use crate::domain::session::{NewSession, SessionSpec};
use crate::domain::time::{Monotonic, UnixMillis};

/// What the program was started for.
#[derive(Debug, Clone, PartialEq)]
pub enum Mode {
    /// List, chat and logs.
    Full {
        /// How a new session is made; `name` is made unique.
        new: NewSession,
        /// Where new sandboxes come from.
        engine: EngineKind,
        /// The directory to which sessions belong that are begun here.
        project: Option<PathBuf>,
        first: FirstSession,
    },
    /// One chat on a server that somebody else runs; `spec.origin` is `Attach`.
    Attach { spec: SessionSpec, url: String },
}

/// Which session is on the screen first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstSession {
    /// Of those that belong to the directory the one that was on a screen last; a new one where there is
    /// none.
    LastShown,
    /// One that was asked for.
    Chosen(SessionKey),
    New,
}

/// What the program was started with.
#[derive(Debug, Clone, PartialEq)]
pub struct AppOptions {
    pub mode: Mode,
    /// Made by [`Keymap::with`] from the configuration.
    pub keymap: Keymap,
    /// Whether mouse reporting is on from the start.
    pub mouse: bool,
    /// Minutes that the user's clock is ahead of UTC.
    pub utc_offset_minutes: i16,
    /// Of sandboxes that somebody pays for.
    pub prices: Prices,
}

/// All that is seen. Made from options, changed by events, drawn by `view`.
#[derive(Debug)]
pub struct App {
    options: AppOptions,
    list: Sessions,
    open: BTreeMap<SessionKey, OpenSession>,
    /// The session whose chat and logs are on the screen.
    shown: Option<SessionKey>,
    focus: Pane,
    zoomed: bool,
    /// The last one sees the keys first and is drawn last.
    overlays: Vec<Overlay>,
    leader: Leader,
    notice: Option<Notice>,
    /// Until when another ctrl-c quits.
    quit_armed: Option<Monotonic>,
    /// What the chat calls its keys.
    chat_keys: ChatKeys,
    mouse: bool,
    strangers: Asking,
    /// The sessions that are watched, in the order of the list.
    watched: Vec<SessionKey>,
    paused_elsewhere: PausedElsewhere,
    /// What is being done to several sessions, and has not ended for all of them.
    bulks: Vec<Bulk>,
    /// What was typed before there was a session to type to.
    early: Vec<Event>,
    /// The stored sessions are known.
    loaded: bool,
    /// Both clocks at the last event.
    seen: (Monotonic, UnixMillis),
    viewport: Viewport,
}

/// Keys that wait for more.
#[derive(Debug, Clone, Default)]
struct Leader {
    keys: Vec<Key>,
    since: Monotonic,
}

impl App {
    pub fn new(options: AppOptions) -> Self {
        Self {
            list: Sessions::default(),
            open: BTreeMap::new(),
            shown: None,
            focus: Pane::Chat,
            zoomed: false,
            overlays: Vec::new(),
            leader: Leader::default(),
            notice: None,
            quit_armed: None,
            chat_keys: chat_keys(&options.keymap),
            mouse: options.mouse,
            strangers: Asking::default(),
            watched: Vec::new(),
            paused_elsewhere: PausedElsewhere::default(),
            bulks: Vec::new(),
            early: Vec::new(),
            loaded: false,
            seen: (Monotonic::ZERO, UnixMillis(0)),
            viewport: Viewport::default(),
            options,
        }
    }

    /// Takes what the frame that was just drawn showed.
    pub fn shown(&mut self, viewport: Viewport) {
        if let Some(session) = self.shown.as_ref().and_then(|key| self.open.get_mut(key)) {
            session.chat.shown(viewport.chat.clone());
            session.logs.shown(viewport.logs);
        }
        let on_top = self.overlays.last_mut().and_then(Overlay::scroll_mut);
        if let (Some(scroll), Some(first)) = (on_top, viewport.overlay) {
            *scroll = first;
        }
        self.viewport = viewport;
    }

    /// The terminal's title: who waits, and the name of what is shown.
    pub fn title(&self) -> String {
        let waiting = self.waiting();
        let name = self.name_shown();
        match waiting {
            0 => format!("{name} - sandbar"),
            1 => format!("! {name} (1 needs you)"),
            n => format!("! {name} ({n} need you)"),
        }
    }

    fn is_attached(&self) -> bool {
        matches!(self.options.mode, Mode::Attach { .. })
    }

    /// Whether a row of the keymap means something in this mode.
    fn offers(&self, row: &Binding) -> bool {
        let of_panes = matches!(row.context, Context::Sessions | Context::Logs)
            || matches!(
                row.action,
                Action::App(
                    AppAction::FocusNext
                        | AppAction::FocusPrevious
                        | AppAction::FocusSessions
                        | AppAction::FocusChat
                        | AppAction::FocusLogs
                        | AppAction::ToggleSessions
                        | AppAction::ToggleLogs
                        | AppAction::Zoom
                        | AppAction::NewSession
                        | AppAction::Revive
                        | AppAction::UseTemplate
                        | AppAction::Shell
                        | AppAction::NextNeedsYou
                        | AppAction::Slot(_)
                )
            );
        !(self.is_attached() && of_panes)
    }

    fn session(&self) -> Option<&OpenSession> {
        self.shown.as_ref().and_then(|key| self.open.get(key))
    }

    fn session_mut(&mut self) -> Option<&mut OpenSession> {
        self.shown.as_ref().and_then(|key| self.open.get_mut(key))
    }

    /// The name of the session on the screen.
    fn name_shown(&self) -> &str {
        match (&self.options.mode, &self.shown) {
            (Mode::Attach { url, .. }, _) => match self.session() {
                Some(session) if !session.chat.title().is_empty() => session.chat.title(),
                _ => url,
            },
            (Mode::Full { .. }, Some(key)) => self.list.name(key),
            (Mode::Full { .. }, None) => "sandbar",
        }
    }

    /// Whether keys are read as text, so that an Enter would send it.
    pub fn is_typing(&self) -> bool {
        self.contexts()[0].falls_to_composer()
    }

    /// Where keys are looked up now, the front first.
    fn contexts(&self) -> Vec<Context> {
        if let Some(overlay) = self.overlays.last() {
            return vec![overlay.context(), Context::Always];
        }
        self.pane_contexts()
    }

    /// The same without what lies over the panes: their words name the same keys behind it.
    fn pane_contexts(&self) -> Vec<Context> {
        let pane = match (self.focus, self.session()) {
            (Pane::Sessions, _) => Context::Sessions,
            (Pane::Logs, _) => Context::Logs,
            (Pane::Chat, Some(session)) => session.chat.context().into(),
            (Pane::Chat, None) if self.loaded => Context::Outside,
            // What is typed now goes to the session that is about to come.
            (Pane::Chat, None) => Context::Composer,
        };
        pane.with_layers()
    }
}

/// The key map never changes while the program runs.
fn chat_keys(keymap: &Keymap) -> ChatKeys {
    ChatKeys::new(|context, action| {
        let contexts = Context::from(context).with_layers();
        let key = keymap.key_for(Action::Chat(action), &contexts);
        key.map(ToString::to_string)
    })
}

#[cfg(test)]
mod tests;
