//! No view names a key by hand: with all keys rebound, no default key appears on any screen.

use super::views::{booting, failed};
use super::*;
use crate::app::action::Action;
use crate::app::session::open_sessions::OpenSessions;
use crate::domain::chat::{
    Catalog, ChatEvent, Model, ModelRef, Question, QuestionItem, QuestionOption,
};
use crate::domain::failure::advice::Advice;
use crate::domain::id::QuestionId;
use crate::domain::sandbox::Outage;
use crate::domain::server::login::LoginMethod;
use crate::domain::server::{McpServer, McpState, ProviderOffer, ServerAnswer};
use crate::domain::session::{PromptQueue, SessionCommand};

/// Words on the screen that are default keys too.
const PROSE: [&str; 8] = ["up", "down", "left", "right", "home", "end", "space", "a"];

/// The names of all default keys but digits, as they could appear on a screen.
fn default_names() -> Vec<String> {
    let map = Keymap::default();
    let keys = map.bindings().iter().flat_map(|row| &row.keys);
    let names = keys.flat_map(|keys| keys.keys().iter().map(ToString::to_string));
    let is_telling = |name: &String| {
        let is_word = name.len() > 1 || name.chars().all(char::is_alphabetic);
        is_word && !PROSE.contains(&name.as_str())
    };
    let arrows = ["↑", "←", "→"].map(str::to_owned);
    names.filter(is_telling).chain(arrows).collect()
}

fn others() -> Keymap {
    let modifiers = [
        "",
        "alt-",
        "ctrl-",
        "ctrl-alt-",
        "shift-",
        "alt-shift-",
        "ctrl-shift-",
        "ctrl-alt-shift-",
    ];
    let keys = modifiers.iter().flat_map(|modifier| {
        (7..=9)
            .chain(13..=35)
            .map(move |n| format!("{modifier}f{n}"))
    });
    let rows = Action::all().zip(keys);
    let rows: Vec<_> = rows
        .map(|(action, key)| (action.name().to_owned(), vec![key.parse().unwrap()]))
        .collect();
    assert_eq!(rows.len(), Action::all().count());
    Keymap::with(&rows).unwrap()
}

fn none() -> Keymap {
    let rows = Action::all().map(|action| (action.name().to_owned(), Vec::new()));
    Keymap::with(&rows.collect::<Vec<_>>()).unwrap()
}

fn live() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.phase("one", Phase::Live);
    script
}

fn with_keys(mut script: Script, keys: &str) -> Script {
    script.keys(keys);
    script
}

fn in_phase(phase: Phase) -> Script {
    let mut script = live();
    script.session("one", SessionEvent::Sandbox(sandbox("sbx-1")));
    script.phase("one", phase);
    script
}

fn asked(event: ChatEvent) -> Script {
    let mut script = live();
    script.session("one", SessionEvent::Chat(event));
    script.wait(Duration::from_secs(1));
    script
}

fn question(multiple: bool) -> ChatEvent {
    let item = QuestionItem {
        header: "Colour".to_owned(),
        question: "Which colour?".to_owned(),
        options: ["blue", "green"]
            .map(|label| QuestionOption {
                label: label.to_owned(),
                description: String::new(),
            })
            .to_vec(),
        multiple,
        custom: true,
    };
    ChatEvent::QuestionAsked(Question {
        id: QuestionId::from("que_1"),
        session: OpencodeSessionId::from("ses_1"),
        items: vec![item.clone(), item],
        undecodable: false,
        call_id: None,
    })
}

/// A permission too long for the screen.
fn long_permission() -> ChatEvent {
    let ChatEvent::PermissionAsked(mut asked) = permission() else {
        unreachable!("it is one")
    };
    asked.details = vec![("input".to_owned(), "a line\n".repeat(80))];
    ChatEvent::PermissionAsked(asked)
}

/// Prompts on hold.
fn held() -> Script {
    let mut script = live();
    script.status("one", TurnStatus::Busy);
    for text in ["first", "second"] {
        script
            .type_text(text)
            .keys("enter")
            .wait(Duration::from_secs(1));
    }
    let asked = script.asked().into_iter();
    let prompts = asked.filter_map(|effect| match effect {
        Effect::Command(_, SessionCommand::Prompt(prompt)) => Some(prompt),
        _ => None,
    });
    let queue = PromptQueue {
        waiting: prompts.collect(),
        sent: Vec::new(),
        held: true,
    };
    script.session("one", SessionEvent::Queue(queue));
    script
}

fn reconnecting() -> Phase {
    Phase::Reconnecting(Outage {
        since: UnixMillis(NOON),
        attempt: 2,
        next_at: UnixMillis(NOON + 60_000),
        reason: "the connection broke".to_owned(),
    })
}

