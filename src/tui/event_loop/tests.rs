//! The real loop between channels: the test types keys, sends events and receives frames.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyModifiers};
use futures::channel::mpsc as stream;
use pretty_assertions::assert_eq;
use ratatui::style::Style;
use tokio::task::JoinHandle;

use super::*;
use crate::app::effect::Effect;
use crate::app::event::Reply;
use crate::domain::chat::{ChatEvent, TurnStatus};
use crate::domain::failure::Failure;
use crate::domain::id::SandboxId;
use crate::domain::log::LogLine;
use crate::domain::sandbox::Phase;
use crate::domain::session::{CloseAction, SessionCommand, SessionSpec};
use crate::domain::testing;
use crate::tui::desktop::Desktop;
use crate::tui::effects::{CommandRefused, ReplyTask};
use crate::tui::writer::FrameOutlet;

/// Shows the typed text and the number of log lines; some keys request effects.
#[derive(Debug, Default)]
struct Page {
    typed: String,
    lines: usize,
    events: Vec<Event>,
    spins: bool,
    /// Moves five times a second.
    turns: bool,
    ticks: u64,
}

impl LoopModel for Page {
    fn start(&mut self, _: &mut Cx<'_>) {}

    fn update(&mut self, event: Event, cx: &mut Cx<'_>) {
        match &event {
            Event::Key(key) | Event::BurstKey(key) => match key.code {
                crate::app::input::key::KeyCode::Char('Q') => cx.ask(Effect::Quit),
                crate::app::input::key::KeyCode::Char('E') => cx.ask(Effect::EditExternally {
                    draft: self.typed.clone(),
                }),
                crate::app::input::key::KeyCode::Char('K') => {
                    cx.ask(Effect::Command("key".into(), SessionCommand::Kill));
                }
                crate::app::input::key::KeyCode::Char('C') => cx.ask(Effect::Copy("copied".into())),
                crate::app::input::key::KeyCode::Char('Z') => cx.ask(Effect::Suspend),
                crate::app::input::key::KeyCode::Char('M') => cx.ask(Effect::CaptureMouse(true)),
                crate::app::input::key::KeyCode::Char('S') => self.spins = true,
                crate::app::input::key::KeyCode::Char('P') => panic!("a fault in the model"),
                crate::app::input::key::KeyCode::Char('T') => self.turns = true,
                crate::app::input::key::KeyCode::Char(c) => self.typed.push(c),
                _ => {}
            },
            Event::Session(_, SessionEvent::Logs(lines)) => self.lines += lines.len(),
            Event::Tick => self.ticks += 1,
            Event::Reply(Reply::Edited(Ok(text))) => self.typed.clone_from(text),
            _ => {}
        }
        self.events.push(event);
    }

    fn draw(&mut self, buffer: &mut Buffer, _: Monotonic, _: UnixMillis) -> Option<(u16, u16)> {
        buffer.set_string(0, 0, format!("typed {}", self.typed), Style::new());
        buffer.set_string(0, 1, format!("lines {}", self.lines), Style::new());
        buffer.set_string(0, 2, format!("ticks {}", self.ticks), Style::new());
        None
    }

    fn title(&self) -> String {
        "page".into()
    }

    fn is_typing(&self) -> bool {
        true
    }

    fn animation_due(&self, now: Monotonic) -> Option<Monotonic> {
        let steps = now.as_millis() / 200;
        let next = Duration::from_millis(u64::try_from(steps + 1).unwrap() * 200);
        self.spins.then_some(now).or(self.turns.then_some(next))
    }
}

/// Accepts nothing.
struct Shut;

impl SessionHandle for Shut {
    fn open(&mut self, _: SessionSpec) -> Result<(), CommandRefused> {
        Err(CommandRefused)
    }
    fn command(&mut self, _: &SessionKey, _: SessionCommand) -> Result<(), CommandRefused> {
        Err(CommandRefused)
    }
    fn close(&mut self, _: &SessionKey, _: CloseAction) -> Result<(), CommandRefused> {
        Err(CommandRefused)
    }
    fn list(&mut self) -> ReplyTask {
        Box::pin(async { Reply::Sessions(Vec::new()) })
    }
    fn unattached(&mut self) -> ReplyTask {
        Box::pin(async { Reply::UnattachedSandboxes(Ok(Vec::new())) })
    }
    fn close_sandbox(&mut self, id: SandboxId, _: CloseAction) -> ReplyTask {
        Box::pin(async { Reply::Closed(id, Phase::Failed(Failure::new("shut"))) })
    }
    fn adopt(&mut self, id: SandboxId, _: SessionKey) -> ReplyTask {
        Box::pin(async { Reply::Adopted(id, Err(Failure::new("shut"))) })
    }
    fn watch(&mut self, _: Vec<SessionKey>) {}
    fn shown(&mut self, _: SessionKey) {}
}

struct Channels {
    inputs: Vec<stream::Receiver<io::Result<Raw>>>,
    calls: Arc<Mutex<Vec<String>>>,
    jobs: Arc<Mutex<Jobs>>,
}

/// The state of the shell that started the program.
#[derive(Debug)]
struct Jobs {
    control: bool,
    foreground: bool,
}

impl Console for Channels {
    type Input = stream::Receiver<io::Result<Raw>>;

