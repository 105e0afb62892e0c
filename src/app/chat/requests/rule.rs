//! A rule for requests like the first one, offered instead of an answer.
//!
//! Its patterns are shown whole and can be edited. Where they match this request too, it is answered by the same
//! choice; where they do not, the rule is kept and the request still waits.

use super::{PanelOutcome, PendingRequest, ReplyText, Requests};
use crate::domain::chat::{Permission, PermissionReply};
use crate::domain::rule::{Rule, RuleAction};
use crate::domain::session::SessionCommand;
use crate::domain::time::Monotonic;
use crate::rules::{self, Decision};

impl Requests {
    /// The options of a rule take the place of those of an answer, with a guard of their own.
    pub(super) fn offer_rule(&mut self, now: Monotonic) -> PanelOutcome {
        if let Some(PendingRequest::Permission(asked)) = self.first() {
            let patterns = rules::suggested(asked);
            self.show_rule(Some(patterns), now);
        }
        PanelOutcome::Nothing
    }

    /// Goes back to the answers. Returns whether a rule was offered.
    pub(in crate::app::chat) fn leave_rule(&mut self, now: Monotonic) -> bool {
        let was_offered = self.panel.rule.is_some() && self.panel.writing.is_none();
        if was_offered {
            self.show_rule(None, now);
        }
        was_offered
    }

    fn show_rule(&mut self, patterns: Option<Vec<String>>, now: Monotonic) {
        self.panel.rule = patterns;
        self.panel.marked = None;
        self.panel.scroll = 0;
        self.appeared = now;
        self.shown += 1;
    }

    /// The patterns are edited in the composer, one on each line.
    pub(super) fn edit_patterns(&mut self) -> PanelOutcome {
        let patterns = self.panel.rule.as_ref().map(|patterns| patterns.join("\n"));
        self.panel.writing = Some(ReplyText::Patterns);
        self.engage();
        PanelOutcome::Edit(patterns.unwrap_or_default())
    }

    pub(super) fn patterns_edited(&mut self, text: &str, now: Monotonic) {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        self.show_rule(Some(lines.map(str::to_owned).collect()), now);
    }

    /// Whether the offered rule would answer the request that is shown.
    pub(in crate::app::chat) fn rule_matches(&self) -> bool {
        let Some(PendingRequest::Permission(asked)) = self.first() else {
            return false;
        };
        let rules = self.offered(RuleAction::Allow, asked);
        rules::decide(&rules, None, asked) != Decision::Undecided
    }

    fn offered(&self, action: RuleAction, asked: &Permission) -> Vec<Rule> {
        let patterns = self.panel.rule.iter().flatten();
        let rules = patterns.map(|pattern| Rule {
            action,
            permission: asked.kind.clone(),
            pattern: pattern.clone(),
            project: None,
        });
        rules.collect()
    }

    pub(super) fn add_rules(
        &mut self,
        action: RuleAction,
        here: bool,
        now: Monotonic,
    ) -> PanelOutcome {
        let Some(PendingRequest::Permission(asked)) = self.first() else {
            return PanelOutcome::Nothing;
        };
        let rules = self.offered(action, asked);
        let (id, decision) = (asked.id.clone(), rules::decide(&rules, None, asked));
        let reply = match decision {
            Decision::Undecided => None,
            Decision::Allowed(_) => Some(PermissionReply::Once),
            Decision::Denied(rule) => Some(PermissionReply::Reject {
                message: Some(rules::denial(rule)),
            }),
        };
        let add = SessionCommand::AddRules { rules, here };
        let Some(reply) = reply else {
            self.show_rule(None, now);
            return PanelOutcome::Commands(vec![add]);
        };
        let reply = SessionCommand::ReplyPermission { id, reply };
        self.answer_first(reply.clone(), now);
        // The reply first: otherwise the rule would answer this request too.
        PanelOutcome::Commands(vec![reply, add])
    }
}
