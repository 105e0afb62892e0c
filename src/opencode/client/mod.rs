//! The calls to an OpenCode server.
//!
//! A [`ServerAddress`] has the address and credentials; an [`OpencodeClient`] makes the calls. Every call that is
//! scoped to a directory sends the client's directory as a query, which takes precedence (a server serves many).
//! Each call has its own timeout; the stream has none. Nothing is retried: the caller knows whether a second attempt
//! is harmless.

mod changes;
mod commands;
mod export;
mod history;
mod login;
mod status;

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::OpencodeError;
use super::wire::message::{List, MessagePage, MessageWithParts, PromptRequest};
use super::wire::provider::{Agent, Config, Providers};
use super::wire::request::{PermissionRequest, QuestionRequest};
use super::wire::session::{
    CreateSession, Health, Path, PermissionReply, Session, StatusMap, Statuses, Todo, UpdateSession,
};
use super::wire::surrogates::repair_bytes;
use crate::net::http::{Http, basic_auth, secret_header};

pub use export::Export;

/// The user name of the server's basic authentication, unless its owner has changed it.
pub const USER: &str = "opencode";

/// Maximum size of a response. A page of a hundred messages with images is a few dozen megabytes.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// A server's address and credentials.
#[derive(Debug, Clone)]
pub struct ServerAddress {
    /// Scheme, host and port; a path before the API's own is preserved.
    pub base_url: String,
    /// The user of the password; `None`: [`USER`].
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// Sent with every call, e.g. `e2b-traffic-access-token`.
    pub headers: Vec<(String, SecretString)>,
    /// Absolute, on the server's machine. `None`: the server's own directory.
    pub directory: Option<String>,
}

/// Timeouts of calls, from the request to the last byte of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    pub call: Duration,
    /// For responses that may be large or slow.
    pub slow_call: Duration,
    pub health: Duration,
}

/// A client of one server for one directory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OpencodeClient {
    http: Http,
    base: Url,
    headers: HeaderMap,
    directory: Option<String>,
    limits: CallLimits,
}

/// A call about to be made.
struct ApiCall<'a> {
    /// For errors: describes the call.
    operation: &'static str,
    method: Method,
    path: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    limit: Duration,
}

