//! Whether the code itself says where its model is: then no key has to go along.
//!
//! OpenCode reads a project's configuration, which may name a provider of its own, with its key or without
//! one (1.18). What is in a repository that is yet to be cloned nobody knows.

use std::io::Read as _;
use std::path::Path;

use super::args::Options;
use super::report::Ended;
use crate::config::Config;
use crate::domain::failure::Failure;
use crate::domain::session::CodeSource;

/// Where a project's configuration is, below its work tree.
const FILES: [&str; 4] = [
    "opencode.json",
    "opencode.jsonc",
    ".opencode/opencode.json",
    ".opencode/opencode.jsonc",
];
/// A larger file is not read to its end.
const LONGEST: u64 = 1024 * 1024;

/// What is known of a model that needs no key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnProvider {
    InCode,
    Nowhere,
    /// The code is not here.
    Unknown,
}

pub(super) fn of(code: &CodeSource) -> OwnProvider {
    match code {
        CodeSource::WorkTree(root) if FILES.iter().any(|file| names_one(&root.join(file))) => {
            OwnProvider::InCode
        }
        CodeSource::WorkTree(_) | CodeSource::Empty => OwnProvider::Nowhere,
        CodeSource::Clone(_) => OwnProvider::Unknown,
    }
}

/// A model that was asked for here is not silently replaced by the demo model. The code may bring its own.
pub(super) fn can_use_model(
    options: &Options,
    config: &Config,
    code: &CodeSource,
) -> Result<(), Ended> {
    let Some(model) = options.model.as_ref().filter(|_| !options.demo) else {
        return Ok(());
    };
    if !config.has_credentials() && of(code) == OwnProvider::Nowhere {
        return Err(Ended::NoAccount(
            Failure::new(format!("there is no key to use the model {model} with"))
                .because(
                    "no model provider's key is set, and the code names no provider of its own",
                )
                .hint("set its provider's, such as ANTHROPIC_API_KEY; `sandbar config` lists them"),
        ));
    }
    Ok(())
}

/// Whether a configuration has the field `provider`. It may have comments: it is not parsed.
fn names_one(file: &Path) -> bool {
    // A FIFO would never end.
    if !file.is_file() {
        return false;
    }
    let mut text = String::new();
    let opened = std::fs::File::open(file);
    let read = opened.and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    let mut fields = text.split("\"provider\"").skip(1);
    read.is_ok() && fields.any(|after| after.trim_start().starts_with(':'))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::setup;
    use super::*;
    use crate::config::Env;

    #[test]
    fn a_model_without_a_key_is_used_where_the_sessions_code_brings_its_provider() {
        let root = tempfile::tempdir().unwrap();
        let env = Env::from_iter([("SANDBAR_HOME", root.path().join("home"))]);
        let options = Options {
            model: Some("own/model".to_owned()),
            ..Options::default()
        };
        let config = setup::config(&options, &env).ok().unwrap();
        let can = |code: &CodeSource| can_use_model(&options, &config, code).is_ok();
        let work = CodeSource::WorkTree(root.path().to_owned());

        assert!(!can(&work) && !can(&CodeSource::Empty));
        let provider = r#"{"provider": {"own": {}}}"#;
        std::fs::write(root.path().join("opencode.json"), provider).unwrap();
        assert!(can(&work) && !can(&CodeSource::Empty));
    }

    #[test]
    fn a_projects_own_provider_is_found_wherever_opencode_reads_it() {
        let root = tempfile::tempdir().unwrap();
        let work = CodeSource::WorkTree(root.path().to_owned());
        assert_eq!(of(&work), OwnProvider::Nowhere);
        std::fs::create_dir(root.path().join(".opencode")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(root.path().join(file), text).unwrap();

        write(
            "opencode.json",
            r#"{"model": "a/b", "enabled_providers": ["provider"]}"#,
        );
        assert_eq!(of(&work), OwnProvider::Nowhere);
        write(
            ".opencode/opencode.jsonc",
            "{ // ours\n \"provider\" : {\"own\": {}},\n}",
        );

        assert_eq!(of(&work), OwnProvider::InCode);
        let url = CodeSource::Clone("https://host/a.git".to_owned());
        assert_eq!(of(&url), OwnProvider::Unknown);
    }
}
