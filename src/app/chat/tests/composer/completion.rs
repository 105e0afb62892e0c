//! The menu above the composer, commands, shell lines and mentions.

use insta::assert_snapshot;
use pretty_assertions::assert_eq;

use crate::app::action::AppAction;
use crate::app::chat::tests::view::draw;
use crate::app::chat::tests::*;
use crate::domain::prompt::{
    Attachment, Command, LineRange, LocalFile, PromptKind, PromptOffers, Resource,
};
use crate::domain::session::PromptQueue;

const ENTER: Key = Key::plain(KeyCode::Enter);
const TAB: Key = Key::plain(KeyCode::Tab);
const ESC: Key = Key::plain(KeyCode::Esc);
const UP: Key = Key::plain(KeyCode::Up);
const DOWN: Key = Key::plain(KeyCode::Down);
const BACKSPACE: Key = Key::plain(KeyCode::Backspace);

pub(super) fn offers() -> ChatEvent {
    let command = |name: &str, description: &str, takes_arguments| Command {
        name: name.into(),
        description: description.into(),
        is_skill: false,
        takes_arguments,
    };
    ChatEvent::Offers(Box::new(PromptOffers {
        commands: vec![
            command("init", "guided AGENTS.md setup", true),
            command("review", "review changes [commit|branch|pr]", true),
            command("tidy", "", false),
            Command {
                is_skill: true,
                ..command("pdf", "reads PDFs", false)
            },
        ],
        agents: vec![("explore".into(), "Fast agent".into())],
        resources: vec![Resource {
            server: "wiki".into(),
            uri: "wiki://start".into(),
            name: "start page".into(),
            description: String::new(),
            mime: "text/html".into(),
        }],
    }))
}

fn ready() -> ChatHarness {
    let mut harness = ChatHarness::idle();
    harness.receive(offers());
    harness.commands();
    harness
}

fn finds(harness: &mut ChatHarness, query: &str, paths: &[&str]) {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    harness.with(|chat, cx| chat.files_found(query, paths, cx));
}

fn asked(harness: &mut ChatHarness) -> Vec<String> {
    let commands = harness.commands().into_iter();
    commands
        .filter_map(|command| match command {
            SessionCommand::FindFiles(query) => Some(query),
            _ => None,
        })
        .collect()
}

fn file(path: &str) -> Attachment {
    Attachment::SandboxFile {
        path: path.into(),
        lines: None,
    }
}

#[test]
fn a_command_is_completed_by_enter_and_run_by_another() {
    let mut harness = ready();
    harness.type_text("/rvw");
    assert_eq!(harness.chat.context(), ChatContext::Completion);

    harness.key(ENTER);
    assert_eq!(harness.chat.draft(), "/review ");
    assert_eq!(harness.chat.context(), ChatContext::Composer);
    assert_eq!(harness.prompts(), []);

    harness.type_text("main");
    harness.act(ChatAction::Newline);
    harness.type_text("  twice");
    harness.key(ENTER);
    let prompts = harness.prompts();
    assert_eq!(prompts[0].text, "/review main\n  twice");
    assert_eq!(prompts[0].kind, PromptKind::Command);
}

#[test]
fn a_command_that_is_typed_whole_runs_at_once() {
    let mut harness = ready();
    harness.type_text("/tidy");
    harness.key(ENTER);
    assert_eq!(harness.prompts()[0].kind, PromptKind::Command);
    assert_eq!(harness.chat.context(), ChatContext::Composer);
}

#[test]
fn our_own_actions_run_by_name_and_are_not_sent() {
    let mut harness = ready();
    harness.type_text("/ne");
    let outcome = harness.act(ChatAction::MenuAccept);
    let new = Action::App(AppAction::NewSession);
    assert_eq!(outcome, Some(ChatOutcome::Act(new)));
    assert!(harness.chat.composer_is_empty());

    // Also when the menu was closed, or by another of its names.
    for name in ["/new", "/clear"] {
        harness.type_text(name);
        harness.key(ESC);
        let outcome = harness.act(ChatAction::Send);
        assert_eq!(outcome, Some(ChatOutcome::Act(new)), "{name}");
    }
    harness.type_text("/new things are needed");
    harness.key(ENTER);
    let prompts = harness.prompts();
    assert_eq!((prompts.len(), prompts[0].kind), (1, PromptKind::Message));
}

