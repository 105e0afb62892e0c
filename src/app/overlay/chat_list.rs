//! The lists and one-line fields over the chat: models, agents, providers, prompts, stashed prompts, conversations,
//! search and renaming.
//!
//! The rows are made when a list is opened, so that nothing walks over the conversation while it is
//! drawn. `App` performs the chosen row.

use std::borrow::Cow;

use super::login::state::LoginRequest;
use super::picker::Picker;
use crate::domain::chat::ModelRef;
use crate::domain::id::{MessageId, OpencodeSessionId, SessionKey};
use crate::domain::prompt::PastPrompt;
use crate::domain::server::ProviderOffer;
use crate::domain::server::login::LoginQuestion;
use crate::domain::session::ExportFormat;
use crate::domain::time::{Monotonic, UnixMillis};

/// A list, with its filter and selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct ChatListOverlay {
    pub(super) title: Cow<'static, str>,
    /// The text of the empty filter.
    pub(super) ask: Cow<'static, str>,
    /// The text if no row matches.
    pub(super) none: Cow<'static, str>,
    pub(super) rows: Vec<ChatListRow>,
    pub(super) picker: Picker,
    /// What is typed is more than a filter.
    pub(super) field: Option<ListField>,
    /// It has earlier prompts, more of which may follow.
    pub(super) takes_prompts: bool,
}

/// What is typed into a list without rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ListField {
    /// The new title of this conversation.
    Title(OpencodeSessionId),
    /// The new name of this session.
    Name(SessionKey),
    /// What to look for.
    Words,
    /// The answer to a question of this login; it may be empty.
    Answer(Box<LoginRequest>),
}

/// A row, and what choosing it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct ChatListRow {
    pub(in crate::app) choice: ListChoice,
    pub(in crate::app) words: String,
    /// At the right end.
    pub(in crate::app) right: String,
    /// It is the current choice.
    pub(in crate::app) is_current: bool,
}

/// What is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum ListChoice {
    /// Send the last prompt again, with this model.
    SendAgain(ModelRef),
    /// Use this agent for the next prompts.
    Agent(String),
    /// Log in to this provider.
    Provider(Box<ProviderOffer>),
    /// Go on with this login.
    LogIn(Box<LoginRequest>),
    /// Put this text into the composer.
    Recall(String),
    /// Bring this stashed prompt back.
    Unstash(MessageId),
    /// Show this prompt.
    ShowPrompt(MessageId),
    /// Search for these words.
    Search(String),
    Copy(String),
    /// Fork the conversation before this message, or all of it.
    Fork(Option<MessageId>),
    /// Undo this prompt and all that follows it.
    Undo(MessageId),
    Share,
    Export(ExportFormat),
    NewConversation,
    /// Open this conversation, whose title is the row's text.
    Conversation(OpencodeSessionId),
    RenameSession(SessionKey, String),
    Rename {
        conversation: OpencodeSessionId,
        title: String,
    },
}

/// The first characters of a prompt are enough to know it by, and to find it.
const PROMPT_CHARS: usize = 500;

fn past_prompt(text: String, session: String) -> ChatListRow {
    ChatListRow {
        words: text.chars().take(PROMPT_CHARS).collect(),
        right: session,
        is_current: false,
        choice: ListChoice::Recall(text),
    }
}

impl ChatListOverlay {
    pub(in crate::app) fn send_again(rows: Vec<ChatListRow>) -> Self {
        Self {
            title: "Send the last prompt again with".into(),
            ask: "type to filter".into(),
            none: "no model matches".into(),
            rows,
            picker: Picker::default(),
            field: None,
            takes_prompts: false,
        }
    }

    pub(in crate::app) fn agents(rows: Vec<ChatListRow>) -> Self {
        Self {
            title: "Choose an agent".into(),
            none: "no agent matches".into(),
            ..Self::send_again(rows)
        }
    }

    pub(in crate::app) fn providers(rows: Vec<ChatListRow>) -> Self {
        Self {
            title: "Log in: choose a provider".into(),
            none: "no provider matches".into(),
            ..Self::send_again(rows)
        }
    }

    /// The ways to log in to a provider.
    pub(in crate::app) fn logins(provider: &str, rows: Vec<ChatListRow>) -> Self {
        Self {
            title: format!("Log in to {provider}").into(),
            none: "nothing matches".into(),
            ..Self::send_again(rows)
        }
    }

