//! The model of everything on the screen, with its pure update and view.
//!
//! ```text
//!  header: name, state, engine, other sessions that need the user
//!  ┌ Sessions ┐┌ Chat ─────────────────────────────┐
//!  │          ││ boot stages, or a lost connection  │
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
//! terminal, a clock, a file or a socket. The root only routes: each pane keeps its state in
//! private fields of modules of its own.

pub mod action;
pub mod chat;
pub mod cx;
pub mod effect;
pub mod event;
pub mod input;
pub mod logs;
mod overlay;
pub(in crate::app) mod pane;
pub mod session;
mod sessions;
mod status_line;
mod time;
mod timers;
mod update;
pub mod view;

use std::path::PathBuf;

use action::Action;
use chat::ChatKeys;
use input::key::Key;
use input::keymap::{Binding, KeyContext, Keymap};
use input::leader_keys::LeaderKeys;
use input::typeahead::Typeahead;
use overlay::Overlays;
use overlay::chat_list::ConversationList;
use overlay::palette::recent::RecentActions;
use pane::PaneFocus;
use session::OpenSession;
use session::open_sessions::OpenSessions;
use session::paused_elsewhere::PausedElsewhere;
use sessions::Sessions;
use sessions::all_sessions::AllSessions;
use sessions::bulk::BulkOperations;
use sessions::notifications::Notifications;
use sessions::unattached::refresh::RefreshState;
use sessions::watched::WatchedSessions;
use status_line::StatusLine;
use time::clock_reading::ClockReading;
use time::format::LocalClock;
use view::viewport::Viewport;

pub use pane::Pane;

use crate::domain::id::SessionKey;
use crate::domain::preferences::Preferences;
use crate::domain::sandbox::EngineKind;
use crate::domain::sandbox::price::Prices;
use crate::domain::session::{NewSession, SessionSpec};
use crate::domain::time::UnixMillis;

/// What the program shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Mode {
    /// List, chat and logs.
    Full {
        /// The template for new sessions; `name` is made unique.
        new: NewSession,
        /// The engine for new sandboxes.
        engine: EngineKind,
        /// The project directory of sessions that are created here.
        project: Option<PathBuf>,
        first: FirstSession,
    },
    /// One chat on a server that someone else runs; `spec.origin` is `Attach`.
    Attach { spec: SessionSpec, url: String },
}

/// The session that is shown first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstSession {
    /// The project's session that was shown last; a new one if there is none.
    LastShown,
    /// The one that the user named.
    Chosen(SessionKey),
    New,
}

/// The options of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct AppOptions {
    pub mode: Mode,
    /// Made by [`Keymap::with`] from the configuration.
    pub keymap: Keymap,
    /// Whether mouse reporting is on from the start.
    pub mouse: bool,
    /// Whether the composer has vim's keys.
    pub vim: bool,
    /// Minutes that the user's clock is ahead of UTC.
    pub utc_offset_minutes: i16,
    /// For sandboxes that cost money.
    pub prices: Prices,
    /// Whether a terminal that has never told its focus counts as one without it.
    pub notify_unknown_focus: bool,
}

/// Everything on the screen: created from options, changed by events, drawn by `view`. Each part
/// keeps its own state and returns what is to be done; the root passes events to the parts and
/// performs what they return.
#[derive(Debug)]
pub struct App {
    options: AppOptions,
    list: Sessions,
    open: OpenSessions,
    focus: PaneFocus,
    overlays: Overlays,
    leader: LeaderKeys,
    status: StatusLine,
    /// The names of the chat's keys.
    chat_keys: ChatKeys,
    mouse: bool,
    /// When to list unattached sandboxes.
    refresh: RefreshState,
    watched: WatchedSessions,
    paused_elsewhere: PausedElsewhere,
    conversations: ConversationList,
    bulk: BulkOperations,
    notifications: Notifications,
    typeahead: Typeahead,
    recent: RecentActions,
    /// What the user likes, as last read from the store.
    preferences: Preferences,
    /// What the answers in all sessions cost today, in US dollars, as last asked.
    day_cost: Option<f64>,
    /// The stored sessions are known.
    loaded: bool,
    /// The clocks at the last event.
    seen: ClockReading,
    /// What the last frame showed.
    viewport: Viewport,
}

impl App {
    pub fn new(options: AppOptions) -> Self {
        let is_attached = matches!(options.mode, Mode::Attach { .. });
        Self {
            list: Sessions::default(),
            open: OpenSessions::new(options.vim),
            focus: PaneFocus::on_chat(is_attached),
            overlays: Overlays::default(),
            leader: LeaderKeys::default(),
            status: StatusLine::default(),
            chat_keys: chat_keys(&options.keymap),
            mouse: options.mouse,
            refresh: RefreshState::default(),
            watched: WatchedSessions::default(),
            paused_elsewhere: PausedElsewhere::default(),
            conversations: ConversationList::default(),
            bulk: BulkOperations::default(),
            notifications: Notifications::new(options.notify_unknown_focus),
            typeahead: Typeahead::default(),
            recent: RecentActions::default(),
            preferences: Preferences::default(),
            day_cost: None,
            loaded: false,
            seen: ClockReading::NONE,
            viewport: Viewport::default(),
            options,
        }
    }

