//! The steps of a test. It does the driver's work, one step at a time: it takes the changes of the streams, gets tokens, writes
//! and reads. It also moves time.

use super::reader::Reader;
use super::world::{Happened, Queued, World};
use crate::error::{Error, ErrorKind};
use crate::frame::usual_event;
use crate::socket::{Input, OnLink, OpenFailure};
use crate::test_server::{Reply, number_in};
use crate::topic::Topic;
use alta_auth::Token;
use alta_socket::{LinkId, Lost, Machine as _, RawFrame};
use std::time::{Duration, Instant};

impl World {
    /// A stream of a topic begins. The machine has not seen it yet.
    pub(super) fn subscribe(&mut self, topic: Topic) {
        self.readers.push(Reader::new(&self.hub, topic));
    }

    /// The first stream of a topic ends, if there is one. The machine has not seen it yet.
    pub(super) fn drop_stream(&mut self, topic: &Topic) -> bool {
        let found = self
            .readers
            .iter()
            .position(|reader| reader.topic == *topic);
        if let Some(index) = found {
            self.readers.remove(index);
        }
        found.is_some()
    }

    /// The machine takes the changed subscriptions of the streams.
    pub(super) fn take_changes(&mut self) {
        for topic in self.hub.take_changes() {
            let is_wanted = self.hub.is_wanted(&topic);
            self.feed(Input::Wanted(topic, is_wanted));
        }
    }

    /// A caller waits until a topic is held.
    pub(super) fn want(&mut self, topic: &Topic) {
        self.feed(Input::Wanted(topic.clone(), true));
    }

    pub(super) fn call(&mut self) {
        if self.pool.takes_calls() {
            let deadline = self.now + self.config.request_timeout;
            let (_, call) = self.callers.request(deadline);
            self.feed(Input::Call(call));
        }
    }

    pub(super) fn migrate(&mut self) {
        let reply = self.callers.migration();
        self.feed(Input::Migrate(reply));
    }

    pub(super) fn retry_now(&mut self) {
        self.feed(Input::RetryNow);
    }

    /// A token arrives, for everything that waits for it.
    pub(super) fn token(&mut self) {
        if std::mem::take(&mut self.needs_token) {
            self.feed(Input::Token(Ok(Token::new("a-token"))));
        }
    }

    /// No token is available.
    pub(super) fn no_token(&mut self) {
        if std::mem::take(&mut self.needs_token) {
            let error = Error::new(ErrorKind::NoToken, "getting a token");
            self.feed(Input::Token(Err(error)));
        }
    }

    /// Writes the requests that are queued on a link, except those whose callers are gone.
    pub(super) fn write(&mut self, link: LinkId) {
        let (written, rest) = std::mem::take(&mut self.queued)
            .into_iter()
            .partition(|request| request.link == link);
        self.queued = rest;
        for Queued {
            id, request, owner, ..
        } in written
        {
            if owner.is_some_and(|owner| owner.strong_count() == 0) {
                self.on_link(link, OnLink::Skipped(id));
            } else if let Some(socket) = self.server.sockets.get_mut(&link) {
                socket.asked.push_back((id, request));
                self.on_link(link, OnLink::Written(id));
            }
        }
    }

    pub(super) fn open_links(&self) -> Vec<LinkId> {
        let sockets = self.server.sockets.iter();
        let open = sockets.filter(|(_, socket)| socket.open);
        open.map(|(link, _)| *link).collect()
    }

    pub(super) fn opening_links(&self) -> Vec<LinkId> {
        let sockets = self.server.sockets.iter();
        let opening = sockets.filter(|(_, socket)| !socket.open);
        opening.map(|(link, _)| *link).collect()
    }

    pub(super) fn accept(&mut self, link: LinkId) {
        if let Some(socket) = self.server.sockets.get_mut(&link) {
            socket.open = true;
            self.on_link(link, OnLink::Opened);
        }
    }

    pub(super) fn reject(&mut self, link: LinkId, failure: OpenFailure) {
        self.forget(link);
        self.on_link(link, OnLink::Failed(failure));
    }

    pub(super) fn serve(&mut self, link: LinkId, reply: Reply) -> bool {
        let served = self.server.serve(link, reply);
        self.stamp();
        served
    }

    /// Records when frames were sent.
    fn stamp(&mut self) {
        for (link, socket) in &self.server.sockets {
            let ages = self.ages.entry(*link).or_default();
            ages.resize(socket.sent.len(), self.now);
        }
    }

    pub(super) fn happen(&mut self, topic: Topic, usual: bool) {
        let (_, sent) = self.server.happen(&topic, usual);
        self.stamp();
        self.happened.push(Happened {
            topic,
            at: self.now,
            sent,
        });
    }

    /// The next frame on a link arrives; false if there is none.
    pub(super) fn arrive(&mut self, link: LinkId) -> bool {
        let Some(text) = self.server.next(link) else {
            return false;
        };
        self.ages.entry(link).or_default().pop_front();
        if let Some(number) = number_in(&text) {
            *self.arrived.entry(number).or_default() += 1;
        }
        self.text(link, &text);
        true
    }

    pub(super) fn text(&mut self, link: LinkId, text: &str) {
        let raw = RawFrame::from(text);
        let Some(event) = usual_event(raw.as_str()) else {
            self.on_link(link, OnLink::Text(raw));
            return;
        };
        let frame = self.pool.usual_event(link, &raw, event, self.now);
        if let Some(frame) = frame {
            self.deliver(frame);
        }
        self.perform();
    }

    pub(super) fn pong(&mut self, link: LinkId) {
        self.on_link(link, OnLink::Heard);
    }

    /// A link breaks, and its frames in transit are lost; or it closes regularly, and they arrive before.
    pub(super) fn lose(&mut self, link: LinkId, lost: &Lost) {
        let in_order = matches!(lost, Lost::Closed { .. } | Lost::Broken(None));
        while in_order && self.arrive(link) {}
        if self.server.sockets.contains_key(&link) {
            self.forget(link);
            self.on_link(link, OnLink::Lost(lost.clone()));
        }
    }

    pub(super) fn close(&mut self) {
        self.feed(Input::Stop);
    }

    /// The link whose next frame has the earliest deadline, and that deadline.
    fn next_arrival(&self) -> Option<(Instant, LinkId)> {
        let transit = self.config.handover / 2;
        let ages = self.ages.iter();
        ages.filter_map(|(link, ages)| Some((*ages.front()? + transit, *link)))
            .min()
    }

    /// Moves time, and runs every timer on the way.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut runs = 0;
        loop {
            let deadline = self.pool.deadline().unwrap_or(end);
            if let Some((at, link)) = self
                .next_arrival()
                .filter(|(at, _)| *at <= deadline.min(end))
            {
                self.now = self.now.max(at);
                self.arrive(link);
                continue;
            }
            if deadline >= end {
                break;
            }
            if deadline > self.now {
                self.now = deadline;
                runs = 0;
            }
            runs += 1;
            assert!(runs < 20, "the timer runs without work");
            self.feed(Input::Timer);
        }
        self.now = end;
        self.feed(Input::Timer);
    }

    /// Runs until there is nothing left to take, send, reply to or read.
    pub(super) fn settle(&mut self) {
        loop {
            self.take_changes();
            let opening = self.opening_links();
            let mut moved = !opening.is_empty() || self.needs_token;
            for link in opening {
                self.accept(link);
            }
            self.token();
            for link in self.open_links() {
                self.write(link);
                moved |= self.serve(link, Reply::Do);
                moved |= self.arrive(link);
            }
            if !moved {
                return;
            }
        }
    }
}
