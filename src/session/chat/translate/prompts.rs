//! Prompts, and what they can name: domain → wire and back.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::parts;
use crate::domain::chat::ModelRef;
use crate::domain::prompt::{
    Attachment, Command, LineRange, LocalFile, PromptKind, PromptOffers, PromptPart, Resource,
    split_command, split_shell,
};
use crate::domain::session::Prompt;
use crate::opencode::wire::command::{CommandInfo, CommandRequest, McpResource, ShellRequest};
use crate::opencode::wire::message::{
    FileSource, MessageWithParts, ModelReference, PartInput, PromptRequest, SourceText,
};
use crate::opencode::wire::part::{Part, PartBody, PartSource, SourceSpan};
use crate::opencode::wire::provider;

/// The agent of a shell line that names none: the server wants one (1.18.33).
const SHELL_AGENT: &str = "build";

/// What is kept as it is in a path of a URL.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The request for a prompt, by its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostRequest {
    Message(PromptRequest),
    Command(CommandRequest),
    Shell(ShellRequest),
}

/// The ids are included. `kind`: how the server takes it. `directory` is the conversation's, absolute.
pub fn request(prompt: &Prompt, kind: PromptKind, directory: &str) -> PostRequest {
    let message_id = prompt.message.as_str().to_owned();
    let parts = prompt.parts.iter();
    let mut parts = parts.map(|part| part_input(part, &prompt.text, directory));
    match kind {
        PromptKind::Message | PromptKind::CommandIfKnown => {
            let text = PartInput::Text {
                id: prompt.part.as_str().to_owned(),
                text: prompt.text.clone(),
            };
            PostRequest::Message(PromptRequest {
                message_id,
                parts: std::iter::once(text).chain(parts).collect(),
                model: prompt.model.as_ref().map(model),
                agent: prompt.agent.clone(),
                variant: prompt.variant.clone(),
            })
        }
        PromptKind::Command => {
            let (command, arguments) = split_command(&prompt.text).unwrap_or(("", &prompt.text));
            let model = prompt.model.as_ref();
            PostRequest::Command(CommandRequest {
                message_id,
                command: command.to_owned(),
                arguments: arguments.to_owned(),
                agent: prompt.agent.clone(),
                model: model.map(|model| format!("{}/{}", model.provider, model.model)),
                variant: prompt.variant.clone(),
                parts: parts
                    .by_ref()
                    .filter(|part| matches!(part, PartInput::File { .. }))
                    .collect(),
            })
        }
        PromptKind::Shell => PostRequest::Shell(ShellRequest {
            message_id,
            agent: prompt
                .agent
                .clone()
                .unwrap_or_else(|| SHELL_AGENT.to_owned()),
            command: split_shell(&prompt.text).unwrap_or(&prompt.text).to_owned(),
            model: prompt.model.as_ref().map(model),
        }),
    }
}

fn model(model: &ModelRef) -> ModelReference {
    ModelReference {
        provider_id: model.provider.clone(),
        model_id: model.model.clone(),
    }
}

fn part_input(part: &PromptPart, text: &str, directory: &str) -> PartInput {
    let id = part.id.as_str().to_owned();
    let place = part.place.clone();
    let place = place.and_then(|place| source_text(text, place));
    match &part.what {
        Attachment::SandboxFile { path, lines } => PartInput::File {
            id,
            mime: mime_of(path).to_owned(),
            filename: path.clone(),
            url: file_url(directory, path, *lines),
            source: place.map(|text| FileSource::File {
                path: path.clone(),
                text,
            }),
        },
        Attachment::Local(file) => PartInput::File {
            id,
            mime: file.mime.clone(),
            filename: file.name.clone(),
            url: format!("data:{};base64,{}", file.mime, file.base64),
            source: place.map(|text| FileSource::File {
                path: file.name.clone(),
                text,
            }),
        },
        Attachment::Resource(resource) => PartInput::File {
            id,
            mime: if resource.mime.is_empty() {
                "text/plain".to_owned()
            } else {
                resource.mime.clone()
            },
            filename: resource.name.clone(),
            url: resource.uri.clone(),
            source: place.map(|text| FileSource::Resource {
                client_name: resource.server.clone(),
                uri: resource.uri.clone(),
                text,
            }),
        },
        Attachment::Agent { name } => PartInput::Agent {
            id,
            name: name.clone(),
            source: place,
        },
    }
}

