use pretty_assertions::assert_eq;

use super::*;
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
    let mut world = World::idle();

    world.say("hello");

    let sent = world.prompts();
    assert_eq!(
        sent.iter()
            .map(|prompt| prompt.text.as_str())
            .collect::<Vec<_>>(),
        ["hello"]
    );
    assert_eq!(world.texts(), ["hello"]);
    assert!(world.chat.composer_is_empty());
}

#[test]
fn an_echo_stays_last_until_the_server_confirms_it() {
    let mut world = World::idle();
    world.say("hello");
    let sent = world.prompts().remove(0);
    world.receive(ChatEvent::Message(Message {
        completed: Some(UnixMillis(u64::MAX)),
        ..message("msg_x", Role::Assistant, u64::MAX)
    }));
    world.receive(ChatEvent::Part(text(
        "msg_x",
        "prt_x",
        "from another client",
        true,
    )));
    let waiting = world.texts();

    world.receive_all(confirmed(&sent));

    assert_eq!(waiting, ["from another client", "hello"]);
    assert_eq!(world.texts(), ["hello", "from another client"]);
}

#[test]
fn prompts_while_busy_stand_in_the_queue_until_they_leave_it() {
    let mut world = World::idle();
    world.receive(ChatEvent::Status(TurnStatus::Busy));
    world.say("then this");
    let sent = world.prompts();

    world.chat.queue_changed(waiting(&sent, false));
    let queued = (world.texts(), world.chat.queue_len());
    world.chat.queue_changed(on_the_way(&sent));
    let leaving = (world.texts(), world.chat.queue_len());
    world.receive_all(confirmed(&sent[0]));

    assert_eq!(queued, (Vec::<String>::new(), 1));
    assert_eq!(leaving, (vec!["then this".to_owned()], 0));
    assert_eq!(world.texts(), ["then this"]);
}

#[test]
fn up_on_an_empty_composer_takes_the_last_queued_prompt_back() {
    let mut world = World::idle();
    world.receive(ChatEvent::Status(TurnStatus::Busy));
    world.say("one");
    world.say("two");
    let sent = world.prompts();
    world.chat.queue_changed(waiting(&sent, false));

    world.key(UP);

    assert_eq!(world.chat.draft(), "two");
    assert_eq!(world.chat.queue_len(), 1);
    assert_eq!(
        world.commands(),
        [SessionCommand::Unqueue(sent[1].message.clone())]
    );
}

#[test]
fn a_held_queue_goes_on_by_enter_on_an_empty_composer() {
    let mut world = World::idle();
    world.receive(ChatEvent::Status(TurnStatus::Busy));
    world.say("one");
    let sent = world.prompts();
    world.chat.queue_changed(waiting(&sent, true));

    world.key(ENTER);

    assert!(world.chat.is_queue_held());
    assert_eq!(world.commands(), [SessionCommand::ReleaseQueue]);
}

#[test]
fn a_prompt_that_the_task_did_not_receive_waits_here_and_is_sent_again() {
    let mut world = World::idle();
    world.say("precious");
    let sent = world.prompts();

    world.refuse(&SessionCommand::Prompt(sent[0].clone()));
    let failed = (
        world.texts(),
        world.chat.queue_len(),
        world.chat.is_queue_held(),
    );
    world.key(ENTER);

    assert_eq!(failed, (vec!["notice".to_owned()], 1, true));
    assert_eq!(
        world.commands(),
        [
            SessionCommand::Prompt(sent[0].clone()),
            SessionCommand::ReleaseQueue
        ]
    );
    assert_eq!(world.texts(), ["precious"]);
}

#[test]
fn another_command_that_fails_holds_no_prompt_that_is_on_its_way() {
    let mut world = World::idle();
    world.say("precious");
    let sent = world.prompts();
    world.chat.queue_changed(on_the_way(&sent));

    let failure = Failure::new("no older messages");
    world.chat.command_failed(&failure);

    assert_eq!(world.texts(), ["precious", "notice"]);
    assert!(!world.chat.is_queue_held());
}

#[test]
fn a_prompt_that_a_task_left_unread_at_its_end_is_sent_to_the_next_one() {
    let mut world = World::idle();
    world.say("precious");
    let sent = world.prompts();

    world.chat.task_ended();
    world.chat.set_reach(Delivery::Asleep);
    let kept = (world.chat.queue_len(), world.chat.is_queue_held());
    let outcome = world.act(ChatAction::Send);

    assert_eq!(kept, (1, true));
    let commands = vec![
        SessionCommand::Prompt(sent[0].clone()),
        SessionCommand::ReleaseQueue,
    ];
    assert_eq!(outcome, Some(ChatOutcome::Wake(commands)));
}

