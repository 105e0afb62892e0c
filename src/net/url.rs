//! URLs as they may be shown: who gets in, and with what, stays out of them.
//!
//! One rule for all that is printed, logged or stored: a URL's userinfo (`user:password@`, a token) goes.
//! Any text enters, and comes out the same but for that.

/// What separates a scheme from the rest.
const SEPARATOR: &str = "://";

/// Takes the userinfo out of each URL in a text.
pub fn without_userinfo(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(SEPARATOR) {
        let (before, after) = rest.split_at(at + SEPARATOR.len());
        cleaned.push_str(before);
        rest = &after[userinfo(after)..];
    }
    cleaned.push_str(rest);
    cleaned
}

/// Takes a URL apart: without its userinfo, and user and password where it has them, decoded.
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

/// The bytes of the userinfo, with its `@`, at the beginning of what follows a scheme. A password that
/// was not encoded may hold an `@` of its own.
fn userinfo(after: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || "/?#\"'<>|\\`".contains(c);
    let authority = after.find(ends).unwrap_or(after.len());
    after[..authority].rfind('@').map_or(0, |at| at + 1)
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
        ] {
            assert_eq!(without_userinfo(text), cleaned, "{text}");
        }
    }

    #[test]
    fn a_url_is_taken_apart_and_its_userinfo_is_decoded() {
        let bob = |password: Option<&str>| Some(("bob".to_owned(), password.map(str::to_owned)));

        let (url, who) = split_userinfo("http://bob:p%40ss%3A@host:1/x");
        assert_eq!((url.as_str(), who), ("http://host:1/x", bob(Some("p@ss:"))));
        assert_eq!(split_userinfo("http://bob@host").1, bob(None));
        assert_eq!(split_userinfo("http://host/a@b").1, None);
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
