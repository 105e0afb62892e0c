use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::{MessageError, MessageWithParts};
use crate::domain::prompt::PromptKind;
use crate::domain::testing;
use crate::domain::time::UnixMillis;

fn message(id: &str, role: Role, parent: Option<&str>) -> Message {
    Message {
        parent: parent.map(MessageId::from),
        ..Message::new(id, role, UnixMillis(1))
    }
}

fn user(id: &str) -> Message {
    message(id, Role::User, None)
}

fn answer(id: &str, parent: &str) -> Message {
    message(id, Role::Assistant, Some(parent))
}

fn text(message: &str, text: &str) -> Part {
    Part::text(message, format!("prt-{message}"), text, true)
}

fn prompt(id: &str) -> Prompt {
    Prompt {
        message: id.into(),
        part: id.into(),
        text: id.to_owned(),
        kind: PromptKind::Message,
        parts: Vec::new(),
        agent: None,
        model: None,
        variant: None,
    }
}

fn permission(id: &str) -> Permission {
    Permission {
        id: id.into(),
        session: "ses".into(),
        kind: "bash".to_owned(),
        patterns: Vec::new(),
        always: Vec::new(),
        subject: "rm -rf".to_owned(),
        diff: None,
        details: Vec::new(),
        lacks_arguments: false,
        undecodable: false,
        call_id: None,
    }
}

fn chat(event: ChatEvent) -> SessionEvent {
    SessionEvent::Chat(event)
}

fn status(status: TurnStatus) -> SessionEvent {
    chat(ChatEvent::Status(status))
}

fn queue(ids: &[&str], held: bool) -> SessionEvent {
    SessionEvent::Queue(PromptQueue {
        waiting: ids.iter().map(|id| prompt(id)).collect(),
        sent: Vec::new(),
        held,
    })
}

fn resync(messages: Vec<(Message, Vec<Part>)>, busy: bool, asks: &[&str]) -> SessionEvent {
    let messages = messages.into_iter();
    let messages = messages.map(|(message, parts)| MessageWithParts { message, parts });
    let status = if busy {
        TurnStatus::Busy
    } else {
        TurnStatus::Idle
    };
    chat(ChatEvent::Resync(Box::new(Resync {
        permissions: Some(asks.iter().map(|id| permission(id)).collect()),
        ..testing::resync(messages.collect(), status)
    })))
}

fn all(headless: &mut Headless, events: Vec<SessionEvent>) -> Vec<HeadlessOutput> {
    events
        .into_iter()
        .flat_map(|event| headless.receive(event))
        .collect()
}

fn said(text: &str) -> HeadlessOutput {
    HeadlessOutput::Text(text.to_owned())
}

#[test]
fn only_our_turn_of_an_existing_session_is_printed_and_awaited() {
    let mut headless = Headless::continuing(false, "ours".into());
    let old = || {
        vec![
            (user("old"), vec![text("old", "hi")]),
            (answer("a1", "old"), vec![text("a1", "hello")]),
        ]
    };

    let before = all(
        &mut headless,
        vec![
            // The stored state, then the server's; another turn runs and ends.
            resync(old(), false, &[]),
            queue(&["ours"], false),
            resync(old(), true, &[]),
            chat(ChatEvent::Message(answer("a2", "old"))),
            chat(ChatEvent::Part(text("a2", "more"))),
            chat(ChatEvent::Error(MessageError {
                name: "APIError".to_owned(),
                message: "not ours".to_owned(),
            })),
            status(TurnStatus::Idle),
            queue(&[], false),
        ],
    );
    let ours = all(
        &mut headless,
        vec![
            chat(ChatEvent::Message(user("ours"))),
            // A late message of the previous turn.
            chat(ChatEvent::Message(answer("a2", "old"))),
            chat(ChatEvent::Part(text("a2", "more and more"))),
            status(TurnStatus::Idle),
            status(TurnStatus::Busy),
            chat(ChatEvent::Message(answer("a3", "ours"))),
            chat(ChatEvent::Part(text("a3", "yes"))),
            status(TurnStatus::Idle),
        ],
    );

    assert_eq!(before, []);
    assert_eq!(ours, [said("yes"), HeadlessOutput::Done(None)]);
}

#[test]
fn a_turn_that_ended_while_nobody_listened_is_over() {
    let mut headless = Headless::continuing(false, "ours".into());
    all(
        &mut headless,
        vec![queue(&["ours"], false), queue(&[], false)],
    );

    let out = headless.receive(resync(
        vec![
            (answer("a1", "old"), vec![text("a1", "hello")]),
            (user("ours"), Vec::new()),
            (answer("a2", "ours"), vec![text("a2", "yes")]),
        ],
        false,
        &[],
    ));

    assert_eq!(out, [said("yes"), HeadlessOutput::Done(None)]);
}

