//! Whether two shells reach the network in the same way: a server has the proxies and certificates of the shell
//! that started it, and its sandboxes use them.
//!
//! A digest is compared, as proxies have passwords; without the server's key it tells nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// Variables that name proxies, in either case, and certificates.
const VARIABLES: [&str; 6] = [
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "node_extra_ca_certs",
    "ssl_cert_file",
    "ssl_cert_dir",
];

/// The digest of the proxies and certificates that these variables name.
pub fn outbound_digest(env: &[(String, String)], key: &SecretString) -> String {
    let variables = env
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value));
    let mut named: Vec<(String, &String)> = variables
        .filter(|(name, value)| VARIABLES.contains(&name.as_str()) && !value.is_empty())
        .collect();
    named.sort_unstable();
    // As one who sets both cases alike has set one.
    named.dedup();
    let mut hash = Sha256::new();
    hash.update(key.expose_secret());
    for (name, value) in named {
        hash.update(format!("\0{name}\0{value}"));
    }
    STANDARD_NO_PAD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn of(variables: &[(&str, &str)], key: &str) -> String {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let env: Vec<(String, String)> = variables.iter().map(owned).collect();
        outbound_digest(&env, &key.to_owned().into())
    }

    #[test]
    fn shells_differ_by_proxies_and_certificates_alone() {
        let proxy = ("https_proxy", "http://bob:hunter2@proxy");
        let one = of(&[proxy], "key");

        let other = ("npm_config_registry", "http://registry");
        assert_eq!(
            of(
                &[other, ("HTTPS_PROXY", proxy.1), proxy, ("no_proxy", "")],
                "key"
            ),
            one
        );
        assert_ne!(of(&[], "key"), one);
        assert_ne!(of(&[("http_proxy", proxy.1)], "key"), one);
        assert_ne!(of(&[proxy, ("SSL_CERT_FILE", "/a")], "key"), one);
        // It is no list of passwords to try.
        assert_ne!(of(&[proxy], "other"), one);
    }
}
