//! Undo and redo in the text, and prompts that come back.

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::app::chat::composer::Composer;
use crate::app::chat::tests::*;
use crate::domain::chat::{Message, Model, ModelAbilities, ModelRef};
use crate::domain::prompt::{Attachment, FileKinds, LocalFile};

fn image() -> LocalFile {
    LocalFile {
        name: "a.png".into(),
        mime: "image/png".into(),
        bytes: 3,
        base64: "AAAA".into(),
    }
}

fn undo(harness: &mut ChatHarness) -> String {
    harness.act(ChatAction::UndoEdit);
    harness.chat.draft()
}

fn redo(harness: &mut ChatHarness) -> String {
    harness.act(ChatAction::RedoEdit);
    harness.chat.draft()
}

#[test]
fn a_cleared_draft_comes_back_with_its_files_and_its_own_edits() {
    let mut harness = ChatHarness::idle();
    let long = "line\n".repeat(20);
    harness.type_text("see ");
    harness.paste("/tmp/a.png");
    harness.chat.file_read("/tmp/a.png", image());
    harness.paste(&long);
    let whole = format!("see [a.png]{long}");

    let cleared = harness.interrupt();
    let drafts = harness.saved_drafts();
    harness.type_text("x");

    assert_eq!(cleared, Some(ChatOutcome::Cleared));
    assert_eq!(drafts.last().unwrap().1, "");
    assert_eq!(undo(&mut harness), "");
    assert_eq!(undo(&mut harness), whole);
    assert_eq!(harness.chat.composer.files().len(), 1);
    assert_eq!(undo(&mut harness), "see [a.png]", "the edits before it");
    assert_eq!(redo(&mut harness), whole);
    assert_eq!(redo(&mut harness), "");
    assert_eq!(redo(&mut harness), "x");
    assert_eq!(
        harness.act(ChatAction::RedoEdit),
        ChatOutcome::notice("no edit to redo")
    );
}

#[test]
fn a_cleared_shell_line_is_one_again() {
    let mut harness = ChatHarness::idle();
    harness.type_text("!ls");

    harness.interrupt();
    assert!(harness.chat.composer_is_empty());

    assert_eq!(undo(&mut harness), "!ls");
    assert!(harness.chat.composer.is_shell());
}

#[test]
fn an_edit_ends_what_can_be_redone() {
    let mut harness = ChatHarness::idle();
    harness.type_text("one");
    harness.interrupt();
    undo(&mut harness);

    harness.type_text("!");

    assert_eq!(redo(&mut harness), "one!");
}

#[test]
fn what_was_sent_is_not_undone() {
    let mut harness = ChatHarness::idle();
    harness.say("sent");

    assert_eq!(undo(&mut harness), "");
}

#[test]
fn a_recalled_prompt_is_undone_into_the_draft() {
    let mut harness = ChatHarness::idle();
    harness.say("first");
    harness.say("second");
    harness.type_text("draft");
    let up = Key::plain(KeyCode::Up);
    harness.key(up);
    harness.key(up);
    assert_eq!(harness.chat.draft(), "first");

    assert_eq!(undo(&mut harness), "draft");
    assert_eq!(undo(&mut harness), "draf");

    // On the way there and back nothing is to be undone.
    harness.key(up);
    harness.key(Key::plain(KeyCode::Down));
    assert_eq!(harness.chat.draft(), "draf");
    assert_eq!(undo(&mut harness), "dra");
}

#[test]
fn an_answer_is_written_beside_the_edits_of_the_draft() {
    let mut composer = Composer::default();
    composer.paste("a draft");
    composer.set_aside();
    composer.paste("an answer");
    composer.undo_edit();
    assert!(composer.is_empty() && !composer.undo_edit());

    composer.bring_back();

    assert_eq!(composer.text(), "a draft");
    assert!(composer.undo_edit());
    assert_eq!(composer.text(), "");
}

#[test]
fn prompts_of_other_clients_are_recalled() {
    let mut harness = ChatHarness::idle();
    harness.say("mine");
    let theirs = Message::new("msg_other", Role::User, UnixMillis(5));
    harness.receive(ChatEvent::Message(theirs));
    let part = text("msg_other", "prt_1", "theirs", true);
    harness.receive(ChatEvent::Part(part.clone()));
    harness.receive(ChatEvent::Part(part));
    let answer = message("msg_answer", Role::Assistant, 6);
    harness.receive(ChatEvent::Message(answer));
    harness.receive(ChatEvent::Part(text(
        "msg_answer",
        "prt_2",
        "no prompt",
        true,
    )));

    let prompts: Vec<String> = harness.chat.past_prompts().collect();

    assert_eq!(prompts, ["theirs", "mine"]);
}