    fn input(&mut self) -> Self::Input {
        self.inputs.remove(0)
    }
    fn enter(&mut self) -> io::Result<()> {
        self.calls.lock().unwrap().push("enter".into());
        Ok(())
    }
    fn leave(&mut self) {
        self.calls.lock().unwrap().push("leave".into());
    }
    fn size(&self) -> (u16, u16) {
        (30, 4)
    }
    fn has_job_control(&self) -> bool {
        self.jobs.lock().unwrap().control
    }
    fn is_foreground(&self) -> bool {
        self.jobs.lock().unwrap().foreground
    }
    fn stop(&self, stop: StopSignal) -> io::Result<()> {
        self.calls.lock().unwrap().push(format!("stop {stop:?}"));
        Ok(())
    }
}

/// The environment of a loop, and the terminal that shows its frames.
struct EventLoopHarness {
    /// `keys[0]` is read first, `keys[1]` after the terminal was lent.
    keys: Vec<stream::Sender<io::Result<Raw>>>,
    sessions: mpsc::Sender<(SessionKey, SessionEvent)>,
    signals: mpsc::Sender<LoopSignal>,
    outlet: FrameOutlet,
    calls: Arc<Mutex<Vec<String>>>,
    jobs: Arc<Mutex<Jobs>>,
    terminal: vt100::Parser,
    bytes: usize,
    task: JoinHandle<(Page, u64)>,
}

impl EventLoopHarness {
    fn start(desktop: Desktop) -> Self {
        let (first, second) = (stream::channel(64), stream::channel(64));
        let (sessions, sessions_out) = mpsc::channel(256);
        let (signals, signals_out) = mpsc::channel(4);
        let (writer, outlet) = FrameWriter::pair();
        let calls = Arc::default();
        let jobs = Arc::new(Mutex::new(Jobs {
            control: true,
            foreground: true,
        }));
        let console = Channels {
            inputs: vec![first.1, second.1],
            calls: Arc::clone(&calls),
            jobs: Arc::clone(&jobs),
        };
        let sources = EventSources {
            sessions: sessions_out,
            signals: signals_out,
        };
        // The loop holds values that stay on one thread, as in the program.
        let task = tokio::task::spawn_local(async move {
            let effects = Effects::new(Shut, desktop);
            let mut looping = EventLoop::new(Page::default(), effects, console, writer, sources);
            looping.run().await.unwrap();
            (looping.model, looping.draws)
        });
        Self {
            keys: vec![first.0, second.0],
            sessions,
            signals,
            outlet,
            calls,
            jobs,
            terminal: vt100::Parser::new(4, 30, 0),
            bytes: 0,
            task,
        }
    }

    fn press(&mut self, keys: &str) {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                c => KeyCode::Char(c),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            self.keys[0].try_send(Ok(Raw::Key(key))).unwrap();
        }
    }

    async fn conversation(&self) {
        let resync = testing::resync(Vec::new(), TurnStatus::Idle);
        let event = ChatEvent::Resync(Box::new(resync));
        let event = SessionEvent::Chat(event);
        self.sessions.send(("key".into(), event)).await.unwrap();
    }

    async fn log_line(&self) {
        let line = LogLine::ours(UnixMillis(0), "line");
        let event = SessionEvent::Logs(vec![line]);
        self.sessions.send(("key".into(), event)).await.unwrap();
    }

    /// Receives the next frame, without confirming that it was written.
    async fn take_frame(&mut self) {
        let frame = self.outlet.frames.recv().await.unwrap();
        self.bytes += frame.len();
        self.terminal.process(&frame);
    }

    async fn written(&self) {
        self.outlet.written.send(Ok(())).await.unwrap();
    }

    async fn show_frame(&mut self) {
        self.take_frame().await;
        self.written().await;
    }

