//! The overlays above the panes: a closed set; the last one opened receives the keys first.
//!
//! In reading order: `picker` is a list with a filter, `help` lists all keys, `palette` finds every action,
//! `models` are those to choose from, `server` says what the server works with, `chat_list` is a list of the
//! conversation, `links` are its links, `login` logs in to a provider, `changes` are what was changed, `peek` is a look at another session, `text_search` searches all
//! sessions, `kill_confirm` says what a kill loses, `secret_entry` is a field for a
//! secret; `view` draws them. The overlays do not act on an answer: the root does, in `confirmed`.

pub(super) mod changes;
pub(super) mod chat_list;
pub(super) mod confirmed;
pub(super) mod help;
pub(super) mod kill_confirm;
pub(super) mod links;
pub(super) mod login;
mod models;
pub(super) mod palette;
pub(super) mod peek;
pub(super) mod picker;
pub(super) mod secret_entry;
pub(super) mod server;
pub(super) mod text_search;
pub(super) mod view;

use std::path::PathBuf;

use super::input::key::Key;
use super::input::keymap::KeyContext;
use super::sessions::RowTarget;
use crate::domain::diff::apply::{Applied, ApplyRequest, DiscardRequest};
use crate::domain::id::{OpencodeSessionId, SessionKey};
use chat_list::ChatListOverlay;
use help::HelpOverlay;
use links::LinkList;
use login::state::LoginOverlay;
use peek::Peek;
use picker::Picker;
use secret_entry::{SecretEntry, SecretPurpose};
use text_search::state::TextSearch;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Overlay {
    Help(HelpOverlay),
    Confirm(Confirm),
    /// The models to choose from.
    Models(Picker),
    /// The templates to boot the shown session from.
    Templates(Picker),
    /// All actions, and what they are about.
    Palette(Picker),
    Chat(ChatListOverlay),
    /// The server's state; the filter stays empty.
    Status(Picker),
    /// The key of a provider.
    Secret(SecretEntry),
    /// A login in the browser.
    Login(Box<LoginOverlay>),
    /// The links of the conversation.
    Links(LinkList),
    /// The changes of the shown session, which keeps their state.
    Changes,
    /// The chat of a session that is not on the screen.
    Peek(Peek),
    /// A search in all sessions.
    TextSearch(Box<TextSearch>),
}

/// A dialog. Its text is built on each draw, so that it is never stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Confirm {
    Quit,
    Kill {
        /// The requested rows, and all sessions that share a sandbox with one of them; never empty.
        targets: Vec<RowTarget>,
        /// Rows from the top.
        scroll: u16,
    },
    Remove {
        /// Never empty.
        keys: Vec<SessionKey>,
        scroll: u16,
    },
    Revive(SessionKey),
    DeleteConversation {
        id: OpencodeSessionId,
        title: String,
    },
    /// Whether this session goes into auto mode.
    Auto(SessionKey),
    /// Whether changes go into the user's work tree.
    Apply {
        key: SessionKey,
        /// What is done then.
        request: ApplyRequest,
        /// What would come of it.
        applied: Applied,
        scroll: u16,
    },
    /// Whether a session gets what has changed in this work tree of the user's.
    Update {
        key: SessionKey,
        root: PathBuf,
    },
    /// Whether changes are taken back in the sandbox.
    Discard {
        key: SessionKey,
        request: DiscardRequest,
        scroll: u16,
    },
}

impl Overlay {
    pub(super) fn context(&self) -> KeyContext {
        match self {
            Self::Help(_) => KeyContext::Help,
            Self::Confirm(_) => KeyContext::Confirm,
            Self::Links(_) => KeyContext::Links,
            Self::Changes => KeyContext::Changes,
            Self::Peek(_) => KeyContext::Peek,
            Self::Models(_) | Self::Templates(_) | Self::Palette(_) | Self::Chat(_) => {
                KeyContext::Picker
            }
            Self::Secret(_) | Self::Login(_) | Self::TextSearch(_) => KeyContext::Picker,
            Self::Status(_) => KeyContext::ServerStatus,
        }
    }

    fn picker_mut(&mut self) -> Option<&mut Picker> {
        match self {
            Self::Models(picker)
            | Self::Templates(picker)
            | Self::Palette(picker)
            | Self::Status(picker) => Some(picker),
            Self::Chat(list) => Some(&mut list.picker),
            Self::Help(help) => Some(&mut help.picker),
            Self::TextSearch(search) => Some(search.picker_mut()),
            Self::Confirm(_)
            | Self::Secret(_)
            | Self::Login(_)
            | Self::Links(_)
            | Self::Changes
            | Self::Peek(_) => None,
        }
    }

    /// The scroll position, if the overlay has one.
    fn scroll_mut(&mut self) -> Option<&mut u16> {
        match self {
            Self::Help(HelpOverlay { scroll, .. })
            | Self::Confirm(
                Confirm::Kill { scroll, .. }
                | Confirm::Remove { scroll, .. }
                | Confirm::Apply { scroll, .. }
                | Confirm::Discard { scroll, .. },
            ) => Some(scroll),
            Self::Confirm(
                Confirm::Quit
                | Confirm::Revive(_)
                | Confirm::Auto(_)
                | Confirm::Update { .. }
                | Confirm::DeleteConversation { .. },
            )
            | Self::Models(_)
            | Self::Templates(_)
            | Self::Palette(_)
            | Self::Chat(_)
            | Self::Status(_)
            | Self::Links(_)
            | Self::Changes
            | Self::Peek(_)
            | Self::Login(_)
            | Self::TextSearch(_)
            | Self::Secret(_) => None,
        }
    }
}

