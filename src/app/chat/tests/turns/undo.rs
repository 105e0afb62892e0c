//! Undo and redo: what is asked of the server, and what stands in the composer.

use pretty_assertions::assert_eq;

use crate::app::chat::tests::turns::reverted::{reverted, two_turns};
use crate::app::chat::tests::view::draw;
use crate::app::chat::tests::*;
use crate::domain::chat::ModelRef;
use crate::domain::prompt::{Attachment, Command, LocalFile, PromptKind, PromptOffers, PromptPart};
use crate::domain::session::{ConversationCommand, Prompt, StoredComposer};

/// A prompt as the server has it.
fn known(id: &str, text: &str) -> Prompt {
    Prompt {
        message: id.into(),
        part: "p".into(),
        text: text.to_owned(),
        kind: PromptKind::Message,
        parts: Vec::new(),
        agent: Some("build".into()),
        model: None,
        variant: None,
    }
}

impl ChatHarness {
    /// The server has undone a prompt and what follows it.
    fn is_undone(&mut self, id: &str, text: &str) {
        self.receive(reverted(Some((id, None))));
        self.with(|chat, cx| chat.undone(&known(id, text), cx));
    }

    fn is_redone(&mut self) {
        self.receive(reverted(None));
        self.chat.redone();
    }

    fn composed(&self) -> String {
        self.chat.draft()
    }
}

#[test]
fn each_undo_goes_one_prompt_further_and_each_redo_one_back() {
    let mut harness = two_turns(None);
    let undo = |id: &str| vec![SessionCommand::Undo(id.into())];

    assert_eq!(harness.act(ChatAction::Undo), None);
    assert_eq!(harness.commands(), undo("c"));
    harness.is_undone("c", "prompt c");
    harness.act(ChatAction::Undo);
    assert_eq!(harness.commands(), undo("a"));
    harness.is_undone("a", "prompt a");
    let nothing = harness.act(ChatAction::Undo);
    assert_eq!(
        nothing,
        Some(ChatOutcome::Notice("there is nothing to undo".into()))
    );

    harness.act(ChatAction::Redo);
    assert_eq!(harness.commands(), undo("c"));
    harness.is_undone("c", "prompt c");
    harness.act(ChatAction::Redo);
    assert_eq!(harness.commands(), [SessionCommand::Redo]);
    harness.is_redone();
    let nothing = harness.act(ChatAction::Redo);
    assert_eq!(
        nothing,
        Some(ChatOutcome::Notice("there is nothing to redo".into()))
    );
}

#[test]
fn what_was_typed_stays_below_the_prompt_that_was_undone() {
    let mut harness = two_turns(None);
    harness.type_text("half a thought");

    harness.act(ChatAction::Undo);
    harness.is_undone("c", "prompt c");
    assert_eq!(harness.composed(), "prompt c\nhalf a thought");

    // The one that was undone before it makes room.
    harness.act(ChatAction::Undo);
    harness.is_undone("a", "prompt a");
    assert_eq!(harness.composed(), "prompt a\nhalf a thought");

    harness.act(ChatAction::Redo);
    harness.is_redone();
    assert_eq!(harness.composed(), "half a thought");
}

#[test]
fn an_undone_prompt_that_was_changed_stays() {
    let mut harness = two_turns(None);
    harness.act(ChatAction::Undo);
    harness.is_undone("c", "prompt c");
    harness.type_text(" and d");

    harness.act(ChatAction::Undo);
    harness.is_undone("a", "prompt a");
    assert_eq!(harness.composed(), "prompt a\nprompt c and d");

    harness.act(ChatAction::Redo);
    harness.is_redone();
    assert_eq!(harness.composed(), "prompt c and d");
}

