//! Notifications between the processes on one database: PostgreSQL's LISTEN and NOTIFY.
//!
//! A ring has no content and can be missed while the connection is down. So a receiver must also
//! look for work from time to time. SQLite has one process and needs no notifications.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Socket};

/// The wait before a lost connection is opened again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Receives rings of other processes. It stops listening when it is dropped.
pub struct Bell {
    rung: Arc<Notify>,
    listener: Option<tokio::task::JoinHandle<()>>,
}

impl Bell {
    /// A bell that never rings.
    pub(crate) fn silent() -> Self {
        Self { rung: Arc::default(), listener: None }
    }

    /// Listens on `channel` with a connection of its own, which is reopened whenever it is lost.
    pub(crate) fn listen<T>(config: tokio_postgres::Config, tls: T, channel: &'static str) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as tokio_postgres::tls::TlsConnect<Socket>>::Future: Send,
    {
        let rung = Arc::new(Notify::new());
        let ringing = rung.clone();
        let listener = tokio::spawn(async move {
            loop {
                if let Err(error) = hear(&config, tls.clone(), channel, &ringing).await {
                    tracing::debug!(%error, "the bell's connection was lost");
                }
                tokio::time::sleep(PATIENCE).await;
                // Rings during the interruption were missed, so ring once.
                ringing.notify_one();
            }
        });
        Self { rung, listener: Some(listener) }
    }

    /// Waits for a ring. Rings that come together count as one.
    pub async fn rung(&self) {
        self.rung.notified().await;
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

async fn hear<T>(
    config: &tokio_postgres::Config,
    tls: T,
    channel: &str,
    rung: &Notify,
) -> Result<(), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
{
    let (client, mut connection) = config.connect(tls).await?;
    let listen = format!("LISTEN {channel}");
    let mut listening = std::pin::pin!(client.batch_execute(&listen));
    let mut is_listening = false;
    loop {
        tokio::select! {
            done = &mut listening, if !is_listening => {
                done?;
                is_listening = true;
            }
            message = poll_fn(|cx| connection.poll_message(cx)) => match message {
                Some(Ok(AsyncMessage::Notification(_))) => rung.notify_one(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
        }
    }
}
