//! TLS settings for one receiver: our client certificate, and the authorities of the receiver's
//! certificate.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use sha2::{Digest as _, Sha256};

/// The TLS settings for one receiver.
#[derive(Debug, Clone)]
pub struct Tls {
    config: ClientConfig,
    fingerprint: String,
}

impl Tls {
    /// Parses PEM texts: a certificate with its chain and private key, and the certificates of
    /// authorities.
    ///
    /// # Errors
    /// A sentence that describes the problem.
    pub fn parse(identity: Option<&str>, authorities: Option<&str>) -> Result<Self, String> {
        let roots = match authorities {
            Some(text) => authorities_of(text)?,
            None => public_authorities(),
        };
        let believing = builder()?.with_root_certificates(roots);
        let config = match identity {
            None => believing.with_no_client_auth(),
            Some(text) => {
                let key = PrivateKeyDer::from_pem_slice(text.as_bytes());
                let key = key.map_err(|e| format!("there is no private key in it: {e}"))?;
                let shown = believing.with_client_auth_cert(certificates(text)?, key);
                shown.map_err(|e| format!("the certificate cannot be used: {e}"))?
            }
        };
        let text = format!("{}\0{}", identity.unwrap_or_default(), authorities.unwrap_or_default());
        Ok(Self { config, fingerprint: hex::encode(Sha256::digest(text)) })
    }

    pub(crate) fn config(&self) -> ClientConfig {
        self.config.clone()
    }

    /// A hash of the certificates: the same ones have the same hash.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The common TLS settings: public authorities, no client certificate.
    pub(crate) fn everybodys() -> ClientConfig {
        let believing = builder().expect("the default versions suit the provider");
        believing.with_root_certificates(public_authorities()).with_no_client_auth()
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|e| e.to_string())
}

fn public_authorities() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

fn authorities_of(text: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(text)? {
        roots.add(certificate).map_err(|e| format!("the certificate cannot be used: {e}"))?;
    }
    Ok(roots)
}

fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let read = read.map_err(|e| format!("this is not PEM: {e}"))?;
    if read.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(read) }
}
