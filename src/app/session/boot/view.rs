//! Draws what is above the chat while there is no live connection: the stages of a boot, a failure
//! with its advice, or a lost connection.

use ratatui::text::{Line, Span};

use super::StageRun;
use crate::app::logs::untimed;
use crate::app::session::OpenSession;
use crate::app::time::format;
use crate::app::timers::SPINNER;
use crate::app::view::advice::AdviceKeys;
use crate::app::view::theme::Theme;
use crate::domain::failure::Failure;
use crate::domain::sandbox::{EngineKind, Outage, Phase, Stage};
use crate::domain::time::{Monotonic, UnixMillis};
use crate::text::{ansi, wrap};

/// Columns of a stage on one line, at most: mark, name, time, gap.
const ONE_STAGE: usize = 16;

/// Lines for the reason of a wait.
const REASON_LINES: usize = 2;

/// A key, and what it does for a boot.
pub(in crate::app) type RecoveryKey = (String, &'static str);

/// The state of a session on the way to its chat, ready to draw.
pub(in crate::app) struct BootView<'a> {
    pub(in crate::app) session: &'a OpenSession,
    /// The keys for the advice; one of them retries.
    pub(in crate::app) advice: AdviceKeys,
    /// The key that sends, and in an empty composer resumes.
    pub(in crate::app) send: String,
    /// Other recovery actions.
    pub(in crate::app) ways: Vec<RecoveryKey>,
    /// How a gone session can be revived, or that it cannot.
    pub(in crate::app) revive: String,
    /// The server's URL, when there is no sandbox.
    pub(in crate::app) attached_to: Option<&'a str>,
    pub(in crate::app) theme: &'a Theme,
    pub(in crate::app) now: Monotonic,
    pub(in crate::app) wall: UnixMillis,
}

