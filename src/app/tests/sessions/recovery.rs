//! Recovery actions for a boot that fails or hangs.

use pretty_assertions::assert_eq;

use crate::app::tests::views::{booting, failed};
use crate::app::tests::*;
use crate::domain::session::SessionCommand;

fn command(command: SessionCommand) -> Effect {
    Effect::Command(SessionKey::from("one"), command)
}

#[test]
fn a_boot_that_hangs_says_so_and_what_helps() {
    let mut script = booting();
    script.session("one", SessionEvent::Sandbox(sandbox("sbx-1")));
    assert!(!script.screen(120, 36).contains("it may hang"));

    script.now += Duration::from_secs(11);

    insta::assert_snapshot!(script.screen(80, 24));
}

#[test]
fn only_a_boot_that_hangs_is_restarted() {
    let mut script = booting();
    script.asked();

    script.keys("ctrl-x r");
    assert_eq!(script.asked(), []);
    assert!(script.screen(80, 24).contains("already booting"));
    script.now += Duration::from_secs(20);
    script.keys("ctrl-x r");

    assert_eq!(script.asked(), [command(SessionCommand::Retry)]);
}

#[test]
fn another_template_is_chosen_from_those_that_are_known() {
    let mut script = failed();
    script.asked();

    script.keys("ctrl-x a");
    insta::assert_snapshot!(script.screen(80, 24));
    script.type_text("ba").keys("enter");

    let base = SessionCommand::UseTemplate(TemplateId::from("base"));
    assert_eq!(script.asked(), [command(base)]);
}

#[test]
fn a_template_that_nobody_knows_is_typed() {
    let mut script = failed();
    script.session("one", SessionEvent::Stopped);
    script.asked();

    script
        .keys("ctrl-x a")
        .type_text("my-team/rust")
        .keys("enter");

    let asked = script.asked();
    let typed = command(SessionCommand::UseTemplate(TemplateId::from(
        "my-team/rust",
    )));
    assert!(
        matches!(&asked[..], [Effect::OpenSession(_), last] if *last == typed),
        "{asked:?}"
    );
}

#[test]
fn a_session_that_has_begun_keeps_its_template() {
    let mut script = failed();
    script.phase("one", Phase::Live);
    script.asked();

    script.keys("ctrl-x a").keys("enter");

    assert_eq!(script.asked(), []);
    assert!(
        script
            .screen(120, 36)
            .contains("only before the first message")
    );
}

#[test]
fn a_shell_is_opened_where_there_is_a_sandbox() {
    let mut script = failed();
    script.keys("ctrl-x s");
    assert!(script.screen(80, 24).contains("there is no sandbox yet"));
    script.session("one", SessionEvent::Sandbox(sandbox("sbx-1")));
    script.asked();

    script.keys("ctrl-x s");
    assert_eq!(script.asked(), [Effect::OpenShell("one".to_owned())]);

    let gone = Failure::new("the sandbox no longer exists");
    script.phase("one", Phase::Gone(gone)).asked();
    script.keys("ctrl-x s");
    assert_eq!(script.asked(), []);
}