fn source_text(text: &str, place: std::ops::Range<usize>) -> Option<SourceText> {
    let value = text.get(place.clone())?;
    let start = text.get(..place.start)?.encode_utf16().count();
    Some(SourceText {
        end: start + value.encode_utf16().count(),
        start,
        value: value.to_owned(),
    })
}

/// The server reads a file as what its type says; to OpenCode's own client all files are texts, and so no image of
/// the sandbox reaches the model.
fn mime_of(path: &str) -> &'static str {
    if path.ends_with('/') {
        return "application/x-directory";
    }
    let ending = path
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("pdf") => "application/pdf",
        _ => "text/plain",
    }
}

fn file_url(directory: &str, path: &str, lines: Option<LineRange>) -> String {
    let absolute = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{path}", directory.trim_end_matches('/'))
    };
    let path = utf8_percent_encode(&absolute, PATH);
    match lines {
        Some(LineRange { first, last }) => {
            let last = last.unwrap_or(first);
            format!("file://{path}?start={first}&end={last}")
        }
        None => format!("file://{path}"),
    }
}

/// What was typed for a command of the server.
pub(super) fn command_line(name: &str, arguments: &str) -> String {
    format!("/{name} {arguments}").trim_end().to_owned()
}

/// A prompt as the server has it, to be edited and sent again.
pub fn composed(known: MessageWithParts, directory: &str) -> Prompt {
    let info = parts::message(known.info);
    let is_text = |part: &&Part| {
        matches!(
            &part.body,
            PartBody::Text {
                synthetic: false,
                ..
            }
        )
    };
    let first = known.parts.iter().find(is_text);
    let part = first.map_or_else(String::new, |part| part.id.clone());
    let texts: Vec<&str> = known.parts.iter().filter_map(own_text).collect();
    let text = texts.join("\n");
    let parts = known.parts.iter();
    let parts = parts.filter_map(|part| named(part, &text, directory));
    Prompt {
        message: info.id,
        part: part.into(),
        kind: PromptKind::Message,
        parts: parts.collect(),
        text,
        agent: info.agent,
        model: info.model,
        variant: info.variant,
    }
}

fn own_text(part: &Part) -> Option<&str> {
    match &part.body {
        PartBody::Text {
            text,
            synthetic: false,
            ..
        } => Some(text),
        _ => None,
    }
}

/// What a part of a user's message names, if it is one that can be sent again.
fn named(part: &Part, text: &str, directory: &str) -> Option<PromptPart> {
    let (what, source) = match &part.body {
        PartBody::File {
            mime,
            filename,
            url,
            source,
        } => (
            attachment(
                (mime, filename.as_deref(), url),
                source.as_ref(),
                text,
                directory,
            )?,
            source,
        ),
        PartBody::Agent { name, source } => (Attachment::Agent { name: name.clone() }, source),
        _ => return None,
    };
    Some(PromptPart {
        id: part.id.as_str().into(),
        place: source
            .as_ref()
            .and_then(|source| place(text, source.span())),
        what,
    })
}

fn attachment(
    (mime, filename, url): (&str, Option<&str>, &str),
    source: Option<&PartSource>,
    text: &str,
    directory: &str,
) -> Option<Attachment> {
    if let Some(file) = url.strip_prefix("file://") {
        let (path, query) = file.split_once('?').unwrap_or((file, ""));
        let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let root = format!("{}/", directory.trim_end_matches('/'));
        let path = path.strip_prefix(&root).unwrap_or(&path).to_owned();
        return Some(Attachment::SandboxFile {
            lines: line_range(query),
            path,
        });
    }
    let place = source.and_then(|source| place(text, source.span()));
    let value = place.and_then(|place| text.get(place)).unwrap_or_default();
    if let Some(data) = url.strip_prefix("data:") {
        // The server has put the content in the place of the path; only a mention begins with this sign.
        if let Some(source) =
            source.filter(|source| value.starts_with('@') && !source.path.is_empty())
        {
            return Some(Attachment::SandboxFile {
                path: source.path.clone(),
                lines: None,
            });
        }
        let (_, base64) = data.split_once(";base64,")?;
        return Some(Attachment::Local(LocalFile {
            name: filename.unwrap_or("file").to_owned(),
            mime: mime.to_owned(),
            bytes: base64.trim_end_matches('=').len() as u64 * 3 / 4,
            base64: base64.into(),
        }));
    }
    Some(Attachment::Resource(Resource {
        server: source?.client_name.clone(),
        uri: url.to_owned(),
        name: filename.unwrap_or_default().to_owned(),
        description: String::new(),
        mime: mime.to_owned(),
    }))
}

