//! A program that the server runs for itself, such as npm, and that leaves no process behind: like a sandbox's
//! processes it runs below a helper, which kills everything that it has started when asked to, or when the server
//! ends in whatever way. It is not isolated.

use std::path::Path;

use tokio::net::unix::pipe;
use tokio_util::sync::CancellationToken;

use super::streams::{OutputSource, Program, StartedProcess};
use crate::local::helper::client::{Helper, HelperError};
use crate::local::helper::protocol::ProcessExit;
use crate::local::interface::options::HelperCommand;
use crate::local::isolation::HelperLaunch;
use crate::local::limits::ProcessLimits;

/// A running program. Dropping it ends it too, a little later.
pub(in crate::local) struct ContainedProgram {
    helper: Helper,
    exit: tokio::sync::oneshot::Receiver<ProcessExit>,
    /// Standard output and error, until somebody takes them.
    pub(in crate::local) output: [Option<pipe::Receiver>; 2],
}

impl ContainedProgram {
    /// Starts a program with nothing on its standard input. What the helper has to say goes to `log`.
    pub(in crate::local) async fn start(
        command: &HelperCommand,
        program: Program,
        limits: ProcessLimits,
        log: &Path,
    ) -> Result<Self, HelperError> {
        let helper = Helper::start(HelperLaunch::plain(command), limits, log).await?;
        let opened = StartedProcess::with_pipes(&helper, program, false).await?;
        let pipe = |source| match source {
            OutputSource::Pipe(pipe) => Some(pipe),
            OutputSource::Terminal(_) | OutputSource::Ended => None,
        };
        Ok(Self {
            helper,
            exit: opened.exit,
            output: [pipe(opened.stdout), pipe(opened.stderr)],
        })
    }

    /// Waits for its end and ends what it has left behind; `None` if it was cut off.
    pub(in crate::local) async fn end(self, cut: &CancellationToken) -> Option<ProcessExit> {
        let exit = tokio::select! {
            exit = self.exit => exit.ok(),
            () = cut.cancelled() => None,
        };
        self.helper.stop().await;
        exit
    }
}
