//! A chat driven by lists of events and keys, without terminal or network.

mod composer;
mod folding;
mod notices;
mod reducer;
mod requests;
mod scripts;
mod search;
mod streams;
mod times;
mod tools;
mod turns;
mod view;

use std::time::Duration;

use super::*;
use crate::app::action::Action;
use crate::app::cx::Cx;
use crate::app::cx::IdSource;
use crate::app::effect::Effect;
use crate::app::input::key::{Key, KeyCode};
use crate::app::input::keymap::{KeyContext, KeyMeaning, Keymap};
use crate::domain::chat::{
    ChatEvent, Message, MessageError, MessageWithParts, Part, PartKind, Resync, Role, ShellCall,
    ToolCall, ToolDetail, ToolStatus,
};
use crate::domain::session::{SessionCommand, StoredComposer};
use crate::domain::testing;
use crate::domain::time::UnixMillis;

/// A chat, its clock and its effects.
pub(super) struct ChatHarness {
    pub(super) chat: Chat,
    pub(super) now: Monotonic,
    ids: IdSource,
    effects: Vec<Effect>,
}

impl ChatHarness {
    pub(super) fn new() -> Self {
        Self {
            chat: Chat::new("key_1".into()),
            now: Duration::from_secs(100),
            ids: IdSource::seeded(7),
            effects: Vec::new(),
        }
    }

    /// A connected chat with nothing in it.
    pub(super) fn idle() -> Self {
        let mut harness = Self::new();
        harness.receive(ChatEvent::Status(TurnStatus::Idle));
        harness
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Chat, &mut Cx<'_>) -> T) -> T {
        let wall = self.wall();
        let mut cx = Cx::new(self.now, wall, &mut self.ids, &mut self.effects);
        act(&mut self.chat, &mut cx)
    }

    pub(super) fn wall(&self) -> UnixMillis {
        UnixMillis(1_800_000_000_000).plus(self.now)
    }

    pub(super) fn receive(&mut self, event: ChatEvent) {
        self.with(|chat, cx| chat.receive(event, cx));
    }

    pub(super) fn receive_all(&mut self, events: impl IntoIterator<Item = ChatEvent>) {
        for event in events {
            self.receive(event);
        }
    }

    /// Performs an action after a second without keys.
    pub(super) fn act(&mut self, action: ChatAction) -> Option<ChatOutcome> {
        self.wait(1000);
        self.with(|chat, cx| {
            chat.settle(cx);
            chat.update(action, cx)
        })
    }

    /// Performs the root's interrupt after a second without keys.
    pub(super) fn interrupt(&mut self) -> Option<ChatOutcome> {
        self.wait(1000);
        self.with(Chat::interrupt)
    }

    /// Presses a key after a second without keys.
    pub(super) fn key(&mut self, key: Key) -> bool {
        self.wait(1000);
        self.press(key, false)
    }

    /// As the root does: text is typed, all other keys follow the key table.
    fn press(&mut self, key: Key, in_burst: bool) -> bool {
        self.with(Chat::settle);
        let context = KeyContext::from(self.chat.context());
        let typed = context.takes_as_text(key);
        self.with(
            |chat, cx| match Keymap::default().meaning(&context.with_layers(), &[key]) {
                KeyMeaning::Action(Action::Chat(action)) if !typed => {
                    if in_burst && context.falls_to_composer() {
                        chat.burst_key(action, key, cx);
                    } else if key.typed().is_some() && context.falls_to_composer() {
                        chat.answer_key(action, key, cx);
                    } else {
                        chat.update(action, cx);
                    }
                    true
                }
                _ => chat.type_key(key, cx),
            },
        )
    }

    /// The draft from the store.
    pub(super) fn restore(&mut self, draft: &str) {
        self.chat.restored(StoredComposer {
            draft: draft.to_owned(),
            ..StoredComposer::default()
        });
    }

    /// Presses a key `millis` after the last one.
    pub(super) fn key_after(&mut self, millis: u64, key: Key) {
        self.now += Duration::from_millis(millis);
        self.press(key, false);
    }

    /// Presses a key right after the last one.
    pub(super) fn burst_key(&mut self, key: Key) {
        self.press(key, true);
    }

