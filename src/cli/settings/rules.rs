//! `sandbar rules`: lists, adds and removes the rules that answer permissions.

use serde_json::json;

use crate::cli::args::{NewRuleArgs, RulesArgs, RulesCommand};
use crate::cli::lookup::FORMAT;
use crate::cli::ls::aligned;
use crate::cli::report::{self, CommandError};
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::rule::{Rule, RuleAction};
use crate::rules::file::{RulesError, RulesFile};
use crate::session::code;

pub(in crate::cli) fn rules(args: &RulesArgs, env: &Env) -> Result<(), CommandError> {
    let file = setup::rules(env).ok_or_else(|| {
        CommandError::Usage(Failure::new("there is no directory for the rules").hint("set HOME"))
    })?;
    match &args.command {
        None => list(&file, args.json),
        Some(RulesCommand::Allow(new)) => add(&file, RuleAction::Allow, new, env),
        Some(RulesCommand::Deny(new)) => add(&file, RuleAction::Deny, new, env),
        Some(RulesCommand::Remove { numbers }) => remove(&file, numbers),
    }
}

fn list(file: &RulesFile, json: bool) -> Result<(), CommandError> {
    let rules = file.load().map_err(|error| wrong(&error))?;
    if json {
        let rules = rules.iter().enumerate().map(|(at, rule)| {
            json!({
                "v": FORMAT, "type": "rule", "number": at + 1, "action": rule.action.name(),
                "permission": rule.permission, "pattern": rule.pattern, "project": rule.project,
            })
        });
        return report::json(&rules.collect::<Vec<_>>());
    }
    if rules.is_empty() {
        report::progress(format!("no rules in {}", file.path().display()));
        return Ok(());
    }
    let rows: Vec<[String; 5]> = (1..)
        .zip(&rules)
        .map(|(number, rule): (usize, &Rule)| {
            let place = rule.project.as_deref().unwrap_or("everywhere");
            [
                number.to_string(),
                rule.action.name().to_owned(),
                rule.permission.clone(),
                rule.pattern.clone(),
                place.to_owned(),
            ]
        })
        .collect();
    report::line(aligned(&rows).trim_end())
}

fn add(
    file: &RulesFile,
    action: RuleAction,
    new: &NewRuleArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let rule = Rule {
        action,
        permission: new.permission.clone(),
        pattern: new.pattern.clone(),
        project: project(new, env)?,
    };
    if rule.pattern.is_empty() || rule.permission.is_empty() {
        return Err(CommandError::Usage(Failure::new("the pattern is empty")));
    }
    file.add(std::slice::from_ref(&rule))
        .map_err(|error| wrong(&error))?;
    let place = rule.project.as_ref().map_or_else(
        || "in all projects".to_owned(),
        |project| format!("in sessions of {project}"),
    );
    report::progress(format!("{rule}, {place}"));
    Ok(())
}

/// The project that a new rule is for; `None`: all.
fn project(new: &NewRuleArgs, env: &Env) -> Result<Option<String>, CommandError> {
    if new.everywhere {
        return Ok(None);
    }
    let here = || env.directory().and_then(code::project);
    let project = match &new.project {
        // A URL, or a directory by its one name.
        Some(given) => match code::project(given.as_ref()) {
            Some(dir) => dir,
            None => return Ok(Some(given.clone())),
        },
        None => here().ok_or_else(|| {
            CommandError::Usage(
                Failure::new("the directory here is unknown").hint("use --everywhere or --project"),
            )
        })?,
    };
    let named = project.to_str().map(str::to_owned);
    named.map(Some).ok_or_else(|| {
        let failure = Failure::new("the name of this directory is not UTF-8 text");
        CommandError::Usage(failure.hint("use --everywhere"))
    })
}

fn remove(file: &RulesFile, numbers: &[usize]) -> Result<(), CommandError> {
    let rules = file.load().map_err(|error| wrong(&error))?;
    let mut places = Vec::new();
    for number in numbers {
        let place = number.checked_sub(1).filter(|at| *at < rules.len());
        let unknown = || CommandError::Usage(Failure::new(format!("there is no rule {number}")));
        places.push(place.ok_or_else(unknown)?);
    }
    places.sort_unstable();
    places.dedup();
    // From the end, so that the others keep their places.
    for at in places.into_iter().rev() {
        file.remove(at, &rules[at]).map_err(|error| wrong(&error))?;
        report::progress(format!("removed: {}", rules[at]));
    }
    Ok(())
}

fn wrong(error: &RulesError) -> CommandError {
    match error {
        RulesError::Invalid { .. } => CommandError::Usage(Failure::new(error.to_string())),
        _ => CommandError::Failed(Failure::new(error.to_string())),
    }
}
