//! Writes frames to the terminal on a thread of its own, so that a terminal that does not read
//! never blocks the keys.
//!
//! Input: whole frames, one at a time. Output: the result of each write. The loop draws no new
//! frame while one is in flight, so a slow connection skips frames instead of queueing them. Knows
//! nothing about the content of frames.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

/// The loop's end. At most one frame is in flight.
#[derive(Debug)]
pub(super) struct FrameWriter {
    frames: mpsc::Sender<Vec<u8>>,
    written: mpsc::Receiver<io::Result<()>>,
    busy: bool,
}

/// The end that writes frames to the terminal.
#[derive(Debug)]
pub(super) struct FrameOutlet {
    pub(super) frames: mpsc::Receiver<Vec<u8>>,
    pub(super) written: mpsc::Sender<io::Result<()>>,
}

impl FrameWriter {
    /// Returns both ends. The owner of the outlet answers each frame once.
    pub(super) fn pair() -> (Self, FrameOutlet) {
        let (frames, frames_out) = mpsc::channel(1);
        let (written_in, written) = mpsc::channel(1);
        let writer = Self {
            frames,
            written,
            busy: false,
        };
        let outlet = FrameOutlet {
            frames: frames_out,
            written: written_in,
        };
        (writer, outlet)
    }

    /// Starts the thread, which passes each frame to `write`. It ends when the writer is dropped
    /// and the last frame is written.
    pub(super) fn start(
        mut write: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let (writer, mut outlet) = Self::pair();
        std::thread::Builder::new()
            .name("terminal".into())
            .stack_size(128 * 1024)
            .spawn(move || {
                while let Some(frame) = outlet.frames.blocking_recv() {
                    if outlet.written.blocking_send(write(&frame)).is_err() {
                        break;
                    }
                }
            })?;
        Ok(writer)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Sends a frame. Only while not busy. If the thread is gone, [`Self::written`] reports it.
    pub(super) fn send(&mut self, frame: Vec<u8>) {
        let _ = self.frames.try_send(frame);
        self.busy = true;
    }

    /// Waits until the frame in flight is written; for ever if there is none. Cancel-safe.
    pub(super) async fn written(&mut self) -> io::Result<()> {
        if !self.busy {
            return std::future::pending().await;
        }
        let result = self.written.recv().await;
        self.busy = false;
        result.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    }

    /// Waits for the frame in flight, up to a time limit.
    pub(super) async fn settle(&mut self, patience: Duration) {
        if self.busy {
            // A terminal that does not read is left as it is.
            let _ = timeout(patience, self.written()).await;
        }
    }
}
