//! Pieces of a message that can be copied by themselves.

use crate::text::markdown;

/// The code blocks of a text: the language, which may be empty, and the code.
pub(in crate::app::chat) fn codes(text: &str) -> Vec<(String, String)> {
    let codes = markdown::code_blocks(text).into_iter();
    codes.map(|code| (code.language, code.text)).collect()
}

/// The links of a text: what is shown, and the address.
pub(in crate::app::chat) fn links(text: &str) -> Vec<(String, String)> {
    let links = markdown::links(text).into_iter();
    links.map(|link| (link.text, link.url)).collect()
}
