//! Events of `GET /global/event` (and of `GET /event`, whose frames are the payload alone).
//!
//! A frame's data enters, an [`Event`] leaves; nothing is ever an error, since one odd event must not end a stream.
//! Most frames of a turn are deltas, and every durable event is repeated as `sync`: the first have a fast path, the
//! second are dropped unread.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error_info::ErrorInfo;
use super::lenient;
use super::message::Message;
use super::part::Part;
use super::request::{PermissionRequest, QuestionRequest};
use super::session::{Session, SessionStatus, Todo};
use super::surrogates::repair;

/// An event of the server. Ids are the server's.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The first event of a stream.
    Connected,
    /// Every 10 s.
    Heartbeat,
    /// `session.created` and `session.updated`.
    SessionUpdated(Session),
    SessionDeleted {
        session_id: String,
    },
    Status {
        session_id: String,
        status: SessionStatus,
    },
    /// Follows the idle status and may repeat.
    Idle {
        session_id: String,
    },
    /// Does not by itself mean that the turn is over.
    SessionError {
        session_id: Option<String>,
        error: ErrorInfo,
    },
    MessageUpdated {
        session_id: String,
        info: Box<Message>,
    },
    MessageRemoved {
        session_id: String,
        message_id: String,
    },
    /// The full part.
    PartUpdated {
        session_id: String,
        part: Part,
    },
    PartRemoved {
        session_id: String,
        message_id: String,
        part_id: String,
    },
    /// Appends `text` to the text of a text or reasoning part.
    Delta {
        session_id: String,
        message_id: String,
        part_id: String,
        text: String,
    },
    PermissionAsked(PermissionRequest),
    PermissionReplied {
        session_id: String,
        request_id: String,
    },
    QuestionAsked(QuestionRequest),
    /// Replied or rejected.
    QuestionReplied {
        session_id: String,
        request_id: String,
    },
    Todos {
        session_id: String,
        todos: Vec<Todo>,
    },
    /// `command.executed`: one of the server's commands has run; the message is its answer.
    CommandExecuted {
        session_id: String,
        message_id: String,
        name: String,
        arguments: String,
    },
    /// The server discarded its state of a directory; running turns were aborted.
    Disposed {
        directory: Option<String>,
    },
    /// `tui.command.execute`: a client wants this server's terminals to do something.
    Command {
        command: String,
    },
    /// A kind that we do not use.
    Unknown {
        kind: String,
    },
    /// A known kind in an unknown shape, or no event at all (`kind` is empty then).
    Malformed {
        kind: String,
        problem: String,
    },
}

/// How a repeated durable event begins, after the directory and the project. In JSON text a quote inside a string is
/// escaped, so this cannot be part of a directory's name.
const SYNC_MARK: &[u8] = br#""payload":{"type":"sync""#;

/// The mark follows two short strings; a frame with a later one is recognised when it is parsed.
const SYNC_WITHIN: usize = 1024;

impl Event {
    /// Whether it concerns only the content of a conversation, not what a session does or waits for.
    pub fn is_content(&self) -> bool {
        matches!(
            self,
            Self::Delta { .. }
                | Self::PartUpdated { .. }
                | Self::PartRemoved { .. }
                | Self::MessageUpdated { .. }
                | Self::MessageRemoved { .. }
                | Self::Todos { .. }
                | Self::CommandExecuted { .. }
        )
    }

    /// Parses a frame's data; `None` for duplicates to skip.
    pub fn parse(data: &str) -> Option<Self> {
        let head = &data.as_bytes()[..data.len().min(SYNC_WITHIN)];
        if head
            .windows(SYNC_MARK.len())
            .any(|window| window == SYNC_MARK)
        {
            return None;
        }
        let payload = match serde_json::from_str::<Frame<'_>>(data) {
            Ok(frame) => frame.payload.unwrap_or(Payload {
                kind: frame.kind,
                properties: frame.properties,
            }),
            Err(error) => return Some(malformed("", &error)),
        };
        if payload.kind == "sync" {
            return None;
        }
        let properties = payload.properties.map_or("{}", RawValue::get);
        let event = by_kind(&payload.kind, properties);
        Some(event.unwrap_or_else(|error| malformed(&payload.kind, &error)))
    }
}

