//! Every duration that a session's life depends on, in one value.
//!
//! Created once and passed down, so that fault tests can run ten times faster.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Without an event for this long, an open stream counts as dead. OpenCode sends a heartbeat every 10 s.
    pub watchdog: Duration,
    /// From the request for the event stream to its first event.
    pub stream_open: Duration,
    /// From the opened stream until everything is fetched again, unless `stream_probe` has shown before that the
    /// server passes events on.
    pub look_again: Duration,
    /// The first wait before a connection is retried; doubles from there.
    pub backoff_base: Duration,
    pub backoff_cap: Duration,
    /// How long after the loss of a connection retries are eager: the user watches the screen, and most losses are
    /// short.
    pub eager_for: Duration,
    /// The longest wait during eager retries, and for the control plane's answer before each.
    pub eager_cap: Duration,
    /// A connection that lives this long has recovered: its loss is a new one, retried eagerly.
    pub lasting: Duration,
    /// Like `stream_open`, during eager retries: a request sent while the network was down may hang long after it is
    /// up.
    pub eager_open: Duration,
    /// Between two health probes of a starting server.
    pub health_poll: Duration,
    /// One health probe. Short: a starting server accepts requests that it never answers.
    pub health_timeout: Duration,
    /// All health probes of one start together.
    pub health_deadline: Duration,
    /// One ordinary call to OpenCode.
    pub call: Duration,
    /// A call whose response may be large or slow: pages of messages, the catalog.
    pub slow_call: Duration,
    /// Log lines are passed on at least this often.
    pub log_batch: Duration,
    /// From the server's acceptance of a prompt until its turn must have begun; then the server is asked, since a
    /// prompt that it had already answered begins no turn.
    pub turn_begins: Duration,
    /// From the idle after an error or an abort until the next prompt is posted: the server reports idle twice then,
    /// and a prompt that arrives in between is stored but never answered (observed on 1.18.33).
    pub settles: Duration,
    /// How often the store is polled for changes by other processes, and a session for whether its driving process
    /// has gone.
    pub store_poll: Duration,
    /// All calls together that ask what an unopened session does; a slower server counts as not answering.
    pub ask_limit: Duration,
    /// The first wait before a watched server is retried; doubles from there.
    pub watch_backoff: Duration,
    pub watch_backoff_cap: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            watchdog: Duration::from_secs(30),
            stream_open: Duration::from_secs(20),
            look_again: Duration::from_secs(2),
            backoff_base: Duration::from_millis(250),
            backoff_cap: Duration::from_secs(15),
            eager_for: Duration::from_secs(30),
            eager_cap: Duration::from_secs(1),
            lasting: Duration::from_secs(5),
            eager_open: Duration::from_secs(4),
            health_poll: Duration::from_millis(100),
            health_timeout: Duration::from_secs(1),
            health_deadline: Duration::from_mins(1),
            call: Duration::from_secs(15),
            slow_call: Duration::from_mins(1),
            log_batch: Duration::from_millis(50),
            turn_begins: Duration::from_secs(3),
            settles: Duration::from_secs(1),
            store_poll: Duration::from_secs(1),
            ask_limit: Duration::from_secs(2),
            watch_backoff: Duration::from_secs(1),
            watch_backoff_cap: Duration::from_mins(1),
        }
    }
}

impl Timing {
    /// Divides every duration by `factor`; 0 counts as 1.
    #[must_use]
    pub fn faster(&self, factor: u32) -> Self {
        let scale = |duration: Duration| duration / factor.max(1);
        Self {
            watchdog: scale(self.watchdog),
            stream_open: scale(self.stream_open),
            look_again: scale(self.look_again),
            backoff_base: scale(self.backoff_base),
            backoff_cap: scale(self.backoff_cap),
            eager_for: scale(self.eager_for),
            eager_cap: scale(self.eager_cap),
            lasting: scale(self.lasting),
            eager_open: scale(self.eager_open),
            health_poll: scale(self.health_poll),
            health_timeout: scale(self.health_timeout),
            health_deadline: scale(self.health_deadline),
            call: scale(self.call),
            slow_call: scale(self.slow_call),
            log_batch: scale(self.log_batch),
            turn_begins: scale(self.turn_begins),
            settles: scale(self.settles),
            store_poll: scale(self.store_poll),
            ask_limit: scale(self.ask_limit),
            watch_backoff: scale(self.watch_backoff),
            watch_backoff_cap: scale(self.watch_backoff_cap),
        }
    }
}
