//! The panel's text for a permission: the whole command, path or diff, what it covers, and all
//! arguments of the call.

use ratatui::text::{Line, Span};

use super::requests::{PanelStyle, PanelText, option_rows};
use crate::app::chat::requests::{Choice, ReplyText};
use crate::app::chat::{Chat, ChatContext};
use crate::domain::chat::Permission;
use crate::text::visible::{self, Findings};
use crate::text::{TextCache, TextKey, wrap};

/// Rows for the patterns of "always" next to the option; the full view has the rest.
const ALWAYS_ROWS: usize = 2;

impl Chat {
    pub(in crate::app::chat) fn permission_text(
        &self,
        asked: &Permission,
        look: PanelStyle<'_>,
        cache: &mut TextCache,
    ) -> PanelText {
        let width = u16::try_from(look.columns).unwrap_or(u16::MAX);
        let mut cached = |part: &str, make: &dyn Fn() -> Vec<Line<'static>>| {
            let id = format!("{} {part}", asked.id);
            let key = TextKey {
                id: &id,
                generation: 0,
                revision: self.requests.shown(),
            };
            let rendered = cache.cached(key, width, make);
            rendered
                .window(0..rendered.len())
                .cloned()
                .collect::<Vec<_>>()
        };
        let (answers, marked) = self.permission_answers(asked, look);
        let title = match &self.requests.panel.rule {
            Some(_) => format!("a rule for {}", visible::one_line(&asked.kind)),
            None => title(&asked.kind),
        };
        PanelText {
            title,
            asked: cached("asked", &|| {
                let mut lines = self.rule_lines(look);
                lines.extend(asked_lines(asked, look));
                lines
            }),
            warnings: cached("warnings", &|| {
                let mut lines = self.rule_warnings(look);
                lines.extend(warnings(asked, look));
                lines
            }),
            answers,
            marked,
        }
    }

    fn permission_answers(
        &self,
        asked: &Permission,
        look: PanelStyle<'_>,
    ) -> (Vec<Line<'static>>, std::ops::Range<usize>) {
        let theme = look.theme;
        let writes = match self.requests.panel.writing {
            Some(ReplyText::Reason) => Some("type your reason"),
            Some(ReplyText::Patterns) => {
                Some("change the patterns, one per line; * matches any text")
            }
            Some(ReplyText::Own) | None => None,
        };
        if let Some(words) = writes {
            return (vec![Line::styled(words, theme.dim)], 0..1);
        }
        let reads = self.reads_requests();
        let choices = self.requests.choices().into_iter().enumerate();
        let options = choices.map(|(at, (choice, action))| {
            let key = action.map(|action| look.key(ChatContext::Permission, action));
            let marked = self.requests.panel.marked == Some(at);
            let style = if marked {
                theme.selection
            } else if reads {
                theme.text
            } else {
                theme.dim
            };
            let mut spans = vec![
                Span::styled(key.unwrap_or_default(), theme.key),
                Span::styled(format!(" {}", words(choice)), style),
            ];
            if choice == Choice::Always {
                spans.extend(always(asked, look));
            }
            (spans, marked)
        });
        option_rows(options.collect(), look)
    }

    /// The patterns of the rule that is offered, above the request.
    fn rule_lines(&self, look: PanelStyle<'_>) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for pattern in self.requests.panel.rule.iter().flatten() {
            labelled("rule ", pattern, look, &mut lines);
        }
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines
    }

    fn rule_warnings(&self, look: PanelStyle<'_>) -> Vec<Line<'static>> {
        let Some(patterns) = &self.requests.panel.rule else {
            return Vec::new();
        };
        let mut findings = Findings::default();
        for pattern in patterns {
            findings.look_at(pattern);
        }
        let mut lines = look.warn(&findings);
        if patterns.is_empty() {
            lines.extend(look.warning("there is no pattern"));
        } else if patterns.iter().any(|pattern| pattern == "*") {
            lines.extend(look.warning("this rule matches everything"));
        } else if !self.requests.rule_matches() {
            lines
                .extend(look.warning("this rule does not match this request, which keeps waiting"));
        }
        lines
    }
}

const CALLS: &str = "the agent wants to call ";

/// The kind of the request in words.
fn title(kind: &str) -> String {
    let kind = visible::one_line(kind);
    match &*kind {
        "bash" => "the agent wants to run".to_owned(),
        "edit" => "the agent wants to change a file".to_owned(),
        "read" => "the agent wants to read".to_owned(),
        "external_directory" => "the agent wants access outside the project".to_owned(),
        "webfetch" => "the agent wants to fetch".to_owned(),
        "websearch" => "the agent wants to search the web for".to_owned(),
        "task" => "the agent wants to start a sub-agent".to_owned(),
        "doom_loop" => "the agent keeps making the same call".to_owned(),
        "" => "the agent asks for an unnamed permission".to_owned(),
        kind => format!("{CALLS}{kind}"),
    }
}

fn words(choice: Choice) -> &'static str {
    match choice {
        Choice::Once => "once",
        Choice::Always => "always",
        Choice::Deny => "deny",
        Choice::Rule => "rule…",
        Choice::AllowHere => "allow in this project",
        Choice::AllowEverywhere => "allow everywhere",
        Choice::Never => "never allow",
        Choice::EditPattern => "change it",
        _ => "deny, say why",
    }
}

