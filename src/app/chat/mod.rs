//! The conversation of one session: transcript, composer, queue, waiting requests.
//!
//! Input: actions, keys and pastes of the user, and events of the session's task. Output: effects
//! (through [`Cx`](super::cx::Cx)), sometimes a [`ChatOutcome`] for the root, and a frame. The chat
//! knows no sandbox and no protocol: the server's status decides whether a turn runs, never the
//! look of a message.
//!
//! ```text
//! ▌ transcript: blocks, bottom-pinned or anchored   (view/part.rs)
//! ! panel of the first waiting request          (view/requests.rs)
//! ── ⠹ working 0:12 · esc esc to stop ────────── build · Sonnet ──  (view/mod.rs)
//! › composer, then the queue                    (view/composer.rs)
//! ```

pub(in crate::app) mod back;
mod choice;
mod completion;
mod composer;
mod notice;
mod receive;
mod requests;
mod scroll;
mod sub_agents;
mod transcript;
mod update;
mod view;
mod why_not;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

pub use back::{MessageMenu, TimelinePrompt};
pub use scroll::{BlockId, ChatAnchor, ChatViewport, PanelViewport};
pub use view::keys::ChatKeys;
pub(in crate::app) use view::least_rows;
pub use view::props::{ChatViewProps, Delivery};

use self::completion::state::Completion;
use self::composer::Composer;
use self::notice::ChatNotices;
use self::requests::{ComposerActivity, Requests};
use self::scroll::{Blocks, Scroll};
use self::transcript::folds::{Folds, ToolFold};
use self::transcript::{LastTurn, StreamRate, Transcript};
use crate::app::action::{Action, ChatAction, ChatContext};
use crate::app::time::server_clock::ServerClock;
use crate::domain::chat::{Catalog, Conversation, Role, Todo, Tokens, TurnStatus};
use crate::domain::id::{MessageId, OpencodeSessionId, SessionKey};
use crate::domain::preferences::PromptChoice;
use crate::domain::prompt::PromptOffers;
use crate::domain::session::{DraftFile, SessionCommand};
use crate::domain::time::Monotonic;
use composer::prompts::pending_prompts::PendingPrompts;
use composer::prompts::stash::Stashes;

/// How long a first Esc waits for the second one.
const STOP_ARMED: Duration = Duration::from_secs(2);
/// The spinner's interval: long enough to cost little, short enough to look alive.
const SPIN: Duration = Duration::from_millis(200);
/// A draft is saved when nothing was typed for this long: the pause between two keys of a fast
/// typist, so that a word costs about one write.
const DRAFT_QUIET: Duration = Duration::from_millis(100);
/// At most this much typing is lost if the program dies.
const DRAFT_BEHIND: Duration = Duration::from_millis(250);

/// What the root must do for the chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatOutcome {
    /// A text for the status bar.
    Notice(String),
    /// The user wants auto mode, which is asked about first.
    AskAuto,
    /// The user wants to choose a model; [`Chat::set_model`] receives the choice.
    PickModel,
    /// The user wants to choose an agent; [`Chat::set_agent`] receives the choice.
    PickAgent,
    /// The user wants to choose from a list of the conversation.
    List(ChatList),
    /// The user named one of our own actions.
    Act(Action),
    /// Commands for a session that must be opened first.
    Wake(Vec<SessionCommand>),
    /// A prompt can never be delivered; it stays in the composer.
    Unreachable,
    /// Enter in an empty composer.
    NothingToSend,
    /// The composer was cleared.
    Cleared,
    /// A file that not every model reads was named.
    FileNamed,
    /// The composer's text was put aside, as one of so many.
    Stashed(usize),
    /// There was nothing to clear and nothing to stop.
    NothingToStop,
}

impl ChatOutcome {
    /// A text of our own for the status bar, as the outcome of an action.
    #[expect(clippy::unnecessary_wraps, reason = "what an action returns")]
    fn notice(words: &str) -> Option<Self> {
        Some(Self::Notice(words.to_owned()))
    }
}

/// The lists of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatList {
    /// The models to send the last prompt again with; [`Chat::send_again`] receives the choice.
    SendAgain,
    /// [`Chat::past_prompts`] and those of other sessions; [`Chat::recall_prompt`] receives the
    /// choice.
    PastPrompts,
    /// [`Chat::stashed`]; [`Chat::unstash`] receives the choice.
    Stashes,
    /// [`Chat::timeline`]; [`Chat::show_message`] receives the choice.
    Timeline,
    /// The title of this conversation.
    Rename,
    /// What to look for; [`Chat::search`] receives it.
    Search,
    /// [`Chat::links`].
    Links,
    /// [`Chat::message_menu`].
    Message,
    /// The formats of an export.
    Export,
    /// The server's conversations.
    Conversations,
}

/// Which part of the chat has the focus when no request takes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChatFocus {
    Composer,
    Transcript,
}

