//! Permissions that are answered without the user: by a rule, or because auto mode is on.
//!
//! Only the process that drives the session answers. The rules are read anew for each request, so that a change to
//! them counts at once; if they cannot be read, the user is asked, since one of them may deny.

use super::SessionState;
use crate::domain::chat::{Permission, PermissionReply};
use crate::domain::failure::Failure;
use crate::domain::log::LogLine;
use crate::domain::rule::{AnsweredBy, AutomaticAnswer, Rule};
use crate::domain::session::SessionEvent;
use crate::rules::file::RulesError;
use crate::rules::{self, Decision};
use crate::session::context::wall;

impl SessionState {
    /// Decides about a request, and says so; `None`: the user decides.
    pub(crate) async fn automatic_reply(&mut self, asked: &Permission) -> Option<PermissionReply> {
        let file = self.context.settings.rules.clone();
        // Without the rules that deny, auto mode would allow too much.
        let file = file.filter(|_| self.recorder.holds_lock())?;
        let rules = match in_background(move || file.load()).await {
            Ok(rules) => rules,
            Err(error) => {
                self.log(format!("sandbar asks you instead of using rules: {error}"))
                    .await;
                return None;
            }
        };
        let project = self.recorder.rules_project().await;
        let (reply, by) = match rules::decide(&rules, project.as_deref(), asked) {
            Decision::Denied(rule) => {
                let message = Some(rules::denial(rule));
                let by = AnsweredBy::Rules(vec![rule.pattern.clone()]);
                (PermissionReply::Reject { message }, by)
            }
            Decision::Allowed(rules) => {
                let patterns = rules.into_iter().map(|rule| rule.pattern.clone());
                (PermissionReply::Once, AnsweredBy::Rules(patterns.collect()))
            }
            Decision::Undecided if self.recorder.auto_mode().await && !asked.undecodable => {
                (PermissionReply::Once, AnsweredBy::AutoMode)
            }
            Decision::Undecided => return None,
        };
        let answer = AutomaticAnswer {
            asked: on_one_line(asked),
            allowed: reply == PermissionReply::Once,
            by,
        };
        self.requests.answered_here(&asked.id);
        self.log(answer.to_string()).await;
        self.tell(SessionEvent::Answered(answer)).await;
        Some(reply)
    }

    /// Keeps rules of the user.
    pub(crate) async fn add_rules(&self, mut rules: Vec<Rule>, here: bool) -> Result<(), Failure> {
        let Some(file) = self.context.settings.rules.clone() else {
            return Err(Failure::new("there is no directory for the rules").hint("set HOME"));
        };
        if here {
            let project = self.recorder.rules_project().await.ok_or_else(|| {
                Failure::new("this session has no project to which a rule could be limited")
                    .hint("allow it everywhere, or only once")
            })?;
            for rule in &mut rules {
                rule.project = Some(project.clone());
            }
        }
        let lines: Vec<String> = rules
            .iter()
            .map(|rule| format!("rule added: {rule}"))
            .collect();
        let added = in_background(move || file.add(&rules)).await;
        added.map_err(|error| {
            Failure::new("the rule could not be saved").detail(error.to_string())
        })?;
        for line in lines {
            self.log(line).await;
        }
        Ok(())
    }

    /// Switches auto mode.
    pub(crate) async fn set_auto(&mut self, on: bool) {
        match self.recorder.set_auto_mode(on).await {
            Ok(()) => {
                let word = if on { "on" } else { "off" };
                self.log(format!("auto mode is {word}")).await;
                self.tell_auto().await;
            }
            Err(failure) => self.command_failed(failure).await,
        }
    }

    /// Tells the listener whether auto mode is on, if that has changed.
    pub(crate) async fn tell_auto(&mut self) {
        let on = self.recorder.auto_mode().await;
        if self.requests.is_news_of_auto(on) {
            self.tell(SessionEvent::Auto(on)).await;
        }
    }

    /// A line of our own in the session's log.
    async fn log(&self, text: String) {
        let line = LogLine::ours(wall(), text);
        self.recorder.logs(vec![line.clone()]).await;
        self.tell(SessionEvent::Logs(vec![line])).await;
    }
}

/// Reading and writing a file may wait.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RulesError> + Send + 'static,
) -> Result<T, RulesError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(RulesError::Stopped(error.to_string())))
}

fn on_one_line(asked: &Permission) -> String {
    let what = if asked.subject.is_empty() {
        asked.patterns.join(" ")
    } else {
        asked.subject.clone()
    };
    format!("{}: {}", asked.kind, what.replace('\n', " ↵ "))
}
