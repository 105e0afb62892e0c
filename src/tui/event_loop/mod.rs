//! The loop: wait, receive all that is ready, update, perform the effects, draw when the pacer
//! allows.
//!
//! Input: keys, session events, results of short tasks, signals, time. Output: frames. Signals are
//! polled first, then keys, so that both work under any flood. There is no tick: while nothing
//! happens and nothing moves, nothing wakes up. The model is updated for every event, but drawn at
//! most once per frame, and not at all while a frame is in flight to the terminal or the terminal
//! is lent to a program ([`handover`]).
//!
//! Time is tokio's clock (tests pause it); the wall clock is read as well, for times on the screen.

mod handover;
mod lease;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::desktop::{self, Returned};
use super::effects::{Effects, LoopRequest, SessionHandle, TaskEnd};
use super::highlighting::Highlighting;
use super::input;
use super::input::background::{self, BackgroundReader};
use super::input::paste_detection::PasteDetector;
use super::pacer::{BY_HAND, Cause, Pacer};
use super::screen::Screen;
use super::terminal::{Console, PATIENCE, StopSignal};
use super::writer::FrameWriter;
use crate::app::cx::{Cx, IdSource};
use crate::app::event::Event;
use crate::app::view::surface::Rgb;
use crate::domain::id::SessionKey;
use crate::domain::session::SessionEvent;
use crate::domain::time::{Monotonic, UnixMillis};
use crate::session::context::wall;
use crate::text::highlight::{HighlightJob, SyntaxSpans};
use crate::text::link_table::LinkTable;
use lease::{Handover, TerminalLease, TerminalProgram};

/// The most session events in one batch, before keys are polled again.
const BATCH: usize = 256;

