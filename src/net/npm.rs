//! Reports on a running npm: its progress, and why it failed.

use std::collections::VecDeque;
use std::time::Duration;

/// A silence long enough to report.
const SILENCE: Duration = Duration::from_secs(10);

/// npm's output, as far as a failure needs it.
#[derive(Debug, Default)]
pub struct NpmOutput {
    errors: Vec<String>,
    last: VecDeque<String>,
}

impl NpmOutput {
    const LINES: usize = 12;

    pub fn push(&mut self, line: String) {
        // npm 10 and later, and earlier versions. Indented lines are a trace of npm's own calls.
        let error = line.strip_prefix("npm error ");
        let error = error.or_else(|| line.strip_prefix("npm ERR! "));
        let is_told = error.is_some_and(|error| !error.starts_with([' ', '}']));
        if is_told && self.errors.len() < Self::LINES {
            self.errors.push(line.clone());
        }
        if self.last.len() == Self::LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// npm's error lines, the cause first (observed with npm 11); otherwise the last lines.
    pub fn why(self) -> Vec<String> {
        if self.errors.is_empty() {
            self.last.into()
        } else {
            self.errors
        }
    }
}

/// How much npm has received: npm itself does not report it.
#[derive(Debug, Default)]
pub struct Received {
    bytes: u64,
    silent: Duration,
}

impl Received {
    /// Takes the current total, `after` the previous call; returns the text to show.
    pub fn look(&mut self, bytes: u64, after: Duration) -> String {
        let fresh = bytes.saturating_sub(self.bytes);
        self.bytes = bytes;
        if fresh > 0 {
            self.silent = Duration::ZERO;
        } else {
            self.silent += after;
        }
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = fresh.saturating_mul(1000) / millis;
        match self.silent {
            silent if silent >= SILENCE => format!(
                "npm has received {}; nothing more for {} s",
                size(bytes),
                silent.as_secs()
            ),
            _ => format!("npm has received {}, {} a second", size(bytes), size(rate)),
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut output = NpmOutput::default();
        for line in lines {
            output.push(line.to_owned());
        }
        output.why()
    }

    #[test]
    fn the_cause_is_reported_without_what_follows_it() {
        let fetches = ["npm http fetch GET attempt 1 failed"; 20];
        let cause = ["npm error code ENOTFOUND", "npm error syscall getaddrinfo"];
        let trace = ["npm error     at emitErrorEvent (node:_http_client:101:11)"; 20];
        let advice = "npm error If you are behind a proxy, see 'npm help config'";

        let lines_shown = why(fetches
            .into_iter()
            .chain(cause)
            .chain(trace)
            .chain([advice]));

        assert_eq!(lines_shown, [cause[0], cause[1], advice]);
    }

    #[test]
    fn without_npm_errors_the_last_lines_are_reported() {
        let lines: Vec<String> = (1..=20).map(|number| format!("line {number}")).collect();

        let lines_shown = why(lines.iter().map(String::as_str));

        assert_eq!(lines_shown.len(), NpmOutput::LINES);
        assert_eq!(lines_shown.last().unwrap(), "line 20");
    }

    #[test]
    fn bytes_their_rate_and_a_long_silence_are_reported() {
        let mut received = Received::default();
        let two = Duration::from_secs(2);

        let lines_shown = [0, 800_000, 3_400_000, 3_400_000].map(|bytes| received.look(bytes, two));
        let silent = received.look(3_400_000, Duration::from_secs(9));

        assert_eq!(
            lines_shown,
            [
                "npm has received 0 kB, 0 kB a second",
                "npm has received 800 kB, 400 kB a second",
                "npm has received 3.4 MB, 1.3 MB a second",
                "npm has received 3.4 MB, 0 kB a second",
            ]
        );
        assert_eq!(silent, "npm has received 3.4 MB; nothing more for 11 s");
    }
}
