//! The calls that take a conversation back and forth, copy, summarize, share and delete it.

use reqwest::Method;
use serde::Serialize;

use super::commands::WHOLE_TURN;
use super::{ApiCall, OpencodeClient, OpencodeError, read};
use crate::opencode::wire::message::List;
use crate::opencode::wire::session::{CreateSession, Session, UpdateSession};

impl OpencodeClient {
    /// Sessions of the directory's project, also those of its other directories and without those of sub-agents; last
    /// updated first, at most 100.
    pub async fn sessions_of_project(&self) -> Result<Vec<Session>, OpencodeError> {
        let call = ApiCall {
            query: &[("scope", "project"), ("roots", "true")],
            ..self.get("list the sessions", &["session"])
        };
        let List(sessions) = self.fetch(&call).await?;
        Ok(sessions)
    }

    /// Reverts this message and all later ones, with the files that they changed. They stay listed until the next
    /// prompt; it may name an earlier message than before, or a later one. The session's update tells the rest.
    ///
    /// # Errors
    /// 409 while a turn runs.
    pub async fn revert(&self, id: &str, message: &str) -> Result<(), OpencodeError> {
        #[derive(Serialize)]
        struct RevertBody<'a> {
            #[serde(rename = "messageID")]
            message: &'a str,
        }
        let path = ["session", id, "revert"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("undo the messages", &path)
        };
        let body = RevertBody { message };
        self.request(&call, Some(&body)).await.map(drop)
    }

    /// Brings all reverted messages and their files back.
    ///
    /// # Errors
    /// 409 while a turn runs.
    pub async fn unrevert(&self, id: &str) -> Result<(), OpencodeError> {
        let path = ["session", id, "unrevert"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("redo the messages", &path)
        };
        self.request(&call, None::<&()>).await.map(drop)
    }

    /// Copies a session into a new one: its messages before this one, or all of them. Not idempotent.
    pub async fn fork(&self, id: &str, before: Option<&str>) -> Result<Session, OpencodeError> {
        #[derive(Serialize)]
        struct ForkBody<'a> {
            #[serde(rename = "messageID", skip_serializing_if = "Option::is_none")]
            before: Option<&'a str>,
        }
        let path = ["session", id, "fork"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("fork the session", &path)
        };
        let (answer, _) = self.request(&call, Some(&ForkBody { before })).await?;
        read(&call, &answer)
    }

    /// Lets this model summarize the session; answered when that is done.
    pub async fn summarize(
        &self,
        id: &str,
        provider: &str,
        model: &str,
    ) -> Result<(), OpencodeError> {
        #[derive(Serialize)]
        struct SummarizeBody<'a> {
            #[serde(rename = "providerID")]
            provider: &'a str,
            #[serde(rename = "modelID")]
            model: &'a str,
        }
        let path = ["session", id, "summarize"];
        let call = ApiCall {
            limit: WHOLE_TURN,
            ..self.post("summarize the session", &path)
        };
        let body = SummarizeBody { provider, model };
        self.request(&call, Some(&body)).await.map(drop)
    }

    /// Publishes the session; its `share` has the address.
    pub async fn share(&self, id: &str) -> Result<Session, OpencodeError> {
        let path = ["session", id, "share"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.post("share the session", &path)
        };
        let (answer, _) = self.request(&call, None::<&()>).await?;
        read(&call, &answer)
    }

    pub async fn unshare(&self, id: &str) -> Result<(), OpencodeError> {
        let path = ["session", id, "share"];
        let call = ApiCall {
            method: Method::DELETE,
            limit: self.limits.slow_call,
            ..self.get("stop sharing the session", &path)
        };
        self.request(&call, None::<&()>).await.map(drop)
    }

    /// Deletes a session and those of its sub-agents.
    pub async fn delete_session(&self, id: &str) -> Result<(), OpencodeError> {
        let path = ["session", id];
        let call = ApiCall {
            method: Method::DELETE,
            ..self.get("delete the session", &path)
        };
        self.request(&call, None::<&()>).await.map(drop)
    }

    /// Creates an empty session. Not idempotent: a second call creates a second one.
    pub async fn new_session(&self) -> Result<Session, OpencodeError> {
        self.create_session(&CreateSession::default()).await
    }

    pub async fn rename_session(&self, id: &str, title: String) -> Result<(), OpencodeError> {
        let body = UpdateSession {
            title: Some(title),
            ..UpdateSession::default()
        };
        self.update_session(id, &body).await.map(drop)
    }
}