impl OpencodeClient {
    pub fn new(
        http: Http,
        server: &ServerAddress,
        limits: CallLimits,
    ) -> Result<Self, OpencodeError> {
        let refuse = |problem| OpencodeError::Request {
            operation: "address the server",
            problem,
        };
        let base = Url::parse(&server.base_url).map_err(|_| refuse("the URL cannot be read"))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(refuse("the URL is neither http nor https"));
        }
        let mut headers = HeaderMap::new();
        if let Some(password) = &server.password {
            let user = server.user.as_deref().unwrap_or(USER);
            let value = basic_auth(user, password);
            headers.insert(
                AUTHORIZATION,
                value.ok_or_else(|| refuse("unusable password"))?,
            );
        }
        for (name, value) in &server.headers {
            let name = HeaderName::try_from(name).map_err(|_| refuse("unusable header name"))?;
            let value = secret_header(value).ok_or_else(|| refuse("unusable header value"))?;
            headers.insert(name, value);
        }
        Ok(Self {
            http,
            base,
            headers,
            directory: server.directory.clone(),
            limits,
        })
    }

    /// The same server for another directory.
    #[must_use]
    pub fn in_directory(mut self, directory: impl Into<String>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Checks whether OpenCode responds. It uses its own connection and a short timeout: a starting server accepts
    /// connections up to 0.4 s before it responds, and drops the requests of that time.
    ///
    /// # Errors
    /// [`OpencodeError::NotOpencode`] if something else responds, whatever its status.
    pub async fn health(&self) -> Result<Health, OpencodeError> {
        let call = self.get("check the server's health", &["global", "health"]);
        let call = ApiCall {
            limit: self.limits.health,
            ..call
        };
        let request = self
            .http
            .fresh()
            .request(Method::GET, self.url(&call, false));
        let (body, _) = self.send(&call, request).await?;
        serde_json::from_slice(&body).map_err(|_| OpencodeError::NotOpencode {
            operation: call.operation,
            found: "JSON without a version".to_owned(),
        })
    }

    /// Sessions of the directory, last updated first, at most 100, including those of sub-agents.
    pub async fn sessions(&self) -> Result<Vec<Session>, OpencodeError> {
        let List(sessions) = self
            .fetch(&self.get("list the sessions", &["session"]))
            .await?;
        Ok(sessions)
    }

    pub async fn session(&self, id: &str) -> Result<Session, OpencodeError> {
        self.fetch(&self.get("get the session", &["session", id]))
            .await
    }

    /// Creates a session. Not idempotent: a second call creates a second one. The first one of a directory waits for
    /// the packages of its plugins, without a network 70 s in vain (seen on 1.18.33).
    pub async fn create_session(&self, body: &CreateSession) -> Result<Session, OpencodeError> {
        let call = ApiCall {
            limit: 2 * self.limits.slow_call,
            ..self.post("create a session", &["session"])
        };
        let (answer, _) = self.request(&call, Some(body)).await?;
        read(&call, &answer)
    }

    /// Changes a session.
    pub async fn update_session(
        &self,
        id: &str,
        body: &UpdateSession,
    ) -> Result<Session, OpencodeError> {
        let path = ["session", id];
        let call = ApiCall {
            method: Method::PATCH,
            ..self.get("change the session", &path)
        };
        let (answer, _) = self.request(&call, Some(body)).await?;
        read(&call, &answer)
    }

    /// # Errors
    /// 404 where the session has no such message.
    pub async fn message(
        &self,
        session: &str,
        message: &str,
    ) -> Result<MessageWithParts, OpencodeError> {
        let path = ["session", session, "message", message];
        self.fetch(&self.get("get the message", &path)).await
    }

    /// The newest `limit` messages, or those before a cursor that an earlier page gave.
    pub async fn messages(
        &self,
        id: &str,
        limit: u32,
        before: Option<&str>,
    ) -> Result<MessagePage, OpencodeError> {
        let limit = limit.to_string();
        let mut query = vec![("limit", limit.as_str())];
        query.extend(before.map(|cursor| ("before", cursor)));
        let path = ["session", id, "message"];
        let call = ApiCall {
            query: &query,
            limit: self.limits.slow_call,
            ..self.get("get the messages", &path)
        };
        let (body, headers) = self.request(&call, None::<&()>).await?;
        let older = headers
            .get("x-next-cursor")
            .and_then(|cursor| cursor.to_str().ok());
        MessagePage::parse(&body, older.map(str::to_owned))
            .map_err(|error| OpencodeError::unreadable(call.operation, &error))
    }

    /// The sessions of the directory that are not idle.
    pub async fn statuses(&self) -> Result<StatusMap, OpencodeError> {
        let call = self.get("get the session's status", &["session", "status"]);
        let Statuses(statuses) = self.fetch(&call).await?;
        Ok(statuses)
    }

    /// Posts a prompt to the server, which stores it and responds at once. Repeating it is harmless.
    pub async fn prompt_async(&self, id: &str, body: &PromptRequest) -> Result<(), OpencodeError> {
        let path = ["session", id, "prompt_async"];
        self.request(&self.post("send the prompt", &path), Some(body))
            .await
            .map(drop)
    }

    /// Aborts the running turn. Harmless if there is none.
    pub async fn abort(&self, id: &str) -> Result<(), OpencodeError> {
        let path = ["session", id, "abort"];
        self.request(&self.post("abort the turn", &path), None::<&()>)
            .await
            .map(drop)
    }

    /// All pending permissions of the directory, including those of sub-agents and aborted turns.
    ///
    /// # Errors
    /// 400 while a `webfetch` without a timeout is pending (a bug of 1.18.33).
    pub async fn permissions(&self) -> Result<Vec<PermissionRequest>, OpencodeError> {
        let call = self.get("list the permissions", &["permission"]);
        let (body, _) = self.request(&call, None::<&()>).await?;
        let List(waiting) = read_exactly(&call, &body)?;
        Ok(waiting)
    }

    /// # Errors
    /// 404 if the request is no longer pending.
    pub async fn reply_permission(
        &self,
        id: &str,
        reply: &PermissionReply,
    ) -> Result<(), OpencodeError> {
        let path = ["permission", id, "reply"];
        self.request(&self.post("answer the permission", &path), Some(reply))
            .await
            .map(drop)
    }

    /// All pending questions of the directory.
    pub async fn questions(&self) -> Result<Vec<QuestionRequest>, OpencodeError> {
        let call = self.get("list the questions", &["question"]);
        let (body, _) = self.request(&call, None::<&()>).await?;
        let List(waiting) = read_exactly(&call, &body)?;
        Ok(waiting)
    }

    /// `answers[i]` are the chosen labels or custom texts for the i-th question.
    ///
    /// # Errors
    /// 404 if the request is no longer pending.
    pub async fn reply_question(
        &self,
        id: &str,
        answers: &[Vec<String>],
    ) -> Result<(), OpencodeError> {
        #[derive(Serialize)]
        struct ReplyBody<'a> {
            answers: &'a [Vec<String>],
        }
        let path = ["question", id, "reply"];
        let call = self.post("answer the question", &path);
        self.request(&call, Some(&ReplyBody { answers }))
            .await
            .map(drop)
    }

    /// Stops the turn that asked.
    pub async fn reject_question(&self, id: &str) -> Result<(), OpencodeError> {
        let path = ["question", id, "reject"];
        self.request(&self.post("reject the question", &path), None::<&()>)
            .await
            .map(drop)
    }

    pub async fn todos(&self, id: &str) -> Result<Vec<Todo>, OpencodeError> {
        let path = ["session", id, "todo"];
        let List(todos) = self.fetch(&self.get("get the to-do list", &path)).await?;
        Ok(todos)
    }

    /// Makes the server publish a command for its terminals on every stream, as
    /// [`Event::Command`](super::wire::event::Event::Command). Terminals ignore unknown names.
    pub async fn publish_command(&self, command: &str) -> Result<(), OpencodeError> {
        let body = serde_json::json!({
            "type": "tui.command.execute",
            "properties": { "command": command },
        });
        let call = self.post("publish a command", &["tui", "publish"]);
        self.request(&call, Some(&body)).await.map(drop)
    }

    pub async fn providers(&self) -> Result<Providers, OpencodeError> {
        self.fetch_slowly("list the models", &["config", "providers"])
            .await
    }

    pub async fn config(&self) -> Result<Config, OpencodeError> {
        self.fetch_slowly("get the configuration", &["config"])
            .await
    }

    pub async fn agents(&self) -> Result<Vec<Agent>, OpencodeError> {
        let List(agents) = self.fetch_slowly("list the agents", &["agent"]).await?;
        Ok(agents)
    }

    pub async fn path(&self) -> Result<Path, OpencodeError> {
        self.fetch(&self.get("get the server's paths", &["path"]))
            .await
    }

    /// The request for the event stream of all directories, without a timeout.
    pub(super) fn stream_request(&self) -> RequestBuilder {
        let call = self.get("follow the events", &["global", "event"]);
        let url = self.url(&call, false);
        self.http
            .pool()
            .client()
            .request(Method::GET, url)
            .headers(self.headers.clone())
    }

    fn get<'a>(&self, operation: &'static str, path: &'a [&'a str]) -> ApiCall<'a> {
        ApiCall {
            operation,
            method: Method::GET,
            path,
            query: &[],
            limit: self.limits.call,
        }
    }

    fn post<'a>(&self, operation: &'static str, path: &'a [&'a str]) -> ApiCall<'a> {
        ApiCall {
            method: Method::POST,
            ..self.get(operation, path)
        }
    }

    /// Each id becomes one segment, whatever characters it contains.
    fn url(&self, call: &ApiCall<'_>, scoped: bool) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(call.path);
        }
        let directory = self.directory.as_deref().filter(|_| scoped);
        if directory.is_some() || !call.query.is_empty() {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(call.query);
            query.extend_pairs(directory.map(|directory| ("directory", directory)));
        }
        url
    }

    async fn fetch<T: DeserializeOwned>(&self, call: &ApiCall<'_>) -> Result<T, OpencodeError> {
        let (body, _) = self.request(call, None::<&()>).await?;
        read(call, &body)
    }

    async fn fetch_slowly<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &[&str],
    ) -> Result<T, OpencodeError> {
        self.fetch(&ApiCall {
            limit: self.limits.slow_call,
            ..self.get(operation, path)
        })
        .await
    }

    async fn request<B: Serialize>(
        &self,
        call: &ApiCall<'_>,
        body: Option<&B>,
    ) -> Result<(Vec<u8>, HeaderMap), OpencodeError> {
        let url = self.url(call, true);
        let mut request = self.http.pool().client().request(call.method.clone(), url);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(call, request).await
    }

    async fn send(
        &self,
        call: &ApiCall<'_>,
        request: RequestBuilder,
    ) -> Result<(Vec<u8>, HeaderMap), OpencodeError> {
        let exchange = async {
            let request = request.headers(self.headers.clone());
            let answer = request
                .send()
                .await
                .map_err(|error| OpencodeError::transport(call.operation, error))?;
            whole_answer(call.operation, answer).await
        };
        tokio::time::timeout(call.limit, exchange)
            .await
            .unwrap_or(Err(OpencodeError::Timeout {
                operation: call.operation,
                after: call.limit,
            }))
    }
}