    /// Shows the next frame and returns it as text.
    async fn next_frame(&mut self) -> String {
        let frame = self.outlet.frames.recv().await.unwrap();
        self.terminal.process(&frame);
        self.written().await;
        String::from_utf8(frame).unwrap()
    }

    /// Shows the next frame, if one comes soon.
    async fn show_frame_or_wait(&mut self) {
        let _soon = tokio::time::timeout(Duration::from_secs(1), self.show_frame()).await;
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn shown(&self) -> String {
        self.terminal.screen().contents()
    }

    async fn end(mut self) -> (Page, u64) {
        self.signals.send(LoopSignal::Stop).await.unwrap();
        while self.outlet.frames.recv().await.is_some() {
            // The loop may have ended meanwhile.
            let _ = self.outlet.written.send(Ok(())).await;
        }
        self.task.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_does_not_read_stops_neither_keys_nor_makes_a_queue() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.take_frame().await;

        for key in ["a", "b", "c"] {
            context.press(key);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert!(context.outlet.frames.try_recv().is_err());
        context.written().await;
        context.show_frame().await;

        assert_eq!(context.shown(), "typed abc\nlines 0\nticks 0");
        let (_, draws) = context.end().await;
        assert_eq!(draws, 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_enter_that_ends_a_burst_is_sent_alone_when_nothing_follows() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;

        context.press("go\n");
        context.show_frame().await;
        context.show_frame_or_wait().await;

        let (page, _) = context.end().await;
        let key = |key: &str| key.parse().unwrap();
        let expected = [
            Event::Key(key("g")),
            Event::BurstKey(key("o")),
            Event::BurstKey(key("enter")),
            Event::Stop,
        ];
        assert_eq!(page.events, expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_signal_does_not_send_what_is_typed() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        context.press("go\n");
        context.show_frame().await;

        // Both are there when the loop looks: the signal, and the time at which the Enter counts.
        context.signals.try_send(LoopSignal::Stop).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;

        let (page, _) = context.task.await.unwrap();
        let key = |key: &str| key.parse().unwrap();
        let expected = [Event::Key(key("g")), Event::BurstKey(key("o")), Event::Stop];
        assert_eq!(page.events, expected);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_model_that_panics_may_save_its_drafts() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;

        context.press("xPy");

        let (page, _) = context.task.await.unwrap();
        let x = Event::Key("x".parse().unwrap());
        assert_eq!(page.events, [x, Event::Stop]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_was_opened_is_drawn_at_once() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        context.log_line().await;
        context.show_frame().await;

        let drawn = Instant::now();
        context.conversation().await;
        context.log_line().await;
        context.show_frame().await;

        assert!(drawn.elapsed() <= BY_HAND, "{:?}", drawn.elapsed());
        assert!(context.shown().contains("lines 2"), "{}", context.shown());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_drawn_at_its_pace_and_a_key_at_once() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        let began = Instant::now();

        let mut frames = 0;
        for _ in 0..500 {
            context.log_line().await;
            tokio::time::sleep(Duration::from_millis(2)).await;
            while let Ok(frame) = context.outlet.frames.try_recv() {
                context.terminal.process(&frame);
                context.written().await;
                frames += 1;
            }
        }
        assert!(
            (15..=18).contains(&frames),
            "{frames} frames in {:?}",
            began.elapsed()
        );

        tokio::time::sleep(BY_HAND).await;
        while let Ok(frame) = context.outlet.frames.try_recv() {
            context.terminal.process(&frame);
            context.written().await;
        }
        context.log_line().await;
        let pressed = Instant::now();
        context.press("k");
        while !context.shown().starts_with("typed k") {
            context.show_frame().await;
        }
        assert!(
            pressed.elapsed() <= BY_HAND,
            "echo after {:?}",
            pressed.elapsed()
        );
        context.show_frame().await;
        assert_eq!(context.shown(), "typed k\nlines 501\nticks 0");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_while_nothing_changes() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;

        tokio::time::sleep(Duration::from_hours(1)).await;

        assert!(context.outlet.frames.try_recv().is_err());
        let (page, draws) = context.end().await;
        assert_eq!((page.events, draws), (vec![Event::Stop], 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_model_that_always_moves_does_not_spin_the_loop() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        context.press("S");
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(1) {
            context.show_frame().await;
        }

        let (page, draws) = context.end().await;
        assert!((100..=130).contains(&page.ticks), "{} ticks", page.ticks);
        assert!((16..=20).contains(&draws), "{draws} draws");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_moves_at_its_next_step_moves_at_each() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        context.press("T");
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(1) {
            context.show_frame().await;
        }

        let (page, _) = context.end().await;
        assert!((4..=6).contains(&page.ticks), "{} ticks", page.ticks);
    })
    .await;
}

#[tokio::test]
async fn an_editor_gets_the_terminal_and_events_go_on_meanwhile() {
    run_local(async {
        let dir = tempfile::tempdir().unwrap();
        let gate = dir.path().join("gate");
        let desktop = Desktop {
            // Waits for the test, then changes the draft.
            editor: Some(format!("mkfifo {0}; cat {0} >>", gate.display())),
            temp_dir: dir.path().into(),
            program: "true".into(),
            ..Desktop::default()
        };
        let mut context = EventLoopHarness::start(desktop);
        context.show_frame().await;
        context.press("xE");
        context.log_line().await;
        while !gate.exists() {
            tokio::task::yield_now().await;
        }
        assert_eq!(context.calls(), ["leave"]);
        // Ctrl-c and ctrl-z are for the editor; when stopped, the shell gets the whole job back.
        context.signals.send(LoopSignal::Interrupt).await.unwrap();
        context.signals.send(LoopSignal::Suspend).await.unwrap();
        context.signals.send(LoopSignal::Continue).await.unwrap();
        while context.signals.capacity() < 4 {
            tokio::task::yield_now().await;
        }
        while context.sessions.capacity() < 256 {
            tokio::task::yield_now().await;
        }

        tokio::fs::write(&gate, "yz").await.unwrap();
        while !context.shown().starts_with("typed xyz") {
            context.show_frame().await;
        }

        assert_eq!(context.shown(), "typed xyz\nlines 1\nticks 0");
        assert_eq!(context.calls(), ["leave", "stop Process", "enter"]);
    })
    .await;
}

#[tokio::test]
async fn a_stop_ends_the_editor_and_keeps_what_it_has_written() {
    run_local(async {
        let dir = tempfile::tempdir().unwrap();
        let ready = dir.path().join("ready");
        let script = format!(
            "echo written > \"$1\"; mkdir {}; exec sleep 4321",
            ready.display()
        );
        let desktop = Desktop {
            editor: Some(format!("sh -c '{script}' sh")),
            temp_dir: dir.path().into(),
            ..Desktop::default()
        };
        let mut context = EventLoopHarness::start(desktop);
        context.show_frame().await;
        context.press("xE");
        while !ready.exists() {
            tokio::task::yield_now().await;
        }

        context.signals.send(LoopSignal::Stop).await.unwrap();
        let (page, _) = context.task.await.unwrap();

        assert_eq!(page.typed, "written");
        let events = &page.events[page.events.len() - 2..];
        let edited = Event::Reply(Reply::Edited(Ok("written".to_owned())));
        assert_eq!(events, [edited, Event::Stop]);
        assert_eq!(*context.calls.lock().unwrap(), ["leave"]);
        std::fs::remove_dir(ready).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_saved_is_saved_before_the_terminal_is_lent_or_the_process_stops() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        context.press("xZ");
        while context.calls().is_empty() {
            tokio::task::yield_now().await;
        }
        context.signals.send(LoopSignal::Stop).await.unwrap();
        let (page, _) = context.task.await.unwrap();

        assert_eq!(page.events[2..], [Event::TerminalLent, Event::Stop]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_does_not_read_is_not_lent() {
    run_local(async {
        let desktop = Desktop {
            editor: Some("true".into()),
            ..Desktop::default()
        };
        let mut context = EventLoopHarness::start(desktop);
        context.take_frame().await;
        context.press("xE");

        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(context.calls(), [""; 0]);
        context.signals.send(LoopSignal::Stop).await.unwrap();
        let (page, _) = context.task.await.unwrap();

        let notice = "the terminal accepts no output, so no other program can use it";
        let notice = Event::Reply(Reply::Notice(notice.to_owned()));
        assert_eq!(page.events[3..], [notice, Event::Stop]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_on_its_way_comes_out_before_the_terminal_is_left() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.take_frame().await;

        // Stopped by a signal that cannot be caught, and continued.
        context.signals.send(LoopSignal::Continue).await.unwrap();
        tokio::time::sleep(PATIENCE / 2).await;
        assert_eq!(
            context.calls(),
            [""; 0],
            "left while a frame was on its way"
        );
        context.written().await;
        let frame = context.next_frame().await;

        assert_eq!(context.calls(), ["leave", "enter"]);
        assert!(frame.contains("\x1b[2J"), "not the whole screen: {frame:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_program_that_was_suspended_draws_nothing_before_it_is_in_the_foreground() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        context.press("MZ");
        while context.calls().len() < 2 {
            context.show_frame_or_wait().await;
        }
        assert_eq!(context.calls(), ["leave", "stop Job"]);

        context.jobs.lock().unwrap().foreground = false;
        context.signals.send(LoopSignal::Continue).await.unwrap();
        context.log_line().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(context.calls(), ["leave", "stop Job", "stop Background"]);
        assert!(
            context.outlet.frames.try_recv().is_err(),
            "drew in the background"
        );

        context.jobs.lock().unwrap().foreground = true;
        context.signals.send(LoopSignal::Continue).await.unwrap();
        let frame = context.next_frame().await;
        assert_eq!(context.calls().last().unwrap(), "enter");
        for set in ["\x1b[2J", "\x1b]2;page\x07", "\x1b[?1000h"] {
            assert!(frame.contains(set), "{set:?} is not in {frame:?}");
        }
        assert!(context.shown().contains("lines 1"), "{}", context.shown());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_from_outside_gives_the_terminal_back_first() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;

        context.signals.send(LoopSignal::Suspend).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;

        assert_eq!(context.calls(), ["leave", "stop Process"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_would_continue_is_not_suspended() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.jobs.lock().unwrap().control = false;
        context.show_frame().await;

        context.press("Z");
        context.show_frame_or_wait().await;

        assert_eq!(context.calls(), [""; 0]);
        let (page, _) = context.end().await;
        let is_refusal = |event: &Event| matches!(event, Event::Reply(Reply::Notice(text)) if text.starts_with("not suspended"));
        assert!(page.events.iter().any(is_refusal), "{:?}", page.events);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_sizes_costs_few_frames_and_ends_with_the_last_size() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;

        let mut frames = 0;
        for size in 0..50 {
            let size = Raw::Resize(30 - size % 5, 4);
            context.keys[0].try_send(Ok(size)).unwrap();
            tokio::time::sleep(Duration::from_millis(40)).await;
            while context.outlet.frames.try_recv().is_ok() {
                context.written().await;
                frames += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        while let Ok(frame) = context.outlet.frames.try_recv() {
            context.terminal.process(&frame);
            context.written().await;
            frames += 1;
        }

        assert!(frames <= 6, "{frames} frames");
        assert_eq!(context.shown(), "typed\nlines 0\nticks 0");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_turn_is_drawn_at_once() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        for _ in 0..3 {
            context.log_line().await;
            context.show_frame().await;
        }

        let ended = Instant::now();
        context.log_line().await;
        let idle = SessionEvent::Chat(ChatEvent::Status(TurnStatus::Idle));
        context.sessions.send(("key".into(), idle)).await.unwrap();
        context.show_frame().await;

        assert!(ended.elapsed() <= BY_HAND, "{:?}", ended.elapsed());
        assert!(context.shown().contains("lines 4"), "{}", context.shown());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_command_is_reported_to_the_model() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        context.press("KQ");

        let (page, _) = (&mut context.task).await.unwrap();
        let Some(Event::Session(key, SessionEvent::CommandRefused { command, failure })) =
            page.events.last()
        else {
            panic!("{:?}", page.events);
        };
        assert_eq!(*key, "key".into());
        assert_eq!(*command, SessionCommand::Kill);
        assert_eq!(failure.summary, "the session accepts no more commands");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_copied_goes_out_once_and_leaves_the_picture_alone() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.show_frame().await;
        let before = context.bytes;
        context.press("C");
        context.show_frame().await;

        assert_eq!(context.bytes - before, "\x1b]52;c;Y29waWVk\x07".len());
        assert_eq!(context.shown(), "typed\nlines 0\nticks 0");
        let (page, _) = context.end().await;
        let notice = Event::Reply(Reply::Notice("sent to the terminal's clipboard".into()));
        assert!(page.events.contains(&notice), "{:?}", page.events);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_loop_ends_when_the_terminal_is_gone() {
    run_local(async {
        let mut context = EventLoopHarness::start(Desktop::default());
        context.take_frame().await;
        let gone = io::Error::from(io::ErrorKind::BrokenPipe);
        context.outlet.written.send(Err(gone)).await.unwrap();

        let (page, _) = (&mut context.task).await.unwrap();
        assert_eq!(page.events, [Event::Stop]);
    })
    .await;
}

async fn run_local(test: impl Future<Output = ()>) {
    tokio::task::LocalSet::new().run_until(test).await;
}
