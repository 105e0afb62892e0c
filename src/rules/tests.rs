use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

fn rule(action: RuleAction, permission: &str, pattern: &str) -> Rule {
    Rule {
        action,
        permission: permission.to_owned(),
        pattern: pattern.to_owned(),
        project: None,
    }
}

fn allow(pattern: &str) -> Rule {
    rule(RuleAction::Allow, "bash", pattern)
}

fn deny(pattern: &str) -> Rule {
    rule(RuleAction::Deny, "bash", pattern)
}

fn asks(kind: &str, subject: &str) -> Permission {
    Permission {
        id: "per_1".into(),
        session: "ses_1".into(),
        kind: kind.to_owned(),
        patterns: vec![subject.to_owned()],
        always: Vec::new(),
        subject: subject.to_owned(),
        diff: None,
        details: Vec::new(),
        lacks_arguments: false,
        undecodable: false,
        call_id: None,
    }
}

/// A command for which the server names no patterns of its own.
fn runs(command: &str) -> Permission {
    Permission {
        patterns: Vec::new(),
        ..asks("bash", command)
    }
}

fn is_allowed(rules: &[Rule], asked: &Permission) -> bool {
    matches!(decide(rules, None, asked), Decision::Allowed(_))
}

fn is_refused(rules: &[Rule], asked: &Permission) -> bool {
    matches!(decide(rules, None, asked), Decision::Denied(_))
}

#[test]
fn a_pattern_matches_as_in_opencode() {
    for (pattern, text, matches) in [
        ("cargo test *", "cargo test", true),
        ("cargo test *", "cargo test --lib a b", true),
        ("cargo test *", "cargo testing", false),
        ("cargo test*", "cargo testing", true),
        ("cargo test", "cargo test x", false),
        ("*", "", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*.rs", "src/a/b.rs", true),
        ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false),
        ("a.c", "abc", false),
        ("[a]+(b)", "[a]+(b)", true),
    ] {
        assert_eq!(
            wildcard::matches(pattern, text),
            matches,
            "{pattern} {text}"
        );
    }
}

#[test]
fn a_chain_is_allowed_only_if_each_of_its_commands_is() {
    let rules = [allow("cargo test *"), allow("tail *")];

    for command in [
        "cargo test",
        "cargo test --lib -- 'a; b' \"c && d\"",
        "cargo test 2>&1 | tail -20",
        "cargo test >/dev/null 2>&1; cargo test",
        "cargo test &>/dev/null",
        "cargo test \\\n  --lib",
        "cargo test\ntail x",
        "cargo test $NAME a\\;b",
    ] {
        assert!(is_allowed(&rules, &runs(command)), "{command}");
    }
}

#[test]
fn nothing_hides_behind_an_allowed_command() {
    let rules = [allow("cargo test *")];

    for command in [
        "cargo test; rm -rf /",
        "cargo test && rm -rf /",
        "cargo test || rm -rf /",
        "cargo test | sh",
        "cargo test |& sh",
        "cargo test & rm -rf /",
        "cargo test &>/dev/null rm -rf /",
        "cargo test\nrm -rf /",
        "cargo test\r\nrm -rf /",
        "cargo test $(rm -rf /)",
        "cargo test \"$(rm -rf /)\"",
        "cargo test `rm -rf /`",
        "cargo test \"`rm -rf /`\"",
        "cargo test ${X@P}",
        "cargo test $[a[$(rm)]]",
        "cargo test <(rm -rf /)",
        "cargo test >(rm -rf /)",
        "cargo test > ~/.bashrc",
        "cargo test >| x",
        "cargo test >& x",
        "cargo test 2>&1x",
        "cargo test >/dev/nullx",
        "cargo test < /etc/passwd",
        "cargo test << EOF\n$(rm)\nEOF",
        "cargo test # it's\nrm -rf / #'",
        "cargo test '\\' '; rm -rf /; '",
        "cargo test $'\\'; rm -rf / #'",
        "cargo test 'open",
        "cargo test \"open",
        "cargo test \\",
        "(cargo test)",
        "{ cargo test; }",
        "cargo() { rm -rf /; }; cargo test",
        "PATH=/evil cargo test",
        "env cargo test",
        "cargo  test",
        " cargo testx",
        "",
        ";",
        "cargo test \u{1b}[2K",
        "cargo\u{a0}test",
    ] {
        assert!(!is_allowed(&rules, &runs(command)), "{command}");
    }
}

#[test]
fn what_the_server_sees_in_a_command_has_to_be_allowed_too() {
    let rules = [allow("cargo test *")];
    let mut asked = runs("cargo test");

    asked.patterns = vec!["cargo test".into()];
    assert!(is_allowed(&rules, &asked));
    asked.patterns.push("rm -rf /".into());
    assert!(!is_allowed(&rules, &asked));
}

