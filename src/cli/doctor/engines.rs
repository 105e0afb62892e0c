//! Where sandboxes come from: this machine's isolation, the local server, the E2B account; and the model that
//! answers in them.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::check::{Check, in_a_line};
use crate::cli::local::{isolation as wanted, limits};
use crate::cli::setup;
use crate::config::{Config, Env, SecretsWay};
use crate::domain::sandbox::EngineKind;
use crate::engine;
use crate::local::daemon::Daemon;
use crate::local::{self, EnforcedLimits, Enforcement, Isolation, Level};
use crate::session::sandbox::access::EngineClient;

/// Timeout for the account to answer.
const LIMIT: Duration = Duration::from_secs(15);

/// Isolation level and limits: those of the running server, otherwise those that one would have.
pub(super) async fn isolation(config: &Config, server: Option<&Daemon>) -> (Check, Option<Check>) {
    let least = wanted(config).least;
    if let Some(server) = server {
        return (level(&server.isolation, least), Some(limit(&server.limits)));
    }
    let dir = setup::local_dir(config);
    let above = vec![config.paths.state_dir.clone()];
    match local::examine(wanted(config), limits(config), dir, above).await {
        Ok((isolation, limits)) => (level(&isolation, least), Some(limit(&limits))),
        Err(error) => (refused(&error.to_string(), config.engine.value), None),
    }
}

/// Users of E2B do not need it.
fn refused(why: &str, engine: EngineKind) -> Check {
    let fix = "correct that, or use E2B";
    if engine == EngineKind::Local {
        return Check::fails("isolation", why, fix);
    }
    Check::note("isolation", format!("no local sandboxes: {why}"), "")
}

fn level(isolation: &Isolation, least: Level) -> Check {
    let line = isolation.told();
    if isolation.level < least {
        let found = format!("{line}; '{}' is required", least.name());
        let fix = "lower require_isolation, or `sandbar local stop` if the settings have changed";
        return Check::fails("isolation", found, fix);
    }
    if isolation.level == Level::Full && isolation.why.is_empty() {
        return Check::ok("isolation", line);
    }
    Check::note("isolation", line, isolation.next.clone())
}

fn limit(enforced: &EnforcedLimits) -> Check {
    let line = enforced.line();
    let line = line.trim_start_matches("limits: ");
    if enforced.processes == Enforcement::Missing || enforced.memory == Enforcement::Missing {
        let fix = "get isolation 'full', or run sandbar in a session under systemd";
        return Check::note("limits", line, fix);
    }
    Check::ok("limits", line)
}

pub(super) fn server(found: Option<&Daemon>) -> Check {
    let name = "local server";
    let Some(server) = found else {
        return Check::ok(name, "not running; it starts with the first local session");
    };
    let sandboxes = match server.running {
        1 => ", 1 sandbox".to_owned(),
        many => format!(", {many} sandboxes"),
    };
    let found = format!(
        "version {} at {} (process {}){sandboxes}",
        server.version, server.url, server.pid
    );
    match engine::skew(&server.version, server.running) {
        Some(skew) => Check::note(name, format!("{found}; {skew}"), ""),
        None => Check::ok(name, found),
    }
}

/// Asks the account only if there is a key.
pub(super) async fn account(config: &Config, env: &Env, started: Instant) -> Check {
    let name = "E2B account";
    if config.e2b.api_key.is_none() {
        return without_key(config.engine.value);
    }
    let mut config = config.clone();
    config.engine.value = EngineKind::E2b;
    let answer = async {
        let context = setup::context(Some(&config), env, started, None).map_err(|_| "")?;
        let host = EngineClient::find_or_start(&context).await;
        let host = host.map_err(|failure| in_a_line(&failure))?;
        let began = Instant::now();
        let found = host.has_template(config.template.value.as_str()).await;
        let found = found.map_err(|failure| in_a_line(&failure))?;
        Ok::<_, String>((found, began.elapsed()))
    };
    let template = config.template.value.as_str();
    match timeout(LIMIT, answer).await {
        Ok(Ok(answer)) => answered(answer, template),
        Ok(Err(why)) => Check::fails(name, why, "check E2B_API_KEY and the network"),
        Err(_) => Check::fails(
            name,
            format!("no answer within {} s", LIMIT.as_secs()),
            "check the network, the proxy variables and E2B_API_URL",
        ),
    }
}

fn without_key(engine: EngineKind) -> Check {
    let name = "E2B account";
    if engine == EngineKind::Local {
        return Check::ok(name, "no key is set; sandboxes are local");
    }
    Check::fails(
        name,
        "E2B_API_KEY is not set, and the engine is e2b",
        "set it, or use --engine local, which needs no account",
    )
}

fn answered((found, took): (bool, Duration), template: &str) -> Check {
    let name = "E2B account";
    let told = format!("answers in {} ms", took.as_millis());
    if found {
        return Check::ok(name, format!("{told}, has the template '{template}'"));
    }
    // It may be an id, which cannot be looked up.
    Check::note(
        name,
        format!("{told}; no template is named '{template}'"),
        "name another one with --template or SANDBAR_TEMPLATE",
    )
}

pub(super) fn model(config: &Config) -> Check {
    let keys = config.provider_keys().iter().map(|(name, _)| name.as_str());
    model_of(&keys.collect::<Vec<_>>(), config.secrets.value)
}

fn model_of(keys: &[&str], way: SecretsWay) -> Check {
    if keys.is_empty() {
        return Check::note(
            "model",
            "no provider's key is set; the scripted demo model answers",
            "set one, such as ANTHROPIC_API_KEY",
        );
    }
    let way = match way {
        SecretsWay::Env => "goes into sandboxes",
        SecretsWay::Egress => "is written into requests as they leave sandboxes",
    };
    Check::ok("model", format!("{} {way}", keys.join(", ")))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::super::check::CheckState;
    use super::*;

    #[test]
    fn an_account_fails_only_where_it_is_used() {
        assert_eq!(without_key(EngineKind::Local).state, CheckState::Ok);
        assert_eq!(without_key(EngineKind::E2b).state, CheckState::Fails);
    }

    #[test]
    fn a_missing_template_is_noted_with_the_latency() {
        let took = Duration::from_millis(120);

        assert_eq!(
            answered((true, took), "opencode").found,
            "answers in 120 ms, has the template 'opencode'"
        );
        assert_eq!(answered((false, took), "mine").state, CheckState::Note);
    }

    #[test]
    fn a_machine_without_isolation_matters_only_to_local_sandboxes() {
        assert_eq!(refused("root", EngineKind::Local).state, CheckState::Fails);
        assert_eq!(refused("root", EngineKind::E2b).state, CheckState::Note);
    }

    #[test]
    fn limits_that_cannot_be_enforced_are_a_note() {
        let enforced = |processes| EnforcedLimits {
            limits: local::ResourceLimits::default(),
            memory: Enforcement::Watched,
            processes,
            file_size: Enforcement::Unlimited,
        };

        assert_eq!(limit(&enforced(Enforcement::Kernel)).state, CheckState::Ok);
        assert_eq!(
            limit(&enforced(Enforcement::Missing)).state,
            CheckState::Note
        );
    }
}
