//! The steps of a test: calls, replies and frames of the server, lost links, and time.

use super::rig::Rig;
use crate::error::{Error, ErrorKind};
use crate::socket::{MigrationId, OnLink, OpenFailure, SocketInput};
use crate::test_server::{Reply, number_in};
use crate::topic::Topic;
use alta_auth::Token;
use alta_socket::{LinkId, Lost, RawFrame};
use std::time::Duration;

impl Rig {
    pub(super) fn want(&mut self, topic: &Topic) {
        self.feed(SocketInput::Want(topic.clone()));
    }

    pub(super) fn unwant(&mut self, topic: &Topic) {
        self.feed(SocketInput::Unwant(topic.clone()));
    }

    pub(super) fn call(&mut self) -> u64 {
        let deadline = self.now + self.config.request_timeout;
        let (number, call) = self.callers.request(deadline);
        self.feed(SocketInput::Call(call));
        number
    }

    pub(super) fn migrate(&mut self) -> u64 {
        let number = self.callers.begin();
        self.feed(SocketInput::Migrate(MigrationId(number)));
        number
    }

    /// The newest link opens.
    pub(super) fn accept(&mut self) {
        let link = self.newest();
        let socket = self.server.sockets.get_mut(&link).unwrap();
        if !socket.open {
            socket.open = true;
            self.on_link(link, OnLink::Opened);
        }
    }

    /// The newest link does not open.
    pub(super) fn reject(&mut self, failure: OpenFailure) {
        let link = self.newest();
        if !self.server.sockets[&link].open {
            self.server.sockets.remove(&link);
            self.on_link(link, OnLink::Failed(failure));
        }
    }

    pub(super) fn transient() -> OpenFailure {
        OpenFailure::Transient(Error::new(ErrorKind::Dial, "connecting"))
    }

    pub(super) fn unauthorized() -> OpenFailure {
        let kind = ErrorKind::Unauthorized { status: Some(401) };
        OpenFailure::Unauthorized(Error::new(kind, "connecting"), Token::new("a-token"))
    }

    /// The server handles its oldest request on a link.
    pub(super) fn serve(&mut self, link: LinkId, reply: Reply) {
        self.server.serve(link, reply);
    }

    /// An event happens: it is sent to every socket with a subscription to it.
    pub(super) fn happen(&mut self, topic: &Topic) {
        self.server.happen(topic, false);
    }

    /// The next frame on a link arrives; false if there is none.
    pub(super) fn arrive(&mut self, link: LinkId) -> bool {
        let Some(text) = self.server.next(link) else {
            return false;
        };
        if let Some(number) = number_in(&text) {
            let moment = (self.now, self.migration());
            self.arrived.entry(number).or_default().push(moment);
        }
        self.text(link, &text);
        true
    }

    pub(super) fn text(&mut self, link: LinkId, text: &str) {
        self.on_link(link, OnLink::Text(RawFrame::from(text)));
    }

    pub(super) fn pong(&mut self, link: LinkId) {
        self.on_link(link, OnLink::Heard);
    }

    /// There is no token for a request.
    pub(super) fn no_token(&mut self, link: LinkId, id: u32) {
        let error = Error::new(ErrorKind::NoToken, "getting a token");
        self.on_link(link, OnLink::Unwritable(id, error));
    }

    pub(super) fn lose(&mut self, link: LinkId) {
        self.lose_by(link, &Lost::Broken(None));
    }

    pub(super) fn lose_by(&mut self, link: LinkId, lost: &Lost) {
        let socket = self.server.sockets.get(&link);
        if socket.is_some_and(|socket| socket.open) {
            self.server.sockets.remove(&link);
            self.on_link(link, OnLink::Lost(lost.clone()));
        }
    }

    pub(super) fn retire(&mut self) {
        self.feed(SocketInput::Retire);
    }

    pub(super) fn close(&mut self, error: &Error) {
        self.feed(SocketInput::Close(error.clone()));
    }

    /// Moves time, and runs every timer on the way.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut runs = 0;
        while let Some(deadline) = self.socket.deadline().filter(|deadline| *deadline <= end) {
            if deadline > self.now {
                self.now = deadline;
                runs = 0;
            }
            runs += 1;
            assert!(runs < 10, "the timer runs without work");
            self.feed(SocketInput::Timer);
        }
        self.now = end;
    }

    /// All requests get replies and all frames arrive, until nothing changes.
    pub(super) fn settle(&mut self) {
        loop {
            let mut moved = false;
            for link in self.links() {
                if self
                    .server
                    .sockets
                    .get(&link)
                    .is_some_and(|socket| !socket.open)
                {
                    self.accept();
                    moved = true;
                }
                moved |= self
                    .server
                    .sockets
                    .get(&link)
                    .is_some_and(|socket| !socket.asked.is_empty());
                self.serve(link, Reply::Do);
                moved |= self.arrive(link);
            }
            if !moved {
                return;
            }
        }
    }

    /// All requests get replies and all frames arrive, until only this request is pending.
    pub(super) fn settle_to(&mut self, request: &str) {
        for _ in 0..10 {
            if self.asked() == [request] {
                return;
            }
            self.accept();
            self.serve(self.main(), Reply::Do);
            self.arrive(self.main());
        }
        panic!("{request} was not sent");
    }
}