    /// Stores what the last frame showed.
    pub fn shown(&mut self, viewport: Viewport) {
        if let Some(session) = self.open.session_mut() {
            session.chat.shown(viewport.chat.clone());
            session.logs.shown(viewport.logs);
            session.changes.shown(viewport.changes);
        }
        if let Some((key, chat)) = &viewport.peek
            && let Some(session) = self.open.get_mut(key)
        {
            session.chat.shown(chat.clone());
        }
        self.overlays.drawn(viewport.overlay);
        self.viewport = viewport;
    }

    /// The terminal's title: which sessions need the user, and the name of the shown one.
    pub fn title(&self) -> String {
        let waiting = self.all_sessions().waiting();
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

    /// Whether a row of the key map has a meaning in this mode.
    fn offers(&self, row: &Binding) -> bool {
        let of_panes = matches!(
            row.context,
            KeyContext::Sessions | KeyContext::SessionFilter | KeyContext::Logs
        ) || row.action.is_of_panes();
        !(self.is_attached() && of_panes)
    }

    /// The session on the screen.
    fn session(&self) -> Option<&OpenSession> {
        self.open.session()
    }

    fn session_mut(&mut self) -> Option<&mut OpenSession> {
        self.open.session_mut()
    }

    fn all_sessions(&self) -> AllSessions<'_> {
        AllSessions::new(&self.list, &self.open)
    }

    fn clock(&self, wall: UnixMillis) -> LocalClock {
        LocalClock::new(wall, self.options.utc_offset_minutes)
    }

    /// The name of a session; of one that is attached to a server, its conversation's title.
    fn session_name(&self, key: &SessionKey) -> String {
        let titled = self.open.get(key).filter(|_| self.is_attached());
        match titled.map(|session| session.chat.title()) {
            Some("") => "this conversation".to_owned(),
            Some(title) => title.to_owned(),
            None => self.list.name(key).to_owned(),
        }
    }

    /// The name of the session on the screen.
    fn name_shown(&self) -> &str {
        match (&self.options.mode, self.open.shown()) {
            (Mode::Attach { url, .. }, _) => match self.session() {
                Some(session) if !session.chat.title().is_empty() => session.chat.title(),
                _ => url,
            },
            (Mode::Full { .. }, Some(key)) => self.list.name(key),
            (Mode::Full { .. }, None) => "sandbar",
        }
    }

    /// Whether keys are text, so that an Enter would send it.
    pub fn is_typing(&self) -> bool {
        self.contexts()[0].falls_to_composer()
    }

    /// Whether a key goes to the composer whatever else it is bound to.
    fn composer_claims(&self, key: Key) -> bool {
        let in_chat = self.overlays.is_empty() && self.focus.is_on(Pane::Chat);
        let session = self.session().filter(|_| in_chat);
        session.is_some_and(|session| session.chat.claims_key(key))
    }

    /// The contexts in which keys are looked up now, from front to back.
    fn contexts(&self) -> Vec<KeyContext> {
        if let Some(key) = self.peeked() {
            let chat = self.open.get(key).map(|session| session.chat.context());
            return KeyContext::peeked(chat);
        }
        if let Some(overlay) = self.overlays.top() {
            return vec![overlay.context(), KeyContext::Always];
        }
        self.pane_contexts()
    }

    /// The same without overlays: the texts behind an overlay keep naming the panes' keys.
    fn pane_contexts(&self) -> Vec<KeyContext> {
        let pane = match (self.focus.pane(), self.session()) {
            (Pane::Sessions, _) if self.list.types_filter() => KeyContext::SessionFilter,
            (Pane::Sessions, _) => KeyContext::Sessions,
            (Pane::Logs, _) => KeyContext::Logs,
            (Pane::Chat, Some(session)) => session.chat.context().into(),
            (Pane::Chat, None) if self.loaded => KeyContext::Outside,
            // Text typed now goes to the session that is about to open.
            (Pane::Chat, None) => KeyContext::Composer,
        };
        pane.with_layers()
    }
}

/// The key map never changes while the program runs.
fn chat_keys(keymap: &Keymap) -> ChatKeys {
    ChatKeys::new(|context, action| {
        let contexts = KeyContext::from(context).with_layers();
        let key = keymap.key_for(Action::Chat(action), &contexts);
        key.map(ToString::to_string)
    })
}

#[cfg(test)]
mod tests;