/// Both envelopes in one: `/global/event` has a payload, `/event` is one.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    payload: Option<Payload<'a>>,
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::word")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    properties: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::word")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    properties: Option<&'a RawValue>,
}

/// The message says where, never what: values may be secret.
fn malformed(kind: &str, error: &serde_json::Error) -> Event {
    Event::Malformed {
        kind: kind.to_owned(),
        problem: format!("{:?} error at column {}", error.classify(), error.column()),
    }
}

fn by_kind(kind: &str, json: &str) -> Result<Event, serde_json::Error> {
    // Requests report themselves whether they could be decoded.
    match kind {
        "permission.asked" => return serde_json::from_str(json).map(Event::PermissionAsked),
        "question.asked" => return serde_json::from_str(json).map(Event::QuestionAsked),
        _ => {}
    }
    let json = &*repair(json);
    Ok(match kind {
        "message.part.delta" => delta(json)?,
        "message.part.updated" => {
            let Updated { session_id, part } = serde_json::from_str(json)?;
            Event::PartUpdated { session_id, part }
        }
        "message.updated" => {
            let Info::<Message> { session_id, info } = serde_json::from_str(json)?;
            Event::MessageUpdated {
                session_id,
                info: Box::new(info),
            }
        }
        "server.connected" => Event::Connected,
        "server.heartbeat" => Event::Heartbeat,
        "server.instance.disposed" | "global.disposed" => {
            let Directory { directory } = serde_json::from_str(json)?;
            Event::Disposed { directory }
        }
        "session.created" | "session.updated" => {
            let Info::<Session> { info, .. } = serde_json::from_str(json)?;
            Event::SessionUpdated(info)
        }
        "session.status" => {
            let Status { session_id, status } = serde_json::from_str(json)?;
            Event::Status { session_id, status }
        }
        "session.error" => {
            let Failed { session_id, error } = serde_json::from_str(json)?;
            Event::SessionError { session_id, error }
        }
        "todo.updated" => {
            let Todos { session_id, todos } = serde_json::from_str(json)?;
            Event::Todos { session_id, todos }
        }
        "command.executed" => {
            let ran: Executed = serde_json::from_str(json)?;
            Event::CommandExecuted {
                session_id: ran.session_id,
                message_id: ran.message_id,
                name: ran.name,
                arguments: ran.arguments,
            }
        }
        "tui.command.execute" => {
            let Command { command } = serde_json::from_str(json)?;
            Event::Command { command }
        }
        _ => by_ids(kind, json)?,
    })
}

/// Kinds with nothing but ids.
fn by_ids(kind: &str, json: &str) -> Result<Event, serde_json::Error> {
    type Make = fn(Ids) -> Event;
    let make: Make = match kind {
        "session.deleted" => |ids| Event::SessionDeleted {
            session_id: ids.session,
        },
        "session.idle" => |ids| Event::Idle {
            session_id: ids.session,
        },
        "message.removed" => |ids| Event::MessageRemoved {
            session_id: ids.session,
            message_id: ids.message,
        },
        "message.part.removed" => |ids| Event::PartRemoved {
            session_id: ids.session,
            message_id: ids.message,
            part_id: ids.part,
        },
        "permission.replied" => |ids| Event::PermissionReplied {
            session_id: ids.session,
            request_id: ids.request,
        },
        "question.replied" | "question.rejected" => |ids| Event::QuestionReplied {
            session_id: ids.session,
            request_id: ids.request,
        },
        _ => {
            return Ok(Event::Unknown {
                kind: kind.to_owned(),
            });
        }
    };
    serde_json::from_str(json).map(make)
}

