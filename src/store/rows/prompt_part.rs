//! What goes with a queued prompt, and its kind.

use serde::{Deserialize, Serialize};

use crate::domain::prompt::{Attachment, LineRange, LocalFile, PromptKind, PromptPart, Resource};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct PromptPartRow {
    id: String,
    /// Bytes of the text.
    place: Option<(usize, usize)>,
    what: AttachmentRow,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum AttachmentRow {
    SandboxFile {
        path: String,
        lines: Option<(u32, Option<u32>)>,
    },
    Local {
        name: String,
        mime: String,
        bytes: u64,
        base64: String,
    },
    Resource {
        server: String,
        uri: String,
        name: String,
        description: String,
        mime: String,
    },
    Agent {
        name: String,
    },
    /// Of a later version.
    #[default]
    #[serde(other)]
    Unknown,
}

impl From<PromptPart> for PromptPartRow {
    fn from(part: PromptPart) -> Self {
        Self {
            id: part.id.as_str().to_owned(),
            place: part.place.map(|place| (place.start, place.end)),
            what: match part.what {
                Attachment::SandboxFile { path, lines } => AttachmentRow::SandboxFile {
                    path,
                    lines: lines.map(|lines| (lines.first, lines.last)),
                },
                Attachment::Local(file) => AttachmentRow::Local {
                    name: file.name,
                    mime: file.mime,
                    bytes: file.bytes,
                    base64: file.base64.to_string(),
                },
                Attachment::Resource(resource) => AttachmentRow::Resource {
                    server: resource.server,
                    uri: resource.uri,
                    name: resource.name,
                    description: resource.description,
                    mime: resource.mime,
                },
                Attachment::Agent { name } => AttachmentRow::Agent { name },
            },
        }
    }
}

impl PromptPartRow {
    pub(in crate::store) fn part(self) -> Option<PromptPart> {
        let what = match self.what {
            AttachmentRow::SandboxFile { path, lines } => Attachment::SandboxFile {
                path,
                lines: lines.map(|(first, last)| LineRange { first, last }),
            },
            AttachmentRow::Local {
                name,
                mime,
                bytes,
                base64,
            } => Attachment::Local(LocalFile {
                name,
                mime,
                bytes,
                base64: base64.into(),
            }),
            AttachmentRow::Resource {
                server,
                uri,
                name,
                description,
                mime,
            } => Attachment::Resource(Resource {
                server,
                uri,
                name,
                description,
                mime,
            }),
            AttachmentRow::Agent { name } => Attachment::Agent { name },
            AttachmentRow::Unknown => return None,
        };
        Some(PromptPart {
            id: self.id.into(),
            place: self.place.map(|(start, end)| start..end),
            what,
        })
    }
}

pub(super) fn kind_word(kind: PromptKind) -> &'static str {
    match kind {
        PromptKind::Message => "message",
        PromptKind::Command => "command",
        PromptKind::CommandIfKnown => "command_if_known",
        PromptKind::Shell => "shell",
    }
}

/// What an older version stored is a message.
pub(super) fn prompt_kind(word: &str) -> PromptKind {
    match word {
        "command" => PromptKind::Command,
        "command_if_known" => PromptKind::CommandIfKnown,
        "shell" => PromptKind::Shell,
        _ => PromptKind::Message,
    }
}
