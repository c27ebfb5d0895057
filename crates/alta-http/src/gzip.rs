use std::{
    io::{self, Write as _},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::{
    HeaderMap, HeaderValue, Response,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH},
};
use http_body::{Body, Frame};

use crate::BoxError;

/// How much is unpacked at a time: it may become a thousand times as much before anybody can say that it is too much.
const PART: usize = 1024;

/// Asks for a compressed answer, unless the caller has asked for something; tells whether it did.
pub(crate) fn ask(headers: &mut HeaderMap) -> bool {
    let is_ours = !headers.contains_key(ACCEPT_ENCODING);
    if is_ours {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    is_ours
}

/// Whether an answer is compressed. Then its headers become those of what comes out.
pub(crate) fn is_compressed<B>(response: &mut Response<B>) -> bool {
    let headers = response.headers_mut();
    let is_gzip = headers.get(CONTENT_ENCODING).is_some_and(|coding| {
        let coding = coding.as_bytes();
        coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
    });
    if is_gzip {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    is_gzip
}

/// A compressed body, as it comes out.
pub(crate) struct Unpacked<B> {
    body: B,
    decoder: MultiGzDecoder<Vec<u8>>,
    /// Came in and is not unpacked yet.
    packed: Bytes,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Nothing has come yet: no body is not a broken one.
    Empty,
    Begun,
    Ended,
}

impl<B> Unpacked<B> {
    pub(crate) fn new(body: B) -> Self {
        Self {
            body,
            decoder: MultiGzDecoder::new(Vec::new()),
            packed: Bytes::new(),
            state: State::Empty,
        }
    }

    /// What has come out.
    fn take(&mut self) -> Option<Frame<Bytes>> {
        let out = std::mem::take(self.decoder.get_mut());
        (!out.is_empty()).then(|| Frame::data(out.into()))
    }

    fn unpack(&mut self) -> io::Result<()> {
        let part = self.packed.split_to(self.packed.len().min(PART));
        self.decoder.write_all(&part)
    }
}

impl<B> Unpacked<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            while !self.packed.is_empty() {
                self.unpack()?;
                if let Some(frame) = self.take() {
                    return Poll::Ready(Some(Ok(frame)));
                }
            }
            if self.state == State::Ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.packed = data;
                        self.state = State::Begun;
                    }
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => {
                    if std::mem::replace(&mut self.state, State::Ended) == State::Begun {
                        // Fails if the end is missing.
                        self.decoder.try_finish()?;
                    }
                    return Poll::Ready(self.take().map(Ok));
                }
            }
        }
    }
}
