//! Prompts that are put aside and brought back.

use pretty_assertions::assert_eq;

use crate::app::chat::tests::*;
use crate::domain::prompt::{Attachment, LocalFile};
use crate::domain::session::{ComposerChange, Prompt};

const STASH: ChatAction = ChatAction::Stash;

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
    let picture = LocalFile {
        name: "a.png".into(),
        mime: "image/png".into(),
        bytes: 3,
        base64: "AAAA".into(),
    };
    harness.chat.file_read("/tmp/a.png", picture.clone());

    assert_eq!(harness.act(STASH), Some(ChatOutcome::Stashed(1)));
    assert!(harness.chat.composer_is_empty());
    let stashed = changes(&mut harness);
    let [ComposerChange::Stash(prompt)] = stashed.as_slice() else {
        panic!("{stashed:?}");
    };
    let parts: Vec<Attachment> = prompt.parts.iter().map(|part| part.what.clone()).collect();
    assert_eq!(parts, [file(), Attachment::Local(picture)]);

    // After a restart.
    let mut harness = ChatHarness::idle();
    harness.chat.restored(StoredComposer {
        stashes: vec![Prompt::clone(prompt)],
        ..StoredComposer::default()
    });
    assert_eq!(harness.act(STASH), None);
    assert_eq!(harness.chat.draft(), "see @src/main.rs and [a.png]");
    let forgotten = ComposerChange::Unstash(prompt.message.clone());
    assert_eq!(changes(&mut harness), [forgotten]);
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
    let stashed = changes(&mut harness);
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
