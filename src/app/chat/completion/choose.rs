//! Performs a choice: edits the text, runs a command, or names a file.

use super::menu::{MenuChoice, MenuRow};
use super::trigger::{Trigger, TriggerKind};
use crate::app::chat::{Chat, ChatOutcome};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::domain::prompt::{Attachment, FileKinds, split_command};
use crate::domain::session::ComposerChange;

/// How a row is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app::chat) enum HowChosen {
    /// Runs a command that is typed whole, and names a directory.
    Accept,
    /// Only completes the text, and goes into a directory.
    Complete,
}

impl Chat {
    pub(in crate::app::chat) fn menu_go(&mut self, down: bool) {
        if let Some(menu) = &mut self.completion.menu {
            menu.go(down);
        }
    }

    /// Closes the menu until something else is to be completed.
    pub(in crate::app::chat) fn close_menu(&mut self) {
        if let Some(menu) = self.completion.menu.take() {
            self.completion.closed_at = Some((menu.trigger.line, menu.trigger.start));
        }
    }

    pub(in crate::app::chat) fn choose(
        &mut self,
        how: HowChosen,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        let menu = self.completion.menu.as_ref()?;
        let row = menu.rows.get(menu.selected)?.clone();
        let trigger = menu.trigger.clone();
        match &row.choice {
            MenuChoice::Command(name) if how == HowChosen::Accept && trigger.query == *name => {
                self.close_menu();
                self.send(cx)
            }
            MenuChoice::Own(action) if how == HowChosen::Accept => {
                self.forget_text(cx);
                Some(ChatOutcome::Act(*action))
            }
            MenuChoice::Command(_) | MenuChoice::Own(_) => {
                self.replace(&trigger, &format!("{} ", row.label), cx);
                self.close_menu();
                None
            }
            MenuChoice::Mention(what) => {
                self.name(&trigger, &row, what, how, cx);
                let is_file =
                    matches!(what, Attachment::SandboxFile { path, .. } if is_shown(path));
                is_file.then_some(ChatOutcome::FileNamed)
            }
        }
    }

    fn name(
        &mut self,
        trigger: &Trigger,
        row: &MenuRow,
        what: &Attachment,
        how: HowChosen,
        cx: &mut Cx<'_>,
    ) {
        if row.is_directory() && how == HowChosen::Complete {
            self.replace(trigger, &row.label, cx);
            self.complete(cx);
            return;
        }
        let value = format!("@{}", row.name());
        let change = ComposerChange::Mention(value.clone(), what.clone());
        cx.ask(Effect::KeepComposer(self.key.clone(), change));
        self.completion.mentions.pick(value, what.clone());
        self.replace(trigger, &format!("{} ", row.label), cx);
        self.close_menu();
    }

    /// Replaces the trigger, up to the cursor.
    fn replace(&mut self, trigger: &Trigger, text: &str, cx: &mut Cx<'_>) {
        self.last_text = Some(cx.now);
        self.composer.replace_before(trigger.start, text);
    }

    /// The text was a command of ours: it is not sent, but the history has it.
    fn forget_text(&mut self, cx: &mut Cx<'_>) {
        self.composer.take();
        self.completion.menu = None;
        self.save_draft(cx);
    }

    /// Runs the text as a command of ours, if it is one and nothing more.
    pub(in crate::app::chat) fn run_own(&mut self, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        if self.composer.is_shell() {
            return None;
        }
        let text = self.composer.text();
        let (name, "") = split_command(text.trim_end())? else {
            return None;
        };
        if self.offers.command(name).is_some() {
            return None;
        }
        let own = self.own_command(name)?;
        self.forget_text(cx);
        Some(ChatOutcome::Act(own.action))
    }

    /// The trigger's kind of the open menu, for the view.
    pub(in crate::app::chat) fn is_naming(&self) -> bool {
        let menu = self.completion.menu.as_ref();
        menu.is_some_and(|menu| menu.trigger.kind == TriggerKind::Mention)
    }
}

/// Whether it is a file that not every model reads.
fn is_shown(path: &str) -> bool {
    let all = FileKinds {
        images: true,
        pdfs: true,
    };
    all.include_path(path)
}
