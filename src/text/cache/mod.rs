//! Caches rendered lines, so that a frame renders only what has changed.
//!
//! The view passes sources with their revisions and gets lines by reference. The event loop owns
//! the cache and lends it to the view. Its size is bounded in lines; the least recently drawn text
//! is evicted first. The cache does not know what its ids mean.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Line;

use super::highlight::{CodeColours, CodePlace};
use super::link_table::LinkTable;
use super::stream::{Stream, StreamLook};
use super::{Columns, Palette};

/// Identifies a text and its state.
#[derive(Debug, Clone, Copy)]
pub struct TextKey<'a> {
    /// Unique among all texts in a cache, and for each rendering: a part whose output and diff are
    /// both shown needs two ids.
    pub id: &'a str,
    /// Changes when the text was replaced instead of appended to.
    pub generation: u32,
    /// Increases with each change.
    pub revision: u64,
}

/// Whether a text is expected to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Text is being appended: a change costs only as much as the unfinished end.
    Growing,
    /// Finished: each change renders everything.
    Whole,
}

/// The lines of one text at one width.
#[derive(Debug, Default)]
pub struct Rendered {
    lines: Lines,
}

#[derive(Debug)]
enum Lines {
    Made(Vec<Line<'static>>),
    Whole(Box<Stream>),
    Growing(Box<Stream>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Made(Vec::new())
    }
}

impl Rendered {
    /// The number of lines.
    pub fn len(&self) -> usize {
        let (settled, tail) = self.halves();
        settled.len() + tail.len()
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The lines of `range` that exist; the cost depends on their number only.
    pub fn window(&self, range: Range<usize>) -> impl Iterator<Item = &Line<'static>> {
        let (settled, tail) = self.halves();
        let clip = |lines: &[Line<'static>], from: usize| {
            let start = range.start.saturating_sub(from).min(lines.len());
            let end = range.end.saturating_sub(from).min(lines.len());
            start..end.max(start)
        };
        settled[clip(settled, 0)]
            .iter()
            .chain(tail[clip(tail, settled.len())].iter())
    }

    fn halves(&self) -> (&[Line<'static>], &[Line<'static>]) {
        match &self.lines {
            Lines::Made(lines) => (lines, &[]),
            Lines::Whole(stream) | Lines::Growing(stream) => (stream.settled(), stream.tail()),
        }
    }
}

/// What rendered the lines of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SourceKind {
    Markdown,
    Made,
}

struct CacheEntry {
    generation: u32,
    revision: u64,
    columns: Columns,
    kind: SourceKind,
    /// The value of [`TextCache::clock`] at the last use.
    used: u64,
    /// Colours that were missing when the lines were made.
    missing: Vec<CodePlace>,
    rendered: Rendered,
}

impl CacheEntry {
    fn is_of(&self, key: TextKey<'_>, columns: Columns, kind: SourceKind) -> bool {
        self.generation == key.generation && self.columns == columns && self.kind == kind
    }
}

/// Rendered texts by id.
pub struct TextCache {
    entries: HashMap<Box<str>, CacheEntry>,
    max_lines: usize,
    /// The sum over all entries; an entry of no lines counts as one.
    lines: usize,
    /// Counts the calls.
    clock: u64,
    /// The palette that all markdown entries were rendered with.
    palette: Palette,
    colours: CodeColours,
    links: LinkTable,
    /// Whether somebody runs the jobs of [`Self::colours`].
    highlights: bool,
    nothing: Rendered,
}

impl TextCache {
    /// A cache of about `max_lines` lines. The text that was used last stays, however long.
    pub fn new(max_lines: usize) -> Self {
        Self {
            entries: HashMap::new(),
            max_lines,
            lines: 0,
            clock: 0,
            palette: Palette::default(),
            colours: CodeColours::default(),
            links: LinkTable::default(),
            highlights: false,
            nothing: Rendered::default(),
        }
    }

    /// A cache whose code gets colours: the caller runs the jobs of [`Self::colours`].
    #[must_use]
    pub fn highlighted(mut self) -> Self {
        self.highlights = true;
        self
    }

    /// A cache whose link texts name their addresses.
    #[must_use]
    pub fn with_links(mut self) -> Self {
        self.links = LinkTable::on();
        self
    }

    /// The addresses of the link texts in the lines.
    pub fn links(&self) -> &LinkTable {
        &self.links
    }

    /// Called before each frame: forgets addresses and lines if there are too many, as the numbers
    /// of one frame must be those of one table.
    /// The style of a link's text: where the terminal can, it is a hyperlink.
    pub fn link_style(&mut self, style: Style, url: &str) -> Style {
        self.links.marked(style, url)
    }

    pub fn begin_frame(&mut self) {
        if self.links.is_crowded() {
            self.links.clear();
            self.clear();
        }
    }

    /// The colours of code, and the jobs that find them.
    pub fn colours(&mut self) -> &mut CodeColours {
        &mut self.colours
    }

