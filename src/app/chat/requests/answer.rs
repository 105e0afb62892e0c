//! Answers the first request: options of a permission, options and free text of a question.

use super::{Choice, PanelOutcome, PendingRequest, ReplyText, Requests};
use crate::app::action::ChatAction;
use crate::domain::chat::{PermissionReply, QuestionItem, QuestionReply};
use crate::domain::rule::RuleAction;
use crate::domain::session::SessionCommand;
use crate::domain::time::Monotonic;

impl Requests {
    /// Performs an action of the panel.
    pub(in crate::app::chat) fn update(
        &mut self,
        action: ChatAction,
        now: Monotonic,
    ) -> PanelOutcome {
        match action {
            ChatAction::RequestFull => {
                self.panel.full = !self.panel.full;
                self.panel.scroll = 0;
                self.panel.follows_mark = false;
                PanelOutcome::Nothing
            }
            ChatAction::RequestNext => self.move_mark(true),
            ChatAction::RequestPrevious => self.move_mark(false),
            ChatAction::RequestBack => self.go_to_item(self.panel.item.checked_sub(1), now),
            ChatAction::RequestForward => self.go_to_item(Some(self.panel.item + 1), now),
            ChatAction::RequestToggle => match self.marked() {
                Some(Choice::Option(at)) => self.choose(at, true),
                _ => PanelOutcome::Nothing,
            },
            ChatAction::RequestAccept => self.accept(now),
            ChatAction::RequestLeave => {
                self.panel.writing = None;
                PanelOutcome::Nothing
            }
            _ => match self.place_of(action) {
                Some(place) => self.take(place, now),
                None => PanelOutcome::Nothing,
            },
        }
    }

    /// Receives the text that was written in the composer for the request.
    pub(in crate::app::chat) fn written(&mut self, text: String, now: Monotonic) -> PanelOutcome {
        match self.panel.writing.take() {
            Some(ReplyText::Reason) => {
                let message = Some(text);
                self.reply_permission(PermissionReply::Reject { message }, now)
            }
            Some(ReplyText::Own) => {
                let several = self.is_multiple();
                if let Some(own) = self.panel.own.get_mut(self.panel.item) {
                    *own = text;
                }
                if several {
                    return PanelOutcome::Nothing;
                }
                if let Some(chosen) = self.panel.chosen.get_mut(self.panel.item) {
                    chosen.clear();
                }
                self.forward(now)
            }
            Some(ReplyText::Patterns) => {
                self.patterns_edited(&text, now);
                PanelOutcome::Nothing
            }
            None => PanelOutcome::Nothing,
        }
    }

    /// An option was chosen by its digit.
    fn take(&mut self, place: usize, now: Monotonic) -> PanelOutcome {
        let Some((choice, _)) = self.choices().get(place).copied() else {
            return PanelOutcome::Nothing;
        };
        if matches!(choice, Choice::Option(_) | Choice::Own | Choice::Decline) {
            self.panel.marked = Some(place);
            self.panel.follows_mark = true;
        }
        match choice {
            Choice::Option(at) if self.is_multiple() => self.choose(at, true),
            // Declining stops the turn, so the panel asks for Enter too.
            Choice::Decline => PanelOutcome::Nothing,
            choice => self.finish(choice, now),
        }
    }

    /// Enter: accepts the marked option, or continues with the selected ones.
    fn accept(&mut self, now: Monotonic) -> PanelOutcome {
        let marked = self.marked();
        let item = self.panel.item;
        let has_answer = self.panel.chosen.get(item).is_some_and(|c| !c.is_empty())
            || self.panel.own.get(item).is_some_and(|own| !own.is_empty());
        match marked {
            Some(Choice::Option(_)) if self.is_multiple() && has_answer => self.forward(now),
            Some(Choice::Own) if self.panel.own.get(item).is_some_and(|own| !own.is_empty()) => {
                self.forward(now)
            }
            Some(choice) => self.finish(choice, now),
            None if has_answer => self.forward(now),
            None => PanelOutcome::Notice("select an option first"),
        }
    }

