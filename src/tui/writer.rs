//! Writes frames to the terminal on a thread of its own, so that a terminal that does not read never
//! stops the keys.
//!
//! Enters: whole frames, one at a time. Leaves: word that a frame was written, or why not. The loop
//! makes no new frame while one is on its way, so a slow line skips pictures instead of queueing them.
//! Knows nothing about what is in a frame.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

/// The loop's end. At most one frame is on its way.
#[derive(Debug)]
pub(super) struct FrameWriter {
    frames: mpsc::Sender<Vec<u8>>,
    written: mpsc::Receiver<io::Result<()>>,
    busy: bool,
}

/// The end that brings frames to the terminal.
#[derive(Debug)]
pub(super) struct FrameOutlet {
    pub(super) frames: mpsc::Receiver<Vec<u8>>,
    pub(super) written: mpsc::Sender<io::Result<()>>,
}

impl FrameWriter {
    /// Returns both ends. Whoever holds the outlet answers each frame once.
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

    /// Starts the thread, which gives each frame to `write`. It ends when the writer is dropped and the
    /// last frame is written.
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

    /// Sends a frame on its way. Only while not busy. If the thread is gone, [`Self::written`] says so.
    pub(super) fn send(&mut self, frame: Vec<u8>) {
        let _ = self.frames.try_send(frame);
        self.busy = true;
    }

    /// Waits until the frame on its way is written; for ever if there is none. Cancel-safe.
    pub(super) async fn written(&mut self) -> io::Result<()> {
        if !self.busy {
            return std::future::pending().await;
        }
        let result = self.written.recv().await;
        self.busy = false;
        result.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))
    }

    /// Waits for the frame on its way, but not for ever.
    pub(super) async fn settle(&mut self, patience: Duration) {
        if self.busy {
            // A terminal that does not read is left as it is.
            let _ = timeout(patience, self.written()).await;
        }
    }
}