#[test]
fn the_whole_command_word_for_word_and_a_rule_for_everything_allow_anything() {
    let command = "cd x && (echo $(date) > log)";

    assert!(is_allowed(&[allow(command)], &runs(command)));
    assert!(is_allowed(&[allow("*")], &runs(command)));
    assert!(!is_allowed(&[allow("cd *")], &runs(command)));
}

#[test]
fn what_cannot_be_read_is_never_allowed() {
    let unreadable = Permission {
        undecodable: true,
        ..asks("bash", "ls")
    };
    let unknown = Permission {
        lacks_arguments: true,
        ..asks("mcp", "ls")
    };

    for asked in [unreadable, unknown, asks("", "ls")] {
        let rules = [rule(RuleAction::Allow, "*", "*")];
        assert!(!is_allowed(&rules, &asked), "{asked:?}");
    }
}

#[test]
fn a_deny_rule_goes_before_and_sees_every_part() {
    let rules = [allow("*"), deny("rm *")];

    for command in [
        "rm -rf /",
        "cargo test; rm -rf /",
        "cargo test && (rm x)",
        "echo $(rm x)",
        "echo `rm x`",
        "sh -c 'rm x'",
        "ls\nrm x",
        "rm",
    ] {
        assert!(is_refused(&rules, &runs(command)), "{command}");
    }
    assert!(is_allowed(&rules, &runs("ls; firm x")));
    let mut hidden = runs("ls");
    hidden.patterns = vec!["rm x".into()];
    assert!(is_refused(&rules, &hidden));
}

#[test]
fn a_rule_counts_for_its_kind_and_its_project_only() {
    let here = Rule {
        project: Some("/work".into()),
        ..allow("ls *")
    };
    let rules = [here];

    let said = |project, kind| decide(&rules, project, &asks(kind, "ls"));
    assert_eq!(
        said(Some("/work"), "bash"),
        Decision::Allowed(vec![&rules[0]])
    );
    assert_eq!(said(Some("/other"), "bash"), Decision::Undecided);
    assert_eq!(said(None, "bash"), Decision::Undecided);
    assert_eq!(said(Some("/work"), "edit"), Decision::Undecided);
}

#[test]
fn paths_and_addresses_cannot_leave_what_a_pattern_names() {
    for (kind, pattern, text, allowed) in [
        ("edit", "src/*", "src/a/b.rs", true),
        ("edit", "src/*", "src/../../etc/passwd", false),
        ("edit", "src/*", "src\\..\\..\\x", false),
        ("edit", "src/*", "src/a\nb", false),
        ("edit", "*", "../x", true),
        (
            "webfetch",
            "https://docs.rs/*",
            "https://docs.rs/toml",
            true,
        ),
        ("webfetch", "https://docs.rs/*", "https://docs.rs", true),
        ("webfetch", "https://docs.rs", "https://docs.rs/", true),
        ("webfetch", "https://docs.rs", "https://docs.rs/x", false),
        (
            "webfetch",
            "https://docs.rs/*",
            "http://docs.rs/toml",
            false,
        ),
        (
            "webfetch",
            "https://docs.rs/*",
            "https://docs.rs@evil.net/",
            false,
        ),
        ("webfetch", "https://*.rs/*", "https://evil.net/.rs/", false),
        (
            "webfetch",
            "https://*.rs/*",
            "https://evil.net\\.rs/",
            false,
        ),
        (
            "webfetch",
            "https://a.net/b/*",
            "https://a.net/b/../c",
            false,
        ),
        ("webfetch", "docs*", "https://docs", false),
    ] {
        let rules = [rule(RuleAction::Allow, kind, pattern)];
        assert_eq!(
            is_allowed(&rules, &asks(kind, text)),
            allowed,
            "{pattern} {text}"
        );
    }
}

#[test]
fn the_patterns_that_are_offered_are_the_servers_for_commands_and_the_request_otherwise() {
    let mut command = asks("bash", "cargo test; ls -l");
    command.always = vec!["cargo test *".into(), "ls *".into(), "ls *".into()];
    let mut edit = asks("edit", "a.txt");
    edit.always = vec!["*".into()];

    assert_eq!(suggested(&command), ["cargo test *", "ls *"]);
    assert_eq!(suggested(&edit), ["a.txt"]);
    assert_eq!(suggested(&runs("ls")), ["ls"]);
}

#[test]
fn editing_the_file_keeps_what_the_user_wrote() {
    let text = "# mine\n\n[[rule]] # first\naction = \"deny\"\npermission = \"bash\"\n\
                pattern = 'rm *'\n# between\n\n[[rule]]\naction = \"allow\"\npermission = \"edit\"\n\
                pattern = \"src/*\"\n";
    let here = Rule {
        project: Some("/a \"b\"".into()),
        ..allow("cargo test *\u{7}")
    };

    let added = text::with(text, &[here.clone(), here.clone()]).unwrap();
    assert!(added.starts_with(text), "{added}");
    let rules = text::parse(&added).unwrap();
    assert_eq!(rules.len(), 3);
    assert_eq!(rules[2], here);

    let removed = text::without(&added, 0).unwrap();
    assert!(
        removed.starts_with("# mine\n\n# between\n[[rule]]\n"),
        "{removed}"
    );
    assert_eq!(text::parse(&removed).unwrap(), rules[1..]);
    assert!(text::without(&added, 3).is_err());
}

