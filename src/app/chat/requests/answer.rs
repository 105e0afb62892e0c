//! Answers the first request: buttons of a permission, options and own texts of a question.

use super::{BUTTONS, Request, Requests};
use crate::app::chat::ChatAction;
use crate::domain::chat::{PermissionReply, QuestionItem, QuestionReply};
use crate::domain::session::SessionCommand;
use crate::domain::time::Monotonic;

impl Requests {
    pub(super) fn permission_action(
        &mut self,
        action: ChatAction,
        has_always: bool,
        now: Monotonic,
    ) -> Option<SessionCommand> {
        if let Some(reason) = self.panel.input.clone() {
            if action == ChatAction::RequestAccept && !reason.trim().is_empty() {
                let message = Some(reason);
                return self.reply_permission(PermissionReply::Reject { message }, now);
            }
            return None;
        }
        match action {
            ChatAction::RequestOnce => self.reply_permission(PermissionReply::Once, now),
            ChatAction::RequestAlways if has_always => {
                self.reply_permission(PermissionReply::Always, now)
            }
            ChatAction::RequestDeny => {
                self.reply_permission(PermissionReply::Reject { message: None }, now)
            }
            ChatAction::RequestDenyReason => {
                self.panel.input = Some(String::new());
                None
            }
            ChatAction::RequestFull => {
                self.panel.full = if self.panel.full.is_some() {
                    None
                } else {
                    Some(0)
                };
                None
            }
            ChatAction::RequestNext | ChatAction::RequestForward => {
                self.move_choice(true, BUTTONS.len());
                None
            }
            ChatAction::RequestPrevious | ChatAction::RequestBack => {
                self.move_choice(false, BUTTONS.len());
                None
            }
            ChatAction::RequestAccept => {
                let button = *BUTTONS.get(self.panel.choice)?;
                self.permission_action(button, has_always, now)
            }
            _ => None,
        }
    }

    pub(super) fn question_action(
        &mut self,
        action: ChatAction,
        item: Option<&QuestionItem>,
        now: Monotonic,
    ) -> Option<SessionCommand> {
        if self.panel.input.is_some() {
            return if action == ChatAction::RequestAccept {
                self.take_own(item, now)
            } else {
                None
            };
        }
        let rows = item.map_or(0, |item| item.options.len() + usize::from(item.custom));
        match action {
            ChatAction::RequestNext => self.move_choice(true, rows),
            ChatAction::RequestPrevious => self.move_choice(false, rows),
            ChatAction::RequestBack => self.go_to_item(self.panel.item.saturating_sub(1)),
            ChatAction::RequestForward => self.go_to_item(self.panel.item + 1),
            ChatAction::RequestReject => self.panel.confirm_reject = true,
            ChatAction::RequestToggle => self.choose(item, true),
            ChatAction::RequestAccept => return self.accept(item, now),
            _ => {}
        }
        None
    }

    fn move_choice(&mut self, down: bool, rows: usize) {
        let last = rows.saturating_sub(1);
        self.panel.choice = if down {
            (self.panel.choice + 1).min(last)
        } else {
            self.panel.choice.saturating_sub(1)
        };
    }

    fn go_to_item(&mut self, item: usize) {
        if item < self.panel.chosen.len() {
            self.panel.item = item;
            self.panel.choice = 0;
        }
    }

    /// Chooses the marked option; `toggle` drops it where it was chosen.
    fn choose(&mut self, item: Option<&QuestionItem>, toggle: bool) {
        let Some(item) = item else { return };
        let Some(chosen) = self.panel.chosen.get_mut(self.panel.item) else {
            return;
        };
        let Some(option) = item.options.get(self.panel.choice) else {
            if item.custom {
                self.panel.input = self.panel.own.get(self.panel.item).cloned();
            }
            return;
        };
        let had = chosen.contains(&option.label);
        if !item.multiple {
            chosen.clear();
            if let Some(own) = self.panel.own.get_mut(self.panel.item) {
                own.clear();
            }
        }
        if had && toggle {
            chosen.retain(|label| *label != option.label);
        } else if !chosen.contains(&option.label) {
            chosen.push(option.label.clone());
        }
    }

    fn accept(&mut self, item: Option<&QuestionItem>, now: Monotonic) -> Option<SessionCommand> {
        let current = self.panel.item;
        let several = item.is_some_and(|item| item.multiple);
        let none_chosen = self.panel.chosen.get(current).is_none_or(Vec::is_empty);
        let no_own = self.panel.own.get(current).is_none_or(String::is_empty);
        let on_own = item.is_some_and(|i| i.custom && self.panel.choice >= i.options.len());
        let takes_marked = if on_own {
            no_own
        } else {
            none_chosen && no_own
        };
        if !several || takes_marked {
            self.choose(item, false);
        }
        if self.panel.input.is_some() {
            return None;
        }
        self.forward(now)
    }

    /// Takes the text field as the user's own answer.
    fn take_own(&mut self, item: Option<&QuestionItem>, now: Monotonic) -> Option<SessionCommand> {
        let text = self.panel.input.take()?;
        let several = item.is_some_and(|item| item.multiple);
        let blank = text.trim().is_empty();
        if let Some(own) = self.panel.own.get_mut(self.panel.item) {
            *own = if blank { String::new() } else { text };
        }
        if blank || several {
            return None;
        }
        if let Some(chosen) = self.panel.chosen.get_mut(self.panel.item) {
            chosen.clear();
        }
        self.forward(now)
    }

    /// Goes to the next question, or replies after the last one.
    fn forward(&mut self, now: Monotonic) -> Option<SessionCommand> {
        if self.panel.item + 1 < self.panel.chosen.len() {
            self.go_to_item(self.panel.item + 1);
            return None;
        }
        let Some(Request::Question(question)) = self.waiting.first() else {
            return None;
        };
        let answers = question
            .items
            .iter()
            .enumerate()
            .map(|(i, _)| self.answer(i))
            .collect();
        self.reply_question(Some(answers), now)
    }

    fn answer(&self, item: usize) -> Vec<String> {
        let mut answer = self.panel.chosen.get(item).cloned().unwrap_or_default();
        answer.extend(
            self.panel
                .own
                .get(item)
                .filter(|own| !own.is_empty())
                .cloned(),
        );
        answer
    }

    fn reply_permission(
        &mut self,
        reply: PermissionReply,
        now: Monotonic,
    ) -> Option<SessionCommand> {
        let Some(Request::Permission(permission)) = self.waiting.first() else {
            return None;
        };
        let id = permission.id.clone();
        self.answer_first(now);
        Some(SessionCommand::ReplyPermission { id, reply })
    }

    /// `None` rejects.
    pub(super) fn reply_question(
        &mut self,
        answers: Option<Vec<Vec<String>>>,
        now: Monotonic,
    ) -> Option<SessionCommand> {
        let Some(Request::Question(question)) = self.waiting.first() else {
            return None;
        };
        let id = question.id.clone();
        self.answer_first(now);
        let reply = answers.map_or(QuestionReply::Reject, QuestionReply::Answer);
        Some(SessionCommand::ReplyQuestion { id, reply })
    }

    fn answer_first(&mut self, now: Monotonic) {
        let first = self.waiting.remove(0);
        self.answered.push(first);
        self.show_first(now);
    }
}
