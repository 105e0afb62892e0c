//! What a prompt is besides its text: how the server takes it, and what goes with it.

use std::ops::Range;
use std::sync::Arc;

use super::id::PartId;

/// How the server takes a prompt's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum PromptKind {
    /// The agent reads it.
    #[default]
    Message,
    /// `/name arguments`: the server expands one of its commands, and the agent reads the result.
    Command,
    /// `/name …`, sent before the server's commands were known: a command if the server has it when the prompt is
    /// posted, otherwise a message.
    CommandIfKnown,
    /// `!line`: runs in the sandbox's shell; no model is asked.
    Shell,
}

impl PromptKind {
    /// Whether a prompt that is posted twice is one prompt. A command would be expanded twice, and
    /// a shell line would run twice, whatever its ids (observed on 1.18.33).
    pub fn may_repeat(self) -> bool {
        self == Self::Message
    }
}

/// Something that goes with a prompt's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptPart {
    pub id: PartId,
    /// Where the text names it, in bytes of the text; `None` if it does not.
    pub place: Option<Range<usize>>,
    pub what: Attachment,
}

/// What can go with a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attachment {
    /// A file of the sandbox, which the server reads. `path` is relative to the conversation's
    /// directory; one that ends with a slash is a directory.
    SandboxFile {
        path: String,
        lines: Option<LineRange>,
    },
    /// A file of this machine, with its content.
    Local(LocalFile),
    /// A resource of an MCP server.
    Resource(Resource),
    /// An agent that shall do part of the work.
    Agent { name: String },
}

/// Lines of a file, counted from 1, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRange {
    pub first: u32,
    /// `None`: only the first one.
    pub last: Option<u32>,
}

/// A file of this machine that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    pub name: String,
    pub mime: String,
    /// Of the content.
    pub bytes: u64,
    /// The content in base64.
    pub base64: Arc<str>,
}

/// Kinds of files that not every model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileKinds {
    pub images: bool,
    pub pdfs: bool,
}

impl FileKinds {
    /// Whether a file of this type is of one of the kinds.
    pub fn include(self, mime: &str) -> bool {
        self.images && mime.starts_with("image/") || self.pdfs && mime == "application/pdf"
    }

    /// Whether a file with this name is of one of the kinds: the ones that the server reads as such.
    pub fn include_path(self, path: &str) -> bool {
        let ending = path.rsplit_once('.').map(|(_, ending)| ending);
        let ending = ending.unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            "png" | "jpg" | "jpeg" | "gif" | "webp" => self.images,
            "pdf" => self.pdfs,
            _ => false,
        }
    }
}

/// A resource that an MCP server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The MCP server's name.
    pub server: String,
    pub uri: String,
    pub name: String,
    pub description: String,
    pub mime: String,
}

/// A command of the server: its own, the project's, a skill, or a prompt of an MCP server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    pub name: String,
    pub description: String,
    pub is_skill: bool,
    /// It has places for arguments.
    pub takes_arguments: bool,
}

/// What the server offers to name in a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PromptOffers {
    pub commands: Vec<Command>,
    /// Names and descriptions of the agents that may be given work.
    pub agents: Vec<(String, String)>,
    pub resources: Vec<Resource>,
}

impl PromptOffers {
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|command| command.name == name)
    }
}

/// A prompt of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPrompt {
    /// With the mark of a shell line.
    pub text: String,
    /// The name of the session that it was sent in; `None` if there is none any more.
    pub session: Option<String>,
}

/// `/name arguments` without the slash; `None` if it does not begin with one.
pub fn split_command(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix('/')?;
    let (name, arguments) = match rest.find(char::is_whitespace) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    Some((name, arguments.trim()))
}

/// `!line` without the mark.
pub fn split_shell(text: &str) -> Option<&str> {
    text.strip_prefix('!').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_its_name_and_all_that_follows_it() {
        assert_eq!(split_command("/init"), Some(("init", "")));
        assert_eq!(
            split_command("/review main\nand  more\n"),
            Some(("review", "main\nand  more"))
        );
        assert_eq!(split_command("/review\nmain"), Some(("review", "main")));
        assert_eq!(split_command("/"), Some(("", "")));
        assert_eq!(split_command("a /b"), None);
        assert_eq!(split_shell("! ls -l "), Some("ls -l"));
        assert_eq!(split_shell("ls"), None);
    }
}
