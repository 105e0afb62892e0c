//! What a session does and waits for, from the events of its conversation.
//!
//! In: [`ChatEvent`]s, or one query of the server. Out: [`Activity`]. It knows no messages, and stores only what
//! distinguishes the states.

use crate::domain::chat::{ChatEvent, Permission, Question, Resync, TurnStatus};
use crate::domain::session::activity::Activity;
use crate::opencode::client::OpencodeClient;
use crate::session::chat::fetch;
use crate::session::chat::fetch::FetchScope;
use crate::session::chat::follow::find_out;
use crate::session::chat::follow_end::FollowEnd;
use crate::session::chat::translate::Translator;

/// Represents a pending permission that the server could not list: on 1.18.33 a `webfetch` without a timeout.
const UNLISTED: &str = "";

/// The state of a session's server, as received so far.
#[derive(Debug, Default)]
pub(in crate::session) struct ActivityTracker {
    is_busy: bool,
    /// Id and line of each request, oldest first.
    waiting: Vec<(String, String)>,
}

impl ActivityTracker {
    pub(in crate::session) fn activity(&self) -> Activity {
        match (self.waiting.first(), self.is_busy) {
            (Some((_, line)), true) => Activity::NeedsYou(line.clone()),
            (_, true) => Activity::Working,
            (_, false) => Activity::Idle,
        }
    }

    /// Applies one event; those that do not concern the state are ignored.
    pub(in crate::session) fn receive(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::Resync(resync) => self.resync(resync),
            ChatEvent::Status(status) => self.status(status),
            ChatEvent::PermissionAsked(permission) => {
                self.asked(permission.id.as_str(), || permission.line());
            }
            ChatEvent::QuestionAsked(question) => {
                self.asked(question.id.as_str(), || question.line());
            }
            ChatEvent::PermissionReplied(id) => self.answered(id.as_str()),
            ChatEvent::QuestionReplied(id) => self.answered(id.as_str()),
            _ => {}
        }
    }

    fn status(&mut self, status: &TurnStatus) {
        self.is_busy = *status != TurnStatus::Idle;
        if !self.is_busy {
            self.waiting.clear();
        }
    }

    fn asked(&mut self, id: &str, line: impl FnOnce() -> String) {
        if self.waiting.iter().all(|(known, _)| known != id) {
            self.waiting.push((id.to_owned(), line()));
        }
    }

    fn answered(&mut self, id: &str) {
        self.waiting
            .retain(|(known, _)| known != id && known != UNLISTED);
    }

    fn resync(&mut self, resync: &Resync) {
        self.waiting.clear();
        self.status(&resync.status);
        if !self.is_busy {
            return;
        }
        let permissions = resync.permissions.iter().flatten();
        let permissions = permissions.map(|one: &Permission| (one.id.to_string(), one.line()));
        let questions = resync.questions.iter().flatten();
        let questions = questions.map(|one: &Question| (one.id.to_string(), one.line()));
        self.waiting = permissions.chain(questions).collect();
        if resync.permissions.is_none() {
            self.asked(UNLISTED, || "webfetch".to_owned());
        }
    }
}

/// Asks a server once what a conversation does; requests of sub-agents count for it.
pub(in crate::session) async fn ask(
    client: &OpencodeClient,
    conversation: &str,
) -> Result<Activity, FollowEnd> {
    let fetched = fetch::fetch(client, conversation, FetchScope::State).await?;
    let mut translator = Translator::beginning(&fetched);
    for asker in fetched.askers() {
        find_out(client, &mut translator, &asker).await;
    }
    let mut tracker = ActivityTracker::default();
    translator.resync(fetched, false, false, &mut |event| tracker.receive(&event));
    Ok(tracker.activity())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::chat::QuestionItem;
    use crate::domain::testing;

    fn permission(id: &str, subject: &str) -> Permission {
        Permission {
            id: id.into(),
            session: "ses_child".into(),
            kind: "bash".to_owned(),
            patterns: Vec::new(),
            always: Vec::new(),
            subject: subject.to_owned(),
            diff: None,
            details: Vec::new(),
            lacks_arguments: false,
            undecodable: false,
            call_id: None,
        }
    }

    fn question(id: &str, text: &str) -> Question {
        Question {
            id: id.into(),
            session: "ses_1".into(),
            items: vec![QuestionItem {
                header: "Colour".to_owned(),
                question: text.to_owned(),
                options: Vec::new(),
                multiple: false,
                custom: true,
            }],
            undecodable: false,
            call_id: None,
        }
    }

    fn resync(status: TurnStatus, permissions: Option<Vec<Permission>>) -> ChatEvent {
        ChatEvent::Resync(Box::new(Resync {
            permissions,
            questions: Some(vec![question("que_1", "Which colour?")]),
            ..testing::resync(Vec::new(), status)
        }))
    }

    fn after(events: &[ChatEvent]) -> Activity {
        let mut tracker = ActivityTracker::default();
        for event in events {
            tracker.receive(event);
        }
        tracker.activity()
    }

    fn needs(line: &str) -> Activity {
        Activity::NeedsYou(line.to_owned())
    }

    #[test]
    fn the_oldest_request_of_a_turn_is_what_a_session_waits_for() {
        let asked = resync(TurnStatus::Busy, Some(vec![permission("per_1", "ls")]));
        let replied = || ChatEvent::PermissionReplied("per_1".into());
        let answered = ChatEvent::QuestionReplied("que_1".into());

        assert_eq!(after(std::slice::from_ref(&asked)), needs("bash: ls"));
        let one = after(&[asked.clone(), replied()]);
        assert_eq!(one, needs("question: Which colour?"));
        assert_eq!(after(&[asked, replied(), answered]), Activity::Working);
    }

    #[test]
    fn a_request_of_a_finished_turn_is_not_pending() {
        let asked = || ChatEvent::PermissionAsked(permission("per_2", "rm"));
        let busy = || ChatEvent::Status(TurnStatus::Busy);
        let idle = || ChatEvent::Status(TurnStatus::Idle);

        assert_eq!(after(&[busy(), asked()]), needs("bash: rm"));
        assert_eq!(after(&[busy(), asked(), idle()]), Activity::Idle);
        let again = after(&[busy(), asked(), idle(), busy()]);
        assert_eq!(again, Activity::Working);
        let left = resync(TurnStatus::Idle, Some(vec![permission("per_1", "ls")]));
        assert_eq!(after(&[left]), Activity::Idle);
    }

    #[test]
    fn a_list_that_the_server_cannot_give_means_that_a_request_is_pending() {
        let mut unlisted = Resync {
            questions: Some(Vec::new()),
            ..match resync(TurnStatus::Busy, None) {
                ChatEvent::Resync(resync) => *resync,
                _ => unreachable!(),
            }
        };
        unlisted.permissions = None;
        let unlisted = ChatEvent::Resync(Box::new(unlisted));
        let replied = ChatEvent::PermissionReplied("per_9".into());

        assert_eq!(after(std::slice::from_ref(&unlisted)), needs("webfetch"));
        assert_eq!(after(&[unlisted, replied]), Activity::Working);
    }
}
