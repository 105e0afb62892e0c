//! The certificate authority of one sandbox, with which the sandbox's proxy can read and change requests to
//! the hosts that have header rules.
//!
//! Its key lives as long as this server knows the sandbox and is on no disk; the next server makes a new one,
//! which the sandbox trusts from its next start on. Nobody but the sandbox's own processes is told to trust
//! it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::local::sync::lock;

type CaResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(in crate::local) struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    /// By host.
    made: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl CertificateAuthority {
    pub(in crate::local) fn new() -> CaResult<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        params
            .distinguished_name
            .push(DnType::CommonName, "sandbar, the proxy of this sandbox");
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem,
            made: Mutex::default(),
        })
    }

    /// Its certificate, for those who are to trust it.
    pub(in crate::local) fn pem(&self) -> &str {
        &self.pem
    }

    /// How to be a host for the sandbox; HTTP/1.1 is all that is offered.
    pub(in crate::local) fn host(&self, host: &str) -> CaResult<Arc<ServerConfig>> {
        if let Some(made) = lock(&self.made).get(host) {
            return Ok(Arc::clone(made));
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([host.to_owned()])?;
        params
            .distinguished_name
            .push(DnType::CommonName, host.to_owned());
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = Arc::new(config);
        lock(&self.made).insert(host.to_owned(), Arc::clone(&config));
        Ok(config)
    }
}
