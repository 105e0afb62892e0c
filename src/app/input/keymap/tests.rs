use super::*;

fn overrides(rows: &[(&str, &[&str])]) -> Vec<(String, Vec<KeySequence>)> {
    rows.iter()
        .map(|(name, keys)| {
            let keys = keys.iter().map(|keys| keys.parse().unwrap()).collect();
            ((*name).to_owned(), keys)
        })
        .collect()
}

fn keys(text: &str) -> Vec<Key> {
    text.parse::<KeySequence>().unwrap().keys().to_vec()
}

#[test]
fn the_default_table_is_this_one() {
    let table: Vec<String> = Keymap::default()
        .bindings()
        .iter()
        .map(|row| {
            let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
            format!(
                "{:34}{:24}{:32}{:14}{}",
                row.context.name(),
                row.action.name(),
                keys.join(", "),
                row.hint,
                row.what
            )
        })
        .collect();

    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn the_default_table_has_no_conflicts_and_every_row_has_its_keys() {
    let map = Keymap::default();

    assert_eq!(map.check(), Ok(()));
    let unbound: Vec<&Binding> = map
        .bindings()
        .iter()
        .filter(|row| row.keys.is_empty() || row.action.name().is_empty())
        .collect();
    assert_eq!(unbound, Vec::<&Binding>::new());
}

#[test]
fn every_action_has_one_row_and_a_name_of_its_own() {
    let mut names: Vec<&str> = Action::all().map(Action::name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();

    for action in Action::all() {
        let rows = table::rows().filter(|row| row.action == action);
        assert_eq!(rows.count(), 1, "{action:?}");
    }
    assert_eq!((names.len(), table::rows().count()), (count, count));
}

#[test]
fn hints_and_descriptions_are_short_and_of_one_style() {
    for row in Keymap::default().bindings() {
        let is_short = row.hint.chars().count() <= 12 && row.what.chars().count() <= 41;
        // Both are in one row of the help.
        let is_short = is_short && row.what.len() + row.action.name().len() <= 54;
        let is_plain = |text: &str| !text.is_empty() && !text.starts_with(char::is_uppercase);
        let is_plain = is_plain(row.hint) && is_plain(row.what) && !row.what.ends_with('.');

        assert!(is_short && is_plain, "{row:?}");
    }
}

#[test]
fn a_key_is_shown_only_where_it_works() {
    let map = Keymap::default();
    let key = |action, context: KeyContext| {
        let key = map.key_for(Action::App(action), &context.with_layers());
        key.map(ToString::to_string)
    };

    assert_eq!(
        key(AppAction::Retry, KeyContext::Composer).unwrap(),
        "ctrl-x r"
    );
    assert_eq!(key(AppAction::Retry, KeyContext::Logs).unwrap(), "r");
    assert_eq!(
        key(AppAction::QuitIfEmpty, KeyContext::Composer).unwrap(),
        "ctrl-d"
    );
    // In the log pane the key scrolls.
    assert_eq!(key(AppAction::QuitIfEmpty, KeyContext::Logs), None);
    assert_eq!(key(AppAction::Confirm, KeyContext::Composer), None);
}

#[test]
fn letters_type_where_a_request_is_answered() {
    let error = Keymap::with(&overrides(&[("request.once", &["y"])])).unwrap_err();
    let both = Keymap::with(&overrides(&[("request.full", &["v"])]));

    assert_eq!(
        error.to_string(),
        "`y` of `request.once` would be typed as text; add ctrl or alt to it"
    );
    assert!(both.is_ok_and(|map| {
        let contexts = KeyContext::Permission.with_layers();
        let full = Action::Chat(crate::app::action::ChatAction::RequestFull);
        map.key_for(full, &contexts).is_none()
    }));
    assert!(Keymap::with(&overrides(&[("request.once", &["6"])])).is_ok());
}

#[test]
fn the_key_that_cancels_a_sequence_is_reserved() {
    let error = |rows: &[(&str, &[&str])]| Keymap::with(&overrides(rows)).unwrap_err().to_string();

    assert_eq!(
        error(&[("app.zoom", &["ctrl-x esc"])]),
        "`ctrl-x esc` of `app.zoom` can never be pressed: `esc` is reserved, because it cancels the keys pressed so far \
         (`app.cancel_sequence`); choose another key"
    );
    assert_eq!(
        error(&[("app.cancel_sequence", &["z"])]),
        "`ctrl-x z` of `app.zoom` can never be pressed: `z` is reserved, because it cancels the keys pressed so far \
         (`app.cancel_sequence`); choose another key"
    );
    assert_eq!(
        error(&[("app.cancel_sequence", &["f2 f3"])]),
        "`f2 f3` of `app.cancel_sequence` must be a single key"
    );
    assert!(
        Keymap::with(&overrides(&[
            ("app.cancel_sequence", &["f9"]),
            ("app.zoom", &["ctrl-x esc"])
        ]))
        .is_ok()
    );
}

#[test]
fn a_sequence_waits_for_its_last_key() {
    let map = Keymap::default();
    let contexts = [KeyContext::Composer, KeyContext::Anywhere];

    assert_eq!(map.meaning(&contexts, &keys("ctrl-x")), KeyMeaning::Leader);
    assert_eq!(
        map.meaning(&contexts, &keys("ctrl-x n")),
        KeyMeaning::Action(Action::App(crate::app::action::AppAction::NewSession))
    );
    assert_eq!(
        map.meaning(&contexts, &keys("ctrl-x §")),
        KeyMeaning::Nothing
    );
}

#[test]
fn users_keys_replace_ours() {
    let map = Keymap::with(&overrides(&[
        ("app.logs", &["f2", "ctrl-x V"]),
        ("app.mouse", &[]),
    ]))
    .unwrap();
    let contexts = [KeyContext::Anywhere];

    assert_eq!(
        map.meaning(&contexts, &keys("f2")),
        KeyMeaning::Action(Action::App(crate::app::action::AppAction::ToggleLogs))
    );
    assert_eq!(
        map.meaning(&contexts, &keys("ctrl-x o")),
        KeyMeaning::Nothing
    );
    assert_eq!(
        map.meaning(&contexts, &keys("ctrl-x w")),
        KeyMeaning::Nothing
    );
}

#[test]
fn errors_name_the_fix() {
    let error = |rows: &[(&str, &[&str])]| Keymap::with(&overrides(rows)).unwrap_err().to_string();

    assert_eq!(
        error(&[("app.log", &["f2"])]),
        "there is no action `app.log`; did you mean `app.logs`?"
    );
    assert_eq!(
        error(&[("teleport", &["f2"])]),
        "there is no action `teleport`"
    );
    assert_eq!(
        error(&[("logs.wrap", &["s"])]),
        "`s` is bound to both `logs.follow` and `logs.wrap` in the context \"logs\"; give one of them another key"
    );
    assert_eq!(
        error(&[("app.zoom", &["ctrl-x"])]),
        "`ctrl-x e` is bound to both `chat.edit_externally` and `app.zoom` anywhere; \
         give one of them another key"
    );
}

#[test]
fn keys_that_can_never_be_pressed_are_reported() {
    let error = |rows: &[(&str, &[&str])]| Keymap::with(&overrides(rows)).unwrap_err().to_string();

    assert_eq!(
        error(&[("app.zoom", &["f5", "ctrl-o", "f5"])]),
        "`f5` is given twice for `app.zoom`"
    );
    assert_eq!(
        error(&[("app.zoom", &["ctrl-o z", "ctrl-o"])]),
        "`ctrl-o z` of `app.zoom` can never be pressed: `ctrl-o` is a key of `app.zoom` in the context \"logs\" by itself"
    );
    // A key of the composer hides all sequences that begin with it.
    assert_eq!(
        error(&[("chat.newline", &["ctrl-x"])]),
        "`ctrl-x e` of `chat.edit_externally` can never be pressed: `ctrl-x` is a key of `chat.newline` in \
         the context \"composer\" by itself"
    );
    assert_eq!(
        error(&[("chat.newline", &["ctrl-c n"])]),
        "`ctrl-c n` of `chat.newline` can never be pressed: `ctrl-c` is a key of `app.interrupt` \
         anywhere by itself"
    );
    assert_eq!(
        error(&[("chat.newline", &["a"])]),
        "`a` of `chat.newline` would be typed as text; add ctrl or alt to it"
    );
    // A pane may bind a key that another layer binds too.
    assert!(Keymap::with(&overrides(&[("logs.wrap", &["r"])])).is_ok());
}
