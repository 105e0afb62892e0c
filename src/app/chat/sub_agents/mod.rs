//! The conversations of sub-agents: each is a chat of its own inside the chat whose agent began it.
//!
//! They can be read and nothing else: no prompt goes to one, and what its agent asks waits in the
//! outer chat's panel. All are flat here, whichever agent began them.

pub(in crate::app::chat) mod task_progress;

use std::collections::BTreeSet;

use self::task_progress::TaskProgress;
use super::scroll::{Block, BlockId};
use super::transcript::MessageEntry;
use super::{Chat, ChatFocus, SubAgents};
use crate::app::cx::Cx;
use crate::domain::chat::{ChatEvent, PartKind, Role, TaskCall, ToolCall, ToolDetail, ToolStatus};
use crate::domain::id::OpencodeSessionId;
use crate::domain::session::SessionCommand;

/// The newest sub-agents whose tools are counted when a conversation is opened.
const COUNTED: usize = 20;

/// Lines of a text in which its last words are.
const LINES: usize = 4;

/// Messages of a turn that are looked through for sub-agents that work.
const TURN: usize = 50;

/// Messages that are looked through for what a sub-agent does.
const MESSAGES: usize = 500;

impl SubAgents {
    fn shown(&self) -> Option<&Chat> {
        self.chats.get(self.open.last()?)
    }

    pub(super) fn shown_mut(&mut self) -> Option<&mut Chat> {
        self.chats.get_mut(self.open.last()?)
    }

    /// The server said how many tools one has called.
    pub(super) fn counted(&mut self, id: OpencodeSessionId, tools: usize) {
        self.tools.insert(id, tools);
    }

    /// Goes back to the outer conversation.
    pub(super) fn close(&mut self) {
        self.open.clear();
    }
}

impl Chat {
    /// The chat whose conversation is shown: that of the sub-agent that is read, or this one.
    pub(super) fn shown_chat(&self) -> &Self {
        self.sub_agents.shown().unwrap_or(self)
    }

    pub(super) fn shown_chat_mut(&mut self) -> &mut Self {
        match self.sub_agents.open.last().cloned() {
            Some(id) => self.sub_agent_mut(&id),
            None => self,
        }
    }

    fn sub_agent_mut(&mut self, id: &OpencodeSessionId) -> &mut Self {
        let key = &self.key;
        let chats = &mut self.sub_agents.chats;
        chats
            .entry(id.clone())
            .or_insert_with(|| Self::new(key.clone()))
    }

    /// Something happened in the conversation of a sub-agent.
    pub(super) fn sub_agent_event(
        &mut self,
        id: &OpencodeSessionId,
        event: ChatEvent,
        cx: &mut Cx<'_>,
    ) {
        let clock = self.server_clock;
        let chat = self.sub_agent_mut(id);
        chat.receive(event, cx);
        // The server is the same, and its time is told in the outer conversation.
        chat.server_clock = clock;
    }

    /// Asks for what the sub-agents have done before this program saw them: all of it for those that
    /// work now, for the others how many tools they have called.
    pub(super) fn load_sub_agents(&self, cx: &mut Cx<'_>) {
        let tasks: Vec<_> = self.tasks().collect();
        let mut asked = BTreeSet::new();
        for (call, task) in tasks.into_iter().rev() {
            let Some(child) = task.child.as_ref().filter(|child| asked.insert(*child)) else {
                continue;
            };
            if call.status == ToolStatus::Running {
                self.command(SessionCommand::LoadSubAgent(child.clone()), cx);
            }
            if asked.len() <= COUNTED {
                self.command(SessionCommand::CountTools(child.clone()), cx);
            }
        }
    }

    /// Opens the conversation of the sub-agent whose call is selected. Returns whether there is one.
    pub(super) fn open_sub_agent(&mut self, cx: &mut Cx<'_>) -> bool {
        let shown = self.shown_chat();
        let child = shown
            .block_to_fold()
            .and_then(|id| shown.task_at(&id)?.child.clone());
        let Some(child) = child else {
            return false;
        };
        self.show_sub_agent(child, cx);
        true
    }

    fn show_sub_agent(&mut self, child: OpencodeSessionId, cx: &mut Cx<'_>) {
        let (clock, catalog) = (self.server_clock, self.catalog.clone());
        let chat = self.sub_agent_mut(&child);
        (chat.server_clock, chat.catalog) = (clock, catalog);
        self.command(SessionCommand::LoadSubAgent(child.clone()), cx);
        self.sub_agents.open.push(child);
        self.focus = ChatFocus::Transcript;
    }

    /// Goes back to the conversation from which the sub-agent's was opened. Returns whether there
    /// is one.
    pub(super) fn leave_sub_agent(&mut self) -> bool {
        self.sub_agents.open.pop().is_some()
    }

    /// Shows the sub-agent that was begun after or before this one by the same agent.
    pub(super) fn turn_sub_agent(&mut self, down: bool, cx: &mut Cx<'_>) {
        let Some((at, siblings)) = self.sibling_agents() else {
            return;
        };
        let count = siblings.len();
        let next = if down { at + 1 } else { at + count - 1 } % count;
        if let Some(next) = siblings.get(next).cloned() {
            self.sub_agents.open.pop();
            self.show_sub_agent(next, cx);
        }
    }

