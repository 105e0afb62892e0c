//! The program without a terminal: the model of the screen on the real session tasks, driven like the terminal, by a
//! patient user who answers requests and retries failures.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sandbar::app::cx::{Cx, IdSource};
use sandbar::app::effect::Effect;
use sandbar::app::event::{Event, Reply};
use sandbar::app::input::key::Key;
use sandbar::app::input::keymap::Keymap;
use sandbar::app::view::cx::ViewCx;
use sandbar::app::view::theme::Theme;
use sandbar::app::view::viewport::Viewport;
use sandbar::app::{App, AppOptions, Mode};
use sandbar::domain::chat::{ChatEvent, Permission, PermissionReply, Question, QuestionReply};
use sandbar::domain::id::{OpencodeSessionId, SessionKey};
use sandbar::domain::log::LogLine;
use sandbar::domain::sandbox::Phase;
use sandbar::domain::sandbox::price::{MicroDollars, Prices};
use sandbar::domain::session::{
    CloseAction, CredentialRef, SessionCommand, SessionEvent, SessionOrigin, SessionSpec,
};
use sandbar::domain::time::UnixMillis;
use sandbar::session::context::timing::Timing;
use sandbar::session::context::{RecordStore, SessionContext};
use sandbar::session::supervisor::Supervisor;
use sandbar::text::TextCache;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::fault_proxy::{FaultProxy, Seeded};
use super::http::plain_options;

const VARIABLE: &str = "PASSWORD";
/// High enough for all of a short conversation.
const AREA: Rect = Rect::new(0, 0, 100, 300);

/// The model of a screen with a session of its own, driven like the terminal.
pub(crate) struct Client {
    app: App,
    ids: IdSource,
    effects: Vec<Effect>,
    supervisor: Supervisor,
    events: mpsc::Receiver<(SessionKey, SessionEvent)>,
    started: Instant,
    /// How far this client's clock is ahead: a user's pauses between keys, which are not waited for.
    ahead: Duration,
    slept: Duration,
    theme: Theme,
    cache: TextCache,
    /// A trace of events, to analyse a failed schedule.
    pub(crate) trail: String,
    /// The lines that reached the log pane, oldest first.
    pub(crate) logs: Vec<LogLine>,
    /// The list of sessions must be read.
    list: bool,
    phase: Option<Phase>,
    /// Whether a resync after a gap reaches the screen.
    heals: bool,
}

impl Client {
    /// Switches the resync off: what was lost in a gap stays lost to the screen.
    pub(crate) fn without_resync(mut self) -> Self {
        self.heals = false;
        self
    }

    /// The chat of one server.
    pub(crate) fn attach(url: &str, conversation: &str, password: &str, seed: u64) -> Self {
        let spec = SessionSpec {
            key: SessionKey::from("attached"),
            origin: SessionOrigin::Attach {
                url: url.to_owned(),
                session: Some(OpencodeSessionId::from(conversation)),
                credential: CredentialRef::Env(VARIABLE.to_owned()),
            },
        };
        let mut context = Self::context();
        context.variables = HashMap::from([(VARIABLE.to_owned(), password.to_owned().into())]);
        let mode = Mode::Attach {
            spec,
            url: url.to_owned(),
        };
        Self::start(mode, context, seed)
    }

    /// What sessions share. Everything is ten times faster except what servers decide: OpenCode sends a heartbeat
    /// every ten seconds, and a busy machine needs its time to respond.
    pub(crate) fn context() -> SessionContext {
        let mut context = SessionContext::new(Instant::now(), plain_options());
        let usual = Timing::default();
        context.timing = Timing {
            watchdog: Duration::from_secs(15),
            call: Duration::from_secs(10),
            stream_open: Duration::from_secs(10),
            eager_open: usual.eager_open,
            health_timeout: usual.health_timeout,
            health_deadline: usual.health_deadline,
            settles: usual.settles,
            turn_begins: usual.turn_begins,
            ..usual.faster(10)
        };
        context
    }

    /// Each `seed` makes its own ids.
    pub(crate) fn start(mode: Mode, context: SessionContext, seed: u64) -> Self {
        let (sender, events) = mpsc::channel(256);
        let mut client = Self {
            app: App::new(options(mode)),
            // Seeds are made odd: neighbours would get the same ids.
            ids: IdSource::seeded(2 * seed),
            effects: Vec::new(),
            started: context.started,
            supervisor: Supervisor::new(context, sender),
            events,
            ahead: Duration::ZERO,
            slept: Duration::ZERO,
            theme: Theme::default(),
            cache: TextCache::new(10_000),
            trail: String::new(),
            logs: Vec::new(),
            list: false,
            phase: None,
            heals: true,
        };
        client.with_cx(App::start);
        client
    }

