//! A chat completion request, as far as the scripts need it.
//!
//! Every field may be missing or have another type: a value that cannot be read counts as absent.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The content of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelRequest {
    pub(super) stream: bool,
    pub(super) kind: RequestKind,
    /// The user's last prompt, without OpenCode's additions.
    pub(super) prompt: String,
    /// What came with the last prompt: the content of files, the size of images.
    pub(super) attached: Vec<String>,
    /// There is no answer before the last prompt.
    pub(super) first_turn: bool,
    /// How often the model has answered since the last prompt: the step of the script.
    pub(super) answered: usize,
    /// The tools that the model may call.
    pub(super) tools: HashSet<String>,
    /// The user's choice in the last question of this turn.
    pub(super) answer: Option<String>,
    /// The last tool result in this turn says that the user refused the call.
    pub(super) refused: bool,
    /// The agent's working directory; empty if it is unknown.
    pub(super) directory: String,
    /// The number of messages in the conversation; makes the ids of calls unique in it.
    pub(super) length: usize,
    /// A rough count: one token for four characters.
    pub(super) tokens: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    Chat,
    /// OpenCode wants a title for the conversation.
    Title,
    /// OpenCode wants a summary in place of the conversation.
    Summary,
}

impl ModelRequest {
    pub(super) fn read(body: &Value) -> Self {
        let none = Vec::new();
        let messages = body["messages"].as_array().unwrap_or(&none);
        let system: String = by_role(messages, "system").map(text_of).collect();
        let last_user = messages
            .iter()
            .rposition(|message| message["role"] == "user");
        let (before, after) = match last_user {
            Some(index) => (&messages[..index], &messages[index + 1..]),
            None => (&messages[..0], &messages[..]),
        };
        Self {
            stream: body["stream"].as_bool().unwrap_or(false),
            kind: kind_of(&system),
            prompt: last_user.map_or_else(String::new, |index| typed(&messages[index])),
            attached: last_user.map_or_else(Vec::new, |index| attached(&messages[index])),
            first_turn: by_role(before, "assistant").next().is_none(),
            answered: by_role(after, "assistant").count(),
            tools: tools_of(body),
            answer: answer_of(after),
            refused: by_role(after, "tool")
                .next_back()
                .is_some_and(|result| is_refusal(&text_of(result))),
            directory: directory_of(&system),
            length: messages.len(),
            tokens: messages.iter().map(|m| text_of(m).len() as u64 / 4).sum(),
        }
    }
}

fn by_role<'a>(
    messages: &'a [Value],
    role: &'a str,
) -> impl DoubleEndedIterator<Item = &'a Value> + 'a {
    messages
        .iter()
        .filter(move |message| message["role"] == role)
}

/// Content is a text or a list of typed parts.
fn texts(message: &Value) -> Vec<&str> {
    match &message["content"] {
        Value::String(text) => vec![text],
        Value::Array(parts) => parts.iter().filter_map(|p| p["text"].as_str()).collect(),
        _ => Vec::new(),
    }
}

fn text_of(message: &Value) -> String {
    texts(message).join("\n")
}

/// Drops the texts that OpenCode adds to a prompt: reminders and the content of attached files
/// (observed on 1.18.33).
fn typed(message: &Value) -> String {
    let own = |text: &&str| {
        let text = text.trim_start();
        !text.starts_with('<') && !text.starts_with("Called the ")
    };
    let texts: Vec<&str> = texts(message).into_iter().filter(own).collect();
    texts.join("\n").trim().to_owned()
}

/// Files are texts that begin with their path, images are parts of their own (observed on 1.18.33).
fn attached(message: &Value) -> Vec<String> {
    let none = Vec::new();
    let parts = message["content"].as_array().unwrap_or(&none).iter();
    let found = parts.filter_map(|part| match part["type"].as_str()? {
        "image_url" => {
            let url = part["image_url"]["url"].as_str()?;
            let (kind, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
            Some(format!(
                "{kind}, {} bytes",
                STANDARD.decode(data).ok()?.len()
            ))
        }
        _ => part["text"]
            .as_str()
            .filter(|text| text.starts_with("<path>"))
            .map(str::to_owned),
    });
    found.collect()
}

/// Recognises OpenCode's own system prompts by how they begin (observed on 1.18.33).
fn kind_of(system: &str) -> RequestKind {
    if system.starts_with("You are a title generator") {
        RequestKind::Title
    } else if system.starts_with("You are a context summarization agent") {
        RequestKind::Summary
    } else {
        RequestKind::Chat
    }
}

fn tools_of(body: &Value) -> HashSet<String> {
    body["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tool| tool["function"]["name"].as_str())
        .map(str::to_owned)
        .collect()
}

/// The directory in OpenCode's environment block (observed on 1.18.33).
fn directory_of(system: &str) -> String {
    system
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("Working directory: "))
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// A question's result reads: `User has answered your questions: "Which?"="Blue". You can …`
/// (observed on 1.18.33). The answer may be free text of the user: only characters that are
/// harmless inside a file and a command are kept.
fn answer_of(turn: &[Value]) -> Option<String> {
    let results: Vec<String> = by_role(turn, "tool").map(text_of).collect();
    let result = results
        .iter()
        .rev()
        .find(|text| text.starts_with("User has answered"))?;
    let after = result.split_once("\"=\"")?.1;
    let answer: String = after
        .split('"')
        .next()?
        .chars()
        .filter(|c| c.is_alphanumeric() || " ,.!?-".contains(*c))
        .take(60)
        .collect();
    let answer = answer.trim();
    (!answer.is_empty() && answer != "Unanswered").then(|| answer.to_owned())
}

/// With a message, a refusal does not end the turn, and the tool result says so (observed on
/// 1.18.33).
fn is_refusal(result: &str) -> bool {
    result.contains("rejected permission")
}
