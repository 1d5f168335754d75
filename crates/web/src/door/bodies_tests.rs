use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, StreamBody};

use super::*;

/// Room for other tests: all share the budget of the process.
const MARGIN: usize = 10_000;

fn frames(
    frames: impl futures_util::Stream<Item = &'static [u8]> + Send + 'static,
) -> impl hyper::body::Body<Data = Bytes, Error = std::convert::Infallible> + Unpin {
    let frames = frames.map(|bytes| Ok(Frame::data(Bytes::from_static(bytes))));
    StreamBody::new(Box::pin(frames))
}

fn measure<B: hyper::body::Body>(body: B, announced: usize, most: usize) -> (MeasuredBody<B>, BodyShare) {
    measure_from(None, body, announced, most)
}

fn measure_from<B: hyper::body::Body>(
    address: Option<IpAddr>,
    body: B,
    announced: usize,
    most: usize,
) -> (MeasuredBody<B>, BodyShare) {
    let share = BodyShare::of(address);
    (MeasuredBody::new(body, (announced > 0).then_some(announced), most, share.clone()), share)
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

/// A body of this many bytes that arrives at once.
fn whole(bytes: usize) -> impl hyper::body::Body<Data = Bytes, Error = std::convert::Infallible> + Unpin {
    http_body_util::Full::new(Bytes::from(vec![b' '; bytes]))
}

#[tokio::test]
async fn bodies_share_one_budget_until_their_requests_are_answered() {
    let (most, strangers) = (bounds::BODIES_UNDER_WAY, bounds::STRANGERS_BODIES_UNDER_WAY);
    let (_announced, unread) = measure(frames(stream::pending()), most, most);
    assert_eq!(unread.refusal(), None, "what has not come takes no room");
    let (first, held) = measure(whole(strangers - MARGIN), 0, most);
    assert!(first.collect().await.is_ok());
    let (second, refused) = measure(whole(2 * MARGIN), 0, most);
    assert!(second.collect().await.is_err());
    assert_eq!(refused.refusal(), Some(Refusal::NoRoom), "a body that was read counts while its request is answered");
    let (third, known) = measure(whole(2 * MARGIN), 0, most);
    known.is_of_known_caller();
    assert!(third.collect().await.is_ok(), "strangers keep nobody out whose key is known");
    held.throw_rest_away().await;
    let (fourth, _share) = measure(whole(2 * MARGIN), 0, most);
    assert!(fourth.collect().await.is_ok(), "an answered one has given its room back");

    let (most, address) = (bounds::ADDRESS_BODIES_UNDER_WAY, Some("192.0.2.1".parse().unwrap()));
    let (large, held) = measure_from(address, whole(most), 0, most);
    assert!(large.collect().await.is_ok());
    let (more, refused) = measure_from(address, whole(2 * SMALL), 0, most);
    assert!(more.collect().await.is_err());
    assert_eq!(refused.refusal(), Some(Refusal::NoRoom));
    let (elsewhere, _share) = measure_from(Some("192.0.2.2".parse().unwrap()), whole(2 * SMALL), 0, most);
    assert!(elsewhere.collect().await.is_ok());
    drop((held, refused));
    assert!(addresses().get(&address.unwrap()).is_none(), "nothing is kept of an address without a body");
}

#[tokio::test]
async fn a_body_of_more_values_than_are_taken_is_refused_while_it_comes() {
    let most = bounds::BODY_BYTES;
    let list = |values: usize| http_body_util::Full::new(Bytes::from(format!("[{}0]", "0,".repeat(values - 2))));
    let (fair, share) = measure(list(bounds::BODY_VALUES), 0, most);
    assert!(fair.collect().await.is_ok() && share.refusal().is_none());
    let (many, share) = measure(list(bounds::BODY_VALUES + 1), 0, most);
    assert!(many.collect().await.is_err());
    assert_eq!(share.refusal(), Some(Refusal::TooManyValues(bounds::BODY_VALUES)));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_slowly_but_surely_ends_all_the_same() {
    let drip = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Some((b"0123456789".repeat(1_000).leak() as &'static [u8], ()))
    });
    let (body, share) = measure(frames(drip), 0, 100_000_000);
    let began = Instant::now();
    assert!(body.collect().await.is_err());
    assert_eq!(share.refusal(), Some(Refusal::TooSlow));
    assert!(began.elapsed() <= bounds::BODY_TIME + Duration::from_secs(5), "{:?}", began.elapsed());
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
