//! The create calls: what of a body counts, and what is made of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::request::{ApiResult, DEFAULT_TIMEOUT, OLD_TIMEOUT, SharedRegistry, parse, seconds};
use super::snapshots;
use super::template_names::{plain_name, stands_for};
use super::view::view;
use crate::e2b::wire;
use crate::local::error::ApiError;
use crate::local::network::rules::NetworkRules;
use crate::local::sandbox::create_replay;
use crate::local::sandbox::registry::Registry;
use crate::local::sandbox::spec::{FileOrigin, SandboxSpec};
use crate::local::sync::run_to_completion;

/// The `Host` that servers in the sandbox shall see, below `network`.
const MASK_HOST: &str = "maskRequestHost";
/// The rules of the network, beside it and in the call that changes them.
pub(super) const ALLOW: &str = "allowOut";
pub(super) const DENY: &str = "denyOut";
pub(super) const RULES: &str = "rules";

pub(super) async fn create(
    State(registry): State<SharedRegistry>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult {
    let call = CreateRoute {
        route: "v2",
        default_timeout: DEFAULT_TIMEOUT,
        is_old: false,
    };
    call.answer(registry, &headers, body).await
}

pub(super) async fn create_old(
    State(registry): State<SharedRegistry>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult {
    let call = CreateRoute {
        route: "v1",
        default_timeout: OLD_TIMEOUT,
        is_old: true,
    };
    call.answer(registry, &headers, body).await
}

struct CreateRoute {
    route: &'static str,
    default_timeout: i64,
    /// The path that knows `secure`; on the newer one every sandbox is.
    is_old: bool,
}

impl CreateRoute {
    /// Answers; a call that is repeated with its `Idempotency-Key` gets the first one's answer.
    async fn answer(self, registry: SharedRegistry, headers: &HeaderMap, body: Bytes) -> ApiResult {
        let raw: serde_json::Map<String, Value> = parse(&body)?;
        let enforced = registry.isolation.enforces_network_rules();
        let mut asked: wire::NewSandbox = parse(&body)?;
        self.judge(&mut asked)?;
        let wanted = checked(&raw, asked, self.default_timeout, enforced)?;
        let key = headers.get("idempotency-key");
        let request = key.map(|key| create_replay::IdempotentRequest::new(self.route, key, &body));
        let slot = request
            .transpose()?
            .map(|request| registry.replays.slot(request));
        let slot = slot.transpose()?;
        // Goes on if the caller hangs up: a half-made sandbox would belong to nobody, and who asks
        // again with the same key would get another one.
        let made = run_to_completion(async move {
            let making = make(&registry, wanted);
            match slot {
                None => making.await,
                Some(slot) => slot.get_or_try_init(|| making).await.cloned(),
            }
        });
        Ok((StatusCode::CREATED, Json(made.await?)).into_response())
    }
}

impl CreateRoute {
    /// Refuses what E2B refuses (its control plane of August 2026).
    fn judge(&self, body: &mut wire::NewSandbox) -> ApiResult<()> {
        if !self.is_old {
            body.secure = Some(true);
        }
        let is_public = |network: &wire::Network| network.allow_public_traffic.unwrap_or(true);
        if !body.network.as_ref().is_none_or(is_public) && body.secure != Some(true) {
            let message = "You cannot create a sandbox without public access unless you enable \
                secure envd access via 'secure' flag.";
            return Err(ApiError::bad(message));
        }
        if body.auto_pause_memory != Some(false) {
            return Ok(());
        }
        if body.auto_pause != Some(true) {
            let message = "autoPauseMemory=false only applies when autoPause is true.";
            return Err(ApiError::bad(message));
        }
        if body.auto_resume.is_some_and(|resume| resume.enabled) {
            let message = "autoPauseMemory=false (filesystem-only auto-pause) cannot be combined \
                with autoResume: a filesystem-only snapshot cannot be auto-resumed by traffic and \
                must be resumed explicitly.";
            return Err(ApiError::bad(message));
        }
        Ok(())
    }
}

async fn make(registry: &Registry, mut wanted: SandboxSpec) -> ApiResult<Value> {
    registry.faults.check_timeout(wanted.timeout)?;
    let snapshot = snapshots::named_by(registry, &wanted.template).await?;
    wanted.origin = snapshot.map(|snapshot| FileOrigin {
        dir: registry.snapshots.dir(&snapshot.id),
        template: snapshot.template,
    });
    let sandbox = registry.create(wanted).await?;
    let made = serde_json::to_value(view(registry, &sandbox));
    made.map_err(|error| ApiError::internal(error.to_string()))
}

/// Whether a field asks for nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// `enforced`: whether rules for the network are.
fn checked(
    raw: &serde_json::Map<String, Value>,
    body: wire::NewSandbox,
    default: i64,
    enforced: bool,
) -> ApiResult<SandboxSpec> {
    let network = body.network.unwrap_or_default();
    let (internet, rule) = (body.allow_internet_access, |name| network.other.get(name));
    let network_rules = NetworkRules::read(internet, rule(ALLOW), rule(DENY), rule(RULES));
    let network_rules = network_rules.map_err(ApiError::bad)?;
    // There are no volumes. The caller's program may work without; the
    // server's log and the sandbox's say that there are none.
    let fields = ["mcp", "volumeMounts", "iam"].into_iter();
    let mut ignored: Vec<String> = fields
        .filter(|field| raw.get(*field).is_some_and(|value| !is_empty(value)))
        .map(str::to_owned)
        .collect();
    if internet == Some(false) && !enforced {
        ignored.push("allow_internet_access".to_owned());
    }
    let known =
        |name: &str| name == MASK_HOST || (enforced && [ALLOW, DENY, RULES].contains(&name));
    ignored.extend(
        (network.other.iter())
            .filter(|(name, rule)| !known(name) && !is_empty(rule))
            .map(|(name, _)| format!("network.{name}")),
    );
    if !ignored.is_empty() {
        let fields = ignored.join(", ");
        tracing::warn!(
            fields,
            "a sandbox is created without what these fields ask for"
        );
    }
    let mask = network.other.get(MASK_HOST).and_then(Value::as_str);
    let mask = mask.map(ascii_host).transpose()?;
    let asked = plain_name(&body.template_id);
    let instead = stands_for(asked);
    let notes = instead.map(|template| {
        let note =
            format!("the template '{asked}' does not exist here: '{template}' is used instead");
        tracing::warn!("{note}");
        note
    });
    let env_vars = body
        .env_vars
        .into_iter()
        .map(|(k, v)| (k, v.expose_secret().to_owned()));
    Ok(SandboxSpec {
        template: instead.unwrap_or(asked).to_owned(),
        metadata: body.metadata,
        env_vars: env_vars.collect(),
        timeout: seconds(body.timeout.unwrap_or(default))?,
        auto_pause: body.auto_pause.unwrap_or(false),
        auto_pause_memory: body.auto_pause_memory.unwrap_or(true),
        auto_resume: body.auto_resume.is_some_and(|resume| resume.enabled),
        mask_host: mask,
        // Without a word about it the sandbox gets a token too: who does not use it loses nothing
        // but what would be open to everybody on this machine.
        secure: body.secure != Some(false),
        notes: notes.into_iter().collect(),
        public_traffic: network.allow_public_traffic.unwrap_or(true),
        network_rules,
        ignored,
        origin: None,
    })
}

/// A `maskRequestHost` (E2B's rule).
fn ascii_host(host: &str) -> ApiResult<String> {
    if !host.is_ascii() {
        let message =
            format!("mask request host '{host}' is not ASCII. Please use ASCII characters only.");
        return Err(ApiError::bad(message));
    }
    Ok(host.to_owned())
}
