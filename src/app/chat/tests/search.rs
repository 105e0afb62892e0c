//! Search in the conversation: matches, their order, what is folded and what is not loaded.

use pretty_assertions::assert_eq;

use super::turns::reverted::two_turns;
use super::view::draw;
use super::*;

impl ChatHarness {
    fn search(&mut self, words: &str) {
        self.with(|chat, cx| chat.search(words, cx));
    }

    fn selected(&self) -> String {
        match &self.chat.scroll.selected {
            Some(BlockId::Part(_, part)) => part.as_str().to_owned(),
            other => format!("{other:?}"),
        }
    }
}

#[test]
fn matches_are_gone_through_from_the_newest_in_both_directions() {
    let mut harness = two_turns(None);
    draw(&mut harness, 80, 24);

    harness.search("first  of");
    assert_eq!(harness.selected(), "d_first");
    let screen = draw(&mut harness, 80, 24);
    assert!(screen.contains("\"first of\" 2 of 2"), "{screen}");

    harness.act(ChatAction::NextMatch);
    assert_eq!(harness.selected(), "b_first");
    harness.act(ChatAction::PreviousMatch);
    assert_eq!(harness.selected(), "d_first");
    harness.act(ChatAction::PreviousMatch);
    assert_eq!(harness.selected(), "b_first");

    // The first press ends the search, the second one the reading.
    harness.act(ChatAction::Stop);
    assert_eq!(harness.chat.context(), ChatContext::Transcript);
    assert!(!draw(&mut harness, 80, 24).contains("2 of 2"));
    harness.act(ChatAction::Stop);
    assert_eq!(harness.chat.context(), ChatContext::Composer);
}

#[test]
fn matches_are_counted_while_the_words_are_typed() {
    let harness = two_turns(None);
    assert_eq!(harness.chat.matches_in_words("first  of"), "2 found");
    assert_eq!(harness.chat.matches_in_words("First of"), "not found");
    assert_eq!(harness.chat.matches_in_words("first of d"), "1 found");
    assert_eq!(harness.chat.matches_in_words("nowhere"), "not found");
}

#[test]
fn what_is_not_there_is_said() {
    let mut harness = two_turns(None);
    harness.search("nowhere");

    let screen = draw(&mut harness, 80, 24);
    assert!(screen.contains("\"nowhere\" not found"), "{screen}");
    assert_eq!(harness.commands(), []);
}

#[test]
fn a_match_in_a_folded_call_unfolds_it_as_long_as_it_is_shown() {
    let mut harness = two_turns(None);
    let output: Vec<String> = (0..60).map(|n| format!("line {n}")).collect();
    let call = tool("d", "d_call", ToolStatus::Completed, &output.join("\n"));
    harness.receive(ChatEvent::Part(call));
    assert!(!draw(&mut harness, 80, 24).contains("line 7"));

    harness.search("line 7");

    assert_eq!(harness.selected(), "d_call");
    let screen = draw(&mut harness, 80, 24);
    assert!(screen.contains("line 7"), "{screen}");
    harness.act(ChatAction::Stop);
    assert!(!draw(&mut harness, 80, 24).contains("line 7"));
}

#[test]
fn a_match_in_a_long_text_is_scrolled_to() {
    let mut harness = two_turns(None);
    let paragraphs: Vec<String> = (0..80).map(|n| format!("paragraph {n}.")).collect();
    let long = text("d", "d_long", &paragraphs.join("\n\n"), true);
    harness.receive(ChatEvent::Part(long));
    draw(&mut harness, 80, 24);

    harness.search("paragraph 5.");

    let screen = draw(&mut harness, 80, 24);
    assert!(screen.contains("paragraph 5."), "{screen}");
    assert!(!screen.contains("paragraph 60."), "{screen}");
}

#[test]
fn what_is_undone_is_searched_too() {
    let mut harness = two_turns(Some(("c", None)));
    draw(&mut harness, 80, 24);

    harness.search("second of d");

    assert_eq!(harness.selected(), "d_second");
    assert!(draw(&mut harness, 80, 24).contains("second of d"));
}

#[test]
fn the_search_goes_on_in_messages_that_are_not_loaded() {
    let mut harness = ChatHarness::idle();
    let spoken = |id: &str, at| testing::spoken(id, Role::Assistant, at, &format!("text {id}"));
    let mut page = resync(vec![spoken("x", 30)], TurnStatus::Idle);
    page.more = true;
    harness.receive(ChatEvent::Resync(Box::new(page)));
    draw(&mut harness, 80, 24);
    harness.commands();

    harness.search("text b");
    assert_eq!(harness.commands(), [SessionCommand::LoadOlder]);
    assert!(draw(&mut harness, 80, 24).contains("older messages"));
    harness.receive(ChatEvent::Older {
        page: vec![spoken("c", 20)],
        more: true,
    });
    assert_eq!(harness.commands(), [SessionCommand::LoadOlder]);
    harness.receive(ChatEvent::Older {
        page: vec![spoken("a", 5), spoken("b", 10)],
        more: false,
    });

    assert_eq!(harness.selected(), "prt_b");
    assert_eq!(harness.commands(), []);
    assert!(draw(&mut harness, 80, 24).contains("1 of 1"));
}

#[test]
fn the_menu_of_a_message_has_its_code_and_its_links() {
    let mut harness = two_turns(None);
    let answer = "See [the docs](https://example.org/a).\n\n```rust\nfn main() {}\n```\n";
    harness.receive(ChatEvent::Part(text("b", "b_first", answer, true)));
    harness.chat.show_message(&"b".into());

    let menu = harness.chat.message_menu().unwrap();

    assert_eq!(
        menu.codes,
        [("rust".to_owned(), "fn main() {}\n".to_owned())]
    );
    let url = "https://example.org/a".to_owned();
    assert_eq!(menu.links, [("the docs".to_owned(), url)]);
    assert!(menu.text.starts_with("See [the docs]") && menu.text.ends_with("second of b"));
    assert_eq!(menu.undo_from, Some("c".into()));
    assert_eq!(menu.fork_before, menu.undo_from);
}