fn models() -> Script {
    let mut script = live();
    let model = Model {
        reference: ModelRef {
            provider: "anthropic".to_owned(),
            model: "opus".to_owned(),
        },
        name: "Claude Opus".to_owned(),
        context_limit: 200_000,
        ..Model::default()
    };
    let catalog = Catalog {
        models: vec![model],
        ..Catalog::default()
    };
    script.session("one", SessionEvent::Chat(ChatEvent::Catalog(catalog)));
    with_keys(script, "ctrl-x m")
}

/// The state of a server with an MCP server.
fn server() -> Script {
    let mut script = live();
    let mcp = vec![McpServer {
        name: "github".to_owned(),
        state: McpState::Connected,
    }];
    script.session("one", SessionEvent::Server(ServerAnswer::McpServers(mcp)));
    with_keys(script, "ctrl-x i")
}

/// The field for a provider's key.
fn provider_key() -> Script {
    let mut script = live();
    let offers = vec![ProviderOffer {
        methods: vec![LoginMethod::key()],
        id: "acme".to_owned(),
        name: "Acme".to_owned(),
        is_connected: false,
    }];
    script.session("one", SessionEvent::Server(ServerAnswer::Providers(offers)));
    with_keys(script, "enter")
}

fn working() -> Script {
    let mut script = live();
    script.status("one", TurnStatus::Busy);
    script
}

/// Every screen of the program, each with a name.
fn screens() -> Vec<(&'static str, Script)> {
    [panes(), requests(), phases()]
        .into_iter()
        .flatten()
        .collect()
}

fn panes() -> Vec<(&'static str, Script)> {
    let mut no_session = Script::with_stored(vec![]);
    no_session.app.open = OpenSessions::default();
    vec![
        ("start", Script::started(options())),
        ("no session", no_session),
        ("composer", live()),
        ("draft", with_keys(live(), "x y")),
        ("long prompt", {
            let mut script = live();
            script.event(Event::Paste("line\n".repeat(60)));
            script.keys("enter").wait(Duration::from_secs(1));
            script
        }),
        ("conversation", with_keys(live(), "esc")),
        (
            "conversation on the full screen",
            with_keys(live(), "esc ctrl-x z"),
        ),
        ("sessions", with_keys(live(), "f6 f6")),
        ("marked", with_keys(live(), "ctrl-x l space")),
        ("filter", with_keys(live(), "ctrl-x l / i d l e")),
        ("filtered", with_keys(live(), "ctrl-x l / i d l e enter")),
        ("peek", {
            let mut script = with_keys(live(), "ctrl-x l G v");
            script.phase("two", Phase::Live);
            script.session("two", SessionEvent::Chat(permission()));
            script.wait(Duration::from_secs(1));
            script
        }),
        ("logs", with_keys(live(), "ctrl-x o")),
        ("changes", with_keys(live(), "ctrl-x d")),
        ("help", with_keys(live(), "f1")),
        ("help, searched", {
            let mut script = with_keys(live(), "f1");
            script.type_text("session");
            script
        }),
        ("server", server()),
        ("provider's key", provider_key()),
        ("login", super::server::login::opened(false)),
        ("login with a code", super::server::login::opened(true)),
        ("help, further", with_keys(live(), "f1 pgdn pgdn pgdn")),
        ("quit?", with_keys(working(), "ctrl-x q")),
        ("kill?", with_keys(live(), "ctrl-x l D")),
        ("working", working()),
        ("stop armed", with_keys(working(), "esc")),
        ("quit armed", with_keys(live(), "ctrl-c")),
    ]
}

fn requests() -> Vec<(&'static str, Script)> {
    vec![
        ("on hold", held()),
        ("permission", asked(permission())),
        ("permission, long", asked(long_permission())),
        (
            "permission in full",
            with_keys(asked(long_permission()), "ctrl-f"),
        ),
        (
            "permission that waits",
            with_keys(asked(permission()), "ctrl-x g"),
        ),
        (
            "reason",
            with_keys(asked(permission()), "down down down down enter"),
        ),
        (
            "nothing written",
            with_keys(asked(permission()), "down down down down enter enter"),
        ),
        ("question", asked(question(false))),
        ("nothing chosen", with_keys(asked(question(false)), "enter")),
        ("questions", asked(question(true))),
        ("decline", with_keys(asked(question(false)), "up")),
        (
            "own answer",
            with_keys(asked(question(false)), "down down down enter"),
        ),
    ]
}

/// A failure with several pieces of advice.
fn advised(advice: &[Advice]) -> Script {
    let failure = Failure::new("it did not start").advise(advice.iter().cloned());
    in_phase(Phase::Failed(failure))
}

