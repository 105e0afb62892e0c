//! What things cost that happen for each word of an answer, each line of a log and each frame, and whether
//! that grows with what is there already: `cargo bench`. The ratios are printed at the end.
//!
//! A change costs the update of the model, its drawing at 120x36 and the bytes for the terminal.
//! `cargo test` runs each case once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use sandbar::app::cx::{Cx, IdSource};
use sandbar::app::event::Event;
use sandbar::app::input::key::Key;
use sandbar::app::input::keymap::Keymap;
use sandbar::app::view::theme::Theme;
use sandbar::app::{App, AppOptions, Mode};
use sandbar::domain::chat::{
    ChatEvent, Conversation, Message, MessageWithParts, Part, Resync, Role, Tokens, TurnStatus,
};
use sandbar::domain::diff::change_set::{ChangeSet, ChangesScope};
use sandbar::domain::id::SessionKey;
use sandbar::domain::log::{LogLine, LogStream};
use sandbar::domain::sandbox::Phase;
use sandbar::domain::sandbox::price::Prices;
use sandbar::domain::server::ServerAnswer;
use sandbar::domain::session::{CredentialRef, SessionEvent, SessionOrigin, SessionSpec};
use sandbar::domain::time::UnixMillis;
use sandbar::text::{Growth, Palette, TextCache, TextKey, wrap};
use sandbar::tui::{LoopModel as _, Screen, UiModel};

const AREA: Rect = Rect::new(0, 0, 120, 36);
/// So many changes are made to one program before a new one is set up: what is measured must not grow
/// itself into another case.
const CHANGES: u64 = 100;
/// With fewer samples there is nothing to compare, as when each case runs once.
const SAMPLES: usize = 10;

/// The program on an attached server, drawn into nothing.
struct Program {
    model: UiModel,
    screen: Screen,
    ids: IdSource,
    now: Duration,
}

impl Program {
    /// With so many messages before an answer that has so many bytes and grows.
    fn with_answer(messages: usize, answer: usize) -> Self {
        let mut all: Vec<MessageWithParts> = (0..messages).map(past).collect();
        all.push(growing(&prose(answer)));
        let mut program = Self::opened(all);
        program.chat(growth("seen "));
        assert!(program.frame(), "a delta is seen");
        program
    }

    /// With a conversation that has just been fetched, and its first frame.
    fn opened(messages: Vec<MessageWithParts>) -> Self {
        let mut program = Self::new();
        program.chat(ChatEvent::Resync(Box::new(Resync {
            conversation: conversation(),
            messages,
            more: false,
            status: TurnStatus::Busy,
            permissions: None,
            questions: None,
            after_gap: false,
        })));
        program.frame();
        program
    }

    fn new() -> Self {
        let spec = SessionSpec {
            key: key(),
            origin: SessionOrigin::Attach {
                url: "http://127.0.0.1:4096".to_owned(),
                session: None,
                credential: CredentialRef::None,
            },
        };
        let app = App::new(AppOptions {
            mode: Mode::Attach {
                spec,
                url: "http://127.0.0.1:4096".to_owned(),
            },
            keymap: Keymap::default(),
            mouse: false,
            vim: false,
            utc_offset_minutes: 0,
            notify_unknown_focus: false,
            prices: Prices::default(),
        });
        let mut program = Self {
            model: UiModel::new(app, Theme::default()),
            screen: Screen::new(),
            ids: IdSource::seeded(1),
            now: Duration::from_secs(1),
        };
        program.with_cx(UiModel::start);
        program.session(SessionEvent::Phase(Phase::Live));
        program
    }

