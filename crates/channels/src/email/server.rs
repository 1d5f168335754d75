//! The mail server of an organisation or a tenant: its address, and the connection to it.
//!
//! The name is resolved, and its addresses are checked, by [`campanile_net`]. lettre is given a
//! checked address, and connects to no other. TLS is verified against the name. One deadline covers
//! the whole mail, from the name lookup to the last reply. A connection that took a mail is kept
//! for the next one for a short while.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use campanile_base::bounds;
use campanile_net::{Client, SendError};
use lettre::Message as Mail;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use url::Url;

use super::failure::{MailFailure, log};

/// The most addresses of a name that are tried.
const ADDRESSES: usize = 3;
/// The time for which an unused connection is kept. Mail servers close theirs after minutes.
const IDLE: Duration = Duration::from_secs(20);
/// The most unused connections, of all servers together.
const KEPT: usize = 64;

/// A mail server by its address.
#[derive(Clone)]
pub(super) struct MailServer {
    url: String,
    host: String,
    port: u16,
    encryption: Encryption,
    hello: ClientId,
    credentials: Option<Credentials>,
}

/// The use of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    None,
    /// STARTTLS, if the server offers it.
    Opportunistic,
    /// STARTTLS; without it no mail is sent.
    Required,
    /// TLS from the first byte.
    Implicit,
}

impl MailServer {
    /// Reads `smtp://user:password@host:587?tls=required` (or `opportunistic`), or `smtps://host`.
    /// The path is the name for the greeting (EHLO).
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it has no host")?;
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let (encryption, usual) = match (url.scheme(), tls.as_deref()) {
            ("smtp", None) => (Encryption::None, SMTP_PORT),
            ("smtp", Some("opportunistic")) => (Encryption::Opportunistic, SUBMISSION_PORT),
            ("smtp", Some("required")) => (Encryption::Required, SUBMISSION_PORT),
            ("smtps", _) => (Encryption::Implicit, SUBMISSIONS_PORT),
            _ => {
                return Err(
                    "it must be smtp://…, smtp://…?tls=required, smtp://…?tls=opportunistic or smtps://…".into()
                );
            }
        };
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = url.password().map(|password| Credentials::new(decoded(url.username()), decoded(password)));
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let (host, port) = (host.trim_matches(['[', ']']).to_owned(), url.port().unwrap_or(usual));
        Ok(Self { url: text.to_owned(), host, port, encryption, hello, credentials })
    }

    /// Hands a mail to the server, within the deadline.
    pub(super) async fn send(
        &self,
        client: &Client,
        connections: &MailConnections,
        mail: &Mail,
    ) -> Result<(), MailFailure> {
        let sending = tokio::time::timeout(bounds::MAIL_TIME, self.hand_over(client, connections, mail));
        sending.await.unwrap_or(Err(MailFailure::TimedOut))
    }

    async fn hand_over(&self, client: &Client, connections: &MailConnections, mail: &Mail) -> Result<(), MailFailure> {
        let mut connection = match connections.alive(&self.url).await {
            Some(kept) => kept,
            None => self.connect(client).await?,
        };
        connection.send(mail.envelope(), &mail.formatted()).await.map_err(|error| failure_of(&error))?;
        connections.keep(&self.url, connection);
        Ok(())
    }

    async fn connect(&self, client: &Client) -> Result<AsyncSmtpConnection, MailFailure> {
        let addresses = client.permitted_addresses(&self.host, self.port).await.map_err(|error| match error {
            SendError::Blocked(_) => MailFailure::Blocked,
            _ => MailFailure::Unreachable,
        })?;
        for address in addresses.into_iter().take(ADDRESSES) {
            match self.connect_to(address).await {
                Err(MailFailure::Unreachable | MailFailure::TimedOut) => {}
                settled => return settled,
            }
        }
        Err(MailFailure::Unreachable)
    }

    /// Connects to a checked address, and signs in.
    async fn connect_to(&self, address: SocketAddr) -> Result<AsyncSmtpConnection, MailFailure> {
        let tls = TlsParameters::new(self.host.clone()).map_err(|_| MailFailure::Tls)?;
        let from_the_start = (self.encryption == Encryption::Implicit).then(|| tls.clone());
        let timeout = Some(bounds::MAIL_CONNECT_TIME);
        let connecting = AsyncSmtpConnection::connect_tokio1(address, timeout, &self.hello, from_the_start, None);
        let mut connection = connecting.await.map_err(|error| failure_of(&error))?;
        let wants_tls = match self.encryption {
            Encryption::None | Encryption::Implicit => false,
            Encryption::Opportunistic => connection.can_starttls(),
            Encryption::Required => true,
        };
        if wants_tls {
            if !connection.can_starttls() {
                return Err(MailFailure::Tls);
            }
            connection.starttls(tls, &self.hello).await.map_err(|error| {
                log(&error);
                MailFailure::Tls
            })?;
        }
        if let Some(credentials) = &self.credentials {
            let shown = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            shown.map_err(|error| match failure_of(&error) {
                MailFailure::Refused { is_final: true, .. } | MailFailure::Protocol => MailFailure::Authentication,
                other => other,
            })?;
        }
        Ok(connection)
    }
}