#[test]
fn a_prompt_of_the_list_takes_the_place_of_the_draft_with_its_files() {
    let mut harness = ChatHarness::idle();
    harness.paste("/tmp/a.png");
    harness.chat.file_read("/tmp/a.png", image());
    harness.key(Key::plain(KeyCode::Enter));
    harness.type_text("draft");
    assert_eq!(
        harness.act(ChatAction::PastPrompts),
        Some(ChatOutcome::List(ChatList::PastPrompts))
    );

    harness.with(|chat, cx| chat.recall_prompt("[a.png]", cx));
    assert_eq!(harness.chat.composer.files().len(), 1);
    harness.with(|chat, cx| chat.recall_prompt("!ls -l", cx));
    assert!(harness.chat.composer.is_shell());

    assert_eq!(undo(&mut harness), "[a.png]");
    assert_eq!(undo(&mut harness), "draft");
}

/// Where a cursor may stand: the ends of all graphemes of a line, in chars, and its start.
fn boundaries(line: &str) -> Vec<usize> {
    let mut ends = vec![0];
    for grapheme in line.graphemes(true) {
        ends.push(ends.last().unwrap() + grapheme.chars().count());
    }
    ends
}

fn alt(c: char) -> Key {
    Key {
        alt: true,
        ..Key::char(c)
    }
}

fn stands_between_graphemes(composer: &Composer) -> bool {
    let (line, column) = composer.cursor();
    boundaries(&composer.lines()[line]).contains(&column)
}

#[test]
fn keys_go_by_what_is_one_sign_also_after_typing_into_it() {
    let left = Key::plain(KeyCode::Left);
    let backspace = Key::plain(KeyCode::Backspace);
    let delete = Key::plain(KeyCode::Delete);
    for (text, lefts, typed, key, after) in [
        // A letter before an accent, the first part of a syllable, one part of a flag, a joiner.
        ("\u{301}x", 2, 'e', backspace, "x"),
        ("\u{1161}x", 2, '\u{1100}', delete, "x"),
        ("\u{1161}x", 2, '\u{1100}', left, "\u{1100}\u{1161}x"),
        ("👩👧", 1, '\u{200d}', backspace, ""),
        ("e\u{301}", 0, 'x', backspace, "e\u{301}"),
        ("한", 0, 'x', backspace, "한"),
        ("🇩🇪", 1, 'x', delete, "x"),
    ] {
        let mut composer = Composer::default();
        composer.set(text);
        for _ in 0..lefts {
            composer.key(left);
        }
        composer.key(Key::char(typed));
        composer.key(key);
        assert_eq!(composer.text(), after, "{text:?} {typed:?}");
        assert!(stands_between_graphemes(&composer), "{text:?} {typed:?}");
    }
}

#[test]
fn an_image_of_the_sandbox_that_is_named_is_one_that_the_model_does_not_read() {
    let mut harness = ChatHarness::idle();
    let reference = ModelRef {
        provider: "p".to_owned(),
        model: "blind".to_owned(),
    };
    let blind = Model {
        reference: reference.clone(),
        name: "blind".to_owned(),
        abilities: ModelAbilities {
            unread: FileKinds {
                images: true,
                pdfs: true,
            },
            ..ModelAbilities::default()
        },
        ..Model::default()
    };
    harness.receive(ChatEvent::Catalog(Catalog {
        models: vec![blind],
        ..Catalog::default()
    }));
    harness.with(|chat, cx| chat.set_model(reference, cx));
    let file = |path: &str| Attachment::SandboxFile {
        path: path.to_owned(),
        lines: None,
    };
    let mentions = &mut harness.chat.completion.mentions;
    mentions.pick("@docs/a.PNG".to_owned(), file("docs/a.PNG"));
    mentions.pick("@docs/a.txt".to_owned(), file("docs/a.txt"));

    harness.type_text("see @docs/a.txt ");
    assert_eq!(harness.chat.model_without_files(), None);
    harness.type_text("and @docs/a.PNG ");
    assert_eq!(harness.chat.model_without_files(), Some("blind"));
}

