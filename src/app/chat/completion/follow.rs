//! Keeps the menu up with the text.

use super::menu::{self, Menu};
use super::trigger::{Trigger, TriggerKind, at_cursor};
use crate::app::chat::{Chat, ChatFocus, Delivery};
use crate::app::cx::Cx;
use crate::app::input::keymap::{SlashAction, slash_actions};
use crate::domain::prompt::{PromptKind, split_command};
use crate::domain::session::SessionCommand;

impl Chat {
    /// Follows the text after an edit.
    pub(in crate::app::chat) fn complete(&mut self, cx: &mut Cx<'_>) {
        let trigger = self.trigger();
        let place = trigger
            .as_ref()
            .map(|trigger| (trigger.line, trigger.start));
        if place != self.completion.closed_at {
            self.completion.closed_at = None;
        }
        let Some(trigger) = trigger.filter(|_| self.completion.closed_at.is_none()) else {
            self.completion.menu = None;
            return;
        };
        if trigger.kind == TriggerKind::Mention {
            self.look_for_files(&trigger.query, cx);
        }
        self.rebuild(trigger);
    }

    /// The cursor moved without an edit: a menu that is open follows, but none opens.
    pub(in crate::app::chat) fn complete_if_open(&mut self, cx: &mut Cx<'_>) {
        if self.completion.menu.is_some() {
            self.complete(cx);
        }
    }

    /// What the server offers has changed.
    pub(in crate::app::chat) fn refresh_menu(&mut self) {
        if let Some(menu) = self.completion.menu.take() {
            self.rebuild(menu.trigger);
        }
    }

    fn rebuild(&mut self, trigger: Trigger) {
        let rows = match trigger.kind {
            TriggerKind::Command => {
                menu::commands(&trigger.query, &self.offers.commands, self.own_commands())
            }
            TriggerKind::Mention => {
                menu::mentions(&trigger.query, &self.offers, &self.completion.files)
            }
        };
        let kept = self.completion.menu.take();
        let selected = kept
            .filter(|menu| menu.trigger == trigger)
            .map_or(0, |menu| menu.selected);
        self.completion.menu = Some(Menu::new(trigger, rows, selected));
    }

    fn trigger(&self) -> Option<Trigger> {
        let writes = self.requests.panel.writing.is_some();
        if writes || self.focus != ChatFocus::Composer || self.composer.is_shell() {
            return None;
        }
        at_cursor(self.composer.lines(), self.composer.cursor())
    }

    /// Our own actions that a slash can name.
    fn own_commands(&self) -> impl Iterator<Item = SlashAction> + use<> {
        let is_attached = self.is_attached;
        slash_actions().filter(move |own| !(is_attached && own.action.is_of_panes()))
    }

    pub(super) fn own_command(&self, name: &str) -> Option<SlashAction> {
        self.own_commands().find(|own| own.names.contains(&name))
    }

    /// What the text is, if it is sent now.
    pub(in crate::app::chat) fn kind_of_text(&self, text: &str) -> PromptKind {
        if self.composer.is_shell() {
            return PromptKind::Shell;
        }
        match split_command(text) {
            Some((name, _)) if self.offers.command(name).is_some() => PromptKind::Command,
            Some((name, _)) if !name.is_empty() && self.offers.commands.is_empty() => {
                PromptKind::CommandIfKnown
            }
            _ => PromptKind::Message,
        }
    }

    pub(in crate::app::chat) fn look_for_files(&mut self, query: &str, cx: &mut Cx<'_>) {
        if self.delivery != Delivery::Live {
            return;
        }
        if let Some(query) = self.completion.files.want(menu::file_query(query), cx.now) {
            self.command(SessionCommand::FindFiles(query), cx);
        }
    }

    /// The server's answer to a search.
    pub fn files_found(&mut self, query: &str, paths: Vec<String>, cx: &mut Cx<'_>) {
        if let Some(next) = self.completion.files.found(query, paths, cx.now) {
            self.command(SessionCommand::FindFiles(next), cx);
        }
        self.refresh_menu();
    }
}
