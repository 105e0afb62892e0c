//! A day of one session in a few seconds: heartbeats, logs, turns and frames pass through the program's memory and
//! disk, with a simulated clock. What must not grow does not.
//!
//! Each hour is measured by the size of the values' `Debug` output, independent of allocator and machine.
//! `--nocapture` also shows the resident memory, which means something only if nothing else runs in the process.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::fs;
use std::path::Path;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use sandbar::app::cx::{Cx, IdSource};
use sandbar::app::effect::Effect;
use sandbar::app::event::{Event, Reply};
use sandbar::app::input::key::Key;
use sandbar::app::view::cx::ViewCx;
use sandbar::app::view::theme::Theme;
use sandbar::app::view::viewport::Viewport;
use sandbar::app::{App, FirstSession, Mode};
use sandbar::domain::chat::ChatEvent;
use sandbar::domain::id::SessionKey;
use sandbar::domain::log::{LogLine, LogStream};
use sandbar::domain::sandbox::{EngineKind, Phase};
use sandbar::domain::session::{
    CodeSource, NewSession, Prompt, PromptQueue, SessionCommand, SessionEvent,
};
use sandbar::domain::time::UnixMillis;
use sandbar::opencode::wire::event::Event as WireEvent;
use sandbar::session::chat::translate::Translator;
use sandbar::store::Store;
use sandbar::text::TextCache;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::client::options;
use crate::support::http::runtime;

const HOURS: u64 = 24;
/// More hours without activity.
const QUIET: u64 = 6;
/// OpenCode's heartbeat interval.
const STEP: Duration = Duration::from_secs(10);
const STEPS_OF_AN_HOUR: u64 = 360;
/// Three hundred a day.
const STEPS_OF_A_TURN: u64 = 29;
const STEPS_OF_A_FRAME: u64 = 6;
const STEPS_OF_A_BURST: u64 = 2 * STEPS_OF_AN_HOUR;
/// More than the log pane holds.
const BURST: u64 = 12_000;
const DELTAS: usize = 60;
/// The program's own limit.
const CACHED_LINES: usize = 20_000;
const AREA: Rect = Rect::new(0, 0, 120, 36);
/// 2026-01-01 14:00 UTC.
const NOON: u64 = 1_767_276_000_000;
const CONVERSATION: &str = "ses_day";
/// Recorded turns of a real server, with some of everything.
const TURNS: [&str; 6] = [
    "reasoning",
    "bash",
    "permission_once",
    "question",
    "subagent",
    "todo",
];

/// The size of a value.
fn size(value: &impl Debug) -> usize {
    struct Count(usize);
    impl Write for Count {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut count = Count(0);
    write!(count, "{value:?}").unwrap();
    count.0
}

/// A recorded turn; each time it is played, it gets new ids.
struct Recording {
    frames: Vec<String>,
    /// Message and part of its prompt.
    prompt: [String; 2],
}

impl Recording {
    fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode");
        let text = fs::read_to_string(folder.join(format!("{name}.ndjson"))).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let events = lines.filter_map(|mut line: Value| {
            let key = ["ev", "gev"]
                .into_iter()
                .find(|key| line[key].is_object())?;
            Some(line[key].take())
        });
        let events: Vec<Value> = events.collect();
        let find = |matches: &dyn Fn(&Value) -> bool| {
            let found = events.iter().find(|event| matches(&event["properties"]));
            found.unwrap()["properties"].clone()
        };
        let asked = find(&|event| event["info"]["role"] == "user");
        let root = asked["sessionID"].as_str().unwrap().to_owned();
        let message = asked["info"]["id"].as_str().unwrap().to_owned();
        let part = find(&|event| event["part"]["messageID"] == message.as_str());
        let part = part["part"]["id"].as_str().unwrap().to_owned();
        let frames = events.iter().map(Value::to_string);
        Self {
            frames: frames
                .map(|frame| frame.replace(&root, CONVERSATION))
                .collect(),
            prompt: [message, part],
        }
    }

    /// The frames of another turn like this one, in answer to a prompt.
    fn play(&self, number: u64, prompt: &Prompt) -> Vec<String> {
        let mut frames: Vec<String> = Vec::new();
        for frame in &self.frames {
            let mut frame = frame.clone();
            for kind in ["msg", "prt", "per", "que"] {
                frame = frame.replace(&format!("\"{kind}_"), &format!("\"{kind}_{number}n"));
            }
            let ours = [&prompt.message.to_string(), &prompt.part.to_string()];
            for (theirs, ours) in self.prompt.iter().zip(ours) {
                let (kind, rest) = theirs.split_once('_').unwrap();
                frame = frame.replace(&format!("{kind}_{number}n{rest}"), ours);
            }
            frames.push(frame);
        }
        frames.splice(frames.len() - 1..frames.len() - 1, answer(number));
        frames
    }
}

