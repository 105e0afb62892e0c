//! Models, agents and variants are chosen.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::{
    Agent, Catalog, Message, Model, ModelAbilities, ModelPrice, ModelRef, Role,
};
use crate::domain::preferences::{PreferenceChange, Preferences, PromptChoice, VariantChoice};
use crate::domain::session::{Prompt, SessionCommand, StoredComposer};

fn reference(provider: &str, id: &str) -> ModelRef {
    ModelRef {
        provider: provider.to_owned(),
        model: id.to_owned(),
    }
}

fn model(provider: &str, id: &str, name: &str) -> Model {
    Model {
        reference: reference(&provider.to_lowercase(), id),
        name: name.to_owned(),
        provider_name: provider.to_owned(),
        ..Model::default()
    }
}

fn catalog() -> Catalog {
    let dollars = |input: u64, output: u64| {
        Some(ModelPrice {
            input: MicroDollars(input),
            output: MicroDollars(output),
        })
    };
    let all = ModelAbilities {
        images: true,
        reasoning: true,
        tools: true,
        ..ModelAbilities::default()
    };
    let sonnet = Model {
        context_limit: 200_000,
        price: dollars(3_000_000, 15_000_000),
        abilities: all,
        variants: vec!["high".to_owned(), "max".to_owned()],
        ..model("Anthropic", "sonnet-5", "Claude Sonnet 5")
    };
    let haiku = Model {
        context_limit: 200_000,
        price: dollars(250_000, 1_250_000),
        abilities: ModelAbilities {
            reasoning: false,
            ..all
        },
        ..model("Anthropic", "haiku-5", "Claude Haiku 5")
    };
    let gpt = Model {
        context_limit: 1_050_000,
        price: dollars(12_500_000, 100_000_000),
        abilities: all,
        ..model(
            "OpenAI",
            "gpt-9",
            "GPT 9 with a long name that nobody reads to its end",
        )
    };
    let own = Model {
        price: dollars(0, 0),
        abilities: ModelAbilities {
            tools: true,
            ..ModelAbilities::default()
        },
        ..model("Local", "own", "My own model")
    };
    let agent = |name: &str, what: &str| Agent {
        name: name.to_owned(),
        description: what.to_owned(),
    };
    Catalog {
        models: vec![sonnet, haiku, gpt, own],
        agents: vec![
            agent("build", "Changes code and runs what it needs."),
            agent("plan", "Only reads."),
            agent("reviewer", ""),
        ],
        default_model: Some(reference("anthropic", "sonnet-5")),
    }
}

fn live() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    script.session("one", SessionEvent::Chat(ChatEvent::Catalog(catalog())));
    script.asked();
    script
}

fn liked() -> Script {
    let mut script = live();
    script.event(Event::Reply(Reply::Preferences(Preferences {
        favourite_models: vec![
            reference("openai", "gpt-9"),
            reference("gone", "from the server"),
        ],
        recent_models: vec![
            reference("openai", "gpt-9"),
            reference("anthropic", "haiku-5"),
        ],
        recent_actions: Vec::new(),
        side_by_side: false,
    })));
    script
}

fn remembered(script: &mut Script) -> Vec<PreferenceChange> {
    let changes = script
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Remember(change) => Some(change),
            _ => None,
        });
    changes.collect()
}

fn commands(script: &mut Script) -> Vec<SessionCommand> {
    let commands = script
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Command(_, command) => Some(command),
            _ => None,
        });
    commands.collect()
}

