//! Odd values in every field of every type: `null`, and values of another type.
//!
//! Each sample below, and each frame of the recorded streams, is tried with each of its fields in turn replaced by
//! each odd value, without the field, and with a field that nobody knows beside it. The object must still be parsed,
//! except if the field identifies it.
//! `tests/it/opencode/wire_types.rs` verifies the same for all types from their source.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::command::{CommandInfo, FileNode, McpResource};
use super::event::Event;
use super::message::{List, MessageWithParts};
use super::part::Part;
use super::provider::{Agent, Config, Providers};
use super::request::{PermissionRequest, QuestionRequest};
use super::session::{self, Health, Session, SessionStatus, Statuses, Todo};
use super::status::{FileDiff, FormatterStatus, LspStatus, McpStatuses, ProviderList, VcsInfo};

fn odd_values() -> [Value; 6] {
    [
        Value::Null,
        json!("odd"),
        json!(-1.5),
        json!(true),
        json!([null, "odd", {"odd": [1]}]),
        json!({"odd": {"odd": null}}),
    ]
}

/// JSON pointers to all values inside `value`.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (name, value) in below {
        let pointer = format!("{here}/{name}");
        pointers(value, &pointer, found);
        found.push(pointer);
    }
}

/// All copies of `sample` without one of its fields, and with one more, and its position.
fn incomplete(sample: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    pointers(sample, "", &mut places);
    let mut found = Vec::new();
    for place in places {
        let (parent, field) = place.rsplit_once('/').unwrap();
        let field = field.replace("~1", "/").replace("~0", "~");
        let (mut without, mut with_more) = (sample.clone(), sample.clone());
        let Some(Value::Object(fields)) = without.pointer_mut(parent) else {
            continue;
        };
        fields.remove(&field);
        if let Some(Value::Object(fields)) = with_more.pointer_mut(parent) {
            fields.insert("nobody knows".to_owned(), json!({"odd": [null, 1]}));
        }
        found.push((place.clone(), without));
        found.push((place.clone(), with_more));
    }
    found
}

/// All copies of `sample` with an odd value somewhere, and its position.
fn oddities(sample: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    pointers(sample, "", &mut places);
    let spoiled = |place: &String| {
        let place = place.clone();
        odd_values().map(|odd| {
            let mut spoiled = sample.clone();
            *spoiled.pointer_mut(&place).unwrap() = odd;
            (place.clone(), spoiled)
        })
    };
    places.iter().flat_map(spoiled).collect()
}

/// The positions where some odd value makes the whole unreadable.
fn breaking(sample: &Value, is_read: impl Fn(&str) -> bool) -> Vec<String> {
    assert!(is_read(&sample.to_string()), "{sample}");
    let mut spoiled = oddities(sample);
    spoiled.extend(incomplete(sample));
    let mut places: Vec<String> = spoiled
        .into_iter()
        .filter(|(_, spoiled)| !is_read(&spoiled.to_string()))
        .map(|(place, _)| place)
        .collect();
    let mut seen = std::collections::HashSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places
}

/// Only the fields in `identifying` may make it unreadable.
fn check<T: DeserializeOwned>(sample: &Value, identifying: &[&str]) {
    let is_read = |json: &str| serde_json::from_str::<T>(json).is_ok();
    assert_eq!(
        breaking(sample, is_read),
        identifying,
        "{}",
        std::any::type_name::<T>()
    );
}

fn tokens() -> Value {
    json!({"input": 1, "output": 2, "reasoning": 3, "cache": {"read": 4, "write": 5}})
}

fn times() -> Value {
    json!({"created": 1, "updated": 2, "completed": 3, "archived": 4, "start": 5, "end": 6})
}