    fn with_cx(&mut self, what: impl FnOnce(&mut App, &mut Cx<'_>)) {
        let (now, wall) = (self.now(), UnixMillis(millis()).plus(self.slept));
        let mut cx = Cx::new(now, wall, &mut self.ids, &mut self.effects);
        what(&mut self.app, &mut cx);
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::OpenSession(spec) => self.supervisor.open(spec),
                Effect::Command(key, command) => {
                    if let Err(busy) = self.supervisor.command(&key, command) {
                        panic!("a command was not taken: {busy}");
                    }
                }
                Effect::CloseSession(key, closing) => self.supervisor.close(&key, closing),
                Effect::ListSessions => self.list = true,
                Effect::NoteShown(key) => self.supervisor.note_shown(key),
                _ => {}
            }
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed() + self.ahead
    }

    fn event(&mut self, event: Event) {
        self.with_cx(|app, cx| app.update(event, cx));
    }

    pub(crate) fn type_prompt(&mut self, text: &str) {
        for character in text.chars() {
            self.key(Key::char(character));
        }
        self.key("enter".parse().unwrap());
    }

    pub(crate) fn key(&mut self, key: Key) {
        // Keys faster than a person types count as a paste.
        self.ahead += Duration::from_millis(40);
        self.event(Event::Key(key));
    }

    /// This client's machine was suspended: its wall clock has advanced, the monotonic one has not.
    fn wakes(&mut self) {
        self.slept = Duration::from_hours(8);
        self.event(Event::Tick);
        // From here on the clock is right again.
        self.slept = Duration::ZERO;
    }

    /// Loses all its connections, and notices; or, one time in four, does not, since its machine was suspended.
    pub(crate) fn is_cut_off(&mut self, proxy: &FaultProxy, seeded: &mut Seeded) {
        if seeded.below(4) == 0 {
            proxy.freeze();
            self.wakes();
        } else {
            proxy.cut();
        }
    }

    /// Handles events for a while as a patient user: answers requests, retries failures.
    pub(crate) async fn live(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            if std::mem::take(&mut self.list) {
                let records = self.supervisor.context().records.as_ref();
                let rows = records.unwrap().store.sessions().await.unwrap();
                self.event(Event::Reply(Reply::Sessions(rows)));
                continue;
            }
            let event = tokio::time::timeout_at(until, self.events.recv()).await;
            let Ok(Some((key, event))) = event else { break };
            let answers = answers(&event);
            if let Some(told) = told(&event) {
                let _ = writeln!(self.trail, "{:?} {told}", self.started.elapsed());
            }
            if let SessionEvent::Phase(phase) = &event {
                self.phase = Some(phase.clone());
            }
            if let SessionEvent::Logs(lines) = &event {
                self.logs.extend_from_slice(lines);
            }
            if self.heals || !is_after_gap(&event) {
                self.event(Event::Session(key.clone(), event));
            }
            for answer in answers {
                // If the queue is full, the next resync asks again.
                let _ = self.supervisor.command(&key, answer);
            }
        }
        self.event(Event::Tick);
    }

    /// Whether the conversation is being followed.
    pub(crate) fn is_live(&self) -> bool {
        self.phase == Some(Phase::Live)
    }

    /// Waits until the conversation is being followed, and handles the events just after that.
    pub(crate) async fn goes_live_within(&mut self, time: Duration) {
        let began = Instant::now();
        while !self.is_live() && began.elapsed() < time {
            self.live(Duration::from_millis(100)).await;
        }
        self.live(Duration::from_millis(700)).await;
    }

    /// Where all its sessions are recorded.
    pub(crate) fn records(&self) -> RecordStore {
        self.supervisor.context().records.clone().unwrap()
    }

    /// Quits; sandboxes keep running.
    pub(crate) async fn leave(self) {
        self.supervisor.shut_down(CloseAction::Detach).await;
    }

    /// The screen with the session.
    pub(crate) fn screen(&mut self) -> String {
        let rows = self.rows();
        // The first row contains the address: the proxy's here, the server's there. The rule and the last row contain
        // the model and its context, which the server may send late.
        let rows = &rows[1..rows.len() - 1];
        let rows = rows.iter().filter(|row| !row.starts_with("──"));
        rows.map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn rows(&mut self) -> Vec<String> {
        let now = self.now();
        let mut buffer = Buffer::empty(AREA);
        let mut viewport = Viewport::default();
        let mut vx = ViewCx {
            theme: &self.theme,
            cache: &mut self.cache,
            viewport: &mut viewport,
            now,
            wall: UnixMillis(millis()),
        };
        self.app.view(AREA, &mut buffer, &mut vx);
        self.app.shown(viewport);
        let rows = buffer.content.chunks(usize::from(AREA.width));
        let rows = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect());
        rows.collect()
    }
}