/// A long answer, as it streams.
fn answer(number: u64) -> Vec<String> {
    let (message, part) = (
        format!("msg_{number}zanswer"),
        format!("prt_{number}zanswer"),
    );
    let event = |kind: &str, properties: Value| {
        json!({ "type": kind, "properties": properties }).to_string()
    };
    let text = |text: &str, time: Value| {
        let part = json!({
            "id": part, "messageID": message, "sessionID": CONVERSATION,
            "type": "text", "text": text, "time": time,
        });
        let properties = json!({ "sessionID": CONVERSATION, "part": part });
        event("message.part.updated", properties)
    };
    let pieces: Vec<String> = (0..DELTAS)
        .map(|piece| format!("- point **{piece}** of answer {number}, with `code` in it\n"))
        .collect();
    let mut frames = vec![text("", json!({ "start": NOON }))];
    frames.extend(pieces.iter().map(|piece| {
        let properties = json!({
            "sessionID": CONVERSATION, "messageID": message, "partID": part,
            "field": "text", "delta": piece,
        });
        event("message.part.delta", properties)
    }));
    frames.push(text(
        &pieces.concat(),
        json!({ "start": NOON, "end": NOON + 9 }),
    ));
    frames
}

/// Everything that lives as long as a session.
struct Day {
    runtime: Runtime,
    app: App,
    ids: IdSource,
    theme: Theme,
    cache: TextCache,
    translator: Translator,
    store: Store,
    directory: tempfile::TempDir,
    key: SessionKey,
    now: Duration,
    lines: u64,
    /// The size of the messages of all turns.
    said: usize,
}