#[test]
fn a_removed_prompt_waits_again_only_if_the_removal_is_refused() {
    let mut world = World::idle();
    world.receive(ChatEvent::Status(TurnStatus::Busy));
    world.say("one");
    let sent = world.prompts();
    world.chat.queue_changed(waiting(&sent, false));

    world.key(UP);
    // The queue as it was before the task handled the removal.
    world.chat.queue_changed(waiting(&sent, true));
    let before_refusal = world.chat.queue_len();
    world.refuse(&SessionCommand::Unqueue(sent[0].message.clone()));

    assert_eq!((before_refusal, world.chat.queue_len()), (0, 1));
    assert_eq!(world.chat.draft(), "one");
}

#[test]
fn a_draft_that_was_refused_is_saved_again() {
    let mut world = World::idle();
    world.type_text("half a thought");
    world.wait(3000);
    let texts = |saved: Vec<(Monotonic, String)>| -> Vec<String> {
        saved.into_iter().map(|(_, text)| text).collect()
    };
    let saved = texts(world.saved_drafts());

    world.refuse(&SessionCommand::SaveDraft("half a thought".into()));
    let at_once = world.chat.animation_due(world.now) <= Some(world.now);
    world.wait(3000);

    assert!(!at_once);
    assert_eq!(world.texts(), [""; 0]);
    assert_eq!(saved, ["half a thought"]);
    assert_eq!(texts(world.saved_drafts()), saved);
}

#[test]
fn esc_twice_stops_and_esc_once_does_not() {
    let mut world = World::idle();
    world.receive(ChatEvent::Status(TurnStatus::Busy));

    world.key_after(500, ESC);
    world.wait(2500);
    world.key_after(500, ESC);
    let once = world.commands();
    world.key_after(300, ESC);

    assert_eq!(once, []);
    assert_eq!(world.commands(), [SessionCommand::Abort]);
}

#[test]
fn esc_while_idle_goes_to_the_conversation_and_i_comes_back() {
    let mut world = World::idle();

    world.key(ESC);
    let reading = world.chat.context();
    world.key(Key::char('i'));

    assert_eq!(reading, ChatContext::Transcript);
    assert_eq!(world.chat.context(), ChatContext::Composer);
    assert!(world.chat.composer_is_empty());
}

#[test]
fn interrupting_clears_then_stops_then_has_nothing_to_do() {
    let mut world = World::idle();
    world.receive(ChatEvent::Status(TurnStatus::Busy));
    world.type_text("abc");

    let outcomes: Vec<_> = (0..3).map(|_| world.interrupt()).collect();
    let asked = world.commands();
    world.receive(ChatEvent::Status(TurnStatus::Idle));

    assert_eq!(outcomes, [None, None, None]);
    assert_eq!(asked, [SessionCommand::Abort]);
    assert_eq!(world.interrupt(), Some(ChatOutcome::NothingToStop));
}

#[test]
fn a_paste_in_pieces_is_one_prompt_when_enter_is_typed_after_it() {
    let mut world = World::idle();
    let flood = "0123456789abcde\n".repeat(4096);

    world.paste(&flood[..256]);
    for piece in flood.as_bytes()[256..].chunks(256) {
        let piece = std::str::from_utf8(piece).unwrap();
        world.with(|chat, cx| chat.paste_more(piece, cx));
    }
    let before = world.prompts();
    world.key_after(100, ENTER);

    assert_eq!(before, []);
    let prompts = world.prompts();
    assert_eq!(prompts.len(), 1);
    assert!(prompts[0].text == flood, "the text changed");
}

#[test]
fn a_draft_is_stored_when_the_keys_are_quiet() {
    let mut world = World::idle();
    world.type_text("half a thought");

    world.wait(3000);

    let saved = Effect::Command(
        "key_1".into(),
        SessionCommand::SaveDraft("half a thought".into()),
    );
    assert_eq!(world.effects, [saved]);
    assert_eq!(world.chat.animation_due(world.now), None);
}

#[test]
fn a_draft_is_never_far_behind_the_keys() {
    let mut world = World::idle();
    let text = "a thought that is typed without a pause";
    let began = world.now;
    let mut saved = Vec::new();

    for c in text.chars() {
        world.wait(60);
        world.key_after(0, Key::char(c));
        saved.extend(world.saved_drafts());
    }
    world.wait(100);
    saved.extend(world.saved_drafts());

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
    let mut world = World::new();
    world.type_text("new");

    world.chat.restored("old");

    assert_eq!(world.chat.draft(), "old\nnew");
}

#[test]
fn nothing_moves_while_nothing_happens() {
    let mut world = World::idle();
    world.say("hello");
    world.wait(3000);

    assert_eq!(world.chat.animation_due(world.now), None);
}
