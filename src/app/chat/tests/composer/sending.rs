use pretty_assertions::assert_eq;

use crate::app::chat::tests::*;
use crate::domain::failure::Failure;
use crate::domain::session::{Prompt, PromptQueue};

const ENTER: Key = Key::plain(KeyCode::Enter);
const ESC: Key = Key::plain(KeyCode::Esc);
const UP: Key = Key::plain(KeyCode::Up);

fn confirmed(prompt: &Prompt) -> [ChatEvent; 2] {
    let id = prompt.message.as_str();
    [
        ChatEvent::Message(message(id, Role::User, 10)),
        ChatEvent::Part(text(id, prompt.part.as_str(), &prompt.text, true)),
    ]
}

fn waiting(prompts: &[Prompt], held: bool) -> PromptQueue {
    PromptQueue {
        waiting: prompts.to_vec(),
        sent: Vec::new(),
        held,
    }
}

fn on_the_way(prompts: &[Prompt]) -> PromptQueue {
    PromptQueue {
        sent: prompts.to_vec(),
        ..PromptQueue::default()
    }
}

#[test]
fn enter_sends_the_text_and_shows_it_at_once() {
    let mut harness = ChatHarness::idle();

    harness.say("hello");

    let sent = harness.prompts();
    assert_eq!(
        sent.iter()
            .map(|prompt| prompt.text.as_str())
            .collect::<Vec<_>>(),
        ["hello"]
    );
    assert_eq!(harness.texts(), ["hello"]);
    assert!(harness.chat.composer_is_empty());
}

#[test]
fn an_echo_stays_last_until_the_server_confirms_it() {
    let mut harness = ChatHarness::idle();
    harness.say("hello");
    let sent = harness.prompts().remove(0);
    harness.receive(ChatEvent::Message(Message {
        completed: Some(UnixMillis(u64::MAX)),
        ..message("msg_x", Role::Assistant, u64::MAX)
    }));
    harness.receive(ChatEvent::Part(text(
        "msg_x",
        "prt_x",
        "from another client",
        true,
    )));
    let waiting = harness.texts();

    harness.receive_all(confirmed(&sent));

    assert_eq!(waiting, ["from another client", "hello"]);
    assert_eq!(harness.texts(), ["hello", "from another client"]);
}

#[test]
fn prompts_while_busy_stand_in_the_queue_until_they_leave_it() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness.say("then this");
    let sent = harness.prompts();

    harness.chat.queue_changed(waiting(&sent, false));
    let queued = (harness.texts(), harness.chat.queue_len());
    harness.chat.queue_changed(on_the_way(&sent));
    let leaving = (harness.texts(), harness.chat.queue_len());
    harness.receive_all(confirmed(&sent[0]));

    assert_eq!(queued, (Vec::<String>::new(), 1));
    assert_eq!(leaving, (vec!["then this".to_owned()], 0));
    assert_eq!(harness.texts(), ["then this"]);
}

#[test]
fn up_on_an_empty_composer_takes_the_last_queued_prompt_back() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness.say("one");
    harness.say("two");
    let sent = harness.prompts();
    harness.chat.queue_changed(waiting(&sent, false));

    harness.key(UP);

    assert_eq!(harness.chat.draft(), "two");
    assert_eq!(harness.chat.queue_len(), 1);
    assert_eq!(
        harness.commands(),
        [SessionCommand::Unqueue(sent[1].message.clone())]
    );
}

#[test]
fn a_held_queue_goes_on_by_enter_on_an_empty_composer() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness.say("one");
    let sent = harness.prompts();
    harness.chat.queue_changed(waiting(&sent, true));

    harness.key(ENTER);

    assert!(harness.chat.is_queue_held());
    assert_eq!(harness.commands(), [SessionCommand::ReleaseQueue]);
}

#[test]
fn a_prompt_that_the_task_did_not_receive_waits_here_and_is_sent_again() {
    let mut harness = ChatHarness::idle();
    harness.say("precious");
    let sent = harness.prompts();

    harness.refuse(&SessionCommand::Prompt(sent[0].clone()));
    let failed = (
        harness.texts(),
        harness.chat.queue_len(),
        harness.chat.is_queue_held(),
    );
    harness.key(ENTER);

    assert_eq!(failed, (vec!["notice".to_owned()], 1, true));
    assert_eq!(
        harness.commands(),
        [
            SessionCommand::Prompt(sent[0].clone()),
            SessionCommand::ReleaseQueue
        ]
    );
    assert_eq!(harness.texts(), ["precious"]);
}

#[test]
fn another_command_that_fails_holds_no_prompt_that_is_on_its_way() {
    let mut harness = ChatHarness::idle();
    harness.say("precious");
    let sent = harness.prompts();
    harness.chat.queue_changed(on_the_way(&sent));

    let failure = Failure::new("no older messages");
    harness.chat.command_failed(&failure);

    assert_eq!(harness.texts(), ["precious", "notice"]);
    assert!(!harness.chat.is_queue_held());
}

#[test]
fn a_prompt_that_a_task_left_unread_at_its_end_is_sent_to_the_next_one() {
    let mut harness = ChatHarness::idle();
    harness.say("precious");
    let sent = harness.prompts();

    harness.chat.task_ended();
    harness.chat.set_delivery(Delivery::Asleep);
    let kept = (harness.chat.queue_len(), harness.chat.is_queue_held());
    let outcome = harness.act(ChatAction::Send);

    assert_eq!(kept, (1, true));
    let commands = vec![
        SessionCommand::Prompt(sent[0].clone()),
        SessionCommand::ReleaseQueue,
    ];
    assert_eq!(outcome, Some(ChatOutcome::Wake(commands)));
}