#[test]
fn an_odd_value_of_a_session_or_a_catalog_never_costs_it() {
    let rule = json!({"permission": "bash", "pattern": "*", "action": "ask"});
    check::<Health>(
        &json!({"healthy": true, "version": "1.18.33"}),
        &["/version"],
    );
    check::<session::Path>(
        &json!({"home": "/h", "worktree": "/w", "directory": "/w/d"}),
        &["/directory"],
    );
    check::<Session>(
        &json!({
            "id": "ses_1", "parentID": "ses_0", "title": "t", "directory": "/w", "cost": 0.5,
            "tokens": tokens(), "time": times(), "permission": [rule],
            "revert": {"messageID": "msg_1", "partID": "prt_1"},
        }),
        &["/id"],
    );
    let retry = json!({"type": "retry", "attempt": 1, "message": "m", "next": 2});
    check::<SessionStatus>(&retry, &[]);
    check::<Statuses>(&json!({"ses_1": retry, "ses_2": {"type": "busy"}}), &[]);
    check::<Todo>(&json!({"content": "c", "status": "s"}), &["/content"]);
    check::<List<Todo>>(&json!([{"content": "c", "status": "s"}]), &[]);
    check::<Agent>(
        &json!({"name": "a", "description": "d", "mode": "primary", "hidden": false}),
        &["/name"],
    );
    check::<Config>(&json!({"model": "p/m"}), &[]);
    let model = json!({
        "name": "m", "limit": {"context": 1}, "status": "active", "cost": {"input": 0.5, "output": 2},
        "capabilities": {"reasoning": true, "toolcall": true, "input": {"image": true}},
        "variants": {"high": {"disabled": false}},
    });
    check::<Providers>(
        &json!({
            "providers": [{"id": "p", "name": "P", "models": {"m": model}}], "default": {"p": "m"},
        }),
        &[],
    );
}

#[test]
fn an_odd_value_of_a_servers_state_never_costs_it() {
    check::<McpStatuses>(
        &json!({"a": {"status": "failed", "error": "e"}, "b": {"status": "connected"}}),
        &[],
    );
    check::<LspStatus>(
        &json!({"id": "i", "name": "n", "root": "r", "status": "error"}),
        &["/name"],
    );
    check::<FormatterStatus>(
        &json!({"name": "n", "extensions": [".rs"], "enabled": true}),
        &["/name"],
    );
    check::<VcsInfo>(&json!({"branch": "b", "default_branch": "m"}), &[]);
    check::<FileDiff>(
        &json!({"file": "f", "patch": "p", "additions": 1, "deletions": 2, "status": "added"}),
        &["/file"],
    );
    check::<ProviderList>(
        &json!({"all": [{"id": "i", "name": "n"}], "connected": ["i"], "default": {"i": "m"}}),
        &[],
    );
}

#[test]
fn an_odd_value_of_what_a_prompt_can_name_never_costs_it() {
    check::<CommandInfo>(
        &json!({"name": "c", "description": "d", "source": "command", "hints": ["$1"]}),
        &["/name"],
    );
    check::<McpResource>(
        &json!({"name": "n", "uri": "u", "client": "c", "description": "d", "mimeType": "m"}),
        &["/client", "/name", "/uri"],
    );
    check::<FileNode>(
        &json!({"path": "p", "type": "file", "ignored": false}),
        &["/path"],
    );
}

#[test]
fn an_odd_value_of_a_message_never_costs_it() {
    check::<MessageWithParts>(
        &json!({
            "info": {
                "id": "msg_1", "sessionID": "ses_1", "role": "assistant", "parentID": "msg_0",
                "time": times(), "agent": "build",
                "model": {"providerID": "p", "modelID": "m", "variant": "v"},
                "providerID": "p", "modelID": "m", "variant": "v", "error": {"name": "n", "data": {"message": "m"}},
                "finish": "stop", "cost": 0.5, "tokens": tokens(), "summary": true,
            },
            "parts": [{"id": "prt_1", "messageID": "msg_1", "type": "text", "text": "t"}],
        }),
        &["/info/id", "/info"],
    );
    check::<Part>(
        &json!({
            "id": "prt_1", "messageID": "msg_1", "type": "tool", "text": "t", "synthetic": true,
            "time": times(), "tool": "bash", "callID": "c", "mime": "m", "filename": "f",
            "reason": "r", "cost": 0.5, "tokens": tokens(), "files": ["f"], "auto": true, "attempt": 1,
            "error": {"name": "n", "data": {"message": "m"}},
            "state": {
                "status": "completed", "input": {"command": "ls"}, "output": "o", "title": "t",
                "error": "e", "time": times(),
                "metadata": {
                    "output": "o", "exit": 0, "diff": "d", "sessionId": "ses_2",
                    "todos": [{"content": "c", "status": "s"}],
                },
            },
        }),
        &["/id"],
    );
}

