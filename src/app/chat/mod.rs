//! The conversation of one session: transcript, composer, queue, waiting requests.
//!
//! In come actions, keys and pastes of the user, and news of the session's task; out go effects
//! (through [`Cx`](super::cx::Cx)), seldom a [`ChatOutcome`] for the root, and a frame. It knows no sandbox and no
//! protocol: whether a turn runs, is what the server's status says, never what a message looks like.
//!
//! ```text
//! ┌─ Chat ─────────────────────── build · sonnet · ctx 41% · $0.31 ┐
//! │ transcript: blocks, bottom-pinned or anchored   (view_part.rs) │
//! │ panel of the first waiting request          (view_requests.rs) │
//! │ activity: ⠹ working 12 s · esc esc to stop            (view.rs)│
//! └────────────────────────────────────────────────────────────────┘
//! ┏━ › message ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//! ┃ composer, then the queue                    (view_composer.rs) ┃
//! ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```

mod composer;
mod navigate;
mod notice;
mod notify;
mod receive;
mod requests;
mod scroll;
mod server_clock;
mod transcript;
mod update;
mod view;

use std::collections::HashSet;
use std::time::Duration;

pub use scroll::{BlockId, ChatAnchor, ChatViewport, PanelViewport};
pub use view::keys::ChatKeys;
pub(in crate::app) use view::least_rows;
pub use view::props::{ChatViewProps, Delivery};

use self::composer::Composer;
use self::notice::ChatNotices;
use self::requests::{ComposerActivity, Requests};
use self::scroll::{Blocks, Scroll};
use self::server_clock::ServerClock;
use self::transcript::Transcript;
use crate::app::action::{ChatAction, ChatContext};
use crate::domain::chat::{Catalog, Conversation, Message, ModelRef, Role, Tokens, TurnStatus};
use crate::domain::id::{MessageId, PartId, SessionKey};
use crate::domain::session::SessionCommand;
use crate::domain::time::Monotonic;
use composer::pending_prompts::PendingPrompts;

/// How long a first Esc waits for the second one.
const STOP_ARMED: Duration = Duration::from_secs(2);
/// The spinner's pace: slow enough to cost little, fast enough to look alive.
const SPIN: Duration = Duration::from_millis(200);
/// A draft is offered for saving when nothing was typed for this long: as long as the pause between two
/// keys of a quick typist, so that a word costs one write.
const DRAFT_QUIET: Duration = Duration::from_millis(100);
/// No more than this of the typing is ever lost with the program.
const DRAFT_BEHIND: Duration = Duration::from_millis(250);

/// What the root must do for the chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatOutcome {
    /// A line for the status bar.
    Notice(String),
    /// The user wants to choose a model; [`Chat::set_model`] takes the choice.
    PickModel,
    /// Commands for a session that must be opened again first.
    Wake(Vec<SessionCommand>),
    /// Something was to be sent, and nobody will ever take it; it stays in the composer.
    Unreachable,
    /// Enter, and nothing stands in the composer.
    NothingToSend,
    /// There was nothing to clear and nothing to stop.
    NothingToStop,
}

/// Which half of the chat has the keys, when no request takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChatFocus {
    Composer,
    Transcript,
}

/// What is unfolded: the defaults of a kind, and the blocks that differ from theirs.
#[derive(Debug, Clone, PartialEq)]
struct Folds {
    tools_open: bool,
    thinking_open: bool,
    reverted_open: bool,
    toggled: HashSet<PartId>,
}

/// The chat of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    key: SessionKey,
    transcript: Transcript,
    pending: PendingPrompts,
    composer: Composer,
    requests: Requests,
    /// When a key was pressed or something pasted last.
    last_key: Option<Monotonic>,
    /// When text was typed, pasted or sent last.
    last_text: Option<Monotonic>,
    scroll: Scroll,
    folds: Folds,
    half: ChatFocus,
    reach: Delivery,
    /// What the last frame showed.
    viewport: ChatViewport,
    /// `None` until the server told it.
    status: Option<TurnStatus>,
    busy_since: Option<Monotonic>,
    /// How long the turn ran already when it was first seen.
    ran_before: Duration,
    server_clock: ServerClock,
    /// When the first Esc was pressed.
    stop_armed: Option<Monotonic>,
    notices: ChatNotices,
    conversation: Option<Conversation>,
    catalog: Catalog,
    agent: Option<String>,
    model: Option<ModelRef>,
    /// A page of older messages is on its way.
    loading_older: bool,
    /// Since when there is something in the composer that was not offered for saving.
    unsaved_since: Option<Monotonic>,
    /// The newest instant that an update was given.
    clock: Monotonic,
}