#[test]
fn a_removed_prompt_waits_again_only_if_the_removal_is_refused() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness.say("one");
    let sent = harness.prompts();
    harness.chat.queue_changed(waiting(&sent, false));

    harness.key(UP);
    // The queue as it was before the task handled the removal.
    harness.chat.queue_changed(waiting(&sent, true));
    let before_refusal = harness.chat.queue_len();
    harness.refuse(&SessionCommand::Unqueue(sent[0].message.clone()));

    assert_eq!((before_refusal, harness.chat.queue_len()), (0, 1));
    assert_eq!(harness.chat.draft(), "one");
}

#[test]
fn a_draft_that_was_refused_is_saved_again() {
    let mut harness = ChatHarness::idle();
    harness.type_text("half a thought");
    harness.wait(3000);
    let texts = |saved: Vec<(Monotonic, String)>| -> Vec<String> {
        saved.into_iter().map(|(_, text)| text).collect()
    };
    let saved = texts(harness.saved_drafts());

    harness.refuse(&SessionCommand::SaveDraft("half a thought".into()));
    let at_once = harness.chat.animation_due(harness.now) <= Some(harness.now);
    harness.wait(3000);

    assert!(!at_once);
    assert_eq!(harness.texts(), [""; 0]);
    assert_eq!(saved, ["half a thought"]);
    assert_eq!(texts(harness.saved_drafts()), saved);
}

#[test]
fn esc_twice_stops_and_esc_once_does_not() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));

    harness.key_after(500, ESC);
    harness.wait(2500);
    harness.key_after(500, ESC);
    let once = harness.commands();
    harness.key_after(300, ESC);

    assert_eq!(once, []);
    assert_eq!(harness.commands(), [SessionCommand::Abort]);
}

#[test]
fn esc_while_idle_goes_to_the_conversation_and_i_comes_back() {
    let mut harness = ChatHarness::idle();

    harness.key(ESC);
    let reading = harness.chat.context();
    harness.key(Key::char('i'));

    assert_eq!(reading, ChatContext::Transcript);
    assert_eq!(harness.chat.context(), ChatContext::Composer);
    assert!(harness.chat.composer_is_empty());
}

#[test]
fn interrupting_clears_then_stops_then_has_nothing_to_do() {
    let mut harness = ChatHarness::idle();
    harness.receive(ChatEvent::Status(TurnStatus::Busy));
    harness.type_text("abc");

    let outcomes: Vec<_> = (0..3).map(|_| harness.interrupt()).collect();
    let asked = harness.commands();
    harness.receive(ChatEvent::Status(TurnStatus::Idle));

    assert_eq!(outcomes, [Some(ChatOutcome::Cleared), None, None]);
    assert_eq!(asked, [SessionCommand::Abort]);
    assert_eq!(harness.interrupt(), Some(ChatOutcome::NothingToStop));
}

#[test]
fn a_paste_in_pieces_is_one_prompt_when_enter_is_typed_after_it() {
    let mut harness = ChatHarness::idle();
    let flood = "0123456789abcde\n".repeat(4096);

    harness.paste(&flood[..256]);
    for piece in flood.as_bytes()[256..].chunks(256) {
        let piece = std::str::from_utf8(piece).unwrap();
        harness.with(|chat, cx| chat.paste_more(piece, cx));
    }
    let before = harness.prompts();
    harness.key_after(100, ENTER);

    assert_eq!(before, []);
    let prompts = harness.prompts();
    assert_eq!(prompts.len(), 1);
    assert!(prompts[0].text == flood, "the text changed");
}

#[test]
fn a_draft_is_stored_when_the_keys_are_quiet() {
    let mut harness = ChatHarness::idle();
    harness.type_text("half a thought");

    harness.wait(3000);

    let saved = Effect::Command(
        "key_1".into(),
        SessionCommand::SaveDraft("half a thought".into()),
    );
    assert_eq!(harness.effects, [saved]);
    assert_eq!(harness.chat.animation_due(harness.now), None);
}

#[test]
fn a_draft_is_never_far_behind_the_keys() {
    let mut harness = ChatHarness::idle();
    let text = "a thought that is typed without a pause";
    let began = harness.now;
    let mut saved = Vec::new();

    for c in text.chars() {
        harness.wait(60);
        harness.key_after(0, Key::char(c));
        saved.extend(harness.saved_drafts());
    }
    harness.wait(100);
    saved.extend(harness.saved_drafts());

    assert_eq!(saved.last().map(|(_, draft)| draft.as_str()), Some(text));
    let times = saved.iter().map(|(at, _)| *at);
    let gaps = std::iter::once(began).chain(times.clone()).zip(times);
    let longest = gaps.map(|(before, at)| at.saturating_sub(before)).max();
    // A key may come just after a write, and the draft is observed only with the next key.
    assert!(
        longest <= Some(Duration::from_millis(60 + 250 + 60)),
        "{longest:?}"
    );
    // Not every key causes a write.
    assert!(saved.len() <= text.len() / 3, "{}", saved.len());
}

#[test]
fn a_restored_draft_does_not_push_away_what_was_typed() {
    let mut harness = ChatHarness::new();
    harness.type_text("new");

    harness.restore("old");

    assert_eq!(harness.chat.draft(), "old\nnew");
}

#[test]
fn nothing_moves_while_nothing_happens() {
    let mut harness = ChatHarness::idle();
    harness.say("hello");
    harness.wait(3000);

    assert_eq!(harness.chat.animation_due(harness.now), None);
}
