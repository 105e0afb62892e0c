use pretty_assertions::assert_eq;

use super::*;
use crate::app::Pane;
use crate::domain::chat::{
    Agent, Catalog, Conversation, Message, MessageWithParts, Model, ModelRef, Part, Resync, Role,
    Tokens,
};
use crate::domain::session::SessionCommand;

fn catalog() -> Catalog {
    let model = |provider: &str, id: &str, name: &str| Model {
        reference: ModelRef {
            provider: provider.to_owned(),
            model: id.to_owned(),
        },
        name: name.to_owned(),
        context_limit: 200_000,
        ..Model::default()
    };
    let agent = |name: &str, what: &str| Agent {
        name: name.to_owned(),
        description: what.to_owned(),
    };
    Catalog {
        models: vec![
            model("anthropic", "sonnet-5", "Claude Sonnet 5"),
            model("openai", "gpt-9", "GPT 9"),
        ],
        agents: vec![
            agent("build", "Changes code."),
            agent("plan", "Only reads."),
        ],
        default_model: None,
    }
}

fn resync() -> Resync {
    let prompt = |id: &str, text: &str| MessageWithParts {
        message: Message::new(id, Role::User, UnixMillis(NOON)),
        parts: vec![Part::text(id, format!("prt_{id}").as_str(), text, true)],
    };
    Resync {
        conversation: Conversation {
            id: OpencodeSessionId::from("ses_1"),
            title: String::new(),
            directory: "/home/user/code".to_owned(),
            cost: 0.0,
            tokens: Tokens::default(),
            updated: UnixMillis(NOON),
            reverted: None,
            shared: None,
        },
        messages: vec![
            prompt("msg_1", "why does the login fail?"),
            prompt("msg_2", "now fix it\nand add a test"),
        ],
        more: false,
        status: TurnStatus::Idle,
        permissions: None,
        questions: None,
        after_gap: false,
    }
}

fn live() -> Script {
    let mut script = Script::with_stored(vec![row("fix-login", 1), row("new-parser", 2)]);
    script.phase("fix-login", Phase::Live);
    let chat = [
        ChatEvent::Catalog(catalog()),
        ChatEvent::Resync(Box::new(resync())),
    ];
    for event in chat {
        script.session("fix-login", SessionEvent::Chat(event));
    }
    script.asked();
    script
}

fn draft(script: &Script) -> String {
    script.app.session().unwrap().chat.draft()
}

#[test]
fn all_actions_with_their_keys_at_80x24() {
    insta::assert_snapshot!(live().keys("ctrl-p").screen(80, 24));
}

#[test]
fn all_actions_with_their_keys_at_120x36() {
    insta::assert_snapshot!(live().keys("ctrl-p").screen(120, 36));
}

#[test]
fn an_action_is_found_by_letters_of_its_name_and_runs() {
    let mut script = live();

    script.type_text("half a thought").keys("ctrl-p");
    script.type_text("go to logs");
    let screen = script.screen(80, 24);
    assert!(screen.contains("ctrl-x o"), "{screen}");
    script.keys("enter");

    assert_eq!(script.app.focus.pane(), Pane::Logs);
    assert!(script.app.overlays.is_empty());
    assert_eq!(draft(&script), "half a thought");
}

#[test]
fn what_was_run_last_comes_first() {
    let mut script = live();
    script.keys("ctrl-p").type_text("app.zoom").keys("enter");
    script.keys("ctrl-p").type_text("fold_tools").keys("enter");

    let screen = script.keys("ctrl-p").screen(80, 24);

    let rows: Vec<&str> = screen.lines().skip(3).take(3).map(|l| &l[3..20]).collect();
    assert!(rows[0].contains("Recent"), "{screen}");
    assert!(
        screen
            .lines()
            .nth(4)
            .unwrap()
            .contains("fold or unfold all tool")
    );
    assert!(screen.lines().nth(5).unwrap().contains("full screen"));
}

#[test]
fn an_action_that_cannot_run_is_dimmed_and_says_why() {
    let mut script = live();
    script.keys("ctrl-p").type_text("revive this");

    let screen = script.screen(80, 24);
    assert!(
        screen.contains("cannot run now: the sandbox still exists"),
        "{screen}"
    );
    script.asked();
    script.keys("enter");

    assert_eq!(script.app.overlays.iter().count(), 1);
    assert_eq!(script.asked(), []);
}

#[test]
fn the_key_works_from_every_pane_and_is_up_in_lists() {
    for keys in ["f6", "ctrl-x l", "esc"] {
        let mut script = live();
        script.keys(keys).keys("ctrl-p");
        assert_eq!(script.app.overlays.iter().count(), 1, "{keys}");

        script.keys("down ctrl-p ctrl-p esc");
        assert!(script.app.overlays.is_empty(), "{keys}");
    }
}

#[test]
fn a_session_is_found_by_its_name_and_shown() {
    let mut script = live();

    script.keys("ctrl-p").type_text("#pars").keys("enter");

    assert_eq!(script.shown(), "new-parser");
}

#[test]
fn models_and_agents_are_chosen_for_the_prompts_to_come() {
    let mut script = live();
    script.keys("ctrl-p").type_text(":gpt").keys("enter");
    script.keys("ctrl-p").type_text("&plan").keys("enter");

    let chat = &script.app.session().unwrap().chat;
    assert_eq!(chat.model().unwrap().model, "gpt-9");
    assert_eq!(chat.agent(), Some("plan"));
}

#[test]
fn a_file_is_asked_for_and_named_in_the_composer() {
    let mut script = live();
    script.type_text("read").keys("ctrl-p").type_text("@mai");
    let asked = script.asked();
    let query = SessionCommand::FindFiles(String::new());
    assert!(
        asked.contains(&Effect::Command(SessionKey::from("fix-login"), query)),
        "{asked:?}"
    );

    let paths = vec!["src/main.rs".to_owned(), "README.md".to_owned()];
    let query = String::new();
    script.session("fix-login", SessionEvent::FilesFound { query, paths });
    script.keys("enter");

    assert_eq!(draft(&script), "read @src/main.rs ");
    assert!(script.app.overlays.is_empty());
}

#[test]
fn a_prompt_is_found_by_its_words_and_gone_to() {
    let mut script = live();
    script.keys("ctrl-p").type_text(">login");
    let screen = script.screen(80, 24);
    assert!(screen.contains("why does the login fail?"), "{screen}");
    assert!(screen.contains("1 match "), "{screen}");

    script.keys("enter");

    let context = script.app.session().unwrap().chat.context();
    assert_eq!(context, crate::app::action::ChatContext::Transcript);
}

#[test]
fn attached_says_what_is_missing_there() {
    let mut script = Script::attached();
    script.keys("ctrl-p").type_text("start a new session");

    let screen = script.screen(80, 24);

    assert!(
        screen.contains("not while attached to a server"),
        "{screen}"
    );
}

#[test]
fn a_hostile_name_stays_on_its_line() {
    let mut bad = row("two", 2);
    bad.title = "\u{1b}[31mred\u{1b}[0m\nsecond".to_owned();
    let mut script = Script::with_stored(vec![row("one", 1), bad]);

    let screen = script.keys("ctrl-p #").screen(80, 24);

    assert!(screen.contains("red second"), "{screen}");
    assert!(!screen.contains('\u{1b}'));
}
