//! What matches the text in the palette.

use super::query::{PaletteKind, read};
use crate::app::App;
use crate::app::action::{Action, AppAction};
use crate::app::input::keymap::{Binding, KeyGroup, slash_actions};
use crate::app::input::rank::{Candidates, ranked};
use crate::app::overlay::picker::Picker;
use crate::domain::chat::ModelRef;
use crate::domain::id::{MessageId, SessionKey};

/// Recent actions above the groups.
const RECENT: usize = 5;

/// More rows than this are of no use to anybody.
const MOST: usize = 500;

/// What a row stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PaletteChoice {
    Action(Action),
    Session(SessionKey),
    Model(ModelRef),
    Agent(String),
    File(String),
    Prompt(MessageId),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct PaletteRow {
    /// Begins a group with this name.
    pub(super) heading: Option<&'static str>,
    pub(super) label: String,
    /// The key of an action, or what tells a choice apart.
    pub(super) detail: String,
    /// Why it cannot be chosen now.
    pub(super) why_not: Option<&'static str>,
    /// It is what holds now.
    pub(super) is_current: bool,
    pub(super) choice: PaletteChoice,
    /// Further texts by which it is found.
    words: Vec<String>,
}

impl PaletteRow {
    fn new(label: impl Into<String>, detail: impl Into<String>, choice: PaletteChoice) -> Self {
        Self {
            heading: None,
            label: label.into(),
            detail: detail.into(),
            why_not: None,
            is_current: false,
            choice,
            words: Vec::new(),
        }
    }

    fn current(self, is_current: bool) -> Self {
        Self { is_current, ..self }
    }

    fn texts(&self) -> Vec<String> {
        let mut texts = vec![self.label.clone()];
        match self.choice {
            // A key is not what one types to find it.
            PaletteChoice::Action(_) => texts.extend(self.words.iter().cloned()),
            _ => texts.push(format!("{} {}", self.label, self.detail)),
        }
        texts
    }
}

impl App {
    /// How many rows match.
    pub(in crate::app) fn palette_len(&self, picker: &Picker) -> usize {
        self.palette_rows(picker).len()
    }

    /// The rows that match, the best first; groups with headings while nothing is typed.
    pub(super) fn palette_rows(&self, picker: &Picker) -> Vec<PaletteRow> {
        let (kind, query) = read(picker.filter());
        let rows = match kind {
            PaletteKind::Actions if query.is_empty() => return self.grouped_actions(),
            PaletteKind::Actions => self.recent_and_other_actions(),
            PaletteKind::Sessions => self.session_rows(),
            PaletteKind::Models => self.model_rows(),
            PaletteKind::Agents => self.agent_rows(),
            PaletteKind::Files => self.file_rows(),
            PaletteKind::Prompts => self.prompt_rows(),
        };
        let how = match kind {
            PaletteKind::Files => Candidates::Paths,
            _ => Candidates::Names,
        };
        let mut found = ranked(query, how, rows, PaletteRow::texts);
        found.truncate(MOST);
        found
    }

    fn action_row(&self, binding: &Binding) -> PaletteRow {
        let action = binding.action;
        let mut keys = self.options.keymap.bindings().iter();
        let here = self.key_name(action);
        let key = if here.is_empty() {
            let elsewhere = keys.find(|row| row.action == action && !row.keys.is_empty());
            elsewhere.map_or_else(String::new, |row| row.keys[0].to_string())
        } else {
            here
        };
        let label = match action {
            Action::App(AppAction::Slot(slot)) => {
                let row = self.list.session_at(usize::from(slot).saturating_sub(1));
                let name = row.map_or("", |row| row.name.as_str());
                format!("{}: {name}", binding.what)
            }
            _ => binding.what.to_owned(),
        };
        let slash = slash_actions().find(|own| own.action == action);
        let slash = slash.map_or(&[][..], |own| own.names);
        let words = [action.name(), binding.hint].into_iter();
        let words = words.chain(slash.iter().copied());
        PaletteRow {
            why_not: self.why_not(binding),
            words: words.map(str::to_owned).collect(),
            ..PaletteRow::new(label, key, PaletteChoice::Action(action))
        }
    }