    fn with_cx(&mut self, change: impl FnOnce(&mut UiModel, &mut Cx<'_>)) {
        let mut effects = Vec::new();
        let wall = UnixMillis(0).plus(self.now);
        let mut cx = Cx::new(self.now, wall, &mut self.ids, &mut effects);
        change(&mut self.model, &mut cx);
    }

    fn session(&mut self, event: SessionEvent) {
        self.now += Duration::from_millis(10);
        self.with_cx(|model, cx| model.update(Event::Session(key(), event), cx));
    }

    fn chat(&mut self, event: ChatEvent) {
        self.session(SessionEvent::Chat(event));
    }

    /// Draws; whether the terminal has to be told anything.
    fn frame(&mut self) -> bool {
        let mut buffer = Buffer::empty(AREA);
        let wall = UnixMillis(0).plus(self.now);
        let cursor = self.model.draw(&mut buffer, self.now, wall);
        black_box(self.screen.frame(&buffer, cursor)).is_some()
    }

    fn delta(&mut self, number: u64) {
        self.chat(growth(&word(number)));
        self.frame();
    }

    fn key(&mut self, key: Key) {
        self.now += Duration::from_millis(10);
        self.with_cx(|model, cx| model.update(Event::Key(key), cx));
    }

    fn log(&mut self, lines: Vec<LogLine>) {
        self.session(SessionEvent::Logs(lines));
        self.frame();
    }
}

fn key() -> SessionKey {
    SessionKey::from("attached")
}

fn conversation() -> Conversation {
    Conversation {
        id: "ses_1".into(),
        title: "Costs".to_owned(),
        directory: "/home/user/repo".to_owned(),
        cost: 0.0,
        tokens: Tokens::default(),
        updated: UnixMillis(1),
        reverted: None,
        shared: None,
    }
}

/// A message with one text.
fn spoken(id: &str, role: Role, at: u64, (text, ended): (String, bool)) -> MessageWithParts {
    let part = if ended {
        format!("text-{id}")
    } else {
        "text".to_owned()
    };
    let message = Message {
        agent: Some("build".to_owned()),
        ..Message::new(id, role, UnixMillis(at))
    };
    MessageWithParts {
        message,
        parts: vec![Part::text(id, part, text, ended)],
    }
}

fn past(number: usize) -> MessageWithParts {
    let (role, at) = match number % 2 {
        0 => (Role::User, 10 + number as u64),
        _ => (Role::Assistant, 10 + number as u64),
    };
    let mut past = spoken(&format!("a{number:06}"), role, at, (prose(200), true));
    past.message.completed = Some(UnixMillis(at));
    past
}

fn growing(text: &str) -> MessageWithParts {
    spoken(
        "growing",
        Role::Assistant,
        1_000_000,
        (text.to_owned(), false),
    )
}

fn growth(text: &str) -> ChatEvent {
    ChatEvent::Delta {
        message: "growing".into(),
        part: "text".into(),
        text: text.to_owned(),
    }
}

fn word(number: u64) -> String {
    match number % 40 {
        0 => "\n\n".to_owned(),
        7 => "`code` ".to_owned(),
        _ => format!("word{} ", number % 10),
    }
}

/// Markdown of about so many bytes.
fn prose(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 16);
    let mut number = 1;
    while text.len() < bytes {
        text.push_str(&word(number));
        number += 1;
    }
    text
}

fn log_lines(from: u64) -> Vec<LogLine> {
    let line = |number: u64| LogLine {
        at: UnixMillis(number),
        stream: LogStream::Stderr,
        offset: number * 80,
        start: 1,
        text: format!(
            "INFO  2026-01-01T00:00:00 +{number}ms service=bus type=message.part.updated publishing"
        ),
    };
    (from..from + 100).map(line).collect()
}

/// Nanoseconds of one run by case, one for each sample.
#[derive(Default)]
struct Samples(RefCell<HashMap<String, Vec<f64>>>);

impl Samples {
    /// Measures `change` on what `set_up` makes, anew after [`CHANGES`] of them.
    fn measure<T>(
        &self,
        criterion: &mut Criterion,
        name: &str,
        set_up: impl Fn() -> T,
        change: impl Fn(&mut T, u64),
    ) {
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|wanted| {
                let mut spent = Duration::ZERO;
                let mut done = 0;
                while done < wanted {
                    let mut subject = set_up();
                    let count = CHANGES.min(wanted - done);
                    let start = Instant::now();
                    for number in 1..=count {
                        change(&mut subject, number);
                    }
                    spent += start.elapsed();
                    done += count;
                }
                self.note(name, spent, wanted);
                spent
            });
        });
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^52 here")]
    fn note(&self, name: &str, spent: Duration, count: u64) {
        let one = spent.as_nanos() as f64 / count.max(1) as f64;
        self.0
            .borrow_mut()
            .entry(name.to_owned())
            .or_default()
            .push(one);
    }

    fn median(&self, name: &str) -> Option<f64> {
        let mut samples = self.0.borrow().get(name)?.clone();
        samples.sort_by(f64::total_cmp);
        (samples.len() >= SAMPLES).then(|| samples[samples.len() / 2])
    }

    /// Prints how much more the second case costs than the first.
    #[expect(clippy::print_stdout, reason = "this program's result")]
    fn ratio(&self, (base, with): (&str, &str), goal: &str) {
        if let (Some(base_cost), Some(cost)) = (self.median(base), self.median(with)) {
            let ratio = cost / base_cost;
            println!("{with} / {base} = {ratio:.2}{goal}");
        }
    }
}