/// The conversations of sub-agents that are known.
#[derive(Debug, Clone, Default, PartialEq)]
struct SubAgents {
    chats: BTreeMap<OpencodeSessionId, Chat>,
    /// How many tools each had called when the server was last asked.
    tools: BTreeMap<OpencodeSessionId, usize>,
    /// The one that is read, after those from which it was opened.
    open: Vec<OpencodeSessionId>,
}

/// The chat of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    key: SessionKey,
    transcript: Transcript,
    pending: PendingPrompts,
    composer: Composer,
    completion: Completion,
    stashes: Stashes,
    /// The files in the unsent text, as they are stored.
    stored_files: Vec<DraftFile>,
    /// What a prompt can name.
    offers: PromptOffers,
    sub_agents: SubAgents,
    /// The agent's list, as it is now.
    todos: Vec<Todo>,
    /// Someone else runs the server: there are no other sessions.
    is_attached: bool,
    requests: Requests,
    /// When the user last pressed a key or pasted.
    last_key: Option<Monotonic>,
    /// When the user last typed, pasted or sent text.
    last_text: Option<Monotonic>,
    scroll: Scroll,
    folds: Folds,
    focus: ChatFocus,
    delivery: Delivery,
    /// What the last frame showed.
    viewport: ChatViewport,
    /// `None` until the server reports it.
    status: Option<TurnStatus>,
    busy_since: Option<Monotonic>,
    stream_rate: StreamRate,
    /// How long the turn had been running when it was first seen.
    ran_before: Duration,
    server_clock: ServerClock,
    /// When the first Esc was pressed.
    stop_armed: Option<Monotonic>,
    notices: ChatNotices,
    conversation: Option<Conversation>,
    catalog: Catalog,
    /// What the user has chosen for the next prompts.
    choice: PromptChoice,
    /// What is known about prompts that may be undone.
    sent: back::SentPrompts,
    search: back::Search,
    /// Auto mode is on: all that no rule denies is allowed.
    auto: bool,
    /// A page of older messages has been requested.
    loading_older: bool,
    /// Since when the composer has text that was not sent to be saved.
    unsaved_since: Option<Monotonic>,
    /// The latest time that an update received.
    clock: Monotonic,
}

impl Chat {
    pub fn new(key: SessionKey) -> Self {
        Self {
            key,
            transcript: Transcript::default(),
            pending: PendingPrompts::default(),
            composer: Composer::default(),
            completion: Completion::default(),
            stashes: Stashes::default(),
            stored_files: Vec::new(),
            offers: PromptOffers::default(),
            sub_agents: SubAgents::default(),
            todos: Vec::new(),
            is_attached: false,
            requests: Requests::default(),
            last_key: None,
            last_text: None,
            scroll: Scroll::default(),
            folds: Folds {
                tools: ToolFold::Folded,
                thinking_open: true,
                reverted_open: false,
                toggled: HashSet::new(),
            },
            focus: ChatFocus::Composer,
            delivery: Delivery::default(),
            viewport: ChatViewport::default(),
            status: None,
            busy_since: None,
            stream_rate: StreamRate::default(),
            ran_before: Duration::ZERO,
            server_clock: ServerClock::default(),
            stop_armed: None,
            notices: ChatNotices::default(),
            conversation: None,
            catalog: Catalog::default(),
            choice: PromptChoice::default(),
            sent: back::SentPrompts::default(),
            search: back::Search::default(),
            auto: false,
            loading_older: false,
            unsaved_since: None,
            clock: Monotonic::ZERO,
        }
    }

    /// Someone else runs the server: actions for other sessions are not offered.
    #[must_use]
    pub fn attached(mut self) -> Self {
        self.is_attached = true;
        self
    }

    /// Vim's keys are wanted in the composer.
    pub fn use_vim(&mut self) {
        self.composer.use_vim();
    }

    /// Which part of the chat receives the keys.
    pub fn context(&self) -> ChatContext {
        if self.focus == ChatFocus::Transcript {
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
            _ if self.completion.is_open() => ChatContext::Completion,
            _ => ChatContext::Composer,
        }
    }

    /// Whether a turn runs, as the server reports; also while it waits for its next attempt.
    pub fn is_busy(&self) -> bool {
        matches!(
            self.status,
            Some(TurnStatus::Busy | TurnStatus::Retry { .. })
        )
    }

    /// How long the turn has been running, including while a request waits. One time for all that
    /// show it.
    pub fn turn_time(&self, now: Monotonic) -> Option<Duration> {
        let seen = now.saturating_sub(self.busy_since?);
        Some(seen + self.ran_before)
    }

    /// Whether the server is known to be idle.
    fn is_at_rest(&self) -> bool {
        self.status == Some(TurnStatus::Idle) && self.delivery == Delivery::Live
    }

    /// Whether the last turn is over, as far as is known.
    fn last_turn(&self) -> LastTurn {
        match (self.is_at_rest(), self.is_working()) {
            (true, _) => LastTurn::AtRest,
            (_, true) => LastTurn::Running,
            (false, false) => LastTurn::Unknown,
        }
    }

