//! The calls about the server itself: its state, its MCP servers, its providers.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::FutureExt as _;
use tokio::sync::oneshot;

use super::state::{CallResult, Connection};
use crate::domain::failure::Failure;
use crate::domain::server::{ServerAnswer, ServerCommand};
use crate::domain::session::SessionEvent;
use crate::session::failures;
use crate::session::run::state::SessionState;
use crate::session::server::OpencodeServer;

/// A cancelled wait for a login has reached the server by then: it ends if nobody ever waited (1.18.33).
const REACHES: Duration = Duration::from_secs(2);
/// How long an answer is awaited after the event stream has ended.
const ANSWERS: Duration = Duration::from_secs(2);

impl Connection {
    pub(crate) fn ask_server(&mut self, command: ServerCommand) {
        let mut cancelled = None;
        let mut stores_key = None;
        match &command {
            ServerCommand::CancelLogin => {
                self.unanswered.login = None;
                return self.login = None;
            }
            ServerCommand::Providers => self.unanswered.providers = true,
            ServerCommand::SetProviderKey { .. } => {
                let stores = stores_key.insert(Arc::new(()));
                self.unanswered.key = Arc::downgrade(stores);
            }
            // Whoever waits for a login waits for the one that began last.
            ServerCommand::BeginLogin { provider, .. } => {
                self.unanswered.login = Some(provider.clone());
                self.login = None;
            }
            ServerCommand::FinishLogin { provider, .. } => {
                self.unanswered.login = Some(provider.clone());
                let (waits, ended) = oneshot::channel::<Infallible>();
                self.login = Some(waits);
                cancelled = Some(ended);
            }
            _ => {}
        }
        let call = call(self.server.clone(), command);
        let told = async move {
            let cancelled = async {
                match cancelled {
                    Some(cancelled) => {
                        drop(cancelled.await);
                        tokio::time::sleep(REACHES).await;
                    }
                    None => std::future::pending().await,
                }
            };
            let result = tokio::select! {
                result = call => result.unwrap_or_else(CallResult::Failed),
                () = cancelled => CallResult::Done,
            };
            drop(stores_key);
            result
        };
        self.calls.push(told.boxed());
    }

    /// Tells what the server has answered.
    pub(super) async fn told(&mut self, serving: &SessionState, event: SessionEvent) {
        match &event {
            SessionEvent::Server(ServerAnswer::Providers(_) | ServerAnswer::ProvidersFailed(_)) => {
                self.unanswered.providers = false;
            }
            SessionEvent::Server(
                ServerAnswer::LoginBegun { .. } | ServerAnswer::LoginEnded { .. },
            ) => self.unanswered.login = None,
            _ => {}
        }
        serving.tell(event).await;
    }

    /// A server that uses a new key or login ends the event stream, and answers right after that.
    async fn tell_what_ends_streams(&mut self, serving: &SessionState) {
        let answers = async {
            let is_storing = |key: &Weak<()>| key.strong_count() > 0;
            while is_storing(&self.unanswered.key) || self.unanswered.login.is_some() {
                match self.calls.next().await {
                    Some(CallResult::Tell(event @ SessionEvent::Server(_))) => {
                        self.told(serving, event).await;
                    }
                    Some(CallResult::Failed(failure)) => serving.command_failed(failure).await,
                    Some(_) => {}
                    None => return,
                }
            }
        };
        // A line that was cut brings no answer.
        drop(tokio::time::timeout(ANSWERS, answers).await);
    }

    /// The connection is over, and with it what the server was asked.
    pub(super) async fn leave_unanswered(&mut self, serving: &SessionState) {
        self.tell_what_ends_streams(serving).await;
        let failure = failures::not_connected(false);
        if std::mem::take(&mut self.unanswered.providers) {
            let answer = ServerAnswer::ProvidersFailed(failure.clone());
            serving.tell(SessionEvent::Server(answer)).await;
        }
        if let Some(provider) = self.unanswered.login.take() {
            let is_used = Err(failure);
            let answer = ServerAnswer::LoginEnded { provider, is_used };
            serving.tell(SessionEvent::Server(answer)).await;
        }
    }

    /// Tells the MCP servers, of which one may have failed; without an answer nothing is told.
    pub(super) fn tell_mcp_servers(&self) {
        let server = self.server.clone();
        let told = async move {
            match server.mcp_servers().await {
                Ok(servers) => {
                    CallResult::Tell(SessionEvent::Server(ServerAnswer::McpServers(servers)))
                }
                Err(failure) => {
                    tracing::debug!(?failure, "the MCP servers could not be listed");
                    CallResult::Done
                }
            }
        };
        self.calls.push(told.boxed());
    }
}

fn told(answer: ServerAnswer) -> CallResult {
    CallResult::Tell(SessionEvent::Server(answer))
}

async fn call(server: OpencodeServer, command: ServerCommand) -> Result<CallResult, Failure> {
    let answer = match command {
        // Some failures are shown where the answer would be.
        ServerCommand::Status => match server.status().await {
            Ok(status) => ServerAnswer::Status(Box::new(status)),
            Err(failure) => ServerAnswer::StatusFailed(failure),
        },
        ServerCommand::SwitchMcp { name, on } => {
            ServerAnswer::McpServers(server.switch_mcp(&name, on).await?)
        }
        ServerCommand::Providers => match server.provider_offers().await {
            Ok(offers) => ServerAnswer::Providers(offers),
            Err(failure) => ServerAnswer::ProvidersFailed(failure),
        },
        ServerCommand::Changes(scope) => {
            let changes = server.changes(&scope).await;
            ServerAnswer::Changes(scope, changes)
        }
        ServerCommand::Apply(request) => {
            let applied = server.apply(&request).await;
            ServerAnswer::Applied(request, applied)
        }
        ServerCommand::Discard(request) => server.discarded(request).await,
        ServerCommand::Update(root) => ServerAnswer::Updated(Box::pin(server.update(&root)).await),
        ServerCommand::SetProviderKey {
            provider,
            key,
            answers,
        } => {
            let is_used = server.set_provider_key(&provider, &key, answers).await?;
            ServerAnswer::KeyStored { provider, is_used }
        }
        ServerCommand::BeginLogin {
            provider,
            method,
            answers,
        } => {
            let step = server.begin_login(&provider, method, answers).await;
            ServerAnswer::LoginBegun {
                provider,
                method,
                step,
            }
        }
        ServerCommand::FinishLogin {
            provider,
            method,
            code,
        } => {
            let is_used = server.finish_login(&provider, method, code).await;
            ServerAnswer::LoginEnded { provider, is_used }
        }
        ServerCommand::ReloadProviders => {
            server.use_credentials().await?;
            return Ok(CallResult::Done);
        }
        // There is nothing to call.
        ServerCommand::CancelLogin => return Ok(CallResult::Done),
    };
    Ok(told(answer))
}
