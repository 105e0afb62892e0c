//! A terminal's screen as an SVG image.
//!
//! Text is placed by column: each run of cells of one style has the width of its cells, whatever
//! font the viewer has. Lines of boxes are drawn as lines, so that they meet.

use std::fmt::Write as _;

const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: f32 = 18.0;
const FONT_SIZE: f32 = 14.0;
/// From the top of a cell to the line on which letters stand.
const BASELINE: f32 = 13.5;
const MARGIN: f32 = 14.0;
/// Height of the window's bar.
const BAR: f32 = 34.0;

const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d5d9e0";
/// Black, red, green, yellow, blue, magenta, cyan, white, and their bright ones.
const COLOURS: [&str; 16] = [
    "#23262e", "#e5707a", "#8fc58a", "#e2b86b", "#6fa8e8", "#c492e0", "#63bfc9", "#c6cbd4",
    "#6b7280", "#f08c94", "#a8d9a2", "#f0cd8a", "#8fc0f5", "#d6aef0", "#85d6de", "#f2f4f8",
];

/// How a run of cells looks.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    colour: String,
    background: Option<String>,
    dim: bool,
    /// As CSS.
    font: String,
}

/// Draws the whole screen in a window of this title.
pub(crate) fn draw(screen: &vt100::Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let width = f32::from(columns) * CELL_WIDTH + 2.0 * MARGIN;
    let height = f32::from(rows) * CELL_HEIGHT + BAR + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.1}\" height=\"{height:.1}\" xml:space=\"preserve\" role=\"img\" \
         aria-label=\"{title}\">\n\
         <style>text {{ font: {FONT_SIZE}px ui-monospace, \"SF Mono\", Menlo, Consolas, \
         \"DejaVu Sans Mono\", monospace; white-space: pre; fill: {FOREGROUND} }}</style>\n\
         <rect width=\"{width:.1}\" height=\"{height:.1}\" rx=\"10\" fill=\"{BACKGROUND}\"/>\n"
    );
    for (index, colour) in ["#e5707a", "#e2b86b", "#8fc58a"].iter().enumerate() {
        let x = 20 + 20 * index;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"17\" r=\"6\" fill=\"{colour}\"/>"
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"22\" text-anchor=\"middle\" opacity=\"0.6\">{}</text>",
        width / 2.0,
        escaped(title)
    );
    for row in 0..rows {
        draw_row(&mut svg, screen, row, columns);
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        let (x, y) = corner(row, column);
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{CELL_WIDTH}\" height=\"{CELL_HEIGHT}\" \
             fill=\"{FOREGROUND}\" opacity=\"0.6\"/>"
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn corner(row: u16, column: u16) -> (f32, f32) {
    (
        MARGIN + f32::from(column) * CELL_WIDTH,
        BAR + f32::from(row) * CELL_HEIGHT,
    )
}

/// Cells side by side that are drawn as one.
struct Run {
    column: u16,
    cells: u16,
    text: String,
    look: Look,
    /// Only text of one column a character may be drawn together.
    is_plain: bool,
}

fn draw_row(svg: &mut String, screen: &vt100::Screen, row: u16, columns: u16) {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        if cell.is_wide_continuation() {
            continue;
        }
        let text = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        let cells = if cell.is_wide() { 2 } else { 1 };
        let look = look(cell);
        let is_plain = text.is_ascii();
        match runs.last_mut() {
            Some(run) if is_plain && run.is_plain && run.look == look => {
                run.text.push_str(text);
                run.cells += cells;
            }
            _ => runs.push(Run {
                column,
                cells,
                text: text.to_owned(),
                look,
                is_plain,
            }),
        }
    }
    for run in &runs {
        draw_run(svg, row, run);
    }
}

fn draw_run(svg: &mut String, row: u16, run: &Run) {
    let (x, y) = corner(row, run.column);
    let width = f32::from(run.cells) * CELL_WIDTH;
    let look = &run.look;
    if let Some(background) = &look.background {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{CELL_HEIGHT}\" \
             fill=\"{background}\"/>"
        );
    }
    let opacity = if look.dim { " opacity=\"0.6\"" } else { "" };
    if let Some(path) = run.text.chars().next().and_then(box_line) {
        let thickness = if run.text.contains(['━', '┃', '┏', '┓', '┗', '┛']) {
            2
        } else {
            1
        };
        let _ = writeln!(
            svg,
            "<path transform=\"translate({x:.1} {y:.1})\" d=\"{path}\" fill=\"none\" \
             stroke=\"{}\" stroke-width=\"{thickness}\"{opacity}/>",
            look.colour
        );
        return;
    }
    draw_text(svg, (x, y), run);
}