/// How many patterns of "always" fit next to the option.
fn fitting(asked: &Permission, look: PanelStyle<'_>) -> usize {
    // The option itself, and how many patterns are left.
    let room = (ALWAYS_ROWS * look.columns).saturating_sub(60);
    let mut used = 0;
    let fits = |pattern: &&String| {
        used += wrap::width(&visible::one_line(pattern)) + 2;
        used <= room
    };
    asked.always.iter().take_while(fits).count()
}

/// `: rm *, curl * (until this sandbox restarts)`.
fn always(asked: &Permission, look: PanelStyle<'_>) -> Vec<Span<'static>> {
    let mut spans = vec![Span::raw(": ")];
    let shown = fitting(asked, look);
    for (at, pattern) in asked.always.iter().take(shown).enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        spans.push(Span::raw(comma));
        spans.extend(visible::spans(pattern, look.styled(look.theme.text)));
    }
    let left = asked.always.len() - shown;
    if left > 0 {
        let comma = if shown == 0 { "" } else { ", " };
        let words = format!("{comma}… {left} more above");
        spans.push(Span::styled(words, look.theme.warning));
    }
    let used: usize = spans.iter().map(|span| wrap::width(&span.content)).sum();
    let until = if used + 45 > look.columns {
        "  (until restart)"
    } else {
        "  (until this sandbox restarts)"
    };
    spans.push(Span::styled(until, look.theme.dim));
    spans
}

/// The whole request, the most important lines first.
fn asked_lines(asked: &Permission, look: PanelStyle<'_>) -> Vec<Line<'static>> {
    let theme = look.theme;
    let mut lines = Vec::new();
    // A long kind from a plugin may not fit in the title.
    let title = title(&asked.kind);
    if title.starts_with(CALLS) && wrap::width(&title) > look.columns.saturating_sub(30) {
        labelled("permission ", &asked.kind, look, &mut lines);
    }
    if !asked.subject.is_empty() {
        lines.extend(visible::lines(&asked.subject, look.columns, look.strong()));
    }
    if asked.patterns != [asked.subject.as_str()] {
        for pattern in &asked.patterns {
            labelled("covers ", pattern, look, &mut lines);
        }
    }
    let diff = asked.diff.as_deref().unwrap_or_default();
    let hunks = match diff.find("\n@@") {
        _ if diff.starts_with("@@") => 0,
        Some(end) => end + 1,
        None => 0,
    };
    let (head, hunks) = diff.split_at(hunks);
    diff_lines(hunks, look, &mut lines);
    for (name, value) in &asked.details {
        let name = format!("{}: ", visible::one_line(name));
        if value.contains('\n') {
            lines.push(Line::styled(name, theme.dim));
            let columns = look.columns.saturating_sub(2).max(1);
            for mut line in visible::lines(value, columns, look.styled(theme.text)) {
                line.spans.insert(0, Span::raw("  "));
                lines.push(line);
            }
        } else {
            labelled(&name, value, look, &mut lines);
        }
    }
    for line in head.split_terminator('\n') {
        // The file is named above, and a ruler line says nothing.
        let is_named = !asked.subject.is_empty() && line.trim_end().ends_with(&asked.subject);
        if !is_named && line.contains(|c| c != '=') {
            diff_lines(line, look, &mut lines);
        }
    }
    if fitting(asked, look) < asked.always.len() {
        for pattern in &asked.always {
            labelled("always allows ", pattern, look, &mut lines);
        }
    }
    lines
}

fn labelled(label: &str, text: &str, look: PanelStyle<'_>, lines: &mut Vec<Line<'static>>) {
    let mut spans = vec![Span::styled(label.to_owned(), look.theme.dim)];
    spans.extend(visible::spans(text, look.styled(look.theme.text)));
    visible::wrap_into(&spans, look.columns, look.strong(), lines);
}

/// A unified diff with all its lines.
fn diff_lines(text: &str, look: PanelStyle<'_>, lines: &mut Vec<Line<'static>>) {
    let palette = &look.theme.palette;
    for line in text.split_terminator('\n') {
        let style = match line.as_bytes().first() {
            Some(b'+') => palette.added,
            Some(b'-') => palette.removed,
            Some(b'@') => palette.hunk,
            _ => palette.text,
        };
        // An empty line of the file is a blank in the diff.
        let line = if line == " " { "" } else { line };
        let spans = visible::spans(line, look.styled(style));
        visible::wrap_into(&spans, look.columns, look.strong(), lines);
    }
}

fn warnings(asked: &Permission, look: PanelStyle<'_>) -> Vec<Line<'static>> {
    let mut findings = Findings::default();
    let texts = [&asked.kind, &asked.subject].into_iter();
    let texts = texts
        .chain(&asked.diff)
        .chain(&asked.patterns)
        .chain(&asked.always);
    let details = asked.details.iter().flat_map(|(name, value)| [name, value]);
    for text in texts.chain(details) {
        findings.look_at(text);
    }
    let mut lines = Vec::new();
    if asked.undecodable {
        lines.extend(
            look.warning("this request could not be decoded exactly, so it can only be denied"),
        );
    }
    if asked.lacks_arguments {
        lines.extend(look.warning("the arguments of this call are unknown"));
    }
    lines.extend(look.warn(&findings));
    lines
}
