//! The text of raw HTML, without its tags and comments.

/// Returns the text between tags, line by line without blank ones. Knows no elements: it only finds
/// where tags end. A `<` that begins none is text, and so is a tag without an end.
pub(super) fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        if let Some(length) = tag_length(from) {
            let (tag, after) = from.split_at(length);
            if breaks_line(tag) {
                text.push('\n');
            }
            rest = after;
        } else {
            text.push('<');
            rest = &from[1..];
        }
    }
    text.push_str(rest);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The bytes of the tag or comment that `html` begins with.
fn tag_length(html: &str) -> Option<usize> {
    if let Some(comment) = html.strip_prefix("<!--") {
        // One that does not end hides nothing.
        return comment
            .find("-->")
            .map(|end| "<!--".len() + end + "-->".len());
    }
    let begins = html.as_bytes().get(1)?;
    if !begins.is_ascii_alphabetic() && !b"/!?".contains(begins) {
        return None;
    }
    html.find('>').map(|end| end + 1)
}

fn breaks_line(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    let name = &name[..end.unwrap_or(name.len())];
    let blocks = ["br", "p", "div", "li", "tr", "summary", "details", "pre"];
    blocks.iter().any(|block| name.eq_ignore_ascii_case(block))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::text;

    #[test]
    fn tags_and_comments_go_and_text_stays() {
        assert_eq!(
            text(
                "<details>\n<summary>More</summary>\n<b>a</b> &lt; 1 < 2<br>b\n<!-- c\nd -->\n</details>"
            ),
            "More\na &lt; 1 < 2\nb"
        );
        assert_eq!(text("<div>\n</div>"), "");
        assert_eq!(text("a <!-- open"), "a <!-- open");
    }

    proptest! {
        #[test]
        fn text_without_tags_is_kept(words in "[a-z<> ]{0,40}") {
            let words = words.replace('<', "< ");
            prop_assert_eq!(text(&words), words.trim());
        }

        #[test]
        fn any_text_has_an_end(html in "(<|>|!--|-->|/|[a-z]| |\n|\\PC){0,40}") {
            prop_assert!(text(&html).len() <= html.len() + 1);
        }
    }
}
