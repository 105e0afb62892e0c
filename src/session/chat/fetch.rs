//! Fetches what a server holds of one conversation, while its event stream is already open.
//!
//! In: a client, the session's id, the scope. Out: the stream and [`FetchedConversation`], in OpenCode's own terms.
//! The stream is opened before anything is fetched, and events that arrive during the fetches are buffered: so
//! nothing is missed once the stream passes events on, which `stream_probe` verifies. The fetches run concurrently.
//! `translate` knows what any of it means to the user; this does not.

use std::collections::{BTreeSet, HashSet};

use futures::future;
use futures::stream::{self, StreamExt as _};

use super::follow_end::FollowEnd;
use super::history::PAGE;
use crate::opencode::client::OpencodeClient;
use crate::opencode::error::OpencodeError;
use crate::opencode::events::EventStream;
use crate::opencode::wire::event::Event;
use crate::opencode::wire::message::MessagePage;
use crate::opencode::wire::request::{PermissionRequest, QuestionRequest, ToolReference};
use crate::opencode::wire::session::{Session, SessionStatus, StatusMap, Todo};
use crate::session::context::timing::Timing;

/// Events buffered while the fetches run; beyond that the stream has to wait.
const EARLY_LIMIT: usize = 10_000;

/// How many messages whose requests may be abandoned, and how many sessions that have requests, the server is asked
/// about: it may list any number.
const LOOK_UPS: usize = 64;

/// How many of them at a time.
const AT_ONCE: usize = 8;

/// How much to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchScope {
    /// Everything that the conversation's screen shows.
    Conversation,
    /// What a session does and waits for, without messages and todo list.
    State,
}

/// What the server holds.
#[derive(Debug)]
pub struct FetchedConversation {
    pub session: Session,
    /// The newest messages.
    pub page: MessagePage,
    /// Of all sessions of the server that are not idle.
    pub statuses: StatusMap,
    /// Of all sessions; `None` where the server cannot list them.
    pub permissions: Option<Vec<PermissionRequest>>,
    /// Of all sessions; `None` where the server cannot list them.
    pub questions: Option<Vec<QuestionRequest>>,
    pub todos: Vec<Todo>,
}

impl FetchedConversation {
    /// Drops the requests of aborted turns, which the server lists for ever: those of an idle session need no
    /// question, those of one that runs a later turn are of a message that is over (observed on 1.18.33).
    async fn drop_abandoned(&mut self, client: &OpencodeClient) {
        let asked = self.asking_messages().into_iter();
        let asked = asked.map(|(session, message)| {
            let client = client.clone();
            async move {
                let answer = client.message(&session, &message).await;
                let is_over = answer.is_ok_and(|answer| answer.info.is_over());
                is_over.then_some(message)
            }
        });
        let over = stream::iter(asked).buffer_unordered(AT_ONCE);
        let over: HashSet<String> = over.filter_map(future::ready).collect().await;
        let is_over = |tool: &Option<ToolReference>| {
            tool.as_ref()
                .is_some_and(|tool| over.contains(&tool.message_id))
        };
        if let Some(permissions) = &mut self.permissions {
            permissions.retain(|asked| !is_over(&asked.tool));
        }
        if let Some(questions) = &mut self.questions {
            questions.retain(|asked| !is_over(&asked.tool));
        }
    }

    /// The messages that requests are of, each once with its session; those of the conversation itself come first.
    fn asking_messages(&self) -> Vec<(String, String)> {
        let permissions = self.permissions.iter().flatten();
        let permissions = permissions.map(|asked| (&asked.session_id, &asked.tool));
        let questions = self.questions.iter().flatten();
        let questions = questions.map(|asked| (&asked.session_id, &asked.tool));
        let asked = permissions
            .chain(questions)
            .filter(|(session, _)| self.waits(session));
        let messages =
            asked.filter_map(|(session, tool)| Some((session, &tool.as_ref()?.message_id)));
        let (own, others): (BTreeSet<_>, BTreeSet<_>) =
            messages.partition(|(session, _)| **session == self.session.id);
        let all = own.into_iter().chain(others).take(LOOK_UPS);
        all.map(|(session, message)| (session.clone(), message.clone()))
            .collect()
    }

    /// Whether somebody may wait for a listed request of this session.
    pub fn waits(&self, session: &str) -> bool {
        !matches!(self.statuses.get(session), None | Some(SessionStatus::Idle))
    }

    /// The sessions with pending requests.
    pub fn askers(&self) -> Vec<String> {
        let permissions = self.permissions.iter().flatten();
        let questions = self.questions.iter().flatten();
        let askers: BTreeSet<&String> = permissions
            .map(|request| &request.session_id)
            .chain(questions.map(|request| &request.session_id))
            .filter(|session| self.waits(session))
            .collect();
        askers.into_iter().take(LOOK_UPS).cloned().collect()
    }
}