#[test]
fn actions_of_a_sandbox_are_not_offered_where_there_is_none() {
    let mut harness = ChatHarness::idle();
    harness.chat = harness.chat.attached();
    harness.receive(offers());
    harness.type_text("/shell");
    assert_eq!(harness.act(ChatAction::Send), None);
    assert_eq!(harness.prompts()[0].text, "/shell");
}

#[test]
fn what_names_no_command_is_sent_as_text() {
    let mut harness = ready();
    for text in ["/etc/passwd is odd", "/etc/passwd", "a /review", " /review"] {
        harness.say(text);
        let prompts = harness.prompts();
        assert_eq!(prompts.len(), 1, "{text}");
        assert_eq!(
            (prompts[0].kind, prompts[0].text.as_str()),
            (PromptKind::Message, text)
        );
    }
}

#[test]
fn arrows_move_tab_completes_and_esc_closes_until_the_next_word() {
    let mut harness = ready();
    harness.type_text("/");
    harness.key(DOWN);
    harness.key(TAB);
    assert_eq!(harness.chat.draft(), "/review ");
    harness.key(Key::ctrl('u'));

    harness.type_text("/");
    harness.key(UP);
    harness.key(TAB);
    assert_eq!(
        harness.chat.draft(),
        "/pdf ",
        "the last row: skills come last"
    );
    harness.key(Key::ctrl('u'));

    harness.type_text("/re");
    harness.key(ESC);
    assert_eq!(harness.chat.context(), ChatContext::Composer);
    harness.type_text("v");
    assert_eq!(
        harness.chat.context(),
        ChatContext::Composer,
        "it stays closed"
    );
    harness.key(Key::ctrl('u'));
    harness.type_text("/");
    assert_eq!(harness.chat.context(), ChatContext::Completion);
    harness.key(BACKSPACE);
    assert_eq!(harness.chat.context(), ChatContext::Composer);
    assert_eq!(harness.chat.draft(), "");
}

#[test]
fn a_paste_and_a_burst_are_text() {
    let mut harness = ready();
    harness.type_text("/");
    harness.paste("etc/hosts and\nmore");
    assert_eq!(harness.chat.context(), ChatContext::Composer);
    assert_eq!(harness.chat.draft(), "/etc/hosts and\nmore");
    harness.key(Key::ctrl('c'));
    harness.interrupt();

    // A program that types a whole command wants it run.
    for c in "/review".chars() {
        harness.burst_key(Key::char(c));
    }
    harness.burst_key(ENTER);
    assert_eq!(harness.prompts()[0].kind, PromptKind::Command);

    // What it does not type whole is not completed behind its back.
    finds(&mut harness, "", &[]);
    for c in "see @exp".chars() {
        harness.burst_key(Key::char(c));
    }
    assert_eq!(harness.chat.context(), ChatContext::Completion);
    harness.burst_key(ENTER);
    assert_eq!(harness.prompts()[0].text, "see @exp");
}

#[test]
fn an_exclamation_mark_begins_a_shell_line_and_backspace_ends_it() {
    let mut harness = ready();
    harness.type_text("!");
    assert!(!harness.chat.composer_is_empty());
    assert_eq!(harness.chat.draft(), "!");
    harness.key(BACKSPACE);
    assert!(harness.chat.composer_is_empty());

    harness.type_text("!");
    harness.key(ESC);
    assert!(harness.chat.composer_is_empty());

    harness.say("!ls -l @src /x !");
    let prompts = harness.prompts();
    assert_eq!(prompts[0].kind, PromptKind::Shell);
    assert_eq!(prompts[0].text, "!ls -l @src /x !");

    // The history keeps the mark.
    harness.key(UP);
    assert_eq!(harness.chat.draft(), "!ls -l @src /x !");
    harness.key(ENTER);
    assert_eq!(harness.prompts()[0].kind, PromptKind::Shell);

    harness.say("a! !b");
    assert_eq!(harness.prompts()[0].kind, PromptKind::Message);
    harness.say("!");
    assert_eq!(harness.prompts(), [], "an empty line");
}

