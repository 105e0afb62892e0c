//! The loop: wait, take all that is ready, update, do the effects, draw when the pace allows.
//!
//! Enters: keys, session events, ends of short tasks, signals, time. Leaves: frames. Signals are
//! polled first, then keys, so that both work under any flood. There is no tick: while nothing
//! happens and nothing moves, nothing wakes. The model is updated for every event, drawn at most
//! once a frame, and not at all while a frame is on its way to the terminal or the terminal is lent
//! to an editor ([`handover`]).
//!
//! Time is tokio's clock (tests stop it); the wall clock is read beside it for what people read.

mod handover;
mod lease;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::desktop::{self, Returned};
use super::effects::{Effects, LoopRequest, SessionHandle, TaskEnd};
use super::input;
use super::pacer::{BY_HAND, Cause, Pacer};
use super::paste_detection::PasteDetector;
use super::screen::Screen;
use super::terminal::{Console, PATIENCE, StopSignal};
use super::writer::FrameWriter;
use crate::app::cx::{Cx, IdSource};
use crate::app::event::Event;
use crate::domain::id::SessionKey;
use crate::domain::session::SessionEvent;
use crate::domain::time::{Monotonic, UnixMillis};
use crate::session::context::wall;
use lease::{Handover, TerminalLease, TerminalProgram};

/// Session events taken in one go, before keys are looked at again.
const BATCH: usize = 256;

/// The program as the loop sees it.
pub trait LoopModel {
    /// Asks for what is needed at the start; called once, after the first frame.
    fn start(&mut self, cx: &mut Cx<'_>);
    fn update(&mut self, event: Event, cx: &mut Cx<'_>);
    /// Draws everything and returns where the cursor belongs. The buffer is blank.
    fn draw(&mut self, buffer: &mut Buffer, now: Monotonic, wall: UnixMillis)
    -> Option<(u16, u16)>;
    /// Returns what the terminal's window is to be called; nothing is changed while it is empty.
    fn title(&self) -> String;
    /// Whether keys are read as text, so that what is pasted there must not send itself.
    fn is_typing(&self) -> bool;
    /// Returns when something moves by itself; `None` while nothing does.
    fn animation_due(&self, now: Monotonic) -> Option<Monotonic>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopSignal {
    /// Leave now.
    Stop,
    /// Leave, unless a program that has the terminal is meant.
    Interrupt,
    /// Stop the process, as its shell wants it.
    Suspend,
    /// The process was stopped and goes on.
    Continue,
}

/// What the loop listens to, besides keys.
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
    paste_detector: PasteDetector,
    sources: EventSources,
    sessions_open: bool,
    writer: FrameWriter,
    screen: Screen,
    buffer: Buffer,
    pacer: Pacer,
    ids: IdSource,
    began: Instant,
    ticked: Monotonic,
    /// When the model moves next, as it said before the loop went to sleep: asked afterwards, it
    /// tells of the time after that.
    armed: Option<Monotonic>,
    /// Waits for the frame that is on its way.
    handover: Option<Handover>,
    lease: Option<TerminalLease>,
    /// Bytes that go out before the next frame.
    outbox: Vec<u8>,
    mouse: bool,
    /// As the terminal has it.
    title: String,
    over: bool,
    /// What the user is to read once the screen is gone.
    parting_words: Vec<String>,
    /// Pictures made, whether or not they differed from the one before.
    pub(super) draws: u64,
}

/// What a loop leaves that is over.
pub(super) struct Finished<D> {
    pub(super) door: D,
    pub(super) signals: mpsc::Receiver<LoopSignal>,
    /// What the user is to read.
    pub(super) parting_words: Vec<String>,
}

/// What woke the loop.
enum Woke {
    Keys(io::Result<Vec<crossterm::event::Event>>),
    Signal(Option<LoopSignal>),
    Written(io::Result<()>),
    Back(Returned),
    Done(TaskEnd),
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
            paste_detector: PasteDetector::default(),
            sources,
            sessions_open: true,
            writer,
            screen: Screen::new(),
            buffer: Buffer::empty(Rect::new(0, 0, columns, rows)),
            pacer: Pacer::default(),
            ids: IdSource::seeded(0),
            began: Instant::now(),
            ticked: Monotonic::ZERO,
            armed: None,
            handover: None,
            lease: None,
            outbox: Vec::new(),
            mouse: false,
            title: String::new(),
            over: false,
            parting_words: Vec::new(),
            draws: 0,
        }
    }

