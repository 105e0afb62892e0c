//! Finds the trees among the rows, and folds them.

use std::collections::{BTreeMap, HashMap};

use super::{ListGroup, SandboxTree, TreePlace};
use crate::app::session::open_sessions::OpenSessions;
use crate::app::sessions::{RowTarget, Sessions};
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::session::SessionSummary;

impl Sessions {
    /// The sandboxes with several sessions that have rows.
    pub(in crate::app::sessions) fn trees_of(
        &self,
        open: &OpenSessions,
    ) -> HashMap<SandboxId, SandboxTree> {
        let mut counts: HashMap<&SandboxId, usize> = HashMap::new();
        for id in self.rows.iter().filter_map(|row| row.sandbox.id.as_ref()) {
            *counts.entry(id).or_default() += 1;
        }
        counts.retain(|_, count| *count > 1);
        let mut trees: HashMap<SandboxId, SandboxTree> = HashMap::new();
        for row in &self.rows {
            let Some(id) = row.sandbox.id.as_ref().filter(|id| counts.contains_key(id)) else {
                continue;
            };
            let group = self.group(row, open);
            if group == ListGroup::Folded {
                continue;
            }
            let tree = trees.entry(id.clone()).or_insert(SandboxTree {
                group,
                is_pinned: false,
                newest: row.created,
                members: Vec::new(),
            });
            tree.group = tree.group.min(group);
            tree.is_pinned |= row.pinned;
            tree.newest = tree.newest.max(row.created);
            tree.members.push((row.created, row.key.clone()));
        }
        trees.retain(|_, tree| tree.members.len() > 1);
        for tree in trees.values_mut() {
            tree.members.sort();
        }
        trees
    }

    /// Notes the places in the trees. A branch that needs the user or is on the screen is never hidden. Returns
    /// whether something has changed.
    pub(in crate::app::sessions) fn note_trees(
        &mut self,
        trees: &HashMap<SandboxId, SandboxTree>,
        open: &OpenSessions,
    ) -> bool {
        let mut places = BTreeMap::new();
        for (id, tree) in trees {
            let is_folded = self.trees.folded.contains(id);
            let is_hidden = |key: &SessionKey| {
                let row = self.row(key);
                let needs_you = row.is_some_and(|row| self.group(row, open) == ListGroup::NeedsYou);
                is_folded && !needs_you && !open.is_shown(key)
            };
            let branches: Vec<(&SessionKey, bool)> = tree.members[1..]
                .iter()
                .map(|(_, key)| (key, is_hidden(key)))
                .collect();
            let hidden = branches.iter().filter(|(_, is_hidden)| *is_hidden).count();
            let last = branches.iter().rposition(|(_, is_hidden)| !is_hidden);
            let shown = branches.len() - hidden;
            let root = TreePlace::Root { shown, hidden };
            places.insert(tree.members[0].1.clone(), root);
            for (index, (key, is_hidden)) in branches.into_iter().enumerate() {
                let is_last = last == Some(index);
                let place = TreePlace::Branch { is_last, is_hidden };
                places.insert(key.clone(), place);
            }
        }
        let has_changed = places != self.trees.places;
        self.trees.places = places;
        has_changed
    }

    /// Whether a session has no row, since its tree is folded. While there is a filter, nothing is.
    pub(in crate::app::sessions) fn is_in_folded_tree(&self, row: &SessionSummary) -> bool {
        !self.filter.is_on() && self.trees.is_hidden(&row.key)
    }

    /// A session's place in its tree; `None` while a filter may have taken the tree apart.
    pub(in crate::app) fn tree_place(&self, key: &SessionKey) -> Option<TreePlace> {
        self.trees.place(key).filter(|_| !self.filter.is_on())
    }

    /// Folds the tree of the selected session, or unfolds it; a tree that is folded has its root alone, which the
    /// cursor goes to. Returns false if there is none.
    pub(in crate::app::sessions) fn toggle_tree(&mut self) -> bool {
        let Some(RowTarget::Session(key)) = self.selected() else {
            return false;
        };
        let sandbox = self.row(&key).and_then(|row| row.sandbox.id.clone());
        let Some(sandbox) = sandbox.filter(|_| self.trees.place(&key).is_some()) else {
            return false;
        };
        if self.trees.folded.remove(&sandbox) {
            return true;
        }
        let is_root = |row: &&SessionSummary| {
            let is_root = matches!(self.trees.place(&row.key), Some(TreePlace::Root { .. }));
            is_root && row.sandbox.id.as_ref() == Some(&sandbox)
        };
        let root = self.rows.iter().find(is_root).map(|row| row.key.clone());
        self.trees.folded.insert(sandbox);
        if let Some(root) = root {
            self.select(&root);
        }
        true
    }
}