#[test]
fn a_pasted_exclamation_mark_runs_nothing() {
    let mut harness = ready();
    harness.paste("!important: rm is dangerous");
    harness.key(ENTER);
    assert_eq!(harness.prompts()[0].kind, PromptKind::Message);
}

#[test]
fn a_shell_line_survives_a_restart_and_the_queue() {
    let mut harness = ready();
    harness.restore("!make");
    harness.key(ENTER);
    let sent = harness.prompts().remove(0);
    assert_eq!(
        (sent.kind, sent.text.as_str()),
        (PromptKind::Shell, "!make")
    );

    harness.chat.queue_changed(PromptQueue {
        waiting: vec![sent],
        ..PromptQueue::default()
    });
    harness.key(UP);
    assert_eq!(harness.chat.draft(), "!make");
    harness.key(ENTER);
    assert_eq!(harness.prompts()[0].kind, PromptKind::Shell);
}

#[test]
fn a_file_is_found_picked_and_sent_with_its_lines() {
    let mut harness = ready();
    harness.type_text("see @ma");
    assert_eq!(asked(&mut harness), [""], "one search at a time");
    finds(&mut harness, "", &["README.md"]);
    assert_eq!(asked(&mut harness), ["ma"]);
    finds(&mut harness, "ma", &["docs/manual.md", "src/main.rs"]);
    harness.type_text("in#2-3");
    harness.key(ENTER);
    assert_eq!(harness.chat.draft(), "see @src/main.rs#2-3 ");

    harness.type_text("now");
    harness.key(ENTER);
    let prompt = harness.prompts().remove(0);
    assert_eq!(prompt.text, "see @src/main.rs#2-3 now");
    assert_eq!(prompt.parts.len(), 1);
    assert_eq!(prompt.parts[0].place, Some(4..20));
    let lines = LineRange {
        first: 2,
        last: Some(3),
    };
    let what = Attachment::SandboxFile {
        path: "src/main.rs".into(),
        lines: Some(lines),
    };
    assert_eq!(prompt.parts[0].what, what);

    // Edited again from the queue, and recalled from the history, it names the same.
    let parts = |prompt: &crate::domain::session::Prompt| {
        let parts = prompt.parts.iter();
        parts.map(|part| part.what.clone()).collect::<Vec<_>>()
    };
    let mut other = ready();
    other.chat.queue_changed(PromptQueue {
        waiting: vec![prompt.clone()],
        ..PromptQueue::default()
    });
    for harness in [&mut harness, &mut other] {
        harness.key(UP);
        harness.key(ENTER);
        assert_eq!(parts(&harness.prompts()[0]), parts(&prompt));
    }
}

#[test]
fn tab_goes_into_a_directory_and_enter_names_it() {
    let mut harness = ready();
    harness.type_text("@s");
    finds(&mut harness, "", &[]);
    finds(&mut harness, "s", &["src/", "src/main.rs"]);
    harness.key(TAB);
    assert_eq!(harness.chat.draft(), "@src/");
    assert_eq!(asked(&mut harness).last().map(String::as_str), Some("src/"));
    finds(&mut harness, "src/", &["src/deep/", "src/main.rs"]);
    harness.key(ENTER);
    assert_eq!(harness.chat.draft(), "@src/deep/ ");
    harness.key(ENTER);
    let prompt = harness.prompts().remove(0);
    assert_eq!(prompt.parts[0].what, file("src/deep/"));
}

