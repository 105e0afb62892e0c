//! The calls about the server itself: its state, its MCP servers, its providers.

use futures::future::FutureExt as _;

use super::state::{CallResult, Connection};
use crate::domain::failure::Failure;
use crate::domain::server::{ServerAnswer, ServerCommand};
use crate::domain::session::SessionEvent;
use crate::session::server::OpencodeServer;

impl Connection {
    pub(crate) fn ask_server(&self, command: ServerCommand) {
        let is_status = command == ServerCommand::Status;
        let call = call(self.server.clone(), command);
        let told = call.map(move |answer| match answer {
            // It is shown where the status would be.
            Err(failure) if is_status => {
                CallResult::Tell(SessionEvent::Server(ServerAnswer::StatusFailed(failure)))
            }
            Ok(answer) => CallResult::Tell(SessionEvent::Server(answer)),
            Err(failure) => CallResult::Failed(failure),
        });
        self.calls.push(told.boxed());
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

async fn call(server: OpencodeServer, command: ServerCommand) -> Result<ServerAnswer, Failure> {
    Ok(match command {
        ServerCommand::Status => ServerAnswer::Status(Box::new(server.status().await?)),
        ServerCommand::SwitchMcp { name, on } => {
            ServerAnswer::McpServers(server.switch_mcp(&name, on).await?)
        }
        ServerCommand::Providers => ServerAnswer::Providers(server.provider_offers().await?),
        ServerCommand::Changes(scope) => {
            let changes = server.changes(&scope).await;
            ServerAnswer::Changes(scope, changes)
        }
        ServerCommand::SetProviderKey { provider, key } => {
            let is_used = server.set_provider_key(&provider, &key).await?;
            ServerAnswer::KeyStored { provider, is_used }
        }
    })
}
