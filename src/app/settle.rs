//! What time brings: notices go, drafts are stored, spinners turn. Without any of
//! these nothing is due, and the program sleeps.

use super::App;
use super::action::AppAction;
use super::cx::Cx;
use super::notice::Notice;
use crate::domain::sandbox::State;
use crate::domain::time::{Monotonic, UnixMillis};

/// After this long, what may follow the leader is shown.
pub(super) const WHICH_KEY: Monotonic = Monotonic::from_millis(300);
/// A turn of the boot's spinner; each costs the terminal some twenty bytes. While the agent works
/// the chat has the only spinner, and the header a clock.
pub(super) const SPINNER: Monotonic = Monotonic::from_millis(200);
/// A wall clock that jumps further has not just been set right.
const SLEEP: Monotonic = Monotonic::from_secs(10);
/// How long the notice stands that a sandbox's time runs out.
const NOTICE_OF_TIME: Monotonic = Monotonic::from_secs(20);

impl App {
    /// When something on the screen moves or lapses next, after `now`; `None` while nothing does.
    /// An [`super::event::Event::Tick`] belongs there.
    pub fn animation_due(&self, now: Monotonic) -> Option<Monotonic> {
        // What may follow the leader stays in sight until a key is pressed.
        let strip = self.leader.since.saturating_add(WHICH_KEY);
        let leader = (!self.leader.keys.is_empty() && strip > now).then_some(strip);
        let session = self.session();
        [
            leader,
            self.notice.as_ref().map(|notice| notice.until),
            self.quit_armed,
            session.and_then(|session| session.chat.animation_due(now)),
            session.and_then(|session| moves_next(session.state(), now)),
            self.lifetime_due(now),
            self.strangers_due(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn tick(&mut self, cx: &mut Cx<'_>) {
        if self
            .notice
            .as_ref()
            .is_some_and(|notice| cx.now >= notice.until)
        {
            self.notice = None;
        }
        if self.quit_armed.is_some_and(|until| cx.now >= until) {
            self.quit_armed = None;
        }
        let session = self.session_mut();
        if let Some(outcome) = session.and_then(|session| session.chat.tick(cx)) {
            self.chat_outcome(outcome, cx);
        }
        self.strangers_tick(cx);
    }

    /// After each event: since when states hold, and whose time runs out.
    pub(super) fn settle(&mut self, cx: &Cx<'_>) {
        self.seen = (cx.now, cx.wall);
        let mut warnings = Vec::new();
        for (key, session) in &mut self.open {
            session.settle(cx.now);
            if let Some(left) = session.take_warning(cx.wall) {
                warnings.push((key.clone(), left));
            }
        }
        for (key, left) in warnings {
            let words = format!("{} {}", self.list.name(&key), left.words());
            let more = match self.key_of(AppAction::Extend) {
                keys if !keys.is_empty() && self.shown.as_ref() == Some(&key) => {
                    format!("; {keys} gives it more time")
                }
                _ => String::new(),
            };
            self.notice = Some(Notice {
                text: words + &more,
                until: cx.now.saturating_add(NOTICE_OF_TIME),
            });
        }
    }

    /// Whether the machine slept since the last event: the wall clock went on then, the other one did
    /// not.
    pub(super) fn has_slept(&self, cx: &Cx<'_>) -> bool {
        let (then, wall) = self.seen;
        let awake = cx.now.saturating_sub(then);
        wall > UnixMillis(0) && cx.wall.since(wall) > awake.saturating_add(SLEEP)
    }

    /// When the next word about a sandbox's end or its cost is due.
    fn lifetime_due(&self, now: Monotonic) -> Option<Monotonic> {
        let (then, wall) = self.seen;
        let wall = wall.plus(now.saturating_sub(then));
        let warnings = self
            .open
            .values()
            .filter_map(|session| session.left(wall)?.warns_in());
        let shown = self
            .session()
            .and_then(|session| session.left(wall)?.changes_in());
        let spent = self.session().map(|session| &session.life);
        let spent = spent.filter(|_| self.options.prices.are_known());
        warnings
            .chain(shown)
            .chain(spent.and_then(|life| super::spent::changes_in(life, wall)))
            .min()
            .map(|time| now.saturating_add(time))
    }
}

/// The next turn of the spinner, or the next second of a clock.
fn moves_next(state: State, now: Monotonic) -> Option<Monotonic> {
    let step = match state {
        State::Booting => SPINNER,
        State::Working | State::Reconnecting => Monotonic::from_secs(1),
        State::Idle | State::NeedsYou | State::Paused | State::Failed | State::Gone => return None,
    };
    let step = u64::try_from(step.as_millis()).ok()?;
    let now = u64::try_from(now.as_millis()).ok()?;
    Some(Monotonic::from_millis((now / step + 1) * step))
}
