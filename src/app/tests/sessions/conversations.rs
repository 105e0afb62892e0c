//! The conversations beside the one on the screen: the list, and what is chosen in it.

use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::domain::chat::{Conversation, Message, MessageWithParts, Part, Role};
use crate::domain::server::{ServerAnswer, ServerCommand};
use crate::domain::session::activity::Activity;
use crate::domain::session::{
    CloseAction, ConversationAnswer, ConversationBeside, ConversationCommand, ExportFormat,
    ExportedConversation, ListedConversation, Prompt, SessionCommand,
};
use crate::domain::testing;

fn conversation(id: &str, title: &str, age: u64) -> Conversation {
    Conversation {
        title: title.to_owned(),
        updated: UnixMillis(NOON - age),
        ..testing::conversation(id)
    }
}

fn row_of(conversation: Conversation, activity: Option<Activity>) -> ListedConversation {
    ListedConversation {
        conversation,
        activity,
    }
}

/// A session whose conversation is `ses_1`, and the list of its server.
fn listed(mut script: Script, key: &str) -> Script {
    let resync = testing::resync(Vec::new(), TurnStatus::Idle);
    let resync = ChatEvent::Resync(Box::new(resync));
    script.session(key, SessionEvent::Chat(resync));
    script.phase(key, Phase::Live);
    script.asked();
    script.keys("ctrl-x h");
    let asked = Effect::Command(key.into(), conversations(ConversationCommand::List));
    assert_eq!(script.asked(), [asked]);
    let answer = ConversationAnswer::Listed(vec![
        row_of(conversation("ses_2", "Flaky\u{7}login", 60_000), None),
        row_of(conversation("ses_1", "", 120_000), None),
    ]);
    script.session(key, SessionEvent::Conversations(answer));
    script
}

fn full() -> Script {
    listed(Script::with_stored(vec![row("one", 1)]), "one")
}

fn conversations(command: ConversationCommand) -> SessionCommand {
    SessionCommand::Conversations(command)
}

/// The one command about conversations that was asked for.
fn command(script: &mut Script) -> ConversationCommand {
    let asked = script.asked();
    let mut commands = asked.into_iter().filter_map(|effect| match effect {
        Effect::Command(_, SessionCommand::Conversations(command)) => Some(command),
        _ => None,
    });
    commands.next().expect("a command")
}

#[test]
fn the_list_shows_titles_and_times_and_the_filter_narrows_it() {
    let mut script = full();
    let screen = script.screen(80, 24);
    for shown in [
        "Conversations in this sandbox",
        "3 of 3",
        "Flaky",
        "(no title yet)",
        "new conversation",
    ] {
        assert!(screen.contains(shown), "{shown}: {screen}");
    }
    assert!(!screen.contains('\u{7}'));

    script.type_text("login");

    assert!(script.screen(80, 24).contains("1 of 3"));
}

#[test]
fn a_chosen_conversation_gets_a_session_of_its_own_with_the_forks_prompt() {
    let mut script = full();
    script.keys("enter");
    let ConversationCommand::Open { conversation, key } = command(&mut script) else {
        panic!("nothing was opened");
    };
    assert_eq!(conversation.as_str(), "ses_2");

    let stored = SessionSummary {
        key: key.clone(),
        name: "one-2".to_owned(),
        ..row("one", 0)
    };
    let beside = ConversationBeside {
        key: key.clone(),
        conversation,
        stored: Some(stored),
        prompt: Some(Prompt {
            message: "msg".into(),
            part: "prt".into(),
            text: "once more".to_owned(),
            kind: crate::domain::prompt::PromptKind::Message,
            parts: Vec::new(),
            agent: None,
            model: None,
            variant: None,
        }),
    };
    let answer = ConversationAnswer::Beside(Box::new(beside));
    script.session("one", SessionEvent::Conversations(answer));

    assert_eq!(script.shown(), key.as_str());
    let asked = script.asked();
    let opens = |effect: &Effect| matches!(effect, Effect::OpenSession(spec) if spec.key == key && spec.origin == SessionOrigin::Stored);
    assert!(asked.iter().any(opens), "{asked:?}");
    let screen = script.screen(120, 36);
    assert!(
        screen.contains("one-2") && screen.contains("› once more"),
        "{screen}"
    );
}

#[test]
fn attached_to_a_server_its_other_conversation_is_attached_to() {
    let mut script = listed(Script::attached(), "attached");
    let beside = ConversationBeside {
        key: "new".into(),
        conversation: "ses_2".into(),
        stored: None,
        prompt: None,
    };
    let answer = ConversationAnswer::Beside(Box::new(beside));
    script.session("attached", SessionEvent::Conversations(answer));

    assert_eq!(script.shown(), "new");
    let asked = script.asked();
    let opens = |effect: &Effect| match effect {
        Effect::OpenSession(spec) => spec.origin == attach_spec().origin.with("ses_2".into()),
        _ => false,
    };
    assert!(asked.iter().any(opens), "{asked:?}");
}

