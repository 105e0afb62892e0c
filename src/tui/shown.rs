//! The program's model for the loop: `App`, and what drawing it needs.
//!
//! Input: a theme. Output: frames. The rendered texts are here, since they are derived and the
//! model holds sources only; the viewport of each frame goes back to the model.

use ratatui::buffer::Buffer;

use super::event_loop::LoopModel;
use crate::app::App;
use crate::app::cx::Cx;
use crate::app::event::Event;
use crate::app::view::cx::ViewCx;
use crate::app::view::surface::Rgb;
use crate::app::view::theme::Theme;
use crate::app::view::viewport::Viewport;
use crate::domain::time::{Monotonic, UnixMillis};
use crate::text::TextCache;
use crate::text::highlight::{HighlightJob, SyntaxSpans};
use crate::text::link_table::LinkTable;

/// The most rendered lines in the cache: some hundred screens.
const CACHED_LINES: usize = 20_000;

/// `App` with its theme and its rendered texts.
pub struct UiModel {
    app: App,
    theme: Theme,
    cache: TextCache,
}

impl UiModel {
    pub fn new(app: App, theme: Theme) -> Self {
        Self {
            app,
            theme,
            cache: TextCache::new(CACHED_LINES).highlighted(),
        }
    }

    /// With or without hyperlinks, which the terminal has to know.
    #[must_use]
    pub fn with_links(mut self, on: bool) -> Self {
        if on {
            self.cache = self.cache.with_links();
        }
        self
    }
}

impl LoopModel for UiModel {
    fn start(&mut self, cx: &mut Cx<'_>) {
        self.app.start(cx);
    }

    fn update(&mut self, event: Event, cx: &mut Cx<'_>) {
        self.app.update(event, cx);
    }

    fn draw(
        &mut self,
        buffer: &mut Buffer,
        now: Monotonic,
        wall: UnixMillis,
    ) -> Option<(u16, u16)> {
        self.cache.begin_frame();
        let mut viewport = Viewport::default();
        let mut cx = ViewCx {
            theme: &self.theme,
            cache: &mut self.cache,
            viewport: &mut viewport,
            now,
            wall,
        };
        self.app.view(buffer.area, buffer, &mut cx);
        let cursor = viewport.cursor;
        self.app.shown(viewport);
        cursor
    }

    fn asks_background(&self) -> bool {
        self.theme.has_surfaces()
    }

    fn background(&mut self, colour: Rgb) {
        self.theme.on_background(colour);
        self.cache.clear();
    }

    fn links(&self) -> Option<&LinkTable> {
        Some(self.cache.links()).filter(|links| links.is_on())
    }

    fn title(&self) -> String {
        self.app.title()
    }

    fn is_typing(&self) -> bool {
        self.app.is_typing()
    }

    fn animation_due(&self, now: Monotonic) -> Option<Monotonic> {
        self.app.animation_due(now)
    }

    fn next_job(&mut self) -> Option<HighlightJob> {
        self.cache.colours().next_job()
    }

    fn job_done(&mut self, result: Option<Vec<SyntaxSpans>>) {
        self.cache.colours().done(result);
    }
}