#[test]
fn names_with_spaces_are_quoted_while_typed() {
    let mut harness = ready();
    harness.type_text("@\"my f");
    finds(&mut harness, "", &[]);
    finds(&mut harness, "my f", &["my file (1).txt"]);
    harness.key(TAB);
    harness.type_text("and @größe");
    let query = asked(&mut harness).pop().unwrap();
    finds(&mut harness, &query, &[]);
    finds(&mut harness, "größe", &["größe.txt"]);
    harness.key(TAB);
    harness.key(ENTER);
    let prompt = harness.prompts().remove(0);
    assert_eq!(prompt.text, "@my file (1).txt and @größe.txt ");
    let what: Vec<_> = prompt.parts.into_iter().map(|part| part.what).collect();
    assert_eq!(what, [file("my file (1).txt"), file("größe.txt")]);
}

#[test]
fn agents_and_resources_are_named_too() {
    let mut harness = ready();
    harness.type_text("@expl");
    harness.key(TAB);
    harness.type_text("@start");
    harness.key(TAB);
    harness.key(ENTER);
    let prompt = harness.prompts().remove(0);
    assert_eq!(prompt.text, "@explore @start page ");
    let what: Vec<_> = prompt.parts.into_iter().map(|part| part.what).collect();
    assert!(matches!(&what[0], Attachment::Agent { name } if name == "explore"));
    assert!(matches!(&what[1], Attachment::Resource(found) if found.uri == "wiki://start"));
}

#[test]
fn a_mention_that_was_deleted_names_nothing_and_undo_brings_it_back() {
    let mut harness = ready();
    harness.type_text("@a");
    finds(&mut harness, "", &[]);
    finds(&mut harness, "a", &["a.rs"]);
    harness.key(TAB);
    harness.type_text("x");
    harness.key(Key::ctrl('a'));
    harness.key(Key::plain(KeyCode::Delete));
    harness.act(ChatAction::Send);
    assert_eq!(harness.prompts()[0].parts, []);

    harness.type_text("@a.rs x");
    harness.key(Key::ctrl('u'));
    harness.key(Key::ctrl('_'));
    harness.act(ChatAction::Send);
    assert_eq!(harness.prompts()[0].parts.len(), 1);
}

#[test]
fn without_a_connection_nothing_is_asked_and_a_refused_search_is_no_failure() {
    let mut harness = ready();
    harness.chat.set_delivery(Delivery::Later);
    harness.type_text("@a");
    assert_eq!(asked(&mut harness), [""; 0]);
    harness.chat.set_delivery(Delivery::Live);
    harness.type_text("b");
    assert_eq!(asked(&mut harness), ["ab"]);
    harness.refuse(&SessionCommand::FindFiles("ab".into()));
    assert_eq!(harness.texts(), [""; 0]);
}

#[test]
fn moving_the_cursor_opens_no_menu() {
    let mut harness = ready();
    harness.paste("@src and more");
    harness.key(Key::ctrl('a'));
    harness.key(Key::plain(KeyCode::Right));
    harness.key(Key::plain(KeyCode::Right));
    assert_eq!(harness.chat.context(), ChatContext::Composer);
}

#[test]
fn the_menu_stands_above_the_composer() {
    let mut harness = ready();
    harness.type_text("/");
    harness.key(DOWN);
    assert_snapshot!("menu_of_commands_80x24", draw(&mut harness, 80, 24));
    harness.type_text("re");
    assert_snapshot!("menu_of_commands_120x36", draw(&mut harness, 120, 36));
    harness.key(Key::ctrl('u'));

    harness.type_text("see @");
    let found = [
        "README.md",
        "src/",
        "src/main.rs",
        "src/deep/größe 漢字.rs",
        "evil\u{1b}[31m.rs",
    ];
    finds(&mut harness, "", &found);
    assert_snapshot!("menu_of_files_80x24", draw(&mut harness, 80, 24));
    assert_snapshot!("menu_of_files_40x10", draw(&mut harness, 40, 10));
}

