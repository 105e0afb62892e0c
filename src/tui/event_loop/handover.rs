//! Lends the terminal: to the editor, to a shell in a sandbox, or to the shell that started this
//! program, while the process is suspended.
//!
//! From before the terminal is released until after it is taken again, nothing is drawn and no key
//! is read; then all modes are set and everything is redrawn. A process that is continued in the
//! background does not touch the terminal: it stops again, as the kernel would stop it at the first
//! change.

use std::io;

use super::lease::{Handover, TerminalLease};
use super::{EventLoop, LoopModel, LoopSignal, PATIENCE};
use crate::app::event::{Event, Reply};
use crate::tui::desktop::Returned;
use crate::tui::effects::{LoopRequest, SessionHandle};
use crate::tui::pacer::Cause;
use crate::tui::terminal::{Console, StopSignal};

impl<M: LoopModel, D: SessionHandle, C: Console> EventLoop<M, D, C> {
    pub(super) fn take_signal(&mut self, signal: LoopSignal) -> io::Result<()> {
        match (signal, &self.lease) {
            // It may hold unsaved text. A second request does not wait for it.
            (LoopSignal::Stop, Some(TerminalLease::Program(program)))
                if !program.end.is_cancelled() =>
            {
                program.end.cancel();
            }
            (LoopSignal::Stop, _) | (LoopSignal::Interrupt, None | Some(TerminalLease::Shell)) => {
                self.stop();
            }
            (LoopSignal::Suspend, None) => {
                self.handover = Some(Handover::Stop(StopSignal::Process));
            }
            // The program was stopped with us, and the shell waits for both.
            (LoopSignal::Suspend, Some(TerminalLease::Program(_))) => {
                if self.console.has_job_control() {
                    self.console.stop(StopSignal::Process)?;
                }
            }
            (LoopSignal::Continue, None) => self.handover = Some(Handover::Continued),
            (LoopSignal::Continue, Some(TerminalLease::Shell)) => self.continued()?,
            // An interrupt from the keyboard is for the program; it decides which of the two ends.
            // A continue needs nothing more.
            (LoopSignal::Interrupt | LoopSignal::Continue, Some(TerminalLease::Program(_)))
            | (LoopSignal::Suspend, Some(TerminalLease::Shell)) => {}
        }
        Ok(())
    }

    /// Releases the terminal. The frame in flight comes first.
    pub(super) async fn hand_over(&mut self, to: Handover) -> io::Result<()> {
        if self.lease.is_some() {
            return Ok(());
        }
        if matches!(to, Handover::Stop(_)) && !self.console.has_job_control() {
            self.notice(
                "not suspended: there is no shell with job control that could resume sandbar",
            );
            return Ok(());
        }
        if !matches!(to, Handover::Continued) {
            self.update_all([Event::TerminalLent], Cause::Itself);
            let stored = self.effects.drafts_stored();
            // A draft that is not stored in time is stored when the terminal is ours again.
            let _ = tokio::time::timeout(PATIENCE, stored).await;
        }
        self.writer.settle(PATIENCE).await;
        if self.writer.is_busy() && matches!(to, Handover::Program(_)) {
            self.notice("the terminal accepts no output, so no other program can use it");
            return Ok(());
        }
        self.input = None;
        self.console.leave();
        match to {
            Handover::Program(program) => self.lease = Some(TerminalLease::Program(program)),
            Handover::Stop(stop) => {
                self.lease = Some(TerminalLease::Shell);
                if let Err(error) = self.console.stop(stop) {
                    self.come_back()?;
                    self.notice(&format!("could not suspend: {error}"));
                }
            }
            Handover::Continued => {
                self.lease = Some(TerminalLease::Shell);
                self.continued()?;
            }
        }
        Ok(())
    }

    fn continued(&mut self) -> io::Result<()> {
        if self.console.is_foreground() {
            return self.come_back();
        }
        self.console.stop(StopSignal::Background)
    }

    /// Takes the terminal back from a program that has ended, or quits if that is why the program
    /// ended.
    pub(super) fn program_returned(&mut self, returned: Returned) -> io::Result<()> {
        self.parting_words.extend(returned.left_behind);
        let is_end = matches!(&self.lease, Some(TerminalLease::Program(program)) if program.end.is_cancelled());
        if !is_end {
            self.come_back()?;
        }
        self.update_all(returned.reply.map(Event::Reply), Cause::Hand);
        if is_end {
            self.stop();
        }
        Ok(())
    }

    /// Takes the terminal again: sets all modes, and redraws the whole screen.
    pub(super) fn come_back(&mut self) -> io::Result<()> {
        self.lease = None;
        self.console.enter()?;
        if self.input.is_none() {
            self.input = Some(self.console.input());
        }
        // The terminal has restored its own title.
        self.title.clear();
        let (columns, rows) = self.console.size();
        self.update_all([Event::Resize(columns, rows)], Cause::Hand);
        if self.mouse {
            self.serve(LoopRequest::Mouse(true));
        }
        Ok(())
    }

    fn notice(&mut self, text: &str) {
        let reply = Reply::Notice(text.to_owned());
        self.update_all([Event::Reply(reply)], Cause::Hand);
    }
}