fn delta(json: &str) -> Result<Event, serde_json::Error> {
    #[derive(Deserialize)]
    struct Delta<'a> {
        #[serde(rename = "sessionID")]
        session_id: String,
        #[serde(rename = "messageID")]
        message_id: String,
        #[serde(rename = "partID")]
        part_id: String,
        #[serde(borrow, default, deserialize_with = "lenient::word")]
        field: Cow<'a, str>,
        #[serde(rename = "delta")]
        text: String,
    }
    let delta: Delta<'_> = serde_json::from_str(json)?;
    // Always `text` on 1.18.33; deltas of another field must not land in the text.
    if delta.field != "text" {
        return Ok(Event::Unknown {
            kind: format!("message.part.delta of {}", delta.field),
        });
    }
    Ok(Event::Delta {
        session_id: delta.session_id,
        message_id: delta.message_id,
        part_id: delta.part_id,
        text: delta.text,
    })
}

#[derive(Deserialize)]
struct Ids {
    #[serde(
        default,
        rename = "sessionID",
        deserialize_with = "lenient::or_default"
    )]
    session: String,
    #[serde(
        default,
        rename = "messageID",
        deserialize_with = "lenient::or_default"
    )]
    message: String,
    #[serde(default, rename = "partID", deserialize_with = "lenient::or_default")]
    part: String,
    #[serde(
        default,
        rename = "requestID",
        deserialize_with = "lenient::or_default"
    )]
    request: String,
}

#[derive(Deserialize)]
struct Info<T> {
    #[serde(
        default,
        rename = "sessionID",
        deserialize_with = "lenient::or_default"
    )]
    session_id: String,
    info: T,
}

#[derive(Deserialize)]
struct Updated {
    #[serde(
        default,
        rename = "sessionID",
        deserialize_with = "lenient::or_default"
    )]
    session_id: String,
    part: Part,
}

#[derive(Deserialize)]
struct Status {
    #[serde(rename = "sessionID")]
    session_id: String,
    status: SessionStatus,
}

#[derive(Deserialize)]
struct Failed {
    #[serde(default, rename = "sessionID", deserialize_with = "lenient::option")]
    session_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    error: ErrorInfo,
}

#[derive(Deserialize)]
struct Todos {
    #[serde(rename = "sessionID")]
    session_id: String,
    #[serde(default, deserialize_with = "lenient::list")]
    todos: Vec<Todo>,
}

#[derive(Deserialize)]
struct Executed {
    #[serde(rename = "sessionID")]
    session_id: String,
    #[serde(rename = "messageID")]
    message_id: String,
    name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    arguments: String,
}

#[derive(Deserialize)]
struct Command {
    command: String,
}

