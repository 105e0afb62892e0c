//! Requests that wait for the user: permissions and questions.
//!
//! Source: `PermissionRequest`, `QuestionRequest` of the server's OpenAPI document, 1.18.33. Unlike the rest of this
//! folder, lenient parsing is not enough here: the user approves their content, so all fields are kept, and
//! [`PermissionRequest::undecodable`] and [`QuestionRequest::undecodable`] report values that could not be decoded.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::value::RawValue;

use super::part::Input;
use super::{lenient, surrogates};

/// A pending permission; also the payload of `permission.asked`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermissionRequest {
    pub id: String,
    pub session_id: String,
    pub permission: String,
    pub patterns: Vec<String>,
    pub always: Vec<String>,
    /// What the request is about, and unknown fields; which exist depends on its kind.
    pub metadata: Input,
    pub tool: Option<ToolReference>,
    /// Something was lost or replaced while decoding the server's text.
    pub undecodable: bool,
}

/// Pending questions; also the payload of `question.asked`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuestionRequest {
    pub id: String,
    pub session_id: String,
    pub questions: Vec<Question>,
    pub tool: Option<ToolReference>,
    /// Something was lost or replaced while decoding the server's text.
    pub undecodable: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ToolReference {
    #[serde(
        default,
        rename = "messageID",
        deserialize_with = "lenient::or_default"
    )]
    pub message_id: String,
    #[serde(rename = "callID")]
    pub call_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    #[serde(default, deserialize_with = "lenient::or_null")]
    pub question: String,
    #[serde(default, deserialize_with = "lenient::or_null")]
    pub header: String,
    #[serde(default, deserialize_with = "lenient::or_null")]
    pub options: Vec<QuestionOption>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub multiple: bool,
    /// Absent means yes: the server takes any text as an answer.
    #[serde(default, deserialize_with = "lenient::option")]
    pub custom: Option<bool>,
}

impl Question {
    /// Parses a list from a tool's arguments; none if it is something else.
    pub fn list(json: &str) -> Vec<Self> {
        lenient::elements(json)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct QuestionOption {
    pub label: String,
    #[serde(default, deserialize_with = "lenient::or_null")]
    pub description: String,
}

/// The fields of both, as received.
#[derive(Deserialize)]
struct Raw<'a> {
    id: String,
    #[serde(rename = "sessionID")]
    session_id: String,
    #[serde(borrow, default)]
    permission: Option<&'a RawValue>,
    #[serde(borrow, default)]
    patterns: Option<&'a RawValue>,
    #[serde(borrow, default)]
    always: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    questions: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::option")]
    tool: Option<ToolReference>,
}

/// The fields of a permission that have a struct field.
const KNOWN: [&str; 7] = [
    "id",
    "sessionID",
    "permission",
    "patterns",
    "always",
    "metadata",
    "tool",
];

/// Parses values, and records whether all of them were as expected.
struct Reader {
    undecodable: bool,
}

impl Reader {
    fn value<T: DeserializeOwned + Default>(
        &mut self,
        raw: Option<&RawValue>,
        piecewise: impl FnOnce(&str) -> T,
    ) -> T {
        let Some(json) = raw.map(RawValue::get).filter(|json| *json != "null") else {
            return T::default();
        };
        serde_json::from_str(json).unwrap_or_else(|_| {
            self.undecodable = true;
            piecewise(json)
        })
    }

    fn permission(mut self, json: &str) -> Result<PermissionRequest, serde_json::Error> {
        let raw: Raw<'_> = serde_json::from_str(json)?;
        let mut metadata = self.value(raw.metadata, |json| {
            Input(vec![("metadata".to_owned(), json.to_owned())])
        });
        let Input(all) = serde_json::from_str(json)?;
        let unknown = |(name, _): &(String, String)| !KNOWN.contains(&name.as_str());
        metadata.0.extend(all.into_iter().filter(unknown));
        Ok(PermissionRequest {
            id: raw.id,
            session_id: raw.session_id,
            permission: self.value(raw.permission, str::to_owned),
            patterns: self.value(raw.patterns, lenient::elements),
            always: self.value(raw.always, lenient::elements),
            metadata,
            tool: raw.tool,
            undecodable: self.undecodable,
        })
    }

    fn question(mut self, json: &str) -> Result<QuestionRequest, serde_json::Error> {
        let raw: Raw<'_> = serde_json::from_str(json)?;
        Ok(QuestionRequest {
            id: raw.id,
            session_id: raw.session_id,
            questions: self.value(raw.questions, lenient::elements),
            tool: raw.tool,
            undecodable: self.undecodable,
        })
    }
}

/// Parses a request whose text may contain lone surrogates.
fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(Reader, &str) -> Result<T, serde_json::Error>,
) -> Result<T, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let json = surrogates::repair(raw.get());
    let reader = Reader {
        undecodable: matches!(json, std::borrow::Cow::Owned(_)),
    };
    read(reader, &json).map_err(D::Error::custom)
}

impl<'de> Deserialize<'de> for PermissionRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Reader::permission)
    }
}

impl<'de> Deserialize<'de> for QuestionRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Reader::question)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn permission(rest: &str) -> PermissionRequest {
        let json = format!(r#"{{"id":"per_1","sessionID":"ses_1",{rest}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn all_fields_of_a_permission_are_kept() {
        let asked = permission(
            r#""permission":"bash","patterns":["ls"],"metadata":{"command":"ls","env":{"A":[1]}},"always":["ls *"],"later":"x","tool":{"callID":"c"}"#,
        );

        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let said = [
            pair("command", "ls"),
            pair("env", r#"{"A":[1]}"#),
            pair("later", "x"),
        ];
        assert_eq!(asked.metadata.0, said);
        assert_eq!(asked.tool.map(|tool| tool.call_id).as_deref(), Some("c"));
        assert!(!asked.undecodable);
    }

    #[test]
    fn an_undecodable_value_is_reported() {
        for rest in [
            r#""permission":"bash","metadata":{"command":"rm \ud800"}"#,
            r#""permission":"bash","patterns":["ls",7]"#,
            r#""permission":"bash","always":"ls *""#,
            r#""permission":7"#,
            r#""permission":"bash","metadata":"ls""#,
        ] {
            let asked = permission(rest);
            assert!(asked.undecodable, "{rest}");
        }
        let asked = permission(r#""permission":"bash","metadata":{"command":"rm \ud800 x"}"#);
        assert_eq!(asked.metadata.value("command"), Some("rm \u{fffd} x"));
        // Absent is not undecodable.
        assert!(!permission(r#""permission":"bash","patterns":null"#).undecodable);
    }

    #[test]
    fn an_undecodable_option_is_not_silently_left_out() {
        let json = r#"{"id":"q","sessionID":"s","questions":[{"question":"Which?","options":[{"label":"a"},{"name":"b"}]},{"question":"And \udc00?","options":[]}]}"#;

        let asked: QuestionRequest = serde_json::from_str(json).unwrap();

        assert!(asked.undecodable);
        assert_eq!(asked.questions.len(), 1);
    }
}