#[test]
fn a_prompt_comes_back_with_its_kind_and_its_files() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Offers(Box::new(PromptOffers {
        commands: vec![Command {
            name: "greet".into(),
            ..Command::default()
        }],
        ..PromptOffers::default()
    })));
    harness.say("/greet Ada");
    let sent = harness.prompts().remove(0);
    assert_eq!(sent.kind, PromptKind::Command);
    let id = sent.message.as_str().to_owned();
    harness.receive(ChatEvent::Message(message(&id, Role::User, 10)));
    harness.receive(ChatEvent::Part(text(&id, "t", "This is for Ada.", true)));
    assert_eq!(harness.texts(), ["This is for Ada."]);

    harness.act(ChatAction::Undo);
    harness.is_undone(&id, "This is for Ada.");
    assert_eq!(harness.composed(), "/greet Ada");

    let mut harness = two_turns(None);
    let file = LocalFile {
        name: "a.png".into(),
        mime: "image/png".into(),
        bytes: 3,
        base64: "AAEC".into(),
    };
    let mut prompt = known("c", "what is [a.png]?");
    prompt.parts = vec![PromptPart {
        id: "f".into(),
        place: Some(8..15),
        what: Attachment::Local(file.clone()),
    }];
    harness.type_text("later");
    harness.with(|chat, cx| chat.undone(&prompt, cx));
    harness.key(Key::plain(KeyCode::Enter));
    let sent = harness.prompts().remove(0);
    assert_eq!(sent.text, "what is [a.png]?\nlater");
    assert_eq!(sent.parts[0].what, Attachment::Local(file));
}

/// A conversation whose only prompt was a command: of an earlier run, or of another client.
fn expanded_command(line: &str) -> ChatHarness {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Message(message("a", Role::User, 10)));
    let template = "Review this change.\n\nLook for faults first.\nThe change: main";
    harness.receive(ChatEvent::Part(text("a", "t", template, true)));
    harness.receive(ChatEvent::Message(message("b", Role::Assistant, 20)));
    harness.receive(ChatEvent::Part(text("b", "u", "It is fine.", true)));
    harness.receive(ChatEvent::Command {
        prompt: "a".into(),
        line: line.to_owned(),
    });
    harness
}

#[test]
fn a_command_of_another_client_is_shown_and_comes_back_as_it_was_typed() {
    let mut harness = expanded_command("/review main");
    let folded = draw(&mut harness, 80, 14);
    harness.chat.show_message(&"a".into());
    harness.act(ChatAction::Open);
    let open = draw(&mut harness, 80, 14);
    insta::assert_snapshot!(format!("{folded}\n---\n{open}"));
    assert_eq!(
        harness.chat.timeline()[0].text.lines().next(),
        Some("/review main")
    );

    harness.act(ChatAction::Undo);
    let mut prompt = known("a", "Review this change.");
    let file = Attachment::SandboxFile {
        path: "a".into(),
        lines: None,
    };
    prompt.parts = vec![PromptPart {
        id: "f".into(),
        place: Some(0..6),
        what: file,
    }];
    harness.with(|chat, cx| chat.undone(&prompt, cx));

    assert_eq!(harness.composed(), "/review main");
}

#[test]
fn a_command_of_an_earlier_run_is_sent_again_as_a_command() {
    let mut harness = ChatHarness::idle();
    harness.chat.restored(StoredComposer {
        commands: vec![("a".into(), "/review main".to_owned())],
        ..StoredComposer::default()
    });
    harness.receive(ChatEvent::Message(message("a", Role::User, 10)));
    harness.receive(ChatEvent::Part(text("a", "t", "Review this change.", true)));
    let model = ModelRef {
        provider: "acme".into(),
        model: "big".into(),
    };

    harness.with(|chat, cx| chat.send_again(model, cx));
    harness.commands();
    harness.is_undone("a", "Review this change.");

    let sent = harness.prompts().remove(0);
    assert_eq!(
        (sent.text.as_str(), sent.kind),
        ("/review main", PromptKind::Command)
    );
}

#[test]
fn the_words_of_a_command_are_found_in_what_was_typed_and_in_what_it_became() {
    let harness = expanded_command("/review main");

    assert_eq!(harness.chat.matches_in_words("main"), "2 found");
    assert_eq!(harness.chat.matches_in_words("/review"), "1 found");
}

#[test]
fn a_line_for_the_shell_comes_back_as_one() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Message(message("s", Role::User, 10)));
    let mut told = text(
        "s",
        "t",
        "The following tool was executed by the user",
        true,
    );
    if let PartKind::Text { synthetic, .. } = &mut told.kind {
        *synthetic = true;
    }
    harness.receive(ChatEvent::Part(told));
    harness.receive(ChatEvent::Message(message("r", Role::Assistant, 20)));
    harness.receive(ChatEvent::Part(tool("r", "u", ToolStatus::Completed, "")));

    harness.act(ChatAction::Undo);
    assert_eq!(harness.commands(), [SessionCommand::Undo("s".into())]);
    harness.is_undone("s", "");

    assert_eq!(harness.composed(), "!cargo test");
}