const OPEN: [(&str, usize, usize); 3] = [
    ("open 10 messages with code", 10, 16),
    ("open 5,000 messages with 1 MB of code", 5_000, 16),
    ("open a block of 10,000 lines", 2, 10_000),
];

const DELTA: [(&str, usize, usize); 4] = [
    ("delta at 10 messages", 10, 1_000),
    ("delta at 5,000 messages", 5_000, 1_000),
    ("delta at 1 KB of answer", 10, 1_000),
    ("delta at 1 MB of answer", 10, 1_000_000),
];

fn deltas(criterion: &mut Criterion, samples: &Samples) {
    for (name, messages, answer) in DELTA {
        let set_up = || Program::with_answer(messages, answer);
        samples.measure(criterion, name, set_up, Program::delta);
    }
}

fn texts(criterion: &mut Criterion, samples: &Samples) {
    for (name, bytes) in [("wrap 1 KB", 1_000), ("wrap 10 KB", 10_000)] {
        let text = prose(bytes).replace('\n', " ");
        samples.measure(
            criterion,
            name,
            || (),
            |(), _| {
                black_box(wrap::wrap_plain(&text, 100, Style::default()));
            },
        );
    }
    let palette = Palette::default();
    for (name, bytes) in [("markdown 1 KB", 1_000), ("markdown 10 KB", 10_000)] {
        let text = prose(bytes);
        let render = |cache: &mut TextCache, number| {
            let key = TextKey {
                id: "text",
                generation: 0,
                revision: number,
            };
            black_box(
                cache
                    .markdown(key, &text, 100, Growth::Whole, &palette)
                    .len(),
            );
        };
        samples.measure(criterion, name, || TextCache::new(10_000), render);
    }
}

/// Opening a conversation, and a frame after colours have come for a part of what it shows.
fn code(criterion: &mut Criterion, samples: &Samples) {
    for (name, messages, lines) in OPEN {
        let all = with_code(messages, lines);
        let open = |(): &mut (), _: u64| {
            black_box(Program::opened(all.clone()));
        };
        samples.measure(criterion, name, || (), open);
    }
    for (name, lines) in [
        ("colours in 100 lines", 100),
        ("colours in 10,000 lines", 10_000),
    ] {
        let all = with_code(2, lines);
        let set_up = || Program::opened(all.clone());
        samples.measure(criterion, name, set_up, |program, _| {
            if program.model.next_job().is_some() {
                program.model.job_done(None);
            }
            program.frame();
        });
    }
}

/// So many messages, whose answers have so many lines of code each.
fn with_code(messages: usize, lines: usize) -> Vec<MessageWithParts> {
    let code = |number: usize| {
        let line = |line: usize| format!("    let value_{line} = {number};\n");
        let lines = (0..lines).map(line).collect::<Vec<_>>().concat();
        format!("Text before.\n\n```rust\nfn main() {{\n{lines}}}\n```\n\nText after.")
    };
    let with_code = |number: usize| {
        let mut message = past(number);
        if number % 2 == 1 {
            let id = format!("a{number:06}");
            message.parts = vec![Part::text(
                id.as_str(),
                format!("text-{id}"),
                code(number),
                true,
            )];
        }
        message
    };
    (0..messages).map(with_code).collect()
}

const CHANGES_OF: [(&str, &str, usize); 2] = [
    (
        "open changes of 1,000 lines",
        "scroll in 1,000 lines",
        1_000,
    ),
    (
        "open changes of 100,000 lines",
        "scroll in 100,000 lines",
        100_000,
    ),
];