    fn finish(&mut self, choice: Choice, now: Monotonic) -> PanelOutcome {
        match choice {
            Choice::Once => self.reply_permission(PermissionReply::Once, now),
            Choice::Always => self.reply_permission(PermissionReply::Always, now),
            Choice::Deny => self.reply_permission(PermissionReply::Reject { message: None }, now),
            Choice::DenyReason => self.write(ReplyText::Reason),
            Choice::Own => self.write(ReplyText::Own),
            Choice::Rule => self.offer_rule(now),
            Choice::EditPattern => self.edit_patterns(),
            Choice::AllowHere => self.add_rules(RuleAction::Allow, true, now),
            Choice::AllowEverywhere => self.add_rules(RuleAction::Allow, false, now),
            Choice::Never => self.add_rules(RuleAction::Deny, false, now),
            Choice::Option(at) => {
                self.choose(at, false);
                self.forward(now)
            }
            Choice::Submit => self.forward(now),
            Choice::Decline => self.reply_question(QuestionReply::Reject, now),
        }
    }

    fn write(&mut self, what: ReplyText) -> PanelOutcome {
        self.panel.writing = Some(what);
        self.engage();
        PanelOutcome::Nothing
    }

    fn marked(&self) -> Option<Choice> {
        let choices = self.choices();
        choices.get(self.panel.marked?).map(|(choice, _)| *choice)
    }

    fn move_mark(&mut self, down: bool) -> PanelOutcome {
        let last = self.choices().len().saturating_sub(1);
        self.panel.marked = Some(match (self.panel.marked, down) {
            (None, true) => 0,
            (None, false) => last,
            (Some(at), true) => (at + 1).min(last),
            (Some(at), false) => at.saturating_sub(1),
        });
        self.panel.follows_mark = true;
        PanelOutcome::Nothing
    }

    fn go_to_item(&mut self, item: Option<usize>, now: Monotonic) -> PanelOutcome {
        let items = self.panel.chosen.len();
        // Several questions are followed by a review.
        let most = if items > 1 { items } else { 0 };
        if let Some(item) = item.filter(|item| *item <= most) {
            self.panel.item = item;
            self.panel.marked = None;
            self.panel.scroll = 0;
            self.panel.follows_mark = false;
            self.appeared = now;
            self.shown += 1;
        }
        PanelOutcome::Nothing
    }

    /// Selects an option; `toggle` deselects it if it was selected.
    fn choose(&mut self, at: usize, toggle: bool) -> PanelOutcome {
        let Some(item) = self.item().cloned() else {
            return PanelOutcome::Nothing;
        };
        let (Some(option), Some(chosen)) = (
            item.options.get(at),
            self.panel.chosen.get_mut(self.panel.item),
        ) else {
            return PanelOutcome::Nothing;
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
        PanelOutcome::Nothing
    }

    fn item(&self) -> Option<&QuestionItem> {
        match self.first()? {
            PendingRequest::Question(question) => question.items.get(self.panel.item),
            PendingRequest::Permission(_) => None,
        }
    }

    /// Goes to the next question, after the last of several to the review; then replies.
    fn forward(&mut self, now: Monotonic) -> PanelOutcome {
        let items = self.panel.chosen.len();
        if self.panel.item < items && items > 1 {
            return self.go_to_item(Some(self.panel.item + 1), now);
        }
        let answers = (0..items).map(|item| self.answer(item)).collect();
        self.reply_question(QuestionReply::Answer(answers), now)
    }

    /// The selected options and the written text of a question.
    pub(in crate::app::chat) fn answer(&self, item: usize) -> Vec<String> {
        let mut answer = self.panel.chosen.get(item).cloned().unwrap_or_default();
        let own = self.panel.own.get(item).filter(|own| !own.is_empty());
        answer.extend(own.cloned());
        answer
    }

    fn reply_permission(&mut self, reply: PermissionReply, now: Monotonic) -> PanelOutcome {
        let Some(PendingRequest::Permission(permission)) = self.first() else {
            return PanelOutcome::Nothing;
        };
        let id = permission.id.clone();
        let reply = SessionCommand::ReplyPermission { id, reply };
        self.answer_first(reply.clone(), now);
        PanelOutcome::Commands(vec![reply])
    }

    fn reply_question(&mut self, reply: QuestionReply, now: Monotonic) -> PanelOutcome {
        let Some(PendingRequest::Question(question)) = self.first() else {
            return PanelOutcome::Nothing;
        };
        let id = question.id.clone();
        let reply = SessionCommand::ReplyQuestion { id, reply };
        self.answer_first(reply.clone(), now);
        PanelOutcome::Commands(vec![reply])
    }

    pub(super) fn answer_first(&mut self, reply: SessionCommand, now: Monotonic) {
        let first = self.waiting.remove(0);
        self.answered.push((first, reply));
        self.show_first(now);
    }
}
