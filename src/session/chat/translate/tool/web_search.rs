//! The results of `websearch`.

/// The results as Markdown: each title as a heading, its address and its date below. The providers write each fact of
/// a result on a line with a label; what has no such label stays as it is.
pub(super) fn results(output: &str) -> String {
    let lines = output.lines().map(|line| {
        let labelled = |label: &str| line.strip_prefix(label).map(str::trim);
        if let Some(title) = labelled("Title:") {
            return format!("### {title}");
        }
        for label in ["URL:", "Url:", "Author:", "Published Date:", "Published:"] {
            if let Some(fact) = labelled(label) {
                // Two spaces: the next fact begins a line.
                return format!("{fact}  ");
            }
        }
        match labelled("Text:").or_else(|| labelled("Highlights:")) {
            Some(text) => format!("\n{text}"),
            None => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_become_markdown_and_other_text_stays() {
        let output = "Title: A page\nURL: https://example.org\nText: It says\nTitles: many";

        assert_eq!(
            results(output),
            "### A page\nhttps://example.org  \n\nIt says\nTitles: many"
        );
    }

    proptest! {
        #[test]
        fn a_text_without_labels_is_not_changed(text in "[a-z .\n]{0,80}") {
            prop_assert_eq!(results(&text), text.lines().collect::<Vec<_>>().join("\n"));
        }
    }
}
