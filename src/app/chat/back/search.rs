//! Search in the conversation, also in what is folded and in pages that are not loaded yet.
//!
//! Matches are found in the sources of the loaded messages when the user asks, never while drawing;
//! the view shows where on the screen they are.

use std::collections::HashSet;

use super::matches::{Search, SearchMatch};
use crate::app::chat::scroll::{Block, BlockId, Blocks};
use crate::app::chat::{Chat, ChatFocus, ChatOutcome};
use crate::app::cx::Cx;
use crate::domain::chat::search::SearchWords;
use crate::domain::chat::tool_call::{ToolCall, ToolDetail};
use crate::domain::chat::{Part, PartKind};

impl Chat {
    /// Begins a search: goes to the newest match at or above the end of the screen.
    pub fn search(&mut self, words: &str, cx: &mut Cx<'_>) -> Option<ChatOutcome> {
        self.search = Search::of(words);
        self.focus = ChatFocus::Transcript;
        self.find_matches();
        let last = self.viewport.blocks.last().map(|(_, id)| id.clone());
        let first = (!self.search.matches.is_empty()).then_some(0);
        let at = last.and_then(|last| self.matches_up_to(&last));
        match at.or(first) {
            Some(at) => self.go_to_match(at),
            None => self.look_further_back(cx),
        }
        None
    }

    /// Goes to the next match below, or above; from the last one to the first.
    pub(in crate::app::chat) fn next_match(
        &mut self,
        down: bool,
        cx: &mut Cx<'_>,
    ) -> Option<ChatOutcome> {
        if self.search.words.is_empty() {
            return ChatOutcome::notice("search for something first");
        }
        let here = self.search.current().cloned();
        self.find_matches();
        let matches = &self.search.matches;
        let count = matches.len();
        let at = here.and_then(|here| matches.iter().position(|found| *found == here));
        match (at, down) {
            (_, _) if count == 0 => self.look_further_back(cx),
            (Some(0), false) if self.transcript.more => self.look_further_back(cx),
            (Some(at), true) => self.go_to_match((at + 1) % count),
            (Some(at), false) => self.go_to_match((at + count - 1) % count),
            (None, _) => self.go_to_match(count - 1),
        }
        None
    }

    /// Ends the search, if there is one.
    pub(in crate::app::chat) fn end_search(&mut self) -> bool {
        let was_open = !self.search.words.is_empty();
        self.fold_again();
        self.search = Search::default();
        was_open
    }

    /// A page of older messages has come: the search may go on there.
    pub(in crate::app::chat) fn search_older(&mut self, cx: &mut Cx<'_>) {
        if !std::mem::take(&mut self.search.wants_older) {
            return;
        }
        let here = self.search.current().cloned();
        self.find_matches();
        let matches = &self.search.matches;
        let before = match &here {
            Some(here) => matches.iter().position(|found| found == here).unwrap_or(0),
            None => matches.len(),
        };
        match before.checked_sub(1) {
            Some(at) => self.go_to_match(at),
            None if self.transcript.more => self.look_further_back(cx),
            // From the first one to the last.
            None if !self.search.matches.is_empty() => {
                self.go_to_match(self.search.matches.len() - 1);
            }
            None => {}
        }
    }

    fn look_further_back(&mut self, cx: &mut Cx<'_>) {
        if self.transcript.more {
            self.search.wants_older = true;
            self.load_older(cx);
        }
    }

    /// How often the conversation has these words, in a sentence; for each change of what is typed.
    pub(in crate::app) fn matches_in_words(&self, words: &str) -> String {
        let mut search = Search::of(words);
        search.matches = self.matches_of(&search.words);
        search.count(self.transcript.more)
    }

    /// Finds all matches in what is loaded.
    fn find_matches(&mut self) {
        self.search.matches = self.matches_of(&self.search.words);
        self.search.at = None;
    }

