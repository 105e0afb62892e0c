//! Undo and redo: what is asked of the server, and what stands in the composer.

use pretty_assertions::assert_eq;

use super::reverted::{reverted, two_turns};
use super::*;
use crate::domain::prompt::{Attachment, Command, LocalFile, PromptKind, PromptOffers, PromptPart};
use crate::domain::session::{ConversationCommand, Prompt};

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
    }
}

impl World {
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
    let mut world = two_turns(None);
    let undo = |id: &str| vec![SessionCommand::Undo(id.into())];

    assert_eq!(world.act(ChatAction::Undo), None);
    assert_eq!(world.commands(), undo("c"));
    world.is_undone("c", "prompt c");
    world.act(ChatAction::Undo);
    assert_eq!(world.commands(), undo("a"));
    world.is_undone("a", "prompt a");
    let nothing = world.act(ChatAction::Undo);
    assert_eq!(
        nothing,
        Some(ChatOutcome::Notice("there is nothing to undo".into()))
    );

    world.act(ChatAction::Redo);
    assert_eq!(world.commands(), undo("c"));
    world.is_undone("c", "prompt c");
    world.act(ChatAction::Redo);
    assert_eq!(world.commands(), [SessionCommand::Redo]);
    world.is_redone();
    let nothing = world.act(ChatAction::Redo);
    assert_eq!(
        nothing,
        Some(ChatOutcome::Notice("there is nothing to redo".into()))
    );
}

#[test]
fn what_was_typed_stays_below_the_prompt_that_was_undone() {
    let mut world = two_turns(None);
    world.type_text("half a thought");

    world.act(ChatAction::Undo);
    world.is_undone("c", "prompt c");
    assert_eq!(world.composed(), "prompt c\nhalf a thought");

    // The one that was undone before it makes room.
    world.act(ChatAction::Undo);
    world.is_undone("a", "prompt a");
    assert_eq!(world.composed(), "prompt a\nhalf a thought");

    world.act(ChatAction::Redo);
    world.is_redone();
    assert_eq!(world.composed(), "half a thought");
}

#[test]
fn an_undone_prompt_that_was_changed_stays() {
    let mut world = two_turns(None);
    world.act(ChatAction::Undo);
    world.is_undone("c", "prompt c");
    world.type_text(" and d");

    world.act(ChatAction::Undo);
    world.is_undone("a", "prompt a");
    assert_eq!(world.composed(), "prompt a\nprompt c and d");

    world.act(ChatAction::Redo);
    world.is_redone();
    assert_eq!(world.composed(), "prompt c and d");
}

#[test]
fn a_prompt_comes_back_with_its_kind_and_its_files() {
    let mut world = World::idle();
    world.receive(ChatEvent::Offers(Box::new(PromptOffers {
        commands: vec![Command {
            name: "greet".into(),
            ..Command::default()
        }],
        ..PromptOffers::default()
    })));
    world.say("/greet Ada");
    let sent = world.prompts().remove(0);
    assert_eq!(sent.kind, PromptKind::Command);
    let id = sent.message.as_str().to_owned();
    world.receive(ChatEvent::Message(message(&id, Role::User, 10)));
    world.receive(ChatEvent::Part(text(&id, "t", "This is for Ada.", true)));

    world.act(ChatAction::Undo);
    world.is_undone(&id, "This is for Ada.");
    assert_eq!(world.composed(), "/greet Ada");

    let mut world = two_turns(None);
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
    world.type_text("later");
    world.with(|chat, cx| chat.undone(&prompt, cx));
    world.key(Key::plain(KeyCode::Enter));
    let sent = world.prompts().remove(0);
    assert_eq!(sent.text, "what is [a.png]?\nlater");
    assert_eq!(sent.parts[0].what, Attachment::Local(file));
}

#[test]
fn a_line_for_the_shell_comes_back_as_one() {
    let mut world = World::idle();
    world.receive(ChatEvent::Message(message("s", Role::User, 10)));
    let mut told = text(
        "s",
        "t",
        "The following tool was executed by the user",
        true,
    );
    if let PartKind::Text { synthetic, .. } = &mut told.kind {
        *synthetic = true;
    }
    world.receive(ChatEvent::Part(told));
    world.receive(ChatEvent::Message(message("r", Role::Assistant, 20)));
    world.receive(ChatEvent::Part(tool("r", "u", ToolStatus::Completed, "")));

    world.act(ChatAction::Undo);
    assert_eq!(world.commands(), [SessionCommand::Undo("s".into())]);
    world.is_undone("s", "");

    assert_eq!(world.composed(), "!cargo test");
}

