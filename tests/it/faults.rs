//! Whatever happens to the line: after a quiet time the screen shows what the server holds, every prompt was
//! delivered exactly once, and nobody waits for a request that was answered.
//!
//! Many schedules of faults run side by side against one real server, each with a conversation, a proxy and a
//! model of the screen of its own. `SANDBAR_FAULT_SEED` and `SANDBAR_FAULT_SCHEDULES` choose others than CI's.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sandbar::app::cx::{Cx, IdSource};
use sandbar::app::effect::Effect;
use sandbar::app::event::Event;
use sandbar::app::key::Key;
use sandbar::app::keymap::Keymap;
use sandbar::app::theme::Theme;
use sandbar::app::viewcx::ViewCx;
use sandbar::app::viewport::Viewport;
use sandbar::app::{App, AppOptions, Mode};
use sandbar::demo::Pace;
use sandbar::domain::chat::{ChatEvent, Permission, PermissionReply, Question, QuestionReply};
use sandbar::domain::id::{OpencodeSessionId, SessionKey};
use sandbar::domain::sandbox::Phase;
use sandbar::domain::session::{
    Closing, CredentialRef, Origin, SessionCommand, SessionEvent, SessionSpec,
};
use sandbar::domain::time::UnixMillis;
use sandbar::net::http::HttpOptions;
use sandbar::session::supervisor::Supervisor;
use sandbar::session::timing::Timing;
use sandbar::session::world::World;
use sandbar::text::TextCache;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::support::fault_proxy::{FaultProxy, Seeded};
use crate::support::http::Server;
use crate::support::opencode::OpenCode;

/// In CI; thousands by hand.
const SCHEDULES: u64 = 200;
/// Conversations at a time.
const AT_ONCE: usize = 16;
/// Conversations of one server: it grows slower with each that is cut off (seen on 1.18.33).
const PER_SERVER: usize = 25;
/// For one schedule on a busy machine.
const DEADLINE: Duration = Duration::from_mins(3);
const VARIABLE: &str = "PASSWORD";
/// High enough for all of a short conversation.
const AREA: Rect = Rect::new(0, 0, 100, 300);

/// The model of a screen on a session of its own, driven as the terminal drives it.
struct Client {
    app: App,
    ids: IdSource,
    effects: Vec<Effect>,
    supervisor: Supervisor,
    events: mpsc::Receiver<(SessionKey, SessionEvent)>,
    started: Instant,
    /// By how much this client's clock is ahead: a person's pauses between keys, which nobody waits for.
    ahead: Duration,
    theme: Theme,
    cache: TextCache,
    trail: String,
}

impl Client {
    fn attach(url: &str, conversation: &str, password: &str, seed: u64) -> Self {
        let spec = SessionSpec {
            key: SessionKey::from("attached"),
            origin: Origin::Attach {
                url: url.to_owned(),
                session: Some(OpencodeSessionId::from(conversation)),
                credential: CredentialRef::Env(VARIABLE.to_owned()),
            },
        };
        let started = Instant::now();
        let mut world = World::new(started, HttpOptions::default());
        world.variables = HashMap::from([(VARIABLE.to_owned(), password.to_owned().into())]);
        // All is ten times faster but for what the server decides: its heart beats every ten seconds, and
        // a busy machine needs its time to answer.
        world.timing = Timing {
            watchdog: Duration::from_secs(15),
            call: Duration::from_secs(10),
            stream_open: Duration::from_secs(10),
            settles: Timing::default().settles,
            turn_begins: Timing::default().turn_begins,
            ..Timing::default().faster(10)
        };
        let (sender, events) = mpsc::channel(256);
        let options = AppOptions {
            mode: Mode::Attach {
                spec,
                url: url.to_owned(),
            },
            keymap: Keymap::default(),
            mouse: false,
            utc_offset_minutes: 0,
        };
        let mut client = Self {
            app: App::new(options),
            // A seed is made odd: neighbours would be given the same ids.
            ids: IdSource::seeded(2 * seed),
            effects: Vec::new(),
            supervisor: Supervisor::new(world, sender),
            events,
            started,
            ahead: Duration::ZERO,
            theme: Theme::default(),
            cache: TextCache::new(10_000),
            trail: String::new(),
        };
        client.with_cx(App::start);
        client
    }