impl Chat {
    pub fn new(key: SessionKey) -> Self {
        Self {
            key,
            transcript: Transcript::default(),
            pending: PendingPrompts::default(),
            composer: Composer::default(),
            requests: Requests::default(),
            last_key: None,
            last_text: None,
            scroll: Scroll::default(),
            folds: Folds {
                tools_open: false,
                thinking_open: true,
                reverted_open: false,
                toggled: HashSet::new(),
            },
            half: ChatFocus::Composer,
            reach: Delivery::default(),
            viewport: ChatViewport::default(),
            status: None,
            busy_since: None,
            ran_before: Duration::ZERO,
            server_clock: ServerClock::default(),
            stop_armed: None,
            notices: ChatNotices::default(),
            conversation: None,
            catalog: Catalog::default(),
            agent: None,
            model: None,
            loading_older: false,
            unsaved_since: None,
            clock: Monotonic::ZERO,
        }
    }

    /// Which part of the chat reads the keys.
    pub fn context(&self) -> ChatContext {
        if self.half == ChatFocus::Transcript {
            return ChatContext::Transcript;
        }
        if self.requests.panel.writing.is_some() {
            return ChatContext::RequestInput;
        }
        match self.requests.first() {
            Some(request) if self.requests.takes_keys(self.clock, self.quiet()) => match request {
                requests::PendingRequest::Permission(_) => ChatContext::Permission,
                requests::PendingRequest::Question(_) => ChatContext::Question,
            },
            _ => ChatContext::Composer,
        }
    }

