//! `sandbar adopt SANDBOX_ID`: makes a session here of a sandbox that was created elsewhere.

use std::sync::Arc;

use crate::app::cx::IdSource;
use crate::cli::args::{AdoptArgs, GlobalOptions};
use crate::cli::lookup::{self, SessionLookup};
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::Phase;
use crate::domain::session::SessionSummary;
use crate::session::adopt::{AdoptRequest, adopt as take_up, already, unknown};
use crate::session::context::wall;
use crate::session::sandbox::access::EngineClient;
use crate::store::StoredSession;
use crate::text::visible;

pub(in crate::cli) fn adopt(
    options: &GlobalOptions,
    args: &AdoptArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let lookup = SessionLookup::open(&config, env).await?;
        let id = SandboxId::from(args.sandbox.as_str());
        let of_id = |session: &&SessionSummary| session.sandbox.id.as_ref() == Some(&id);
        if let Some(session) = lookup.sessions.iter().find(of_id) {
            return Err(already(&id, session).into());
        }
        let has_name = |session: &&SessionSummary| Some(&session.name) == args.name.as_ref();
        if let Some(other) = lookup.sessions.iter().find(has_name) {
            return Err(lookup::taken(other).into());
        }
        let session = search(&lookup, &id, args).await?;
        let name = visible::name(&session.summary.name);
        let paused = match session.summary.phase {
            Phase::Paused => "; it is paused, as before",
            _ => "",
        };
        report::line(format!("adopted {name} (sandbox {id}){paused}"))
    })
}

/// Adopts the sandbox from the first engine that knows it. Only the configured one is started for it.
async fn search(
    lookup: &SessionLookup<'_>,
    id: &SandboxId,
    args: &AdoptArgs,
) -> Result<StoredSession, CommandError> {
    let configured = lookup.config.engine.value;
    for engine in lookup.engines() {
        let context = match lookup.context(engine).await {
            Ok(context) => Arc::new(context),
            Err(ended) if engine == configured => return Err(ended),
            Err(_) => continue,
        };
        if engine != configured && EngineClient::find(&context).await?.is_none() {
            continue;
        }
        let wanted = AdoptRequest {
            name: args.name.clone(),
            key: IdSource::seeded(setup::seed()?).session_key(wall()),
        };
        if let Some(session) = take_up(&context, id, wanted).await? {
            return Ok(session);
        }
    }
    Err(unknown(id).into())
}