/// Default keys, and E2B's prices.
pub(crate) fn options(mode: Mode) -> AppOptions {
    AppOptions {
        mode,
        keymap: Keymap::default(),
        mouse: false,
        vim: false,
        utc_offset_minutes: 0,
        prices: Prices {
            vcpu_hour: MicroDollars(50_400),
            gib_hour: MicroDollars(16_200),
        },
        notify_unknown_focus: false,
    }
}

fn is_after_gap(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::Chat(ChatEvent::Resync(resync)) if resync.after_gap)
}

fn millis() -> u64 {
    sandbar::session::context::wall().0
}

/// The trace of an event for a failed schedule.
fn told(event: &SessionEvent) -> Option<String> {
    match event {
        SessionEvent::Chat(
            ChatEvent::Delta { .. } | ChatEvent::Catalog(_) | ChatEvent::Offers(_),
        ) => None,
        SessionEvent::Chat(ChatEvent::Resync(resync)) => {
            let messages = resync.messages.iter();
            let messages = messages.map(|one| format!("{} {}", one.message.id, one.parts.len()));
            let messages: Vec<String> = messages.collect();
            Some(format!("Resync {:?} {messages:?}", resync.status))
        }
        SessionEvent::Chat(ChatEvent::Message(message)) => {
            Some(format!("Message {} {:?}", message.id, message.role))
        }
        SessionEvent::Chat(ChatEvent::Part(part)) => {
            Some(format!("Part {} of {}", part.id, part.message))
        }
        event => Some(format!("{event:?}").chars().take(200).collect()),
    }
}

fn answers(event: &SessionEvent) -> Vec<SessionCommand> {
    let permission = |permission: &Permission| SessionCommand::ReplyPermission {
        id: permission.id.clone(),
        reply: PermissionReply::Once,
    };
    let question = |question: &Question| {
        let first = question.items.iter().map(|item| {
            let label = item.options.first().map(|option| option.label.clone());
            label.into_iter().collect()
        });
        SessionCommand::ReplyQuestion {
            id: question.id.clone(),
            reply: QuestionReply::Answer(first.collect()),
        }
    };
    match event {
        SessionEvent::Phase(Phase::Failed(_)) => vec![SessionCommand::Retry],
        SessionEvent::Chat(ChatEvent::PermissionAsked(asked)) => vec![permission(asked)],
        SessionEvent::Chat(ChatEvent::QuestionAsked(asked)) => vec![question(asked)],
        SessionEvent::Chat(ChatEvent::Resync(resync)) => {
            let permissions = resync.permissions.iter().flatten().map(permission);
            let questions = resync.questions.iter().flatten().map(question);
            permissions.chain(questions).collect()
        }
        _ => Vec::new(),
    }
}

/// Without frame characters.
pub(crate) fn dense(screen: &str) -> String {
    let has_text = |row: &&str| row.chars().any(|character| !"│┃ ".contains(character));
    let rows = screen.lines().filter(has_text);
    rows.collect::<Vec<_>>().join("\n")
}

/// `-` marks what only the fresh screen has, `+` what only ours has.
pub(crate) fn difference(ours: &str, fresh: &str) -> String {
    let (ours, fresh) = (dense(ours), dense(fresh));
    let only = |sign: &str, rows: &str, others: &str| {
        let rows = rows.lines();
        let rows = rows.filter(|row| !others.lines().any(|other| other == *row));
        let rows: Vec<String> = rows.map(|row| format!("{sign}{row}")).collect();
        rows.join("\n")
    };
    format!("{}\n{}", only("-", &fresh, &ours), only("+", &ours, &fresh))
}
