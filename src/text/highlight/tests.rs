use std::cell::RefCell;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use ratatui::style::{Color, Style};
use ratatui::text::Line;

use super::{CodeColours, Highlighter, Language, ListingLook, SyntaxStyles, listing};
use crate::text::diff::{self, DiffLook};
use crate::text::wrap::spans_width;
use crate::text::{Growth, Palette, TextCache, TextKey};

/// Each role in a colour of its own.
fn palette() -> Palette {
    let colour = |number| Style::new().fg(Color::Indexed(number));
    Palette {
        syntax: SyntaxStyles {
            comment: colour(1),
            string: colour(2),
            number: colour(3),
            constant: colour(4),
            keyword: colour(5),
            function: colour(6),
            type_name: colour(7),
            property: colour(8),
            added: colour(9),
            removed: colour(10),
        },
        ..Palette::default()
    }
}

/// The text with the role of each coloured part: `‹k fn›`.
fn roles(lines: &[Line<'_>]) -> String {
    const LETTERS: [&str; 11] = ["", "c", "s", "n", "C", "k", "f", "t", "p", "+", "-"];
    let mut out = String::new();
    for line in lines {
        for span in &line.spans {
            match span.style.fg {
                Some(Color::Indexed(number)) => {
                    let letter = LETTERS[usize::from(number)];
                    out.extend(["‹", letter, " ", &span.content, "›"]);
                }
                _ => out.push_str(&span.content),
            }
        }
        out.push('\n');
    }
    out
}

/// Runs jobs until there are none; returns how many there were.
fn work(colours: &mut CodeColours, highlighter: &mut Highlighter) -> usize {
    let mut jobs = 0;
    while let Some(job) = colours.next_job() {
        let result = highlighter.run(&job);
        colours.done(Some(result));
        jobs += 1;
        assert!(jobs < 1_000, "no end of jobs");
    }
    jobs
}

const KEY: TextKey<'static> = TextKey {
    id: "x",
    generation: 0,
    revision: 1,
};

fn all(cache: &mut TextCache, source: &str, growth: Growth, revision: u64) -> Vec<Line<'static>> {
    let key = TextKey { revision, ..KEY };
    let rendered = cache.markdown(key, source, 60, growth, &palette());
    rendered.window(0..rendered.len()).cloned().collect()
}

/// Renders, and does all the work that drawing asks for.
fn coloured(source: &str, growth: Growth) -> Vec<Line<'static>> {
    let mut cache = TextCache::new(100_000).highlighted();
    let mut highlighter = Highlighter::load();
    let mut lines = all(&mut cache, source, growth, 1);
    while work(cache.colours(), &mut highlighter) > 0 {
        lines = all(&mut cache, source, growth, 1);
    }
    lines
}

const SAMPLES: &str = r#"
```rust
/// Doc.
fn main() -> Result<u32, String> {
    let x = "a\n"; // why
    Ok(x.len() as u32 + 42)
}
```

```python
class A(Base):
    def f(self, x: int) -> None:
        return None if x is not True else f"a{x}b"
```

1. in a list

   ```json
   {"key": [1, true, "value"]}
   ```

```ts
export const f = async (a: string): Promise<number> => { return 1; };
```

```sh
for f in *.rs; do echo "$f" | grep -v x; done # all
```

```diff
-old
+new
 kept
```

```html
<a href="x">text</a>
```

```toml
[section]
key = "value"
```

```unheard-of
let x = 1;
```
"#;

#[test]
fn code_gets_the_colours_of_its_roles() {
    insta::assert_snapshot!(roles(&coloured(SAMPLES, Growth::Whole)));
}

