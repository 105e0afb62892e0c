//! A paste that is the path of a picture or a PDF: that is how terminals pass on a file that is dropped on them.
//!
//! Input: the pasted text. Output: the path, without the quotes, escapes or URL around it. Whether there is such a
//! file is not known here.

use percent_encoding::percent_decode_str;

/// The endings of files that models see; a path to anything else is more likely meant as text.
const ENDINGS: [&str; 6] = ["png", "jpg", "jpeg", "gif", "webp", "pdf"];

/// The absolute path, if the text is nothing else.
pub(in crate::app::chat) fn pasted_path(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.contains(['\n', '\r', '\0']) {
        return None;
    }
    let quoted = ['\'', '"'].iter().find_map(|quote| {
        let inner = text.strip_prefix(*quote)?.strip_suffix(*quote)?;
        (!inner.contains(*quote)).then(|| inner.to_owned())
    });
    let plain = quoted.unwrap_or_else(|| unescaped(text));
    let path = match plain.strip_prefix("file://") {
        Some(url) => {
            let path = url.strip_prefix("localhost").unwrap_or(url);
            percent_decode_str(path).decode_utf8().ok()?.into_owned()
        }
        None => plain,
    };
    let (_, ending) = path.rsplit_once('.')?;
    let ending = ending.to_ascii_lowercase();
    let is_known = ENDINGS.contains(&ending.as_str());
    (path.starts_with('/') && is_known && !path.contains('\0')).then_some(path)
}

/// Without the backslashes of a shell.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_escapes_and_urls_are_taken_off() {
        for text in [
            "/home/me/my shot (1).png",
            "'/home/me/my shot (1).png' ",
            "\"/home/me/my shot (1).png\"",
            "/home/me/my\\ shot\\ \\(1\\).png\n",
            "file:///home/me/my%20shot%20(1).png",
            "file://localhost/home/me/my%20shot%20(1).png",
        ] {
            assert_eq!(
                pasted_path(text).as_deref(),
                Some("/home/me/my shot (1).png"),
                "{text}"
            );
        }
        assert_eq!(pasted_path("/größe.PDF").as_deref(), Some("/größe.PDF"));
        for text in [
            "",
            "shot.png",
            "/etc/passwd",
            "see /a.png\nand",
            "https://x.org/a.png",
            "/a.png\n/b.png",
            "file:///%ff.png",
            "file:///%00.png",
            "/.",
            "'",
        ] {
            assert_eq!(pasted_path(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_name_survives_its_quoting(name in "[a-z ()&é漢\\\\'\"]{1,12}") {
            let path = format!("/tmp/{name}.png");
            let escaped: String = path.chars().flat_map(|c| {
                let escape = (!c.is_alphanumeric() && c != '/' && c != '.').then_some('\\');
                escape.into_iter().chain([c])
            }).collect();
            prop_assert_eq!(pasted_path(&escaped), Some(path.clone()));
            if !path.contains('\'') {
                prop_assert_eq!(pasted_path(&format!("'{path}'")), Some(path));
            }
        }

        #[test]
        fn any_text_is_read(text in "\\PC{0,30}") {
            let _ = pasted_path(&text);
        }
    }
}
