//! A bell that processes on one database ring for each other: PostgreSQL's LISTEN and NOTIFY.
//!
//! A ring carries nothing and may be missed while the connection is down: whoever waits for one
//! looks by itself from time to time as well. SQLite has one process, which need not be rung for.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Socket};

/// How long is waited before a lost connection is made again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Hears the rings of other processes. The last one to be dropped stops listening.
pub struct Bell {
    rung: Arc<Notify>,
    listener: Option<tokio::task::JoinHandle<()>>,
}

impl Bell {
    /// One that nobody rings.
    pub(crate) fn silent() -> Self {
        Self { rung: Arc::default(), listener: None }
    }

    /// Listens on `channel` with a connection of its own, made again whenever it is lost.
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
                // What was rung meanwhile was not heard.
                ringing.notify_one();
            }
        });
        Self { rung, listener: Some(listener) }
    }

    /// Waits until it is rung. Rings that come together count as one.
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