#[test]
fn a_turn_that_fails_before_its_answer_has_failed() {
    let mut headless = Headless::continuing(false, "ours".into());

    let out = all(
        &mut headless,
        vec![
            chat(ChatEvent::Message(user("ours"))),
            chat(ChatEvent::Error(MessageError {
                name: "ProviderAuthError".to_owned(),
                message: "no key".to_owned(),
            })),
            status(TurnStatus::Idle),
        ],
    );

    let failure = Failure::new("ProviderAuthError").detail("no key");
    assert_eq!(out, [HeadlessOutput::Done(Some(failure))]);
}

#[test]
fn requests_of_another_turn_are_not_answered_and_ours_are_refused_once() {
    let mut headless = Headless::continuing(false, "ours".into());
    let waits = headless.receive(resync(vec![(user("old"), Vec::new())], true, &["per_1"]));
    let [HeadlessOutput::Done(Some(failure))] = &waits[..] else {
        panic!("{waits:?}");
    };
    assert_eq!(
        failure.summary,
        "the session is waiting for an answer to a permission request"
    );

    let mut headless = Headless::continuing(false, "ours".into());
    let asked = || resync(vec![(user("ours"), Vec::new())], true, &["per_1"]);
    let out = all(&mut headless, vec![asked(), asked()]);
    let replies = out
        .iter()
        .filter(|out| matches!(out, HeadlessOutput::Command(_)));
    assert_eq!(replies.count(), 1, "{out:?}");
    assert!(matches!(
        &headless.receive(status(TurnStatus::Idle))[..],
        [HeadlessOutput::Done(Some(_))]
    ));
}

#[test]
fn with_auto_pending_requests_of_another_turn_are_allowed() {
    let mut headless = Headless::continuing(true, "ours".into());

    let out = headless.receive(resync(vec![(user("old"), Vec::new())], true, &["per_1"]));

    assert!(
        matches!(
            &out[..],
            [
                HeadlessOutput::Asked { allowed: true, .. },
                HeadlessOutput::Command(_)
            ]
        ),
        "{out:?}"
    );
}

#[test]
fn a_held_queue_goes_on_for_our_prompt_alone() {
    let release = HeadlessOutput::Command(SessionCommand::ReleaseQueue);
    let mut headless = Headless::continuing(false, "ours".into());
    assert_eq!(headless.receive(queue(&["ours"], true)), [release]);

    let mut headless = Headless::continuing(false, "ours".into());
    let out = headless.receive(queue(&["other", "ours"], true));
    let [HeadlessOutput::Done(Some(failure))] = &out[..] else {
        panic!("{out:?}");
    };
    assert_eq!(failure.detail, "prompts ahead of this one: 1");

    // A refusal by the server holds the queue too, and reports its reason separately.
    let mut headless = Headless::new(false, "ours".into());
    let refused = vec![
        queue(&["ours"], false),
        queue(&[], false),
        queue(&["ours"], true),
    ];
    assert_eq!(all(&mut headless, refused), []);
}

#[test]
fn a_prompt_counts_as_sent_once_it_has_left_the_queue_and_not_when_it_is_back() {
    let mut headless = Headless::new(false, "ours".into());
    let left = |headless: &Headless| (headless.left().prompt, headless.left().taken);
    assert_eq!(left(&headless), (false, false));

    headless.receive(queue(&["ours"], false));
    assert_eq!(left(&headless), (true, false));
    headless.receive(queue(&[], false));
    assert_eq!(left(&headless), (false, true));
    headless.receive(queue(&[], false));
    assert_eq!(left(&headless), (false, true));
    headless.receive(queue(&["ours"], true));
    assert_eq!(left(&headless), (true, false));
}

#[test]
fn a_sandbox_that_is_paused_from_elsewhere_ends_the_run() {
    let mut headless = Headless::continuing(false, "ours".into());

    // The state that it was found in: the prompt resumes it.
    let found = headless.receive(SessionEvent::Phase(Phase::Paused));
    headless.receive(SessionEvent::Phase(Phase::Live));
    let out = headless.receive(SessionEvent::Phase(Phase::Paused));

    assert_eq!(found, []);
    assert!(
        matches!(&out[..], [HeadlessOutput::Done(Some(_))]),
        "{out:?}"
    );
}

#[test]
fn auto_does_not_allow_an_undecodable_request() {
    let allows = |undecodable| {
        let mut headless = Headless::new(true, MessageId::from("msg_1"));
        let asked = Permission {
            undecodable,
            ..permission("per_1")
        };
        let out = headless.receive(chat(ChatEvent::PermissionAsked(asked)));
        matches!(out[0], HeadlessOutput::Asked { allowed: true, .. })
            && matches!(
                out[1],
                HeadlessOutput::Command(SessionCommand::ReplyPermission {
                    reply: PermissionReply::Once,
                    ..
                })
            )
    };

    assert!(allows(false));
    assert!(!allows(true));
}
