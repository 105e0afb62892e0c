//! Prompts, and what they can name: domain → wire and back.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::chat::ModelRef;
use crate::domain::prompt::{
    Attachment, Command, LineRange, PromptKind, PromptOffers, PromptPart, Resource, split_command,
    split_shell,
};
use crate::domain::session::Prompt;
use crate::opencode::wire::command::{CommandInfo, CommandRequest, McpResource, ShellRequest};
use crate::opencode::wire::message::{
    FileSource, ModelReference, PartInput, PromptRequest, SourceText,
};
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

/// The ids are included. `directory` is the conversation's, absolute.
pub fn request(prompt: &Prompt, directory: &str) -> PostRequest {
    let message_id = prompt.message.as_str().to_owned();
    let parts = prompt.parts.iter();
    let mut parts = parts.map(|part| part_input(part, &prompt.text, directory));
    match prompt.kind {
        PromptKind::Message => {
            let text = PartInput::Text {
                id: prompt.part.as_str().to_owned(),
                text: prompt.text.clone(),
            };
            PostRequest::Message(PromptRequest {
                message_id,
                parts: std::iter::once(text).chain(parts).collect(),
                model: prompt.model.as_ref().map(model),
                agent: prompt.agent.clone(),
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

/// The server reads a file as what its type says; to OpenCode's own client all files are texts, and so no picture of
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
        }
    }

    fn body(prompt: &Prompt) -> serde_json::Value {
        match request(prompt, "/code/my code/") {
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