#[test]
fn an_undo_needs_a_connection_and_the_end_of_the_last_one() {
    let mut harness = two_turns(None);
    harness.act(ChatAction::Undo);
    let words = "the last undo is still under way";
    assert_eq!(
        harness.act(ChatAction::Undo),
        Some(ChatOutcome::Notice(words.into()))
    );
    assert_eq!(harness.commands().len(), 1);
    let failure = crate::domain::failure::Failure::new("no");
    harness.chat.command_failed(&failure);
    assert_eq!(harness.act(ChatAction::Undo), None);

    harness.chat.set_delivery(Delivery::Later);
    let words = "this needs a connection to the server";
    assert_eq!(
        harness.act(ChatAction::Undo),
        Some(ChatOutcome::Notice(words.into()))
    );
}

#[test]
fn the_last_prompt_is_sent_again_with_another_model() {
    let mut harness = two_turns(None);
    harness.type_text("a thought");
    let model = ModelRef {
        provider: "acme".into(),
        model: "big".into(),
    };

    let asked = harness.act(ChatAction::SendAgain);
    assert_eq!(asked, Some(ChatOutcome::List(ChatList::SendAgain)));
    harness.with(|chat, cx| chat.send_again(model.clone(), cx));
    assert_eq!(harness.commands(), [SessionCommand::Undo("c".into())]);
    harness.is_undone("c", "prompt c");

    let sent = harness.prompts().remove(0);
    assert_eq!(
        (sent.text.as_str(), &sent.model),
        ("prompt c", &Some(model.clone()))
    );
    assert_ne!(sent.message.as_str(), "c");
    assert_eq!(harness.composed(), "a thought");
    assert_eq!(harness.chat.model(), Some(&model));
    assert_eq!(harness.texts().last().unwrap(), "prompt c");
}

#[test]
fn an_undo_that_failed_sends_nothing_again() {
    let mut harness = two_turns(None);
    let model = ModelRef {
        provider: "acme".into(),
        model: "big".into(),
    };
    harness.with(|chat, cx| chat.send_again(model, cx));
    let failure = crate::domain::failure::Failure::new("no");
    harness.chat.command_failed(&failure);
    harness.commands();

    harness.is_undone("c", "prompt c");

    assert_eq!(harness.prompts(), []);
    assert_eq!(harness.composed(), "prompt c");
}

#[test]
fn the_timeline_has_all_prompts_and_goes_to_one() {
    let mut harness = two_turns(Some(("c", None)));

    let timeline = harness.chat.timeline();
    let shown: Vec<(&str, bool)> = timeline
        .iter()
        .map(|prompt| (prompt.text.as_str(), prompt.is_undone))
        .collect();
    assert_eq!(shown, [("prompt c", true), ("prompt a", false)]);

    harness.chat.show_message(&"a".into());
    let block = BlockId::Part("a".into(), "a_text".into());
    assert_eq!(harness.chat.scroll.selected, Some(block));
    assert_eq!(harness.chat.context(), ChatContext::Transcript);

    // What is undone is folded.
    harness.chat.show_message(&"c".into());
    assert_eq!(harness.chat.scroll.selected, Some(BlockId::Reverted));
}

#[test]
fn the_last_answer_is_copied_whatever_is_selected() {
    let mut harness = two_turns(None);
    harness.chat.show_message(&"a".into());
    harness.commands();

    harness.act(ChatAction::CopyAnswer);

    let text = "first of d\n\nsecond of d".to_owned();
    assert!(harness.effects.contains(&Effect::Copy(text)));
}

#[test]
fn a_fork_ends_before_the_selected_prompt_or_behind_the_selected_answer() {
    let before = |harness: &mut ChatHarness| match harness.commands().remove(0) {
        SessionCommand::Conversations(ConversationCommand::Fork { before, .. }) => {
            before.map(|id| id.as_str().to_owned())
        }
        other => panic!("{other:?}"),
    };
    let mut harness = two_turns(None);
    harness.act(ChatAction::Fork);
    assert_eq!(before(&mut harness), None);

    for (selected, left_out) in [("a", Some("a")), ("b", Some("c")), ("d", None)] {
        harness.chat.show_message(&selected.into());
        harness.act(ChatAction::Fork);
        assert_eq!(before(&mut harness).as_deref(), left_out, "{selected}");
    }
}