    /// A question of a login: its answers, or a field for one.
    pub(in crate::app) fn login_question(
        question: &LoginQuestion,
        rows: Vec<ChatListRow>,
        request: LoginRequest,
    ) -> Self {
        if !rows.is_empty() {
            return Self {
                title: question.words.clone().into(),
                ..Self::logins("", rows)
            };
        }
        let ask = match question.example.as_str() {
            "" => "type the answer".into(),
            example => format!("for example {example}").into(),
        };
        Self {
            title: question.words.clone().into(),
            ask,
            none: "enter continues".into(),
            field: Some(ListField::Answer(Box::new(request))),
            ..Self::menu("", Vec::new())
        }
    }

    /// The prompts that are loaded; `more`: older ones are on their way.
    pub(in crate::app) fn timeline(rows: Vec<ChatListRow>, more: bool) -> Self {
        let mut list = Self {
            title: "Prompts, newest first".into(),
            ask: "".into(),
            none: "".into(),
            rows: Vec::new(),
            picker: Picker::default(),
            field: None,
            takes_prompts: false,
        };
        list.set_prompts(rows, more);
        list
    }

    /// Replaces the prompts; the older ones are at the end, so that the selected one stays.
    pub(in crate::app) fn set_prompts(&mut self, rows: Vec<ChatListRow>, more: bool) {
        let (ask, none) = if more {
            (
                "type to filter · loading older prompts …",
                "no prompt matches yet · loading older prompts …",
            )
        } else {
            ("type to filter", "no prompt matches")
        };
        (self.ask, self.none) = (ask.into(), none.into());
        self.rows = rows;
    }

    /// Earlier prompts, the newest first.
    pub(in crate::app) fn past_prompts(prompts: impl Iterator<Item = String>) -> Self {
        let rows = prompts.map(|text| past_prompt(text, String::new()));
        Self {
            title: "Earlier prompts".into(),
            ask: "type to filter".into(),
            none: "no prompt matches".into(),
            rows: rows.collect(),
            picker: Picker::default(),
            field: None,
            takes_prompts: true,
        }
    }

    /// Adds the prompts that it does not have yet, if it is such a list.
    pub(in crate::app) fn add_prompts(&mut self, prompts: Vec<PastPrompt>) {
        if !self.takes_prompts {
            return;
        }
        let known = self.rows.iter().map(|row| row.choice.clone());
        let known: Vec<ListChoice> = known.collect();
        let rows = prompts.into_iter().map(|prompt| {
            let session = prompt.session.unwrap_or_default();
            past_prompt(prompt.text, session)
        });
        self.rows
            .extend(rows.filter(|row| !known.contains(&row.choice)));
    }

    /// `attached`: there is no sandbox.
    pub(in crate::app) fn conversations(rows: Vec<ChatListRow>, attached: bool) -> Self {
        Self {
            title: if attached {
                "Conversations on this server".into()
            } else {
                "Conversations in this sandbox".into()
            },
            ask: "type to filter".into(),
            none: "no conversation matches".into(),
            rows,
            picker: Picker::default(),
            field: None,
            takes_prompts: false,
        }
    }

    /// The list as it is now; what was selected and typed stays.
    pub(in crate::app) fn set_conversations(&mut self, rows: Vec<ChatListRow>) {
        let selected = self.chosen();
        self.rows = rows;
        let matching = self.matching();
        let at = matching
            .iter()
            .position(|row| selected.as_ref() == Some(&row.choice));
        let last = matching.len().saturating_sub(1);
        let at = at.unwrap_or(self.picker.selected().min(last));
        self.picker = self.picker.clone().at(at);
    }

    /// Stashed prompts, the newest first.
    pub(in crate::app) fn stashes(rows: Vec<(String, ListChoice)>) -> Self {
        Self {
            none: "no prompt matches".into(),
            ..Self::menu("Stashed prompts", rows)
        }
    }

    /// What can be done with a message, or with all of them.
    pub(in crate::app) fn menu(title: &'static str, rows: Vec<(String, ListChoice)>) -> Self {
        let rows = rows.into_iter().map(|(words, choice)| ChatListRow {
            choice,
            words,
            right: String::new(),
            is_current: false,
        });
        Self {
            title: title.into(),
            ask: "type to filter".into(),
            none: "nothing matches".into(),
            rows: rows.collect(),
            picker: Picker::default(),
            field: None,
            takes_prompts: false,
        }
    }

    /// A field for what to look for.
    pub(in crate::app) fn search(title: &'static str) -> Self {
        Self {
            title: title.into(),
            ask: "type to search".into(),
            none: Cow::default(),
            field: Some(ListField::Words),
            ..Self::menu("", Vec::new())
        }
    }

