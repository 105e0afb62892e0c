//! What the property tests of `text` share.

use proptest::prelude::*;

/// Text made of pieces of markdown in any order, with hostile and wide ones among them.
pub(super) fn markdownish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,12}".prop_map(String::from),
        2 => Just(" ".to_owned()),
        3 => Just("\n".to_owned()),
        3 => Just("\n\n".to_owned()),
        6 => prop::sample::select(vec![
            "# ", "## ", "- ", "* ", "+ ", "1. ", "2) ", "10. ", "> ", ">", "```", "```rust\n", "~~~\n", "````",
            "    ", "  ", "   ", "\t", "|", "|-|-|\n", "| a | b |\n|---|:-:|\n", "---\n", "===\n", "***", "**", "*",
            "_", "`", "``", "[x]", "[ ] ", "[a](b)", "[a]: http://b\n", "[a]", "![", "](", ")", "<", "<div>\n", "</div>",
            "<!--", "-->", "<br>", "[^1]", "[^1]: ", "$a_b$", "$$", "<b>", "</b>", "&#27;", "&#10;", "&#9;", "&amp;", "\\", "\r\n", "\r", "\x1b[31m", "\x1b]0;", "\x07",
            "\u{9b}", "\u{202e}", "\u{200b}", "漢字", "👩‍👩‍👧", "e\u{301}", "\u{301}", "\u{fe0f}", "❤", "🇩", "https://a.b/c",
        ]).prop_map(String::from),
        1 => "\\PC{1,6}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}
