//! The conversation as a reducer: messages and their parts, upserted by id.
//!
//! Input: messages, parts, deltas and whole pages of the server. Output: entries in screen order:
//! by the server's time, then by arrival, our own unconfirmed prompts last. The transcript knows no
//! width, no styling and no scrolling.
//!
//! Three rules keep it correct under duplicate, lost and stale events:
//! - an unfinished text never replaces a finished one, and an empty unfinished text never replaces
//!   one that is not empty, since the server does not store streamed text (observed on 1.18.33);
//! - a tool call never goes back from completed to running, nor a message from completed to open;
//! - a [`Resync`] is the truth at its position in the stream: what it covers and does not name is
//!   gone.

mod entry;
pub(super) mod folds;
mod reverted;
mod stream_rate;
mod turn;

use std::collections::{BTreeMap, HashMap, HashSet};

pub(super) use self::entry::{MessageEntry, PartEntry, StreamingPart};
pub(super) use self::stream_rate::StreamRate;
pub(super) use self::turn::LastTurn;
use crate::domain::chat::{
    Message, MessageWithParts, Part, PartKind, Resync, RevertPoint, Role, Tokens,
};
use crate::domain::id::{MessageId, PartId};
use crate::domain::session::Prompt;
use crate::domain::time::UnixMillis;

/// The position of an entry. Echoes come after everything from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryOrder {
    echo: bool,
    created: UnixMillis,
    arrival: u64,
}

impl EntryOrder {
    /// Whether the server has not shown the message yet.
    pub(super) fn is_echo(self) -> bool {
        self.echo
    }
}

/// All known messages with their positions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Transcript {
    entries: BTreeMap<EntryOrder, MessageEntry>,
    places: HashMap<MessageId, EntryOrder>,
    arrivals: u64,
    /// The server has messages before the oldest one here.
    pub(super) more: bool,
    reverted: Reverted,
}

/// Where the reverted part begins, as the server reports, and whether that message was ever loaded.
#[derive(Debug, Clone, Default, PartialEq)]
struct Reverted {
    point: Option<RevertPoint>,
    is_known: bool,
}

impl Transcript {
    /// Merges a message's header; parts that came before it stay.
    pub(super) fn message(&mut self, message: Message) {
        let arrival = self.places.get(&message.id).map(|place| place.arrival);
        self.place_message(message, arrival);
    }

    fn place_message(&mut self, mut message: Message, arrival: Option<u64>) {
        let arrival = arrival.unwrap_or_else(|| self.next_arrival());
        let place = EntryOrder {
            echo: false,
            created: message.created,
            arrival,
        };
        let old = self.places.insert(message.id.clone(), place);
        let mut entry = old
            .and_then(|old| self.entries.remove(&old))
            .unwrap_or_else(|| MessageEntry::new(message.clone(), true));
        if entry.known && message.completed.is_none() && entry.message.completed.is_some() {
            message = entry.message;
        }
        entry.message = message;
        entry.known = true;
        self.entries.insert(place, entry);
        self.find_reverted();
    }

    pub(super) fn remove_message(&mut self, id: &MessageId) {
        if let Some(place) = self.places.remove(id) {
            self.entries.remove(&place);
        }
    }

    /// Merges a full part.
    pub(super) fn part(&mut self, part: Part) {
        let id = part.message.clone();
        self.entry_mut(&id).upsert(part);
    }

    pub(super) fn remove_part(&mut self, message: &MessageId, part: &PartId) {
        if let Some(entry) = self.get_mut(message) {
            entry.retain(|known| known != part);
        }
    }

    /// Appends to a text; the cost depends on the delta only. A delta for an unknown part creates
    /// the part; one for a finished text is stale and ignored.
    pub(super) fn delta(&mut self, message: &MessageId, part: &PartId, delta: &str) {
        let entry = self.entry_mut(message);
        let Some(index) = entry.index.get(part).copied() else {
            entry.upsert(Part::text(message.clone(), part.clone(), delta, false));
            return;
        };
        let Some(known) = entry.parts.get_mut(index) else {
            return;
        };
        let (PartKind::Text {
            text, ended: false, ..
        }
        | PartKind::Reasoning {
            text, ended: None, ..
        }) = &mut known.part.kind
        else {
            return;
        };
        text.push_str(delta);
        known.revision += 1;
    }

    /// Shows a prompt of ours before the server does. Does nothing if the prompt is already there.
    pub(super) fn echo(&mut self, prompt: &Prompt) {
        if self.places.contains_key(&prompt.message) {
            return;
        }
        let place = EntryOrder {
            echo: true,
            created: UnixMillis(0),
            arrival: self.next_arrival(),
        };
        let (id, part) = (prompt.message.clone(), prompt.part.clone());
        let message = Message::new(id.clone(), Role::User, UnixMillis(0));
        let mut entry = MessageEntry::new(message, true);
        entry.upsert(Part::text(id, part, prompt.text.as_str(), true));
        self.places.insert(prompt.message.clone(), place);
        self.entries.insert(place, entry);
    }

