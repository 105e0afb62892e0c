use pretty_assertions::assert_eq;

use super::*;
use crate::domain::session::SessionCommand;

fn running() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.session("one", SessionEvent::Sandbox(sandbox("sbx-1")));
    script.phase("one", Phase::Live);
    script.asked();
    script
}

fn switched(on: bool) -> Effect {
    Effect::Command(SessionKey::from("one"), SessionCommand::SetAuto(on))
}

#[test]
fn auto_mode_is_switched_on_after_a_question_and_off_at_once() {
    let mut script = running();

    script.keys("ctrl-x !").keys("n");
    assert_eq!(script.asked(), []);
    script.keys("ctrl-x !");
    let question = script.screen(80, 24);
    assert!(question.contains("Auto mode?"), "{question}");
    assert!(question.contains("ctrl-x ! ends it"), "{question}");
    script.keys("y");
    assert_eq!(script.asked(), [switched(true)]);

    script.session("one", SessionEvent::Auto(true));
    script.keys("ctrl-x !");
    assert_eq!(script.asked(), [switched(false)]);
}

#[test]
fn auto_mode_has_a_name_after_a_slash() {
    let mut script = running();

    script.type_text("/auto").keys("enter");

    assert!(script.screen(80, 24).contains("Auto mode?"));
}

#[test]
fn auto_mode_cannot_be_overlooked() {
    let mut script = running();
    script.session("one", SessionEvent::Auto(true));

    for (width, height) in [(44, 12), (80, 24), (120, 36)] {
        let screen = script.screen(width, height);
        insta::assert_snapshot!(format!("auto_{width}x{height}"), screen);
    }
}

#[test]
fn a_session_in_auto_mode_that_is_not_open_has_a_sign_in_the_list() {
    let mut two = row("two", 2);
    two.auto = true;
    let mut script = Script::with_stored(vec![row("one", 1), two]);

    let screen = script.screen(140, 40);
    let listed = screen.lines().find(|line| line.contains("two")).unwrap();
    assert!(listed.contains("AUTO"), "{screen}");
}