    /// Whether a turn is known to be running.
    fn is_working(&self) -> bool {
        self.is_busy() && self.delivery == Delivery::Live
    }

    /// Whether the server can be asked.
    pub fn is_connected(&self) -> bool {
        self.delivery == Delivery::Live
    }

    /// Whether a prompt can be sent, now or later.
    pub fn can_send(&self) -> bool {
        self.delivery != Delivery::Never
    }

    /// Sets what happens to a prompt from now on.
    pub fn set_delivery(&mut self, delivery: Delivery) {
        if self.delivery != delivery {
            // The loss notice covers what failed with the connection, and a new connection ends
            // what failed for lack of one.
            self.notices.moved_on();
        }
        self.delivery = delivery;
        if delivery != Delivery::Live {
            self.stop_armed = None;
            self.requests.connection_lost();
            // The response with older messages may never come.
            self.loading_older = false;
            self.sent.undo_ended();
        }
    }

    /// Whether a permission or a question waits for the user.
    pub fn needs_you(&self) -> bool {
        self.requests.len() > 0
    }

    /// Whether permissions are allowed without asking.
    pub fn is_auto(&self) -> bool {
        self.auto
    }

    /// Auto mode was switched.
    pub fn set_auto(&mut self, on: bool) {
        self.auto = on;
    }

    /// The first waiting request, on one line.
    pub fn waits_for_you(&self) -> Option<String> {
        self.requests.first().map(|request| match request {
            requests::PendingRequest::Permission(permission) => permission.line(),
            requests::PendingRequest::Question(question) => question.line(),
        })
    }

    /// The server has ended or is paused: no request can be answered. A request that still waits is
    /// listed again by the next connection.
    pub fn nobody_asks(&mut self, now: Monotonic) {
        self.requests.turn_ended(now);
    }

    /// The prompts that the server has shown, newest first.
    pub fn prompts(&self) -> impl Iterator<Item = &MessageId> {
        let messages = self.transcript.newest().map(|entry| &entry.message);
        messages
            .filter(|message| message.role == Role::User && !self.transcript.is_echo(&message.id))
            .map(|message| &message.id)
    }

    /// The server's title; empty before the first turn.
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

    /// US dollars for the newest turn.
    pub fn turn_cost(&self) -> f64 {
        self.transcript.last_turn_cost()
    }

    /// The tokens of the newest step: the size of the model's context.
    pub fn tokens(&self) -> Tokens {
        self.transcript.tokens()
    }

    /// The server's models and agents.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// How many prompts wait to be sent.
    pub fn queue_len(&self) -> usize {
        self.pending.len()
    }

    /// Whether the queue waits for the user to release it.
    pub fn is_queue_held(&self) -> bool {
        self.pending.is_held()
    }

    /// Whether an answer to a request is being written.
    pub fn writes_answer(&self) -> bool {
        self.requests.panel.writing.is_some()
    }

    /// How many messages are loaded.
    pub fn messages(&self) -> usize {
        self.transcript.len()
    }

    pub fn composer_is_empty(&self) -> bool {
        self.composer.is_empty()
    }

    /// The unsent text, chips expanded, with what is set aside.
    pub fn draft(&self) -> String {
        self.composer.unsent()
    }

    /// Whether the unsent text changed since it was last returned for saving.
    pub fn has_unsaved_draft(&self) -> bool {
        self.composer.is_changed()
    }

    /// The unsent text, if it changed since the last call.
    pub fn take_unsaved_draft(&mut self) -> Option<String> {
        self.unsaved_since = None;
        self.composer.take_changed().then(|| self.composer.unsent())
    }

    /// Stores what was drawn, because the next update needs the positions.
    pub fn shown(&mut self, viewport: ChatViewport) {
        // A chat that was not drawn has no positions.
        if viewport.rows == 0 {
            return;
        }
        if let Some(shown) = self.sub_agents.shown_mut() {
            shown.shown(viewport.clone());
            self.viewport = viewport;
            return;
        }
        self.scroll.pending -= viewport.applied;
        self.scroll.anchor = viewport.anchor.clone();
        if self.scroll.reveal == viewport.revealed {
            self.scroll.reveal = None;
        }
        if viewport.sought {
            self.scroll.seeks = false;
        }
        if self.scroll.follows() {
            self.scroll.unseen = false;
        }
        self.viewport = viewport;
    }

    /// When something in the chat next moves or expires; [`Chat::tick`] is called then.
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

    /// When to save the unsent text: once typing pauses, and soon even if it never does.
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
            state: self.last_turn(),
        }
    }
}

/// The next multiple of `step` after `now`, so that all animations move together.
fn next_step(now: Monotonic, step: Duration) -> Monotonic {
    let step = step.as_millis().max(1);
    let next = (now.as_millis() / step + 1) * step;
    Duration::from_millis(u64::try_from(next).unwrap_or(u64::MAX))
}

#[cfg(test)]
pub(super) mod tests;