    /// The sub-agents of the agent that began the one that is read, and its place among them.
    fn sibling_agents(&self) -> Option<(usize, Vec<OpencodeSessionId>)> {
        let mut open = self.sub_agents.open.iter().rev();
        let shown = open.next()?;
        let outer = match open.next() {
            Some(outer) => self.sub_agents.chats.get(outer)?,
            None => self,
        };
        let mut siblings: Vec<OpencodeSessionId> = Vec::new();
        for (_, task) in outer.tasks() {
            if let Some(child) = &task.child
                && !siblings.contains(child)
            {
                siblings.push(child.clone());
            }
        }
        let at = siblings.iter().position(|child| child == shown)?;
        Some((at, siblings))
    }

    /// The sub-agent that is read, with its place among its siblings and their number.
    pub(in crate::app::chat) fn read_sub_agent(&self) -> Option<(String, usize, usize)> {
        let name = self.sub_agent_name(self.sub_agents.open.last()?);
        let (at, siblings) = self.sibling_agents().unwrap_or_default();
        Some((name.unwrap_or_default(), at + 1, siblings.len()))
    }

    /// The names of the sub-agents that work in this turn, oldest first; not safe.
    pub(in crate::app) fn working_sub_agents(&self) -> Vec<String> {
        if !self.is_busy() {
            return Vec::new();
        }
        let is_prompt = |entry: &&MessageEntry| entry.message.role == Role::User;
        let entries = self.transcript.newest_in_force().skip_while(is_prompt);
        let turn = entries.take_while(|entry| !is_prompt(entry)).take(TURN);
        let parts = turn.flat_map(|entry| entry.parts.iter().rev());
        let working = parts.filter_map(|known| match &known.part.kind {
            PartKind::Tool(call) if call.status == ToolStatus::Running => match &call.detail {
                ToolDetail::Task(task) => Some(task_name(task)),
                _ => None,
            },
            _ => None,
        });
        let mut names: Vec<String> = working.collect();
        names.reverse();
        names
    }

    /// `explore: Look around`, if the call that began it is known; not safe.
    pub(in crate::app::chat) fn sub_agent_name(&self, id: &OpencodeSessionId) -> Option<String> {
        let chats = std::iter::once(self).chain(self.sub_agents.chats.values());
        let mut tasks = chats.flat_map(Self::tasks);
        let (_, task) = tasks.find(|(_, task)| task.child.as_ref() == Some(id))?;
        Some(task_name(task))
    }

    /// What a sub-agent has done, as far as it is known.
    pub(in crate::app::chat) fn task_progress(&self, task: &TaskCall) -> Option<TaskProgress> {
        let child = task.child.as_ref()?;
        let counted = self.sub_agents.tools.get(child).copied();
        let chat = self.sub_agents.chats.get(child);
        if counted.is_none() && chat.is_none() {
            return None;
        }
        let (mut tools, mut last, mut is_prose) = (0, None, false);
        let entries = chat.into_iter().flat_map(|chat| chat.transcript.newest());
        for entry in entries.take(MESSAGES) {
            for known in entry.parts.iter().rev() {
                let (said, prose) = match &known.part.kind {
                    PartKind::Tool(call) => {
                        tools += 1;
                        (format!("{} {}", call.tool, call.subject), false)
                    }
                    PartKind::Text { text, .. } | PartKind::Reasoning { text, .. }
                        if last.is_none() && entry.message.parent.is_some() =>
                    {
                        (last_lines(text), true)
                    }
                    _ => continue,
                };
                if !said.is_empty() && last.is_none() {
                    (last, is_prose) = (Some(said), prose);
                }
            }
        }
        Some(TaskProgress {
            // What came since it was counted is in the chat, what came before may not be.
            tools: counted.unwrap_or_default().max(tools),
            last: last.unwrap_or_default(),
            is_prose,
        })
    }

    /// The calls that began sub-agents, oldest first.
    fn tasks(&self) -> impl Iterator<Item = (&ToolCall, &TaskCall)> {
        let mut newest: Vec<_> = self.transcript.newest().take(MESSAGES).collect();
        newest.reverse();
        let parts = newest.into_iter().flat_map(|entry| &entry.parts);
        parts.filter_map(|known| match &known.part.kind {
            PartKind::Tool(call) => match &call.detail {
                ToolDetail::Task(task) => Some((&**call, task)),
                _ => None,
            },
            _ => None,
        })
    }

    fn task_at(&self, id: &BlockId) -> Option<&TaskCall> {
        let blocks = self.blocks();
        let Block::Part(_, known) = blocks.block(blocks.find(id)?)? else {
            return None;
        };
        match &known.part.kind {
            PartKind::Tool(call) => match &call.detail {
                ToolDetail::Task(task) => Some(task),
                _ => None,
            },
            _ => None,
        }
    }
}

fn task_name(task: &TaskCall) -> String {
    match task.agent.as_str() {
        "" => task.description.clone(),
        agent => format!("{agent}: {}", task.description),
    }
}

/// The end of a text; the last line may be nothing but marks of Markdown.
fn last_lines(text: &str) -> String {
    let lines = text.lines().rev().filter(|line| !line.trim().is_empty());
    let mut lines: Vec<&str> = lines.take(LINES).collect();
    lines.reverse();
    lines.join("\n")
}
