//! Errors inside a conversation.
//!
//! Source: the errors of `AssistantMessage` in the server's OpenAPI document, 1.18.33.

use serde::Deserialize;

use super::lenient;

/// An error inside a conversation: `{name, data: {message}}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ErrorInfo {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub data: ErrorData,
}

/// The rest of `data` (headers and body of the provider's response) may contain secrets: not stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ErrorData {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub message: String,
}
