//! What waits for the user: permissions and questions.
//!
//! Source: `PermissionRequest`, `QuestionRequest` of the server's OpenAPI document, 1.18.33. Other
//! than the rest of this folder these are not only read with patience: somebody is to approve what
//! they say, so all fields are kept, and [`PermissionRequest::undecodable`] and
//! [`QuestionRequest::undecodable`] tell where something could not be read as it was sent.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::value::RawValue;

use super::part::Input;
use super::{lenient, surrogates};

/// A permission that waits for a reply; also the payload of `permission.asked`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermissionRequest {
    pub id: String,
    pub session_id: String,
    pub permission: String,
    pub patterns: Vec<String>,
    pub always: Vec<String>,
    /// What the request is about, and fields that we do not know; which are there depends on its kind.
    pub metadata: Input,
    pub tool: Option<ToolReference>,
    /// Something was lost or replaced on the way from the server's text.
    pub undecodable: bool,
}

/// Questions that wait for answers; also the payload of `question.asked`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuestionRequest {
    pub id: String,
    pub session_id: String,
    pub questions: Vec<Question>,
    pub tool: Option<ToolReference>,
    /// Something was lost or replaced on the way from the server's text.
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

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct QuestionOption {
    pub label: String,
    #[serde(default, deserialize_with = "lenient::or_null")]
    pub description: String,
}

/// The fields of both, as they came.
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

/// The fields of a permission that have a place of their own.
const KNOWN: [&str; 7] = [
    "id",
    "sessionID",
    "permission",
    "patterns",
    "always",
    "metadata",
    "tool",
];

/// Reads values, and remembers whether all of them were as expected.
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

/// Reads a request of a text that may hold half characters.
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
    fn all_that_a_permission_says_is_kept() {
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
    fn what_cannot_be_read_as_it_was_sent_is_told() {
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
        // What is absent is not unreadable.
        assert!(!permission(r#""permission":"bash","patterns":null"#).undecodable);
    }

    #[test]
    fn an_option_that_cannot_be_read_is_not_left_out_in_silence() {
        let json = r#"{"id":"q","sessionID":"s","questions":[{"question":"Which?","options":[{"label":"a"},{"name":"b"}]},{"question":"And \udc00?","options":[]}]}"#;

        let asked: QuestionRequest = serde_json::from_str(json).unwrap();

        assert!(asked.undecodable);
        assert_eq!(asked.questions.len(), 1);
    }
}
