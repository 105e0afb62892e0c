//! Addresses: the control plane, a sandbox's envd, and the public host of a port.
//!
//! The caller supplies the user's configuration (E2B's own names: `E2B_DOMAIN`, `E2B_API_URL`, `E2B_SANDBOX_URL`);
//! the rules are those of the official SDKs. Nothing here opens a connection.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;
use secrecy::SecretString;

use super::error::{Error, ErrorKind, Result};
use super::wire;

/// The port of envd in every sandbox.
pub const ENVD_PORT: u16 = 49983;
/// Header that gives access to the public URLs of a sandbox with `allowPublicTraffic: false`. It never applies to
/// envd's port.
pub const TRAFFIC_TOKEN_HEADER: &str = "e2b-traffic-access-token";
/// E2B's domain if none is configured.
pub const DEFAULT_DOMAIN: &str = "e2b.app";

/// Domains with one host for all sandboxes, `sandbox.{domain}` (npm `e2b` 2.51.0).
const SHARED_HOST_DOMAINS: [&str; 4] = ["e2b.app", "e2b.dev", "e2b.pro", "e2b-staging.dev"];

/// The addresses of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Base of the control plane's paths.
    pub api: Url,
    /// Domain of hosts if a response names none; may include a port.
    pub domain: String,
    /// One address for the envd of all sandboxes.
    pub sandbox_url: Option<Url>,
}

impl Addresses {
    /// Completes the configuration; without any of the three it is E2B's cloud.
    pub fn new(
        domain: Option<&str>,
        api_url: Option<&str>,
        sandbox_url: Option<&str>,
    ) -> Result<Self> {
        let domain = domain.unwrap_or(DEFAULT_DOMAIN).to_owned();
        let api = match api_url {
            Some(url) => web_url("E2B_API_URL", url)?,
            None => web_url("E2B_DOMAIN", &format!("https://api.{domain}"))?,
        };
        let sandbox_url = sandbox_url
            .map(|url| web_url("E2B_SANDBOX_URL", url))
            .transpose()?;
        Ok(Self {
            api,
            domain,
            sandbox_url,
        })
    }

    /// The scheme of hosts: `http` if the control plane itself uses it, as on loopback.
    pub fn scheme(&self) -> &'static str {
        if self.api.scheme() == "http" {
            "http"
        } else {
            "https"
        }
    }

    /// The public host of a port in the sandbox.
    pub fn host(&self, sandbox: &wire::Sandbox, port: u16) -> SandboxHost {
        let domain = sandbox
            .domain
            .as_deref()
            .filter(|domain| !domain.is_empty());
        SandboxHost {
            port,
            sandbox_id: sandbox.sandbox_id.clone(),
            domain: domain.unwrap_or(&self.domain).to_owned(),
        }
    }

    /// Scheme and public host of a port in the sandbox, without a path.
    pub fn base_url(&self, sandbox: &wire::Sandbox, port: u16) -> String {
        format!("{}://{}", self.scheme(), self.host(sandbox, port))
    }

    /// The same for a sandbox of which only the id, and perhaps the domain, is known.
    pub fn base_url_of(&self, sandbox_id: &str, domain: Option<&str>, port: u16) -> String {
        let domain = domain.filter(|domain| !domain.is_empty());
        let host = SandboxHost {
            port,
            sandbox_id: sandbox_id.to_owned(),
            domain: domain.unwrap_or(&self.domain).to_owned(),
        };
        format!("{}://{host}", self.scheme())
    }

    /// The address of this sandbox's envd, with its credentials.
    pub fn envd(&self, sandbox: &wire::Sandbox) -> Result<EnvdAddress> {
        let host = self.host(sandbox, ENVD_PORT);
        let base = if let Some(url) = &self.sandbox_url {
            url.clone()
        } else if SHARED_HOST_DOMAINS.contains(&host.domain.as_str()) {
            web_url(
                "the sandbox domain",
                &format!("https://sandbox.{}", host.domain),
            )?
        } else {
            web_url("the sandbox domain", &format!("{}://{host}", self.scheme()))?
        };
        Ok(EnvdAddress {
            base,
            sandbox_id: sandbox.sandbox_id.clone(),
            token: sandbox.envd_access_token.clone(),
            user: None,
        })
    }
}

/// The address of one sandbox's envd, with its credentials.
#[derive(Debug, Clone)]
pub struct EnvdAddress {
    pub base: Url,
    /// Sent as a header, so that a shared address can route to the sandbox.
    pub sandbox_id: String,
    /// The envd access token of the create or connect response.
    pub token: Option<SecretString>,
    /// The user of files and processes; unset is the sandbox's default user. envd below 0.4.0 needs it.
    pub user: Option<String>,
}

/// `{port}-{sandboxID}.{domain}`: the public name of a port in a sandbox, without a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SandboxHost {
    pub port: u16,
    /// Lower-case letters and digits.
    pub sandbox_id: String,
    /// May include a port, as in `localhost:3002`.
    pub domain: String,
}

