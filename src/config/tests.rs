use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use secrecy::ExposeSecret;

use super::load::resolve;
use super::{
    ACCOUNT_KEY, Config, ConfigError, Credentials, Env, Overrides, Paths, SettingRow, ValueSource,
    file, load,
};
use crate::domain::sandbox::EngineKind;

const NONE: [(&str, &str); 0] = [];

fn paths() -> Paths {
    Paths {
        config_file: PathBuf::from("config.toml"),
        state_dir: PathBuf::from("/state"),
        cache_dir: PathBuf::from("/cache"),
        home: None,
    }
}

fn with(text: &[u8], env: &Env, overrides: &Overrides) -> Result<Config, ConfigError> {
    let actions = ["chat.send", "chat.abort", "app.quit"];
    let entries = file::read(Path::new("config.toml"), text, &actions);
    resolve(paths(), entries, env, overrides, &Credentials::default())
}

fn of_file(text: &str) -> Result<Config, ConfigError> {
    with(text.as_bytes(), &Env::default(), &Overrides::default())
}

fn error_of(text: &str) -> String {
    of_file(text).unwrap_err().to_string()
}

#[test]
fn without_anything_the_defaults_hold() {
    let config = of_file("").unwrap();

    let rows: Vec<String> = config
        .report()
        .into_iter()
        .filter(|row| row.name != "forward")
        .map(|row| format!("{} = {} ({})", row.name, row.value, row.source))
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    engine = local (default)
    template = opencode (default)
    idle_ttl = 30m (default)
    work_ttl = 6h (default)
    warm_start = false (default)
    model =  (default)
    opencode_version = 1.18.33 (default)
    secrets = env (default)
    keyring = true (default)
    local.isolation = full (default)
    local.require_isolation = none (default)
    local.network = own (default)
    local.memory = 8g (default)
    local.processes = 4096 (default)
    local.file_size = 32g (default)
    local.server_idle = 15m (default)
    code = worktree (default)
    theme = auto (default)
    no_color = false (default)
    mouse = false (default)
    hyperlinks = auto (default)
    prose_columns = 100 (default)
    log = info (default)
    composer.vim = false (default)
    e2b.api_url =  (default)
    e2b.domain = e2b.app (default)
    e2b.sandbox_url =  (default)
    prices.usd_per_vcpu_hour = 0.0504 (default)
    prices.usd_per_gib_hour = 0.0162 (default)
    notify = auto (default)
    notify_unknown_focus = false (default)
    timeouts.connect = 10s (default)
    timeouts.request = 30s (default)
    timeouts.install = 10m (default)
    timeouts.health = 1m (default)
    ");
    assert!(!config.has_credentials());
}

#[test]
fn flags_stand_above_the_environment_above_the_file_and_each_value_says_so() {
    let env = Env::from_iter([
        ("SANDBAR_TEMPLATE", "from-env"),
        ("SANDBAR_MODEL", "a/from-env"),
        ("E2B_DOMAIN", "example.org"),
        ("NO_COLOR", "0"),
        ("E2B_API_KEY", "e2b_swordfish"),
        ("ANTHROPIC_API_KEY", "sk-swordfish"),
    ]);
    let overrides = Overrides {
        model: Some("b/from/flag".to_owned()),
        ..Overrides::default()
    };
    let text = "idle_ttl = \"1h30m\"\ntemplate = \"from-file\"\nmodel = \"c/d\"\nmouse = true\n\
                forward = [\"ANTHROPIC_API_KEY\", \"UNSET\"]\n[keys]\nchat.send = \"ctrl-s\"\n\
                \"app.quit\" = [\"f10\", \"ctrl-q\"]\n[e2b]\ndomain = \"file.org\"\n";

    let config = with(text.as_bytes(), &env, &overrides).unwrap();

    let rows: Vec<String> = config
        .report()
        .into_iter()
        .filter(|row| row.source != ValueSource::Default)
        .map(|row| format!("{} = {} ({})", row.name, row.value, row.source))
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    template = from-env (env SANDBAR_TEMPLATE)
    idle_ttl = 1h30m (config.toml:1)
    model = b/from/flag (flag --model)
    forward = ANTHROPIC_API_KEY, UNSET (config.toml:5)
    no_color = true (env NO_COLOR)
    mouse = true (config.toml:4)
    e2b.domain = example.org (env E2B_DOMAIN)
    keys.app.quit = f10, ctrl-q (config.toml:8)
    keys.chat.send = ctrl-s (config.toml:7)
    E2B_API_KEY = •••••••• (env E2B_API_KEY)
    ANTHROPIC_API_KEY = •••••••• (env ANTHROPIC_API_KEY)
    ");
    assert_eq!(config.engine.value, EngineKind::E2b);
    assert_eq!(config.idle_ttl.value, Duration::from_mins(90));
    assert_eq!(config.provider_keys().len(), 1);
    let shown = format!("{config:?} {env:?}");
    assert!(!shown.contains("swordfish"), "{shown}");
}