#[test]
fn a_row_says_what_the_text_is_before_it_is_sent() {
    let mut harness = ready();
    let mut says = |text: &str| {
        harness.key(Key::ctrl('u'));
        harness.type_text(text);
        let screen = draw(&mut harness, 80, 24);
        let mut rows: Vec<&str> = screen.lines().collect();
        rows.retain(|row| row.contains("runs ") || row.contains("text"));
        let row = rows.first().map_or("", |row| row.trim_matches(['│', ' ']));
        row.to_owned()
    };
    assert_eq!(
        says("/review main"),
        "runs /review … · review changes [commit|branch|pr]"
    );
    assert_eq!(
        says("/etc/passwd is odd"),
        "no command /etc/passwd: it is sent as text"
    );
    assert_eq!(says("a /review"), "");
    assert_eq!(
        says("!ls"),
        "runs in the sandbox's shell; the agent sees its output"
    );
}

#[test]
fn a_command_that_is_sent_before_the_commands_are_known_is_one_if_the_server_has_it() {
    let mut harness = ChatHarness::idle();
    let mut sent = |text: &str| {
        harness.type_text(text);
        let screen = draw(&mut harness, 80, 24);
        harness.key(ENTER);
        (harness.prompts().remove(0).kind, screen)
    };
    let (kind, screen) = sent("/review main");
    assert_eq!(kind, PromptKind::CommandIfKnown);
    assert!(screen.contains("runs /review if the server has it; otherwise it is sent as text"));
    assert!(!kind.may_repeat());
    assert_eq!(sent("/ is the root").0, PromptKind::Message);
}

#[test]
fn a_pasted_image_becomes_a_chip_and_is_sent_as_data() {
    let image = LocalFile {
        name: "my shot.png".into(),
        mime: "image/png".into(),
        bytes: 12_345,
        base64: "AAAA".into(),
    };
    let mut harness = ready();
    harness.type_text("see ");
    harness.paste("'/tmp/my shot.png'");
    let asked = Effect::ReadFile {
        session: "key_1".into(),
        path: "/tmp/my shot.png".into(),
        pasted: "'/tmp/my shot.png'".into(),
    };
    assert!(harness.effects.contains(&asked));
    harness.type_text(" now");
    harness.chat.file_read("'/tmp/my shot.png'", image.clone());
    let screen = draw(&mut harness, 80, 24);
    assert!(
        screen.contains("see [my shot.png · image/png · 12 kB] now"),
        "{screen}"
    );

    harness.key(ENTER);
    let prompt = harness.prompts().remove(0);
    assert_eq!(prompt.text, "see [my shot.png] now");
    assert_eq!(prompt.parts[0].place, Some(4..17));
    assert_eq!(prompt.parts[0].what, Attachment::Local(image.clone()));

    // From the queue and from the history it comes back whole.
    harness.chat.queue_changed(PromptQueue {
        waiting: vec![prompt.clone()],
        ..PromptQueue::default()
    });
    for _ in 0..2 {
        harness.key(UP);
        harness.key(ENTER);
        let again = harness.prompts().remove(0);
        assert_eq!(
            (&again.text, &again.parts[0].what),
            (&prompt.text, &prompt.parts[0].what)
        );
        harness.chat.queue_changed(PromptQueue::default());
    }
}

#[test]
fn a_path_that_is_gone_from_the_text_or_is_for_the_shell_attaches_nothing() {
    let image = LocalFile {
        name: "a.png".into(),
        mime: "image/png".into(),
        bytes: 1,
        base64: "AA==".into(),
    };
    let mut harness = ready();
    harness.paste("/a.png");
    harness.key(Key::ctrl('u'));
    harness.type_text("text");
    harness.chat.file_read("/a.png", image);
    assert_eq!(harness.chat.draft(), "text");
    harness.key(Key::ctrl('u'));
    harness.effects.clear();
    harness.type_text("!");
    harness.paste("/a.png");
    let reads = |effect: &Effect| matches!(effect, Effect::ReadFile { .. });
    assert!(!harness.effects.iter().any(reads));
}