#[derive(Deserialize)]
struct Directory {
    #[serde(default, deserialize_with = "lenient::option")]
    directory: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    fn wrapped(payload: &str) -> String {
        format!(r#"{{"directory":"/home/user/project","project":"p","payload":{payload}}}"#)
    }

    #[test]
    fn both_envelopes_give_the_same_event_in_any_order_of_fields() {
        let bare = r#"{"properties":{"delta":"a\n","field":"text","partID":"prt_1","messageID":"msg_1","sessionID":"ses_1"},"type":"message.part.delta"}"#;

        let event = Event::parse(bare);

        assert_eq!(event, Event::parse(&wrapped(bare)));
        assert_eq!(
            event,
            Some(Event::Delta {
                session_id: "ses_1".into(),
                message_id: "msg_1".into(),
                part_id: "prt_1".into(),
                text: "a\n".into(),
            })
        );
    }

    #[test]
    fn repetitions_are_skipped_wherever_their_type_stands_and_only_they() {
        let early = wrapped(r#"{"type":"sync","syncEvent":{"type":"session.created.1"}}"#);
        let late = wrapped(r#"{"syncEvent":{"data":[1,2]},"type":"sync"}"#);
        let quoted = r#"{"directory":"/\"payload\":{\"type\":\"sync\"","payload":{"type":"server.heartbeat"}}"#;

        assert_eq!(Event::parse(&early), None);
        assert_eq!(Event::parse(&late), None);
        assert_eq!(Event::parse(quoted), Some(Event::Heartbeat));
    }

    #[test]
    fn odd_events_are_kept_by_name_and_their_values_are_not() {
        let unknown = wrapped(r#"{"type":"session.next.step.ended","properties":{"a":1}}"#);
        let odd = wrapped(
            r#"{"type":"session.status","properties":{"sessionID":"s","status":"sk-key"}}"#,
        );

        assert_eq!(
            Event::parse(&unknown),
            Some(Event::Unknown {
                kind: "session.next.step.ended".into()
            })
        );
        let Some(Event::Malformed { kind, problem }) = Event::parse(&odd) else {
            panic!()
        };
        assert_eq!(kind, "session.status");
        assert!(!problem.contains("sk-key"), "{problem}");
    }

    #[test]
    fn lone_surrogates_cost_nothing_but_themselves() {
        let delta = wrapped(
            r#"{"type":"message.part.delta","properties":{"sessionID":"s","messageID":"m","partID":"p","field":"text","delta":"a\ud800b"}}"#,
        );
        let part = wrapped(
            r#"{"type":"message.part.updated","properties":{"sessionID":"s","part":{"id":"p","messageID":"m","type":"text","text":"whole \udc00 text"}}}"#,
        );
        let asked = wrapped(
            r#"{"type":"permission.asked","properties":{"id":"per","sessionID":"s","permission":"bash","metadata":{"command":"rm \ud800"}}}"#,
        );

        let Some(Event::Delta { text, .. }) = Event::parse(&delta) else {
            panic!()
        };
        assert_eq!(text, "a\u{fffd}b");
        let Some(Event::PartUpdated { part, .. }) = Event::parse(&part) else {
            panic!()
        };
        assert!(format!("{:?}", part.body).contains("whole \u{fffd} text"));
        let Some(Event::PermissionAsked(asked)) = Event::parse(&asked) else {
            panic!()
        };
        assert!(asked.undecodable);
    }

    #[test]
    fn metadata_of_a_foreign_shape_does_not_spoil_its_part() {
        let frame = wrapped(
            r#"{"type":"message.part.updated","properties":{"sessionID":"ses_1","part":{"id":"prt_1","messageID":"msg_1","type":"tool","tool":"mine","callID":"c","state":{"status":"completed","input":{"b":[1, 2],"a":"x\ny"},"output":{"not":"text"},"metadata":{"output":7,"exit":"no","todos":3}}}}}"#,
        );

        let Some(Event::PartUpdated { part, .. }) = Event::parse(&frame) else {
            panic!()
        };

        let PartBodyTool(tool) = part.body.into();
        assert_eq!(tool.state.status, "completed");
        assert_eq!(
            tool.state.input.0,
            [
                ("b".to_owned(), "[1, 2]".to_owned()),
                ("a".to_owned(), "x\ny".to_owned())
            ]
        );
        assert_eq!((tool.state.output, tool.state.metadata.exit), (None, None));
    }

    struct PartBodyTool(super::super::part::ToolPart);

    impl From<super::super::part::PartBody> for PartBodyTool {
        fn from(body: super::super::part::PartBody) -> Self {
            match body {
                super::super::part::PartBody::Tool(tool) => Self(*tool),
                other => panic!("{other:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(data in ".{0,200}") {
            let _ = Event::parse(&data);
        }

        #[test]
        fn cut_and_damaged_frames_never_panic(at in 0_usize..200, byte in any::<char>()) {
            let frame = wrapped(r#"{"type":"message.part.updated","properties":{"sessionID":"s","part":{"id":"p","type":"text","text":"ä","time":{"start":1.5}}}}"#);
            let mut chars: Vec<char> = frame.chars().collect();
            let at = at.min(chars.len() - 1);
            chars[at] = byte;
            let _ = Event::parse(&chars.iter().collect::<String>());
            let _ = Event::parse(&chars[..at].iter().collect::<String>());
        }
    }
}
