//! What the palette finds in a conversation, and what choosing it does. Knows no palette.

use crate::app::chat::scroll::{BlockId, ChatAnchor};
use crate::app::chat::{Chat, ChatFocus};
use crate::app::cx::Cx;
use crate::domain::chat::{PartKind, Role};
use crate::domain::id::MessageId;
use crate::domain::prompt::Attachment;

/// More prompts than this are of no use in a list.
const PROMPTS: usize = 500;

impl Chat {
    /// The loaded prompts with their first lines, newest first.
    pub(in crate::app) fn prompt_lines(&self) -> Vec<(MessageId, String)> {
        let entries = self.transcript.newest_in_force();
        let prompts = entries.filter(|entry| entry.message.role == Role::User);
        let prompts = prompts.filter_map(|entry| {
            let line = entry.parts.iter().find_map(|known| match &known.part.kind {
                PartKind::Text {
                    text,
                    synthetic: false,
                    ..
                } => text.lines().find(|line| !line.trim().is_empty()),
                _ => None,
            });
            Some((entry.message.id.clone(), line?.trim().to_owned()))
        });
        prompts.take(PROMPTS).collect()
    }

    /// Scrolls to a prompt and selects it.
    pub(in crate::app) fn go_to_prompt(&mut self, id: &MessageId) {
        let blocks = self.blocks();
        let Some(entry) = self.transcript.entry(id) else {
            return;
        };
        let parts = entry.parts.iter().map(|known| known.part.id.clone());
        let mut parts = parts.map(|part| BlockId::Part(id.clone(), part));
        let Some(block) = parts.find(|block| blocks.find(block).is_some()) else {
            return;
        };
        self.focus = ChatFocus::Transcript;
        self.scroll.to(ChatAnchor::At {
            block: block.clone(),
            line: 0,
        });
        self.scroll.selected = Some(block);
    }

    /// Asks the server for files by a part of their path.
    pub(in crate::app) fn search_files(&mut self, query: &str, cx: &mut Cx<'_>) {
        self.look_for_files(query, cx);
    }

    /// What the last search found.
    pub(in crate::app) fn files_in_reach(&self) -> &[String] {
        self.completion.files()
    }

    /// Names a file of the sandbox at the composer's cursor.
    pub(in crate::app) fn mention_file(&mut self, path: &str, cx: &mut Cx<'_>) {
        self.begin_input(cx);
        self.focus = ChatFocus::Composer;
        let mention = format!("@{path}");
        let file = Attachment::SandboxFile {
            path: path.to_owned(),
            lines: None,
        };
        self.completion.mentions.pick(mention.clone(), file);
        let (line, column) = self.composer.cursor();
        let before = self.composer.lines().get(line);
        let before = before.and_then(|line| line.chars().take(column).last());
        let gap = if before.is_none_or(char::is_whitespace) {
            ""
        } else {
            " "
        };
        self.composer
            .replace_before(column, &format!("{gap}{mention} "));
        self.completion.close();
        self.last_key = Some(cx.now);
    }
}
