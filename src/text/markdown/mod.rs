//! One piece of markdown (`CommonMark` with tables, strikethrough, task lists, footnotes and math) as wrapped
//! lines.
//!
//! Input: a string. Output: lines of at most the given columns, of which prose may have fewer. Code has the
//! colours that are known. Link definitions are
//! shown, and of raw HTML its text. Every text from the parser is
//! cleaned again, since character references (`&#27;`) become control characters only there.
//!
//! Does not know about streaming; `stream` cuts a source into the pieces that are rendered here.

mod cjk;
mod code;
mod container;
mod html;
mod inline;
mod list;
mod parts;
mod table;
#[cfg(test)]
mod tests;

use std::mem;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::ansi;
use super::highlight::{CodeColours, Language};
use super::link_table::LinkTable;
use super::wrap::{self, Breaking, fold};
use super::{Columns, Palette};
pub(super) use code::{code_line, label, safe_code};
use container::{Container, OpenList};
use inline::Inline;

pub use parts::{MarkdownCode, MarkdownLink, code_blocks, last_line, links, plain_line};
use table::TableBuilder;

/// A longer label of a footnote is cut.
const LONGEST_LABEL: usize = 16;

/// Renders `source`; the lines neither begin nor end with a blank one.
pub(super) fn render(
    source: &str,
    columns: Columns,
    palette: &Palette,
    (colours, addresses): (&mut CodeColours, &mut LinkTable),
) -> Vec<Line<'static>> {
    let source = ansi::plain(source);
    let source = cjk::with_spaces(&source);
    let parser = Parser::new_ext(&source, options());
    let definitions = definitions(&parser);
    let mut writer = MarkdownWriter::new(columns, palette, (colours, addresses));
    for event in parser {
        writer.event(event);
    }
    writer.finish(definitions)
}

/// What is read beyond `CommonMark`.
fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
}

