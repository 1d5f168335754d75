use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, StreamBody};

use super::*;

/// The budget is the process's, and other tests take some bytes of it.
const MARGIN: usize = 10_000;

fn frames(
    frames: impl futures_util::Stream<Item = &'static [u8]> + Send + 'static,
) -> impl hyper::body::Body<Data = Bytes, Error = std::convert::Infallible> + Unpin {
    let frames = frames.map(|bytes| Ok(Frame::data(Bytes::from_static(bytes))));
    StreamBody::new(Box::pin(frames))
}

fn measure<B: hyper::body::Body>(body: B, announced: usize, most: usize) -> (MeasuredBody<B>, BodyShare) {
    let share = BodyShare(Arc::default());
    (MeasuredBody::new(body, announced, most, share.clone()), share)
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_is_read() {
    let (body, share) = measure(frames(stream::empty()), 11, 10);
    assert_eq!(share.refusal(), Some(Refusal::TooLarge(10)));
    assert!(body.collect().await.is_err());
}

#[tokio::test]
async fn a_body_that_announces_nothing_is_refused_at_its_bound() {
    let (body, share) = measure(frames(stream::repeat(b"0123456789".as_slice())), 0, 25);
    assert!(body.collect().await.is_err());
    assert_eq!(share.refusal(), Some(Refusal::TooLarge(25)));
}

#[tokio::test]
async fn bodies_share_one_budget_until_their_requests_are_answered() {
    let most = bounds::BODIES_UNDER_WAY;
    let (first, held) = measure(frames(stream::empty()), most - MARGIN, most);
    assert_eq!(held.refusal(), None);
    let (second, refused) = measure(frames(stream::empty()), 2 * MARGIN, most);
    assert_eq!(refused.refusal(), Some(Refusal::NoRoom));
    drop((second, refused, first));
    let (_, still) = measure(frames(stream::empty()), 2 * MARGIN, most);
    assert_eq!(still.refusal(), Some(Refusal::NoRoom), "a body that was read counts while its request is answered");
    drop((held, still));
    let (_, share) = measure(frames(stream::empty()), 2 * MARGIN, most);
    assert_eq!(share.refusal(), None);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_arriving_is_given_up() {
    let body = stream::iter([b"begun".as_slice()]).chain(stream::pending());
    let (body, share) = measure(frames(body), 0, 100);
    let began = Instant::now();
    assert!(body.collect().await.is_err());
    assert_eq!((share.refusal(), began.elapsed()), (Some(Refusal::TooSlow), bounds::BODY_PAUSE));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up_too() {
    let drip = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(9)).await;
        Some((b"x".as_slice(), ()))
    });
    let (body, share) = measure(frames(drip), 0, 1_000_000);
    let began = Instant::now();
    assert!(body.collect().await.is_err());
    assert_eq!(share.refusal(), Some(Refusal::TooSlow));
    assert!(began.elapsed() < Duration::from_secs(30));
}
