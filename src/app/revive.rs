//! A gone session that comes back: when it is offered, and what is said before and after.

use std::time::Duration;

use super::action::AppAction;
use super::cx::Cx;
use super::opened::OpenSession;
use super::overlay::{Confirm, Overlay};
use super::{App, clock};
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::session::{Revival, SnapshotInfo};
use crate::domain::time::UnixMillis;

/// What is known of a session's last snapshot.
enum Kept {
    At(UnixMillis),
    /// None was taken.
    Nothing,
    /// The session is not open: nobody has looked.
    Unknown,
}

const DAY: Duration = Duration::from_hours(24);

impl App {
    /// Asks whether the session on the screen shall go on in a new sandbox, where it can.
    pub(super) fn ask_revive(&mut self, cx: &Cx<'_>) {
        let phase = self.session().map(|session| &session.phase);
        match (phase, &self.shown) {
            (Some(Phase::Gone(_)), Some(key)) if self.can_revive() => {
                let key = key.clone();
                self.overlays.push(Overlay::Confirm(Confirm::Revive(key)));
            }
            (Some(Phase::Gone(_)), _) => {
                self.notify("there is no snapshot: it cannot be revived", cx);
            }
            _ => self.notify("nothing to revive: the sandbox still exists", cx),
        }
    }

    /// Whether the session on the screen is gone and can come back.
    pub(super) fn can_revive(&self) -> bool {
        let session = self.session();
        session.is_some_and(|session| {
            matches!(session.phase, Phase::Gone(_)) && session.snapshot.is_some()
        })
    }

    /// One line for the panel of a gone session.
    pub(super) fn revive_hint(&self, wall: UnixMillis) -> String {
        let key = self.key_of(AppAction::Revive);
        let snapshot = self.session().and_then(|session| session.snapshot.as_ref());
        match snapshot {
            _ if self.is_attached() => String::new(),
            Some(snapshot) => {
                let time = clock::minutes(snapshot.at, self.options.utc_offset_minutes);
                let age = wall.since(snapshot.at);
                // Nothing draws this again when a minute has passed; a day is told from another.
                let time = if age < DAY {
                    time
                } else {
                    format!("{time}, {} ago", clock::brief(age))
                };
                // Where something lies on top, the key is not for this.
                let begin = match key.as_str() {
                    "" => "it can be revived".to_owned(),
                    key => format!("{key} revives it"),
                };
                format!("{begin} in a new sandbox, as it was at {time}")
            }
            None => "it has no snapshot, so it cannot be revived".to_owned(),
        }
    }

    /// What comes back, and what does not.
    pub(super) fn revive_words(&self, key: &SessionKey, wall: UnixMillis) -> Vec<String> {
        let name = self.list.name(key);
        let mut words = vec![format!("Revive {name} in a new sandbox?"), String::new()];
        let Some(session) = self.open.get(key) else {
            return words;
        };
        let Some(snapshot) = &session.snapshot else {
            return words;
        };
        let since = self.since(snapshot.at, wall);
        words.push(match snapshot.code_at {
            Some(at) if at == snapshot.at => {
                format!("Its files and conversation come back as they were at {since}.")
            }
            Some(at) => format!(
                "The conversation comes back as it was at {since}, its files as they were at {}.",
                self.since(at, wall)
            ),
            None => format!(
                "The conversation comes back as it was at {since}. Its files were too \
                 large for the snapshot: it gets the files of a new session."
            ),
        });
        words.push("Git-ignored files do not come back.".to_owned());
        words.extend(missing(session, snapshot));
        words
    }

    /// What a kill takes away.
    pub(super) fn kill_loses(&self, key: &SessionKey, wall: UnixMillis) -> String {
        match self.kept_at(key) {
            Kept::At(at) => {
                let since = self.since(at, wall);
                format!("Changes since {since} will be lost; the rest can be revived.")
            }
            Kept::Nothing => "Its files will be lost; the conversation is kept.".to_owned(),
            Kept::Unknown => {
                "Changes since the last snapshot will be lost; the conversation is kept.".to_owned()
            }
        }
    }

    /// The same in a few words, for one of many.
    pub(super) fn kill_loses_in_short(&self, key: &SessionKey, wall: UnixMillis) -> String {
        match self.kept_at(key) {
            Kept::At(at) => format!("changes since {} will be lost", self.since(at, wall)),
            Kept::Nothing => "its files will be lost".to_owned(),
            Kept::Unknown => "changes since the last snapshot will be lost".to_owned(),
        }
    }

    fn kept_at(&self, key: &SessionKey) -> Kept {
        match self.open.get(key).map(|session| &session.snapshot) {
            Some(Some(snapshot)) => Kept::At(snapshot.at),
            Some(None) => Kept::Nothing,
            None => Kept::Unknown,
        }
    }

    /// An instant, and how long ago that was.
    fn since(&self, at: UnixMillis, wall: UnixMillis) -> String {
        let time = clock::minutes(at, self.options.utc_offset_minutes);
        format!("{time} ({} ago)", clock::brief_seconds(wall.since(at)))
    }
}

fn missing(session: &OpenSession, snapshot: &SnapshotInfo) -> Option<String> {
    match snapshot.missing(session.chat.prompts()) {
        0 => None,
        1 => Some("1 later prompt goes back into the queue.".to_owned()),
        n => Some(format!("{n} later prompts go back into the queue.")),
    }
}

/// What is said below the conversation of a session that has come back.
pub(super) fn line(revival: &Revival, utc_offset_minutes: i16) -> String {
    let at = |at| clock::minutes(at, utc_offset_minutes);
    let snapshot = &revival.snapshot;
    let said = at(snapshot.at);
    let back = match snapshot.code_at {
        Some(code) if code == snapshot.at => format!("files and conversation as of {said}"),
        Some(code) => format!("conversation as of {said}, files as of {}", at(code)),
        None => format!("conversation as of {said}, files of a new session"),
    };
    let missing = match revival.missing {
        0 => String::new(),
        1 => "; 1 later prompt is back in the queue".to_owned(),
        n => format!("; {n} later prompts are back in the queue"),
    };
    format!("Revived in a new sandbox: {back}; git-ignored files are lost{missing}.")
}
