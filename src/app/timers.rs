//! What time causes by itself: notices expire, drafts are saved, spinners turn. Without any of
//! these nothing is due, and the program sleeps.

use super::time::clock_reading::ClockReading;
use crate::app::action::AppAction;
use crate::app::cx::Cx;
use crate::app::session::OpenSession;
use crate::app::session::situation::{EndingSandbox, Situation};
use crate::app::session::time_left::TimeLeft;
use crate::app::{App, Pane};
use crate::domain::sandbox::SessionStatus;
use crate::domain::time::Monotonic;

/// The interval of the boot's spinner; each step costs the terminal about twenty bytes. While the
/// agent works, the chat has the only spinner, and the header a clock.
pub(in crate::app) const SPINNER: Monotonic = Monotonic::from_millis(200);

impl App {
    /// When something on the screen next moves or expires, after `now`; `None` while nothing does.
    /// An [`crate::app::event::Event::Tick`] is sent then.
    pub fn animation_due(&self, now: Monotonic) -> Option<Monotonic> {
        let session = self.session();
        [
            self.leader.due(now),
            self.status.due(),
            session.and_then(|session| session.chat.animation_due(now)),
            self.peeked()
                .and_then(|key| self.open.get(key)?.chat.animation_due(now)),
            session.and_then(|session| moves_next(session.state(), now)),
            self.lifetime_due(now),
            self.unattached_due(now),
            self.conversations_due().map(|due| due.max(now)),
            self.ages_due(now),
            self.password_due().map(|due| due.max(now)),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When the ages in the list are drawn again: each minute, all at once.
    fn ages_due(&self, now: Monotonic) -> Option<Monotonic> {
        const MINUTE: u64 = 60_000;
        let is_seen = self.viewport.shows(Pane::Sessions) && !self.list.rows().is_empty();
        let wall = self.seen.wall_at(now);
        let left = Monotonic::from_millis(MINUTE - wall.0 % MINUTE);
        is_seen.then(|| now.saturating_add(left))
    }

    pub(in crate::app) fn tick(&mut self, cx: &mut Cx<'_>) {
        self.status.tick(cx.now);
        let session = self.session_mut();
        if let Some(outcome) = session.and_then(|session| session.chat.tick(cx)) {
            self.chat_outcome(outcome, cx);
        }
        if self.peeked().is_some() {
            let session = self.keyed_session_mut();
            let outcome = session.and_then(|session| session.chat.tick(cx));
            self.peek_outcome(outcome, cx);
        }
        if self.unattached_due(cx.now).is_some_and(|due| due <= cx.now) {
            self.refresh_unattached(cx);
        }
        if self.conversations_due().is_some_and(|due| due <= cx.now) {
            self.refresh_conversations(cx);
        }
    }

    /// Runs after each event: notes since when states hold, and warns of sandboxes about to end.
    pub(in crate::app) fn settle(&mut self, cx: &Cx<'_>) {
        self.seen = ClockReading::of(cx);
        self.note_beginning(cx.wall);
        for (key, left) in self.open.settle(cx.now, cx.wall) {
            let words = format!("{} {}", self.list.name(&key), left.words());
            let more = match self.key_of(AppAction::Extend) {
                keys if !keys.is_empty() && self.open.is_shown(&key) => {
                    format!("; {keys} gives it more time")
                }
                _ => String::new(),
            };
            let is_shown = self.open.is_shown(&key);
            let ending = EndingSandbox {
                session: key,
                is_shown,
            };
            self.status.warn(words + &more, ending, cx.now);
        }
        self.settle_status(cx);
        if !self.focus.is_on(Pane::Sessions) {
            self.list.keep_filter();
        }
        self.list.arrange(&self.open, cx.wall);
        self.ask_password_if_due(cx.now);
    }

    /// Runs after each event: removes advice that no longer applies.
    fn settle_status(&mut self, cx: &Cx<'_>) {
        if self.status.due().is_none() {
            return;
        }
        let session = self.open.session();
        let situation = Situation {
            session: self
                .open
                .shown()
                .cloned()
                .zip(session.map(OpenSession::state)),
            composer_is_empty: self.composer_is_empty(),
            writes_answer: session.is_some_and(|session| session.chat.writes_answer()),
            has_models: !self.models().is_empty(),
            messages: session.map_or(0, |session| session.chat.messages()),
        };
        let open = &self.open;
        self.status.settle(situation, |ending| {
            let left = open.get(&ending.session).and_then(|one| one.left(cx.wall));
            let is_short = left.is_some_and(TimeLeft::is_short);
            is_short && open.is_shown(&ending.session) == ending.is_shown
        });
    }

    /// When the text about a sandbox's end or its cost next changes.
    fn lifetime_due(&self, now: Monotonic) -> Option<Monotonic> {
        let wall = self.seen.wall_at(now);
        let warning = self.open.warns_in(wall);
        let shown = self
            .session()
            .and_then(|session| session.left(wall)?.changes_in());
        let spent = self.session().map(OpenSession::usage);
        let spent = spent.filter(|_| self.options.prices.are_known());
        warning
            .into_iter()
            .chain(shown)
            .chain(spent.and_then(|usage| crate::app::session::cost::changes_in(usage, wall)))
            .min()
            .map(|time| now.saturating_add(time))
    }
}

/// The next step of the spinner, or the next second of a clock.
fn moves_next(state: SessionStatus, now: Monotonic) -> Option<Monotonic> {
    let step = match state {
        SessionStatus::Booting => SPINNER,
        SessionStatus::Working | SessionStatus::Reconnecting => Monotonic::from_secs(1),
        SessionStatus::Idle
        | SessionStatus::NeedsYou
        | SessionStatus::Paused
        | SessionStatus::Failed
        | SessionStatus::Gone => return None,
    };
    let step = u64::try_from(step.as_millis()).ok()?;
    let now = u64::try_from(now.as_millis()).ok()?;
    Some(Monotonic::from_millis((now / step + 1) * step))
}