#[test]
fn code_is_plain_first_and_its_lines_stay_where_they_are() {
    let mut cache = TextCache::new(1_000).highlighted();
    let first = all(&mut cache, SAMPLES, Growth::Whole, 1);
    let later = coloured(SAMPLES, Growth::Whole);

    assert!(!roles(&first).contains('‹'));
    let texts = |lines: &[Line<'_>]| lines.iter().map(Line::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&first), texts(&later));
}

#[test]
fn nobody_asks_for_colours_that_would_not_be_seen() {
    let mut cache = TextCache::new(1_000).highlighted();
    cache.markdown(KEY, SAMPLES, 60, Growth::Whole, &Palette::default());
    assert_eq!(cache.colours().next_job(), None);

    let mut cache = TextCache::new(1_000);
    cache.markdown(KEY, SAMPLES, 60, Growth::Whole, &palette());
    assert_eq!(cache.colours().next_job(), None);

    let mut cache = TextCache::new(1_000).highlighted();
    cache.markdown(
        KEY,
        "```text\nx\n```\n\n```\ny\n```\n\n    z",
        60,
        Growth::Whole,
        &palette(),
    );
    assert_eq!(cache.colours().next_job(), None);
}

#[test]
fn another_width_has_the_colours_at_once() {
    let mut cache = TextCache::new(1_000).highlighted();
    let source = "```rust\nfn main() {}\n```";
    all(&mut cache, source, Growth::Whole, 1);
    work(cache.colours(), &mut Highlighter::load());

    let rendered = cache.markdown(KEY, source, 40, Growth::Whole, &palette());
    let lines: Vec<_> = rendered.window(0..9).cloned().collect();

    assert!(roles(&lines).contains("‹k fn›"), "{}", roles(&lines));
}

#[test]
fn a_growing_block_is_coloured_line_by_line_and_never_read_twice() {
    let mut cache = TextCache::new(10_000).highlighted();
    let mut highlighter = Highlighter::load();
    let mut source = "```rust\n/* a comment\n".to_owned();
    for n in 0..300 {
        source.extend([format!("line {n}\n")]);
        all(&mut cache, &source, Growth::Growing, n);
        let job = cache
            .colours()
            .next_job()
            .expect("the new line needs colours");
        assert!(
            job.lines.len() <= 2,
            "{} lines are read again",
            job.lines.len()
        );
        let result = highlighter.run(&job);
        cache.colours().done(Some(result));
    }

    let lines = all(&mut cache, &source, Growth::Growing, 299);
    assert!(
        roles(&lines[300..]).starts_with("  ‹c line"),
        "{}",
        roles(&lines[300..])
    );
}

#[test]
fn a_long_block_is_coloured_in_slices() {
    let code = (0..1_200).map(|n| format!("let x{n} = {n};\n"));
    let code = code.collect::<Vec<_>>().concat();
    let source = format!("```rust\n{code}```\n");
    let mut cache = TextCache::new(10_000).highlighted();
    let mut highlighter = Highlighter::load();

    all(&mut cache, &source, Growth::Whole, 1);
    assert_eq!(work(cache.colours(), &mut highlighter), 1);
    let lines = all(&mut cache, &source, Growth::Whole, 1);
    assert!(roles(&lines[1..2]).contains('‹') && !roles(&lines[1_000..]).contains('‹'));

    for _ in 0..3 {
        work(cache.colours(), &mut highlighter);
        all(&mut cache, &source, Growth::Whole, 1);
    }
    let lines = all(&mut cache, &source, Growth::Whole, 1);
    assert!(roles(&lines[1_200..]).contains("‹k let›"));
    assert_eq!(cache.colours().next_job(), None);
}

#[test]
fn a_job_that_fails_leaves_its_lines_plain_and_is_not_tried_again() {
    let mut cache = TextCache::new(1_000).highlighted();
    let source = "```rust\nfn main() {}\n```";
    all(&mut cache, source, Growth::Whole, 1);
    assert!(cache.colours().next_job().is_some());
    assert_eq!(cache.colours().next_job(), None, "one at a time");
    cache.colours().done(None);

    let lines = all(&mut cache, source, Growth::Whole, 1);

    assert!(!roles(&lines).contains('‹'));
    assert_eq!(cache.colours().next_job(), None);
}

#[test]
fn a_diff_has_the_colours_of_its_files_language() {
    let text = "--- a/x.rs\n+++ b/x.rs\n@@ -1,2 +1,2 @@\n fn a() {}\n-let b = 1;\n+let b = 2;\n";
    let mut palette = palette();
    palette.added_line = Style::new().bg(Color::Indexed(0));
    let mut cache = TextCache::new(1_000).highlighted();
    let mut highlighter = Highlighter::load();
    let draw = |cache: &mut TextCache| -> Vec<Line<'static>> {
        let rendered = cache.coloured(KEY, 40, &palette, |colours| {
            let look = DiffLook {
                width: 40,
                names: true,
                most: 100,
                language: None,
                largest: 0,
                old_numbers: false,
                palette: &palette,
            };
            diff::rows(text, look, colours).lines
        });
        rendered.window(0..9).cloned().collect()
    };

    assert!(!roles(&draw(&mut cache)).contains('‹'));
    while work(cache.colours(), &mut highlighter) > 0 {
        draw(&mut cache);
    }

    insta::assert_snapshot!(roles(&draw(&mut cache)));
}

#[test]
fn a_file_is_listed_with_numbers() {
    let palette = palette();
    let language = Language::of_path("src/x.rs");
    let look = ListingLook {
        width: 30,
        first: Some(98),
        most: 3,
        language: language.as_ref(),
        palette: &palette,
    };
    let text = "fn a() {\n\tlet long_name = \"a long text\";\n}\n// not shown\n";
    let mut cache = TextCache::new(1_000).highlighted();
    let mut highlighter = Highlighter::load();
    let mut lines = Vec::new();
    for _ in 0..2 {
        let made = cache.coloured(KEY, 30, &palette, |colours| listing(text, look, colours));
        lines = made.window(0..9).cloned().collect();
        work(cache.colours(), &mut highlighter);
    }

    insta::assert_snapshot!(roles(&lines));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn colours_change_no_text_however_it_arrives(
        source in crate::text::tests::markdownish(),
        cut in any::<prop::sample::Index>(),
    ) {
        thread_local! {
            static GRAMMARS: RefCell<Highlighter> = RefCell::new(Highlighter::load());
        }
        let mut cache = TextCache::new(10_000).highlighted();
        let mut plain = TextCache::new(10_000);
        let source = format!("{source}\n```rust\nfn a() {{}} // {source}\n");
        let end = source.floor_char_boundary(cut.index(source.len()));
        for (revision, text) in [(1, &source[..end]), (2, &source[..])] {
            for _ in 0..3 {
                let lines = all(&mut cache, text, Growth::Growing, revision);
                let expected = all(&mut plain, text, Growth::Growing, revision);
                let texts = |lines: &[Line<'_>]| lines.iter().map(Line::to_string).collect::<Vec<_>>();
                prop_assert_eq!(texts(&lines), texts(&expected));
                for line in &lines {
                    prop_assert!(spans_width(&line.spans) <= 60);
                }
                while let Some(job) = cache.colours().next_job() {
                    // Checkpoints of other cases must not matter: a fresh one would be slow.
                    let result = GRAMMARS.with_borrow_mut(|grammars| grammars.run(&job));
                    cache.colours().done(Some(result));
                }
            }
        }
        // Whether a text grew or came at once: it ends with the same colours.
        let whole = all(&mut cache, &source, Growth::Whole, 3);
        let again = all(&mut cache, &source, Growth::Whole, 4);
        prop_assert_eq!(whole, again);
    }
}