#[test]
fn an_odd_value_of_a_request_never_costs_it() {
    let tool = json!({"messageID": "msg_1", "callID": "c"});
    check::<PermissionRequest>(
        &json!({
            "id": "per_1", "sessionID": "ses_1", "permission": "bash", "patterns": ["ls"],
            "always": ["ls *"], "metadata": {"command": "ls"}, "tool": tool,
        }),
        &["/id", "/sessionID"],
    );
    check::<QuestionRequest>(
        &json!({
            "id": "q_1", "sessionID": "ses_1", "tool": tool,
            "questions": [{
                "question": "q", "header": "h", "multiple": true, "custom": false,
                "options": [{"label": "l", "description": "d"}],
            }],
        }),
        &["/id", "/sessionID"],
    );
}

#[test]
fn a_null_costs_an_answer_nothing_that_stands_beside_it() {
    let agents = r#"[{"name":"mine","hidden":null,"mode":null,"description":null}]"#;
    let List(agents): List<Agent> = serde_json::from_str(agents).unwrap();
    assert_eq!(agents.len(), 1);

    let providers = r#"{"providers":[{"id":"p","name":null,"models":{"a":null,"b":{"name":"B"}}}],"default":{"p":"b","q":null}}"#;
    let providers: Providers = serde_json::from_str(providers).unwrap();
    assert_eq!(providers.default.len(), 1);
    assert_eq!(providers.providers[0].models.0[0].0, "b");

    let statuses = r#"{"a":{"type":"busy"},"b":null,"c":{"type":null},"d":7}"#;
    let Statuses(statuses) = serde_json::from_str(statuses).unwrap();
    assert_eq!(statuses.get("a"), Some(&SessionStatus::Busy));
    assert_eq!(statuses.get("b"), None);
    assert_eq!(statuses.get("c"), Some(&SessionStatus::Unknown));
    assert_eq!(statuses.get("d"), Some(&SessionStatus::Unknown));

    let asked = r#"{"id":"q","sessionID":"s","questions":[{"question":"Which?","header":null,"options":[{"label":"a","description":null}],"multiple":null}]}"#;
    let asked: QuestionRequest = serde_json::from_str(asked).unwrap();
    assert_eq!((asked.questions.len(), asked.undecodable), (1, false));
}

/// The fields that identify an event; without them there is none.
const IDENTIFYING: [&str; 10] = [
    "/type",
    "/properties",
    "/properties/sessionID",
    "/properties/messageID",
    "/properties/partID",
    "/properties/id",
    "/properties/info",
    "/properties/info/id",
    "/properties/part",
    "/properties/part/id",
];

/// Kinds that consist of these fields alone.
const ALL_THEY_SAY: [(&str, &str); 4] = [
    ("command.executed", "/properties/name"),
    ("session.status", "/properties/status"),
    ("message.part.delta", "/properties/delta"),
    ("tui.command.execute", "/properties/command"),
];

#[test]
fn an_odd_value_in_a_recorded_event_never_costs_the_event() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode");
    let mut tried = 0;
    for entry in std::fs::read_dir(fixtures).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let bare = line.get("ev").or_else(|| line.pointer("/gev/payload"));
            let Some(event) = bare.filter(|event| event.is_object()) else {
                continue;
            };
            let kind = event["type"].as_str().unwrap_or_default();
            let is_allowed = |place: &String| {
                IDENTIFYING.contains(&place.as_str()) || ALL_THEY_SAY.contains(&(kind, place))
            };
            let is_read = |json: &str| !matches!(Event::parse(json), Some(Event::Malformed { .. }));
            let lost = breaking(event, is_read);
            let lost: Vec<&String> = lost.iter().filter(|place| !is_allowed(place)).collect();
            assert!(lost.is_empty(), "{kind}: {lost:?}");
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried}");
}
