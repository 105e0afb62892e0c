//! The conversations in one sandbox as a tree: the one that began it has the others below it, oldest first.
//!
//! A tree stands where the first of its sessions would stand alone. Those behind the row that counts what is gone
//! belong to none. `note` finds the trees, and folds them.

mod note;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::time::UnixMillis;

/// The groups of the list from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app::sessions) enum ListGroup {
    NeedsYou,
    Working,
    Failed,
    Idle,
    Paused,
    Gone,
    /// Gone or archived, and not on the screen: behind the row that counts them.
    Folded,
}

/// The trees, as last arranged.
#[derive(Debug, Default)]
pub(in crate::app::sessions) struct SessionTrees {
    /// Sessions that are alone in their sandbox have none.
    pub(super) places: BTreeMap<SessionKey, TreePlace>,
    /// Those that the user has folded.
    pub(super) folded: BTreeSet<SandboxId>,
}

/// A session's place in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum TreePlace {
    /// How many of the others have a row, and how many have none, since the tree is folded.
    Root {
        shown: usize,
        hidden: usize,
    },
    Branch {
        is_last: bool,
        is_hidden: bool,
    },
}

/// Where a tree stands, and what it consists of.
pub(in crate::app::sessions) struct SandboxTree {
    /// The best of its sessions.
    pub(in crate::app::sessions) group: ListGroup,
    pub(in crate::app::sessions) is_pinned: bool,
    /// The newest of its sessions was created then.
    pub(in crate::app::sessions) newest: UnixMillis,
    /// When each was created, and its key, oldest first.
    pub(super) members: Vec<(UnixMillis, SessionKey)>,
}

impl SandboxTree {
    /// The place of a session below the others; 0 is the root.
    pub(in crate::app::sessions) fn rank(&self, key: &SessionKey) -> usize {
        let mut members = self.members.iter();
        members.position(|(_, member)| member == key).unwrap_or(0)
    }
}

impl SessionTrees {
    pub(in crate::app::sessions) fn place(&self, key: &SessionKey) -> Option<TreePlace> {
        self.places.get(key).copied()
    }

    pub(super) fn is_hidden(&self, key: &SessionKey) -> bool {
        matches!(
            self.place(key),
            Some(TreePlace::Branch {
                is_hidden: true,
                ..
            })
        )
    }
}