/// The answers of a server that `ses_1` and `ses_2` are open of; the second one is shown.
fn two_attached() -> Script {
    let mut script = listed(Script::attached(), "attached");
    script.keys("esc");
    let beside = ConversationBeside {
        key: "new".into(),
        conversation: "ses_2".into(),
        stored: None,
        prompt: None,
    };
    let answer = ConversationAnswer::Beside(Box::new(beside));
    script.session("attached", SessionEvent::Conversations(answer));
    let mut resync = testing::resync(Vec::new(), TurnStatus::Busy);
    resync.conversation = conversation("ses_2", "Flaky login", 60_000);
    let resync = ChatEvent::Resync(Box::new(resync));
    script.session("new", SessionEvent::Chat(resync));
    script.phase("new", Phase::Live);
    script.asked();
    script
}

#[test]
fn attached_to_a_server_its_conversations_are_the_sessions() {
    let mut script = two_attached();
    script.status("attached", TurnStatus::Busy);
    script.session("attached", SessionEvent::Chat(permission()));
    script.asked();
    script.keys("ctrl-x l");
    assert_eq!(command(&mut script), ConversationCommand::List);
    let elsewhere = Conversation {
        directory: "/code/docs".to_owned(),
        ..conversation("ses_3", "Write the manual", 180_000)
    };
    let asks = Activity::NeedsYou("bash: ls".to_owned());
    let answer = ConversationAnswer::Listed(vec![
        row_of(conversation("ses_2", "Flaky login", 60_000), None),
        row_of(conversation("ses_1", "Rename all", 120_000), None),
        row_of(elsewhere, Some(Activity::Working)),
        row_of(conversation("ses_4", "Publish", 240_000), Some(asks)),
        row_of(conversation("ses_5", "", 86_400_000), Some(Activity::Idle)),
    ]);
    script.session("new", SessionEvent::Conversations(answer));

    insta::assert_snapshot!("the_conversations_of_a_server_80x24", script.screen(80, 24));
    insta::assert_snapshot!(
        "the_conversations_of_a_server_120x36",
        script.screen(120, 36)
    );
    script.type_text("needs you rename").keys("enter");
    assert_eq!(script.shown(), "attached");
}

#[test]
fn an_open_list_is_asked_for_again_and_keeps_what_is_selected_and_typed() {
    let mut script = listed(Script::attached(), "attached");
    script.type_text("e").keys("down");
    script.wait(Duration::from_secs(3));
    assert_eq!(command(&mut script), ConversationCommand::List);
    script.wait(Duration::from_secs(9));
    assert_eq!(script.asked(), [], "only once it has answered");
    let newer = ConversationAnswer::Listed(vec![
        row_of(conversation("ses_3", "Newest", 0), None),
        row_of(conversation("ses_2", "Flaky login", 60_000), None),
        row_of(conversation("ses_1", "Renamed", 120_000), None),
    ]);

    script.session("attached", SessionEvent::Conversations(newer.clone()));

    let screen = script.screen(100, 24);
    assert!(
        screen.contains("Newest") && screen.contains("› e"),
        "{screen}"
    );
    script.keys("esc");
    script.wait(Duration::from_secs(3));
    assert_eq!(script.asked(), [], "it is closed");
    script.session("attached", SessionEvent::Conversations(newer));
    assert!(script.app.overlays.is_empty(), "it stays closed");
}

#[test]
fn what_others_used_since_the_beginning_is_unread() {
    let mut script = listed(Script::attached(), "attached");
    script.wait(Duration::from_mins(5));
    let used = |id: &str, activity| {
        let conversation = Conversation {
            updated: UnixMillis(NOON + 120_000),
            ..conversation(id, id, 0)
        };
        row_of(conversation, activity)
    };
    let answer = ConversationAnswer::Listed(vec![
        used("ses_used", Some(Activity::Idle)),
        used("ses_works", Some(Activity::Working)),
        row_of(conversation("ses_old", "ses_old", 60_000), None),
    ]);
    script.session("attached", SessionEvent::Conversations(answer));

    let screen = script.screen(100, 24);
    let unread: Vec<&str> = screen
        .lines()
        .filter(|row| row.contains("unread"))
        .collect();
    assert_eq!(unread.len(), 1, "{screen}");
    assert!(unread[0].contains("ses_used"), "{screen}");
}

