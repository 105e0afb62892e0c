//! Whom a request is for: the control plane, or a port of a sandbox. Decided by the Host header
//! first, then by the routing headers, then by the access token (old SDKs send nothing else).
//!
//! A Host that is neither a loopback name nor one of our sandbox names is refused, so that a web
//! page cannot reach us through a name that it pointed at this machine (DNS rebinding).

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// envd's port in every sandbox.
pub(in crate::local) const ENVD_PORT: u16 = 49983;
/// Sandbox names end with this; `.localhost` never leaves the machine.
pub(in crate::local) const NAME: &str = "sbx.localhost";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) enum RequestTarget {
    Api,
    Port {
        id: String,
        port: u16,
    },
    /// A request for envd that names its sandbox by its token or signature alone.
    Token,
    Refused(&'static str),
}

/// Decides by headers and path alone.
pub(in crate::local) fn target(headers: &HeaderMap, path: &str) -> RequestTarget {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(HOST.as_str()) else {
        return RequestTarget::Refused("the Host header is missing");
    };
    let name = host_name(host).to_ascii_lowercase();
    if let Some((label, domain)) = name.split_once('.')
        && let Some((port, id)) = label.split_once('-')
    {
        if domain != NAME && domain != "localhost" {
            return RequestTarget::Refused("unknown host");
        }
        // Old names carry a client id behind a second dash.
        let id = id.split('-').next().unwrap_or_default();
        return port_of(id, port);
    }
    let plain = ["localhost", "127.0.0.1", "[::1]", NAME];
    let service = ["api.", "sandbox."]
        .iter()
        .any(|service| name.strip_prefix(service) == Some(NAME));
    if !plain.contains(&name.as_str()) && !service {
        return RequestTarget::Refused("unknown host");
    }
    match (text("e2b-sandbox-id"), text("e2b-sandbox-port")) {
        (Some(_), None | Some("49983")) if is_control(path) => RequestTarget::Api,
        (Some(id), port) => port_of(
            id.split('-').next().unwrap_or_default(),
            port.unwrap_or("49983"),
        ),
        (None, _) if is_envd(path) => RequestTarget::Token,
        // Of both kinds of servers; only envd's has such a token (SDKs 2.8.1).
        (None, _) if path == "/health" && headers.contains_key("x-access-token") => {
            RequestTarget::Token
        }
        (None, _) => RequestTarget::Api,
    }
}

fn is_envd(path: &str) -> bool {
    ["/process.Process/", "/filesystem.Filesystem/"]
        .iter()
        .any(|service| path.starts_with(service))
        || ["/files", "/envs", "/metrics", "/init"].contains(&path)
}

/// Whether a path is the control plane's and no path of envd. Python's SDK 2.8.1 sends the routing
/// headers of envd with its call to connect.
fn is_control(path: &str) -> bool {
    ["/sandboxes/", "/v2/sandboxes/"]
        .iter()
        .any(|calls| path.starts_with(calls))
}

fn port_of(id: &str, port: &str) -> RequestTarget {
    let valid = !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if valid && port > 0 => RequestTarget::Port {
            id: id.to_owned(),
            port,
        },
        _ => RequestTarget::Refused("the sandbox id or port is invalid"),
    }
}

/// The host without its port; IPv6 addresses keep their brackets.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn by_host(host: &str) -> RequestTarget {
        let headers = [(HOST, HeaderValue::from_str(host).unwrap())]
            .into_iter()
            .collect();
        target(&headers, "/")
    }

    fn port(id: &str, port: u16) -> RequestTarget {
        RequestTarget::Port {
            id: id.to_owned(),
            port,
        }
    }

    #[test]
    fn names_of_sandboxes_lead_to_their_ports_and_loopback_names_to_the_api() {
        assert_eq!(by_host("4096-iabc.sbx.localhost:9000"), port("iabc", 4096));
        assert_eq!(
            by_host("4096-IABC-client.sbx.localhost"),
            port("iabc", 4096)
        );
        assert_eq!(by_host("localhost:9000"), RequestTarget::Api);
        assert_eq!(by_host("127.0.0.1:9000"), RequestTarget::Api);
        assert_eq!(by_host("[::1]:9000"), RequestTarget::Api);
        assert_eq!(by_host("api.sbx.localhost:9000"), RequestTarget::Api);
    }

    #[test]
    fn a_foreign_name_is_refused_even_if_it_looks_like_a_sandbox() {
        for host in [
            "evil.example",
            "4096-iabc.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
        ] {
            assert!(matches!(by_host(host), RequestTarget::Refused(_)), "{host}");
        }
    }

    #[test]
    fn routing_headers_count_on_a_loopback_name_only() {
        let with = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            headers.insert("e2b-sandbox-id", HeaderValue::from_static("iabc"));
            headers.insert("e2b-sandbox-port", HeaderValue::from_static("80"));
            target(&headers, "/")
        };

        assert_eq!(with("127.0.0.1:1"), port("iabc", 80));
        assert_eq!(with("81-iother.sbx.localhost"), port("iother", 81));
    }

    #[test]
    fn a_connect_with_the_headers_of_envd_is_for_the_control_plane() {
        let with = |port: &'static str, path: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("127.0.0.1:1"));
            headers.insert("e2b-sandbox-id", HeaderValue::from_static("iabc"));
            headers.insert("e2b-sandbox-port", HeaderValue::from_static(port));
            target(&headers, path)
        };

        assert_eq!(with("49983", "/sandboxes/iabc/connect"), RequestTarget::Api);
        assert_eq!(with("49983", "/files"), port("iabc", 49983));
        assert_eq!(with("80", "/sandboxes/iabc/connect"), port("iabc", 80));
    }

    proptest! {
        #[test]
        fn no_host_breaks_the_router(host in "[ -~]*") {
            let _ = by_host(&host);
        }
    }
}
