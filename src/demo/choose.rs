//! Chooses the answer to a request: which script, which step, with every placeholder filled in.

use std::time::Duration;

use serde_json::Value;

use super::request::{ModelRequest, RequestKind};
use super::script::{Script, ScriptBook, ScriptFault, ScriptStep};

/// The longest title that OpenCode's own instructions allow.
const TITLE_CHARS: usize = 50;
const QUOTED_CHARS: usize = 200;

/// The model's answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ModelAnswer {
    Say(Speech),
    /// The provider fails with this HTTP status.
    Fail {
        status: u16,
        message: String,
    },
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Speech {
    pub(super) think: String,
    pub(super) say: String,
    /// Name, arguments. Empty if the turn ends here.
    pub(super) calls: Vec<(String, Value)>,
    /// The delay between two chunks, if the script sets one.
    pub(super) pace: Option<Duration>,
}

/// Chooses the answer.
pub(super) fn answer(book: &ScriptBook, request: &ModelRequest) -> ModelAnswer {
    match request.kind {
        RequestKind::Title => say(title(&request.prompt)),
        RequestKind::Summary => say(SUMMARY.to_owned()),
        RequestKind::Chat => {
            let script = script_for(book, request);
            match &script.fault {
                Some(ScriptFault { status, message }) => ModelAnswer::Fail {
                    status: *status,
                    message: message.clone(),
                },
                None => ModelAnswer::Say(speech(book, script, request)),
            }
        }
    }
}

const SUMMARY: &str = "## Goal\n\nSee what sandbar does, with the demo model.\n\n\
    ## Progress\n\nThe conversation before this point was summarized by a script, not by a model.\n";

fn say(text: String) -> ModelAnswer {
    ModelAnswer::Say(Speech {
        say: text,
        ..Speech::default()
    })
}

/// The script of the first keyword in the prompt; without one, the tour for the first prompt and
/// the echo for later ones.
fn script_for<'a>(book: &'a ScriptBook, request: &ModelRequest) -> &'a Script {
    let words = request
        .prompt
        .split(|c: char| !c.is_alphanumeric() && c != '_');
    let keyword = words.into_iter().find_map(|word| book.by_keyword(word));
    keyword.unwrap_or(if request.first_turn {
        &book.tour
    } else {
        &book.echo
    })
}

fn speech(book: &ScriptBook, script: &Script, request: &ModelRequest) -> Speech {
    let fill = |text: &str, n: u32| fill(text, book, script, request, n);
    let pace = script.pace_ms.map(Duration::from_millis);
    if let (true, Some(refused)) = (request.refused, &script.refused) {
        return Speech {
            say: fill(refused, 1),
            pace,
            ..Speech::default()
        };
    }
    let step = possible_steps(script, request)
        .into_iter()
        .nth(request.answered)
        .unwrap_or_else(|| ScriptStep {
            say: "That is all there is to this script.".to_owned(),
            ..ScriptStep::default()
        });
    let say = (1..=step.repeat.unwrap_or(1)).map(|n| fill(&step.say, n));
    Speech {
        think: fill(&step.think, 1),
        say: say.collect(),
        calls: step
            .calls
            .iter()
            .map(|call| (call.tool.clone(), fill_value(&call.args, &fill)))
            .collect(),
        pace,
    }
}

/// Drops calls of tools that this request does not offer (a sub-agent has no questions). A step
/// that loses all its calls passes its text to the next one.
fn possible_steps(script: &Script, request: &ModelRequest) -> Vec<ScriptStep> {
    let mut steps = Vec::new();
    let mut carried = String::new();
    for step in &script.steps {
        let mut possible = step.clone();
        possible
            .calls
            .retain(|call| request.tools.contains(&call.tool));
        possible.say.insert_str(0, &std::mem::take(&mut carried));
        if possible.calls.is_empty() && !step.calls.is_empty() {
            carried = possible.say + "\n\n";
        } else {
            steps.push(possible);
        }
    }
    steps
}

/// Replaces `{name}` in one pass, so that inserted text is never parsed as a placeholder.
fn fill(text: &str, book: &ScriptBook, script: &Script, request: &ModelRequest, n: u32) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let name = rest.find('}').map_or("", |close| &rest[1..close]);
        let value = match name {
            "prompt" => one_line(&request.prompt, QUOTED_CHARS),
            "directory" if request.directory.is_empty() => ".".to_owned(),
            "directory" => request.directory.clone(),
            "answer" => request
                .answer
                .clone()
                .unwrap_or_else(|| script.answer.clone()),
            "attached" if request.attached.is_empty() => "nothing".to_owned(),
            "attached" => request.attached.join("\n"),
            "keywords" => book.keywords(),
            "n" => n.to_string(),
            _ => {
                filled.push('{');
                rest = &rest[1..];
                continue;
            }
        };
        filled.push_str(&value);
        rest = &rest[name.len() + 2..];
    }
    filled.push_str(rest);
    filled
}

fn fill_value(value: &Value, fill: &impl Fn(&str, u32) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, 1)),
        Value::Array(items) => items.iter().map(|item| fill_value(item, fill)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), fill_value(field, fill)))
            .collect(),
        other => other.clone(),
    }
}

/// Makes a title from the prompt's first words.
fn title(prompt: &str) -> String {
    let line = one_line(prompt, TITLE_CHARS);
    let mut chars = line.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "Demo".to_owned(),
    }
}

/// Joins everything on one line, cut at a word if it is longer than `max` characters.
fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        let free = max.saturating_sub(line.chars().count() + usize::from(!line.is_empty()));
        if word.chars().count() > free {
            if line.is_empty() {
                line = word.chars().take(max.saturating_sub(1)).collect();
            } else if free == 0 {
                line.pop();
            }
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
