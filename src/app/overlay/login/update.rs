//! Goes through a login: the way, what it has to know, the browser, the code.

use super::state::{LoginOverlay, LoginRequest, LoginState};
use crate::app::App;
use crate::app::cx::Cx;
use crate::app::effect::Effect;
use crate::app::overlay::Overlay;
use crate::app::overlay::chat_list::{ChatListOverlay, ChatListRow, ListChoice};
use crate::app::overlay::secret_entry::{SecretEntry, SecretPurpose};
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::Phase;
use crate::domain::server::login::{LoginKind, LoginMethod, LoginStep};
use crate::domain::server::{ProviderOffer, ServerCommand};
use crate::domain::session::SessionCommand;

impl App {
    /// A provider is chosen: the way to log in is asked for, if it has several.
    pub(in crate::app) fn choose_provider(&mut self, offer: &ProviderOffer, cx: &mut Cx<'_>) {
        let request =
            |method: &LoginMethod| LoginRequest::new(&offer.id, &offer.name, method.clone());
        if let [only] = offer.methods.as_slice() {
            return self.log_in(request(only), cx);
        }
        let rows = offer.methods.iter().map(|method| ChatListRow {
            choice: ListChoice::LogIn(Box::new(request(method))),
            words: method.label.clone(),
            right: match method.kind {
                LoginKind::Browser => "in the browser".to_owned(),
                LoginKind::Key if method.label == "API key" => String::new(),
                LoginKind::Key => "API key".to_owned(),
            },
            is_current: false,
        });
        let list = ChatListOverlay::logins(&offer.name, rows.collect());
        self.overlays.push(Overlay::Chat(list));
    }

    /// Asks what the login has to know, and then begins it.
    pub(in crate::app) fn log_in(&mut self, request: LoginRequest, cx: &mut Cx<'_>) {
        if let Some(question) = request.question() {
            let rows = question.options.iter().map(|option| ChatListRow {
                choice: ListChoice::LogIn(Box::new(request.clone().answered(&option.value))),
                words: option.label.clone(),
                right: option.hint.clone(),
                is_current: false,
            });
            let rows: Vec<ChatListRow> = rows.collect();
            let list = ChatListOverlay::login_question(question, rows, request.clone());
            return self.overlays.push(Overlay::Chat(list));
        }
        match request.method.kind {
            LoginKind::Key => {
                let purpose = SecretPurpose::ProviderKey {
                    provider: request.provider,
                    name: request.name,
                    answers: request.answers,
                };
                let entry = SecretEntry::new(purpose);
                self.overlays.push(Overlay::Secret(entry));
            }
            LoginKind::Browser => self.begin_login(request, cx),
        }
    }

    fn begin_login(&mut self, request: LoginRequest, cx: &mut Cx<'_>) {
        let Some(session) = self.open.shown().cloned() else {
            return;
        };
        self.ask_server(
            ServerCommand::BeginLogin {
                provider: request.provider.clone(),
                method: request.method.number,
                answers: request.answers.clone(),
            },
            cx,
        );
        let login = LoginOverlay::new(session, request);
        self.overlays.push(Overlay::Login(Box::new(login)));
    }

    /// Enter: sends the code that was typed, opens the address, or begins again.
    pub(in crate::app) fn login_confirmed(&mut self, mut login: LoginOverlay, cx: &mut Cx<'_>) {
        if login.has_failed() || self.is_login_lost(&login) {
            return self.begin_login(login.request, cx);
        }
        if login.has_code()
            && let LoginState::Opened(step) = &login.state
        {
            let command = ServerCommand::FinishLogin {
                provider: login.request.provider.clone(),
                method: login.request.method.number,
                code: Some(login.code.take()),
            };
            login.state = LoginState::Checks(step.clone());
            self.ask_server(command, cx);
        } else if let Some(url) = login.url() {
            cx.ask(Effect::OpenLink(url.to_owned()));
        }
        self.overlays.push(Overlay::Login(Box::new(login)));
    }

    /// Copies the address of the login on top; it stays open. Returns whether there is one.
    pub(in crate::app) fn copy_login_url(&self, cx: &mut Cx<'_>) -> bool {
        let Some(Overlay::Login(login)) = self.overlays.top() else {
            return false;
        };
        if let Some(url) = login.url() {
            cx.ask(Effect::Copy(url.to_owned()));
        }
        true
    }

    /// The overlay on top is closed: nobody waits for its login any more.
    pub(in crate::app) fn cancel_login(&mut self, cx: &mut Cx<'_>) {
        if let Some(Overlay::Login(login)) = self.overlays.top()
            && !login.has_failed()
            && !self.is_login_lost(login)
        {
            self.ask_server(ServerCommand::CancelLogin, cx);
            self.notify("the login was cancelled", cx);
        }
    }

    /// The server was asked, and the connection on which it answers is lost.
    pub(in crate::app) fn is_login_lost(&self, login: &LoginOverlay) -> bool {
        let session = self.open.get(&login.session);
        !session.is_some_and(|session| *session.phase() == Phase::Live)
    }

    /// The address of a login is known, or there is none.
    pub(in crate::app) fn login_begun(
        &mut self,
        key: &SessionKey,
        (provider, method): (&str, usize),
        step: Result<LoginStep, Failure>,
        cx: &mut Cx<'_>,
    ) {
        let waits = step.as_ref().is_ok_and(|step| !step.wants_code);
        let is_wanted = if let Some(login) = self.login_of(key, provider) {
            login.state = match step {
                Ok(step) => LoginState::Opened(step),
                Err(failure) => LoginState::Failed(failure),
            };
            true
        } else {
            false
        };
        let Some(session) = self.open.get(key).filter(|_| waits) else {
            return;
        };
        // Also if it was cancelled meanwhile: a server of 1.18.33 ends once a login that it began fails, and nobody ever
        // waited for it.
        let finish = ServerCommand::FinishLogin {
            provider: provider.to_owned(),
            method,
            code: None,
        };
        session.command(SessionCommand::Server(finish), cx);
        if !is_wanted {
            let cancel = ServerCommand::CancelLogin;
            session.command(SessionCommand::Server(cancel), cx);
        }
    }

    /// A login has ended.
    pub(in crate::app) fn login_ended(
        &mut self,
        key: &SessionKey,
        provider: &str,
        is_used: Result<bool, Failure>,
        cx: &mut Cx<'_>,
    ) {
        match is_used {
            Ok(is_used) => {
                if self.login_of(key, provider).is_some() {
                    self.overlays.pop();
                }
                if is_used {
                    self.reload_providers_elsewhere(key, cx);
                }
                let words = if is_used {
                    format!("logged in to {provider}; reloading the models")
                } else {
                    format!(
                        "logged in to {provider}, but the server cannot use the login while an agent is working: log in again when it is idle"
                    )
                };
                self.status.notify_long(words, cx.now);
            }
            Err(failure) => {
                if let Some(login) = self.login_of(key, provider) {
                    login.state = LoginState::Failed(failure);
                }
            }
        }
    }

    /// The login on top, if it is this one.
    fn login_of(&mut self, key: &SessionKey, provider: &str) -> Option<&mut LoginOverlay> {
        match self.overlays.top_mut() {
            Some(Overlay::Login(login))
                if login.session == *key && login.request.provider == provider =>
            {
                Some(login)
            }
            _ => None,
        }
    }
}
