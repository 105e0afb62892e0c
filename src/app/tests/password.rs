//! The password of a server that somebody else runs.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::secret::SecretText;
use crate::domain::session::SessionCommand;

fn refused(words: &str) -> Phase {
    let advice = [
        Advice::EnterPassword,
        Advice::SetKey("to skip this question, set OPENCODE_SERVER_PASSWORD".to_owned()),
    ];
    Phase::Failed(Failure::new(words).advise(advice))
}

fn missing() -> Phase {
    refused("the OpenCode server requires a password")
}

fn asking() -> Script {
    let mut script = Script::attached();
    script.phase("attached", missing());
    script
}

fn given(password: &str) -> Effect {
    Effect::Command(
        SessionKey::from("attached"),
        SessionCommand::UsePassword(CredentialRef::None, SecretText::new(password)),
    )
}

#[test]
fn the_password_is_asked_for_and_shown_as_dots() {
    let mut script = asking();
    script.type_text("hunt");
    script.event(Event::Paste("er22\n".to_owned()));

    insta::assert_snapshot!("the_password_is_asked_for_80x24", script.screen(80, 24));
    insta::assert_snapshot!("the_password_is_asked_for_120x36", script.screen(120, 36));
    for (width, height) in [(10, 4), (1, 1), (30, 8)] {
        let screen = script.screen(width, height);
        assert!(!screen.contains("hunt"), "{screen}");
    }
    script.keys("enter");
    let asked = script.asked();
    assert_eq!(asked, [given("hunter22")]);
    assert!(!format!("{asked:?}").contains("hunt"));
    let screen = script.screen(80, 24);
    assert!(!screen.contains("it is not shown"), "{screen}");
}

#[test]
fn a_wrong_password_is_asked_for_again() {
    let mut script = asking();
    script.type_text("wrong").keys("enter");
    script.phase("attached", Phase::Booting(Stage::Subscribe));
    let refusal = refused("OpenCode does not accept the password of user opencode");
    script.phase("attached", refusal);
    script.asked();

    let screen = script.screen(80, 24);
    assert!(screen.contains("it is not shown"), "{screen}");
    script.type_text("righ").keys("backspace");
    script.type_text("ht").keys("enter");
    assert_eq!(script.asked(), [given("right")]);
}

#[test]
fn who_does_not_want_to_enter_it_reads_which_key_asks_again() {
    let mut script = asking();
    script.keys("esc");
    script.wait(Duration::from_secs(5));
    insta::assert_snapshot!("the_password_is_not_entered_80x24", script.screen(80, 24));
    assert_eq!(script.asked(), []);

    script.type_text("a draft");
    script.keys("ctrl-x r");
    script.type_text("secret").keys("enter");
    let asked = script.asked();
    assert!(asked.contains(&given("secret")), "{asked:?}");
    let screen = script.screen(80, 24);
    assert!(screen.contains("a draft"), "{screen}");
}

#[test]
fn without_a_password_enter_tries_again() {
    let mut script = asking();
    script.keys("enter");

    let retry = Effect::Command(SessionKey::from("attached"), SessionCommand::Retry);
    assert_eq!(script.asked(), [retry]);
}

#[test]
fn the_question_waits_until_nobody_types() {
    let mut script = Script::attached();
    script.type_text("fix the");
    script.phase("attached", missing());
    script.type_text(" bug");
    assert!(script.screen(80, 24).contains("fix the bug"));

    script.wait(Duration::from_secs(2));

    let screen = script.screen(80, 24);
    assert!(screen.contains("it is not shown"), "{screen}");
    assert!(screen.contains("fix the bug"), "{screen}");
}
