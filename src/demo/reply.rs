//! Formats an answer as the body of a response: server-sent events, or one JSON object.
//!
//! Both always end with a finish reason and usage: OpenCode repeats a step without a finish reason
//! at once and for ever (observed on 1.18.33).

use serde_json::{Value, json};

use super::MODEL;
use super::choose::Speech;
use super::request::ModelRequest;

/// Returns the frames of a stream in order, each a whole event; the last one is `[DONE]`.
pub(super) fn frames(speech: &Speech, request: &ModelRequest) -> Vec<String> {
    let mut frames = vec![delta(&json!({ "role": "assistant", "content": "" }))];
    let think = pieces(&speech.think).map(|text| delta(&json!({ "reasoning_content": text })));
    frames.extend(think);
    frames.extend(pieces(&speech.say).map(|text| delta(&json!({ "content": text }))));
    for (index, (id, name, arguments)) in calls(speech, request).enumerate() {
        let call = |function: Value| {
            let mut call = json!({ "index": index, "function": function });
            if call["function"].get("name").is_some() {
                call["id"] = json!(id);
                call["type"] = json!("function");
            }
            delta(&json!({ "tool_calls": [call] }))
        };
        frames.push(call(json!({ "name": name, "arguments": "" })));
        let arguments = pieces(&arguments).map(|text| call(json!({ "arguments": text })));
        frames.extend(arguments.collect::<Vec<_>>());
    }
    frames.push(frame(&chunk(
        &json!([{ "index": 0, "delta": {}, "finish_reason": finish(speech) }]),
        &Value::Null,
    )));
    frames.push(frame(&chunk(&json!([]), &usage(speech, request))));
    frames.push("data: [DONE]\n\n".to_owned());
    frames
}

/// Returns the whole answer as one object.
pub(super) fn whole(speech: &Speech, request: &ModelRequest) -> Value {
    let mut message = json!({ "role": "assistant", "content": speech.say });
    if !speech.think.is_empty() {
        message["reasoning_content"] = json!(speech.think);
    }
    let calls: Vec<Value> = calls(speech, request)
        .map(|(id, name, arguments)| {
            json!({
                "id": id,
                "type": "function",
                "function": { "name": name, "arguments": arguments },
            })
        })
        .collect();
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    json!({
        "id": "chatcmpl-demo",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [{ "index": 0, "message": message, "finish_reason": finish(speech) }],
        "usage": usage(speech, request),
    })
}

/// The body of an error, in OpenAI's format.
pub(super) fn error(message: &str, kind: &str) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": null } })
}

/// Id, name, arguments as JSON text.
fn calls<'a>(
    speech: &'a Speech,
    request: &'a ModelRequest,
) -> impl Iterator<Item = (String, &'a str, String)> {
    let length = request.length;
    speech
        .calls
        .iter()
        .enumerate()
        .map(move |(index, (name, arguments))| {
            let id = format!("call_{length}_{index}");
            (id, name.as_str(), arguments.to_string())
        })
}

fn finish(speech: &Speech) -> &'static str {
    if speech.calls.is_empty() {
        "stop"
    } else {
        "tool_calls"
    }
}

fn usage(speech: &Speech, request: &ModelRequest) -> Value {
    let output = pieces(&speech.say).count() + speech.calls.len() * 20;
    let reasoning = pieces(&speech.think).count();
    let completion = (output + reasoning) as u64;
    json!({
        "prompt_tokens": request.tokens,
        "completion_tokens": completion,
        "total_tokens": request.tokens + completion,
        "completion_tokens_details": { "reasoning_tokens": reasoning },
    })
}

fn delta(delta: &Value) -> String {
    let choices = json!([{ "index": 0, "delta": delta, "finish_reason": null }]);
    frame(&chunk(&choices, &Value::Null))
}

fn chunk(choices: &Value, usage: &Value) -> Value {
    json!({
        "id": "chatcmpl-demo",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL,
        "choices": choices,
        "usage": usage,
    })
}

/// JSON text contains no line break, so one `data:` line is enough.
fn frame(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// Splits a text as a model would: words with the space before them, and long words in pieces.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    const LONGEST: usize = 24;
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut in_word = false;
        let end = rest
            .char_indices()
            .enumerate()
            .find_map(|(count, (index, c))| {
                let boundary = in_word && c.is_whitespace();
                in_word |= !c.is_whitespace();
                (boundary || count >= LONGEST).then_some(index)
            })
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}