/// Opens the stream and waits for its first event.
pub async fn open(client: &OpencodeClient, timing: &Timing) -> Result<EventStream, FollowEnd> {
    let mut events = EventStream::open(client)?;
    while events.next(timing.stream_open).await? != Event::Connected {}
    Ok(events)
}

/// Fetches while the stream is read, so that its watchdog runs and no event is lost.
pub async fn beside(
    events: &mut EventStream,
    client: &OpencodeClient,
    (session, scope): (&str, FetchScope),
    timing: &Timing,
) -> Result<(FetchedConversation, Vec<Event>), FollowEnd> {
    let mut early = Vec::new();
    let mut answers = Box::pin(fetch(client, session, scope));
    let fetched = loop {
        tokio::select! {
            fetched = &mut answers => break fetched?,
            event = events.next(timing.watchdog), if early.len() < EARLY_LIMIT => {
                match event? {
                    Event::Heartbeat | Event::Unknown { .. } => {}
                    event => early.push(event),
                }
            }
        }
    };
    Ok((fetched, early))
}

/// Fetches once, without a stream.
pub async fn fetch(
    client: &OpencodeClient,
    id: &str,
    scope: FetchScope,
) -> Result<FetchedConversation, FollowEnd> {
    let session = async {
        client
            .session(id)
            .await
            .map_err(|error| match error.status() {
                Some(404) => FollowEnd::SessionNotFound,
                _ => error.into(),
            })
    };
    let page = async {
        if scope == FetchScope::State {
            let (messages, older) = (Vec::new(), None);
            return Ok(MessagePage { messages, older });
        }
        client
            .messages(id, PAGE, None)
            .await
            .map_err(FollowEnd::from)
    };
    let statuses = async { client.statuses().await.map_err(FollowEnd::from) };
    let permissions = async { listed(client.permissions().await) };
    let questions = async { listed(client.questions().await) };
    // The todo list is optional: without it the conversation is still whole.
    let todos = async {
        Ok(match scope {
            FetchScope::Conversation => client.todos(id).await.unwrap_or_default(),
            FetchScope::State => Vec::new(),
        })
    };
    // The session comes first, so that its absence is the error reported.
    let (session, page, statuses, permissions, questions, todos) =
        futures::try_join!(session, page, statuses, permissions, questions, todos)?;
    let mut fetched = FetchedConversation {
        session,
        page,
        statuses,
        permissions,
        questions,
        todos,
    };
    fetched.drop_abandoned(client).await;
    Ok(fetched)
}

/// The server cannot list requests while one of a certain kind is pending: then events have to do.
fn listed<T>(answer: Result<Vec<T>, OpencodeError>) -> Result<Option<Vec<T>>, FollowEnd> {
    match answer {
        Ok(waiting) => Ok(Some(waiting)),
        Err(error) if error.status() == Some(400) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn asked(session: &str, message: &str) -> PermissionRequest {
        PermissionRequest {
            session_id: session.to_owned(),
            tool: Some(ToolReference {
                message_id: message.to_owned(),
                call_id: String::new(),
            }),
            ..PermissionRequest::default()
        }
    }

    fn fetched(permissions: Vec<PermissionRequest>) -> FetchedConversation {
        let busy = |asked: &PermissionRequest| (asked.session_id.clone(), SessionStatus::Busy);
        FetchedConversation {
            session: Session {
                id: "own".to_owned(),
                ..Session::default()
            },
            page: MessagePage {
                messages: Vec::new(),
                older: None,
            },
            statuses: permissions.iter().map(busy).collect(),
            permissions: Some(permissions),
            questions: None,
            todos: Vec::new(),
        }
    }

    #[test]
    fn each_message_is_asked_about_once_and_the_conversations_own_first() {
        let requests = [("a", "m1"), ("own", "m2"), ("own", "m2"), ("a", "m1")];
        let fetched = fetched(requests.map(|(session, id)| asked(session, id)).into());

        let messages = [("own", "m2"), ("a", "m1")];
        let messages = messages.map(|(session, id)| (session.to_owned(), id.to_owned()));
        assert_eq!(fetched.asking_messages(), messages);
        assert_eq!(fetched.askers(), ["a", "own"]);
    }

    #[test]
    fn however_many_requests_are_listed_few_are_asked_about() {
        let many = (0..10_000).map(|number| asked(&format!("s{number}"), &format!("m{number}")));
        let fetched = fetched(many.collect());

        assert_eq!(fetched.asking_messages().len(), LOOK_UPS);
        assert_eq!(fetched.askers().len(), LOOK_UPS);
    }
}
