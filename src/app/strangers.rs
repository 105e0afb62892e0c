//! Sandboxes of the account that no session here has: when they are asked for, and what is done to one.
//!
//! They are asked for at the start, then from time to time while the list is in sight, and after
//! something was done to one. Nothing waits for the answer, and only one question is on its way.

use std::time::Duration;

use super::action::{Action, SessionsAction};
use super::advice::key_does;
use super::cx::Cx;
use super::effect::Effect;
use super::keymap::Context;
use super::notice::{NOTICE_OF_FAILURE, Notice};
use super::sessions::{Standing, Target};
use super::{App, Pane};
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::Phase;
use crate::domain::session::SessionSummary;
use crate::domain::stranger::{Life, Stranger, Whence};
use crate::domain::time::Monotonic;

/// From an answer to the next question.
const PERIOD: Duration = Duration::from_mins(2);
/// What a question may be later: of several programs each asks at its own time.
const SPREAD: Duration = Duration::from_mins(1);

impl App {
    /// Asks now, or once more as soon as the answer to the last question is here.
    pub(super) fn ask_for_strangers(&mut self, cx: &mut Cx<'_>) {
        if self.strangers.ask() {
            cx.ask(Effect::ListStrangers);
        }
    }

    /// When they are to be asked for next; never while nobody sees the list.
    pub(super) fn strangers_due(&self, now: Monotonic) -> Option<Monotonic> {
        let due = self.strangers.due()?;
        self.list_is_in_sight().then(|| due.max(now))
    }

    pub(super) fn strangers_tick(&mut self, cx: &mut Cx<'_>) {
        if self.strangers_due(cx.now).is_some_and(|due| due <= cx.now) {
            self.ask_for_strangers(cx);
        }
    }

    fn list_is_in_sight(&self) -> bool {
        let panes = self.viewport.panes.iter();
        panes.into_iter().any(|(pane, _)| *pane == Pane::Sessions)
    }

    /// The engine has answered. What it told before stays where it cannot be asked.
    pub(super) fn strangers_told(&mut self, told: Result<Vec<Stranger>, Failure>, cx: &mut Cx<'_>) {
        let wait = PERIOD.saturating_add(cx.ids.jitter(SPREAD));
        let again = self.strangers.answered(cx.now.saturating_add(wait));
        match told {
            Ok(strangers) => {
                self.list.trouble = None;
                self.list.heard(strangers);
                self.sift_strangers();
                // What it told of the sessions' own sandboxes is stored.
                cx.ask(Effect::ListSessions);
            }
            Err(failure) => self.list.trouble = Some(failure.summary),
        }
        if again {
            self.ask_for_strangers(cx);
        }
    }

    /// Takes out of the list what has become a session's, or is about to.
    pub(super) fn sift_strangers(&mut self) {
        if !self.loaded {
            return;
        }
        let open = &self.open;
        self.list.sift(|stranger| {
            let session = stranger.key.as_ref().and_then(|key| open.get(key));
            // It is made, and the session has not told which one it is yet.
            session.is_some_and(|session| {
                matches!(session.phase, Phase::Booting(_) | Phase::Reconnecting(_))
            })
        });
    }

    pub(super) fn adopt(&mut self, id: &SandboxId, cx: &mut Cx<'_>) {
        if matches!(self.list.standing(id), None | Some(Standing::Refused(_))) {
            self.list.set_standing(id, Some(Standing::BeingAdopted));
            let key = cx.ids.session_key(cx.wall);
            cx.ask(Effect::Adopt(id.clone(), key));
        }
    }

    pub(super) fn adopted(
        &mut self,
        id: &SandboxId,
        adopted: Result<Box<SessionSummary>, Failure>,
        cx: &mut Cx<'_>,
    ) {
        let text = match adopted {
            Ok(session) => {
                self.list.set_standing(id, None);
                let was_selected = self.list.selected() == Some(Target::Sandbox(id.clone()));
                let (key, name) = (session.key.clone(), session.name.clone());
                self.list.loaded(vec![*session]);
                self.sift_strangers();
                if was_selected {
                    self.list.select(&key);
                }
                match self.list_key(SessionsAction::Open) {
                    key if key.is_empty() => format!("adopted {name}"),
                    key => format!("adopted {name}; {key} opens it"),
                }
            }
            Err(failure) => {
                let reason = match failure.detail.as_str() {
                    "" => failure.summary.clone(),
                    detail => detail.to_owned(),
                };
                self.list.set_standing(id, Some(Standing::Refused(reason)));
                let next = self.advice_keys().words(&failure);
                let words = [failure.summary, failure.detail, next];
                let words = words.into_iter().filter(|words| !words.is_empty());
                words.collect::<Vec<_>>().join("; ")
            }
        };
        self.notice = Some(Notice {
            text,
            until: cx.now.saturating_add(NOTICE_OF_FAILURE),
        });
        self.ask_for_strangers(cx);
    }

    /// A stranger was paused or killed, or could not be.
    pub(super) fn stranger_closed(&mut self, id: &SandboxId, phase: &Phase, cx: &mut Cx<'_>) {
        self.list.set_standing(id, None);
        let life = match phase {
            Phase::Gone(_) => None,
            Phase::Paused => Some(Life::Paused),
            _ => Some(Life::Running),
        };
        if !matches!(phase, Phase::Failed(_)) {
            self.list.stranger_changed(id, |stranger| {
                if let Some(life) = life {
                    stranger.life = life;
                }
                life.is_some()
            });
            self.sift_strangers();
        }
        self.bulk_ended(&Target::Sandbox(id.clone()), phase, cx);
        self.ask_for_strangers(cx);
    }

    /// The stranger under the cursor of the list, where that has the focus.
    pub(super) fn stranger_selected(&self) -> Option<&Stranger> {
        match self.list.selected() {
            Some(Target::Sandbox(id)) if self.focus == Pane::Sessions => self.list.stranger(&id),
            _ => None,
        }
    }

    /// Whether a stranger may become a session here.
    pub(super) fn is_adoptable(&self, stranger: &Stranger) -> bool {
        let standing = self.list.standing(&stranger.id);
        stranger.whence == Whence::Elsewhere && !matches!(standing, Some(Standing::Refused(_)))
    }

    /// Why it is listed, and what can be done about it.
    pub(super) fn stranger_words(&self, stranger: &Stranger) -> String {
        let why = match self.list.standing(&stranger.id) {
            Some(Standing::Refused(why)) => format!("cannot be adopted, as {why}"),
            _ => stranger.whence.words(),
        };
        let key = |action, does| key_does(&self.list_key(action), does, "");
        let adopt = self.is_adoptable(stranger);
        let adopt = adopt.then(|| key(SessionsAction::Adopt, "adopts it"));
        let keys = adopt
            .into_iter()
            .chain([key(SessionsAction::Kill, "kills it")]);
        let keys: Vec<String> = keys.filter(|key| !key.is_empty()).collect();
        match keys.join(", ").as_str() {
            "" => why,
            keys => format!("{why}; {keys}"),
        }
    }

    /// Says why a stranger cannot be opened.
    pub(super) fn cannot_open(&mut self, cx: &Cx<'_>) {
        if let Some(stranger) = self.stranger_selected() {
            let words = self.stranger_words(stranger);
            self.notify(format!("no session here uses this sandbox: {words}"), cx);
        }
    }

    /// The key of an action of the list, as the user has bound it.
    pub(super) fn list_key(&self, action: SessionsAction) -> String {
        let action = Action::Sessions(action);
        let key = self.options.keymap.key_for(action, &[Context::Sessions]);
        key.map(ToString::to_string).unwrap_or_default()
    }
}