fn phases() -> Vec<(&'static str, Script)> {
    let gone = || Phase::Gone(Failure::new("the sandbox no longer exists"));
    let mut stuck = booting();
    stuck.wait(Duration::from_mins(10));
    vec![
        ("boot", booting()),
        ("boot that hangs", stuck),
        ("failed", failed()),
        ("failed, in the list", with_keys(failed(), "ctrl-x l")),
        ("paused", in_phase(Phase::Paused)),
        (
            "paused, in the list",
            with_keys(in_phase(Phase::Paused), "ctrl-x l"),
        ),
        ("reconnecting", in_phase(reconnecting())),
        ("gone", in_phase(gone())),
        ("gone, in the list", with_keys(in_phase(gone()), "ctrl-x l")),
        ("models", models()),
        ("templates", with_keys(failed(), "ctrl-x a")),
        (
            "a first half of the advice",
            advised(&[
                Advice::TryAgain,
                Advice::TryAnotherPort,
                Advice::UseTemplate(None),
                Advice::ReadLogs,
            ]),
        ),
        (
            "a second half of the advice",
            advised(&[
                Advice::StartServer,
                Advice::SendAnyway,
                Advice::NewSession,
                Advice::Revive,
                Advice::Resume,
            ]),
        ),
        ("attached", Script::attached()),
    ]
}

/// The words of a screen that are in `names`.
fn named<'a>(screen: &'a str, names: &[String]) -> Vec<&'a str> {
    let is_part = |c: char| c.is_alphanumeric() || "-↑←→_.…".contains(c);
    let words = screen
        .split(|c| !is_part(c))
        .map(|word| word.trim_matches('.'));
    words
        .filter(|word| names.iter().any(|name| name == word))
        .collect()
}

fn with_keymap(script: &mut Script, keymap: Keymap) {
    script.app.chat_keys = crate::app::chat_keys(&keymap);
    script.app.options.keymap = keymap;
}

#[test]
fn no_screen_names_a_key_that_the_user_has_changed() {
    let names = default_names();
    let mut wrong = Vec::new();

    for (what, mut script) in screens() {
        with_keymap(&mut script, others());
        for (width, height) in [(120, 36), (80, 24), (50, 14)] {
            let screen = script.screen(width, height);
            // An overlay may cut a word behind it down to a letter.
            let is_cut = !script.app.overlays.is_empty() && width > 80 || what.ends_with('?');
            let mut found = named(&screen, &names);
            found.retain(|name| name.len() > 1 || !is_cut);
            if !found.is_empty() {
                wrong.push(format!("{what} names {found:?}:\n{screen}"));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_screen_names_a_key_where_there_is_none() {
    let names = default_names();

    for (what, mut script) in screens() {
        with_keymap(&mut script, none());
        for (width, height) in [(120, 36), (80, 24)] {
            let screen = script.screen(width, height);
            let mut found = named(&screen, &names);
            found.retain(|name| name.len() > 1);
            assert_eq!(found, [""; 0], "{what}:\n{screen}");
            for gap in [" ·  ", "()", "press  ", " or  ", ":  to", " · \n"] {
                assert!(!screen.contains(gap), "{what}: {gap:?}\n{screen}");
            }
        }
    }
}

#[test]
fn the_default_keys_are_named_where_they_hold() {
    let names = default_names();

    for (what, mut script) in screens() {
        let screen = script.screen(120, 36);
        assert!(!named(&screen, &names).is_empty(), "{what}:\n{screen}");
    }
}

#[test]
fn what_may_follow_a_key_and_what_cancels_it_are_the_users_own() {
    let rows = [
        ("app.zoom", "f13 f14"),
        ("app.cancel_sequence", "f15"),
        ("app.slot_2", "f13 2"),
        ("app.slot_3", "f13 3"),
        ("app.slot_4", "f13 f4"),
    ];
    let rows = rows.map(|(name, keys)| (name.to_owned(), vec![keys.parse().unwrap()]));
    let mut script = live();
    with_keymap(&mut script, Keymap::with(&rows).unwrap());

    script.keys("f13").wait(Duration::from_secs(2));
    let screen = script.screen(80, 24);
    script.keys("f15");
    let after = script.screen(80, 24);

    for shown in [
        "f15 cancels",
        "f14 show the pane",
        "2–3 show session 2–3",
        "f4 show session 4",
    ] {
        assert!(screen.contains(shown), "{shown}:\n{screen}");
    }
    assert!(!screen.contains("esc cancels"), "{screen}");
    assert!(
        !after.contains("cancels") && !after.contains("does nothing"),
        "{after}"
    );
}