    /// One binding of each action, in the table's order.
    fn action_bindings(&self) -> Vec<&Binding> {
        let mut found: Vec<&Binding> = Vec::new();
        for row in self.options.keymap.bindings() {
            let is_listed = match row.action {
                Action::App(AppAction::Palette) => false,
                Action::App(AppAction::Slot(slot)) => {
                    let place = usize::from(slot).saturating_sub(1);
                    self.list.session_at(place).is_some()
                }
                _ => true,
            };
            if is_listed && found.iter().all(|known| known.action != row.action) {
                found.push(row);
            }
        }
        found
    }

    fn recent_actions(&self) -> Vec<PaletteRow> {
        let bindings = self.action_bindings();
        let recent = self.recent.newest().iter();
        let recent = recent.filter_map(|action| bindings.iter().find(|row| row.action == *action));
        recent.map(|row| self.action_row(row)).collect()
    }

    fn recent_and_other_actions(&self) -> Vec<PaletteRow> {
        let mut rows = self.recent_actions();
        let recent = self.recent.newest();
        let bindings = self.action_bindings().into_iter();
        let others = bindings.filter(|row| !recent.contains(&row.action));
        rows.extend(others.map(|row| self.action_row(row)));
        rows
    }

    /// The recent ones, then each group; in a group, what cannot run now comes last.
    fn grouped_actions(&self) -> Vec<PaletteRow> {
        let mut rows = self.recent_actions();
        rows.truncate(RECENT);
        if let Some(first) = rows.first_mut() {
            first.heading = Some("Recent");
        }
        let bindings = self.action_bindings();
        for group in KeyGroup::ALL {
            let of_group = bindings.iter().filter(|row| row.group == group);
            let mut of_group: Vec<PaletteRow> = of_group.map(|row| self.action_row(row)).collect();
            of_group.sort_by_key(|row| row.why_not.is_some());
            if let Some(first) = of_group.first_mut() {
                first.heading = Some(group.name());
            }
            rows.extend(of_group);
        }
        rows
    }

    fn session_rows(&self) -> Vec<PaletteRow> {
        let rows = self.list.rows().iter().map(|row| {
            let state = self.all_sessions().state_of(row).name();
            let detail = match row.title.as_str() {
                "" => state.to_owned(),
                title => format!("{title} · {state}"),
            };
            PaletteRow::new(&row.name, detail, PaletteChoice::Session(row.key.clone()))
                .current(self.open.is_shown(&row.key))
        });
        rows.collect()
    }

    fn model_rows(&self) -> Vec<PaletteRow> {
        let current = self.session().and_then(|session| session.chat.model());
        let rows = self.models().iter().map(|model| {
            let reference = &model.reference;
            let id = format!("{}/{}", reference.provider, reference.model);
            PaletteRow::new(&model.name, id, PaletteChoice::Model(reference.clone()))
                .current(current == Some(reference))
        });
        rows.collect()
    }

    fn agent_rows(&self) -> Vec<PaletteRow> {
        let Some(session) = self.session() else {
            return Vec::new();
        };
        let current = session.chat.agent();
        let agents = session.chat.catalog().agents.iter();
        let rows = agents.map(|agent| {
            let what = agent.description.lines().next().unwrap_or_default();
            let choice = PaletteChoice::Agent(agent.name.clone());
            PaletteRow::new(&agent.name, what, choice).current(current == Some(&agent.name))
        });
        rows.collect()
    }

    fn file_rows(&self) -> Vec<PaletteRow> {
        let files = self
            .session()
            .map_or(&[][..], |session| session.chat.files_in_reach());
        let rows = files
            .iter()
            .map(|path| PaletteRow::new(path, "", PaletteChoice::File(path.clone())));
        rows.collect()
    }

    fn prompt_rows(&self) -> Vec<PaletteRow> {
        let prompts = self.session().map(|session| session.chat.prompt_lines());
        let prompts = prompts.unwrap_or_default().into_iter();
        prompts
            .map(|(id, line)| PaletteRow::new(line, "", PaletteChoice::Prompt(id)))
            .collect()
    }
}