proptest! {
    #[test]
    fn moves_and_deletions_go_by_whole_graphemes(
        text in "(ᄀ|ᅡ|ᆨ|e|한|\u{301}|👩|\u{200d}|👧|🇩|🇪|ท|\u{e35}| |\n){0,16}",
        keys in "(ᄀ|ᅡ|e|\u{301}|👩|\u{200d}|🇩|[<>bdwfbWF]){0,30}",
    ) {
        let mut composer = Composer::default();
        composer.set(&text);
        for c in keys.chars() {
            let key = match c {
                '<' => Key::plain(KeyCode::Left),
                '>' => Key::plain(KeyCode::Right),
                'b' => Key::plain(KeyCode::Backspace),
                'd' => Key::plain(KeyCode::Delete),
                'w' => Key::ctrl('w'),
                'f' => alt('f'),
                'W' => alt('d'),
                'F' => alt('b'),
                c => Key::char(c),
            };
            let before = composer.text();
            composer.key(key);
            if key.typed().is_some() {
                continue;
            }
            prop_assert!(stands_between_graphemes(&composer), "{c:?} in {before:?}");
            if matches!(c, '<' | '>' | 'f' | 'F') {
                prop_assert_eq!(composer.text(), before);
            }
            let place = composer.cursor();
            if place != (0, 0) {
                composer.key(Key::plain(KeyCode::Left));
                prop_assert_ne!(composer.cursor(), place);
                composer.key(Key::plain(KeyCode::Right));
                prop_assert_eq!(composer.cursor(), place);
            }
        }
    }

    /// Each letter is an edit, `!` clears, `^` recalls.
    #[test]
    fn what_is_undone_is_redone(inputs in "[ab!^]{0,30}", steps in 0usize..40) {
        let mut composer = Composer::default();
        composer.remember("an earlier prompt");
        for c in inputs.chars() {
            match c {
                '!' => composer.clear(),
                '^' => composer.recall(false),
                c => {
                    composer.key(Key::char(c));
                }
            }
        }
        let last = composer.text();

        let undone = (0..steps).filter(|_| composer.undo_edit()).count();
        let redone = (0..undone).filter(|_| composer.redo_edit()).count();

        prop_assert_eq!(undone, redone);
        prop_assert_eq!(composer.text(), last);
    }
}

#[test]
fn several_dropped_files_take_the_places_of_their_paths() {
    let mut harness = ChatHarness::idle();
    let long = format!("/{}.png", "long".repeat(300));

    harness.paste(&format!("'/tmp/a b.png' {long}"));
    let asked: Vec<(String, String)> = std::mem::take(&mut harness.effects)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::ReadFile { path, pasted, .. } => Some((path, pasted)),
            _ => None,
        })
        .collect();
    let paths: Vec<&str> = asked.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/tmp/a b.png", &long]);
    for (_, pasted) in asked.iter().rev() {
        harness.chat.file_read(pasted, image());
    }

    assert_eq!(harness.chat.draft(), "[a.png] [a.png]");
    assert_eq!(harness.chat.composer.files().len(), 2);
}

#[test]
fn the_image_in_the_clipboard_comes_to_the_cursor() {
    let mut harness = ChatHarness::idle();
    harness.type_text("see ");
    harness.key(Key::ctrl('v'));
    let asked = std::mem::take(&mut harness.effects);
    assert!(asked.contains(&Effect::ReadClipboardImage("key_1".into())));
    harness.type_text("x");
    harness.key(Key::plain(KeyCode::Left));

    harness.chat.file_read("", image());

    assert_eq!(harness.chat.draft(), "see [a.png]x");
    harness.interrupt();
    harness.type_text("!");
    assert_eq!(
        harness.act(ChatAction::PasteImage),
        ChatOutcome::notice("you can attach images only to a message")
    );
}

#[test]
fn who_types_on_while_a_dropped_file_is_read_goes_on_where_they_are() {
    let mut harness = ChatHarness::idle();
    harness.paste("/tmp/a.png");
    harness.type_text(" what is");

    harness.chat.file_read("/tmp/a.png", image());
    harness.type_text(" this");

    assert_eq!(harness.chat.draft(), "[a.png] what is this");
}

#[test]
fn a_file_that_the_model_does_not_read_says_so_until_another_model_is_chosen() {
    let model = |name: &str, images: bool| Model {
        reference: ModelRef {
            provider: "p".to_owned(),
            model: name.to_owned(),
        },
        name: name.to_owned(),
        abilities: ModelAbilities {
            unread: FileKinds {
                images: !images,
                pdfs: true,
            },
            ..ModelAbilities::default()
        },
        ..Model::default()
    };
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Catalog(Catalog {
        models: vec![model("blind", false), model("seeing", true)],
        ..Catalog::default()
    }));
    let choose = |harness: &mut ChatHarness, name: &str| {
        let reference = model(name, true).reference;
        harness.with(|chat, cx| chat.set_model(reference, cx));
        harness.chat.note_unread_files();
    };
    choose(&mut harness, "blind");
    harness.paste("/tmp/a.png");
    harness.chat.file_read("/tmp/a.png", image());
    harness.chat.note_unread_files();

    assert_eq!(harness.chat.model_without_files(), Some("blind"));
    let shown = |harness: &ChatHarness| harness.chat.composer.layout(80).rows[0].text.clone();
    let refused = "[a.png · image/png · 3 B · not read by this model]";
    assert_eq!(shown(&harness), refused);

    choose(&mut harness, "seeing");
    assert_eq!(harness.chat.model_without_files(), None);
    assert_eq!(shown(&harness), "[a.png · image/png · 3 B]");
    harness.key(Key::plain(KeyCode::Enter));
    assert_eq!(harness.prompts().len(), 1);
}
