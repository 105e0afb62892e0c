//! A paste that is the path of an image or a PDF, or several of them: that is how terminals pass on files that are
//! dropped on them.
//!
//! Input: the pasted text. Output: the paths, without the quotes, escapes or URLs around them. It does not
//! check that the files exist.

use percent_encoding::percent_decode_str;

/// The endings of files that models see; a path to anything else is more likely meant as text.
const ENDINGS: [&str; 6] = ["png", "jpg", "jpeg", "gif", "webp", "pdf"];

/// A path in a paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app::chat) struct PastedPath {
    /// As it stands in the paste.
    pub(in crate::app::chat) written: String,
    pub(in crate::app::chat) path: String,
}

/// The paths of a text that is nothing but paths; none if it is anything else.
pub(in crate::app::chat) fn pasted_paths(text: &str) -> Vec<PastedPath> {
    let words = words(text);
    let paths: Vec<PastedPath> = words.iter().filter_map(|word| pasted(word)).collect();
    if words.len() > 1 && paths.len() == words.len() {
        return paths;
    }
    // A name with spaces in it that nobody has quoted.
    Vec::from_iter(pasted(text.trim()))
}

fn pasted(written: &str) -> Option<PastedPath> {
    Some(PastedPath {
        path: pasted_path(written)?,
        written: written.to_owned(),
    })
}

/// The words of a text as a shell would take them apart, with their quotes and escapes.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            (c, None) if c.is_whitespace() => {
                words.extend(start.take().map(|start: usize| &text[start..at]));
                continue;
            }
            ('\\', None | Some('"')) => {
                chars.next();
            }
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            _ => {}
        }
        start.get_or_insert(at);
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

/// The absolute path, if the text is nothing else.
fn pasted_path(text: &str) -> Option<String> {
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

    #[test]
    fn several_paths_are_taken_apart() {
        let paths = |text: &str| -> Vec<String> {
            let found = pasted_paths(text).into_iter();
            found.map(|one| one.path).collect()
        };
        for text in [
            "'/a b.png' '/c.pdf'",
            "/a\\ b.png /c.pdf ",
            "file:///a%20b.png\r\nfile:///c.pdf\r\n",
            "\"/a b.png\"\n/c.pdf",
        ] {
            assert_eq!(paths(text), ["/a b.png", "/c.pdf"], "{text}");
        }
        assert_eq!(paths("/my shot (1).png"), ["/my shot (1).png"]);
        for text in ["/a.png and b", "/a.png /etc/passwd x", "", "\\"] {
            assert_eq!(paths(text), Vec::<String>::new(), "{text}");
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
        fn several_files_are_found_as_they_are_written(
            names in prop::collection::vec("[a-z é漢()]{0,6}[a-z]", 1..6),
            lines in any::<bool>(),
        ) {
            let paths: Vec<String> = names.iter().map(|name| format!("/tmp/{name}.png")).collect();
            let written: Vec<String> = paths.iter().map(|path| format!("'{path}'")).collect();
            let paste = written.join(if lines { "\n" } else { " " });

            let found = pasted_paths(&paste);

            let found_paths: Vec<String> = found.iter().map(|one| one.path.clone()).collect();
            prop_assert_eq!(found_paths, paths);
            for one in found {
                prop_assert!(paste.contains(&one.written));
            }
        }

        #[test]
        fn any_text_is_read(text in "\\PC{0,30}") {
            let _ = pasted_paths(&text);
        }
    }
}
