//! Both ways of accepting an invitation, with every kind of reply.

use super::support::*;
use alta_bot::{Bot, Handlers, Invites};
use alta_http::HttpClient;
use alta_model::MemberType;
use alta_sim::{ClientAction, Sim};
use bytes::Bytes;
use http::{Method, Request, Response};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// The effect and the reply of one request to accept.
#[derive(Clone, Copy, Debug)]
struct Course {
    takes_effect: bool,
    reply: Reply,
}

#[derive(Clone, Copy, Debug)]
enum Reply {
    Status(u16),
    /// A success whose body cannot be decoded.
    Garbage,
    Lost,
    Never,
}

const EFFECT: [Course; 5] = [
    Course::new(true, Reply::Status(502)),
    Course::new(true, Reply::Status(504)),
    Course::new(true, Reply::Status(500)),
    Course::new(true, Reply::Garbage),
    Course::new(true, Reply::Lost),
];

const NO_EFFECT: [Course; 4] = [
    Course::new(false, Reply::Status(502)),
    Course::new(false, Reply::Status(429)),
    Course::new(false, Reply::Garbage),
    Course::new(false, Reply::Lost),
];

/// Every membership can be read.
const READABLE: (usize, u16) = (0, 0);

impl Course {
    const fn new(takes_effect: bool, reply: Reply) -> Self {
        Self {
            takes_effect,
            reply,
        }
    }
}

/// An HTTP stack with these courses, one for each request to accept. It replies to the first `unread` readings of a membership
/// with this status.
fn http(courses: &[Course], (unread, refusal): (usize, u16)) -> HttpClient {
    let config = alta_http::Config::default();
    let inner = HttpClient::web_roots(&config).unwrap();
    let courses: VecDeque<_> = courses.iter().copied().collect();
    let script = Arc::new(Mutex::new((courses, unread)));
    HttpClient::without_layers(tower::service_fn(move |request: Request<Bytes>| {
        let (inner, script) = (inner.clone(), Arc::clone(&script));
        async move {
            let path = request.uri().path().to_owned();
            let is_acceptance =
                request.method() == Method::POST && path.starts_with("/api/groups/invites/");
            let course = is_acceptance
                .then(|| script.lock().unwrap().0.pop_front())
                .flatten();
            let Some(course) = course else {
                let is_reading = request.method() == Method::GET && path.contains("/members/");
                if is_reading && script.lock().unwrap().1 > 0 {
                    script.lock().unwrap().1 -= 1;
                    return Ok(status(refusal));
                }
                return inner.send(request).await.map_err(Into::into);
            };
            if course.takes_effect {
                inner.send(request).await?;
            }
            match course.reply {
                Reply::Status(code) => Ok(status(code)),
                Reply::Garbage => Ok(Response::new(Bytes::from_static(b"<html>"))),
                Reply::Lost => Err::<_, tower::BoxError>("the connection was reset".into()),
                Reply::Never => std::future::pending().await,
            }
        }
    }))
}

fn status(code: u16) -> Response<Bytes> {
    let response = Response::builder().status(code);
    response.body(Bytes::new()).unwrap()
}

/// The number of requests to accept.
fn asked(sim: &Sim) -> usize {
    let received = sim.received();
    let asked = received.iter().filter(|received| match &received.action {
        ClientAction::Request(request) => {
            request.method == "POST" && request.path.starts_with("/api/groups/invites/")
        }
        _ => false,
    });
    asked.count()
}

async fn connect(sim: &Sim, http: HttpClient) -> Bot {
    within(builder(sim).http(http).connect()).await.unwrap()
}