/// The program as the loop sees it.
pub trait LoopModel {
    /// Requests what is needed at the start; called once, after the first frame.
    fn start(&mut self, cx: &mut Cx<'_>);
    fn update(&mut self, event: Event, cx: &mut Cx<'_>);
    /// Draws everything and returns the cursor position. The buffer is blank.
    fn draw(&mut self, buffer: &mut Buffer, now: Monotonic, wall: UnixMillis)
    -> Option<(u16, u16)>;
    /// Whether the background of the terminal makes a difference.
    fn asks_background(&self) -> bool {
        false
    }
    /// Takes the terminal's background. Not every terminal says it.
    fn background(&mut self, _colour: Rgb) {}
    /// The addresses of the links in the last frame, if the terminal shall have them.
    fn links(&self) -> Option<&LinkTable> {
        None
    }
    /// Returns the title of the terminal's window; an empty one changes nothing.
    fn title(&self) -> String;
    /// Whether keys are text, so that pasted text must not send itself.
    fn is_typing(&self) -> bool;
    /// Returns when something moves by itself; `None` if nothing does.
    fn animation_due(&self, now: Monotonic) -> Option<Monotonic>;
    /// Returns code in the last frame whose colours are to be found, unless that is being done.
    fn next_job(&mut self) -> Option<HighlightJob> {
        None
    }
    /// Takes the result of that job; `None` if it failed.
    fn job_done(&mut self, _result: Option<Vec<SyntaxSpans>>) {}
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopSignal {
    /// Quit now.
    Stop,
    /// Quit, unless the signal is for a program that has the terminal.
    Interrupt,
    /// Suspend the process, as its shell requests.
    Suspend,
    /// The process was stopped and continues.
    Continue,
}

/// The loop's sources of events, apart from keys.
#[derive(Debug)]
pub(super) struct EventSources {
    pub(super) sessions: mpsc::Receiver<(SessionKey, SessionEvent)>,
    pub(super) signals: mpsc::Receiver<LoopSignal>,
}

pub(super) struct EventLoop<M, D, C: Console> {
    pub(super) model: M,
    effects: Effects<D>,
    console: C,
    input: Option<C::Input>,
    background: BackgroundReader,
    paste_detector: PasteDetector,
    sources: EventSources,
    sessions_open: bool,
    writer: FrameWriter,
    highlighting: Highlighting,
    screen: Screen,
    buffer: Buffer,
    pacer: Pacer,
    ids: IdSource,
    began: Instant,
    ticked: Monotonic,
    /// When the model moves next, as it said before the loop went to sleep: afterwards, it would
    /// return the time after that.
    armed: Option<Monotonic>,
    /// Waits for the frame in flight.
    handover: Option<Handover>,
    lease: Option<TerminalLease>,
    /// Bytes to send before the next frame.
    unsent: Vec<u8>,
    mouse: bool,
    /// The terminal's present title.
    title: String,
    over: bool,
    /// What the model panicked with.
    panic: Option<PanicPayload>,
    /// Text for the user once the screen is gone.
    parting_words: Vec<String>,
    /// Frames drawn, whether or not they differed from the one before.
    pub(super) draws: u64,
}

/// What remains of a loop that has ended.
pub(super) struct Finished<D> {
    pub(super) sessions: D,
    pub(super) signals: mpsc::Receiver<LoopSignal>,
    /// Text for the user.
    pub(super) parting_words: Vec<String>,
    /// To be resumed once the sessions are shut down.
    pub(super) panic: Option<PanicPayload>,
}

/// What a panic was raised with.
type PanicPayload = Box<dyn std::any::Any + Send>;

/// What woke the loop up.
enum Woke {
    Keys(io::Result<Vec<crossterm::event::Event>>),
    Signal(Option<LoopSignal>),
    Written(io::Result<()>),
    Back(Returned),
    Done(TaskEnd),
    Coloured(Option<Vec<SyntaxSpans>>),
    Sessions(Vec<(SessionKey, SessionEvent)>),
    Time,
}

impl<M: LoopModel, D: SessionHandle, C: Console> EventLoop<M, D, C> {
    pub(super) fn new(
        model: M,
        effects: Effects<D>,
        console: C,
        writer: FrameWriter,
        sources: EventSources,
    ) -> Self {
        let (columns, rows) = console.size();
        Self {
            model,
            effects,
            console,
            input: None,
            background: BackgroundReader::default(),
            paste_detector: PasteDetector::default(),
            sources,
            sessions_open: true,
            writer,
            highlighting: Highlighting::default(),
            screen: Screen::new(),
            buffer: Buffer::empty(Rect::new(0, 0, columns, rows)),
            pacer: Pacer::default(),
            ids: IdSource::seeded(0),
            began: Instant::now(),
            ticked: Monotonic::ZERO,
            armed: None,
            handover: None,
            lease: None,
            unsent: Vec::new(),
            mouse: false,
            title: String::new(),
            over: false,
            panic: None,
            parting_words: Vec::new(),
            draws: 0,
        }
    }

    pub(super) fn seed_ids(&mut self, seed: u64) {
        self.ids = IdSource::seeded(seed);
    }

    /// Runs until the model quits, a signal stops it or the terminal is gone. The first frame is
    /// drawn before anything else. If the model panics, it is asked to stop as by a signal, which
    /// saves the drafts.
    pub(super) async fn run(&mut self) -> io::Result<()> {
        match AssertUnwindSafe(self.run_unguarded()).catch_unwind().await {
            Ok(result) => result,
            Err(panic) => {
                self.panic = Some(panic);
                // It may panic again; the first one is resumed.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(|| self.stop()));
                Ok(())
            }
        }
    }

    async fn run_unguarded(&mut self) -> io::Result<()> {
        self.pacer.changed(Cause::Hand, self.now());
        if self.model.asks_background() {
            // The first frame does not wait for the answer: it comes among the keys.
            self.unsent.extend(background::QUERY);
            self.background.asked(self.now());
        }
        self.draw_if_due();
        self.input = Some(self.console.input());
        let mut events = VecDeque::new();
        self.update_with(LoopModel::start, &mut events);
        self.update_all(events, Cause::Itself);
        let mut woke_at = self.now();
        while !self.over {
            if let Some(handover) = self.handover.take() {
                self.hand_over(handover).await?;
            }
            self.draw_if_due();
            self.paste_detector.was_busy(woke_at, self.now());
            let woke = self.wait().await;
            woke_at = self.now();
            self.take(woke)?;
        }
        self.writer.settle(PATIENCE).await;
        Ok(())
    }

    /// Releases the terminal and returns what the shutdown needs.
    pub(super) fn finish(mut self) -> Finished<D> {
        self.input = None;
        self.console.leave();
        Finished {
            sessions: self.effects.into_sessions(),
            signals: self.sources.signals,
            parting_words: self.parting_words,
            panic: self.panic,
        }
    }

    async fn wait(&mut self) -> Woke {
        self.armed = self.tick_due();
        let wake = self.wake_at();
        let mut events = Vec::new();
        tokio::select! {
            biased;
            signal = self.sources.signals.recv() => Woke::Signal(signal),
            keys = read_keys(self.input.as_mut()) => Woke::Keys(keys),
            written = self.writer.written() => Woke::Written(written),
            returned = lease::ended(self.lease.as_mut()) => Woke::Back(returned),
            done = self.effects.done() => Woke::Done(done),
            result = self.highlighting.done() => Woke::Coloured(result),
            _ = self.sources.sessions.recv_many(&mut events, BATCH), if self.sessions_open => {
                Woke::Sessions(events)
            }
            () = sleep_until(wake.unwrap_or(self.began)), if wake.is_some() => Woke::Time,
        }
    }

    /// Returns when something must be drawn or moves next.
    fn wake_at(&self) -> Option<Instant> {
        let frame = self.pacer.due().filter(|_| self.may_draw());
        let held_enter = self.paste_detector.due();
        let wake = [frame, self.armed, held_enter].into_iter().flatten().min();
        Some(self.began + wake?)
    }

    fn take(&mut self, woke: Woke) -> io::Result<()> {
        // Keys are polled before all but signals, so if anything else woke us, no key waits. What ends the program
        // must not send what is typed.
        let may_settle = !matches!(
            woke,
            Woke::Keys(_) | Woke::Signal(_) | Woke::Written(Err(_))
        );
        if may_settle && let Some(enter) = self.paste_detector.settled(self.now()) {
            self.update_all([enter], Cause::Hand);
        }
        match woke {
            Woke::Keys(Ok(raw)) if !raw.is_empty() => self.take_keys(raw),
            // The end of the keys, or a failed write: the terminal is gone.
            Woke::Keys(_) | Woke::Signal(None) | Woke::Written(Err(_)) => self.stop(),
            Woke::Written(Ok(())) => {}
            Woke::Signal(Some(signal)) => self.take_signal(signal)?,
            Woke::Back(returned) => self.program_returned(returned)?,
            Woke::Done(done) => {
                self.unsent.extend(done.bytes);
                self.update_all([Event::Reply(done.reply)], Cause::Hand);
            }
            Woke::Coloured(result) => {
                self.model.job_done(result);
                self.pacer.changed(Cause::Itself, self.now());
            }
            Woke::Sessions(events) => {
                self.sessions_open = !events.is_empty();
                let is_awaited = events.iter().any(|(_, event)| event.is_awaited());
                let cause = if is_awaited {
                    Cause::Hand
                } else {
                    Cause::Itself
                };
                let events = events
                    .into_iter()
                    .map(|(key, event)| Event::Session(key, event));
                self.update_all(events, cause);
            }
            Woke::Time => self.tick(),
        }
        Ok(())
    }

    fn take_keys(&mut self, raw: Vec<crossterm::event::Event>) {
        let (focus, raw): (Vec<_>, Vec<_>) = raw.into_iter().partition(input::is_focus);
        let focus = focus.into_iter().filter_map(input::translate);
        self.update_all(focus, Cause::Itself);
        let (raw, colour) = self.background.read(raw, self.now());
        if let Some(colour) = colour {
            self.model.background(colour);
            self.pacer.changed(Cause::Itself, self.now());
        }
        if raw.is_empty() {
            return;
        }
        let events = raw.into_iter().filter_map(input::translate).collect();
        let is_typing = self.model.is_typing();
        let events = self.paste_detector.read(events, self.now(), is_typing);
        let events = input::last_size(events);
        let is_size = |event: &Event| matches!(event, Event::Resize(..));
        let cause = if events.iter().all(is_size) {
            Cause::Resize
        } else {
            Cause::Hand
        };
        self.update_all(events, cause);
    }

    fn stop(&mut self) {
        self.update_all([Event::Stop], Cause::Hand);
        self.over = true;
    }

    fn tick(&mut self) {
        let now = self.now();
        if self.armed.take().is_some_and(|due| due <= now) {
            self.ticked = now;
            self.update_all([Event::Tick], Cause::Itself);
        }
    }

    /// Returns when something moves. While nothing is shown, nothing needs to move; and a model
    /// that is always due does not make the loop spin.
    fn tick_due(&self) -> Option<Monotonic> {
        let due = self.model.animation_due(self.now())?;
        self.lease.is_none().then(|| due.max(self.ticked + BY_HAND))
    }

    fn update_all(&mut self, events: impl IntoIterator<Item = Event>, cause: Cause) {
        let mut waiting: VecDeque<Event> = events.into_iter().collect();
        while let Some(event) = waiting.pop_front() {
            self.pacer.changed(cause, self.now());
            if let Event::Resize(columns, rows) = event {
                self.buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
                // Even if it is the old size again: what was cut off in between is lost.
                self.screen.forget();
            }
            self.update_with(|model, cx| model.update(event, cx), &mut waiting);
        }
    }

    /// Updates the model and performs its effects; their immediate events are added to `waiting`.
    fn update_with(
        &mut self,
        update: impl FnOnce(&mut M, &mut Cx<'_>),
        waiting: &mut VecDeque<Event>,
    ) {
        let mut effects = Vec::new();
        let mut cx = Cx::new(self.began.elapsed(), wall(), &mut self.ids, &mut effects);
        update(&mut self.model, &mut cx);
        for effect in effects {
            match self.effects.run(effect) {
                Some(LoopRequest::Tell(event)) => waiting.push_back(*event),
                Some(request) => self.serve(request),
                None => {}
            }
        }
    }

    fn serve(&mut self, request: LoopRequest) {
        match request {
            LoopRequest::Send(bytes) => self.unsent.extend(bytes),
            LoopRequest::Mouse(on) => {
                self.mouse = on;
                self.serve(LoopRequest::mouse(on));
            }
            LoopRequest::Redraw => {
                self.screen.forget();
                self.pacer.changed(Cause::Hand, self.now());
            }
            LoopRequest::Edit(draft) => {
                let desktop = self.effects.desktop();
                let edit = TerminalProgram::new(|end| desktop.edit(draft, end));
                self.handover = Some(Handover::Program(edit));
            }
            LoopRequest::Shell(name) => {
                let desktop = self.effects.desktop();
                let shell = TerminalProgram::new(|end| desktop.shell(name, end));
                self.handover = Some(Handover::Program(shell));
            }
            LoopRequest::Suspend => self.handover = Some(Handover::Stop(StopSignal::Job)),
            LoopRequest::Quit => self.over = true,
            // The caller handles it, in order with other events.
            LoopRequest::Tell(_) => {}
        }
    }

    fn may_draw(&self) -> bool {
        self.lease.is_none() && !self.writer.is_busy()
    }

    fn draw_if_due(&mut self) {
        let now = self.now();
        if !self.may_draw() || self.pacer.due().is_none_or(|due| due > now) {
            return;
        }
        self.buffer.reset();
        let cursor = self.model.draw(&mut self.buffer, now, wall());
        self.pacer.drawn(now);
        self.draws += 1;
        if let Some(job) = self.model.next_job() {
            self.highlighting.begin(job);
        }
        let frame = match self.model.links() {
            Some(links) => self.screen.frame_with_links(&self.buffer, cursor, links),
            None => self.screen.frame(&self.buffer, cursor),
        };
        let frame = frame.unwrap_or_default();
        let title = self.model.title();
        if title != self.title {
            self.unsent.extend(desktop::title(&title));
            self.title = title;
        }
        let mut bytes = std::mem::take(&mut self.unsent);
        bytes.extend(frame);
        if !bytes.is_empty() {
            self.writer.send(bytes);
        }
    }

    fn now(&self) -> Monotonic {
        self.began.elapsed()
    }
}

async fn read_keys<S>(input: Option<&mut S>) -> io::Result<Vec<crossterm::event::Event>>
where
    S: futures::Stream<Item = io::Result<crossterm::event::Event>> + Unpin,
{
    match input {
        Some(input) => input::batch(input).await,
        None => std::future::pending().await,
    }
}
