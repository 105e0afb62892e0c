//! The server's state, its MCP servers, and the keys of its providers.

pub(super) mod login;

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::{Catalog, Message, Model, ModelRef, Role, Tokens};
use crate::domain::secret::SecretText;
use crate::domain::server::login::LoginMethod;
use crate::domain::server::{
    LanguageServer, McpServer, McpState, ProviderOffer, ServerAnswer, ServerCommand, ServerReport,
};
use crate::domain::session::SessionCommand;

fn mcp() -> Vec<McpServer> {
    let server = |name: &str, state| McpServer {
        name: name.to_owned(),
        state,
    };
    vec![
        server("github", McpState::Connected),
        server(
            "figma",
            McpState::Failed("spawn figma-mcp ENOENT\n\u{1b}[31mred".to_owned()),
        ),
        server("linear", McpState::Disabled),
        server("notion", McpState::NeedsAuth),
    ]
}

fn status() -> ServerReport {
    ServerReport {
        mcp: mcp(),
        language_servers: vec![
            LanguageServer {
                name: "rust".to_owned(),
                root: "crates/core".to_owned(),
                has_failed: false,
            },
            LanguageServer {
                name: "typescript".to_owned(),
                root: String::new(),
                has_failed: true,
            },
        ],
        formatters: vec!["rustfmt".to_owned(), "prettier".to_owned()],
        plugins: Vec::new(),
        branch: Some("fix/login".to_owned()),
        problems: Vec::new(),
    }
}

/// A session with an answer that used so many tokens of 200,000.
fn live(used: u64) -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    let sonnet = ModelRef {
        provider: "anthropic".to_owned(),
        model: "sonnet-5".to_owned(),
    };
    let catalog = Catalog {
        models: vec![Model {
            reference: sonnet.clone(),
            name: "Claude Sonnet 5".to_owned(),
            context_limit: 200_000,
            ..Model::default()
        }],
        ..Catalog::default()
    };
    let prompt = Message::new("msg_1", Role::User, UnixMillis(NOON));
    let answer = Message {
        model: Some(sonnet),
        cost: 0.08,
        tokens: Tokens {
            input: used,
            ..Tokens::default()
        },
        ..Message::new("msg_2", Role::Assistant, UnixMillis(NOON))
    };
    for event in [
        ChatEvent::Catalog(catalog),
        ChatEvent::Message(prompt),
        ChatEvent::Message(answer),
    ] {
        script.session("one", SessionEvent::Chat(event));
    }
    script.asked();
    script
}

fn told(script: &mut Script, answer: ServerAnswer) {
    script.session("one", SessionEvent::Server(answer));
}

fn opened(used: u64) -> Script {
    let mut script = live(used);
    script.keys("ctrl-x i");
    told(&mut script, ServerAnswer::Status(Box::new(status())));
    script.event(Event::Reply(Reply::CostSummed(Some(1.3))));
    script.wait(Duration::from_mins(1));
    script
}

fn commands(script: &mut Script) -> Vec<ServerCommand> {
    let commands = script
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Command(_, SessionCommand::Server(command)) => Some(command),
            _ => None,
        });
    commands.collect()
}

#[test]
fn the_server_is_shown_at_80x24() {
    insta::assert_snapshot!(opened(62_100).screen(80, 24));
}

#[test]
fn the_server_is_shown_at_120x36() {
    insta::assert_snapshot!(opened(185_000).keys("down").screen(120, 36));
}

#[test]
fn until_it_answers_the_server_is_asked() {
    let mut script = live(0);
    script.keys("ctrl-x i");

    assert_eq!(commands(&mut script), [ServerCommand::Status]);
    let screen = script.screen(80, 24);
    assert!(screen.contains("asking the server …"), "{screen}");

    told(&mut script, ServerAnswer::Status(Box::default()));
    let screen = script.screen(80, 24);
    assert!(screen.contains("no MCP servers"), "{screen}");
}

#[test]
fn a_plugin_that_failed_is_seen_without_asking_and_says_why() {
    let mut script = live(0);
    let logged = LogLine {
        stream: LogStream::Stderr,
        start: 1,
        ..LogLine::ours(
            UnixMillis(NOON),
            r#"level=ERROR message="failed to load plugin" path=file:///w/.opencode/plugin/broken.js error="it broke""#,
        )
    };
    script.session("one", SessionEvent::Logs(vec![logged]));
    let screen = script.screen(80, 24);
    assert!(screen.contains("1 plugin failed"), "{screen}");

    script.keys("ctrl-x i");
    let plugins = [
        "opencode-notify@1.2.3",
        "file:///w/.opencode/plugin/broken.js",
    ];
    let report = ServerReport {
        plugins: plugins.map(str::to_owned).into(),
        ..ServerReport::default()
    };
    told(&mut script, ServerAnswer::Status(Box::new(report)));

    let screen = script.screen(80, 24);
    assert!(screen.contains("× broken.js"), "{screen}");
    assert!(screen.contains("failed: it broke"), "{screen}");
    assert!(screen.contains("  opencode-notify@1.2.3"), "{screen}");
}

