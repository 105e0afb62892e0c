//! A whole conversation as a document: Markdown, or HTML that shows the same.
//!
//! All text is of the server and may be hostile: control characters go, and in HTML nothing is markup
//! that is not written here.

use std::fmt::Write as _;

use crate::domain::chat::tool_call::{ToolCall, ToolDetail};
use crate::domain::chat::{Conversation, MessageWithParts, Part, PartKind, Role};

/// A conversation as Markdown.
pub(in crate::app) fn markdown(
    conversation: &Conversation,
    messages: &[MessageWithParts],
) -> String {
    let mut out = format!("# {}\n", one_line(title(conversation)));
    for message in messages {
        let parts: Vec<String> = message.parts.iter().filter_map(part_markdown).collect();
        if parts.is_empty() {
            continue;
        }
        // A string takes everything.
        let _ = write!(out, "\n## {}\n", speaker(message));
        for part in parts {
            let _ = write!(out, "\n{}\n", part.trim_end());
        }
    }
    out
}

/// A conversation as one HTML page without scripts, styles from elsewhere or images.
pub(in crate::app) fn html(conversation: &Conversation, messages: &[MessageWithParts]) -> String {
    let title = escaped(&one_line(title(conversation)));
    let mut out = format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>\
         body{{max-width:60rem;margin:2rem auto;font:16px/1.5 sans-serif;padding:0 1rem}}\
         pre{{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:.5rem}}\
         .user{{border-left:.3rem solid #48c;padding-left:.7rem}}</style></head>\n\
         <body><h1>{title}</h1>\n"
    );
    for message in messages {
        let parts: Vec<String> = message.parts.iter().filter_map(part_html).collect();
        if parts.is_empty() {
            continue;
        }
        let class = match message.message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let who = escaped(&speaker(message));
        let parts = parts.join("\n");
        let _ = write!(
            out,
            "<section class=\"{class}\"><h2>{who}</h2>\n{parts}\n</section>\n"
        );
    }
    out.push_str("</body></html>\n");
    out
}

/// A name for the file, without the ending.
pub(in crate::app) fn file_name(conversation: &Conversation) -> String {
    let words = conversation.title.to_lowercase();
    let words = words.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).take(8).collect();
    match words.join("-") {
        name if name.is_empty() => "conversation".to_owned(),
        name => name.chars().take(60).collect(),
    }
}

fn title(conversation: &Conversation) -> &str {
    match conversation.title.as_str() {
        "" => "Conversation",
        title => title,
    }
}

fn speaker(message: &MessageWithParts) -> String {
    let info = &message.message;
    match (info.role, &info.model) {
        (Role::User, _) => "User".to_owned(),
        (Role::Assistant, Some(model)) => format!("Assistant ({})", one_line(&model.model)),
        (Role::Assistant, None) => "Assistant".to_owned(),
    }
}

fn part_markdown(part: &Part) -> Option<String> {
    Some(match &part.kind {
        PartKind::Text {
            text,
            synthetic: false,
            ..
        } if !text.trim().is_empty() => plain(text),
        PartKind::Reasoning { text, .. } if !text.trim().is_empty() => {
            let quoted: Vec<String> = plain(text)
                .lines()
                .map(|line| format!("> {line}"))
                .collect();
            quoted.join("\n")
        }
        PartKind::Tool(call) => {
            let details = fenced(&details(call));
            format!(
                "**{}** {}\n\n{details}",
                one_line(&call.tool),
                code(&call.subject)
            )
        }
        PartKind::File { filename, mime } => {
            format!("[{}] {}", one_line(filename), one_line(mime))
        }
        _ => return None,
    })
}

fn part_html(part: &Part) -> Option<String> {
    Some(match &part.kind {
        PartKind::Text {
            text,
            synthetic: false,
            ..
        } if !text.trim().is_empty() => format!("<pre>{}</pre>", escaped(&plain(text))),
        PartKind::Reasoning { text, .. } if !text.trim().is_empty() => format!(
            "<details><summary>thinking</summary><pre>{}</pre></details>",
            escaped(&plain(text))
        ),
        PartKind::Tool(call) => format!(
            "<details><summary><b>{}</b> {}</summary><pre>{}</pre></details>",
            escaped(&one_line(&call.tool)),
            escaped(&one_line(&call.subject)),
            escaped(&details(call))
        ),
        PartKind::File { filename, mime } => {
            let words = format!("[{}] {}", one_line(filename), one_line(mime));
            format!("<p>{}</p>", escaped(&words))
        }
        _ => return None,
    })
}

/// What a call did: its diff, or else its output, and its error.
fn details(call: &ToolCall) -> String {
    let result = call.diff().unwrap_or_else(|| call.printed());
    let written = match &call.detail {
        ToolDetail::Change(files) => files.first().map_or("", |file| file.text.as_str()),
        _ => "",
    };
    let error = call.error.as_deref().unwrap_or_default();
    let texts = [written, result.as_ref(), error];
    let texts = texts.into_iter().filter(|text| !text.trim().is_empty());
    plain(&texts.collect::<Vec<&str>>().join("\n"))
}

/// A block of code around a text, with a fence that the text does not have.
fn fenced(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}\n{}\n{fence}", text.trim_end())
}

fn code(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return text;
    }
    let mark = "`".repeat(longest_run(&text) + 1);
    format!("{mark} {text} {mark}")
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// Without control characters, but for line breaks and tabs.
fn plain(text: &str) -> String {
    let keeps = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(keeps).collect()
}

fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::testing;

    fn talk(answer: &str) -> (Conversation, Vec<MessageWithParts>) {
        let conversation = Conversation {
            title: "Fix <the> login".to_owned(),
            ..testing::conversation("ses_1")
        };
        let messages = vec![
            testing::spoken("a", Role::User, 1, "why?\n"),
            testing::spoken("b", Role::Assistant, 2, answer),
        ];
        (conversation, messages)
    }

    #[test]
    fn a_document_has_who_said_what() {
        let (conversation, messages) = talk("Because **so**.");

        assert_eq!(
            markdown(&conversation, &messages),
            "# Fix <the> login\n\n## User\n\nwhy?\n\n## Assistant\n\nBecause **so**.\n"
        );
        let page = html(&conversation, &messages);
        assert!(page.contains("<h1>Fix &lt;the&gt; login</h1>"), "{page}");
        assert!(page.contains("<pre>Because **so**.</pre>"), "{page}");
        assert_eq!(file_name(&conversation), "fix-the-login");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(fenced("a\n````\nb"), "`````\na\n````\nb\n`````");
        assert_eq!(fenced("a"), "```\na\n```");
    }

    proptest! {
        #[test]
        fn no_markup_of_others_gets_into_a_page(text in "[<>&\"a/\u{1b}\n ]{0,40}") {
            let (conversation, messages) = talk(&text);
            let (_, none) = talk("x");
            let page = html(&conversation, &messages);
            let tags = |page: &str| page.matches('<').count();
            let expected = tags(&html(&conversation, &none));
            let is_blank = text.trim().is_empty();
            prop_assert!(is_blank || tags(&page) == expected, "{page}");
            prop_assert!(!page.contains(char::from(27)), "control");
        }
    }
}
