//! Performs a choice of the palette.

use super::query::{PaletteKind, read};
use super::rows::PaletteChoice;
use crate::app::action::Action;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::picker::Picker;
use crate::app::{App, Pane};
use crate::domain::preferences::PreferenceChange;

impl App {
    /// The text in the palette has changed: what only the server knows is asked for.
    pub(in crate::app) fn palette_typed(&mut self, cx: &mut Cx<'_>) {
        let Some(Overlay::Palette(picker)) = self.overlays.top() else {
            return;
        };
        let (PaletteKind::Files, query) = read(picker.filter()) else {
            return;
        };
        let query = query.to_owned();
        if let Some(session) = self.session_mut() {
            session.chat.search_files(&query, cx);
        }
    }

    /// Performs the selected row. What cannot run now leaves the palette open, which says why.
    pub(in crate::app) fn choose_in_palette(&mut self, picker: Picker, cx: &mut Cx<'_>) {
        let row = self
            .palette_rows(&picker)
            .into_iter()
            .nth(picker.selected());
        let Some(row) = row.filter(|row| row.why_not.is_none()) else {
            self.overlays.push(Overlay::Palette(picker));
            return;
        };
        match row.choice {
            PaletteChoice::Action(action) => self.run_from_palette(action, cx),
            PaletteChoice::Session(key) => self.show(key, cx),
            PaletteChoice::Model(model) => self.use_model(model, &row.label, cx),
            PaletteChoice::Agent(name) => self.use_agent(&name, cx),
            PaletteChoice::File(path) => {
                self.focus.go_to(Pane::Chat);
                if let Some(session) = self.session_mut() {
                    session.chat.mention_file(&path, cx);
                }
            }
            PaletteChoice::Prompt(id) => {
                self.focus.go_to(Pane::Chat);
                if let Some(session) = self.session_mut() {
                    session.chat.go_to_prompt(&id);
                }
            }
        }
    }

    /// What an action changes is on the screen then.
    fn run_from_palette(&mut self, action: Action, cx: &mut Cx<'_>) {
        self.recent.note(action);
        let run = PreferenceChange::ActionRun(action.name().to_owned());
        cx.ask(Effect::Remember(run));
        match action {
            Action::Chat(_) => self.focus.go_to(Pane::Chat),
            Action::Logs(_) => self.focus.go_to(Pane::Logs),
            Action::App(_) | Action::Sessions(_) | Action::Changes(_) => {}
        }
        self.act(action, cx);
    }
}
