//! Reviving a gone session: when it is offered, and the texts before and after.

use std::time::Duration;

use super::OpenSession;
use crate::app::time::format;
use crate::app::time::format::LocalClock;
use crate::domain::sandbox::Phase;
use crate::domain::session::{Revival, SnapshotInfo};

const DAY: Duration = Duration::from_hours(24);

/// Whether a session is gone and can be revived.
pub(in crate::app) fn can_revive(session: &OpenSession) -> bool {
    matches!(session.phase(), Phase::Gone(_)) && session.snapshot().is_some()
}

/// One line for the panel of a gone session, which `key` revives; empty if the session cannot be
/// revived.
pub(in crate::app) fn hint(
    snapshot: Option<&SnapshotInfo>,
    key: &str,
    clock: LocalClock,
) -> String {
    let Some(snapshot) = snapshot else {
        return "it has no snapshot, so it cannot be revived".to_owned();
    };
    let time = clock.minutes(snapshot.at);
    let age = clock.age(snapshot.at);
    // No redraw follows after a minute; only days are told apart.
    let time = if age < DAY {
        time
    } else {
        format!("{time}, {} ago", format::brief(age))
    };
    // With an overlay on top, the key does not work.
    let begin = match key {
        "" => "it can be revived".to_owned(),
        key => format!("{key} revives it"),
    };
    format!("{begin} in a new sandbox, as it was at {time}")
}

/// What of a session comes back, and what does not.
pub(in crate::app) fn words(
    name: &str,
    session: Option<&OpenSession>,
    clock: LocalClock,
) -> Vec<String> {
    let mut words = vec![
        format!("Revive session {name} in a new sandbox?"),
        String::new(),
    ];
    let Some(session) = session else {
        return words;
    };
    let Some(snapshot) = session.snapshot() else {
        return words;
    };
    let since = clock.since(snapshot.at);
    words.push(match snapshot.code_at {
        Some(at) if at == snapshot.at => {
            format!("Its files and conversation come back as they were at {since}.")
        }
        Some(at) => format!(
            "The conversation comes back as it was at {since}, its files as they were at {}.",
            clock.since(at)
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

fn missing(session: &OpenSession, snapshot: &SnapshotInfo) -> Option<String> {
    match snapshot.missing(session.chat.prompts()) {
        0 => None,
        1 => Some("1 later prompt goes back into the queue.".to_owned()),
        n => Some(format!("{n} later prompts go back into the queue.")),
    }
}

/// The notice below the conversation of a revived session.
pub(in crate::app) fn line(revival: &Revival, utc_offset_minutes: i16) -> String {
    let at = |at| format::minutes(at, utc_offset_minutes);
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
