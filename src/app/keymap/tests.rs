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
                "{:22}{:24}{:32}{}",
                row.context.name(),
                row.action.name(),
                keys.join(", "),
                row.hint
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
fn every_name_leads_back_to_its_action() {
    for action in Action::all() {
        assert_eq!(Action::named(action.name()), Some(action));
    }
}

#[test]
fn a_sequence_waits_for_its_last_key() {
    let map = Keymap::default();
    let contexts = [Context::Composer, Context::Anywhere];

    assert_eq!(map.meaning(&contexts, &keys("ctrl-x")), Meaning::Leader);
    assert_eq!(
        map.meaning(&contexts, &keys("ctrl-x n")),
        Meaning::Action(Action::App(crate::app::action::AppAction::NewSession))
    );
    assert_eq!(map.meaning(&contexts, &keys("ctrl-x §")), Meaning::Nothing);
}

#[test]
fn users_keys_replace_ours() {
    let map = Keymap::with(&overrides(&[
        ("app.logs", &["f2", "ctrl-x v"]),
        ("app.mouse", &[]),
    ]))
    .unwrap();
    let contexts = [Context::Anywhere];

    assert_eq!(
        map.meaning(&contexts, &keys("f2")),
        Meaning::Action(Action::App(crate::app::action::AppAction::ToggleLogs))
    );
    assert_eq!(map.meaning(&contexts, &keys("ctrl-x o")), Meaning::Nothing);
    assert_eq!(map.meaning(&contexts, &keys("ctrl-x w")), Meaning::Nothing);
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
        "`s` is bound to both `logs.follow` and `logs.wrap` in logs; give one of them another key"
    );
    assert_eq!(
        error(&[("app.zoom", &["ctrl-x"])]),
        "`ctrl-x ?` is bound to both `app.help` and `app.zoom` in anywhere; \
         give one of them another key"
    );
}

#[test]
fn keys_that_can_never_be_pressed_are_told() {
    let error = |rows: &[(&str, &[&str])]| Keymap::with(&overrides(rows)).unwrap_err().to_string();

    assert_eq!(
        error(&[("app.zoom", &["f5", "ctrl-o", "f5"])]),
        "`f5` is given twice for `app.zoom`"
    );
    assert_eq!(
        error(&[("app.zoom", &["ctrl-o z", "ctrl-o"])]),
        "`ctrl-o z` of `app.zoom` can never be pressed: `ctrl-o` is a key of `app.zoom` in logs by itself"
    );
    // A key of the composer takes all that follows it everywhere.
    assert_eq!(
        error(&[("chat.newline", &["ctrl-x"])]),
        "`ctrl-x ?` of `app.help` can never be pressed: `ctrl-x` is a key of `chat.newline` in composer by \
         itself"
    );
    assert_eq!(
        error(&[("chat.newline", &["ctrl-c n"])]),
        "`ctrl-c n` of `chat.newline` can never be pressed: `ctrl-c` is a key of `app.interrupt` in \
         anywhere by itself"
    );
    assert_eq!(
        error(&[("chat.newline", &["a"])]),
        "`a` of `chat.newline` would be typed as text; add ctrl or alt to it"
    );
    // A pane may have a key of its own for what another layer has too.
    assert!(Keymap::with(&overrides(&[("logs.wrap", &["r"])])).is_ok());
}