/// One example of each mistake.
fn mistakes() -> Vec<(&'static str, String)> {
    let file = |text| (text, error_of(text));
    let mut mistakes = vec![
        file("engin = \"e2b\""),
        file("# first\n\n  idle_ttl = 30"),
        file("idle_ttl = \"soon\""),
        file("engine = \"locl\""),
        file("theme = \"sepia\""),
        file("model = \"claude\""),
        file("opencode_version = \"2.0.0\""),
        file("mouse = \"maybe\""),
        file("notify = \"popup\""),
        file("notify = []"),
        file("template = \"\""),
        file("template = 3"),
        file("template = true"),
        file("template = [\"a\"]"),
        file("forward = [1]"),
        file("forward = [\"sk-ant-swordfish\"]"),
        file("domain = \"e2b.app\""),
        file("e2b = \"e2b.app\""),
        file("[e2b]\napi_key = \"swordfish\""),
        file("[e2b]\napi_url = \"api.e2b.app\""),
        file("[keys]\n\"chat.sent\" = \"f2\""),
        file("[keys]\n\"chat.send\" = 2"),
        file("[keys]\n\"chat.send\" = \"f2\"\nchat.send = \"f3\""),
        file("\"e2b.domain\" = \"a\"\n[e2b]\ndomain = \"b\""),
        file("zzz = 1"),
        file("engine = \"e2b\nmouse = true"),
        file("mouse = true\nmouse = false"),
        file("api_key = swordfish"),
    ];
    let none = Overrides::default();
    let text = with(b"engine = \xff\"", &Env::default(), &none);
    mistakes.push(("(not UTF-8)", text.unwrap_err().to_string()));
    let env = Env::from_iter([("SANDBAR_WORK_TTL", "6")]);
    let variable = with(b"", &env, &none);
    mistakes.push(("(variable)", variable.unwrap_err().to_string()));
    let env = Env::from_iter([("SANDBAR_WORKTTL", "6h")]);
    let variable = with(b"", &env, &none);
    mistakes.push(("(misspelt variable)", variable.unwrap_err().to_string()));
    let flag = Overrides {
        engine: Some("cloud".to_owned()),
        ..none
    };
    let flag = with(b"", &Env::default(), &flag);
    mistakes.push(("(flag)", flag.unwrap_err().to_string()));
    mistakes
}

#[test]
fn every_mistake_says_where_what_and_what_would_be_right() {
    let all: Vec<String> = mistakes().into_iter().map(|(_, text)| text).collect();

    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn no_two_mistakes_read_the_same() {
    let mistakes = mistakes();
    let texts: BTreeSet<String> = mistakes
        .iter()
        .map(|(_, text)| text.lines().next().unwrap().to_owned())
        .collect();

    // Many share line and column; without them the messages must still differ.
    let bare: BTreeSet<&str> = texts
        .iter()
        .map(|text| {
            text.split_once(": ")
                .map_or(text.as_str(), |(_, what)| what)
        })
        .collect();
    assert_eq!(bare.len(), mistakes.len());
}

#[test]
fn no_secret_in_the_file_is_repeated_by_a_mistake() {
    for (source, text) in mistakes() {
        assert!(!text.contains("swordfish"), "{source}: {text}");
    }
}

#[test]
fn several_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = error_of("tempalte = \"a\"\nidle_ttl = \"b\"\nmose = true\n");

    let first: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("config.toml"))
        .collect();
    insta::assert_snapshot!(first.join("\n"));
}