    /// Whether a turn runs, as the server says; also while it waits to try again.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.status,
            Some(TurnStatus::Busy | TurnStatus::Retry { .. })
        )
    }

    /// How long the turn runs: one time for all that shows it. It goes on while a request waits.
    pub fn turn_time(&self, now: Monotonic) -> Option<Duration> {
        let seen = now.saturating_sub(self.busy_since?);
        Some(seen + self.ran_before)
    }

    /// Whether the server is known to work on nothing at this moment.
    fn is_at_rest(&self) -> bool {
        self.status == Some(TurnStatus::Idle) && self.reach == Delivery::Live
    }

    /// Whether a turn is known to run at this moment.
    fn is_working(&self) -> bool {
        self.is_busy() && self.reach == Delivery::Live
    }

    /// Tells how far a prompt gets from now on.
    pub fn set_reach(&mut self, reach: Delivery) {
        if self.reach != reach {
            // What failed with the connection is told by its loss, and what failed for want of one is over with
            // the next.
            self.notices.moved_on();
        }
        self.reach = reach;
        if reach != Delivery::Live {
            self.stop_armed = None;
            // An answer to an older page may never come.
            self.loading_older = false;
        }
    }

    /// Whether a permission or a question waits for the user.
    pub fn needs_you(&self) -> bool {
        self.requests.len() > 0
    }

    /// What waits for the user first, on one line.
    pub fn waits_for_you(&self) -> Option<String> {
        self.requests.first().map(|request| match request {
            requests::PendingRequest::Permission(permission) => permission.line(),
            requests::PendingRequest::Question(question) => question.line(),
        })
    }

    /// The server has ended, or is paused: nobody waits for an answer any more. What waits after all is
    /// there again with the next connection.
    pub fn nobody_asks(&mut self, now: Monotonic) {
        self.requests.turn_ended(now);
    }

    /// The prompts that the server has shown, the newest first.
    pub fn prompts(&self) -> impl Iterator<Item = &MessageId> {
        let messages = self.transcript.newest().map(|entry| &entry.message);
        messages
            .filter(|message| message.role == Role::User && !self.transcript.is_echo(&message.id))
            .map(|message| &message.id)
    }

    /// The server's title, empty before the first turn.
    pub fn title(&self) -> &str {
        self.conversation
            .as_ref()
            .map_or("", |conversation| &conversation.title)
    }

    /// US dollars.
    pub fn cost(&self) -> f64 {
        self.conversation
            .as_ref()
            .map_or(0.0, |conversation| conversation.cost)
    }

    /// The tokens of the newest step: what stands in the model's context.
    pub fn tokens(&self) -> Tokens {
        self.transcript.tokens()
    }

    /// The model of the next prompt: the chosen one, else that of the newest message.
    pub fn model(&self) -> Option<&ModelRef> {
        self.model
            .as_ref()
            .or_else(|| {
                self.newest_of_user()
                    .find_map(|message| message.model.as_ref())
            })
            .or(self.catalog.default_model.as_ref())
    }

    /// The newest messages that tell what the user chose: neither reverted, nor of an agent that OpenCode
    /// keeps for itself.
    fn newest_of_user(&self) -> impl Iterator<Item = &Message> {
        let newest = self.transcript.newest_in_force().take(16);
        let messages = newest.map(|entry| &entry.message);
        messages.filter(|message| {
            let agent = message.agent.as_deref();
            !message.is_internal() && agent.is_none_or(|agent| self.catalog.offers_agent(agent))
        })
    }

    /// Chooses the model of the prompts to come.
    pub fn set_model(&mut self, model: ModelRef) {
        self.model = Some(model);
    }

    /// The agent of the next prompt.
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref().or_else(|| {
            let mut messages = self.newest_of_user();
            messages.find_map(|message| message.agent.as_deref())
        })
    }

    /// What the server offers.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// How many prompts wait to be sent.
    pub fn queue_len(&self) -> usize {
        self.pending.len()
    }

    /// Whether the queue goes on only when the user releases it.
    pub fn is_queue_held(&self) -> bool {
        self.pending.is_held()
    }

    pub fn composer_is_empty(&self) -> bool {
        self.composer.is_empty()
    }

    /// The unsent text, chips expanded, with what is set aside.
    pub fn draft(&self) -> String {
        self.composer.unsent()
    }

    /// Whether the unsent text changed since it was last taken for saving.
    pub fn has_unsaved_draft(&self) -> bool {
        self.composer.is_changed()
    }

    /// The unsent text, if it changed since this was last asked.
    pub fn take_unsaved_draft(&mut self) -> Option<String> {
        self.unsaved_since = None;
        self.composer.take_changed().then(|| self.composer.unsent())
    }

    /// Stores what was drawn, so that the next update knows where things stand.
    pub fn shown(&mut self, viewport: ChatViewport) {
        // A chat that was not drawn has nothing to tell.
        if viewport.rows == 0 {
            return;
        }
        self.scroll.pending -= viewport.applied;
        self.scroll.anchor = viewport.anchor.clone();
        if self.scroll.reveal == viewport.revealed {
            self.scroll.reveal = None;
        }
        if self.scroll.follows() {
            self.scroll.unseen = false;
        }
        self.viewport = viewport;
    }

    /// When something of the chat moves or lapses next; [`Chat::tick`] is called then.
    pub fn animation_due(&self, now: Monotonic) -> Option<Monotonic> {
        let spin = self.is_working().then(|| next_step(now, SPIN));
        let armed = self.stop_armed.map(|at| at + STOP_ARMED);
        let guard = self.requests.due(self.clock, self.quiet());
        let notice = self.notices.due();
        [spin, armed, guard, notice, self.draft_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When the unsent text is to be saved: once the keys are quiet, and soon also where they never are.
    fn draft_due(&self) -> Option<Monotonic> {
        if !self.composer.is_changed() {
            return None;
        }
        let last = self.last_key();
        let since = self.unsaved_since.unwrap_or(last);
        Some((since + DRAFT_BEHIND).min(last.max(since) + DRAFT_QUIET))
    }

    fn last_key(&self) -> Monotonic {
        self.last_key.unwrap_or(self.clock)
    }

    fn quiet(&self) -> ComposerActivity {
        ComposerActivity {
            composer_empty: self.composer.is_empty(),
            last_text: self.last_text,
        }
    }

    fn blocks(&self) -> Blocks<'_> {
        Blocks {
            transcript: &self.transcript,
            reverted: self.transcript.reverted_from(),
            reverted_open: self.folds.reverted_open,
            notice: self.notices.shown().is_some(),
            is_at_rest: self.is_at_rest(),
        }
    }
}

/// The next multiple of `step` after `now`, so that all that moves does so together.
fn next_step(now: Monotonic, step: Duration) -> Monotonic {
    let step = step.as_millis().max(1);
    let next = (now.as_millis() / step + 1) * step;
    Duration::from_millis(u64::try_from(next).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