fn failure_of(error: &lettre::transport::smtp::Error) -> MailFailure {
    log(error);
    MailFailure::of(error)
}

/// A connection that took a mail, with its server's address.
struct Kept {
    url: String,
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// Recently used connections. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct MailConnections(Arc<Mutex<VecDeque<Kept>>>);

impl MailConnections {
    /// Locks the connections, and drops those that are too old.
    fn fresh(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        let mut kept = self.0.lock().expect("nobody panics while they hold it");
        kept.retain(|kept| kept.since.elapsed() < IDLE);
        kept
    }

    /// A connection to this address that still answers.
    async fn alive(&self, url: &str) -> Option<AsyncSmtpConnection> {
        let mut kept = self.take(url)?;
        let answers = tokio::time::timeout(bounds::MAIL_CONNECT_TIME, kept.test_connected()).await;
        answers.unwrap_or(false).then_some(kept)
    }

    fn take(&self, url: &str) -> Option<AsyncSmtpConnection> {
        let mut kept = self.fresh();
        let at = kept.iter().position(|kept| kept.url == url)?;
        kept.remove(at).map(|kept| kept.connection)
    }

    fn keep(&self, url: &str, connection: AsyncSmtpConnection) {
        let mut kept = self.fresh();
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { url: url.to_owned(), connection, since: Instant::now() });
    }
}

#[cfg(test)]
mod tests {
    use campanile_net::AddressRules;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    use super::*;

    #[test]
    fn an_address_says_how_a_mail_server_is_spoken_to() {
        let read = |text: &str| {
            let server = MailServer::parse(text).unwrap();
            (server.host, server.port, server.encryption)
        };
        assert_eq!(read("smtp://mail.example"), ("mail.example".to_owned(), 25, Encryption::None));
        assert_eq!(read("smtp://u:p@mail.example?tls=required").1, 587);
        assert_eq!(read("smtp://mail.example:2525?tls=opportunistic").2, Encryption::Opportunistic);
        assert_eq!(read("smtps://[2001:db8::1]"), ("2001:db8::1".to_owned(), 465, Encryption::Implicit));
        let server = MailServer::parse("smtps://a%40b:p&%2B+%25@mail.example").unwrap();
        assert!(server.credentials == Some(Credentials::new("a@b".to_owned(), "p&++%".to_owned())));
        for bad in ["mail.example", "http://mail.example", "smtp://mail.example?tls=maybe", "smtp://user@:bad"] {
            assert!(MailServer::parse(bad).is_err(), "{bad}");
        }
    }

    fn mail() -> Mail {
        let mail = Mail::builder().from("a@b.example".parse().unwrap()).to("c@d.example".parse().unwrap());
        mail.body("x".to_owned()).unwrap()
    }

    /// A mail server on `localhost` with a self-signed certificate. It reports the first line that
    /// it gets after the TLS handshake.
    async fn self_signed(is_implicit: bool) -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let acceptor: tokio_rustls::TlsAcceptor =
            Arc::new(config.with_single_cert(vec![certificate], key).unwrap()).into();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, heard) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                if !is_implicit {
                    for answer in ["220 localhost\r\n", "250-localhost\r\n250 STARTTLS\r\n", "220 go on\r\n"] {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        if answer != "220 go on\r\n" {
                            stream.read_line(&mut String::new()).await.unwrap();
                        }
                    }
                }
                let Ok(stream) = acceptor.accept(stream.into_inner()).await else { continue };
                let mut stream = BufReader::new(stream);
                let _ = stream.write_all(b"220 localhost\r\n").await;
                let mut line = String::new();
                if stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    let _ = sender.send(line);
                }
            }
        });
        (port, heard)
    }

    #[tokio::test]
    async fn a_certificate_of_a_stranger_is_not_believed() {
        let client = Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]));
        let servers = [("smtps", "", true), ("smtp", "?tls=required", false), ("smtp", "?tls=opportunistic", false)];
        for (scheme, query, is_implicit) in servers {
            let (port, mut heard) = self_signed(is_implicit).await;
            let server = MailServer::parse(&format!("{scheme}://u:p@localhost:{port}{query}")).unwrap();
            let sent = server.send(&client, &MailConnections::default(), &mail()).await;
            assert_eq!(sent, Err(MailFailure::Tls), "{scheme}{query}");
            assert!(heard.try_recv().is_err(), "nothing was said to it: {scheme}{query}");
        }
    }

    #[tokio::test]
    async fn a_mail_server_within_the_network_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::ffff:0:127.0.0.1]", "2130706433"] {
            let server = MailServer::parse(&format!("smtp://{host}:{port}")).unwrap();
            let sent = server.send(&Client::new(Default::default()), &MailConnections::default(), &mail()).await;
            assert!(matches!(sent, Err(MailFailure::Blocked | MailFailure::Unreachable)), "{host}: {sent:?}");
        }
        let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(connected.is_err(), "nothing was connected to");
    }
}