impl fmt::Display for SandboxHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.{}", self.port, self.sandbox_id, self.domain)
    }
}

impl FromStr for SandboxHost {
    type Err = NotAHost;

    /// Parses a host; what follows a second `-` (the client id of old hosts) is ignored, as in E2B's proxy.
    fn from_str(text: &str) -> std::result::Result<Self, NotAHost> {
        let (name, domain) = text.split_once('.').ok_or(NotAHost)?;
        let (port, id) = name.split_once('-').ok_or(NotAHost)?;
        let id = id.split_once('-').map_or(id, |(id, _client)| id);
        let canonical = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        if !canonical || !is_sandbox_id(id) || domain.is_empty() {
            return Err(NotAHost);
        }
        let port = port.parse().map_err(|_| NotAHost)?;
        Ok(Self {
            port,
            sandbox_id: id.to_owned(),
            domain: domain.to_owned(),
        })
    }
}

/// The text is not a sandbox's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form {{port}}-{{sandboxID}}.{{domain}}")]
pub struct NotAHost;

/// E2B's rule for ids: `^[a-z0-9]+$`.
pub fn is_sandbox_id(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Parses an `http` or `https` URL. The value is not quoted in the error: it may contain a password.
fn web_url(name: &str, text: &str) -> Result<Url> {
    let invalid = |cause: &str| {
        let operation = format!("read {name}");
        Error::new(
            operation,
            ErrorKind::Invalid {
                cause: cause.to_owned(),
            },
        )
    };
    let url = Url::parse(text).map_err(|_| invalid("not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the scheme must be http or https"));
    }
    if url.host_str().is_none_or(str::is_empty) || url.query().is_some() {
        return Err(invalid("it needs a host and no query"));
    }
    Ok(url)
}

/// The host of a URL for error texts: without path, user or password.
pub(super) fn shown_host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "an address without a host".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn sandbox(domain: Option<&str>) -> wire::Sandbox {
        serde_json::from_value(serde_json::json!({"sandboxID": "i01", "domain": domain})).unwrap()
    }

    fn envd_base(addresses: &Addresses, domain: Option<&str>) -> String {
        addresses.envd(&sandbox(domain)).unwrap().base.to_string()
    }

    #[test]
    fn without_settings_it_is_the_cloud_over_https() {
        let cloud = Addresses::new(None, None, None).unwrap();

        assert_eq!(cloud.api.as_str(), "https://api.e2b.app/");
        assert_eq!(
            cloud.base_url(&sandbox(None), 4096),
            "https://4096-i01.e2b.app"
        );
        assert_eq!(envd_base(&cloud, None), "https://sandbox.e2b.app/");
    }

    #[test]
    fn a_plain_control_plane_means_plain_hosts() {
        let local = Addresses::new(None, Some("http://127.0.0.1:3000"), None).unwrap();
        let domain = Some("localhost:3002");

        assert_eq!(
            local.base_url(&sandbox(domain), 4096),
            "http://4096-i01.localhost:3002"
        );
        assert_eq!(
            envd_base(&local, domain),
            "http://49983-i01.localhost:3002/"
        );
    }

    #[test]
    fn the_sandbox_url_takes_envd_but_not_public_hosts() {
        let shared = Addresses::new(
            Some("sbx.example"),
            Some("http://127.0.0.1:3000"),
            Some("http://127.0.0.1:3002"),
        )
        .unwrap();

        assert_eq!(envd_base(&shared, None), "http://127.0.0.1:3002/");
        assert_eq!(
            shared.base_url(&sandbox(None), 80),
            "http://80-i01.sbx.example"
        );
    }

    #[test]
    fn a_setting_that_is_no_web_address_is_named_but_not_quoted() {
        let error = Addresses::new(None, Some("ftp://me:hush@host"), None).unwrap_err();

        assert_eq!(
            error.to_string(),
            "read E2B_API_URL: the scheme must be http or https"
        );
    }

    #[test]
    fn an_old_host_with_a_client_id_is_still_read() {
        let host: SandboxHost = "3000-i01-6532622b.e2b.dev".parse().unwrap();

        assert_eq!(
            host,
            SandboxHost {
                port: 3000,
                sandbox_id: "i01".into(),
                domain: "e2b.dev".into()
            }
        );
    }

    proptest! {
        #[test]
        fn a_printed_host_is_read_as_the_same_host(
            port: u16,
            sandbox_id in "[a-z0-9]{1,24}",
            domain in "[a-z][a-z0-9.-]{0,20}(:[0-9]{1,5})?",
        ) {
            let host = SandboxHost { port, sandbox_id, domain };
            prop_assert_eq!(host.to_string().parse(), Ok(host));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9a-z.:-]{0,30}|.{0,30}") {
            let _ = text.parse::<SandboxHost>();
        }
    }
}
