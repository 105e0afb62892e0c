//! How tables and ages are printed.

use std::time::Duration;

use crate::text::visible_bytes::visible_line;
use crate::text::wrap;

/// Columns two spaces apart, as wide as their widest cell. Cells may come from a model or another program: each
/// becomes one visible line.
pub(in crate::cli) fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let visible = |line: &[String; N]| line.each_ref().map(|cell| visible_line(cell).into_owned());
    let lines: Vec<[String; N]> = lines.iter().map(visible).collect();
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(wrap::width(cell));
        }
    }
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (width, cell) in widths.iter().zip(line) {
            row.push_str(cell);
            row.push_str(&" ".repeat(width - wrap::width(cell) + 2));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

pub(in crate::cli) fn age(age: Duration) -> String {
    let secs = age.as_secs();
    match secs {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", secs / 60),
        3600..86_400 => format!("{} h ago", secs / 3600),
        _ => format!("{} d ago", secs / 86_400),
    }
}
