use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::domain::chat::{MessageWithParts, Role};
use crate::domain::id::MessageId;
use crate::domain::session::{Revival, SessionCommand, SnapshotInfo};
use crate::domain::testing;

/// A prompt that the server has shown.
fn prompt(id: &str, at: u64) -> MessageWithParts {
    testing::spoken(id, Role::User, at, &format!("do the {id} thing"))
}

/// A snapshot from twelve minutes ago, up to the first prompt.
fn snapshot() -> SnapshotInfo {
    let at = UnixMillis(NOON - 12 * 60_000);
    SnapshotInfo {
        at,
        code_at: Some(at),
        last_prompt: Some(MessageId::from("first")),
        changed: None,
    }
}

/// A session whose sandbox is gone after two prompts.
fn gone(snapshot: Option<SnapshotInfo>) -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    let prompts = vec![prompt("first", NOON - 20), prompt("second", NOON - 10)];
    let mut resync = testing::resync(prompts, TurnStatus::Idle);
    resync.conversation.title = "Two things".to_owned();
    resync.conversation.updated = UnixMillis(NOON);
    let resync = ChatEvent::Resync(Box::new(resync));
    script.session("one", SessionEvent::Sandbox(sandbox("sbx-1")));
    script.session("one", SessionEvent::Chat(resync));
    script.session("one", SessionEvent::Snapshot(snapshot));
    let failure = Failure::new("the sandbox no longer exists")
        .detail("sandbox sbx-1 was killed elsewhere, or its time ran out")
        .advise([Advice::ReadConversation, Advice::NewSession]);
    script.phase("one", Phase::Gone(failure));
    script.asked();
    script
}

fn revive() -> Effect {
    Effect::Command(SessionKey::from("one"), SessionCommand::Revive)
}

#[test]
fn a_gone_session_is_revived_once_the_user_says_so_and_what_is_typed_stays() {
    let mut script = gone(Some(snapshot()));

    script.type_text("and then").keys("enter");
    assert_eq!(script.asked(), [], "it is asked first");
    script.keys("n").keys("ctrl-x b").keys("y");

    assert_eq!(script.asked(), [revive()]);
    assert!(script.screen(80, 24).contains("and then"));
}

#[test]
fn no_key_is_said_to_send_where_nothing_can_be_sent() {
    let screen = gone(None).screen(120, 36);

    assert!(screen.contains("nothing can be sent"), "{screen}");
    assert!(!screen.contains("enter send"), "{screen}");
}

#[test]
fn one_whose_task_has_ended_is_opened_for_it() {
    let mut script = gone(Some(snapshot()));
    script.session("one", SessionEvent::Stopped);
    script.asked();

    script.keys("ctrl-x b y");

    let asked = script.asked();
    assert!(
        matches!(&asked[..], [Effect::OpenSession(spec), command]
            if spec.origin == SessionOrigin::Stored && *command == revive()),
        "{asked:?}"
    );
}

#[test]
fn nothing_is_revived_without_a_snapshot_or_while_the_sandbox_is_there() {
    let mut script = gone(None);
    script.keys("ctrl-x b y").keys("enter");
    assert_eq!(script.asked(), []);
    assert!(script.screen(100, 24).contains("so it cannot be revived"));

    let mut script = gone(Some(snapshot()));
    script.phase("one", Phase::Live);
    script.asked();
    script.keys("ctrl-x b").keys("enter");
    assert_eq!(script.asked(), []);
    assert!(script.screen(80, 24).contains("nothing to revive"));
}

#[test]
fn a_gone_session_says_how_it_comes_back() {
    insta::assert_snapshot!(gone(Some(snapshot())).screen(80, 24));
}

#[test]
fn the_dialog_says_what_comes_back_and_what_does_not() {
    let mut script = gone(Some(snapshot()));
    script.keys("ctrl-x b");

    insta::assert_snapshot!("asked_80x24", script.screen(80, 24));
    insta::assert_snapshot!("asked_120x36", script.screen(120, 36));
}

#[test]
fn missing_code_is_reported() {
    let mut script = gone(Some(SnapshotInfo {
        code_at: None,
        ..snapshot()
    }));
    script.keys("ctrl-x b");

    let screen = script.screen(80, 24);
    assert!(screen.contains("too large for the snapshot"), "{screen}");
}

#[test]
fn afterwards_one_line_in_the_chat_says_what_was_lost() {
    let mut script = gone(Some(snapshot()));
    script.phase("one", Phase::Live);
    let revival = Revival {
        snapshot: snapshot(),
        missing: 1,
    };
    script.session("one", SessionEvent::Revived(revival));

    insta::assert_snapshot!("revived_80x24", script.screen(80, 24));
    insta::assert_snapshot!("revived_120x36", script.screen(120, 36));
}

#[test]
fn a_kill_says_what_can_be_revived() {
    let mut script = gone(Some(snapshot()));
    script.phase("one", Phase::Live);

    script.keys("ctrl-x l D");

    let screen = script.screen(100, 24);
    assert!(screen.contains("the rest can be revived"), "{screen}");
}