/// Parses `start=2&end=3`.
fn line_range(query: &str) -> Option<LineRange> {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name)?.1.parse().ok()
    };
    let first: u32 = value("start")?;
    let last = value("end").filter(|last| *last > first);
    Some(LineRange { first, last })
}

/// The bytes of a piece that is given in UTF-16 code units; `None` if there is no such piece.
fn place(text: &str, span: SourceSpan) -> Option<std::ops::Range<usize>> {
    let byte_at = |units: u64| {
        let mut at = 0;
        for (byte, c) in text.char_indices() {
            if at >= units {
                return (at == units).then_some(byte);
            }
            at += c.len_utf16() as u64;
        }
        (at == units).then_some(text.len())
    };
    let (start, end) = (byte_at(span.start)?, byte_at(span.end)?);
    (start < end).then_some(start..end)
}

/// What the server offers to name. Agents that users talk to directly are among those that can be named.
pub fn offers(
    commands: Vec<CommandInfo>,
    agents: Vec<provider::Agent>,
    resources: Vec<McpResource>,
) -> PromptOffers {
    let helpers = agents
        .into_iter()
        .filter(|agent| !agent.hidden && agent.mode != "primary");
    PromptOffers {
        commands: commands.into_iter().map(offered_command).collect(),
        agents: helpers
            .map(|agent| (agent.name, agent.description))
            .collect(),
        resources: resources.into_iter().map(resource).collect(),
    }
}

fn offered_command(command: CommandInfo) -> Command {
    Command {
        is_skill: command.source == "skill",
        takes_arguments: !command.hints.is_empty(),
        name: command.name,
        description: command.description,
    }
}

