use pretty_assertions::assert_eq;
use proptest::prelude::*;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::text::highlight::CodeColours;
use crate::text::link_table::LinkTable;
use crate::text::wrap::spans_width;
use crate::text::{Columns, Palette};

fn render(source: &str, columns: Columns, palette: &Palette) -> Vec<Line<'static>> {
    super::render(
        source,
        columns,
        palette,
        (&mut CodeColours::default(), &mut LinkTable::default()),
    )
}

fn shown(source: &str, columns: impl Into<Columns>) -> String {
    let lines = render(source, columns.into(), &Palette::default());
    lines
        .iter()
        .flat_map(|line| ["|".to_owned(), line.to_string(), "\n".to_owned()])
        .collect()
}

const TOUR: &str = "\
# A heading that is long enough to need a second line somewhere

A paragraph with *emphasis*, **strong text**, `code` and a [link](https://example.com/a),
soft break, <https://example.com>, ~~gone~~ and <b>html</b>.

- one item whose text is long enough to wrap in a narrow place
  1. nested
  2. items
- [x] done
- [ ] open

> quoted text that goes on for quite a while, and then some more
> > twice

```rust
fn main() { println!(\"a line of code that is rather long for a narrow screen\"); }

```

---

| Name | What it does |
|:-----|-------------:|
| a | short |
| second | a longer text that wants wrapping |

![alt](pic.png)
";

#[test]
fn the_main_constructs_at_80_columns() {
    insta::assert_snapshot!(shown(TOUR, 80));
}

#[test]
fn the_main_constructs_at_40_columns() {
    insta::assert_snapshot!(shown(TOUR, 40));
}

#[test]
fn the_main_constructs_at_12_columns() {
    insta::assert_snapshot!(shown(TOUR, 12));
}

#[test]
fn prose_may_be_narrower_than_code_and_tables() {
    let source = "\
A paragraph that is long.

> A quote, which is prose.

```
let code = \"as wide as there is room\";
```

| a table cell that is long | another |
|---|---|
| x | y |

---
";

    insta::assert_snapshot!(shown(source, Columns::new(40, 16)));
    assert_eq!(shown(source, Columns::new(16, 40)), shown(source, 16));
}

#[test]
fn loose_and_tight_lists_differ_by_blank_lines() {
    assert_eq!(shown("- a\n- b\n", 20), "|• a\n|• b\n");
    assert_eq!(
        shown("3. a\n\n3. b\n\n   more\n", 20),
        "|3. a\n|\n|4. b\n|\n|   more\n"
    );
}

#[test]
fn an_empty_item_is_seen() {
    assert_eq!(shown("-\n- b", 20), "|• \n|• b\n");
}

#[test]
fn link_definitions_and_html_blocks_are_shown() {
    assert_eq!(
        shown("<div>\nx\n</div>\n\nSee [a][1].\n\n[1]: http://e.org\n", 40),
        "|x\n|\n|See a (http://e.org).\n|\n|[1]: http://e.org\n"
    );
}

#[test]
fn a_character_reference_cannot_smuggle_a_control_character() {
    assert_eq!(shown("a&#27;[31mb&#x202e;c&#10;d", 40), "|a[31mbc d\n");
    assert_eq!(shown("[x](http://a&#27;b)", 40), "|x (http://a)\n");
    assert_eq!(shown("```a&#27;]b\n```", 40), "|a\n");
}

#[test]
fn styles_are_laid_over_each_other() {
    let palette = Palette {
        text: Style::new().fg(Color::Gray),
        strong: Style::new().bold(),
        code: Style::new().fg(Color::Green),
        link: Style::new().underlined(),
        dim: Style::new().dim(),
        ..Palette::default()
    };

    let lines = render("a **b `c`** [d](e)", 40.into(), &palette);

    let text = palette.text;
    assert_eq!(
        lines,
        [Line::from(vec![
            Span::styled("a ", text),
            Span::styled("b ", text.bold()),
            Span::styled("c", text.bold().fg(Color::Green)),
            Span::styled(" ", text),
            Span::styled("d", text.underlined()),
            Span::styled(" (e)", text.dim()),
        ])]
    );
}

const MORE: &str = "\
# Heading with `code`

Costs $5 or $6; $a_b + c_d$ is math, and so is

$$
x^2_i
$$

A note[^1] and another[^long].

[^1]: The first note, which is long enough that it does not fit into a narrow line.
[^long]: The second.

> A quote
>
> - with a list
>   - [x] and a task
>
> > and a quote inside

<details>
<summary>Summary</summary>
Text of <b>details</b>.
</details>

Line one  \nline two<br>line three with ~~old~~ **中文强调** 文字。

| Left | Centre | Right |
|:---|:---:|---:|
| a | a cell with a text that is long | 1 |
| `code` | **b** | 22 |
";

#[test]
fn the_other_constructs_at_40_columns() {
    insta::assert_snapshot!(shown(MORE, 40));
}

#[test]
fn the_other_constructs_at_80_columns() {
    insta::assert_snapshot!(shown(MORE, 80));
}

#[test]
fn everything_at_120_columns() {
    insta::assert_snapshot!(shown(&format!("{TOUR}\n{MORE}"), Columns::new(120, 100)));
}

#[test]
fn deep_nesting_does_no_harm() {
    for source in [
        ">".repeat(5_000),
        "- ".repeat(3_000),
        "*".repeat(5_000),
        "[".repeat(5_000),
    ] {
        for line in render(&source, 10.into(), &Palette::default()) {
            assert!(spans_width(&line.spans) <= 10);
        }
    }
}

proptest! {
    #[test]
    fn any_text_fits_any_width(source in crate::text::tests::markdownish(), width in 0_u16..50) {
        for line in render(&source, width.into(), &Palette::default()) {
            prop_assert!(spans_width(&line.spans) <= usize::from(width.max(1)), "{line:?}");
            prop_assert!(!line.to_string().contains(char::is_control), "{line:?}");
        }
    }
}
