//! Asks the server in a sandbox directly, without the program, through the local server's sandbox ports.

use std::time::Duration;

use reqwest::Method;
use sandbar::session::context::RecordStore;
use sandbar::store::StoredSession;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::http::plain_client;

/// For one call on a busy machine.
const LIMIT: Duration = Duration::from_mins(4);

/// A local server and its key.
#[derive(Clone)]
pub(crate) struct Sandboxes {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Sandboxes {
    pub(crate) fn new(url: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            http: plain_client(),
            url: url.into(),
            key: key.into(),
        }
    }

    /// A call of the control plane; `Null` if the response is not JSON.
    pub(crate) async fn control(&self, method: Method, path: &str) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.header("x-api-key", &self.key);
        let answer = request.timeout(LIMIT).send().await.unwrap();
        let body = answer.text().await.unwrap();
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }

    /// The server in a session's sandbox, once the session's record is complete enough to reach it.
    pub(crate) async fn inside(
        &self,
        records: &RecordStore,
        session: &StoredSession,
    ) -> Option<Inside> {
        let id = session.summary.sandbox.id.clone()?.to_string();
        let path = format!("/v2/sandboxes/{id}/connect");
        let sandbox = self.control(Method::POST, &path).await;
        let secrets = records.secrets.load(&session.summary.key).unwrap()?;
        Some(Inside {
            sandboxes: self.clone(),
            id,
            port: session.port?,
            token: sandbox["trafficAccessToken"].as_str()?.to_owned(),
            password: secrets.opencode_password?.expose_secret().to_owned(),
        })
    }
}

/// Access to the server in a sandbox.
pub(crate) struct Inside {
    sandboxes: Sandboxes,
    id: String,
    port: u16,
    token: String,
    password: String,
}

impl Inside {
    async fn ask(&self, path: &str) -> Option<Value> {
        let url = format!("{}{path}", self.sandboxes.url);
        let request = self.sandboxes.http.get(url);
        let request = request
            .header("e2b-sandbox-id", &self.id)
            .header("e2b-sandbox-port", self.port)
            .header("e2b-traffic-access-token", &self.token)
            .basic_auth("opencode", Some(&self.password))
            .timeout(LIMIT);
        let answer = request.send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).ok()
    }

    /// Role and text of each message, in the server's order; `None` while it works.
    pub(crate) async fn messages(&self, conversation: &str) -> Option<Vec<(String, String)>> {
        let status = self.ask("/session/status").await?;
        if status.get(conversation).is_some() {
            return None;
        }
        let messages = format!("/session/{conversation}/message");
        let messages = self.ask(&messages).await?;
        let messages = messages.as_array()?.iter().map(|message| {
            let role = message["info"]["role"].as_str().unwrap_or_default();
            let parts = message["parts"].as_array().into_iter().flatten();
            let texts = parts.filter(|part| part["type"] == "text");
            let texts = texts.filter_map(|part| part["text"].as_str());
            (role.to_owned(), texts.collect())
        });
        Some(messages.collect())
    }

    /// The prompts that the server has, in its order; `None` while it works.
    pub(crate) async fn prompts(&self, conversation: &str) -> Option<Vec<String>> {
        let messages = self.messages(conversation).await?.into_iter();
        let prompts = messages.filter(|(role, _)| role == "user");
        Some(prompts.map(|(_, text)| text).collect())
    }
}
