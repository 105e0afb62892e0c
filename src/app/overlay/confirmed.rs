//! What the root does with the answer to an overlay, and how it is scrolled.

use super::{Confirm, Overlay};
use crate::app::App;
use crate::app::cx::Cx;
use crate::app::session::composer_notices::open_link;
use crate::app::sessions::bulk::BulkOp;
use crate::domain::session::SessionCommand;

/// Rows in a page of an overlay.
pub(in crate::app) const PAGE: i16 = 10;

impl App {
    /// Performs what the top overlay is about, and closes it.
    pub(in crate::app) fn confirmed(&mut self, cx: &mut Cx<'_>) {
        match self.overlays.pop() {
            Some(Overlay::Confirm(Confirm::Quit)) => self.quit(cx),
            Some(Overlay::Confirm(Confirm::Kill { targets, .. })) => {
                self.list.unmark();
                self.begin_bulk(BulkOp::Kill, &targets, cx);
            }
            Some(Overlay::Confirm(Confirm::Remove { keys, .. })) => self.remove_sessions(&keys, cx),
            Some(Overlay::Confirm(Confirm::DeleteConversation { id, .. })) => {
                self.delete_conversation(id, cx);
            }
            Some(Overlay::Confirm(Confirm::Revive(key))) => {
                if let Some(session) = self.open.get_mut(&key) {
                    session.revive(cx);
                }
            }
            Some(Overlay::Confirm(Confirm::Auto(key))) => {
                if let Some(session) = self.open.get_mut(&key) {
                    session.wake_for(vec![SessionCommand::SetAuto(true)], cx);
                }
            }
            Some(Overlay::Confirm(Confirm::Apply { key, request, .. })) => {
                self.apply_changes(&key, request, cx);
            }
            Some(Overlay::Confirm(Confirm::Update { key, root })) => {
                self.update_session(&key, root, cx);
            }
            Some(Overlay::Confirm(Confirm::Discard { key, request, .. })) => {
                self.discard(&key, request, cx);
            }
            Some(Overlay::Models(picker)) => self.choose_model(&picker, cx),
            Some(Overlay::Templates(picker)) => self.use_template(&picker, cx),
            Some(Overlay::Palette(picker)) => self.choose_in_palette(picker, cx),
            Some(Overlay::Chat(list)) => self.choose_in_chat_list(&list, cx),
            Some(Overlay::Status(picker)) => self.switch_mcp(picker, cx),
            Some(Overlay::Secret(entry)) => self.secret_entered(entry, cx),
            Some(Overlay::Login(login)) => self.login_confirmed(*login, cx),
            Some(Overlay::TextSearch(search)) => self.choose_text(search, cx),
            Some(Overlay::Links(links)) => open_link(&links, cx),
            Some(Overlay::Help(_) | Overlay::Changes | Overlay::Peek(_)) | None => {}
        }
    }

    /// Scrolls the top overlay by so many rows, negative is up.
    pub(in crate::app) fn scroll_overlay(&mut self, rows: i16) {
        let matching = match self.overlays.top() {
            Some(Overlay::Changes) => return self.scroll_changes(rows),
            Some(Overlay::Models(picker)) => self.models_len(picker),
            Some(Overlay::Templates(picker)) => self.matching_templates(picker).len(),
            Some(Overlay::Palette(picker)) => self.palette_len(picker),
            Some(Overlay::Chat(list)) => list.matching().len(),
            Some(Overlay::Status(_)) => self.status_len(),
            Some(Overlay::TextSearch(search)) => search.len(),
            _ => 0,
        };
        self.overlays.scroll(rows, matching);
    }
}
