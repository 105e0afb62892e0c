//! The switches of [`SimulatedFaults`](crate::local::sandbox::simulated_faults::SimulatedFaults), for programs that run a server in process.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::local::sandbox::registry::Registry;

/// Switches of one server.
#[derive(Clone)]
pub struct FaultSwitch(pub(in crate::local) Arc<Registry>);

impl FaultSwitch {
    /// No sandbox lives longer than this without a pause, as an account's plan has it.
    pub fn cap_lives(&self, longest: Duration) {
        let secs = longest.as_secs();
        self.0.faults.longest.store(secs, Ordering::Relaxed);
    }

    /// The next calls that change a sandbox meet it in the middle of a pause.
    pub fn meet_pauses(&self, calls: u32) {
        self.0.faults.changes.store(calls, Ordering::Relaxed);
    }

    /// Restarts the envd of a sandbox, which forgets all processes; they go on. False: it does not run.
    pub fn restart_envd(&self, id: &str) -> bool {
        let run = self.0.get(id).ok().and_then(|sandbox| sandbox.run());
        run.map(|run| run.processes.forget_all()).is_some()
    }
}