    fn with_cx(&mut self, what: impl FnOnce(&mut App, &mut Cx<'_>)) {
        let (now, wall) = (self.now(), UnixMillis(millis()));
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

    fn type_prompt(&mut self, text: &str) {
        for character in text.chars() {
            self.key(Key::char(character));
        }
        self.key("enter".parse().unwrap());
    }

    fn key(&mut self, key: Key) {
        // Keys that come faster than a person types are taken for a paste.
        self.ahead += Duration::from_millis(40);
        self.event(Event::Key(key));
    }

    /// Takes events for a while, as a patient user: answers what is asked, tries again what failed.
    async fn live(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while let Ok(Some((key, event))) = tokio::time::timeout_at(until, self.events.recv()).await
        {
            let answers = answers(&event);
            if let Some(told) = told(&event) {
                let _ = writeln!(self.trail, "{:?} {told}", self.started.elapsed());
            }
            self.event(Event::Session(key.clone(), event));
            for answer in answers {
                // A full mailbox is asked again with the next resync.
                let _ = self.supervisor.command(&key, answer);
            }
        }
        self.event(Event::Tick);
    }

    fn screen(&mut self) -> String {
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
        let rows: Vec<String> = rows.collect();
        // The first row and the last two name the address: the proxy's here, the server's there.
        rows[1..rows.len() - 2].join("\n")
    }
}

fn millis() -> u64 {
    sandbar::session::world::wall().0
}

/// What the trail of a broken schedule says of an event.
fn told(event: &SessionEvent) -> Option<String> {
    match event {
        SessionEvent::Chat(ChatEvent::Delta { .. } | ChatEvent::Catalog(_)) => None,
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

/// The server as all schedules see it.
struct Site {
    server: OpenCode,
    _model: Server,
}

impl Site {
    fn new() -> Self {
        let model = Server::model(Pace::Lively);
        let server = OpenCode::start(&format!("{}/v1", model.url()));
        Self {
            server,
            _model: model,
        }
    }

    /// The prompts that the server has, in its order.
    async fn prompts(&self, conversation: &str) -> Vec<String> {
        let messages = self.ask(&format!("/session/{conversation}/message")).await;
        let messages = messages.as_array().unwrap().iter();
        let prompts = messages.filter(|message| message["info"]["role"] == "user");
        let texts = prompts.flat_map(|prompt| prompt["parts"].as_array().unwrap());
        let texts = texts.filter_map(|part| part["text"].as_str().map(str::to_owned));
        texts.collect()
    }

    async fn is_idle(&self, conversation: &str) -> bool {
        self.ask("/session/status")
            .await
            .get(conversation)
            .is_none()
    }

    async fn ask(&self, path: &str) -> Value {
        let call = self.server.call(path, Some(self.server.password()));
        let (status, body) = tokio::task::spawn_blocking(move || call.send(DEADLINE))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// Runs one schedule; `Err` says how the property was broken.
async fn schedule(site: &Site, conversation: String, seed: u64) -> Result<(), String> {
    const WORDS: [&str; 5] = ["table", "think", "todo", "permission", "question"];
    let mut seeded = Seeded(seed);
    let plan = seeded.plan();
    let told = format!("seed {seed}, {plan:?}");
    let proxy = FaultProxy::start(site.server.url(), plan);
    let password = site.server.password();
    let mut client = Client::attach(&proxy.url(), &conversation, password, seed);
    let mut sent = Vec::new();
    for number in 0..2 + seeded.below(2) {
        let word = WORDS[usize::try_from(seeded.below(5)).unwrap()];
        let prompt = format!("{word} {number} {seed}");
        client.type_prompt(&prompt);
        sent.push(prompt);
        client
            .live(Duration::from_millis(50 + seeded.below(1500)))
            .await;
        proxy.cut();
    }
    let began = Instant::now();
    loop {
        client
            .live(Duration::from_millis(200 + seeded.below(300)))
            .await;
        if proxy.left() > 0 && began.elapsed() < DEADLINE {
            // Connections that are kept alive meet no fault.
            proxy.cut();
            continue;
        }
        let is_idle = site.is_idle(&conversation).await;
        let prompts = if is_idle {
            site.prompts(&conversation).await
        } else {
            Vec::new()
        };
        if is_idle && prompts == sent {
            let mut fresh = Client::attach(site.server.url(), &conversation, password, seed);
            fresh.live(Duration::from_millis(700)).await;
            let (ours, theirs) = (client.screen(), fresh.screen());
            fresh.supervisor.shut_down(Closing::Detach).await;
            if ours == theirs && ours.contains(&sent[sent.len() - 1]) {
                client.supervisor.shut_down(Closing::Detach).await;
                return Ok(());
            }
            if began.elapsed() > DEADLINE {
                let difference = difference(&ours, &theirs);
                return Err(format!(
                    "{told}: the screen is not what the server holds\n{}\n{difference}",
                    client.trail
                ));
            }
        } else if began.elapsed() > DEADLINE {
            let screen = dense(&client.screen());
            return Err(format!(
                "{told}: idle {is_idle}, the server has {prompts:?}, sent were {sent:?}\n{}\n{screen}",
                client.trail
            ));
        }
    }
}

fn dense(screen: &str) -> String {
    let has_text = |row: &&str| row.chars().any(|character| !"│┃ ".contains(character));
    let rows = screen.lines().filter(has_text);
    rows.collect::<Vec<_>>().join("\n")
}

/// `-` before what only the fresh screen has, `+` before what only ours has.
fn difference(ours: &str, fresh: &str) -> String {
    let (ours, fresh) = (dense(ours), dense(fresh));
    let only = |sign: &str, rows: &str, others: &str| {
        let rows = rows.lines();
        let rows = rows.filter(|row| !others.lines().any(|other| other == *row));
        let rows: Vec<String> = rows.map(|row| format!("{sign}{row}")).collect();
        rows.join("\n")
    };
    format!("{}\n{}", only("-", &fresh, &ours), only("+", &ours, &fresh))
}

fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let first = number("SANDBAR_FAULT_SEED").unwrap_or(1);
    first..first + number("SANDBAR_FAULT_SCHEDULES").unwrap_or(SCHEDULES)
}

#[test]
fn after_any_faults_and_a_quiet_time_the_screen_is_what_the_server_holds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let seeds: Vec<u64> = seeds().collect();

    let mut broken = Vec::new();
    for seeds in seeds.chunks(PER_SERVER) {
        let site = Site::new();
        let seeds: Vec<(u64, String)> = seeds
            .iter()
            .map(|seed| (*seed, site.server.conversation()))
            .collect();
        let ended = stream::iter(seeds)
            .map(|(seed, conversation)| schedule(&site, conversation, seed))
            .buffer_unordered(AT_ONCE)
            .filter_map(async |ended| ended.err());
        broken.extend(runtime.block_on(ended.collect::<Vec<String>>()));
    }

    assert!(
        broken.is_empty(),
        "{} of {} schedules broke it:\n{}",
        broken.len(),
        seeds.len(),
        broken.join("\n\n")
    );
}
