//! Notices whose advice no longer applies leave before their time.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::{Catalog, Model};

fn live() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script
        .phase("one", Phase::Live)
        .status("one", TurnStatus::Idle);
    script
}

fn notice(script: &Script) -> Option<&str> {
    script.app.status.notice()
}

#[test]
fn what_brings_a_text_back_is_said_only_while_the_composer_is_empty() {
    for (put_away, words) in [
        ("ctrl-c", "ctrl-_ restores the cleared text"),
        (
            "ctrl-s",
            "stashed · ctrl-s in the empty composer brings it back",
        ),
    ] {
        let mut script = live();
        script.type_text("half a thought").keys(put_away);
        assert_eq!(notice(&script), Some(words));

        script.keys("n");
        assert_eq!(notice(&script), None);

        script.keys(put_away).event(Event::Paste("a paste".into()));
        assert_eq!(notice(&script), None);
    }
}

#[test]
fn advice_for_one_session_is_not_read_as_that_of_another_one() {
    let mut script = live();
    script.type_text("half a thought").keys("ctrl-c ctrl-x 2");

    assert_eq!(notice(&script), None);
}

#[test]
fn a_refusal_leaves_with_its_reason() {
    let mut script = live();
    script.keys("ctrl-x m");
    assert_eq!(notice(&script), Some("the models have not loaded yet"));
    let catalog = Catalog {
        models: vec![Model::default()],
        ..Catalog::default()
    };
    script.session("one", SessionEvent::Chat(ChatEvent::Catalog(catalog)));
    assert_eq!(notice(&script), None);

    script.keys("ctrl-_");
    assert_eq!(notice(&script), Some("no edit to undo"));
    script.keys("a");
    assert_eq!(notice(&script), None);
}

#[test]
fn a_warning_of_the_end_leaves_when_there_is_more_time() {
    let mut script = live();
    let mut ends_in = |minutes| {
        let info = SandboxInfo {
            ends_at: Some(UnixMillis(NOON).plus(Duration::from_mins(minutes))),
            ..sandbox("sbx-one")
        };
        script.session("one", SessionEvent::Sandbox(info));
        notice(&script).map(str::to_owned)
    };
    let warning = ends_in(3).unwrap();
    assert!(warning.contains("gives it more time"), "{warning}");

    assert_eq!(ends_in(60), None);
}

#[test]
fn a_second_press_does_not_quit_where_it_would_clear_the_composer() {
    let mut script = live();
    script.keys("ctrl-c");
    assert!(script.screen(80, 24).contains("ctrl-c again to quit"));

    script.keys("a");
    assert!(!script.screen(80, 24).contains("again to quit"));

    script.keys("ctrl-c").asked();
    script.keys("ctrl-c");
    assert!(!script.asked().contains(&Effect::Quit));
}