    /// The words that are searched for, while they are typed.
    pub(in crate::app) fn searched(&self) -> Option<&str> {
        match self.field {
            Some(ListField::Words) => Some(self.picker.filter()),
            _ => None,
        }
    }

    /// Says how often the typed words are there.
    pub(in crate::app) fn set_found(&mut self, found: String) {
        self.none = found.into();
    }

    /// A field for a title.
    pub(in crate::app) fn rename(conversation: OpencodeSessionId, title: &str) -> Self {
        Self {
            title: "Rename the conversation".into(),
            ask: "type a title".into(),
            none: "enter saves it".into(),
            rows: Vec::new(),
            picker: Picker::with(title),
            field: Some(ListField::Title(conversation)),
            takes_prompts: false,
        }
    }

    /// A field for a session's name.
    pub(in crate::app) fn rename_session(key: SessionKey, name: &str) -> Self {
        Self {
            title: "Rename the session".into(),
            ask: "type a name".into(),
            none: "enter saves it".into(),
            rows: Vec::new(),
            picker: Picker::with(name),
            field: Some(ListField::Name(key)),
            takes_prompts: false,
        }
    }

    /// The selected conversation and its title, if it is a list of conversations.
    pub(in crate::app) fn conversation(&self) -> Option<(OpencodeSessionId, String)> {
        let matching = self.matching();
        let row = matching.get(self.picker.selected())?;
        match &row.choice {
            ListChoice::Conversation(id) => Some((id.clone(), row.words.clone())),
            _ => None,
        }
    }

    /// Whether it shows conversations: then a new list replaces it.
    pub(in crate::app) fn has_conversations(&self) -> bool {
        let mut choices = self.rows.iter().map(|row| &row.choice);
        choices.any(|choice| *choice == ListChoice::NewConversation)
    }

    /// Whether it shows prompts: then older ones are added to it.
    pub(in crate::app) fn has_prompts(&self) -> bool {
        let mut choices = self.rows.iter().map(|row| &row.choice);
        choices.any(|choice| matches!(choice, ListChoice::ShowPrompt(_)))
    }

    /// The rows with every word of the filter.
    pub(in crate::app) fn matching(&self) -> Vec<&ChatListRow> {
        self.picker
            .matching(&self.rows, |row| format!("{} {}", row.words, row.right))
    }

    /// What the selected row means.
    pub(in crate::app) fn chosen(&self) -> Option<ListChoice> {
        let typed = self.picker.filter().trim();
        match &self.field {
            Some(ListField::Answer(request)) => {
                let request = request.as_ref().clone().answered(typed);
                return Some(ListChoice::LogIn(Box::new(request)));
            }
            Some(_) if typed.is_empty() => return None,
            Some(ListField::Words) => return Some(ListChoice::Search(typed.to_owned())),
            Some(ListField::Name(key)) => {
                return Some(ListChoice::RenameSession(key.clone(), typed.to_owned()));
            }
            Some(ListField::Title(conversation)) => {
                return Some(ListChoice::Rename {
                    conversation: conversation.clone(),
                    title: typed.to_owned(),
                });
            }
            None => {}
        }
        let matching = self.matching();
        let row = matching.get(self.picker.selected())?;
        Some(row.choice.clone())
    }
}

/// How often an open list of conversations is asked for again.
const AGAIN: Monotonic = Monotonic::from_secs(2);

/// When the server is asked for its conversations.
#[derive(Debug, Default)]
pub(in crate::app) struct ConversationList {
    /// The user wants to see them.
    is_wanted: bool,
    /// The server was asked and has not answered yet.
    is_asked: bool,
    /// When it last answered.
    told: Monotonic,
    /// When the program began: what was used since then, and was not opened here, is unread.
    since: Option<UnixMillis>,
}

impl ConversationList {
    /// Notes when the program began.
    pub(in crate::app) fn begin(&mut self, wall: UnixMillis) {
        self.since.get_or_insert(wall);
    }

    pub(in crate::app) fn since(&self) -> Option<UnixMillis> {
        self.since
    }

    /// The user wants to see the list.
    pub(in crate::app) fn want(&mut self) {
        self.is_wanted = true;
    }

    pub(in crate::app) fn asked(&mut self) {
        self.is_asked = true;
    }

    /// The server has answered; returns whether the user wants to see it.
    pub(in crate::app) fn answered(&mut self, now: Monotonic) -> bool {
        (self.is_asked, self.told) = (false, now);
        std::mem::take(&mut self.is_wanted)
    }

    /// When an open list is asked for again.
    pub(in crate::app) fn due(&self) -> Option<Monotonic> {
        (!self.is_asked).then(|| self.told.saturating_add(AGAIN))
    }
}
