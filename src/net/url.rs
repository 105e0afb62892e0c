//! URLs as they may be shown: without credentials.
//!
//! One rule for everything printed, logged or stored: a URL's userinfo (`user:password@`, a token) is removed. Any
//! text enters, and leaves otherwise unchanged.

/// What separates a scheme from the rest.
const SEPARATOR: &str = "://";

/// Removes the userinfo from each URL in a text.
pub fn without_userinfo(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(SEPARATOR) {
        let (before, after) = rest.split_at(at + SEPARATOR.len());
        cleaned.push_str(before);
        let ends_text = |c: char| c.is_whitespace() || "\"'<>|\\`".contains(c);
        let url = &after[..after.find(ends_text).unwrap_or(after.len())];
        rest = &after[userinfo(url)..];
    }
    cleaned.push_str(rest);
    cleaned
}

/// Splits a URL: the URL without its userinfo, and user and password, decoded, if it has them.
pub fn split_userinfo(url: &str) -> (String, Option<(String, Option<String>)>) {
    let Some((scheme, after)) = url.split_once(SEPARATOR) else {
        return (url.to_owned(), None);
    };
    let (userinfo, host) = after.split_at(userinfo(after));
    let Some(userinfo) = userinfo.strip_suffix('@') else {
        return (url.to_owned(), None);
    };
    let decode = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text);
        decoded.decode_utf8_lossy().into_owned()
    };
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(decode(password))),
        None => (userinfo, None),
    };
    (
        format!("{scheme}{SEPARATOR}{host}"),
        Some((decode(user), password)),
    )
}

/// Splits a URL for a program that stores URLs: the URL without secrets, and the credentials, decoded. A user name
/// alone is a secret only over HTTP, where it may be a token; `ssh://git@host` needs it.
pub fn split_access(url: &str) -> (String, Option<(String, Option<String>)>) {
    let (clean, who) = split_userinfo(url);
    let scheme = url.split_once(SEPARATOR).map_or("", |(scheme, _)| scheme);
    let is_http = ["http", "https"].map(|http| scheme.eq_ignore_ascii_case(http));
    match who {
        Some((_, None)) if !is_http.contains(&true) => (url.to_owned(), None),
        Some((user, Some(_))) if !is_http.contains(&true) => {
            let after = SEPARATOR.len() + scheme.len();
            (
                format!("{}{user}@{}", &clean[..after], &clean[after..]),
                None,
            )
        }
        who => (clean, who),
    }
}

/// The length in bytes of the userinfo, including its `@`, at the start of what follows a URL's scheme. An unencoded
/// password may contain `@`, and even characters that end a host: then no port precedes them.
fn userinfo(text: &str) -> usize {
    let authority = &text[..text.find(['/', '?', '#']).unwrap_or(text.len())];
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = match authority.rsplit_once(':') {
        Some((host, port)) => is_port(port) || host.starts_with('['),
        None => true,
    };
    let within = if is_host || authority.contains('@') {
        authority
    } else {
        text
    };
    within.rfind('@').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn userinfo_is_taken_out_of_every_url_and_nothing_else_is() {
        for (text, cleaned) in [
            ("http://bob:pa%40ss@host:4096/a", "http://host:4096/a"),
            (
                "https://token@github.com/a/b.git",
                "https://github.com/a/b.git",
            ),
            (
                "clone 'https://x:y@h/p' and ssh://git@h/p.",
                "clone 'https://h/p' and ssh://h/p.",
            ),
            ("http://a:b@c@host", "http://host"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("http://host/a@b?c=d@e", "http://host/a@b?c=d@e"),
            ("mail a@b, see http://host", "mail a@b, see http://host"),
            ("://@", "://"),
            ("http://bob:a/b#c@host/d", "http://host/d"),
            ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
            ("http://[fe80::a]/a@b", "http://[fe80::a]/a@b"),
        ] {
            assert_eq!(without_userinfo(text), cleaned, "{text}");
        }
    }

    #[test]
    fn a_url_is_split_and_its_userinfo_is_decoded() {
        let bob = |password: Option<&str>| Some(("bob".to_owned(), password.map(str::to_owned)));

        let (url, who) = split_userinfo("http://bob:p%40ss%3A@host:1/x");
        assert_eq!((url.as_str(), who), ("http://host:1/x", bob(Some("p@ss:"))));
        // A single URL is given, so characters that end a URL inside a text are part of it.
        for password in ["pa'ss", "a b", "x\"y", "<z>", "a|b`c\\d"] {
            let (url, who) = split_userinfo(&format!("https://bob:{password}@host/a"));
            assert_eq!((url.as_str(), who), ("https://host/a", bob(Some(password))));
        }
        assert_eq!(split_userinfo("http://bob@host").1, bob(None));
        assert_eq!(split_userinfo("http://host/a@b").1, None);
    }

    #[test]
    fn an_ssh_user_stays_and_credentials_are_removed() {
        let kept = |url: &str| split_access(url).0;

        assert_eq!(kept("https://token@host/a"), "https://host/a");
        assert_eq!(kept("ssh://git@host/a"), "ssh://git@host/a");
        assert_eq!(kept("ssh://git:secret@host:22/a"), "ssh://git@host:22/a");
        assert_eq!(kept("git@host:a/b"), "git@host:a/b");
        assert_eq!(split_access("ssh://git:secret@host/a").1, None);
        let who = Some(("bob".to_owned(), Some("a".to_owned())));
        assert_eq!(split_access("HTTPS://bob:a@host").1, who);
    }

    proptest! {
        #[test]
        fn no_password_survives(
            before in "\\PC{0,9}",
            password in "[A-Z0-9:@%.~-]{6,20}",
            after in "[a-z/ ?@]{0,9}",
        ) {
            let text = format!("{before} http://bob:{password}@host{after}");
            prop_assert!(!without_userinfo(&text).contains(&password));
        }

        #[test]
        fn a_text_without_urls_stays_as_it_is(text in "[^:]{0,40}") {
            prop_assert_eq!(without_userinfo(&text), text);
        }
    }
}
