//! The state of a server, and its providers: wire → domain.

use super::login;
use crate::domain::server::login::LoginMethod;
use crate::domain::server::{LanguageServer, McpServer, McpState, ProviderOffer};
use crate::opencode::wire::login::LoginMethods;
use crate::opencode::wire::status::{LspStatus, McpStatus, ProviderList};

pub fn mcp_servers(servers: Vec<(String, McpStatus)>) -> Vec<McpServer> {
    let servers = servers.into_iter();
    let servers = servers.map(|(name, McpStatus { status, error })| McpServer {
        name,
        state: match status.as_str() {
            "connected" => McpState::Connected,
            "disabled" => McpState::Disabled,
            "failed" | "needs_client_registration" => McpState::Failed(error),
            "needs_auth" => McpState::NeedsAuth,
            _ => McpState::Other(status),
        },
    });
    servers.collect()
}

pub fn language_server(server: LspStatus) -> LanguageServer {
    LanguageServer {
        has_failed: server.status == "error",
        name: server.name,
        root: server.root,
    }
}

/// Those without a key first, then by name.
pub fn providers(list: ProviderList, logins: &LoginMethods) -> Vec<ProviderOffer> {
    let ProviderList { all, connected } = list;
    let methods = |id: &str| {
        let mut logins = logins.0.iter();
        logins
            .find(|(known, _)| known == id)
            .map(|(_, list)| login::methods(list))
    };
    let offers = all.into_iter().map(|offer| ProviderOffer {
        is_connected: connected.contains(&offer.id),
        methods: methods(&offer.id)
            .filter(|methods| !methods.is_empty())
            .unwrap_or_else(|| vec![LoginMethod::key()]),
        name: match offer.name {
            name if name.is_empty() => offer.id.clone(),
            name => name,
        },
        id: offer.id,
    });
    let mut offers: Vec<ProviderOffer> = offers.collect();
    offers.sort_by_key(|offer| (offer.is_connected, offer.name.to_lowercase()));
    offers
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::opencode::wire::status::McpStatuses;

    #[test]
    fn each_state_of_an_mcp_server_is_known_and_another_is_named() {
        let McpStatuses(wire) = serde_json::from_str(
            r#"{"b":{"status":"connected"},"a":{"status":"failed","error":"no such file"},
                "c":{"status":"disabled"},"d":{"status":"needs_auth"},"e":{"status":"melting"},
                "f":{"status":"needs_client_registration","error":"register first"},"g":null}"#,
        )
        .unwrap();

        let servers = mcp_servers(wire);

        let servers = servers.into_iter();
        let servers: Vec<(String, McpState)> =
            servers.map(|server| (server.name, server.state)).collect();
        let expected = [
            ("b", McpState::Connected),
            ("a", McpState::Failed("no such file".to_owned())),
            ("c", McpState::Disabled),
            ("d", McpState::NeedsAuth),
            ("e", McpState::Other("melting".to_owned())),
            ("f", McpState::Failed("register first".to_owned())),
        ];
        assert_eq!(
            servers,
            expected.map(|(name, state)| (name.to_owned(), state))
        );
    }

    #[test]
    fn providers_without_a_key_come_first() {
        let wire: ProviderList = serde_json::from_str(
            r#"{"all":[{"id":"z","name":"Acme"},{"id":"b","name":""},{"id":"a","name":"Zed"}],
                "connected":["z"],"default":{}}"#,
        )
        .unwrap();

        let offers = providers(wire, &LoginMethods::default());

        let names: Vec<(&str, bool)> = offers
            .iter()
            .map(|offer| (offer.name.as_str(), offer.is_connected))
            .collect();
        assert_eq!(names, [("b", false), ("Zed", false), ("Acme", true)]);
    }
}
