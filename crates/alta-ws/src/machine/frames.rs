use super::answers::Outcome;
use super::conn::Conn;
use super::migrate::Migration;
use super::seen::Side;
use super::{Cx, Lane, Output, Phase};
use crate::error::SHOWN;
use crate::frame::{Frame, Incoming, MayBe, Response, range_within, unwrap_content};
use crate::topic::{Topic, write_name};
use alta_model::escaped;
use alta_socket::{LinkId, RawFrame, objects};
use std::borrow::Cow;

/// What arrives on a link.
impl Lane {
    /// An event as the service usually sends them. They are most of the traffic and change nothing: what is to be
    /// delivered is given back at once.
    pub(crate) fn usual_event(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        (event, key, content): (&str, &str, &str),
        cx: &mut Cx<'_>,
    ) -> Option<Frame> {
        self.heard(link, cx);
        write_name(&mut self.scratch, event, key);
        self.event(link, raw, range_within(raw.as_str(), content), cx)
    }

    /// A text frame: one JSON object as a rule, but it may hold several, of which each is a frame of its own.
    pub(crate) fn text(&mut self, link: LinkId, raw: &RawFrame, cx: &mut Cx<'_>) {
        if !self.owns(link) {
            return;
        }
        self.heard(link, cx);
        match Incoming::parse(raw.as_str()) {
            Incoming::Malformed(_) => self.pieces(link, raw.as_str(), cx),
            incoming => self.incoming(link, raw, incoming, cx),
        }
    }

    /// A text that is not one JSON object. What follows an object in a frame comes from the service, so it may be an event;
    /// what stands alone must say that it is one.
    fn pieces(&mut self, link: LinkId, text: &str, cx: &mut Cx<'_>) {
        let mut is_first = true;
        for piece in objects(text) {
            // What is kept of one piece should not keep the others.
            let raw = RawFrame::from(piece.unwrap_or_else(|rest| rest));
            // In a list, or behind rubbish.
            let names_event = !raw.as_str().starts_with('{') && raw.as_str().contains(r#""event""#);
            let incoming = match Incoming::parse(raw.as_str()) {
                Incoming::Malformed(MayBe::Anything) if is_first && !names_event => {
                    Incoming::Malformed(MayBe::NoEvent)
                }
                incoming => incoming,
            };
            self.incoming(link, &raw, incoming, cx);
            is_first = false;
        }
        if is_first {
            let nothing = Incoming::Malformed(MayBe::NoEvent);
            self.incoming(link, &RawFrame::default(), nothing, cx);
        }
    }

    fn incoming(&mut self, link: LinkId, raw: &RawFrame, incoming: Incoming<'_>, cx: &mut Cx<'_>) {
        match incoming {
            Incoming::Event {
                event,
                key,
                content,
            } => {
                write_name(&mut self.scratch, &event, &key);
                let content = range_within(raw.as_str(), content);
                if let Some(frame) = self.event(link, raw, content, cx) {
                    cx.shared.out.push_back(Output::Deliver(frame));
                }
            }
            Incoming::Response {
                id,
                key,
                status,
                content,
            } => {
                let content =
                    unwrap_content(content).map_or_else(|_| content.to_owned(), Cow::into_owned);
                let response = Response {
                    status,
                    content,
                    raw: raw.clone(),
                    redactor: cx.shared.redactor.clone(),
                };
                let open = if let Some(conn) = self.conn(link) {
                    conn.answered(id, &key, cx)
                } else {
                    cx.shared.totals.late_answers += 1;
                    None
                };
                if let Some(open) = open {
                    self.settle(open, Outcome::Answered(response), cx);
                }
                self.pump(cx);
            }
            Incoming::Gateway { message } => {
                cx.shared.totals.gateway_errors += 1;
                let message = cx.shared.redactor.redact(&message).into_owned();
                let shown = escaped(&message).at_most(SHOWN);
                tracing::warn!(message = %shown, "the gateway reported an error");
                let only = self.conn(link).and_then(Conn::take_only);
                if let Some(open) = only {
                    self.settle(open, Outcome::Gateway(message), cx);
                }
                self.pump(cx);
            }
            Incoming::Malformed(may_be) => {
                cx.shared.totals.malformed += 1;
                let length = raw.as_str().len();
                tracing::warn!(
                    length,
                    "a frame, or a part of one, is no JSON object and was skipped"
                );
                let frame = |topic| Frame {
                    topic,
                    raw: raw.clone(),
                    received: cx.now,
                    content: None,
                };
                let output = match may_be {
                    MayBe::NoEvent => return,
                    MayBe::Event {
                        event,
                        key: Some(key),
                    } => {
                        write_name(&mut self.scratch, &event, &key);
                        Output::Deliver(frame(self.topic_in_scratch()))
                    }
                    MayBe::Event { key: None, .. } | MayBe::Anything => {
                        Output::DeliverToAll(frame(Topic::any()))
                    }
                };
                cx.shared.out.push_back(output);
            }
        }
    }

    /// The topic whose name is in the scratch.
    fn topic_in_scratch(&self) -> Topic {
        match self.topics.get_key_value(self.scratch.as_str()) {
            Some((topic, _)) => topic.clone(),
            None => Topic::from_name(&self.scratch),
        }
    }

    /// An event, whose topic's name is in the scratch, if it is to be passed on.
    fn event(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        content: std::ops::Range<usize>,
        cx: &mut Cx<'_>,
    ) -> Option<Frame> {
        cx.shared.totals.events += 1;
        if let Phase::Up(up) = &mut self.phase {
            let main = up.conn.link == link;
            let text = raw.as_str().get(content.clone()).unwrap_or_default();
            let admitted = match &mut up.migration {
                Migration::Posting { seen, .. } => {
                    let side = if main { Side::Old } else { Side::New };
                    seen.admit(side, &self.scratch, text, cx.now)
                }
                Migration::HandOver { seen, .. } | Migration::Over { seen, .. } => {
                    let side = if main { Side::New } else { Side::Old };
                    seen.admit(side, &self.scratch, text, cx.now)
                }
                _ => true,
            };
            if !admitted {
                cx.shared.totals.duplicates_suppressed += 1;
                return None;
            }
        }
        Some(Frame {
            topic: self.topic_in_scratch(),
            raw: raw.clone(),
            received: cx.now,
            content: Some(content),
        })
    }
}