impl BootView<'_> {
    /// The lines to show, `width` wide and at most `room`; none while nothing is wrong.
    pub(in crate::app) fn lines(&self, width: u16, room: u16) -> Vec<Line<'static>> {
        let width = usize::from(width);
        let room = usize::from(room);
        let mut lines = match self.session.phase() {
            Phase::Dormant | Phase::Live => Vec::new(),
            Phase::Booting(_) => self.booting(width, room),
            Phase::Reconnecting(outage) => {
                // A boot that continues by itself.
                let mut lines = match self.session.boot().progress() {
                    Some(_) => self.stages(width, room, false),
                    None => Vec::new(),
                };
                lines.extend(self.outage(outage, width));
                lines
            }
            Phase::Paused => vec![self.paused()],
            Phase::Failed(failure) => {
                let mut lines = self.stages(width, room, false);
                // The failure matters more than the completed stages.
                if room < 12 {
                    lines.clear();
                }
                lines.extend(self.failure(failure, width, room.saturating_sub(lines.len())));
                lines
            }
            Phase::Gone(failure) => {
                let mut lines = self.failure(failure, width, room.saturating_sub(1));
                if !self.revive.is_empty() {
                    let words = wrap::truncate(&self.revive, width.saturating_sub(2));
                    let line = format!("  {words}");
                    lines.push(Line::styled(line, self.theme.text));
                }
                lines
            }
        };
        lines.truncate(room);
        lines
    }

    fn booting(&self, width: usize, room: usize) -> Vec<Line<'static>> {
        if let (Some(url), true) = (self.attached_to, self.session.boot().stages.is_empty()) {
            let url = ansi::plain(url);
            let words = format!(" connecting to {url} {}", self.theme.pick("…", "..."));
            return vec![Line::from(vec![self.spinner(), Span::raw(words)])];
        }
        let mut lines = self.stages(width, room, true);
        if let Some(silence) = self.session.boot().silence(self.now) {
            let silence = format::brief_seconds(silence);
            let words = format!("  no output for {silence}; it may be stuck");
            let words = wrap::truncate(&words, width).into_owned();
            lines.push(Line::styled(words, self.theme.warning));
            lines.extend(self.keys(true, &self.ways, width));
        }
        lines
    }

    /// The keys that help, as many on a line as fit.
    fn keys(&self, again: bool, actions: &[RecoveryKey], width: usize) -> Vec<Line<'static>> {
        let again = again && !self.advice.retry.is_empty();
        let again = again.then(|| (self.advice.retry.clone(), "try again"));
        let mut lines: Vec<Line<'static>> = Vec::new();
        for (key, words) in again.into_iter().chain(actions.iter().cloned()) {
            let spans = [
                Span::styled(key, self.theme.key),
                Span::raw(format!(" {words}")),
            ];
            let own: usize = wrap::spans_width(&spans);
            match lines.last_mut() {
                Some(line) if wrap::spans_width(&line.spans) + 3 + own <= width => {
                    line.push_span(" · ");
                    line.extend(spans);
                }
                _ => lines.push(std::iter::once(Span::raw("  ")).chain(spans).collect()),
            }
        }
        lines
    }

    /// A line for each stage, or one line for all if room is short.
    fn stages(&self, width: usize, room: usize, running: bool) -> Vec<Line<'static>> {
        let boot = self.session.boot();
        if boot.stages.is_empty() && running {
            return vec![Line::from(vec![self.spinner(), Span::raw(" starting")])];
        }
        if room < 12 {
            return self.one_line(width, running);
        }
        let mut lines: Vec<Line<'static>> = boot
            .stages
            .iter()
            .map(|run| {
                let time = format!("{:>6}", self.time_of(run));
                let name = format!(" {:<16}", stage_words(run.stage));
                Line::from(vec![
                    self.mark(run, running),
                    Span::raw(name),
                    Span::styled(time, self.theme.dim),
                ])
            })
            .collect();
        let room = width.saturating_sub(4);
        lines.extend(boot.tail.iter().map(|line| {
            let line = ansi::plain(line).replace('\n', " ");
            let text = format!("    {}", wrap::truncate(&line, room));
            Line::styled(text, self.theme.dim)
        }));
        lines
    }

    fn one_line(&self, width: usize, running: bool) -> Vec<Line<'static>> {
        let boot = self.session.boot();
        let mut spans = Vec::new();
        // The running or failed stage is last and must be visible.
        let fit = (width / ONE_STAGE).max(1);
        let first = boot.stages.len().saturating_sub(fit);
        for run in &boot.stages[first..] {
            let time = self.time_of(run);
            spans.push(self.mark(run, running));
            spans.push(Span::raw(format!(" {} ", run.stage.name())));
            spans.push(Span::styled(format!("{time}  "), self.theme.dim));
        }
        let used: usize = spans.iter().map(|span| wrap::width(&span.content)).sum();
        let room = width.saturating_sub(used);
        if let (Some(line), true) = (boot.tail.back(), room > 8) {
            let line = ansi::plain(line).replace('\n', " ");
            let text = wrap::truncate(&line, room).into_owned();
            spans.push(Span::styled(text, self.theme.dim));
        }
        vec![Line::from(spans)]
    }

    fn mark(&self, run: &StageRun, running: bool) -> Span<'static> {
        match (run.took, running) {
            (Some(_), _) => Span::styled(self.theme.pick("✓", "+"), self.theme.success),
            (None, true) => self.spinner(),
            (None, false) => Span::styled(self.theme.pick("×", "x"), self.theme.error),
        }
    }

    fn spinner(&self) -> Span<'static> {
        let step = self.now.as_millis() / SPINNER.as_millis();
        let frame = self.theme.spinner(u64::try_from(step).unwrap_or(0));
        Span::styled(frame, self.theme.accent)
    }

    fn time_of(&self, run: &StageRun) -> String {
        let until = match *self.session.phase() {
            // A failed stage has stopped; its time must stop too.
            Phase::Failed(_) | Phase::Reconnecting(_) => self.session.state_since(),
            _ => self.now,
        };
        // Whole seconds while it runs: tenths would change with every frame.
        let running = || format::brief_seconds(until.saturating_sub(run.started));
        run.took.map_or_else(running, format::brief)
    }

    /// What was lost, since when, and when the next attempt is; on one line if it fits.
    fn outage(&self, outage: &Outage, width: usize) -> Vec<Line<'static>> {
        let theme = self.theme;
        let reason = ansi::plain(&outage.reason).replace('\n', " ");
        let since = format::brief_seconds(self.wall.since(outage.since));
        let next = match outage.next_at.since(self.wall).as_secs() {
            0 => "trying now".to_owned(),
            s => format!("next try in {s}s"),
        };
        let times = format!("down for {since} · {next} (attempt {})", outage.attempt);
        let mark = Span::styled(theme.pick("↻ ", "? "), theme.warning);
        let mut rest = vec![Span::raw(times)];
        if !self.advice.retry.is_empty() {
            rest.extend([
                Span::raw(" · "),
                Span::styled(self.advice.retry.clone(), theme.key),
                Span::raw(" try now"),
            ]);
        }
        let rest_width = wrap::spans_width(&rest);
        if wrap::width(&mark.content) + wrap::width(&reason) + 3 + rest_width <= width {
            let mut spans = vec![mark, Span::styled(reason, theme.warning), Span::raw(" · ")];
            spans.extend(rest);
            return vec![Line::from(spans)];
        }
        let mut lines = wrap::wrap_plain(&reason, width.saturating_sub(2), theme.warning);
        lines.truncate(REASON_LINES);
        for (number, line) in lines.iter_mut().enumerate() {
            let first = if number == 0 {
                mark.clone()
            } else {
                Span::raw("  ")
            };
            line.spans.insert(0, first);
        }
        let mut spans = vec![Span::raw("  ")];
        spans.extend(rest);
        lines.push(Line::from(spans));
        lines
    }

    fn paused(&self) -> Line<'static> {
        let sandbox = self.session.sandbox();
        let costs = sandbox.is_some_and(|sandbox| sandbox.engine == EngineKind::E2b);
        let mut spans = vec![
            Span::styled(self.theme.pick("‖", "="), self.theme.dim),
            Span::raw(" paused, its files are kept"),
        ];
        let keys = [&self.advice.retry, &self.send];
        for (number, key) in keys.into_iter().filter(|key| !key.is_empty()).enumerate() {
            spans.push(Span::raw(if number == 0 { " · " } else { " or " }));
            spans.push(Span::styled(key.clone(), self.theme.key));
        }
        let resumes = if spans.len() > 2 {
            " resumes it"
        } else {
            " · a message resumes it"
        };
        spans.push(Span::raw(resumes));
        spans.push(Span::raw(if costs { ", which costs money" } else { "" }));
        Line::from(spans)
    }

    /// Recovery actions that the failure does not advise itself.
    fn other_actions(&self, failure: &Failure) -> Vec<RecoveryKey> {
        let is_named = |way: &&RecoveryKey| {
            way.0 == self.advice.template && self.advice.name_template(failure)
        };
        let actions = self.ways.iter().filter(|action| !is_named(action));
        actions.cloned().collect()
    }

    /// What failed, why, what to do next, and the last output of the process.
    fn failure(&self, failure: &Failure, width: usize, room: usize) -> Vec<Line<'static>> {
        let theme = self.theme;
        let inner = width.saturating_sub(2);
        let indented = |text: &str, style| {
            let text = ansi::plain(text);
            wrap::wrap_plain(&text, inner, style)
                .into_iter()
                .map(|mut line| {
                    line.spans.insert(0, Span::raw("  "));
                    line
                })
                .collect::<Vec<_>>()
        };
        let mut head = indented(&failure.summary, theme.error);
        if let Some(mark) = head.first_mut().and_then(|line| line.spans.first_mut()) {
            *mark = Span::styled(theme.pick("× ", "x "), theme.error);
        }
        let hint = self.advice.words(failure);
        let actions = self.other_actions(failure);
        let mut words = Vec::new();
        if !hint.is_empty() {
            words = indented(&hint, theme.text);
        }
        let mut keys = self.keys(
            failure.retryable && !self.advice.name_retry(failure),
            &actions,
            width,
        );
        // Where room is short, the key that retries stays.
        let over = (head.len() + words.len() + keys.len()).saturating_sub(room);
        if over > 0 && failure.retryable {
            keys = self.keys(true, &actions, width);
        }
        let kept = usize::from(keys.is_empty());
        let over_words = over.min(words.len().saturating_sub(kept));
        words.drain(..over_words);
        keys.truncate(keys.len().saturating_sub(over - over_words).max(1));
        let foot: Vec<Line<'static>> = words.into_iter().chain(keys).collect();
        head.truncate(room.saturating_sub(foot.len()).max(1));
        // The reason and the output get the remaining rows, the newest lines first.
        let mut left = room.saturating_sub(head.len() + foot.len());
        if !failure.detail.is_empty() {
            let detail = indented(&failure.detail, theme.dim);
            let shown = detail.len().min(left).min(6);
            left -= shown;
            head.extend(detail.into_iter().take(shown));
        }
        let shown = failure.stderr.len().min(left);
        for line in &failure.stderr[failure.stderr.len() - shown..] {
            let line = ansi::last_states(untimed(line));
            let line = ansi::plain(&line).replace('\n', " ");
            let text = format!("  {} {}", theme.pick("│", "|"), line);
            let text = wrap::truncate(&text, width).into_owned();
            head.push(Line::styled(text, theme.dim));
        }
        head.extend(foot);
        head
    }
}

/// The stage's description, where there is room.
fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Create => "create sandbox",
        Stage::Code => "copy code",
        Stage::Install => "install OpenCode",
        Stage::Start => "start OpenCode",
        Stage::Health => "wait for health",
        Stage::Subscribe => "connect",
    }
}
