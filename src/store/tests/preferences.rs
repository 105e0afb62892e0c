use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::ModelRef;
use crate::domain::preferences::{PreferenceChange, Preferences, PromptChoice, VariantChoice};

fn model(name: &str) -> ModelRef {
    ModelRef {
        provider: "acme".to_owned(),
        model: name.to_owned(),
    }
}

#[tokio::test]
async fn favourites_and_recent_choices_are_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let changes = [
        PreferenceChange::Favourite(model("one"), true),
        PreferenceChange::Favourite(model("two/b"), true),
        PreferenceChange::Favourite(model("three"), true),
        PreferenceChange::Favourite(model("one"), false),
        PreferenceChange::ModelChosen(model("one")),
        PreferenceChange::ModelChosen(model("two/b")),
        PreferenceChange::ModelChosen(model("one")),
        PreferenceChange::ActionRun("app.zoom".to_owned()),
        PreferenceChange::SideBySide(false),
        PreferenceChange::SideBySide(true),
    ];
    for change in changes {
        store.remember(change, UnixMillis(1)).await.unwrap();
    }
    store.flush().await.unwrap();
    drop(store);

    let found = open(dir.path()).preferences().await.unwrap();

    let expected = Preferences {
        favourite_models: vec![model("two/b"), model("three")],
        recent_models: vec![model("one"), model("two/b")],
        recent_actions: vec!["app.zoom".to_owned()],
        side_by_side: true,
    };
    assert_eq!(found, expected);
}

#[tokio::test]
async fn only_the_newest_choices_are_kept_and_all_favourites() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for number in 0..50 {
        let model = model(&number.to_string());
        let favourite = PreferenceChange::Favourite(model.clone(), true);
        store.remember(favourite, UnixMillis(number)).await.unwrap();
        let chosen = PreferenceChange::ModelChosen(model);
        store.remember(chosen, UnixMillis(number)).await.unwrap();
    }

    let found = store.preferences().await.unwrap();

    assert_eq!(found.favourite_models.len(), 50);
    assert_eq!(found.recent_models.len(), 20);
    assert_eq!(found.recent_models[0], model("49"));
}

#[tokio::test]
async fn what_was_chosen_in_a_session_is_kept_until_it_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let choices = [
        VariantChoice::Unchanged,
        VariantChoice::Default,
        VariantChoice::Named("high".to_owned()),
    ];
    for variant in choices {
        let choice = PromptChoice {
            agent: Some("plan".to_owned()),
            model: Some(model("one")),
            variant,
        };
        store.set_prompt_choice(&key(), &choice).await.unwrap();
        assert_eq!(store.prompt_choice(&key()).await.unwrap(), choice);
    }

    store.delete_session(&key()).await.unwrap();

    let choice = store.prompt_choice(&key()).await.unwrap();
    assert_eq!(choice, PromptChoice::default());
}