fn read<T: DeserializeOwned>(call: &ApiCall<'_>, body: &[u8]) -> Result<T, OpencodeError> {
    read_exactly(call, &repair_bytes(body))
}

/// Like [`read`], for values that keep the text itself, or that repair it and report that.
fn read_exactly<T: DeserializeOwned>(call: &ApiCall<'_>, body: &[u8]) -> Result<T, OpencodeError> {
    serde_json::from_slice(body).map_err(|error| OpencodeError::unreadable(call.operation, &error))
}

/// Reads a response to its end and classifies it: a success has no content, or JSON.
///
/// An unknown path returns 200 with the server's web page for any method, so the status alone proves nothing.
pub(super) async fn whole_answer(
    operation: &'static str,
    mut answer: Response,
) -> Result<(Vec<u8>, HeaderMap), OpencodeError> {
    let status = answer.status();
    let headers = answer.headers().clone();
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let json = content_type.is_some_and(|value| value.contains("json"));
    if status.is_success() && status != StatusCode::NO_CONTENT && !json {
        return Err(OpencodeError::NotOpencode {
            operation,
            found: content_type.unwrap_or("no content type").to_owned(),
        });
    }
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await;
        let Some(chunk) = chunk.map_err(|error| OpencodeError::transport(operation, error))? else {
            break;
        };
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(OpencodeError::TooLarge {
                operation,
                limit: ANSWER_LIMIT,
            });
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        Ok((body, headers))
    } else {
        Err(OpencodeError::from_answer(
            operation, status, &headers, &body,
        ))
    }
}

#[cfg(test)]
mod tests;