/// The link definitions of the text, in order, safe to display. The parser drops them.
fn definitions(parser: &Parser<'_>) -> Vec<String> {
    let mut found: Vec<_> = parser
        .reference_definitions()
        .iter()
        .map(|(label, definition)| {
            (
                definition.span.start,
                format!("[{label}]: {}", definition.dest),
            )
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

/// Text of a block that is shown verbatim.
enum Verbatim {
    Code { info: String, text: String },
    Html(String),
}

struct MarkdownWriter<'a> {
    palette: &'a Palette,
    colours: &'a mut CodeColours,
    addresses: &'a mut LinkTable,
    columns: Columns,
    out: Vec<Line<'static>>,
    /// Open quotes and list items, outermost first.
    containers: Vec<Container>,
    lists: Vec<OpenList>,
    inline: Inline,
    verbatim: Option<Verbatim>,
    table: Option<TableBuilder>,
    /// A blank line is due before the next block.
    gap: bool,
}

impl<'a> MarkdownWriter<'a> {
    fn new(
        columns: Columns,
        palette: &'a Palette,
        (colours, addresses): (&'a mut CodeColours, &'a mut LinkTable),
    ) -> Self {
        Self {
            palette,
            colours,
            addresses,
            columns,
            out: Vec::new(),
            containers: Vec::new(),
            lists: Vec::new(),
            inline: Inline::new(palette.text),
            verbatim: None,
            table: None,
            gap: false,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) => match &mut self.verbatim {
                Some(Verbatim::Code { text: all, .. } | Verbatim::Html(all)) => all.push_str(&text),
                None => self.inline.text(&text),
            },
            Event::Code(text) => self.inline.styled(&text, self.palette.code),
            Event::InlineHtml(tag) if is_line_break(&tag) => self.inline.hard_break(),
            // The text between the tags remains.
            Event::InlineHtml(_) => {}
            // As it is written: what looks like math may be two prices, or variables of a shell.
            Event::InlineMath(text) => self.inline.text(&format!("${text}$")),
            Event::DisplayMath(text) => self.inline.text(&format!("$${text}$$")),
            Event::FootnoteReference(label) => {
                self.inline.styled(&format!("[^{label}]"), self.palette.dim);
            }
            Event::SoftBreak => self.inline.text(" "),
            Event::HardBreak => self.inline.hard_break(),
            Event::Rule => {
                self.begin_block();
                let rule = "─".repeat(self.prose_room());
                self.emit(vec![Span::styled(rule, self.palette.border)]);
                self.gap = true;
            }
            Event::TaskListMarker(done) => self.inline.text(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => {
                self.begin_block();
                if let Some(list) = self.lists.last_mut() {
                    list.loose = true;
                }
            }
            Tag::Heading { level, .. } => {
                self.begin_block();
                self.inline.push(self.palette.heading);
                self.inline.text(&"#".repeat(level as usize));
                self.inline.text(" ");
            }
            Tag::BlockQuote(_) => {
                self.begin_block();
                self.open_quote();
                self.inline.push(self.palette.quote);
            }
            Tag::CodeBlock(kind) => {
                self.begin_block();
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.verbatim = Some(Verbatim::Code {
                    info,
                    text: String::new(),
                });
            }
            Tag::HtmlBlock => {
                self.flush();
                self.verbatim = Some(Verbatim::Html(String::new()));
            }
            Tag::FootnoteDefinition(label) => {
                self.begin_block();
                let label = wrap::truncate(&label, LONGEST_LABEL);
                self.open_marked(&format!("[^{label}] "), self.palette.dim);
            }
            Tag::List(first) => {
                self.begin_block();
                self.lists.push(OpenList {
                    next: first,
                    loose: false,
                });
            }
            Tag::Item => {
                self.begin_block();
                self.open_item();
            }
            Tag::Table(alignments) => {
                self.begin_block();
                self.table = Some(TableBuilder::new(alignments));
            }
            other => self.start_inline(&other),
        }
    }

    fn start_inline(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Emphasis => self.inline.push(self.palette.emphasis),
            Tag::Strong | Tag::TableHead => self.inline.push(self.palette.strong),
            Tag::Strikethrough => {
                self.inline
                    .push(Style::new().add_modifier(Modifier::CROSSED_OUT));
            }
            Tag::Link { dest_url, .. } => self.open_link(dest_url),
            Tag::Image { dest_url, .. } => {
                self.open_link(dest_url);
                self.inline.text("[image: ");
            }
            // Constructs that are not enabled.
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.flush();
                self.gap = true;
            }
            TagEnd::Heading(_) => {
                self.flush();
                self.inline.pop();
                self.gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.inline.pop();
                self.containers.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock => self.write_verbatim(),
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = self.lists.last().is_none_or(|outer| outer.loose);
            }
            TagEnd::Item => self.close_item(),
            TagEnd::FootnoteDefinition => {
                self.close_item();
                self.gap = true;
            }
            TagEnd::TableHead => {
                self.inline.pop();
                self.with_table(TableBuilder::end_row);
            }
            TagEnd::TableRow => self.with_table(TableBuilder::end_row),
            TagEnd::TableCell => {
                let cell = self.inline.take();
                self.with_table(|table| table.end_cell(cell));
            }
            TagEnd::Table => self.write_table(),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.inline.pop(),
            TagEnd::Link => self.close_link(),
            TagEnd::Image => {
                self.inline.text("]");
                self.close_link();
            }
            // Constructs that are not enabled.
            _ => {}
        }
    }

    fn open_link(&mut self, url: &str) {
        let style = self.addresses.marked(self.palette.link, url);
        self.inline.open_link(url, style);
    }

    fn close_link(&mut self) {
        let addresses = &mut *self.addresses;
        let dim = self.palette.dim;
        self.inline.close_link(|url| addresses.marked(dim, url));
    }

    fn with_table(&mut self, change: impl FnOnce(&mut TableBuilder)) {
        if let Some(table) = &mut self.table {
            change(table);
        }
    }

    fn write_table(&mut self) {
        if let Some(table) = self.table.take() {
            for line in table.lines(self.room(), self.palette) {
                self.emit(line);
            }
        }
        self.gap = true;
    }

    fn write_verbatim(&mut self) {
        let room = self.room();
        match self.verbatim.take() {
            Some(Verbatim::Code { info, text }) => {
                if let Some(label) = label(&info, room, self.palette) {
                    self.emit(label);
                }
                self.write_code(&info, &text, room);
            }
            Some(Verbatim::Html(html)) => self.write_html(&html),
            None => {}
        }
        self.gap = true;
    }

    /// Writes the text of raw HTML; tags alone leave no trace.
    fn write_html(&mut self, html: &str) {
        let text = html::text(html);
        if text.is_empty() {
            return;
        }
        self.begin_block();
        for line in text.lines() {
            self.inline.text(line);
            self.flush();
        }
    }

    fn write_code(&mut self, info: &str, text: &str, room: usize) {
        let lines: Vec<_> = text.split_terminator('\n').map(safe_code).collect();
        // A line that still grows has no colours yet.
        let ended = lines.len() - usize::from(!text.is_empty() && !text.ends_with('\n'));
        let language = Language::of_fence(info);
        let known = self.colours.lines(language.as_ref(), &lines[..ended]);
        for (at, line) in lines.iter().enumerate() {
            let colours = known.get(at).map_or(&[][..], |spans| spans);
            for spans in code_line(line, room, false, colours, self.palette) {
                self.emit(spans);
            }
        }
    }

    fn finish(mut self, definitions: Vec<String>) -> Vec<Line<'static>> {
        self.flush();
        if !definitions.is_empty() {
            self.begin_block();
            for text in definitions {
                self.inline.styled(&text, self.palette.dim);
                self.flush();
            }
        }
        self.out
    }

    /// Flushes the open text, and writes the blank line that is due.
    fn begin_block(&mut self) {
        self.flush();
        if mem::take(&mut self.gap) && !self.out.is_empty() {
            let blank = self.blank_prefix();
            self.out.push(Line::from(blank));
        }
    }

    /// Writes the collected inline text. In a tight list this is the direct text of an item, so no
    /// blank line follows automatically.
    fn flush(&mut self) {
        let room = self.prose_room();
        for spans in self.inline.take() {
            for line in fold(&spans, room, room, Breaking::Words) {
                self.emit(line);
            }
        }
    }

    fn emit(&mut self, spans: Vec<Span<'static>>) {
        let mut line = self.take_prefix();
        line.extend(spans);
        self.out.push(Line::from(line));
    }
}

fn is_line_break(tag: &str) -> bool {
    ["<br>", "<br/>", "<br />"]
        .iter()
        .any(|known| tag.eq_ignore_ascii_case(known))
}
