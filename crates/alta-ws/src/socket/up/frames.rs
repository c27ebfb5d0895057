use super::conn::Conn;
use super::migration::Migration;
use super::outcome::Outcome;
use super::{Flow, Up};
use crate::error::SHOWN;
use crate::frame::{Frame, Incoming, MayBe, RawContent, Response, range_within};
use crate::socket::context::{Core, Cx};
use crate::socket::io::Output;
use crate::socket::seen::Side;
use crate::topic::{Topic, write_name};
use alta_model::escaped;
use alta_socket::{LinkId, RawFrame, objects};
use std::borrow::Cow;
use std::ops::Range;
use std::time::Instant;

/// Frames of a link.
impl Up {
    /// An event in its usual form; see [`Socket::usual_event`](crate::socket::Socket::usual_event).
    pub(in crate::socket) fn usual_event(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        (event, key, content): (&str, &str, &str),
        now: Instant,
        core: &mut Core,
    ) -> Option<Frame> {
        self.heard(link, now, core);
        write_name(&mut core.scratch, event, key);
        self.event(link, raw, range_within(raw.as_str(), content), now, core)
    }

    /// A text message: usually one JSON object. It may contain several, each of which is a frame.
    pub(super) fn text(&mut self, link: LinkId, raw: &RawFrame, cx: &mut Cx<'_>) -> Flow {
        self.heard(link, cx.now, cx.core);
        match Incoming::parse(raw.as_str()) {
            Incoming::Malformed(_) => self.pieces(link, raw.as_str(), cx),
            incoming => self.incoming(link, raw, incoming, cx),
        }
    }

    /// A message that is not one JSON object. A part after an object is from the service, so it can be an event; a
    /// message without an object must name an event.
    fn pieces(&mut self, link: LinkId, text: &str, cx: &mut Cx<'_>) -> Flow {
        let mut is_first = true;
        for piece in objects(text) {
            // A part has memory of its own, so that it does not keep the other parts in memory.
            let raw = RawFrame::from(piece.unwrap_or_else(|rest| rest));
            // In an array, or after other bytes.
            let names_event = !raw.as_str().starts_with('{') && raw.as_str().contains(r#""event""#);
            let incoming = match Incoming::parse(raw.as_str()) {
                Incoming::Malformed(MayBe::Anything) if is_first && !names_event => {
                    Incoming::Malformed(MayBe::NoEvent)
                }
                incoming => incoming,
            };
            self.incoming(link, &raw, incoming, cx)?;
            is_first = false;
        }
        if is_first {
            malformed(&RawFrame::default(), MayBe::NoEvent, cx);
        }
        Flow::Continue(())
    }

    fn incoming(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        incoming: Incoming<'_>,
        cx: &mut Cx<'_>,
    ) -> Flow {
        match incoming {
            Incoming::Event {
                event,
                key,
                content,
            } => {
                write_name(&mut cx.core.scratch, &event, &key);
                let content = range_within(raw.as_str(), content);
                if let Some(frame) = self.event(link, raw, content, cx.now, cx.core) {
                    cx.out(Output::Deliver(frame));
                }
            }
            Incoming::Response {
                id,
                key,
                status,
                content,
            } => {
                let text = RawContent::new(content).text();
                let content = text.map_or_else(|_| content.to_owned(), Cow::into_owned);
                let response = Response {
                    status,
                    content,
                    raw: raw.clone(),
                    redactor: cx.core.redactor.clone(),
                };
                let open = self.conn(link).and_then(|conn| conn.reply(id, &key));
                if let Some(open) = open {
                    return self.settle(open, Outcome::Reply(response), cx);
                }
                tracing::debug!(id, "skipping a reply whose request had ended");
                cx.core.counters.late_replies.add_one();
            }
            Incoming::Gateway { message } => {
                cx.core.counters.gateway_errors.add_one();
                let message = cx.core.redactor.redact(&message).into_owned();
                let shown = escaped(&message).at_most(SHOWN);
                tracing::warn!(message = %shown, "the gateway reported an error");
                let only = self.conn(link).and_then(Conn::take_only);
                if let Some(open) = only {
                    return self.settle(open, Outcome::Gateway(message), cx);
                }
            }
            Incoming::Malformed(may_be) => malformed(raw, may_be, cx),
        }
        Flow::Continue(())
    }

    /// Handles an event whose topic name is in `scratch`; returns nothing for a duplicate.
    fn event(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        content: Range<usize>,
        now: Instant,
        core: &mut Core,
    ) -> Option<Frame> {
        core.counters.events.add_one();
        let both = match &mut self.migration {
            Migration::Idle | Migration::Asking { .. } | Migration::Opening { .. } => None,
            Migration::Posting { seen, .. } => Some((seen, Side::Old, Side::New)),
            Migration::Handover { seen, .. } | Migration::Over { seen, .. } => {
                Some((seen, Side::New, Side::Old))
            }
        };
        if let Some((seen, main, other)) = both {
            let side = if self.conn.link == link { main } else { other };
            let text = raw.as_str().get(content.clone()).unwrap_or_default();
            if !seen.admit(side, &core.scratch, text, now) {
                core.counters.duplicates_suppressed.add_one();
                return None;
            }
        }
        Some(Frame {
            topic: topic_in_scratch(core),
            raw: raw.clone(),
            received: now,
            content: Some(content),
        })
    }
}

/// Handles a frame, or a part of one, that cannot be decoded.
fn malformed(raw: &RawFrame, may_be: MayBe<'_>, cx: &mut Cx<'_>) {
    cx.core.counters.malformed.add_one();
    let length = raw.as_str().len();
    tracing::debug!(length, "skipping a frame");
    let now = cx.now;
    let frame = |topic| Frame {
        topic,
        raw: raw.clone(),
        received: now,
        content: None,
    };
    let output = match may_be {
        MayBe::NoEvent => return,
        MayBe::Event {
            event,
            key: Some(key),
        } => {
            write_name(&mut cx.core.scratch, &event, &key);
            Output::Deliver(frame(topic_in_scratch(cx.core)))
        }
        MayBe::Event { key: None, .. } | MayBe::Anything => {
            Output::DeliverToAll(frame(Topic::any()))
        }
    };
    cx.out(output);
}

/// The topic whose name is in `scratch`.
fn topic_in_scratch(core: &Core) -> Topic {
    match core.ledger.key(core.scratch.as_str()) {
        Some(topic) => topic.clone(),
        None => Topic::from_name(&core.scratch),
    }
}