fn draw_text(svg: &mut String, (x, y): (f32, f32), run: &Run) {
    let look = &run.look;
    let opacity = if look.dim { " opacity=\"0.6\"" } else { "" };
    let width = f32::from(run.cells) * CELL_WIDTH;
    let text = run.text.trim_end();
    if text.is_empty() {
        return;
    }
    let indent = text.len() - text.trim_start().len();
    let (text, x) = if run.is_plain {
        let skipped = u16::try_from(indent).unwrap_or(0);
        (text.trim_start(), x + f32::from(skipped) * CELL_WIDTH)
    } else {
        (text, x)
    };
    let mut style = String::new();
    if look.colour != FOREGROUND {
        let _ = write!(style, "fill:{};", look.colour);
    }
    style.push_str(&look.font);
    let style = if style.is_empty() {
        style
    } else {
        format!(" style=\"{}\"", style.trim_end_matches(';'))
    };
    // A lone symbol keeps its own width in the middle of its cells; stretched, it looks torn.
    let place = if run.is_plain {
        let cells = u16::try_from(text.chars().count()).unwrap_or(run.cells);
        format!(
            "x=\"{x:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"",
            f32::from(cells) * CELL_WIDTH
        )
    } else {
        format!("x=\"{:.1}\" text-anchor=\"middle\"", x + width / 2.0)
    };
    let _ = writeln!(
        svg,
        "<text {place} y=\"{:.1}\"{style}{opacity}>{}</text>",
        y + BASELINE,
        escaped(text)
    );
}

fn look(cell: &vt100::Cell) -> Look {
    let mut colour = named(cell.fgcolor());
    let mut background = named(cell.bgcolor());
    if cell.inverse() {
        (colour, background) = (
            Some(background.unwrap_or_else(|| BACKGROUND.to_owned())),
            Some(colour.unwrap_or_else(|| FOREGROUND.to_owned())),
        );
    }
    let font = [
        (cell.bold(), "font-weight:bold;"),
        (cell.italic(), "font-style:italic;"),
        (cell.underline(), "text-decoration:underline;"),
    ];
    Look {
        colour: colour.unwrap_or_else(|| FOREGROUND.to_owned()),
        background,
        dim: cell.dim(),
        font: font
            .map(|(holds, words)| if holds { words } else { "" })
            .concat(),
    }
}

/// `None` is the terminal's own colour.
fn named(colour: vt100::Color) -> Option<String> {
    match colour {
        vt100::Color::Default => None,
        vt100::Color::Idx(index @ 0..16) => Some(COLOURS[usize::from(index)].to_owned()),
        vt100::Color::Idx(index @ 232..) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        vt100::Color::Idx(index) => {
            let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
            let cube = index - 16;
            let (red, green, blue) = (cube / 36, cube / 6 % 6, cube % 6);
            Some(format!(
                "#{:02x}{:02x}{:02x}",
                level(red),
                level(green),
                level(blue)
            ))
        }
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

/// The lines of a box-drawing character in its cell, as a path.
fn box_line(character: char) -> Option<String> {
    let (width, height) = (CELL_WIDTH, CELL_HEIGHT);
    let (middle, centre) = (width / 2.0, height / 2.0);
    let (up, down) = (
        format!("M{middle} {centre}V0"),
        format!("M{middle} {centre}V{height}"),
    );
    let (left, right) = (
        format!("M{middle} {centre}H0"),
        format!("M{middle} {centre}H{width}"),
    );
    let corner = |x: f32, y: f32| Some(format!("M{middle} {y}Q{middle} {centre} {x} {centre}"));
    let parts: &[&String] = match character {
        '─' | '━' => &[&left, &right],
        '│' | '┃' => &[&up, &down],
        '┌' | '┏' => &[&right, &down],
        '┐' | '┓' => &[&left, &down],
        '└' | '┗' => &[&right, &up],
        '┘' | '┛' => &[&left, &up],
        '├' => &[&up, &down, &right],
        '┤' => &[&up, &down, &left],
        '┬' => &[&left, &right, &down],
        '┴' => &[&left, &right, &up],
        '┼' => &[&left, &right, &up, &down],
        '╭' => return corner(width, height),
        '╮' => return corner(0.0, height),
        '╰' => return corner(width, 0.0),
        '╯' => return corner(0.0, 0.0),
        _ => return None,
    };
    Some(parts.iter().map(|part| part.as_str()).collect())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