fn prompt(script: &mut Script) -> Prompt {
    script.type_text("hello").keys("enter");
    script.wait(Duration::from_secs(1));
    let mut commands = commands(script).into_iter();
    let found = commands.find_map(|command| match command {
        SessionCommand::Prompt(prompt) => Some(prompt),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn favourites_and_recent_models_come_first_at_80x24() {
    insta::assert_snapshot!(liked().keys("ctrl-x m").screen(80, 24));
}

#[test]
fn favourites_and_recent_models_come_first_at_120x36() {
    insta::assert_snapshot!(liked().keys("ctrl-x m down").screen(120, 36));
}

#[test]
fn on_a_small_screen_the_name_stays() {
    insta::assert_snapshot!(liked().keys("ctrl-x m").screen(44, 14));
}

#[test]
fn a_key_marks_a_favourite_which_stays_selected() {
    let mut script = live();
    script.keys("ctrl-x m down down ctrl-f");
    let gpt = reference("openai", "gpt-9");
    assert_eq!(
        remembered(&mut script),
        [PreferenceChange::Favourite(gpt.clone(), true)]
    );
    let screen = script.screen(80, 24);
    assert!(screen.contains("Favourites"), "{screen}");

    script.keys("ctrl-f");
    assert_eq!(
        remembered(&mut script),
        [PreferenceChange::Favourite(gpt.clone(), false)]
    );
    script.keys("enter");
    assert_eq!(
        remembered(&mut script),
        [PreferenceChange::ModelChosen(gpt.clone())]
    );
    assert_eq!(prompt(&mut script).model, Some(gpt));
}

#[test]
fn models_are_found_by_letters_of_name_provider_and_id() {
    for (typed, found) in [
        ("hk5", "haiku-5"),
        ("anthropic sonnet", "sonnet-5"),
        ("local/own", "own"),
    ] {
        let mut script = liked();
        script.keys("ctrl-x m").type_text(typed).keys("enter");
        let model = prompt(&mut script).model.unwrap();
        assert_eq!(model.model, found, "{typed}");
    }
}

#[test]
fn agents_are_listed_with_what_they_are_for() {
    let mut script = live();
    script.keys("ctrl-x A");
    insta::assert_snapshot!(script.screen(80, 24));

    script.keys("down enter");

    assert_eq!(prompt(&mut script).agent.as_deref(), Some("plan"));
}

#[test]
fn a_key_turns_the_variants_of_the_model() {
    let mut script = live();
    let mut seen = Vec::new();
    for _ in 0..3 {
        script.keys("ctrl-t");
        let chat = &script.app.session().unwrap().chat;
        seen.push(chat.variant().map(str::to_owned));
    }
    assert_eq!(
        seen,
        [Some("high".to_owned()), Some("max".to_owned()), None]
    );
    script.keys("ctrl-t").wait(Duration::from_mins(1));
    let screen = script.screen(80, 24);
    assert!(screen.contains("Claude Sonnet 5 · high"), "{screen}");

    assert_eq!(prompt(&mut script).variant.as_deref(), Some("high"));

    // Another model has its own.
    script
        .keys("ctrl-x m")
        .type_text("own")
        .keys("enter ctrl-t");
    let screen = script.screen(80, 24);
    assert!(screen.contains("My own model has no variants"), "{screen}");
    assert_eq!(prompt(&mut script).variant, None);
}

#[test]
fn the_next_prompt_is_answered_as_the_last_one_was() {
    let mut script = live();
    let last = Message {
        model: Some(reference("anthropic", "sonnet-5")),
        variant: Some("max".to_owned()),
        ..Message::new("msg_1", Role::User, UnixMillis(NOON))
    };
    script.session("one", SessionEvent::Chat(ChatEvent::Message(last)));

    assert_eq!(prompt(&mut script).variant.as_deref(), Some("max"));
}

#[test]
fn each_choice_is_stored_with_the_session_and_holds_in_the_next_run() {
    let mut script = live();
    script
        .keys("ctrl-x m")
        .type_text("sonnet")
        .keys("enter ctrl-t");
    let choice = PromptChoice {
        agent: None,
        model: Some(reference("anthropic", "sonnet-5")),
        variant: VariantChoice::Named("high".to_owned()),
    };
    let saved = commands(&mut script).pop();
    assert_eq!(saved, Some(SessionCommand::SaveChoice(choice.clone())));

    let mut script = Script::with_stored(vec![row("one", 1)]);
    let restored = SessionEvent::Restored {
        composer: StoredComposer::default(),
        choice,
    };
    script.session("one", restored);
    script.phase("one", Phase::Live);
    let sent = prompt(&mut script);
    assert_eq!(sent.model, Some(reference("anthropic", "sonnet-5")));
    assert_eq!(sent.variant.as_deref(), Some("high"));
}

#[test]
fn a_stored_model_that_the_server_does_not_offer_is_not_asked_for() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let choice = PromptChoice {
        agent: Some("gone".to_owned()),
        model: Some(reference("gone", "gone")),
        variant: VariantChoice::Named("high".to_owned()),
    };
    let composer = StoredComposer::default();
    script.session("one", SessionEvent::Restored { composer, choice });
    script.phase("one", Phase::Live);
    script.session("one", SessionEvent::Chat(ChatEvent::Catalog(catalog())));

    let sent = prompt(&mut script);
    assert_eq!((sent.model, sent.agent), (None, None));
}

#[test]
fn actions_run_in_an_earlier_run_come_first() {
    let mut script = live();
    script.event(Event::Reply(Reply::Preferences(Preferences {
        recent_actions: vec!["app.zoom".to_owned(), "gone.by_now".to_owned()],
        side_by_side: false,
        ..Preferences::default()
    })));

    let screen = script.keys("ctrl-p").screen(80, 24);

    let first = screen.lines().nth(4).unwrap();
    assert!(first.contains("full screen"), "{screen}");
}