impl Day {
    fn begin() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = options(Mode::Full {
            new: NewSession {
                name: "day".to_owned(),
                template: "opencode".into(),
                code: CodeSource::Empty,
                model: None,
                demo: true,
            },
            engine: EngineKind::Local,
            project: None,
            first: FirstSession::LastShown,
        });
        let mut day = Self {
            runtime: runtime(),
            app: App::new(options),
            ids: IdSource::seeded(1),
            theme: Theme::default(),
            cache: TextCache::new(CACHED_LINES),
            translator: Translator::new(CONVERSATION, "/home/user/project"),
            store: Store::open(directory.path()).store,
            directory,
            key: SessionKey::from("none"),
            now: Duration::ZERO,
            lines: 0,
            said: 0,
        };
        day.with_cx(App::start);
        // A session of its own.
        let opened = day.update(Event::Reply(Reply::Sessions(Vec::new())));
        let opened = opened.into_iter().find_map(|effect| match effect {
            Effect::OpenSession(spec) => Some(spec.key),
            _ => None,
        });
        day.key = opened.unwrap();
        day.tell(SessionEvent::Phase(Phase::Live));
        day
    }

    fn with_cx(&mut self, what: impl FnOnce(&mut App, &mut Cx<'_>)) -> Vec<Effect> {
        let mut effects = Vec::new();
        let wall = UnixMillis(NOON).plus(self.now);
        what(
            &mut self.app,
            &mut Cx::new(self.now, wall, &mut self.ids, &mut effects),
        );
        effects
    }

    fn update(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.with_cx(|app, cx| app.update(event, cx));
        for effect in &effects {
            if let Effect::Command(key, SessionCommand::SaveDraft(draft)) = effect {
                let saved = self.store.set_draft(key, draft.clone());
                self.runtime.block_on(saved).unwrap();
            }
        }
        effects
    }

    fn tell(&mut self, event: SessionEvent) {
        self.update(Event::Session(self.key.clone(), event));
    }

    fn print(&mut self, count: u64) {
        let lines = (self.lines..self.lines + count).map(|number| LogLine {
            at: UnixMillis(NOON).plus(self.now),
            stream: [LogStream::Stdout, LogStream::Stderr][usize::from(number % 2 == 0)],
            offset: number * 100,
            start: 1,
            text: format!("level=INFO message=\"something was done\" number={number}"),
        });
        let lines: Vec<LogLine> = lines.collect();
        self.lines += count;
        let stored = self.store.append_logs(&self.key, lines.clone());
        self.runtime.block_on(stored).unwrap();
        self.tell(SessionEvent::Logs(lines));
    }

    /// Applies a frame of the event stream; returns the resulting events.
    fn frame(&mut self, frame: &str) -> Vec<ChatEvent> {
        let Some(event) = WireEvent::parse(frame) else {
            return Vec::new();
        };
        assert!(!matches!(event, WireEvent::Malformed { .. }), "{frame}");
        let mut told = Vec::new();
        self.translator
            .translate(event, &mut |event| told.push(event));
        for event in &told {
            let recorded = self.store.record(&self.key, event);
            self.runtime.block_on(recorded).unwrap();
            self.tell(SessionEvent::Chat(event.clone()));
        }
        told
    }

    fn prompt(&mut self, number: u64) -> Prompt {
        for character in format!("prompt {number}").chars() {
            self.now += Duration::from_millis(100);
            self.update(Event::Key(Key::char(character)));
        }
        self.now += Duration::from_millis(100);
        let sent = self
            .update(Event::Key("enter".parse().unwrap()))
            .into_iter();
        let prompt = sent.into_iter().find_map(|effect| match effect {
            Effect::Command(_, SessionCommand::Prompt(prompt)) => Some(prompt),
            _ => None,
        });
        let prompt = prompt.unwrap();
        let (store, key) = (&self.store, &self.key);
        self.runtime.block_on(async {
            store.enqueue(key, prompt.clone()).await.unwrap();
            store.claim(key, &prompt.message, false).await.unwrap();
            store.posted(key, &prompt.message).await.unwrap();
        });
        for sent in [vec![prompt.clone()], Vec::new()] {
            let queue = PromptQueue {
                sent,
                ..PromptQueue::default()
            };
            self.tell(SessionEvent::Queue(queue));
        }
        prompt
    }

    fn turn(&mut self, recording: &Recording, number: u64) {
        let prompt = self.prompt(number);
        let mut said: HashMap<String, usize> = HashMap::new();
        let frames = recording.play(number, &prompt);
        for (index, frame) in frames.iter().enumerate() {
            for event in self.frame(frame) {
                let id = match &event {
                    ChatEvent::Message(message) => message.id.to_string(),
                    ChatEvent::Part(part) => part.id.to_string(),
                    _ => continue,
                };
                said.insert(id, size(&event));
            }
            if index % 16 == 0 {
                self.draw();
            }
        }
        self.said += said.values().sum::<usize>();
    }

    fn draw(&mut self) {
        let mut buffer = Buffer::empty(AREA);
        let mut viewport = Viewport::default();
        let mut vx = ViewCx {
            theme: &self.theme,
            cache: &mut self.cache,
            viewport: &mut viewport,
            now: self.now,
            wall: UnixMillis(NOON).plus(self.now),
        };
        self.app.view(AREA, &mut buffer, &mut vx);
        self.app.shown(viewport);
    }

    fn measure(&self) -> Held {
        self.runtime.block_on(self.store.flush()).unwrap();
        let stored = self.store.logs(&self.key, usize::MAX);
        let on_disk = |name: &str| {
            let files = fs::read_dir(self.directory.path()).unwrap().flatten();
            let files = files.filter(|file| file.file_name().to_string_lossy().ends_with(name));
            files.map(|file| file.metadata().unwrap().len()).sum()
        };
        Held {
            said: self.said,
            app: size(&self.app),
            translator: size(&self.translator),
            cached_lines: self.cache.lines(),
            stored_lines: self.runtime.block_on(stored).unwrap().len(),
            wal: on_disk("-wal"),
            database: on_disk(".db"),
            resident: resident(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Held {
    /// By the messages that the server has.
    said: usize,
    app: usize,
    translator: usize,
    cached_lines: usize,
    stored_lines: usize,
    /// Bytes.
    wal: u64,
    /// Bytes.
    database: u64,
    /// In kB; for people.
    #[expect(dead_code, reason = "is shown")]
    resident: u64,
}

/// Of this process, in kB; 0 if unknown.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

/// The sizes after each hour.
#[expect(clippy::print_stderr, reason = "measured by hand")]
fn hours() -> Vec<Held> {
    let recordings = TURNS.map(Recording::read);
    let mut recordings = recordings.iter().cycle();
    let mut day = Day::begin();
    let mut turns = 0;
    let mut hours = Vec::new();
    for step in 0..(HOURS + QUIET) * STEPS_OF_AN_HOUR {
        day.now = STEP * u32::try_from(step).unwrap();
        day.frame(r#"{"type":"server.heartbeat","properties":{}}"#);
        let is_burst = step % STEPS_OF_A_BURST == 0;
        day.print(if is_burst { BURST } else { 10 });
        if step % STEPS_OF_A_TURN == 0 && step < HOURS * STEPS_OF_AN_HOUR {
            day.turn(recordings.next().unwrap(), turns);
            turns += 1;
        }
        day.update(Event::Tick);
        if step % STEPS_OF_A_FRAME == 0 {
            day.draw();
        }
        if (step + 1) % STEPS_OF_AN_HOUR == 0 {
            let held = day.measure();
            eprintln!("hour {}: {held:?}", hours.len() + 1);
            hours.push(held);
        }
    }
    hours
}

#[test]
fn a_day_of_heartbeats_logs_and_turns_leaves_nothing_but_its_messages() {
    let hours = hours();

    let day = usize::try_from(HOURS).unwrap();
    let (first, last) = (hours[0], hours[day - 1]);
    // The messages with an index over them, and nothing else.
    let said = last.said - first.said;
    assert!(said > 1_000_000, "too little was said to tell: {hours:?}");
    assert!(last.app <= first.app + said * 3 / 2, "{first:?} {last:?}");
    for held in &hours[day..] {
        assert!(held.app <= last.app + last.app / 100, "{held:?} {last:?}");
        assert!(held.cached_lines <= last.cached_lines, "{held:?} {last:?}");
    }
    for held in &hours {
        assert!(held.translator <= 2 * first.translator, "{held:?}");
        assert!(held.cached_lines <= CACHED_LINES, "{held:?}");
        assert!(held.stored_lines <= 100_000, "{held:?}");
        assert!(held.wal <= 32 << 20, "{held:?}");
        assert!(held.database <= 64 << 20, "{held:?}");
    }
}
