//! Texts of many scripts in panes of every width: nothing is cut off, and no grapheme is broken.

use insta::assert_snapshot;
use ratatui::buffer::CellWidth as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::view::{Screen, draw};
use super::*;

const TEXTS: [&str; 8] = [
    "שלום עולם, זהו משפט ארוך בעברית שנשבר בין מילים ולא בתוכן.",
    "الْعَرَبِيَّةُ لُغَةٌ تُكْتَبُ مِنَ الْيَمِينِ إِلَى الْيَسَارِ وَفِيهَا حَرَكَاتٌ كَثِيرَةٌ.",
    "ภาษาไทยเขียนติดกันโดยไม่มีช่องว่างระหว่างคำและมีสระที่อยู่บนหรือใต้พยัญชนะ",
    "हिन्दी में संयुक्ताक्षर और मात्राएँ होती हैं, जैसे क्षत्रिय, विद्यार्थी, श्रीमती।",
    "👩‍👩‍👧‍👦👨🏽‍💻🏳️‍🌈👍🏿❤️🇩🇪🇯🇵👩‍🚀🧑‍🤝‍🧑🐻‍❄️👩‍👩‍👧‍👦👨🏽‍💻🏳️‍🌈👍🏿❤️🇩🇪🇯🇵👩‍🚀🧑‍🤝‍🧑🐻‍❄️",
    "ﾊﾝｶｸｶﾅﾊﾀﾞｸﾃﾝﾄﾊﾝﾀﾞｸﾃﾝｶﾞﾊﾞﾗﾊﾞﾗﾆﾅﾙﾟｱｲｳｴｵｶﾞｷﾞｸﾞｹﾞｺﾞﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ",
    "漢字仮名交じり文は、どこでも折り返せるが、句読点は行頭に来ない。한국어도 있습니다.",
    "Zu\u{308}rich e\u{301}crit Việt Nam; a\u{301}\u{323}\u{302} zalgo t\u{30d}\u{30e}\u{311}e\u{316}\u{317}xt",
];

/// All texts as one answer, each as a block.
fn answer(text_of: impl Fn(&str) -> String) -> ChatHarness {
    let texts: Vec<String> = TEXTS.iter().map(|text| text_of(text)).collect();
    let mut answer = message("msg_b", Role::Assistant, 20);
    answer.completed = Some(UnixMillis(30));
    let mut harness = ChatHarness::idle();
    harness.receive_all([
        ChatEvent::Message(answer),
        ChatEvent::Part(text("msg_b", "prt_b", &texts.join("\n\n"), true)),
    ]);
    harness
}

/// The graphemes on the screen, row by row; none crosses the edge.
fn graphemes(screen: &Screen) -> Vec<String> {
    let buffer = screen.buffer();
    let columns = usize::from(buffer.area.width);
    let mut found = Vec::new();
    for row in buffer.content.chunks(columns) {
        let mut hidden = 0;
        for cell in row {
            if hidden == 0 {
                found.push(cell.symbol().to_owned());
                hidden = usize::from(cell.symbol().cell_width());
            }
            hidden = hidden.saturating_sub(1);
        }
        assert_eq!(hidden, 0, "a row of {columns} columns runs over the edge");
    }
    found
}

/// The text without blanks, which vanish at line breaks, and without quote and list markers.
fn dense<'a>(graphemes: impl IntoIterator<Item = &'a str>) -> String {
    let shown = graphemes.into_iter();
    let shown = shown.filter(|grapheme| !matches!(*grapheme, " " | "│" | "▎" | "▌" | "┃" | "|"));
    let ended = shown.flat_map(|grapheme| [grapheme, "\u{1}"]);
    ended.collect()
}

fn assert_whole(harness: &mut ChatHarness, columns: u16, texts: &[&str]) {
    let mut screen = Screen::new(columns, 120);
    screen.draw(harness);

    let shown = graphemes(&screen);
    let shown = dense(shown.iter().map(String::as_str));
    // The time of a prompt is on its first row.
    let shown = shown.replace(&dense("00:00".graphemes(true)), "");
    for text in texts {
        let wanted = dense(text.graphemes(true));
        assert!(shown.contains(&wanted), "{columns} columns: {text}");
    }
}

fn check(text_of: impl Fn(&str) -> String) {
    for columns in 20..=80 {
        assert_whole(&mut answer(&text_of), columns, &TEXTS);
    }
}

#[test]
fn every_grapheme_of_a_paragraph_is_whole_at_every_width() {
    check(str::to_owned);
}

#[test]
fn every_grapheme_of_a_prompt_is_whole_at_every_width() {
    for columns in (20..=80).step_by(3) {
        for prompt in TEXTS {
            let mut harness = ChatHarness::idle();
            harness.receive_all([
                ChatEvent::Message(message("msg_a", Role::User, 10)),
                ChatEvent::Part(text("msg_a", "prt_a", prompt, true)),
            ]);
            assert_whole(&mut harness, columns, &[prompt]);
        }
    }
}

#[test]
fn every_grapheme_of_a_list_or_a_quote_is_whole_at_every_width() {
    check(|text| format!("- {text}"));
    check(|text| format!("> {text}"));
}

#[test]
fn every_grapheme_of_code_is_whole_at_every_width() {
    check(|text| format!("```\n{text}\n```"));
}

#[test]
fn lines_of_many_scripts_break_where_their_readers_expect_it() {
    assert_snapshot!("scripts_40x40", draw(&mut answer(str::to_owned), 40, 40));
}