#[test]
fn control_characters_of_the_file_do_not_reach_the_screen() {
    let text = error_of("\"a\\u001bb\" = 1 # \u{1b}[31m");

    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
}

#[test]
fn the_places_follow_xdg_and_one_variable_moves_them_all() {
    let xdg = Env::from_iter([
        ("HOME", "/home/me"),
        ("XDG_STATE_HOME", "/var/me"),
        ("XDG_CACHE_HOME", "relative"),
    ]);
    let moved = Env::from_iter([("SANDBAR_HOME", "/elsewhere"), ("XDG_STATE_HOME", "/var")]);

    let xdg = Paths::of(&xdg).unwrap();
    let moved = Paths::of(&moved).unwrap();

    assert_eq!(
        xdg.config_file,
        Path::new("/home/me/.config/sandbar/config.toml")
    );
    assert_eq!(xdg.database(), Path::new("/var/me/sandbar/sandbar.db"));
    assert_eq!(xdg.cache_dir, Path::new("/home/me/.cache/sandbar"));
    assert_eq!(moved.config_file, Path::new("/elsewhere/config.toml"));
    assert_eq!(moved.log_file(), Path::new("/elsewhere/state/sandbar.log"));
    assert_eq!(moved.cache_dir, Path::new("/elsewhere/cache"));
}

#[test]
fn without_a_home_the_error_names_the_way_out() {
    let none = Paths::of(&Env::from_iter(NONE)).unwrap_err();
    let relative = Paths::of(&Env::from_iter([("SANDBAR_HOME", "here")])).unwrap_err();

    insta::assert_snapshot!(format!("{none}\n\n{relative}"));
}

