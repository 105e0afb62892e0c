//! A sandbox's log as its users can read it: what happened to the sandbox, and which processes
//! started and ended. Command lines, values of variables and output are not in it: secrets stand
//! there, and a log is shown to more people than a terminal.
//!
//! Kept in memory, the newest [`LINES`] lines, as long as the server lives.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use crate::local::helper::protocol::ProcessExit;
use crate::local::sync::lock;
use crate::os::clock::unix_now;

const LINES: usize = 1000;

/// One line. All of them are of level info.
#[derive(Debug, Clone)]
pub(in crate::local) struct SandboxLogLine {
    pub(in crate::local) unix_millis: u64,
    /// Who says it, as the CLI filters: `sandbox` or `process`.
    pub(in crate::local) logger: &'static str,
    pub(in crate::local) message: String,
    /// What machines read in it.
    pub(in crate::local) fields: Map<String, Value>,
}

#[derive(Debug, Default)]
pub(in crate::local) struct SandboxLog(Mutex<VecDeque<SandboxLogLine>>);

impl SandboxLog {
    /// Something happened to the sandbox as a whole.
    pub(in crate::local) fn note(&self, message: impl Into<String>) {
        self.write("sandbox", message.into(), Map::new());
    }

    /// A process was started (envd's words and fields, 0.6.13, without the command).
    pub(in crate::local) fn started(&self, pid: u32) {
        let fields = [("event_type", json!("process_start")), ("pid", json!(pid))];
        self.process(format!("Process with pid {pid} started"), fields);
    }

    /// A process has ended.
    pub(in crate::local) fn ended(&self, pid: u32, exit: ProcessExit) {
        let code = match exit {
            ProcessExit::Code(code) => code,
            ProcessExit::Signal(_) => -1,
        };
        let exited = matches!(exit, ProcessExit::Code(_));
        let result = json!({"exit_code": code, "exited": exited, "status": exit.to_string()});
        let fields = [
            ("event_type", json!("process_end")),
            ("process_result", result),
        ];
        self.process(format!("Process with pid {pid} ended"), fields);
    }

    /// Oldest first.
    pub(in crate::local) fn lines(&self) -> Vec<SandboxLogLine> {
        lock(&self.0).iter().cloned().collect()
    }

    fn process(&self, message: String, fields: [(&str, Value); 2]) {
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        self.write("process", message, fields.into_iter().collect());
    }

    fn write(&self, logger: &'static str, message: String, fields: Map<String, Value>) {
        let mut lines = lock(&self.0);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(SandboxLogLine {
            unix_millis: unix_now().0,
            logger,
            message,
            fields,
        });
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_oldest_lines_go_first() {
        let log = SandboxLog::default();
        log.note("created");
        (0..1000).for_each(|pid| log.started(pid));

        let lines = log.lines();

        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0].message, "Process with pid 0 started");
    }
}
