//! Messages that were accepted just now, kept in memory so that their first delivery need not read
//! them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::{Message, MessageId};

/// The maximum size of all kept messages, in bytes.
const MOST: usize = 32 * 1024 * 1024;
/// The approximate memory of a message besides its payload, in bytes.
const OVERHEAD: usize = 512;

#[derive(Default)]
struct RecentMessages {
    messages: HashMap<MessageId, Arc<Message>>,
    /// The ids in the order of keeping, including ids of messages that were removed since.
    order: VecDeque<MessageId>,
    bytes: usize,
}

/// Recent messages. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<RecentMessages>>);

impl Recent {
    /// Keeps a message until its first delivery. If there is no room, the oldest are removed.
    pub(crate) fn keep(&self, message: Arc<Message>) {
        let mut kept = self.0.lock().expect("nobody panics while they hold it");
        kept.bytes += size(&message);
        kept.order.push_back(message.id.clone());
        kept.messages.insert(message.id.clone(), message);
        while kept.bytes > MOST || kept.order.len() > 2 * kept.messages.len() + 64 {
            let Some(oldest) = kept.order.pop_front() else { return };
            if kept.bytes > MOST
                && let Some(message) = kept.messages.remove(&oldest)
            {
                kept.bytes -= size(&message);
            } else if kept.messages.contains_key(&oldest) {
                kept.order.push_back(oldest);
            }
        }
    }

    /// The message for its first delivery, if it is still kept.
    pub(crate) fn take(&self, id: &MessageId) -> Option<Arc<Message>> {
        let mut kept = self.0.lock().expect("nobody panics while they hold it");
        let message = kept.messages.remove(id)?;
        kept.bytes -= size(&message);
        Some(message)
    }
}

fn size(message: &Message) -> usize {
    message.payload.as_ref().map_or(0, bytes::Bytes::len) + OVERHEAD
}