#[test]
fn an_undo_needs_a_connection_and_the_end_of_the_last_one() {
    let mut world = two_turns(None);
    world.act(ChatAction::Undo);
    let words = "the last undo is still under way";
    assert_eq!(
        world.act(ChatAction::Undo),
        Some(ChatOutcome::Notice(words.into()))
    );
    assert_eq!(world.commands().len(), 1);
    let failure = crate::domain::failure::Failure::new("no");
    world.chat.command_failed(&failure);
    assert_eq!(world.act(ChatAction::Undo), None);

    world.chat.set_reach(Delivery::Later);
    let words = "this needs a connection to the server";
    assert_eq!(
        world.act(ChatAction::Undo),
        Some(ChatOutcome::Notice(words.into()))
    );
}

#[test]
fn the_last_prompt_is_sent_again_with_another_model() {
    let mut world = two_turns(None);
    world.type_text("a thought");
    let model = ModelRef {
        provider: "acme".into(),
        model: "big".into(),
    };

    let asked = world.act(ChatAction::SendAgain);
    assert_eq!(asked, Some(ChatOutcome::List(ChatList::SendAgain)));
    world.with(|chat, cx| chat.send_again(model.clone(), cx));
    assert_eq!(world.commands(), [SessionCommand::Undo("c".into())]);
    world.is_undone("c", "prompt c");

    let sent = world.prompts().remove(0);
    assert_eq!(
        (sent.text.as_str(), &sent.model),
        ("prompt c", &Some(model.clone()))
    );
    assert_ne!(sent.message.as_str(), "c");
    assert_eq!(world.composed(), "a thought");
    assert_eq!(world.chat.model(), Some(&model));
    assert_eq!(world.texts().last().unwrap(), "prompt c");
}

#[test]
fn an_undo_that_failed_sends_nothing_again() {
    let mut world = two_turns(None);
    let model = ModelRef {
        provider: "acme".into(),
        model: "big".into(),
    };
    world.with(|chat, cx| chat.send_again(model, cx));
    let failure = crate::domain::failure::Failure::new("no");
    world.chat.command_failed(&failure);
    world.commands();

    world.is_undone("c", "prompt c");

    assert_eq!(world.prompts(), []);
    assert_eq!(world.composed(), "prompt c");
}

#[test]
fn the_timeline_has_all_prompts_and_goes_to_one() {
    let mut world = two_turns(Some(("c", None)));

    let timeline = world.chat.timeline();
    let shown: Vec<(&str, bool)> = timeline
        .iter()
        .map(|prompt| (prompt.text.as_str(), prompt.is_undone))
        .collect();
    assert_eq!(shown, [("prompt c", true), ("prompt a", false)]);

    world.chat.show_message(&"a".into());
    let block = BlockId::Part("a".into(), "a_text".into());
    assert_eq!(world.chat.scroll.selected, Some(block));
    assert_eq!(world.chat.context(), ChatContext::Transcript);

    // What is undone is folded.
    world.chat.show_message(&"c".into());
    assert_eq!(world.chat.scroll.selected, Some(BlockId::Reverted));
}

#[test]
fn the_last_answer_is_copied_whatever_is_selected() {
    let mut world = two_turns(None);
    world.chat.show_message(&"a".into());
    world.commands();

    world.act(ChatAction::CopyAnswer);

    let text = "first of d\n\nsecond of d".to_owned();
    assert!(world.effects.contains(&Effect::Copy(text)));
}

#[test]
fn a_fork_ends_before_the_selected_prompt_or_behind_the_selected_answer() {
    let before = |world: &mut World| match world.commands().remove(0) {
        SessionCommand::Conversations(ConversationCommand::Fork { before, .. }) => {
            before.map(|id| id.as_str().to_owned())
        }
        other => panic!("{other:?}"),
    };
    let mut world = two_turns(None);
    world.act(ChatAction::Fork);
    assert_eq!(before(&mut world), None);

    for (selected, left_out) in [("a", Some("a")), ("b", Some("c")), ("d", None)] {
        world.chat.show_message(&selected.into());
        world.act(ChatAction::Fork);
        assert_eq!(before(&mut world).as_deref(), left_out, "{selected}");
    }
}
