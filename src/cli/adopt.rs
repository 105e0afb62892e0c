//! `sandbar adopt SANDBOX_ID`: a sandbox that was made elsewhere becomes a session here.

use std::sync::Arc;

use super::args::{AdoptArgs, Options};
use super::known::{self, Known};
use super::report::{self, Ended};
use super::{runtime, setup};
use crate::app::cx::IdSource;
use crate::config::Env;
use crate::domain::id::SandboxId;
use crate::domain::sandbox::Phase;
use crate::domain::session::SessionSummary;
use crate::session::context::wall;
use crate::session::sandbox::access::Host;
use crate::session::sandbox::adopt::{Wanted, adopt as take_up, already, unknown};
use crate::store::StoredSession;
use crate::text::visible;

pub(super) fn adopt(options: &Options, args: &AdoptArgs, env: &Env) -> Result<(), Ended> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let known = Known::open(&config, env).await?;
        let id = SandboxId::from(args.sandbox.as_str());
        let of_id = |session: &&SessionSummary| session.sandbox.id.as_ref() == Some(&id);
        if let Some(session) = known.sessions.iter().find(of_id) {
            return Err(already(&id, session).into());
        }
        let has_name = |session: &&SessionSummary| Some(&session.name) == args.name.as_ref();
        if let Some(other) = known.sessions.iter().find(has_name) {
            return Err(known::taken(other).into());
        }
        let session = search(&known, &id, args).await?;
        let name = visible::name(&session.summary.name);
        let paused = match session.summary.phase {
            Phase::Paused => "; it is paused, as it was before",
            _ => "",
        };
        report::line(format!("adopted {name} (sandbox {id}){paused}"))
    })
}

/// Adopts the sandbox from the first engine that knows it. Only the configured one is started for it.
async fn search(
    known: &Known<'_>,
    id: &SandboxId,
    args: &AdoptArgs,
) -> Result<StoredSession, Ended> {
    let configured = known.config.engine.value;
    for engine in known.engines() {
        let world = match known.world(engine).await {
            Ok(world) => Arc::new(world),
            Err(ended) if engine == configured => return Err(ended),
            Err(_) => continue,
        };
        if engine != configured && Host::find(&world).await?.is_none() {
            continue;
        }
        let wanted = Wanted {
            name: args.name.clone(),
            key: IdSource::seeded(setup::seed()?).session_key(wall()),
        };
        if let Some(session) = take_up(&world, id, wanted).await? {
            return Ok(session);
        }
    }
    Err(unknown(id).into())
}
