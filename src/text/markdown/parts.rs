//! Parts of a Markdown text that a user may want by themselves: code to copy, links to open.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd, TextMergeStream};

use super::options;
use crate::text::hidden::is_invisible;
use crate::text::link_table::is_harmless_link;

/// A code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkdownCode {
    /// The first word behind the fence; may be empty.
    pub language: String,
    /// As it is written, which is not safe for a screen.
    pub text: String,
}

/// A link, in the order in which they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkdownLink {
    /// What is shown for it; not safe for a screen.
    pub text: String,
    /// `http`, `https` or `mailto`, in visible characters only.
    pub url: String,
}

/// Returns all code blocks of a text, also those in lists and quotes, and one that is still open.
pub fn code_blocks(source: &str) -> Vec<MarkdownCode> {
    let mut found = Vec::new();
    let mut open: Option<MarkdownCode> = None;
    for event in Parser::new_ext(source, options()) {
        match (event, &mut open) {
            (Event::Start(Tag::CodeBlock(kind)), _) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next(),
                    CodeBlockKind::Indented => None,
                };
                open = Some(MarkdownCode {
                    language: language.unwrap_or_default().to_owned(),
                    text: String::new(),
                });
            }
            (Event::Text(text), Some(code)) => code.text.push_str(&text),
            (Event::End(TagEnd::CodeBlock), _) => found.extend(open.take()),
            _ => {}
        }
    }
    found
}

/// Returns a line of Markdown without its marks, for where it stands alone. Not safe for a screen.
pub fn plain_line(line: &str) -> String {
    let mut plain = String::new();
    for event in Parser::new_ext(line.trim(), options()) {
        match event {
            Event::Text(text)
            | Event::Code(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => plain.push_str(&text),
            Event::FootnoteReference(name) => {
                plain.push('[');
                plain.push_str(&name);
                plain.push(']');
            }
            Event::SoftBreak | Event::HardBreak => plain.push(' '),
            _ => {}
        }
    }
    plain.trim().to_owned()
}

/// Returns the last line of a Markdown text that has more than marks, without them; empty if there is
/// none. Not safe for a screen.
pub fn last_line(source: &str) -> String {
    let mut lines = source.lines().rev().map(plain_line);
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

/// Returns the links of a text that are harmless to open, also addresses that stand in it as they are.
pub fn links(source: &str) -> Vec<MarkdownLink> {
    let mut found = Vec::new();
    let mut open: Vec<MarkdownLink> = Vec::new();
    for event in TextMergeStream::new(Parser::new_ext(source, options())) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => open.push(MarkdownLink {
                text: String::new(),
                url: dest_url.into_string(),
            }),
            Event::End(TagEnd::Link) => {
                found.extend(open.pop().filter(|link| is_harmless_link(&link.url)));
            }
            Event::Text(text) | Event::Code(text) if open.is_empty() => {
                found.extend(addresses(&text).map(|url| MarkdownLink {
                    text: url.to_owned(),
                    url: url.to_owned(),
                }));
            }
            Event::Text(text) | Event::Code(text) => {
                for link in &mut open {
                    link.text.push_str(&text);
                }
            }
            _ => {}
        }
    }
    found
}

/// The web addresses in a text, without the punctuation around them.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || is_invisible(c) || "<>\"'`|\\^{}".contains(c);
    let words = text.split(ends).filter_map(|word| {
        let starts = ["http://", "https://"].into_iter();
        let start = starts.filter_map(|scheme| word.find(scheme)).min()?;
        let address = without_closing(&word[start..]);
        (!address.ends_with("://")).then_some(address)
    });
    words.filter(|address| is_harmless_link(address))
}

/// Without the punctuation that ends a sentence or a bracket around an address.
fn without_closing(address: &str) -> &str {
    let mut rest = address;
    while let Some(last) = rest.chars().next_back() {
        let count = |c: char| rest.matches(c).count();
        let is_outside = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '*' | '_' | '~' => true,
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            _ => false,
        };
        if !is_outside {
            break;
        }
        rest = &rest[..rest.len() - last.len_utf8()];
    }
    rest
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::{MarkdownCode, code_blocks, last_line, links, plain_line};
    use crate::text::link_table::is_harmless_link;

    #[test]
    fn code_blocks_are_found_wherever_they_are() {
        let source = "```rust,ignore\nfn a() {}\n\n\tb\n```\n\n1. x\n\n   ~~~ sh -e\n   ls\n   ~~~\n\n> ```\n> q\n> ```\n\n    indented\n\n```py\nopen";

        let found: Vec<(String, String)> = code_blocks(source)
            .into_iter()
            .map(|MarkdownCode { language, text }| (language, text))
            .collect();

        let wanted = [
            ("rust,ignore", "fn a() {}\n\n\tb\n"),
            ("sh", "ls\n"),
            ("", "q\n"),
            ("", "indented\n"),
            ("py", "open"),
        ];
        assert_eq!(
            found,
            wanted.map(|(language, text)| (language.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn only_harmless_links_are_found() {
        let source = "[a **b**](https://e.org/x) <mailto:a@b.c> [f](file:///etc/passwd) [j](javascript:x) \
                      [e](http://a&#27;b) [w](http://a&#x202e;b) [r]\n\n[r]: HTTP://r";

        let found: Vec<String> = links(source)
            .into_iter()
            .map(|link| format!("{} {}", link.text, link.url))
            .collect();

        assert_eq!(
            found,
            [
                "a b https://e.org/x",
                "mailto:a@b.c mailto:a@b.c",
                "r HTTP://r"
            ]
        );
    }

    #[test]
    fn addresses_in_the_text_are_links_without_the_punctuation_around_them() {
        let source = "see https://e.org/a_b_(c). (http://x.org/y), **https://z.org**, `curl https://q.org/`\n\n\
                      ```\nopen http://localhost:3000/?a=1\n```\n\nhttps:// http://. xhttps://in.word";

        let found: Vec<String> = links(source).into_iter().map(|link| link.url).collect();

        assert_eq!(
            found,
            [
                "https://e.org/a_b_(c)",
                "http://x.org/y",
                "https://z.org",
                "https://q.org/",
                "http://localhost:3000/?a=1",
                "https://in.word",
            ]
        );
        assert!(!is_harmless_link(&format!(
            "https://e.org/{}",
            "a".repeat(2000)
        )));
        assert!(!is_harmless_link("http:e.org") && !is_harmless_link("https://"));
    }

    #[test]
    fn a_line_alone_has_no_marks() {
        let lines = [
            (
                "## **Done**: see `a_b` and [docs](https://e.org)",
                "Done: see a_b and docs",
            ),
            ("- [x] *one* thing", "one thing"),
            ("> 3. quoted", "quoted"),
            ("plain _words_ with a_b", "plain words with a_b"),
        ];
        for (line, plain) in lines {
            assert_eq!(plain_line(line), plain);
        }
        assert_eq!(last_line("first\n**second**\n\n---\n```\n"), "second");
        assert_eq!(last_line("---\n"), "");
    }

    proptest! {
        #[test]
        fn any_text_can_be_taken_apart(source in crate::text::tests::markdownish()) {
            for code in code_blocks(&source) {
                prop_assert!(!code.language.contains(char::is_whitespace));
            }
            for link in links(&source) {
                prop_assert!(is_harmless_link(&link.url));
                prop_assert!(!link.url.contains(char::is_control));
            }
        }
    }
}