#[test]
fn a_key_that_is_stored_is_known_in_the_other_directories_of_the_server_too() {
    let mut script = two_attached();
    let mut elsewhere = testing::resync(Vec::new(), TurnStatus::Idle);
    elsewhere.conversation = Conversation {
        directory: "/code/docs".to_owned(),
        ..conversation("ses_2", "Flaky login", 0)
    };
    let resync = ChatEvent::Resync(Box::new(elsewhere));
    script.session("new", SessionEvent::Chat(resync));
    script.asked();
    let stored = ServerAnswer::KeyStored {
        provider: "acme".to_owned(),
        is_used: true,
    };

    script.session("attached", SessionEvent::Server(stored));

    let command = SessionCommand::Server(ServerCommand::ReloadProviders);
    assert_eq!(script.asked(), [Effect::Command("new".into(), command)]);
}

#[test]
fn attached_to_a_server_keys_show_and_begin_conversations() {
    let mut script = two_attached();
    assert_eq!(script.shown(), "new");
    script.type_text("a draft");
    script.keys("ctrl-x 1");
    assert_eq!(script.shown(), "attached");
    script.keys("ctrl-x 2");
    assert!(script.screen(80, 24).contains("a draft"));
    script.keys("ctrl-x 3");
    let screen = script.screen(80, 24);
    assert!(screen.contains("session 3 is not open"), "{screen}");

    script.session("attached", SessionEvent::Chat(permission()));
    script.status("attached", TurnStatus::Busy);
    script.session("attached", SessionEvent::Chat(permission()));
    assert!(script.screen(80, 24).contains("1 other needs you"));
    script.keys("ctrl-x space");
    assert_eq!(script.shown(), "attached");

    script.asked();
    script.keys("ctrl-x n");
    let begun = command(&mut script);
    assert!(
        matches!(begun, ConversationCommand::New { .. }),
        "{begun:?}"
    );
}

#[test]
fn a_key_begins_a_conversation_in_the_same_sandbox() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let resync = testing::resync(Vec::new(), TurnStatus::Idle);
    script.session(
        "one",
        SessionEvent::Chat(ChatEvent::Resync(Box::new(resync))),
    );
    script.phase("one", Phase::Live);
    script.asked();

    script.keys("ctrl-x C");

    let begun = command(&mut script);
    assert!(
        matches!(begun, ConversationCommand::New { .. }),
        "{begun:?}"
    );
}

#[test]
fn a_deleted_conversation_that_is_open_in_the_background_is_closed() {
    let mut script = two_attached();
    let answer = ConversationAnswer::Deleted("ses_1".into());
    script.session("new", SessionEvent::Conversations(answer));

    let closed = Effect::CloseSession("attached".into(), CloseAction::Detach);
    assert!(script.asked().contains(&closed));
    script.keys("ctrl-x 1");
    assert_eq!(script.shown(), "new", "the slots move up");
}

#[test]
fn what_needs_a_sandbox_says_that_there_is_none() {
    let mut script = two_attached();
    for (keys, words) in [
        ("ctrl-x s", "no sandbox for a shell"),
        ("ctrl-x t", "attached to a server: no time limit"),
        ("ctrl-x b", "no sandbox to revive"),
        ("ctrl-x a", "no sandbox to boot"),
        ("ctrl-x o", "read its logs there"),
    ] {
        script.keys(keys);
        let screen = script.screen(100, 24);
        assert!(screen.contains(words), "{keys}: {screen}");
    }
    assert_eq!(script.asked(), []);
}

#[test]
fn a_conversation_is_renamed_in_a_field_that_has_its_title() {
    let mut script = full();
    script.keys("ctrl-r");
    assert!(script.screen(80, 24).contains("Rename the conversation"));
    script.type_text(" again").keys("enter");

    let ConversationCommand::Rename {
        conversation,
        title,
    } = command(&mut script)
    else {
        panic!("nothing was renamed");
    };
    assert_eq!(
        (conversation.as_str(), title.as_str()),
        ("ses_2", "Flaky login again")
    );
}

#[test]
fn a_conversation_is_deleted_once_the_user_says_so_and_never_an_open_one() {
    let mut script = full();
    script.keys("ctrl-d");
    assert_eq!(script.asked(), [], "it is asked first");
    let screen = script.screen(80, 24);
    assert!(screen.contains("Flaky"), "{screen}");
    script.keys("y");
    assert_eq!(
        command(&mut script),
        ConversationCommand::Delete("ses_2".into())
    );

    let mut script = full();
    script.keys("down ctrl-d");
    let screen = script.screen(80, 24);
    assert!(screen.contains("that is open here"), "{screen}");
    assert!(!screen.contains("Delete?"), "{screen}");
}

