use super::*;
use crate::model::messages::MessageId;

fn message(bytes: usize) -> Message {
    let now = Timestamp::from_micros(0);
    Message {
        id: MessageId::new(now),
        application_id: crate::model::applications::ApplicationId::new(now),
        event_type: "a.b".to_owned(),
        event_id: None,
        channels: None,
        tags: None,
        payload: Some(Bytes::from(vec![b'x'; bytes])),
        content_type: None,
        transformations_params: None,
        created_at: now,
        deliver_at: None,
        expires_at: None,
    }
}

#[test]
fn messages_that_are_too_large_together_go_one_request_after_another() {
    let line = [(1, message(10)), (2, message(BATCH_BYTES - 10)), (3, message(1)), (4, message(BATCH_BYTES + 1))];
    let from =
        |first: usize| within_one_request(line[first..].iter().map(|(number, message)| (*number, Some(message))));
    let numbers = |(messages, last, is_full): (Vec<Arc<Message>>, i64, bool)| (messages.len(), last, is_full);
    assert_eq!(numbers(from(0)), (2, 2, true));
    assert_eq!(numbers(from(2)), (1, 3, true));
    assert_eq!(numbers(from(3)), (1, 4, false), "one that is too large by itself goes alone");
    let gone = [(7, None), (8, None)];
    assert_eq!(numbers(within_one_request(gone.into_iter())), (0, 8, false));
}
