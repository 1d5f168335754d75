//! Receivers with a private certificate authority, which ask for a client certificate.

use std::sync::Arc;

use campanile_net::{Request, SendError, Tls};
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{local, request};

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }

    /// A certificate with its key, as one text.
    fn identity(&self) -> String {
        let (certificate, key) = self.sign("sender");
        format!("{}{}", certificate.pem(), key.serialize_pem())
    }
}

/// A receiver on `localhost` that accepts only clients with a certificate of this authority.
async fn strict_receiver(authority: &Authority) -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let (certificate, key) = authority.sign("localhost");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn who_shows_the_right_certificate_is_let_in_and_nobody_else() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let port = strict_receiver(&authority).await;
    let client = local();
    let ca = authority.0.pem();
    let send = async |tls: Option<Tls>| {
        let request = Request { tls: tls.map(Arc::new), ..request(&format!("https://localhost:{port}/")) };
        client.send(request).await.map(|answer| answer.status)
    };
    let tls = |identity: Option<&str>, ca: Option<&str>| Some(Tls::parse(identity, ca).unwrap());
    let identity = authority.identity();
    assert_eq!(send(tls(Some(&identity), Some(&ca))).await.unwrap(), 200);
    // The public authorities do not know the receiver's certificate.
    assert!(matches!(send(None).await, Err(SendError::Connection(_))));
    assert!(matches!(send(tls(Some(&identity), None)).await, Err(SendError::Connection(_))));
    // No client certificate, or a stranger's, is refused, even with the first call's connection
    // still open.
    assert!(matches!(send(tls(None, Some(&ca))).await, Err(SendError::Connection(_))));
    assert!(matches!(send(tls(Some(&stranger.identity()), Some(&ca))).await, Err(SendError::Connection(_))));
    assert_eq!(send(tls(Some(&identity), Some(&ca))).await.unwrap(), 200);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("sender");
    assert!(Tls::parse(Some("nonsense"), None).unwrap_err().contains("private key"));
    assert!(Tls::parse(Some(&certificate.pem()), None).unwrap_err().contains("private key"));
    assert!(Tls::parse(Some(&key.serialize_pem()), None).unwrap_err().contains("no certificate"));
    assert!(Tls::parse(None, Some("nonsense")).unwrap_err().contains("no certificate"));
    let (_, other) = authority.sign("other");
    let mixed = format!("{}{}", certificate.pem(), other.serialize_pem());
    assert!(Tls::parse(Some(&mixed), None).unwrap_err().contains("cannot be used"));
}