    /// Removes an unconfirmed echo.
    pub(super) fn remove_echo(&mut self, id: &MessageId) {
        if self.is_echo(id) {
            self.remove_message(id);
        }
    }

    pub(super) fn is_echo(&self, id: &MessageId) -> bool {
        self.places.get(id).is_some_and(|place| place.echo)
    }

    /// Whether the server has shown this message.
    pub(super) fn is_confirmed(&self, id: &MessageId) -> bool {
        self.places.get(id).is_some_and(|place| !place.echo)
    }

    /// Merges what the server holds.
    pub(super) fn resync(&mut self, resync: &Resync) {
        let oldest = match (resync.more, resync.messages.first()) {
            (true, Some(first)) => first.message.created,
            (true, None) => UnixMillis(u64::MAX),
            (false, _) => UnixMillis(0),
        };
        let listed: HashSet<&MessageId> = resync.messages.iter().map(|m| &m.message.id).collect();
        let from = EntryOrder {
            echo: false,
            created: oldest,
            arrival: 0,
        };
        let gone: Vec<MessageId> = self
            .entries
            .range(from..)
            .filter(|(place, entry)| !place.echo && !listed.contains(&entry.message.id))
            .map(|(_, entry)| entry.message.id.clone())
            .collect();
        for id in gone {
            self.remove_message(&id);
        }
        let older_known = self.entries.keys().next().is_some_and(|p| *p < from);
        for page in &resync.messages {
            self.merge(page, resync.after_gap);
        }
        if !older_known {
            self.more = resync.more;
        }
    }

    /// Adds a page of older messages.
    pub(super) fn older(&mut self, page: &[MessageWithParts], more: bool) {
        for message in page {
            self.merge(message, false);
        }
        self.more = more;
    }

    fn merge(&mut self, page: &MessageWithParts, after_gap: bool) {
        let arrival = self.next_arrival();
        self.place_message(page.message.clone(), Some(arrival));
        let entry = self.entry_mut(&page.message.id);
        let listed: HashSet<&PartId> = page.parts.iter().map(|part| &part.id).collect();
        entry.retain(|id| listed.contains(id));
        for part in &page.parts {
            let unseen = !entry.index.contains_key(&part.id);
            entry.upsert(part.clone());
            if after_gap || unseen {
                entry.mark_gap(&part.id, unseen);
            }
        }
        entry.sort_like(&page.parts);
    }

    fn next_arrival(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    fn get_mut(&mut self, id: &MessageId) -> Option<&mut MessageEntry> {
        let place = self.places.get(id)?;
        self.entries.get_mut(place)
    }

    /// Finds the message, or adds a placeholder at the end until its header comes.
    fn entry_mut(&mut self, id: &MessageId) -> &mut MessageEntry {
        let place = if let Some(place) = self.places.get(id) {
            *place
        } else {
            let created = self
                .entries
                .keys()
                .rev()
                .find(|place| !place.echo)
                .map_or(UnixMillis(0), |place| place.created);
            let place = EntryOrder {
                echo: false,
                created,
                arrival: self.next_arrival(),
            };
            self.places.insert(id.clone(), place);
            place
        };
        self.entries.entry(place).or_insert_with(|| {
            let message = Message::new(id.clone(), Role::Assistant, place.created);
            MessageEntry::new(message, false)
        })
    }

    /// How many messages are known.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, id: &MessageId) -> Option<&MessageEntry> {
        self.entries.get(self.places.get(id)?)
    }

    pub(super) fn place_of(&self, id: &MessageId) -> Option<EntryOrder> {
        self.places.get(id).copied()
    }

    pub(super) fn at(&self, place: EntryOrder) -> Option<&MessageEntry> {
        self.entries.get(&place)
    }

    /// The first entry after `place`, or the first of all.
    pub(super) fn after(&self, place: Option<EntryOrder>) -> Option<(EntryOrder, &MessageEntry)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = place.map_or(Unbounded, Excluded);
        let (place, entry) = self.entries.range((from, Unbounded)).next()?;
        Some((*place, entry))
    }

    /// The last entry before `place`, or the last of all.
    pub(super) fn before(&self, place: Option<EntryOrder>) -> Option<(EntryOrder, &MessageEntry)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let to = place.map_or(Unbounded, Excluded);
        let (place, entry) = self.entries.range((Unbounded, to)).next_back()?;
        Some((*place, entry))
    }

    /// Newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &MessageEntry> {
        self.entries.values().rev()
    }

    /// The tokens of the newest step that counted any; searches a few messages only.
    pub(super) fn tokens(&self) -> Tokens {
        self.newest_in_force()
            .take(16)
            .map(|entry| entry.message.tokens)
            .find(|tokens| tokens.context() > 0)
            .unwrap_or_default()
    }
}
