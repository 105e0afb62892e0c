//! Certificates of authorities that this machine's user trusts beside the system's, for the
//! sandboxes: behind a company's proxy nothing can be fetched without them. And that of a sandbox's own
//! authority ([`super::ca`]), where it has one.
//!
//! In: the server's own variables that name files of them. Out: one file with the system's
//! certificates and those, and the variables by which programs find it. Where nothing is named,
//! programs use what they use anyway.

use std::path::{Path, PathBuf};

use crate::os::regular_file;

/// The server's variables that count.
const NAMED_BY: [&str; 2] = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

/// What tells programs of the file: Node, OpenSSL, curl, git, Python's requests and pip.
const TOLD_BY: [&str; 5] = [
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "REQUESTS_CA_BUNDLE",
];

/// Where systems keep theirs, as one file.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A larger file is none of certificates.
const LONGEST: u64 = 4 * 1024 * 1024;

/// All certificates for a sandbox with its own authority's; `None` where there is none and the server's
/// variables name no file.
pub(in crate::local) fn bundle(env: &[(String, String)], own: Option<&str>) -> Option<Vec<u8>> {
    let named = NAMED_BY.iter().filter_map(|wanted| {
        let (_, file) = env.iter().find(|(name, _)| name == wanted)?;
        Path::new(file).canonicalize().ok()
    });
    let mut files: Vec<PathBuf> = named.collect();
    if files.is_empty() && own.is_none() {
        return None;
    }
    let system = SYSTEM
        .iter()
        .find_map(|file| Path::new(file).canonicalize().ok());
    files.extend(system);
    files.sort();
    files.dedup();
    let mut all = own.map(str::as_bytes).unwrap_or_default().to_vec();
    for file in files {
        match regular_file::read(&file, LONGEST) {
            Ok(text) => {
                all.extend(text);
                all.push(b'\n');
            }
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "these certificates cannot be read");
            }
        }
    }
    Some(all)
}

/// The variables for processes that find the certificates at `file`.
pub(in crate::local) fn variables(file: &Path) -> impl Iterator<Item = (String, String)> {
    let file = file.display().to_string();
    TOLD_BY
        .iter()
        .map(move |name| ((*name).to_owned(), file.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str, file: &Path) -> Vec<(String, String)> {
        vec![(name.to_owned(), file.display().to_string())]
    }

    #[test]
    fn what_the_user_trusts_is_put_beside_what_the_system_does() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "OURS").unwrap();

        let all = bundle(&env("NODE_EXTRA_CA_CERTS", file.path()), Some("ITS OWN\n")).unwrap();

        let text = String::from_utf8_lossy(&all);
        assert_eq!(text.matches("OURS").count(), 1);
        assert!(text.starts_with("ITS OWN\n"));
        let has_system = SYSTEM.iter().any(|file| Path::new(file).exists());
        assert_eq!(text.contains("BEGIN CERTIFICATE"), has_system);
    }

    #[test]
    fn without_a_file_that_is_there_nothing_is_told() {
        assert_eq!(bundle(&[], None), None);
        assert_eq!(
            bundle(&env("SSL_CERT_FILE", Path::new("/nowhere")), None),
            None
        );
        assert_eq!(bundle(&env("OTHER", Path::new("/etc/passwd")), None), None);
    }
}