    pub(super) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.key_after(50, Key::char(c));
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.with(|chat, cx| {
            chat.settle(cx);
            chat.paste(text, cx);
        });
    }

    pub(super) fn say(&mut self, text: &str) {
        self.type_text(text);
        self.key(Key::plain(KeyCode::Enter));
    }

    /// Lets time pass, with the ticks that the chat requests.
    pub(super) fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while let Some(due) = self.chat.animation_due(self.now).filter(|due| *due <= end) {
            self.now = due.max(self.now + Duration::from_millis(1));
            self.with(Chat::tick);
        }
        self.now = end.max(self.now);
    }

    /// The drafts to save since the last call, each with the time of the call.
    pub(super) fn saved_drafts(&mut self) -> Vec<(Monotonic, String)> {
        let now = self.now;
        let effects = std::mem::take(&mut self.effects).into_iter();
        effects
            .filter_map(|effect| match effect {
                Effect::Command(_, SessionCommand::SaveDraft(draft)) => Some((now, draft)),
                _ => None,
            })
            .collect()
    }

    /// The commands sent since the last call, without drafts.
    pub(super) fn commands(&mut self) -> Vec<SessionCommand> {
        std::mem::take(&mut self.effects)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Command(_, SessionCommand::SaveDraft(_)) => None,
                Effect::Command(_, command) => Some(command),
                _ => None,
            })
            .collect()
    }

    /// The session's task did not receive this command.
    pub(super) fn refuse(&mut self, command: &SessionCommand) {
        let failure = crate::domain::failure::Failure::new("the session is busy");
        self.chat.command_refused(command, &failure, self.now);
    }

    /// The prompts sent since the last call.
    pub(super) fn prompts(&mut self) -> Vec<crate::domain::session::Prompt> {
        self.commands()
            .into_iter()
            .filter_map(|command| match command {
                SessionCommand::Prompt(prompt) => Some(prompt),
                _ => None,
            })
            .collect()
    }

    /// The texts of all messages in screen order.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let blocks = self.chat.blocks();
        let mut at = blocks.first();
        while let Some(pos) = at {
            at = blocks.next(pos);
            texts.push(match blocks.block(pos) {
                Some(scroll::Block::Part(_, known)) => match &known.part.kind {
                    PartKind::Text { text, .. } | PartKind::Reasoning { text, .. } => text.clone(),
                    PartKind::Tool(call) => format!("{} {}", call.tool, call.subject),
                    other => format!("{other:?}"),
                },
                Some(scroll::Block::Foot(entry)) if entry.message.error.is_none() => continue,
                Some(scroll::Block::Foot(entry)) => format!("{:?}", entry.message.error),
                Some(scroll::Block::Reverted) => "reverted".into(),
                Some(scroll::Block::Notice) => "notice".into(),
                None => String::new(),
            });
        }
        texts
    }
}

pub(in crate::app) fn message(id: &str, role: Role, created: u64) -> Message {
    Message {
        agent: Some("build".into()),
        ..Message::new(id, role, UnixMillis(created))
    }
}

pub(super) fn text(message: &str, id: &str, text: &str, ended: bool) -> Part {
    Part::text(message, id, text, ended)
}

pub(super) fn step_start(message: &str, id: &str) -> Part {
    Part {
        id: id.into(),
        message: message.into(),
        kind: PartKind::StepStart,
    }
}

pub(in crate::app) fn tool(message: &str, id: &str, status: ToolStatus, output: &str) -> Part {
    Part {
        id: id.into(),
        message: message.into(),
        kind: PartKind::Tool(Box::new(ToolCall {
            tool: "bash".into(),
            call_id: format!("call_{id}"),
            status,
            subject: "cargo test".into(),
            title: None,
            input: Vec::new(),
            output: output.into(),
            detail: ToolDetail::Shell(ShellCall {
                command: "cargo test".into(),
                ..ShellCall::default()
            }),
            started: Some(UnixMillis(1_000)),
            ended: (status == ToolStatus::Completed).then_some(UnixMillis(7_100)),
            error: None,
        })),
    }
}

pub(super) fn delta(message: &str, part: &str, text: &str) -> ChatEvent {
    ChatEvent::Delta {
        message: message.into(),
        part: part.into(),
        text: text.into(),
    }
}

pub(super) fn conversation(title: &str) -> Conversation {
    Conversation {
        title: title.into(),
        directory: "/home/user/repo".into(),
        cost: 0.31,
        updated: UnixMillis(1_000),
        ..testing::conversation("ses_1")
    }
}

pub(in crate::app) fn resync(messages: Vec<MessageWithParts>, status: TurnStatus) -> Resync {
    Resync {
        conversation: conversation("a title"),
        permissions: Some(Vec::new()),
        questions: Some(Vec::new()),
        ..testing::resync(messages, status)
    }
}