/// Changes that are read, shown for the first time, and scrolled by a row.
fn changes(criterion: &mut Criterion, samples: &Samples) {
    for (open, scroll, lines) in CHANGES_OF {
        let patch = patch(lines);
        let opened = || {
            let mut program = Program::new();
            program.key(Key::ctrl('x'));
            program.key(Key::char('d'));
            let changes = Ok(ChangeSet::of_patch(patch.as_bytes()));
            let answer = ServerAnswer::Changes(ChangesScope::Uncommitted, changes);
            program.session(SessionEvent::Server(answer));
            program.frame();
            program
        };
        samples.measure(
            criterion,
            open,
            || (),
            |(), _| {
                black_box(opened());
            },
        );
        let at_the_end = || {
            let mut program = opened();
            program.key(Key::char('G'));
            program
        };
        samples.measure(criterion, scroll, at_the_end, |program, _| {
            program.key(Key::char('k'));
            program.frame();
        });
    }
}

/// Changed lines of code in files of a thousand.
fn patch(lines: usize) -> String {
    let mut patch = String::new();
    for file in 0..lines.div_ceil(1_000) {
        let head =
            format!("diff --git a/{file}.rs b/{file}.rs\n--- a/{file}.rs\n+++ b/{file}.rs\n");
        patch.push_str(&head);
        patch.push_str("@@ -1,750 +1,750 @@\n");
        for line in 0..250 {
            let code = format!("    let value_{line} = call({line}, \"text\");\n");
            let new = code.replace("call", "other");
            for (sign, code) in [(' ', &code), (' ', &code), ('-', &code), ('+', &new)] {
                patch.push(sign);
                patch.push_str(code);
            }
        }
    }
    patch
}

fn logs(criterion: &mut Criterion, samples: &Samples) {
    for (name, batches) in [
        ("100 log lines at none", 0),
        ("100 log lines at 20,000", 200),
    ] {
        let set_up = || {
            let mut program = Program::with_answer(1, 0);
            for batch in 0..batches {
                program.session(SessionEvent::Logs(log_lines(batch * 100)));
            }
            program
        };
        let from = batches * 100;
        samples.measure(criterion, name, set_up, |program, number| {
            program.log(log_lines(from + number * 100));
        });
    }
}

/// Frames between which nothing, one row and all rows have changed.
fn screens(criterion: &mut Criterion, samples: &Samples) {
    let filled = |changed: u16, with: &str| {
        let mut buffer = Buffer::empty(AREA);
        for row in 0..AREA.height {
            let text = if row < changed { with } else { "same" };
            let line = format!("{row} {text} ").repeat(10);
            buffer.set_string(0, row, line, Style::default());
        }
        buffer
    };
    for (name, changed) in [
        ("frame, no row", 0),
        ("frame, one row", 1),
        ("frame, all rows", 36),
    ] {
        let pair = [filled(changed, "left"), filled(changed, "right")];
        let draw = |screen: &mut Screen, number: u64| {
            let at = usize::from(number.is_multiple_of(2));
            black_box(screen.frame(&pair[at], None));
        };
        samples.measure(criterion, name, Screen::new, draw);
    }
}

fn main() {
    let samples = Samples::default();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    deltas(&mut criterion, &samples);
    texts(&mut criterion, &samples);
    code(&mut criterion, &samples);
    changes(&mut criterion, &samples);
    logs(&mut criterion, &samples);
    screens(&mut criterion, &samples);
    criterion.final_summary();
    for (pair, goal) in [
        ((DELTA[0].0, DELTA[1].0), " (at most 1.3)"),
        ((DELTA[2].0, DELTA[3].0), " (at most 1.3)"),
        ((OPEN[0].0, OPEN[1].0), ""),
        ((OPEN[0].0, OPEN[2].0), ""),
        ((CHANGES_OF[0].0, CHANGES_OF[1].0), ""),
        ((CHANGES_OF[0].1, CHANGES_OF[1].1), " (at most 1.3)"),
        (
            ("colours in 100 lines", "colours in 10,000 lines"),
            " (at most 1.3)",
        ),
        (("wrap 1 KB", "wrap 10 KB"), ""),
        (("markdown 1 KB", "markdown 10 KB"), ""),
        (("100 log lines at none", "100 log lines at 20,000"), ""),
        (("frame, no row", "frame, one row"), ""),
        (("frame, no row", "frame, all rows"), ""),
    ] {
        samples.ratio(pair, goal);
    }
}