/// Accepts the one invitation by a stream, and by a managed bot.
async fn is_reported_once(courses: &[Course], unread: (usize, u16)) {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = connect(&sim, http(courses, unread)).await;
    let mut invites = within(bot.accept_invites()).await.unwrap();
    let member = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(member.group_id, group(&sim), "{courses:?}");
    assert_eq!(member.r#type, Some(MemberType::Accepted), "{courses:?}");
    assert_eq!(asked(&sim), 1, "{courses:?}");

    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let (notes, mut noted) = notes();
    let failed = notes.clone();
    let bot = builder(&sim)
        .http(http(courses, unread))
        .managed()
        .view_config(following())
        .accept_invites(Invites::All)
        .on_invite(note_accepted(&notes))
        .handlers(Handlers::new().on_failure(move |failure| failed.note(failure)));
    let bot = start(bot).await;
    noted.next_are(&["accepted true"]).await;
    assert_eq!(asked(&sim), 1, "{courses:?}");
    assert_eq!(bot.health().invites_accepted, 1);
    assert_eq!(noted.rest(), [""; 0]);
}

#[tokio::test]
async fn a_request_that_took_effect_is_not_repeated_and_is_reported() {
    let courses = EFFECT.map(|course| async move { is_reported_once(&[course], READABLE).await });
    futures_util::future::join_all(courses).await;
}

#[tokio::test]
async fn a_request_without_effect_is_repeated_and_reported_once() {
    let courses =
        NO_EFFECT.map(|course| async move { is_reported_once(&[course], READABLE).await });
    futures_util::future::join_all(courses).await;
}

#[tokio::test]
async fn a_request_that_takes_effect_after_the_membership_was_read_counts_as_accepted_by_the_bot() {
    // The service does not find an existing membership: the next request is rejected, since the first took effect.
    is_reported_twice_asked(&[EFFECT[0]], (1, 403)).await;
}

async fn is_reported_twice_asked(courses: &[Course], unread: (usize, u16)) {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = connect(&sim, http(courses, unread)).await;
    let mut invites = within(bot.accept_invites()).await.unwrap();
    let member = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(member.group_id, group(&sim));
    assert_eq!(asked(&sim), 2);
}

#[tokio::test]
async fn a_call_that_is_dropped_while_the_reply_is_awaited_does_not_lose_the_acceptance() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = connect(&sim, http(&[Course::new(true, Reply::Never)], READABLE)).await;
    let mut invites = within(bot.accept_invites()).await.unwrap();
    tokio::select! {
        _ = invites.next() => panic!("nobody replies"),
        () = until("the request", || asked(&sim) == 1) => {}
    }
    let member = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(member.group_id, group(&sim));
    assert_eq!(asked(&sim), 1);
}

#[tokio::test]
async fn a_failed_acceptance_is_reported_and_others_continue() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = connect(
        &sim,
        http(&[Course::new(false, Reply::Status(403))], READABLE),
    )
    .await;
    let mut invites = within(bot.accept_invites()).await.unwrap();
    let refused = within(invites.next()).await.unwrap().unwrap_err();
    assert_eq!(*refused.kind(), alta_bot::ErrorKind::Rest);
    let other = sim.add_group("Hollowmere");
    sim.invite_bot(other).unwrap();
    let next = within(invites.next()).await.unwrap().unwrap();
    assert_eq!(next.group_id, group_id(other));
    within(bot.close()).await;
    assert!(within(invites.next()).await.is_none());
}

#[tokio::test]
async fn an_unclear_acceptance_is_a_failure_and_is_reported_when_the_membership_is_read() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let (notes, mut noted) = notes();
    let failed = notes.clone();
    let bot = builder(&sim)
        .http(http(&[EFFECT[0]], (7, 503)))
        .managed()
        .view_config(following())
        .accept_invites(Invites::All)
        .on_invite(note_accepted(&notes))
        .handlers(Handlers::new().on_failure(move |failure| failed.note(failure.handler)));
    let bot = start(bot).await;
    // By then, the list no longer contains it.
    noted.next_are(&["on_invite", "accepted true"]).await;
    assert_eq!(asked(&sim), 1);
    assert_eq!(bot.health().invites_accepted, 1);
}