    fn matches_of(&self, words: &SearchWords) -> Vec<SearchMatch> {
        let mut matches = Vec::new();
        let blocks = Blocks {
            reverted_open: true,
            ..self.blocks()
        };
        let mut at = blocks.first();
        while let Some(pos) = at {
            if let Some(Block::Part(entry, known)) = blocks.block(pos) {
                let line = self.command_line(entry, known);
                let count = count(&known.part, words) + line.map_or(0, |line| words.count_in(line));
                let block = BlockId::Part(entry.message.id.clone(), known.part.id.clone());
                matches.extend((0..count).map(|nth| SearchMatch {
                    block: block.clone(),
                    nth,
                }));
            }
            at = blocks.next(pos);
        }
        matches
    }

    /// The last match in this block or above it.
    fn matches_up_to(&self, last: &BlockId) -> Option<usize> {
        let blocks = Blocks {
            reverted_open: true,
            ..self.blocks()
        };
        let mut above = HashSet::new();
        let mut at = blocks.find(last);
        while let Some(pos) = at {
            above.extend(blocks.block(pos).map(|block| block.id()));
            at = blocks.prev(pos);
        }
        let mut matches = self.search.matches.iter();
        matches.rposition(|found| above.contains(&found.block))
    }

    /// Goes to the first match in a block. Returns false if it has none.
    pub(super) fn go_to_match_in(&mut self, block: &BlockId) -> bool {
        self.find_matches();
        let at = self
            .search
            .matches
            .iter()
            .position(|found| found.block == *block);
        if let Some(at) = at {
            self.go_to_match(at);
        }
        at.is_some()
    }

    fn go_to_match(&mut self, at: usize) {
        self.fold_again();
        let Some(found) = self.search.matches.get(at).cloned() else {
            return;
        };
        self.search.at = Some(at);
        let BlockId::Part(message, part) = &found.block else {
            return;
        };
        let entry = self.transcript.entry(message);
        let known = entry.and_then(|entry| Some((entry, entry.parts.get(entry.position(part)?)?)));
        let is_folded = known.is_some_and(|(entry, known)| {
            self.can_fold(&found.block) && !self.folds.is_open(&known.part, entry.message.role)
        });
        if is_folded {
            self.folds.flip(part);
            self.search.unfolded = Some(part.clone());
        }
        if self.blocks().find(&found.block).is_none() {
            self.folds.reverted_open = true;
        }
        self.scroll.selected = Some(found.block);
        self.scroll.seeks = true;
    }

    /// Folds what was unfolded for the last match.
    fn fold_again(&mut self) {
        if let Some(part) = self.search.unfolded.take() {
            self.folds.flip(&part);
        }
    }
}

/// How often a part has the words.
fn count(part: &Part, words: &SearchWords) -> usize {
    let count = |text: &str| words.count_in(text);
    match &part.kind {
        PartKind::Text { text, .. } | PartKind::Reasoning { text, .. } => count(text),
        PartKind::Tool(call) => count_in_call(call, &count),
        PartKind::File { filename, .. } => count(filename),
        PartKind::Asks { what, .. } => count(what),
        PartKind::Retry { message, .. } => count(message),
        _ => 0,
    }
}

fn count_in_call(call: &ToolCall, count: &impl Fn(&str) -> usize) -> usize {
    let what = match &call.detail {
        ToolDetail::Shell(shell) => count(&shell.command),
        ToolDetail::Change(files) => {
            let files = files.iter();
            files
                .map(|file| count(&file.path) + count(&file.diff) + count(&file.text))
                .sum()
        }
        ToolDetail::Question { items, answers } => {
            let asked: usize = items.iter().map(|item| count(&item.question)).sum();
            let answered: usize = answers.iter().flatten().map(|answer| count(answer)).sum();
            asked + answered
        }
        ToolDetail::Todos(todos) => todos.iter().map(|todo| count(&todo.content)).sum(),
        _ => count(&call.subject),
    };
    what + count(&call.printed()) + call.error.as_deref().map_or(0, count)
}
