//! The panel's text for a question: the whole text, and all options with their descriptions.

use std::ops::Range;

use ratatui::text::{Line, Span};

use super::requests::{PanelStyle, PanelText};
use crate::app::chat::requests::{Choice, ReplyText};
use crate::app::chat::{Chat, ChatAction, ChatContext};
use crate::domain::chat::{Question, QuestionItem};
use crate::text::visible::{self, Findings};

impl Chat {
    pub(in crate::app::chat) fn question_text(
        &self,
        asked: &Question,
        look: PanelStyle<'_>,
    ) -> PanelText {
        let at = self.requests.panel.item;
        let item = asked.items.get(at);
        let (answers, marked) = self.question_answers(item, look);
        let several = asked.items.len();
        let head = item.map(|item| visible::one_line(&item.header));
        let head = head.filter(|head| !head.is_empty());
        let head = head.map_or_else(String::new, |head| format!(": {head}"));
        let title = match item {
            Some(_) if several > 1 => format!("question {} of {several}{head}", at + 1),
            Some(_) => format!("question{head}"),
            None if several > 0 => "your answers".to_owned(),
            None => "question".to_owned(),
        };
        let asks = match item {
            Some(item) => visible::lines(&item.question, look.columns, look.prose()),
            None => self.review_lines(asked, look),
        };
        PanelText {
            title,
            asked: asks,
            warnings: question_warnings(asked, look),
            answers,
            marked,
        }
    }

    /// All answers, for review before they are sent.
    fn review_lines(&self, asked: &Question, look: PanelStyle<'_>) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for (at, item) in asked.items.iter().enumerate() {
            let answer = self.requests.answer(at);
            let mut spans = visible::spans(&item.question, look.styled(look.theme.dim));
            spans.push(Span::raw("  "));
            if answer.is_empty() {
                spans.push(Span::styled("not answered", look.theme.warning));
            }
            for (at, answer) in answer.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                spans.push(Span::raw(comma));
                spans.extend(visible::spans(answer, look.strong()));
            }
            visible::wrap_into(&spans, look.columns, look.prose(), &mut lines);
        }
        lines
    }

    fn question_answers(
        &self,
        item: Option<&QuestionItem>,
        look: PanelStyle<'_>,
    ) -> (Vec<Line<'static>>, Range<usize>) {
        let theme = look.theme;
        let panel = &self.requests.panel;
        let mut lines = Vec::new();
        if panel.writing == Some(ReplyText::Own) {
            lines.push(Line::styled("type your answer", theme.dim));
            return (lines, 0..1);
        }
        let mut at = 0..1;
        for (place, (choice, action)) in self.requests.choices().into_iter().enumerate() {
            let marked = panel.marked == Some(place);
            let key = action.map(|action| look.key(ChatContext::Question, action));
            let cursor = if marked {
                theme.pick("› ", "> ")
            } else {
                "  "
            };
            let mut spans = vec![
                Span::styled(cursor, theme.accent),
                Span::styled(format!("{} ", key.as_deref().unwrap_or(" ")), theme.key),
            ];
            spans.extend(self.choice_spans(item, choice, (marked, look)));
            let first = lines.len();
            visible::wrap_into(&spans, look.columns, look.prose(), &mut lines);
            if marked {
                at = first..lines.len();
            }
        }
        if item.is_some_and(|item| item.multiple) {
            let words = match look.key(ChatContext::Question, ChatAction::RequestAccept) {
                key if key.is_empty() => "choose any number".to_owned(),
                key => format!("choose any number; {key} answers"),
            };
            lines.push(Line::styled(words, theme.dim));
        }
        (lines, at)
    }

    fn choice_spans(
        &self,
        item: Option<&QuestionItem>,
        choice: Choice,
        (marked, look): (bool, PanelStyle<'_>),
    ) -> Vec<Span<'static>> {
        let theme = look.theme;
        let panel = &self.requests.panel;
        let style = if marked { theme.strong } else { theme.text };
        let sign = |chosen| match (item.is_some_and(|item| item.multiple), chosen) {
            (true, true) => "[x] ",
            (true, false) => "[ ] ",
            (false, true) => "(x) ",
            (false, false) => "( ) ",
        };
        match choice {
            Choice::Option(at) => {
                let Some(option) = item.and_then(|item| item.options.get(at)) else {
                    return Vec::new();
                };
                let chosen = panel.chosen.get(panel.item);
                let chosen = chosen.is_some_and(|chosen| chosen.contains(&option.label));
                let mut spans = vec![Span::styled(sign(chosen), style)];
                spans.extend(visible::spans(&option.label, look.styled(style)));
                if !option.description.is_empty() {
                    spans.push(Span::styled(": ", theme.dim));
                    spans.extend(visible::spans(&option.description, look.styled(theme.text)));
                }
                spans
            }
            Choice::Own => {
                let own = panel.own.get(panel.item).map_or("", String::as_str);
                let text = if own.is_empty() {
                    "type your own answer…"
                } else {
                    own
                };
                let mut spans = vec![Span::styled(sign(!own.is_empty()), style)];
                spans.extend(visible::spans(text, look.styled(style)));
                spans
            }
            Choice::Submit => vec![Span::styled("send the answers", style)],
            _ if marked => vec![Span::styled("decline: this stops the turn", theme.warning)],
            _ => vec![Span::styled("decline", theme.dim)],
        }
    }
}

fn question_warnings(asked: &Question, look: PanelStyle<'_>) -> Vec<Line<'static>> {
    let mut findings = Findings::default();
    for item in &asked.items {
        findings.look_at(&item.header);
        findings.look_at(&item.question);
        for option in &item.options {
            findings.look_at(&option.label);
            findings.look_at(&option.description);
        }
    }
    let mut lines = Vec::new();
    if asked.undecodable {
        lines.extend(
            look.warning("this question could not be decoded exactly, so it can only be declined"),
        );
    }
    lines.extend(look.warn(&findings));
    lines
}
