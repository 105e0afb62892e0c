//! The options of the panel, and the digits that choose them.

use super::{PendingRequest, Requests};
use crate::app::action::ChatAction;
use crate::rules;

/// An option that the user can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app::chat) enum Choice {
    Once,
    Always,
    Deny,
    /// Denies with a reason that the agent reads; the turn continues.
    DenyReason,
    /// Offers a rule for such requests.
    Rule,
    /// A rule that allows it in this project.
    AllowHere,
    /// A rule that allows it in all projects.
    AllowEverywhere,
    /// A rule that denies it in all projects.
    Never,
    /// Edits the patterns of the rule.
    EditPattern,
    /// An option of a question, by its index.
    Option(usize),
    /// Free text of the user.
    Own,
    /// Sends the answers to several questions.
    Submit,
    /// Declines a question, which stops the turn.
    Decline,
}

/// The actions of a question's digits.
const OPTIONS: [ChatAction; 9] = [
    ChatAction::RequestOption1,
    ChatAction::RequestOption2,
    ChatAction::RequestOption3,
    ChatAction::RequestOption4,
    ChatAction::RequestOption5,
    ChatAction::RequestOption6,
    ChatAction::RequestOption7,
    ChatAction::RequestOption8,
    ChatAction::RequestOption9,
];

impl Requests {
    /// The options as they are shown, each with its action; only the first nine of a question have
    /// one. The options of a permission keep their actions even if some are missing.
    pub(in crate::app::chat) fn choices(&self) -> Vec<(Choice, Option<ChatAction>)> {
        match self.first() {
            None => Vec::new(),
            Some(PendingRequest::Permission(_)) if self.panel.rule.is_some() => [
                (Choice::AllowHere, ChatAction::RequestOnce),
                (Choice::AllowEverywhere, ChatAction::RequestAlways),
                (Choice::Never, ChatAction::RequestDeny),
                (Choice::EditPattern, ChatAction::RequestDenyReason),
            ]
            .map(|(choice, action)| (choice, Some(action)))
            .to_vec(),
            Some(PendingRequest::Permission(asked)) => {
                let all = [
                    (Choice::Once, ChatAction::RequestOnce),
                    (Choice::Always, ChatAction::RequestAlways),
                    (Choice::Deny, ChatAction::RequestDeny),
                    (Choice::DenyReason, ChatAction::RequestDenyReason),
                    (Choice::Rule, ChatAction::RequestRule),
                ];
                let offered = |choice: Choice| match choice {
                    Choice::Rule => !asked.undecodable && !rules::suggested(asked).is_empty(),
                    Choice::Once => !asked.undecodable,
                    Choice::Always => !asked.undecodable && !asked.always.is_empty(),
                    _ => true,
                };
                let offered = all.into_iter().filter(|(choice, _)| offered(*choice));
                offered
                    .map(|(choice, action)| (choice, Some(action)))
                    .collect()
            }
            Some(PendingRequest::Question(question)) => {
                let mut choices = Vec::new();
                match question.items.get(self.panel.item) {
                    _ if question.undecodable => {}
                    Some(item) => {
                        choices.extend((0..item.options.len()).map(Choice::Option));
                        choices.extend(item.custom.then_some(Choice::Own));
                    }
                    None if question.items.is_empty() => {}
                    None => choices.push(Choice::Submit),
                }
                choices.push(Choice::Decline);
                let action = |at| OPTIONS.get(at).copied();
                let numbered = choices.into_iter().enumerate();
                numbered.map(|(at, choice)| (choice, action(at))).collect()
            }
        }
    }

    /// The index of the option that an action chooses.
    pub(super) fn place_of(&self, action: ChatAction) -> Option<usize> {
        let choices = self.choices();
        choices.iter().position(|(_, of)| *of == Some(action))
    }
}