#[test]
fn a_file_that_is_not_there_is_no_mistake_and_one_that_cannot_be_read_is() {
    let home = tempfile::tempdir().unwrap();
    let env = Env::from_iter([("SANDBAR_HOME", home.path())]);
    let below_a_file = home.path().join("file");
    std::fs::write(&below_a_file, "").unwrap();
    let blocked = Env::from_iter([("SANDBAR_HOME", &below_a_file)]);

    assert!(load(&env, &Overrides::default(), &[]).is_ok());
    assert!(load(&blocked, &Overrides::default(), &[]).is_ok());

    std::fs::create_dir(home.path().join("config.toml")).unwrap();
    let error = load(&env, &Overrides::default(), &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the configuration file ") && text.contains("config.toml cannot be"));
}

#[test]
fn a_configuration_that_never_ends_or_is_too_large_is_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    let env = Env::from_iter([("SANDBAR_HOME", home.path())]);
    let paths = Paths::of(&env).unwrap();
    let keys = paths.credentials_file();
    std::fs::create_dir_all(keys.parent().unwrap()).unwrap();
    let fifo = |path: &Path| mknodat(CWD, path, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let told = || {
        let text = load(&env, &Overrides::default(), &[])
            .unwrap_err()
            .to_string();
        text.replace(home.path().to_str().unwrap(), "HOME")
    };

    fifo(&keys);
    let no_keys = told();
    fifo(&paths.config_file);
    let no_file = told();
    std::fs::remove_file(&paths.config_file).unwrap();
    std::fs::write(&paths.config_file, "# padding\n".repeat(3_000_000)).unwrap();
    let too_large = told();

    assert!(
        no_keys.ends_with("cannot be read: this is a FIFO, not a regular file"),
        "{no_keys}"
    );
    let wanted = "the configuration file HOME/config.toml cannot be read: ";
    assert_eq!(
        no_file,
        format!("{wanted}this is a FIFO, not a regular file")
    );
    let told = "it has 30000000 bytes; the limit is 1048576";
    assert_eq!(too_large, format!("{wanted}{told}"));
}

#[test]
fn stored_keys_count_unless_others_can_read_them() {
    let home = tempfile::tempdir().unwrap();
    let env = Env::from_iter([("SANDBAR_HOME", home.path())]);
    let path = Paths::of(&env).unwrap().credentials_file();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let store = |text: &str, mode: u32| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        load(&env, &Overrides::default(), &[])
    };
    let told = |result: Result<Config, ConfigError>| {
        let text = result.unwrap_err().to_string();
        text.replace(home.path().to_str().unwrap(), "HOME")
    };

    let open = told(store(r#"{"OPENAI_API_KEY": "sk-secret"}"#, 0o644));
    let garbled = told(store("{\n\"OPENAI_API_KEY\": [\"sk-secret\"]}", 0o600));
    let config = store(r#"{"OPENAI_API_KEY": "sk-secret"}"#, 0o600).unwrap();

    insta::assert_snapshot!(format!("{open}\n\n{garbled}"));
    let (name, key) = &config.provider_keys()[0];
    assert_eq!(name, "OPENAI_API_KEY");
    assert_eq!(key.source, ValueSource::Stored);
    assert_eq!(key.value.expose_secret(), "sk-secret");
}

#[test]
fn keys_of_the_keyring_are_wanted_only_where_no_other_is_and_there_is_a_bus() {
    let bus = ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/bus");
    let env = Env::from_iter([bus, ("OPENAI_API_KEY", "sk-1")]);
    let config = |text: &str| with(text.as_bytes(), &env, &Overrides::default()).unwrap();
    let text = "forward = [\"OPENAI_API_KEY\", \"XAI_API_KEY\"]";

    let mut on = config(text);
    let missing = on.missing_provider_keys();
    on.add_from_keyring("XAI_API_KEY".to_owned(), "xai-2".into());
    on.add_from_keyring(ACCOUNT_KEY.to_owned(), "e2b_3".into());

    assert_eq!(missing, ["XAI_API_KEY"]);
    assert_eq!(on.missing_provider_keys(), [""; 0]);
    let secret = |row: SettingRow| {
        row.is_secret
            .then(|| format!("{} {}", row.name, row.source))
    };
    let secrets: Vec<String> = on.report().into_iter().filter_map(secret).collect();
    let told = [
        "E2B_API_KEY keyring",
        "OPENAI_API_KEY env OPENAI_API_KEY",
        "XAI_API_KEY keyring",
    ];
    assert_eq!(secrets, told);
    // The engine is known before the keyring is asked.
    assert_eq!(on.engine.value, EngineKind::Local);
    assert_eq!(on.keyring_bus(), Some("unix:path=/bus"));
    assert_eq!(config("keyring = false").keyring_bus(), None);
    assert_eq!(of_file("").unwrap().keyring_bus(), None);
}

fn toml_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "engine",
        "idle_ttl",
        "keys",
        "e2b",
        "forward",
        "api_key",
        " = ",
        "\"",
        "[",
        "]",
        "{",
        "}",
        ".",
        "\n",
        "\t",
        "\r\n",
        "true",
        "1979-05-27",
        "0x1",
        "30m",
        "é",
        "砂",
        "\u{1b}",
        "#",
        ",",
    ]);
    prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_a_configuration_or_a_mistake_in_words(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Err(error) = with(&bytes, &Env::default(), &Overrides::default()) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn anything_like_toml_is_a_configuration_or_a_mistake_without_control_characters(
        text in toml_like(),
    ) {
        if let Err(error) = of_file(&text) {
            let text = error.to_string();
            prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", text);
        }
    }
}

#[test]
fn a_price_is_dollars_in_quotes_or_not() {
    let prices = |text: &str| {
        let prices = of_file(&format!("[prices]\n{text}"))
            .unwrap()
            .prices
            .prices();
        (prices.vcpu_hour.0, prices.gib_hour.0)
    };

    assert_eq!(prices(""), (50_400, 16_200));
    let given = "usd_per_vcpu_hour = 0.1\nusd_per_gib_hour = 0";
    assert_eq!(prices(given), (100_000, 0));
    assert_eq!(prices("usd_per_gib_hour = \"2\""), (50_400, 2_000_000));
    insta::assert_snapshot!(error_of("[prices]\nusd_per_vcpu_hour = -0.1"), @r"
    config.toml:2:21: prices.usd_per_vcpu_hour: this is not a price
      2 | usd_per_vcpu_hour = -0.1
        |                     ^^^^
      write US dollars with up to six decimals: 0.0504; or 0 for nothing
    ");
}