#[test]
fn a_shared_conversation_has_its_address_copied() {
    let mut script = full();
    script.keys("esc ctrl-x S");
    assert_eq!(command(&mut script), ConversationCommand::Share);
    let url = "https://opncd.ai/s/abc".to_owned();
    let answer = ConversationAnswer::Shared(Some(url.clone()));
    script.session("one", SessionEvent::Conversations(answer));

    assert_eq!(script.asked(), [Effect::Copy(url.clone())]);
    assert!(script.screen(80, 24).contains(&url));
}

#[test]
fn a_summary_needs_a_model_and_an_agent_at_rest() {
    let mut script = full();
    script.keys("esc ctrl-x c");
    assert!(script.screen(80, 24).contains("choose a model first"));
    script.status("one", TurnStatus::Busy);
    script.keys("ctrl-x c");
    assert!(script.screen(80, 24).contains("the agent works"));
    assert_eq!(script.asked(), []);
}

#[test]
fn an_export_is_written_in_the_chosen_format() {
    let mut script = full();
    script.keys("esc ctrl-x x");
    assert!(script.screen(80, 24).contains("Export the conversation"));
    script.type_text("markdown file").keys("enter");
    let asked = ConversationCommand::Export(ExportFormat::Markdown);
    assert_eq!(command(&mut script), asked);
    let exported = |format| {
        let exported = ExportedConversation {
            format,
            conversation: conversation("ses_1", "My Work", 0),
            messages: vec![testing::spoken("a", Role::User, 1, "do it")],
            json: "{}".to_owned(),
        };
        SessionEvent::Conversations(ConversationAnswer::Exported(Box::new(exported)))
    };
    let document = "# My Work\n\n## User\n\ndo it\n".to_owned();

    script.session("one", exported(ExportFormat::Markdown));
    let write = Effect::WriteFile {
        name: "my-work".to_owned(),
        ending: "md",
        text: document.clone(),
    };
    assert_eq!(script.asked(), [write]);
    script.session("one", exported(ExportFormat::Clipboard));
    assert_eq!(script.asked(), [Effect::Copy(document)]);
}

#[test]
fn the_menu_of_a_message_copies_its_code() {
    let mut script = full();
    let text = "Like this:\n\n```sh\nls\n```\n";
    let spoken = testing::spoken("b", Role::Assistant, 5, text);
    let resync = testing::resync(vec![spoken], TurnStatus::Idle);
    script.session(
        "one",
        SessionEvent::Chat(ChatEvent::Resync(Box::new(resync))),
    );
    script.keys("esc");
    script.draw(80, 24);
    script.keys("esc m");
    let screen = script.screen(80, 24);
    assert!(screen.contains("copy code: sh, 1 line"), "{screen}");
    script.type_text("code").keys("enter");

    assert_eq!(script.asked(), [Effect::Copy("ls\n".to_owned())]);
}

/// A prompt with this id and text.
fn prompt(id: &str, text: &str) -> MessageWithParts {
    let at = UnixMillis(NOON - 60_000);
    MessageWithParts {
        message: Message::new(id, Role::User, at),
        parts: vec![Part::text(id, format!("{id}_text"), text, true)],
    }
}

#[test]
fn the_list_of_prompts_grows_until_the_oldest_is_loaded() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let mut resync = testing::resync(vec![prompt("msg_9", "the newest")], TurnStatus::Idle);
    resync.more = true;
    script.session(
        "one",
        SessionEvent::Chat(ChatEvent::Resync(Box::new(resync))),
    );
    script.phase("one", Phase::Live);
    script.asked();
    let load = Effect::Command("one".into(), SessionCommand::LoadOlder);

    script.keys("ctrl-x j");
    assert_eq!(script.asked(), std::slice::from_ref(&load));
    let screen = script.screen(80, 24);
    assert!(screen.contains("loading older prompts"), "{screen}");
    let page = |id: &str, text: &str, more| {
        let page = vec![prompt(id, text)];
        SessionEvent::Chat(ChatEvent::Older { page, more })
    };
    script.session("one", page("msg_5", "one in between", true));
    assert_eq!(script.asked(), [load]);
    script.session("one", page("msg_1", "the oldest", false));

    assert_eq!(script.asked(), []);
    let screen = script.screen(80, 24);
    assert!(!screen.contains("loading older prompts"), "{screen}");
    for text in ["the newest", "one in between", "the oldest"] {
        assert!(screen.contains(text), "{screen}");
    }

    // Once the list is closed, nothing more is loaded.
    script.keys("esc");
    script.session("one", page("msg_0", "older still", true));
    assert_eq!(script.asked(), []);
}
