//! Sessions, their status, and their data besides messages.
//!
//! Source: `Session`, `SessionStatus`, `Todo`, `PermissionRule` of the server's OpenAPI document,
//! 1.18.33.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::lenient;

/// `GET /global/health`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Health {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub healthy: bool,
    /// Without it, the responder is not OpenCode.
    pub version: String,
}

/// `GET /path`: the server's own directories. All absolute, on the server's machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Path {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub home: String,
    /// `/` for a directory outside any git work tree, or one that does not exist.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub worktree: String,
    pub directory: String,
}

/// A session; `parent_id` is set for those of sub-agents.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Session {
    pub id: String,
    #[serde(default, rename = "parentID", deserialize_with = "lenient::option")]
    pub parent_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub title: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub directory: String,
    /// US dollars.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub cost: f64,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub tokens: Tokens,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub time: Times,
    /// Set while messages are reverted, until the next prompt removes them.
    #[serde(default, deserialize_with = "lenient::option")]
    pub revert: Option<Revert>,
    /// Set while the session is published.
    #[serde(default, deserialize_with = "lenient::option")]
    pub share: Option<ShareInfo>,
    /// Those of the session alone; the user's configuration has others.
    #[serde(default, deserialize_with = "lenient::list")]
    pub permission: Vec<PermissionRule>,
}

/// From where on a conversation is reverted: `Session.revert`, which `POST /session/{id}/revert` sets and
/// `…/unrevert` unsets. Its `snapshot` and `diff` are internal to the server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Revert {
    /// This message and all later ones are reverted.
    #[serde(rename = "messageID")]
    pub message_id: String,
    /// Of that message only this part and later ones.
    #[serde(default, rename = "partID", deserialize_with = "lenient::option")]
    pub part_id: Option<String>,
}

/// Where a session is published: `Session.share`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ShareInfo {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub url: String,
}

/// Unix milliseconds by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Times {
    #[serde(default, deserialize_with = "lenient::whole")]
    pub created: u64,
    #[serde(default, deserialize_with = "lenient::whole")]
    pub updated: u64,
    #[serde(default, deserialize_with = "lenient::maybe_whole")]
    pub completed: Option<u64>,
    #[serde(default, deserialize_with = "lenient::maybe_whole")]
    pub archived: Option<u64>,
    #[serde(default, deserialize_with = "lenient::maybe_whole")]
    pub start: Option<u64>,
    #[serde(default, deserialize_with = "lenient::maybe_whole")]
    pub end: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Tokens {
    #[serde(default, deserialize_with = "lenient::whole")]
    pub input: u64,
    #[serde(default, deserialize_with = "lenient::whole")]
    pub output: u64,
    #[serde(default, deserialize_with = "lenient::whole")]
    pub reasoning: u64,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub cache: CacheTokens,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct CacheTokens {
    #[serde(default, deserialize_with = "lenient::whole")]
    pub read: u64,
    #[serde(default, deserialize_with = "lenient::whole")]
    pub write: u64,
}

/// Whether a turn runs. `GET /session/status` omits idle sessions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawStatus")]
pub enum SessionStatus {
    Idle,
    Busy,
    Retry {
        attempt: u32,
        message: String,
        /// Unix milliseconds.
        next: u64,
    },
    /// A word of a later server; whatever it means, the session is not idle.
    Unknown,
}

/// The fields of all statuses side by side: a tagged enum is parsed from a buffer, which lenient parsing cannot look
/// into.
#[derive(Deserialize)]
struct RawStatus {
    #[serde(default, rename = "type", deserialize_with = "lenient::or_default")]
    kind: String,
    #[serde(default, deserialize_with = "lenient::whole")]
    attempt: u64,
    #[serde(default, deserialize_with = "lenient::or_default")]
    message: String,
    #[serde(default, deserialize_with = "lenient::whole")]
    next: u64,
}

impl From<RawStatus> for SessionStatus {
    fn from(raw: RawStatus) -> Self {
        match raw.kind.as_str() {
            "idle" => Self::Idle,
            "busy" => Self::Busy,
            "retry" => Self::Retry {
                attempt: u32::try_from(raw.attempt).unwrap_or(u32::MAX),
                message: raw.message,
                next: raw.next,
            },
            _ => Self::Unknown,
        }
    }
}

/// Session id → status.
pub type StatusMap = HashMap<String, SessionStatus>;

/// `GET /session/status`. An unreadable status is [`SessionStatus::Unknown`]: treating the session as idle would
/// send it the next prompt.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::opencode) struct Statuses(
    #[serde(deserialize_with = "statuses")] pub(in crate::opencode) StatusMap,
);

fn statuses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusMap, D::Error> {
    let statuses = HashMap::<String, Option<&'de RawValue>>::deserialize(deserializer)?;
    let read = |(id, raw): (String, Option<&RawValue>)| {
        let status = serde_json::from_str(raw?.get()).unwrap_or(SessionStatus::Unknown);
        Some((id, status))
    };
    Ok(statuses.into_iter().filter_map(read).collect())
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Todo {
    pub content: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub status: String,
}

impl Todo {
    /// Parses a list from a tool's arguments; none if it is something else.
    pub fn list(json: &str) -> Vec<Self> {
        lenient::elements(json)
    }
}

/// Body of `POST /session`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CreateSession {
    /// Without one the server generates a title during the first turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permission: Vec<PermissionRule>,
}

/// Body of `PATCH /session/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct UpdateSession {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Appended to the session's rules (observed on 1.18.33).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permission: Vec<PermissionRule>,
}

/// A rule of a session: the last one that matches wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionRule {
    /// `bash`, `edit`, `webfetch`, …
    pub permission: String,
    /// `*` for all.
    pub pattern: String,
    pub action: PermissionAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PermissionAction {
    Allow,
    Ask,
    Deny,
}

/// Body of `POST /permission/{id}/reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionReply {
    pub reply: ReplyWord,
    /// With `reject` only: the agent reads it and the turn continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyWord {
    Once,
    Always,
    Reject,
}
