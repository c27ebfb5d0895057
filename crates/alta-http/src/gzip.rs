use crate::BoxError;
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The maximum number of compressed bytes that are decompressed at once: they can grow a thousandfold before the limit
/// is checked.
const PART: usize = 1024;

/// Requests a compressed response, unless the caller has set an encoding; returns whether it did.
pub(crate) fn ask(headers: &mut HeaderMap) -> bool {
    let is_ours = !headers.contains_key(ACCEPT_ENCODING);
    if is_ours {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    is_ours
}

/// Returns whether a response is compressed. If so, its headers become those of the decompressed body.
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

/// A compressed body that yields decompressed bytes.
pub(crate) struct Decompressed<B> {
    body: B,
    decoder: MultiGzDecoder<Vec<u8>>,
    /// Compressed bytes that wait for the decoder.
    compressed: Bytes,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// No byte has arrived yet: an empty body is valid.
    Empty,
    Begun,
    Ended,
}

impl<B> Decompressed<B> {
    pub(crate) fn new(body: B) -> Self {
        Self {
            body,
            decoder: MultiGzDecoder::new(Vec::new()),
            compressed: Bytes::new(),
            state: State::Empty,
        }
    }

    /// The bytes that the decoder has produced.
    fn take(&mut self) -> Option<Frame<Bytes>> {
        let out = std::mem::take(self.decoder.get_mut());
        (!out.is_empty()).then(|| Frame::data(out.into()))
    }

    fn decompress(&mut self) -> io::Result<()> {
        let part = self.compressed.split_to(self.compressed.len().min(PART));
        self.decoder.write_all(&part)
    }
}

impl<B> Decompressed<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            while !self.compressed.is_empty() {
                self.decompress()?;
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
                        self.compressed = data;
                        self.state = State::Begun;
                    }
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => {
                    if std::mem::replace(&mut self.state, State::Ended) == State::Begun {
                        // Fails if the end of the compressed data is missing.
                        self.decoder.try_finish()?;
                    }
                    return Poll::Ready(self.take().map(Ok));
                }
            }
        }
    }
}
