//! Frames of the socket protocol, read and written.

use serde_json::{Map, Value, json};

/// The version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Frames are objects.
    One,
    /// Frames are lists.
    Two,
}

/// A frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// The reference of the join that the frame belongs to.
    pub(super) join: Value,
    /// The reference that an answer repeats.
    pub(super) reference: Value,
    pub(super) topic: String,
    pub(super) event: String,
    pub(super) payload: Value,
}

impl Frame {
    /// Reads a frame; `None` if the text is no frame.
    pub(super) fn read(version: Version, text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let (join, reference, topic, event, payload) = match version {
            Version::Two => {
                let [join, reference, topic, event, payload] =
                    <[Value; 5]>::try_from(value.as_array()?.clone()).ok()?;
                (join, reference, topic, event, payload)
            }
            Version::One => {
                let part = |name: &str| value.get(name).cloned().unwrap_or_default();
                (part("join_ref"), part("ref"), part("topic"), part("event"), part("payload"))
            }
        };
        let (topic, event) = (topic.as_str()?.to_owned(), event.as_str()?.to_owned());
        Some(Self { join, reference, topic, event, payload })
    }

    pub(super) fn write(&self, version: Version) -> String {
        let Self { join, reference, topic, event, payload } = self;
        match version {
            Version::Two => json!([join, reference, topic, event, payload]),
            Version::One => {
                json!({ "join_ref": join, "ref": reference, "topic": topic, "event": event, "payload": payload })
            }
        }
        .to_string()
    }

    /// An answer to this frame.
    pub(super) fn reply(&self, is_ok: bool, response: Value) -> Self {
        let status = if is_ok { "ok" } else { "error" };
        let payload = json!({ "status": status, "response": response });
        Self { event: "phx_reply".to_owned(), payload, ..self.clone() }
    }

    /// An answer that refuses, with the reason.
    pub(super) fn refuse(&self, reason: &str) -> Self {
        self.reply(false, json!({ "reason": reason }))
    }

    /// A frame that the server sends unasked.
    pub(super) fn push(join: &Value, topic: &str, event: &str, payload: Value) -> Self {
        let (topic, event) = (topic.to_owned(), event.to_owned());
        Self { join: join.clone(), reference: Value::Null, topic, event, payload }
    }
}

/// The filters of the feeds that a client shows, each with the client's name for it. Older clients
/// show one feed without a name.
pub(super) fn feeds_in(payload: &Value) -> Vec<(Option<String>, Map<String, Value>)> {
    let Some(map) = payload.as_object() else { return vec![(None, Map::new())] };
    let named: Vec<_> = map
        .iter()
        .filter(|(name, options)| name.starts_with("client_") && options.is_object())
        .map(|(name, options)| (Some(name.clone()), options.as_object().cloned().unwrap_or_default()))
        .collect();
    if named.is_empty() { vec![(None, map.clone())] } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_lists_or_objects() {
        let list = r#"["3","4","feeds:c:u","phx_join",{"a":1}]"#;
        let frame = Frame::read(Version::Two, list).unwrap();
        assert_eq!((frame.join.as_str(), frame.topic.as_str()), (Some("3"), "feeds:c:u"));
        assert_eq!(frame.write(Version::Two), list);
        let object = frame.write(Version::One);
        assert_eq!(Frame::read(Version::One, &object), Some(frame.clone()));
        assert_eq!(
            frame.reply(true, json!({})).write(Version::Two),
            r#"["3","4","feeds:c:u","phx_reply",{"status":"ok","response":{}}]"#
        );
        for wrong in ["", "{}", "[1,2]", r#"["1","2",3,"e",{}]"#] {
            assert_eq!(Frame::read(Version::Two, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn feeds_are_named_or_flat() {
        let named = feeds_in(&json!({ "client_a": { "status": "unread" }, "client_b": {} }));
        assert_eq!(named.len(), 2);
        assert_eq!(feeds_in(&json!({ "status": "unread" }))[0].0, None);
        assert_eq!(feeds_in(&json!(null)).len(), 1);
    }
}
