//! The beginning and the end of a sandbox's run: its isolation, its helper, its limits, its proxy.

use std::sync::Arc;

use super::record::RunState;
use super::registry::Registry;
use super::{LocalSandbox, SandboxRun};
use crate::local::error::{ApiError, failed};
use crate::local::helper::client::{Helper, HelperError};
use crate::local::helper::process_tree;
use crate::local::isolation::{HelperLaunch, LaunchSpec};
use crate::local::limits::DescriptorQuota;
use crate::local::network::forward_proxy;
use crate::local::network::forward_proxy::ForwardProxy;
use crate::local::network::tls_intercept::TlsInterceptor;
use crate::local::network::trust_bundle;
use crate::local::sync::blocking;

impl Registry {
    /// Prepares a sandbox's directories, and decides how its helper is started.
    async fn prepare_launch(&self, sandbox: &LocalSandbox) -> Result<HelperLaunch, ApiError> {
        let record = sandbox.record();
        let (options, isolation) = (Arc::clone(&self.options), self.isolation.clone());
        let links = self
            .templates
            .links(record.base.as_ref().unwrap_or(&record.template));
        let (dir, ca) = (sandbox.dir.clone(), sandbox.ca.clone());
        let prepared = blocking(move || {
            let spec = LaunchSpec {
                dir: &dir,
                id: &record.id,
                isolation: &isolation,
                helper: &options.helper,
                path: &options.path,
                memory: options.limits.memory,
                programs: links.within_reach(&isolation, &options.state_dir)?.0,
                certificates: trust_bundle::bundle(
                    &options.install_env,
                    ca.as_ref().map(|ca| ca.pem()),
                ),
            };
            spec.prepare()
        });
        prepared
            .await
            .map_err(failed("prepare the sandbox's isolation"))
    }

    /// Starts the run of a sandbox; its end by itself is seen and leaves it paused.
    pub(in crate::local) async fn start(
        &self,
        sandbox: &Arc<LocalSandbox>,
    ) -> Result<(), ApiError> {
        let start = self.prepare_launch(sandbox).await?;
        let refused = |refused: HelperError| ApiError::internal(refused.message);
        let log = sandbox.dir.join("helper.log");
        let limits = self.enforcer.of_process().with_open_files(self.descriptors);
        let helper = Helper::start(start, limits, &log).await.map_err(refused)?;
        let limited = self.limit(&sandbox.record().id, &helper).await;
        let run = SandboxRun::new(
            helper,
            Arc::clone(&sandbox.log),
            DescriptorQuota::new(self.descriptors),
        )
        .await;
        let ready = match limited {
            Ok(()) => self
                .serve_forward_proxy(sandbox, &run)
                .await
                .map_err(refused),
            Err(error) => Err(failed("limit the sandbox")(error)),
        };
        if let Err(error) = ready {
            // Nothing of it stays: no process, no control group.
            self.stop(sandbox, &run).await;
            return Err(error);
        }
        sandbox.set_run(Some(Arc::clone(&run)));
        self.follow_end(sandbox, run);
        Ok(())
    }

    /// Serves the proxy of a sandbox that has no other connection to the network.
    async fn serve_forward_proxy(
        &self,
        sandbox: &LocalSandbox,
        run: &SandboxRun,
    ) -> Result<(), HelperError> {
        if self.isolation.enforces_network_rules() {
            let listener = run.helper.listen(forward_proxy::PORT).await?;
            let rules = Arc::clone(&sandbox.network_rules);
            let env = &self.options.install_env;
            let ca = sandbox.ca.clone();
            let interceptor = ca.map(|ca| TlsInterceptor::new(ca, env));
            let outbound = ForwardProxy::new(env, rules, interceptor).at_most(&run.quota);
            self.tasks.spawn(outbound.serve(listener, run.over.clone()));
        }
        Ok(())
    }

    /// Sees the end of a run that nobody asked for, and leaves the sandbox paused.
    fn follow_end(&self, sandbox: &Arc<LocalSandbox>, run: Arc<SandboxRun>) {
        let sandbox = Arc::downgrade(sandbox);
        let enforcer = self.enforcer.clone();
        self.tasks.spawn(async move {
            run.helper.gone().cancelled().await;
            run.over.cancel();
            run.cut_connections();
            let Some(sandbox) = sandbox.upgrade() else {
                return;
            };
            let _turn = sandbox.transition.lock().await;
            if sandbox
                .run()
                .is_some_and(|current| Arc::ptr_eq(&current, &run))
            {
                sandbox.set_run(None);
                if sandbox.dir.exists() {
                    let id = sandbox.record().id;
                    let user = sandbox.paths.owner();
                    let killed = tokio::task::spawn_blocking(move || {
                        process_tree::kill_left(&format!("E2B_SANDBOX_ID={id}"), user);
                        enforcer.leave(&id);
                    });
                    let _ = killed.await;
                    tracing::warn!("a sandbox's helper ended by itself; the sandbox is paused");
                    let _ = sandbox
                        .change(|record| record.state = RunState::Paused)
                        .await;
                }
            }
        });
    }

    /// Ends a run with all its processes.
    pub(in crate::local) async fn stop(&self, sandbox: &LocalSandbox, run: &SandboxRun) {
        run.cut_connections();
        run.over.cancel();
        run.helper.stop().await;
        self.enforcer.leave(&sandbox.record().id);
    }

    /// Puts a helper that has started nothing yet, and the processes above it that isolate it, into its control group.
    async fn limit(&self, id: &str, helper: &Helper) -> std::io::Result<()> {
        let (enforcer, id, root) = (self.enforcer.clone(), id.to_owned(), helper.pid().await);
        blocking(move || {
            let below = root.into_iter().flat_map(process_tree::descendants);
            let mut all: Vec<u32> = below.map(|member| member.pid).collect();
            all.extend(root);
            enforcer.enter(&id, &all)
        })
        .await
    }
}