#[test]
fn a_file_with_a_mistake_has_no_rules() {
    for text in [
        "[[rule]]\naction = \"allow\"\npermission = \"bash\"\npattern = \"*\"\nprojct = \"/a\"",
        "[[rule]]\naction = \"maybe\"\npermission = \"bash\"\npattern = \"*\"",
        "[[rule]]\naction = \"allow\"\npermission = \"bash\"\npattern = \"\"",
        "[[rules]]\naction = \"allow\"\npermission = \"bash\"\npattern = \"*\"",
        "rule",
    ] {
        assert!(text::parse(text).is_err(), "{text}");
    }
    let unusual = "rule = [{action = \"allow\", permission = \"bash\", pattern = \"*\"}]";
    assert_eq!(text::parse(unusual).unwrap(), [allow("*")]);
    assert!(text::without(unusual, 0).is_err());
}

#[test]
fn the_file_is_for_its_owner_alone_and_a_link_stays_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let file = file::RulesFile::in_dir(&dir.path().join("config"));
    assert_eq!(file.load().unwrap(), []);

    file.add(&[allow("ls *"), deny("rm *")]).unwrap();

    assert_eq!(file.load().unwrap(), [allow("ls *"), deny("rm *")]);
    let mode = file.path().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let real = dir.path().join("real.toml");
    std::fs::rename(file.path(), &real).unwrap();
    std::os::unix::fs::symlink(&real, file.path()).unwrap();
    assert!(file.remove(0, &deny("rm *")).is_err(), "another rule");
    file.remove(0, &allow("ls *")).unwrap();
    assert_eq!(file.load().unwrap(), [deny("rm *")]);
    assert!(file.path().is_symlink());
    std::fs::write(&real, "nonsense").unwrap();
    assert!(file.load().is_err() && file.add(&[allow("ls")]).is_err());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "nonsense");
}

/// What a line may be made of, to confuse.
fn fragment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "cargo test",
        " ",
        "evil",
        ";",
        "|",
        "&",
        "&&",
        "\n",
        "\\",
        "'",
        "\"",
        "$",
        "(",
        ")",
        "`",
        "{",
        "}",
        "#",
        "<",
        ">",
        "2>&1",
        ">/dev/null",
        "a",
        "!",
        "=",
        "[",
        "]",
        "$(",
        "${",
        "\t",
    ])
}

#[test]
fn a_command_that_is_not_known_is_allowed_by_nothing_but_the_rule_for_everything() {
    assert!(!is_allowed(&[allow("")], &runs("")));
    assert!(is_allowed(&[allow("*")], &runs("")));
}

proptest! {
    /// Bash itself says what a line would run. `evil` is no program, and nothing else can be found.
    #[test]
    fn no_shell_runs_anything_but_what_was_allowed(
        fragments in prop::collection::vec(fragment(), 1..9),
    ) {
        let command = format!("cargo test {}", fragments.concat());
        if !is_allowed(&[allow("cargo test *")], &runs(&command)) {
            return Ok(());
        }
        let dir = tempfile::tempdir().unwrap();
        let script = format!(
            "exec 9>&1 >/dev/null 2>&1
             command_not_found_handle() {{ echo \"ran:$1\" >&9; }}
             PATH=/nowhere\n{command}"
        );
        let said = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let runs_other = said.lines().any(|line| line != "ran:cargo");
        prop_assert!(!runs_other, "{command:?}: {said}");
        let files = std::fs::read_dir(dir.path()).unwrap().count();
        prop_assert_eq!(files, 0, "{:?} wrote a file", command);
    }

    #[test]
    fn nothing_panics_and_an_allowed_command_is_never_denied_as_well(
        pattern in "\\PC{0,12}", command in "(?s).{0,40}",
    ) {
        let rules = [allow(&pattern), deny(&pattern)];
        let said = decide(&rules, None, &runs(&command));
        prop_assert!(!matches!(said, Decision::Allowed(_)), "{said:?}");
    }

    #[test]
    fn a_rule_comes_back_from_the_file_as_it_was(
        pattern in "(?s).{1,30}", project in prop::option::of("(?s).{1,20}"),
    ) {
        let wanted = Rule { project, ..allow(&pattern) };
        let text = text::with("# kept\n", std::slice::from_ref(&wanted)).unwrap();
        prop_assert_eq!(text::parse(&text).unwrap(), [wanted]);
        prop_assert!(text::without(&text, 0).unwrap().starts_with("# kept\n"));
    }
}
