use pretty_assertions::assert_eq;

use super::{Growth, Palette, Rendered, TextCache, TextKey};
use ratatui::style::Style;
use ratatui::text::Line;

fn key(id: &str, revision: u64) -> TextKey<'_> {
    TextKey {
        id,
        generation: 0,
        revision,
    }
}

fn shown(rendered: &Rendered) -> Vec<String> {
    rendered
        .window(0..rendered.len())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_growing_text_ends_as_the_whole_one() {
    let mut cache = TextCache::new(100);
    let source = "one\n\n```\ncode\n```\n\n- two\n- three";
    let plain = Palette::default();

    for (revision, end) in (0_u64..).zip(1..=source.len()) {
        cache.markdown(
            key("a", revision),
            &source[..end],
            20,
            Growth::Growing,
            &plain,
        );
    }

    let grown = shown(cache.markdown(key("a", 999), source, 20, Growth::Growing, &plain));
    assert_eq!(
        grown,
        shown(cache.markdown(key("b", 0), source, 20, Growth::Whole, &plain))
    );
    assert_eq!(
        grown,
        shown(cache.markdown(key("a", 1_000), source, 20, Growth::Whole, &plain))
    );
}

#[test]
fn cached_lines_are_not_rendered_again() {
    let mut cache = TextCache::new(100);
    cache.cached(key("a", 1), 20, || vec![Line::raw("first")]);

    assert_eq!(
        shown(cache.cached(key("a", 1), 20, || unreachable!())),
        ["first"]
    );
    assert_eq!(
        shown(cache.cached(key("a", 1), 21, || vec![Line::raw("wider")])),
        ["wider"]
    );
    assert_eq!(
        shown(cache.cached(key("a", 2), 21, || vec![Line::raw("newer")])),
        ["newer"]
    );
}

#[test]
fn a_text_that_was_replaced_is_rendered_anew() {
    let mut cache = TextCache::new(100);
    let plain = Palette::default();
    cache.markdown(key("a", 1), "one\n\ntwo\n", 20, Growth::Growing, &plain);

    let newer = TextKey {
        id: "a",
        generation: 1,
        revision: 2,
    };
    let replaced = cache.markdown(newer, "x\n\ntwo\nmore", 20, Growth::Growing, &plain);
    assert_eq!(shown(replaced), ["x", "", "two more"]);

    let shorter = TextKey {
        id: "a",
        generation: 1,
        revision: 3,
    };
    let shorter = cache.markdown(shorter, "x", 20, Growth::Growing, &plain);
    assert_eq!(shown(shorter), ["x"]);
}

#[test]
fn another_palette_renders_all_again() {
    let mut cache = TextCache::new(100);
    let bold = Palette {
        text: Style::new().bold(),
        ..Palette::default()
    };
    cache.markdown(key("a", 1), "x", 20, Growth::Whole, &Palette::default());

    let line = cache
        .markdown(key("a", 1), "x", 20, Growth::Whole, &bold)
        .window(0..1)
        .next();

    assert_eq!(line.map(|line| line.spans[0].style), Some(bold.text));
}

#[test]
fn the_texts_that_were_not_used_for_longest_go_first() {
    let mut cache = TextCache::new(8);
    let three = || vec![Line::raw("x"); 3];
    cache.cached(key("a", 0), 20, three);
    cache.cached(key("b", 0), 20, three);
    cache.cached(key("a", 0), 20, || unreachable!());

    cache.cached(key("c", 0), 20, three);

    let mut made = false;
    cache.cached(key("a", 0), 20, || unreachable!("was used after b"));
    cache.cached(key("b", 0), 20, || {
        made = true;
        three()
    });
    assert!(made);
    assert!(cache.lines <= 8, "{}", cache.lines);
}

#[test]
fn one_text_may_be_longer_than_the_cache() {
    let mut cache = TextCache::new(2);

    assert_eq!(
        cache
            .cached(key("a", 0), 20, || vec![Line::raw("x"); 9])
            .len(),
        9
    );
}

#[test]
fn a_window_is_clipped_to_what_exists() {
    let mut cache = TextCache::new(100);
    let source = "a\n\nb\n\nc";
    let plain = Palette::default();
    let grown = cache.markdown(key("a", 0), source, 20, Growth::Growing, &plain);

    let window = |from, to| {
        grown
            .window(from..to)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(window(1, 4), ["", "b", ""]);
    assert_eq!(window(3, 99), ["", "c"]);
    assert_eq!(window(9, 99), [""; 0]);
}