/// All overlays. The last one receives the keys first and is drawn last.
#[derive(Debug, Default)]
pub(super) struct Overlays {
    stack: Vec<Overlay>,
}

impl Overlays {
    pub(super) fn push(&mut self, overlay: Overlay) {
        self.stack.push(overlay);
    }

    pub(super) fn pop(&mut self) -> Option<Overlay> {
        self.stack.pop()
    }

    /// Closes the top overlay; a help with a filter loses the filter first.
    pub(super) fn close(&mut self) {
        if let Some(Overlay::Help(help)) = self.stack.last_mut()
            && help.clear()
        {
            return;
        }
        self.pop();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    pub(super) fn top(&self) -> Option<&Overlay> {
        self.stack.last()
    }

    /// Whether it is open, maybe below others.
    pub(super) fn has(&self, overlay: &Overlay) -> bool {
        self.stack.contains(overlay)
    }

    pub(super) fn top_mut(&mut self) -> Option<&mut Overlay> {
        self.stack.last_mut()
    }

    /// Whether the field for a server's password has the keys.
    pub(super) fn asks_password(&self) -> bool {
        matches!(
            self.secret_purpose(),
            Some(SecretPurpose::ServerPassword(_))
        )
    }

    /// Whether the field for a provider's key has the keys.
    pub(super) fn asks_provider_key(&self) -> bool {
        matches!(
            self.secret_purpose(),
            Some(SecretPurpose::ProviderKey { .. })
        )
    }

    /// The login in the browser on top, if it is one.
    pub(super) fn login(&self) -> Option<&LoginOverlay> {
        match self.top() {
            Some(Overlay::Login(login)) => Some(login),
            _ => None,
        }
    }

    fn secret_purpose(&self) -> Option<&SecretPurpose> {
        match self.top() {
            Some(Overlay::Secret(entry)) => Some(entry.purpose()),
            _ => None,
        }
    }

    /// From bottom to top.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Overlay> {
        self.stack.iter()
    }

    /// Handles a typed key. Returns whether the overlay accepts text.
    pub(super) fn type_key(&mut self, key: Key) -> bool {
        let Some(top) = self.stack.last_mut() else {
            return false;
        };
        match top {
            Overlay::Secret(entry) => entry.field_mut().type_key(key),
            Overlay::Login(login) => {
                if let Some(field) = login.code_field() {
                    field.type_key(key);
                }
            }
            Overlay::Links(links) => {
                if let Some(digit) = key.typed().filter(char::is_ascii_digit) {
                    links.digit(digit);
                }
                return true;
            }
            // No key is text there.
            Overlay::Status(_) | Overlay::Changes => return true,
            _ => match top.picker_mut() {
                Some(picker) => picker.type_key(key),
                None => return false,
            },
        }
        if let Some(scroll) = top.scroll_mut() {
            *scroll = 0;
        }
        true
    }

    pub(super) fn lists_conversations(&self) -> bool {
        matches!(self.top(), Some(Overlay::Chat(list)) if list.has_conversations())
    }

    /// The list of the conversation on top, if it is one.
    pub(super) fn chat_list_mut(&mut self) -> Option<&mut ChatListOverlay> {
        match self.stack.last_mut() {
            Some(Overlay::Chat(list)) => Some(list),
            _ => None,
        }
    }

    /// Handles a paste: a secret, or what is searched for.
    pub(super) fn paste(&mut self, text: &str) {
        match self.stack.last_mut() {
            Some(Overlay::Secret(entry)) => entry.field_mut().paste(text),
            Some(Overlay::TextSearch(search)) => {
                let line = text.replace(char::is_control, " ");
                let keys = line.chars().map(Key::char);
                keys.for_each(|key| search.picker_mut().type_key(key));
            }
            Some(Overlay::Login(login)) => {
                if let Some(field) = login.code_field() {
                    field.paste(text);
                }
            }
            _ => {}
        }
    }

    /// Scrolls the top overlay by `rows`, negative is up; `matching` is the length of its filtered
    /// list.
    pub(super) fn scroll(&mut self, rows: i16, matching: usize) {
        let Some(top) = self.stack.last_mut() else {
            return;
        };
        if let Overlay::Links(links) = top {
            links.go(rows);
        } else if let Some(scroll) = top.scroll_mut() {
            *scroll = scroll.saturating_add_signed(rows);
        } else if let Some(picker) = top.picker_mut() {
            picker.go(rows, matching);
        }
    }

    /// Stores the first row of the top overlay that was drawn, which keeps the scroll position
    /// within the last page.
    pub(super) fn drawn(&mut self, first: Option<u16>) {
        let scroll = self.stack.last_mut().and_then(Overlay::scroll_mut);
        if let (Some(scroll), Some(first)) = (scroll, first) {
            *scroll = first;
        }
    }
}
