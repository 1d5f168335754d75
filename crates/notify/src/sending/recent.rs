//! Messages that were stored just now, kept in memory so that their delivery jobs need not read
//! them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::messages::Message;

/// The number of messages that are kept at most.
const MOST: usize = 4_096;

#[derive(Default)]
struct Kept {
    messages: HashMap<String, Message>,
    /// The ids in the order in which they were added, also of messages that were taken.
    order: VecDeque<String>,
}

/// Recent messages. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<Kept>>);

impl Recent {
    /// Keeps messages until they are delivered. The oldest are dropped when there are too many.
    pub(crate) fn keep(&self, messages: Vec<Message>) {
        let mut kept = self.kept();
        for message in messages {
            kept.order.push_back(message.id.clone());
            kept.messages.insert(message.id.clone(), message);
        }
        while kept.order.len() > MOST {
            let Some(oldest) = kept.order.pop_front() else { return };
            kept.messages.remove(&oldest);
        }
    }

    /// Takes a message out, for its first delivery attempt.
    pub(super) fn take(&self, id: &str) -> Option<Message> {
        self.kept().messages.remove(id)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nobody panics while they hold it")
    }
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;

    use super::*;
    use crate::Reference;
    use crate::channels::{Channel, ChannelType};
    use crate::messages::Source;

    fn message(id: usize) -> Message {
        let word = String::new;
        let now = Timestamp::from_seconds(0);
        let channel = Channel {
            id: word(),
            key: word(),
            name: word(),
            kind: ChannelType::Email,
            provider: word(),
            settings: Arc::default(),
            is_sandbox: false,
            created_at: now,
            updated_at: now,
        };
        let source = Source {
            kind: word(),
            key: word(),
            version_id: word(),
            categories: Vec::new(),
            step: None,
            workflow_run_id: None,
            recipient_run_id: None,
        };
        Message { id: id.to_string(), ..Message::new(&channel, Reference::user("jane"), source, now) }
    }

    #[test]
    fn the_oldest_give_way() {
        let recent = Recent::default();
        recent.keep((0..MOST + 2).map(message).collect());
        assert!(recent.take("1").is_none() && recent.take("2").is_some() && recent.take("2").is_none());
        assert_eq!(recent.kept().messages.len(), MOST - 1);
    }
}