    /// Returns `source` rendered as markdown; `columns` is a width, or one for prose and one for
    /// the rest.
    ///
    /// With [`Growth::Growing`], the same generation and the same columns, only the text after the
    /// last safe boundary is rendered again. A source that does not extend the old one is rendered
    /// from its start. A new palette empties the cache.
    pub fn markdown(
        &mut self,
        key: TextKey<'_>,
        source: &str,
        columns: impl Into<Columns>,
        growth: Growth,
        palette: &Palette,
    ) -> &Rendered {
        self.use_palette(palette);
        let columns = columns.into();
        if self.is_fresh(key, columns, SourceKind::Markdown) {
            self.colour(key.id, source, columns);
            return self.get(key.id);
        }
        let known = self.remove(key.id).filter(|old| {
            growth == Growth::Growing && old.is_of(key, columns, SourceKind::Markdown)
        });
        let mut stream = match known.map(|old| old.rendered.lines) {
            Some(Lines::Growing(stream)) => stream,
            Some(Lines::Whole(_) | Lines::Made(_)) | None => Box::default(),
        };
        let mut look = StreamLook {
            columns,
            palette,
            colours: &mut self.colours,
            links: &mut self.links,
        };
        if !stream.advance(source, &mut look) {
            *stream = Stream::default();
            stream.advance(source, &mut look);
        }
        let lines = match growth {
            Growth::Growing => Lines::Growing(stream),
            Growth::Whole => {
                stream.end(source, &mut look);
                Lines::Whole(stream)
            }
        };
        self.insert(key, columns, SourceKind::Markdown, (lines, Vec::new()))
    }

    fn use_palette(&mut self, palette: &Palette) {
        if self.palette != *palette {
            self.clear();
            self.palette = palette.clone();
        }
        let on = self.highlights && !palette.syntax.is_plain();
        self.colours.switch(on);
    }

    /// Lays new colours over an entry that is up to date.
    fn colour(&mut self, id: &str, source: &str, columns: Columns) {
        let mut look = StreamLook {
            columns,
            palette: &self.palette,
            colours: &mut self.colours,
            links: &mut self.links,
        };
        if let Some(entry) = self.entries.get_mut(id)
            && let Lines::Whole(stream) | Lines::Growing(stream) = &mut entry.rendered.lines
        {
            stream.colour(source, &mut look);
        }
    }

    /// As [`Self::cached`], for lines with code: `make` gets the colours that are known, and is
    /// called again when those that it asked for have come. It must not make other lines then.
    pub fn coloured(
        &mut self,
        key: TextKey<'_>,
        width: u16,
        palette: &Palette,
        make: impl FnOnce(&mut CodeColours) -> Vec<Line<'static>>,
    ) -> &Rendered {
        self.use_palette(palette);
        let columns = Columns::from(width);
        if self.is_fresh(key, columns, SourceKind::Made) && !self.has_news(key.id) {
            return self.get(key.id);
        }
        self.remove(key.id);
        self.colours.take_asked();
        let lines = Lines::Made(make(&mut self.colours));
        let missing = self.colours.take_asked();
        self.insert(key, columns, SourceKind::Made, (lines, missing))
    }

    /// Whether all colours that an entry waits for have come.
    fn has_news(&self, id: &str) -> bool {
        let missing = self.entries.get(id).map(|entry| &entry.missing);
        missing.is_some_and(|missing| {
            !missing.is_empty() && !missing.iter().any(|place| self.colours.awaits(*place))
        })
    }

    /// Returns the lines of `make` for this key and width, calling it only if they are not cached.
    /// `make` must build its lines with `crate::text`, so that they are safe.
    pub fn cached(
        &mut self,
        key: TextKey<'_>,
        width: u16,
        make: impl FnOnce() -> Vec<Line<'static>>,
    ) -> &Rendered {
        let columns = Columns::from(width);
        if self.is_fresh(key, columns, SourceKind::Made) {
            return self.get(key.id);
        }
        self.remove(key.id);
        let lines = Lines::Made(make());
        self.insert(key, columns, SourceKind::Made, (lines, Vec::new()))
    }

    /// How many lines are cached.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Drops everything, because the styles have changed.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.lines = 0;
    }

    /// Whether the cached lines of `key` are up to date; counts as a use.
    fn is_fresh(&mut self, key: TextKey<'_>, columns: Columns, kind: SourceKind) -> bool {
        self.clock += 1;
        let clock = self.clock;
        self.entries.get_mut(key.id).is_some_and(|entry| {
            entry.used = clock;
            entry.revision == key.revision && entry.is_of(key, columns, kind)
        })
    }

    fn get(&self, id: &str) -> &Rendered {
        self.entries
            .get(id)
            .map_or(&self.nothing, |entry| &entry.rendered)
    }

    fn remove(&mut self, id: &str) -> Option<CacheEntry> {
        let entry = self.entries.remove(id)?;
        self.lines -= entry.rendered.len().max(1);
        Some(entry)
    }

    fn insert(
        &mut self,
        key: TextKey<'_>,
        columns: Columns,
        kind: SourceKind,
        (lines, missing): (Lines, Vec<CodePlace>),
    ) -> &Rendered {
        let rendered = Rendered { lines };
        self.lines += rendered.len().max(1);
        let TextKey {
            id,
            generation,
            revision,
        } = key;
        let entry = CacheEntry {
            generation,
            revision,
            columns,
            kind,
            used: self.clock,
            missing,
            rendered,
        };
        self.entries.insert(id.into(), entry);
        if self.lines > self.max_lines {
            self.evict(id);
        }
        self.get(id)
    }

    /// Drops the least recently used entries, except `keep`, until a quarter is free, so that a
    /// full cache does not sort its entries in each frame.
    fn evict(&mut self, keep: &str) {
        let mut ages: Vec<(u64, Box<str>)> = self
            .entries
            .iter()
            .map(|(id, entry)| (entry.used, id.clone()))
            .collect();
        ages.sort_unstable();
        for (_, id) in ages {
            if self.lines <= self.max_lines / 4 * 3 {
                break;
            }
            if &*id != keep {
                self.remove(&id);
            }
        }
    }
}
