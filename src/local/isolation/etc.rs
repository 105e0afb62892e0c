//! What a sandbox may see of the machine's configuration: what programs need and what holds no
//! credentials.
//!
//! Of `/etc` that is a list of what may be seen at level full, where a few files are generated. The
//! settings of npm, pip, git and the like for the whole machine are hidden, in `/etc` and wherever else
//! they look for them: they are where a company puts the keys of its registries. So are private keys
//! beside the certificates, and the scripts of login shells, which often name a proxy with its password. A
//! registry is made known to a sandbox by variables of its create call, or by files in its home.

use std::path::{Path, PathBuf};

/// The file of certificates among those that are generated for a sandbox.
pub(super) const CERTIFICATES: &str = "certificates.pem";

/// Parts of `/etc` that are shown at level full.
pub(super) const SHOWN: [&str; 24] = [
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "pki/ca-trust",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
    "protocols",
    "services",
    "ssl/ca-bundle.pem",
    "ssl/cert.pem",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
    "xattr.conf",
];

/// Written for each sandbox, beside those that say who it is: the machine's may hold anything.
pub(super) const SCRIPTS: [(&str, &str); 2] = [
    (
        "profile",
        "if [ \"${PS1-}\" ] && [ \"${BASH-}\" ] && [ -f /etc/bash.bashrc ]; then . /etc/bash.bashrc; fi\n",
    ),
    (
        "bash.bashrc",
        "[ -z \"${PS1-}\" ] || PS1='\\u@\\h:\\w\\$ '\n",
    ),
];

/// Entries of `/etc` that are where programs keep credentials for the whole machine.
const CREDENTIALS: [&str; 19] = [
    "aws",
    "boto.cfg",
    "containers",
    "credstore",
    "credstore.encrypted",
    "curlrc",
    "docker",
    "environment",
    "gitconfig",
    "kubernetes",
    "netrc",
    "npmrc",
    "opencode",
    "pip",
    "pip.conf",
    "rancher",
    "wgetrc",
    "yarnrc",
    "yarnrc.yml",
];

/// The same below the directory in which a program was installed: npm, pip and git look there too.
const BELOW_A_PREFIX: [&str; 8] = [
    "etc/curlrc",
    "etc/gitconfig",
    "etc/netrc",
    "etc/npmrc",
    "etc/pip.conf",
    "etc/wgetrc",
    "etc/yarnrc",
    "pip.conf",
];

/// Files below these directories that are to be hidden where the directories are shown. Touches the
/// disk.
pub(super) fn hidden<'a>(prefixes: impl Iterator<Item = &'a Path>) -> Vec<PathBuf> {
    let files = prefixes.flat_map(|prefix| BELOW_A_PREFIX.iter().map(|name| prefix.join(name)));
    // A link may be the one name of a file that is shown under another.
    let mut files: Vec<PathBuf> = files.filter_map(|file| file.canonicalize().ok()).collect();
    files.sort();
    files.dedup();
    files
}

/// All entries of `/etc` but those that are for credentials, for levels that show the machine's own.
/// Touches the disk.
pub(super) fn entries(etc: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(etc).into_iter().flatten().flatten();
    entries
        .filter(|entry| {
            let name = entry.file_name();
            !CREDENTIALS.iter().any(|hidden| name == *hidden)
        })
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_for_credentials_is_neither_shown_nor_among_the_entries() {
        assert!(SHOWN.iter().all(|shown| !CREDENTIALS.contains(shown)));
        let etc = tempfile::tempdir().unwrap();
        for name in ["npmrc", "hosts", "pip.conf", "docker"] {
            std::fs::write(etc.path().join(name), "").unwrap();
        }

        assert_eq!(entries(etc.path()), [etc.path().join("hosts")]);
    }

    #[test]
    fn settings_below_the_prefix_of_a_program_are_hidden_under_their_real_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("node/etc")).unwrap();
        std::fs::write(root.join("real"), "").unwrap();
        std::os::unix::fs::symlink(root.join("real"), root.join("node/etc/npmrc")).unwrap();
        std::fs::write(root.join("node/pip.conf"), "").unwrap();

        let found = hidden([root.join("node").as_path()].into_iter());

        assert_eq!(found, [root.join("node/pip.conf"), root.join("real")]);
    }
}