    pub(super) fn seed_ids(&mut self, seed: u64) {
        self.ids = IdSource::seeded(seed);
    }

    /// Runs until the model quits, a signal stops it or the terminal is gone. The first frame is drawn
    /// before anything else is done.
    pub(super) async fn run(&mut self) -> io::Result<()> {
        self.pacer.changed(Cause::Hand, self.now());
        self.draw_if_due();
        self.input = Some(self.console.input());
        let mut told = VecDeque::new();
        self.update_with(LoopModel::start, &mut told);
        self.update_all(told, Cause::Itself);
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

    /// Gives the terminal back and returns what is needed to shut down.
    pub(super) fn finish(mut self) -> Finished<D> {
        self.input = None;
        self.console.leave();
        Finished {
            door: self.effects.into_door(),
            signals: self.sources.signals,
            parting_words: self.parting_words,
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
            _ = self.sources.sessions.recv_many(&mut events, BATCH), if self.sessions_open => {
                Woke::Sessions(events)
            }
            () = sleep_until(wake.unwrap_or(self.began)), if wake.is_some() => Woke::Time,
        }
    }

    /// Returns the next instant at which something is to be drawn or moves.
    fn wake_at(&self) -> Option<Instant> {
        let frame = self.pacer.due().filter(|_| self.may_draw());
        let held_enter = self.paste_detector.due();
        let wake = [frame, self.armed, held_enter].into_iter().flatten().min();
        Some(self.began + wake?)
    }

    fn take(&mut self, woke: Woke) -> io::Result<()> {
        // Keys are looked at first: that something else woke us says that none waits.
        if !matches!(woke, Woke::Keys(_))
            && let Some(enter) = self.paste_detector.settled(self.now())
        {
            self.update_all([enter], Cause::Hand);
        }
        match woke {
            Woke::Keys(Ok(raw)) if !raw.is_empty() => self.take_keys(raw),
            // The end of the keys, or of a write: the terminal is gone.
            Woke::Keys(_) | Woke::Signal(None) | Woke::Written(Err(_)) => self.stop(),
            Woke::Written(Ok(())) => {}
            Woke::Signal(Some(signal)) => self.take_signal(signal)?,
            Woke::Back(returned) => self.program_returned(returned)?,
            Woke::Done(done) => {
                self.outbox.extend(done.bytes);
                self.update_all([Event::Reply(done.reply)], Cause::Hand);
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

    /// Returns when something moves. While nothing is shown, nothing needs to; and a model that is
    /// always due does not spin the loop.
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
                // Even if it is the old size again: what was cut off on the way is lost.
                self.screen.forget();
            }
            self.update_with(|model, cx| model.update(event, cx), &mut waiting);
        }
    }

    /// Updates the model and does what it asked for; what comes of that at once joins `waiting`.
    fn update_with(
        &mut self,
        update: impl FnOnce(&mut M, &mut Cx<'_>),
        waiting: &mut VecDeque<Event>,
    ) {
        let mut wanted = Vec::new();
        let mut cx = Cx::new(self.began.elapsed(), wall(), &mut self.ids, &mut wanted);
        update(&mut self.model, &mut cx);
        for effect in wanted {
            match self.effects.run(effect) {
                Some(LoopRequest::Tell(event)) => waiting.push_back(*event),
                Some(request) => self.serve(request),
                None => {}
            }
        }
    }

    fn serve(&mut self, request: LoopRequest) {
        match request {
            LoopRequest::Send(bytes) => self.outbox.extend(bytes),
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
            // Told by the caller, in order with other events.
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
        let frame = self.screen.frame(&self.buffer, cursor).unwrap_or_default();
        let title = self.model.title();
        if title != self.title {
            self.outbox.extend(desktop::title(&title));
            self.title = title;
        }
        let mut bytes = std::mem::take(&mut self.outbox);
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
