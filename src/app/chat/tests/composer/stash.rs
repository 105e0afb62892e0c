//! Prompts that are put aside and brought back.

use pretty_assertions::assert_eq;

use crate::app::chat::tests::*;
use crate::domain::prompt::{Attachment, LocalFile};
use crate::domain::session::{ComposerChange, Prompt};

const STASH: ChatAction = ChatAction::Stash;

fn stash_changes(harness: &mut ChatHarness) -> Vec<ComposerChange> {
    let is_of_files = |change: &ComposerChange| {
        matches!(
            change,
            ComposerChange::AttachFile(_) | ComposerChange::DetachFile(_)
        )
    };
    let mut changes = changes(harness);
    changes.retain(|change| !is_of_files(change));
    changes
}

fn changes(harness: &mut ChatHarness) -> Vec<ComposerChange> {
    let effects = std::mem::take(&mut harness.effects).into_iter();
    let changes = effects.filter_map(|effect| match effect {
        Effect::KeepComposer(_, change) => Some(change),
        _ => None,
    });
    changes.collect()
}

fn file() -> Attachment {
    Attachment::SandboxFile {
        path: "src/main.rs".into(),
        lines: None,
    }
}

#[test]
fn a_stashed_prompt_comes_back_with_its_file_and_what_it_names() {
    let mut harness = ChatHarness::idle();
    harness.chat.restored(StoredComposer {
        mentions: vec![("@src/main.rs".into(), file())],
        ..StoredComposer::default()
    });
    harness.type_text("see @src/main.rs and ");
    harness.paste("/tmp/a.png");
    let image = LocalFile {
        name: "a.png".into(),
        mime: "image/png".into(),
        bytes: 3,
        base64: "AAAA".into(),
    };
    harness.chat.file_read("/tmp/a.png", image.clone());

    assert_eq!(harness.act(STASH), Some(ChatOutcome::Stashed(1)));
    assert!(harness.chat.composer_is_empty());
    let stashed = stash_changes(&mut harness);
    let [ComposerChange::Stash(prompt)] = stashed.as_slice() else {
        panic!("{stashed:?}");
    };
    let parts: Vec<Attachment> = prompt.parts.iter().map(|part| part.what.clone()).collect();
    assert_eq!(parts, [file(), Attachment::Local(image)]);

    // After a restart.
    let mut harness = ChatHarness::idle();
    harness.chat.restored(StoredComposer {
        stashes: vec![Prompt::clone(prompt)],
        ..StoredComposer::default()
    });
    assert_eq!(harness.act(STASH), None);
    assert_eq!(harness.chat.draft(), "see @src/main.rs and [a.png]");
    let forgotten = ComposerChange::Unstash(prompt.message.clone());
    assert_eq!(stash_changes(&mut harness), [forgotten]);
    harness.key(Key::plain(KeyCode::Enter));
    let sent = harness.prompts().remove(0);
    let again: Vec<Attachment> = sent.parts.into_iter().map(|part| part.what).collect();
    assert_eq!(again, parts);
    assert_eq!(
        harness.act(STASH),
        ChatOutcome::notice("nothing is stashed")
    );
}

#[test]
fn one_of_several_is_chosen_and_a_shell_line_stays_one() {
    let mut harness = ChatHarness::idle();
    for text in ["!ls", "second"] {
        harness.type_text(text);
        harness.act(STASH);
    }
    assert_eq!(
        harness.act(STASH),
        Some(ChatOutcome::List(ChatList::Stashes))
    );
    let listed: Vec<(MessageId, String)> = harness
        .chat
        .stashed()
        .map(|(id, text)| (id.clone(), text.to_owned()))
        .collect();
    assert_eq!([&*listed[0].1, &*listed[1].1], ["second", "!ls"]);

    harness.with(|chat, cx| chat.unstash(&listed[1].0, cx));
    harness.with(|chat, cx| chat.unstash(&listed[1].0, cx));

    assert_eq!(harness.chat.draft(), "!ls");
    assert!(harness.chat.composer.is_shell());
    assert_eq!(harness.chat.stashed().count(), 1);
}

#[test]
fn what_was_stashed_before_the_store_was_read_is_kept_once() {
    let mut harness = ChatHarness::idle();
    harness.type_text("new");
    harness.act(STASH);
    let stashed = stash_changes(&mut harness);
    let [ComposerChange::Stash(prompt)] = stashed.as_slice() else {
        panic!("{stashed:?}");
    };
    let old = Prompt {
        message: "msg_old".into(),
        text: "old".into(),
        ..Prompt::clone(prompt)
    };

    harness.chat.restored(StoredComposer {
        stashes: vec![old, Prompt::clone(prompt)],
        ..StoredComposer::default()
    });

    let texts: Vec<&str> = harness.chat.stashed().map(|(_, text)| text).collect();
    assert_eq!(texts, ["new", "old"]);
}

#[test]
fn a_restored_draft_names_what_was_picked_in_it() {
    let mut harness = ChatHarness::idle();
    harness.chat.restored(StoredComposer {
        draft: "look at @src/main.rs".into(),
        mentions: vec![("@src/main.rs".into(), file())],
        ..StoredComposer::default()
    });

    harness.key(Key::plain(KeyCode::Enter));

    let sent = harness.prompts().remove(0);
    assert_eq!(sent.parts[0].what, file());
}

#[test]
fn the_files_of_a_draft_outlive_the_program_and_are_stored_once() {
    let image = |name: &str| LocalFile {
        name: name.into(),
        mime: "image/png".into(),
        bytes: 3,
        base64: "AAAA".into(),
    };
    let mut harness = ChatHarness::idle();
    harness.type_text("see ");
    harness.paste("/tmp/a.png /tmp/b.png");
    harness.chat.file_read("/tmp/a.png", image("a.png"));
    harness.chat.file_read("/tmp/b.png", image("b.png"));
    harness.wait(1000);
    let stored = changes(&mut harness);
    let [
        ComposerChange::AttachFile(first),
        ComposerChange::AttachFile(second),
    ] = stored.as_slice()
    else {
        panic!("{stored:?}");
    };
    assert_eq!(
        [&first.file, &second.file],
        [&image("a.png"), &image("b.png")]
    );
    harness.type_text(" and more");
    harness.wait(1000);
    assert_eq!(changes(&mut harness), []);

    // After a restart.
    let draft = harness.chat.draft();
    let (first, second) = (first.clone(), second.clone());
    let mut harness = ChatHarness::idle();
    harness.chat.restored(StoredComposer {
        draft,
        files: vec![first.clone(), second.clone()],
        ..StoredComposer::default()
    });
    harness.wait(1000);
    assert_eq!(changes(&mut harness), []);
    let files = harness.chat.composer.files().into_iter();
    let files: Vec<LocalFile> = files.map(|(_, file)| file).collect();
    assert_eq!(files, [image("a.png"), image("b.png")]);

    // What is not in the text any more is not kept.
    for _ in " and more".chars().chain(['b']) {
        harness.key(Key::plain(KeyCode::Backspace));
    }
    harness.wait(1000);
    assert_eq!(
        changes(&mut harness),
        [ComposerChange::DetachFile(second.id)]
    );
    harness.key(Key::plain(KeyCode::Enter));
    assert_eq!(
        changes(&mut harness),
        [ComposerChange::DetachFile(first.id)]
    );
}