#[test]
fn the_context_says_when_it_is_nearly_full() {
    for (used, words) in [
        (20_000, "10% · 20k of 200k tokens"),
        (160_000, "80% · 160k of 200k tokens · filling up"),
        (190_000, "95% · 190k of 200k tokens · use /compact"),
    ] {
        let screen = opened(used).screen(80, 24);
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[test]
fn an_mcp_server_is_connected_and_disconnected_by_a_key() {
    let mut script = opened(0);
    commands(&mut script);
    let switch = |name: &str, on| ServerCommand::SwitchMcp {
        name: name.to_owned(),
        on,
    };

    script.keys("enter down down space");

    let asked = [switch("github", false), switch("linear", true)];
    assert_eq!(commands(&mut script), asked);
    let mut servers = mcp();
    servers[2].state = McpState::Connected;
    told(&mut script, ServerAnswer::McpServers(servers));
    let screen = script.screen(80, 24);
    assert!(screen.contains("enter disconnect"), "{screen}");

    // A language server cannot be switched.
    script.keys("pgdn enter q");
    assert_eq!(commands(&mut script), []);
    assert!(script.app.overlays.is_empty());
}

#[test]
fn a_broken_mcp_server_is_seen_without_asking() {
    let mut script = live(62_100);
    told(&mut script, ServerAnswer::McpServers(mcp()));

    let screen = script.screen(80, 24);

    assert!(screen.contains("1 MCP server failed · ctx 31%"), "{screen}");
}

fn offers() -> Vec<ProviderOffer> {
    let offer = |id: &str, name: &str, is_connected| ProviderOffer {
        methods: vec![LoginMethod::key()],
        id: id.to_owned(),
        name: name.to_owned(),
        is_connected,
    };
    vec![
        offer("acme", "Acme AI", false),
        offer("openai", "OpenAI", false),
        offer("anthropic", "Anthropic", true),
    ]
}

#[test]
fn a_key_is_typed_or_pasted_unseen_and_given_to_the_server() {
    let mut script = live(0);
    script.keys("ctrl-x K");
    assert_eq!(commands(&mut script), [ServerCommand::Providers]);
    told(&mut script, ServerAnswer::Providers(offers()));
    insta::assert_snapshot!(script.screen(80, 24));

    script.type_text("acme").keys("enter").type_text("sk-q1");
    script.event(Event::Paste(" secret\n".to_owned()));
    let screen = script.screen(80, 24);
    assert!(
        !screen.contains("sk") && !screen.contains("secret"),
        "{screen}"
    );
    insta::assert_snapshot!(screen);
    assert!(!format!("{:?}", script.app).contains("secret"));
    script.keys("enter");

    let given = ServerCommand::SetProviderKey {
        answers: Vec::new(),
        provider: "acme".to_owned(),
        key: SecretText::new("sk-q1secret"),
    };
    assert_eq!(commands(&mut script), [given]);
    assert!(script.app.overlays.is_empty());
    told(
        &mut script,
        ServerAnswer::KeyStored {
            provider: "acme".to_owned(),
            is_used: true,
        },
    );
    let screen = script.screen(80, 24);
    assert!(screen.contains("stored the acme key"), "{screen}");
}

#[test]
fn an_empty_key_is_not_given() {
    let mut script = live(0);
    script.keys("ctrl-x K");
    told(&mut script, ServerAnswer::Providers(offers()));
    script.keys("enter");
    script.asked();

    script.keys("enter x backspace enter");

    assert_eq!(commands(&mut script), []);
    script.keys("esc");
    assert!(script.app.overlays.is_empty());
}

#[test]
fn a_status_that_cannot_be_asked_for_says_why_and_is_asked_for_again() {
    let mut script = live(10_000);
    script.keys("ctrl-x i");
    let failure = Failure::new("the server cannot be reached").detail("connection refused");
    let failed = ServerAnswer::StatusFailed(failure);
    script.session("one", SessionEvent::Server(failed));

    let screen = script.screen(80, 24);
    for words in [
        "the server cannot be reached",
        "connection refused",
        "enter asks again",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    script.asked();
    script.keys("enter");
    let asked = script.asked();
    let status = SessionCommand::Server(ServerCommand::Status);
    assert!(
        asked.contains(&Effect::Command("one".into(), status)),
        "{asked:?}"
    );
    assert!(script.screen(80, 24).contains("asking the server"));
}
