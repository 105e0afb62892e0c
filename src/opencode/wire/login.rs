//! Logins to providers.
//!
//! Source: `ProviderAuthMethod`, `ProviderAuthAuthorization`, `ApiAuth` and the bodies of
//! `POST /provider/{id}/oauth/authorize` and `…/callback` in the server's OpenAPI document, 1.18.33.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::lenient;

/// `GET /provider/auth`: the ways to log in, by the provider's id. A way is named by its index in the list, so that an
/// unreadable one must not move those behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoginMethods(pub Vec<(String, Vec<Option<LoginMethod>>)>);

impl<'de> Deserialize<'de> for LoginMethods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_provider: Vec<(String, Positions)> = lenient::pairs(deserializer)?;
        let by_provider = by_provider.into_iter().map(|(id, list)| (id, list.0));
        Ok(Self(by_provider.collect()))
    }
}

#[derive(Deserialize)]
struct Positions(#[serde(deserialize_with = "positions")] Vec<Option<LoginMethod>>);

fn positions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<LoginMethod>>, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let list: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    let read = |element: &&RawValue| serde_json::from_str(element.get()).ok();
    Ok(list.iter().map(read).collect())
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LoginMethod {
    /// `oauth` or `api`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    #[serde(default, deserialize_with = "lenient::list")]
    pub prompts: Vec<LoginPrompt>,
}

/// Something that a login has to know: typed, or one of the options.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LoginPrompt {
    pub key: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub message: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub placeholder: String,
    /// None: the answer is typed.
    #[serde(default, deserialize_with = "lenient::list")]
    pub options: Vec<PromptOption>,
    #[serde(default, deserialize_with = "lenient::option")]
    pub when: Option<PromptCondition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PromptOption {
    pub value: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub hint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PromptCondition {
    pub key: String,
    pub value: String,
    /// `eq` or `neq`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub op: String,
}

/// Body of `POST /provider/{id}/oauth/authorize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorizeRequest {
    pub method: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
}

/// The answer to it; `null` if the method is none that begins in a browser (observed on 1.18.33).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Authorization {
    pub url: String,
    /// `auto` or `code`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub method: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub instructions: String,
}

/// Body of `POST /provider/{id}/oauth/callback`, which is answered once the login is over. It may hold a code: it is
/// neither shown nor logged.
#[derive(Serialize)]
pub struct CallbackRequest<'a> {
    pub method: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
}

impl fmt::Debug for CallbackRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackRequest")
    }
}
