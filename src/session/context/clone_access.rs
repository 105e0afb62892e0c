//! Credentials for the repository that a session's code is cloned from.
//!
//! In: the URL that the user gave, or a variable. Out: the URL without its userinfo, which is stored and shown, and
//! the input that git in the sandbox reads on stdin. Credentials stay in memory: no file, no argument and no remote
//! URL holds them, so the user is asked again for the next clone.

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::failure::Failure;
use crate::net::url::split_access;

/// The variable with credentials for URLs that carry none: `USER:PASSWORD`, or a token alone.
pub const VARIABLE: &str = "SANDBAR_REPO_AUTH";

/// A user and a password, or a token in place of the user.
#[derive(Debug, Clone)]
pub struct CloneAccess {
    /// `None`: valid for the repository of any session.
    url: Option<String>,
    user: SecretString,
    password: SecretString,
}

impl CloneAccess {
    /// Splits a repository's URL into the bare URL and its credentials.
    pub fn of_url(url: &str) -> (String, Option<Self>) {
        let (clean, who) = split_access(url);
        let access = who.map(|(user, password)| Self {
            url: Some(clean.clone()),
            user: user.into(),
            password: password.unwrap_or_default().into(),
        });
        (clean, access)
    }

    /// Parses the value of the variable: `USER:PASSWORD`, or a token alone.
    pub fn of_variable(text: &str) -> Self {
        // A value read from a file ends with a line feed.
        let text = text.trim_end_matches(['\r', '\n']);
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self {
            url: None,
            user: user.into(),
            password: password.into(),
        }
    }

    /// Everything in it that is secret.
    pub fn secrets(&self) -> [&SecretString; 2] {
        [&self.user, &self.password]
    }

    /// The lines that `credentials.sh` reads; `None`: git cannot take such a user or password.
    fn lines(&self) -> Option<Bytes> {
        let [user, password] = self.secrets().map(ExposeSecret::expose_secret);
        let fits = |text: &str| !text.contains(['\n', '\r', '\0']);
        (fits(user) && fits(password)).then(|| Bytes::from(format!("{user}\n{password}\n")))
    }
}

/// The input of the scripts that clone.
pub(in crate::session) struct GitCredential {
    pub(in crate::session) url: String,
    /// Tells the script whether it gets an input.
    pub(in crate::session) word: &'static str,
    pub(in crate::session) input: Option<Bytes>,
}

/// Finds the credentials for a session's repository: of those that match, the last one with a password, since a URL
/// often names the user alone. Older sessions have them in their URL. Credentials that were not given for this URL
/// are sent only over TLS or to this machine.
pub(in crate::session) fn for_git(known: &[CloneAccess], url: &str) -> GitCredential {
    let (url, stored) = CloneAccess::of_url(url);
    let may_be_told = is_private(&url);
    let fits = |access: &&CloneAccess| match &access.url {
        Some(of) => *of == url,
        None => may_be_told,
    };
    let fitting = || known.iter().rev().filter(fits).chain(stored.as_ref());
    let has_password = |access: &&CloneAccess| !access.password.expose_secret().is_empty();
    let access = fitting().find(has_password).or_else(|| fitting().next());
    let input = access.and_then(CloneAccess::lines);
    GitCredential {
        word: input.as_ref().map_or("", |_| "credentials"),
        url,
        input,
    }
}

/// Whether only the server of this URL can read what is sent to it.
fn is_private(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        _ => false,
    }
}

/// Adds what to do about a repository that refuses access without a password.
pub(in crate::session) fn explain(failure: Failure) -> Failure {
    let asks = [
        "could not read Username",
        "could not read Password",
        "Authentication failed",
    ];
    let is_shut = |line: &String| asks.iter().any(|asks| line.contains(asks));
    if !failure.stderr.iter().any(is_shut) {
        return failure;
    }
    failure.hint(format!(
        "it is private: start sandbar with {VARIABLE}=USER:TOKEN and try again; sandbar stores no repository passwords"
    ))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn given(known: &[CloneAccess], url: &str) -> (String, &'static str, Option<String>) {
        let for_git = for_git(known, url);
        let input = for_git.input.map(|input| String::from_utf8(input.to_vec()));
        (for_git.url, for_git.word, input.map(Result::unwrap))
    }

    #[test]
    fn git_gets_the_credentials_for_this_repository_and_no_other() {
        let (url, access) = CloneAccess::of_url("https://bob:p%40ss@host/a.git");
        assert_eq!(url, "https://host/a.git");
        let known: Vec<CloneAccess> = access.into_iter().collect();
        let lines = |text: &str| Some(text.to_owned());

        let own = given(&known, &url);
        assert_eq!(own, (url, "credentials", lines("bob\np@ss\n")));
        let other = "https://host/b.git".to_owned();
        assert_eq!(given(&known, &other), (other.clone(), "", None));
        let old = given(&known, "https://token@host/b.git");
        assert_eq!(old, (other.clone(), "credentials", lines("token\n\n")));

        let known = [CloneAccess::of_variable("bob:a:b")];
        let named = given(&known, &other);
        assert_eq!(named, (other, "credentials", lines("bob\na:b\n")));
        for open in [
            "ssh://git@host/b.git",
            "http://host/b.git",
            "git@host:b.git",
        ] {
            assert_eq!(given(&known, open), (open.to_owned(), "", None));
        }
        let local = "http://127.0.0.1:8080/b.git";
        assert_eq!(given(&known, local).2, lines("bob\na:b\n"));
        // Hosts print URLs that name a user alone: then the known password decides.
        let (url, user) = CloneAccess::of_url("https://ann@host/c.git");
        let known = [CloneAccess::of_variable("bob:a\r\n"), user.unwrap()];
        assert_eq!(given(&known, &url).2, lines("bob\na\n"));
        assert_eq!(given(&known[1..], &url).2, lines("ann\n\n"));
        let forged = "https://a%0Ahost=other:b@host/c".to_owned();
        assert_eq!(given(&[], &forged).2, None);
    }

    #[test]
    fn a_failure_names_a_private_repository_as_the_cause() {
        let failed = |line: &str| Failure::new("failed").stderr(vec![line.to_owned()]);
        let hint =
            |line: &str| format!("{:?}", explain(failed(line)).next.advice).contains(VARIABLE);

        assert!(hint("fatal: could not read Username for 'https://host'"));
        assert!(hint("fatal: Authentication failed for 'https://host/a/'"));
        assert!(!hint("fatal: repository 'https://host/a/' not found"));
    }
}
