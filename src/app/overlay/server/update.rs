//! Opens the overlays about the server, and performs what is chosen in them.

use crate::app::App;
use crate::app::action::{Action, AppAction};
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::chat_list::{ChatListOverlay, ChatListRow, ListChoice};
use crate::app::overlay::picker::Picker;
use crate::app::overlay::secret_entry::{SecretEntry, SecretPurpose};
use crate::app::time::format::midnight;
use crate::app::view::advice::key_does;
use crate::domain::id::SessionKey;
use crate::domain::server::{ProviderOffer, ServerAnswer, ServerCommand};
use crate::domain::session::SessionCommand;

impl App {
    pub(in crate::app) fn open_status(&mut self, cx: &mut Cx<'_>) {
        if self.session().is_none() {
            return self.advise("no session is open", cx);
        }
        self.ask_status(cx);
        cx.ask(Effect::SumCost(midnight(
            cx.wall,
            self.options.utc_offset_minutes,
        )));
        self.overlays.push(Overlay::Status(Picker::default()));
    }

    fn ask_status(&mut self, cx: &mut Cx<'_>) {
        if let Some(session) = self.session_mut() {
            session.server.asked();
        }
        self.ask_server(ServerCommand::Status, cx);
    }

    /// Connects the selected MCP server, or disconnects it; the status stays open.
    pub(in crate::app) fn switch_mcp(&mut self, picker: Picker, cx: &mut Cx<'_>) {
        let rows = self.status_rows();
        let selected = rows.into_iter().nth(picker.selected());
        self.overlays.push(Overlay::Status(picker));
        let session = self.session();
        if session.is_some_and(|session| session.server.failure().is_some()) {
            return self.ask_status(cx);
        }
        if let Some((name, is_on)) = selected.and_then(|row| row.switch) {
            let words = if is_on { "disconnecting" } else { "connecting" };
            self.notify(format!("{words} {name} …"), cx);
            self.ask_server(ServerCommand::SwitchMcp { name, on: !is_on }, cx);
        }
    }

    /// Asks the server for the providers of which it can use a key.
    pub(in crate::app) fn ask_provider(&mut self, cx: &mut Cx<'_>) {
        if self.session().is_none() {
            return self.advise("no session is open", cx);
        }
        self.notify("asking the server for its providers …", cx);
        self.ask_server(ServerCommand::Providers, cx);
    }

    /// A secret is typed. Without a key the field stays; without a password the server is tried again.
    pub(in crate::app) fn secret_entered(&mut self, entry: SecretEntry, cx: &mut Cx<'_>) {
        let (purpose, typed) = entry.into_typed();
        match purpose {
            SecretPurpose::ServerPassword(session) => self.use_password(&session, &typed, cx),
            purpose @ SecretPurpose::ProviderKey { .. } if typed.is_empty() => {
                let entry = SecretEntry::new(purpose);
                self.overlays.push(Overlay::Secret(entry));
            }
            SecretPurpose::ProviderKey {
                provider, answers, ..
            } => {
                let command = ServerCommand::SetProviderKey {
                    provider,
                    key: typed,
                    answers,
                };
                self.ask_server(command, cx);
            }
        }
    }

    pub(in crate::app::overlay) fn ask_server(&mut self, command: ServerCommand, cx: &mut Cx<'_>) {
        if let Some(session) = self.session() {
            session.command(SessionCommand::Server(command), cx);
        }
    }

    pub(in crate::app) fn server_told(
        &mut self,
        key: &SessionKey,
        answer: ServerAnswer,
        cx: &mut Cx<'_>,
    ) {
        let is_shown = self.open.is_shown(key);
        match &answer {
            ServerAnswer::Providers(offers) if is_shown && self.overlays.is_empty() => {
                self.status.clear();
                let rows = offers.iter().map(provider_row).collect();
                let list = ChatListOverlay::providers(rows);
                self.overlays.push(Overlay::Chat(list));
            }
            ServerAnswer::ProvidersFailed(failure) if is_shown => {
                let again = self.key_name(Action::App(AppAction::ProviderKey));
                let again = key_does(&again, "asks again", "ask again");
                let why = failure.line();
                let words = format!("the server did not list its providers: {why} · {again}");
                self.status.notify_long(words, cx.now);
            }
            ServerAnswer::KeyStored { provider, is_used } => {
                if *is_used {
                    self.reload_providers_elsewhere(key, cx);
                }
                let words = if *is_used {
                    format!("stored the {provider} key; reloading the models")
                } else {
                    format!(
                        "stored the {provider} key, but the server cannot use it while an agent is working: add it again when it is idle"
                    )
                };
                self.status.notify_long(words, cx.now);
            }
            _ => {}
        }
        let answer = match answer {
            ServerAnswer::LoginBegun {
                provider,
                method,
                step,
            } => return self.login_begun(key, (&provider, method), step, cx),
            ServerAnswer::LoginEnded { provider, is_used } => {
                return self.login_ended(key, &provider, is_used, cx);
            }
            answer => answer,
        };
        let answer = match answer {
            ServerAnswer::Applied(request, applied) => {
                return self.changes_applied(key, request, applied, cx);
            }
            ServerAnswer::Discarded(request, result) => {
                return self.discarded(key, request, result, cx);
            }
            ServerAnswer::Updated(updated) => return self.session_updated(key, updated, cx),
            answer => answer,
        };
        let Some(session) = self.open.get_mut(key) else {
            return;
        };
        match answer {
            ServerAnswer::Changes(scope, changes) => session.changes.receive(&scope, changes),
            answer => session.server.receive(answer),
        }
    }
}

fn provider_row(offer: &ProviderOffer) -> ChatListRow {
    ChatListRow {
        choice: ListChoice::Provider(Box::new(offer.clone())),
        words: offer.name.clone(),
        right: if offer.is_connected {
            "in use".to_owned()
        } else {
            offer.id.clone()
        },
        is_current: offer.is_connected,
    }
}
