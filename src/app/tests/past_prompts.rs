//! A cleared draft that comes back, and the list of earlier prompts.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::prompt::PastPrompt;

fn live() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script
        .phase("one", Phase::Live)
        .status("one", TurnStatus::Idle);
    for text in ["fix the login", "!ls -l"] {
        script.type_text(text).keys("enter");
    }
    script.asked();
    script
}

fn past(text: &str, session: Option<&str>) -> PastPrompt {
    PastPrompt {
        text: text.to_owned(),
        session: session.map(str::to_owned),
    }
}

fn draft(script: &Script) -> String {
    script.app.session().unwrap().chat.draft()
}

#[test]
fn the_notice_of_a_cleared_draft_names_the_key_that_brings_it_back() {
    let mut script = live();
    script.type_text("half a thought").keys("ctrl-c");
    let screen = script.screen(80, 24);
    assert!(
        screen.contains("ctrl-_ restores the cleared text"),
        "{screen}"
    );

    script.keys("ctrl-_");

    assert_eq!(draft(&script), "half a thought");
    script.keys("ctrl-c alt-/ ctrl-_ ctrl-_");
    assert_eq!(draft(&script), "half a though");
}

#[test]
fn earlier_prompts_are_filtered_and_the_chosen_one_is_put_into_the_composer() {
    let mut script = live();
    script.type_text("draft").keys("ctrl-r");
    let wanted = Effect::ListPastPrompts("one".into());
    assert!(script.asked().contains(&wanted));
    let told = vec![
        past("fix the login", Some("one")),
        past("log in\x1b[31m as root", Some("two")),
        past("deploy", None),
    ];
    script.event(Event::Reply(Reply::PastPrompts("one".into(), told)));
    for (width, height) in [(80, 24), (120, 36)] {
        let screen = script.screen(width, height);
        insta::assert_snapshot!(format!("past_prompts_{width}x{height}"), screen);
    }

    script.type_text("login");
    assert!(script.screen(80, 24).contains("1 of 4"));
    script.keys("esc");
    assert_eq!(draft(&script), "draft");

    script.keys("ctrl-r").type_text("log").keys("enter");
    assert_eq!(draft(&script), "fix the login");
    script.keys("ctrl-_");
    assert_eq!(draft(&script), "draft");
}

#[test]
fn prompts_that_are_told_too_late_are_dropped() {
    let mut script = live();
    script.keys("ctrl-r esc ctrl-x j");
    let told = vec![past("late", None)];

    script.event(Event::Reply(Reply::PastPrompts("one".into(), told)));

    assert!(!script.screen(80, 24).contains("late"));
}

#[test]
fn stashed_prompts_are_counted_and_listed() {
    let mut script = live();
    script.type_text("one thought").keys("ctrl-s");
    let screen = script.screen(80, 24);
    let notice = "stashed · ctrl-s in the empty composer brings it back";
    assert!(screen.contains(notice), "{screen}");
    script.type_text("another").keys("ctrl-s");
    script.keys("ctrl-s");
    for (width, height) in [(80, 24), (120, 36)] {
        let screen = script.screen(width, height);
        insta::assert_snapshot!(format!("stashes_{width}x{height}"), screen);
    }

    script.keys("down enter");

    assert_eq!(draft(&script), "one thought");
}