fn resource(found: McpResource) -> Resource {
    Resource {
        server: found.client,
        uri: found.uri,
        name: found.name,
        description: found.description,
        mime: found.mime_type,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    fn prompt(kind: PromptKind, text: &str) -> Prompt {
        Prompt {
            message: "msg_1".into(),
            part: "prt_1".into(),
            text: text.to_owned(),
            kind,
            parts: Vec::new(),
            agent: None,
            model: Some(ModelRef {
                provider: "acme".to_owned(),
                model: "big/one".to_owned(),
            }),
            variant: Some("high".to_owned()),
        }
    }

    fn body(prompt: &Prompt) -> serde_json::Value {
        match request(prompt, prompt.kind, "/code/my code/") {
            PostRequest::Message(body) => serde_json::to_value(body),
            PostRequest::Command(body) => serde_json::to_value(body),
            PostRequest::Shell(body) => serde_json::to_value(body),
        }
        .unwrap()
    }

    fn file(text: &str, named: &str, path: &str, lines: Option<LineRange>) -> PromptPart {
        let at = text.find(named).unwrap();
        PromptPart {
            id: "prt_2".into(),
            place: Some(at..at + named.len()),
            what: Attachment::SandboxFile {
                path: path.to_owned(),
                lines,
            },
        }
    }

    #[test]
    fn a_file_and_an_agent_are_sent_as_opencodes_own_client_does() {
        let text = "🦀 see @src/größe.rs#2-3 and @general";
        let lines = LineRange {
            first: 2,
            last: Some(3),
        };
        let mut prompt = prompt(PromptKind::Message, text);
        let agent = text.find("@general").unwrap();
        prompt.parts = vec![
            file(text, "@src/größe.rs#2-3", "src/größe.rs", Some(lines)),
            PromptPart {
                id: "prt_3".into(),
                place: Some(agent..text.len()),
                what: Attachment::Agent {
                    name: "general".to_owned(),
                },
            },
        ];

        assert_eq!(
            body(&prompt)["parts"],
            json!([
                {"type": "text", "id": "prt_1", "text": text},
                {
                    "type": "file", "id": "prt_2", "mime": "text/plain", "filename": "src/größe.rs",
                    "url": "file:///code/my%20code/src/gr%C3%B6%C3%9Fe.rs?start=2&end=3",
                    "source": {
                        "type": "file", "path": "src/größe.rs",
                        "text": {"value": "@src/größe.rs#2-3", "start": 7, "end": 24},
                    },
                },
                {
                    "type": "agent", "id": "prt_3", "name": "general",
                    "source": {"value": "@general", "start": 29, "end": 37},
                },
            ])
        );
    }

    #[test]
    fn a_command_has_its_arguments_as_typed_and_files_only() {
        let text = "/review @src/ first\n  then";
        let mut prompt = prompt(PromptKind::Command, text);
        prompt.parts = vec![file(text, "@src/", "src/", None)];

        let body = body(&prompt);

        assert_eq!(body["command"], "review");
        assert_eq!(body["arguments"], "@src/ first\n  then");
        assert_eq!(body["model"], "acme/big/one");
        assert_eq!(body["messageID"], "msg_1");
        assert_eq!(body["parts"][0]["mime"], "application/x-directory");
        assert_eq!(body["parts"][0]["url"], "file:///code/my%20code/src/");
    }

    #[test]
    fn what_the_server_has_is_the_prompt_that_was_sent() {
        let text = "🦀 see @src/größe.rs#2-3, @general and [a.png]";
        let lines = LineRange {
            first: 2,
            last: Some(3),
        };
        let mut sent = prompt(PromptKind::Message, text);
        let at = |named: &str| {
            let start = text.find(named).unwrap();
            Some(start..start + named.len())
        };
        let (agent, image) = (at("@general"), at("[a.png]"));
        sent.parts = vec![
            file(text, "@src/größe.rs#2-3", "src/größe.rs", Some(lines)),
            PromptPart {
                id: "prt_3".into(),
                place: agent,
                what: Attachment::Agent {
                    name: "general".to_owned(),
                },
            },
            PromptPart {
                id: "prt_4".into(),
                place: image,
                what: Attachment::Local(LocalFile {
                    name: "a.png".to_owned(),
                    mime: "image/png".to_owned(),
                    bytes: 4,
                    base64: "AAECAw==".into(),
                }),
            },
        ];
        let body = body(&sent);
        let mut parts = body["parts"].as_array().unwrap().clone();
        // The server adds what it has read.
        let read = json!({"id": "prt_9", "type": "text", "text": "read", "synthetic": true});
        parts.insert(1, read);
        let model = json!({"providerID": "acme", "modelID": "big/one", "variant": "high"});
        let info = json!({"id": "msg_1", "role": "user", "model": model});
        let known = json!({"info": info, "parts": parts}).to_string();

        let known = serde_json::from_str(&known).unwrap();

        assert_eq!(composed(known, "/code/my code/"), sent);
    }

    #[test]
    fn odd_places_in_a_text_name_nothing() {
        let span = |start, end| SourceSpan { start, end };
        for odd in [
            span(1, 2),
            span(2, 2),
            span(3, 2),
            span(0, 99),
            span(99, 100),
        ] {
            assert_eq!(place("🦀a", odd), None, "{odd:?}");
        }
        assert_eq!(place("🦀a", span(2, 3)), Some(4..5));
    }

    #[test]
    fn a_shell_line_has_no_mark_and_always_an_agent() {
        assert_eq!(
            body(&prompt(PromptKind::Shell, "!ls -l | head")),
            json!({
                "messageID": "msg_1", "agent": "build", "command": "ls -l | head",
                "model": {"providerID": "acme", "modelID": "big/one"},
            })
        );
    }
}
