use crate::{Client, Endpoint, Error, ErrorKind, Request, decode};
use alta_model::{Listing, Skipped};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A list that is fetched page by page while it is read.
///
/// Read it item by item with [`next`](Self::next), as a `Stream`, or as a whole with [`collect`](Self::collect). It ends after
/// an error. The first request is sent when the first item is requested.
///
/// An invalid item or a null is skipped and counted in [`skipped`](Self::skipped). If all items of the list are invalid, the
/// list ends with an error.
///
/// ```
/// # async fn run(client: alta_rest::Client) -> Result<(), alta_rest::Error> {
/// let mut groups = client.groups().joined();
/// while let Some(joined) = groups.next().await {
///     println!("{}", joined?.group.name);
/// }
///
/// let invites = client.invites().list().collect(1_000).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a list fetches nothing until it is read"]
pub struct Pages<T> {
    client: Client,
    request: Request,
    limit: usize,
    items: VecDeque<T>,
    skipped: Skipped,
    /// The error of the first invalid item, as long as no item was valid.
    undecodable: Option<Error>,
    is_any_valid: bool,
    is_absent: bool,
    state: State<T>,
    /// The hashes of all paging tokens so far.
    seen: HashSet<u64>,
    hasher: RandomState,
}

enum State<T> {
    /// The page of this token is next; the first page has no token.
    Next(Option<String>),
    Fetching(BoxFuture<'static, Result<Page<T>, Error>>),
    Ended,
}

struct Page<T> {
    items: Listing<T>,
    undecodable: Option<Error>,
    is_absent: bool,
    next: Option<String>,
}

/// The response header with the token of the next page, and the query that requests it (alta-jsapi, att-client, Townsharp).
const TOKEN: &str = "paginationToken";

/// A list with more pages counts as endless: with the usual page size it would have ten million items.
const MAX_PAGES: usize = 10_000;

impl Client {
    /// The list of a typed call, page by page.
    pub fn pages<T, E>(&self, endpoint: &E) -> Pages<T>
    where
        E: Endpoint<Response = Listing<T>>,
    {
        Pages::new(self.clone(), endpoint.request())
    }

    /// The list of any request, page by page.
    pub fn raw_pages(&self, request: Request) -> Pages<Value> {
        Pages::new(self.clone(), request)
    }
}

impl<T> Pages<T> {
    /// The requested size of a page, as in py-tale and att-client.
    pub const PAGE_SIZE: usize = 1_000;

    fn new(client: Client, request: Request) -> Self {
        Self {
            client,
            request,
            limit: Self::PAGE_SIZE,
            items: VecDeque::new(),
            skipped: Skipped::default(),
            undecodable: None,
            is_any_valid: false,
            is_absent: false,
            state: State::Next(None),
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Requests pages of another size, at least 1. It changes the number of requests, not the result.
    pub fn page_size(mut self, items: usize) -> Self {
        self.limit = items.max(1);
        self
    }

    /// The items that were skipped so far because they are invalid; their positions count from the start of each page.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// True if a page so far was empty or null in place of a list. It counts as a list without items, but it may be a failure of
    /// the service, or of a program between it and this one.
    pub fn is_absent(&self) -> bool {
        self.is_absent
    }
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    /// The next item; none at the end of the list.
    ///
    /// # Errors
    ///
    /// The item is an error if a page could not be fetched, if the pages form a circle ([`ErrorKind::EndlessPages`]), or if
    /// all items are invalid ([`ErrorKind::Decode`]).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call waits for the same page.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The whole list, with a count of the skipped items.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next); and [`ErrorKind::TooLarge`] if the list has more than `bound` items.
    pub async fn collect(mut self, bound: usize) -> Result<Listing<T>, Error> {
        let mut list = Vec::new();
        while let Some(item) = self.next().await {
            let item = item?;
            if list.len() == bound {
                return Err(Error::of(ErrorKind::TooLarge, &self.request)
                    .with_explanation(format!("the list has more than {bound} items")));
            }
            list.push(item);
        }
        Ok(Listing::new(list, self.skipped))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match &mut self.state {
                State::Ended => return Poll::Ready(self.undecodable.take().map(Err)),
                State::Next(token) => {
                    let request = page_request(&self.request, self.limit, token.take());
                    self.state = State::Fetching(Box::pin(fetch(self.client.clone(), request)));
                }
                State::Fetching(page) => {
                    let page = std::task::ready!(page.as_mut().poll(cx));
                    self.state = State::Ended;
                    match page.and_then(|page| self.accept(page)) {
                        Ok(()) => {}
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
            }
        }
    }

    fn accept(&mut self, page: Page<T>) -> Result<(), Error> {
        let Some(token) = page.next.clone() else {
            self.keep(page);
            return Ok(());
        };
        let endless =
            |detail| Error::of(ErrorKind::EndlessPages, &self.request).with_explanation(detail);
        if self.seen.len() == MAX_PAGES {
            return Err(endless(format!("the list has more than {MAX_PAGES} pages")));
        }
        if !self.seen.insert(self.hasher.hash_one(&token)) {
            return Err(endless("the service sent a paging token twice".to_owned()));
        }
        self.keep(page);
        self.state = State::Next(Some(token));
        Ok(())
    }

    fn keep(&mut self, page: Page<T>) {
        let skipped = page.items.skipped();
        if !skipped.is_empty() {
            tracing::debug!(request = %self.request, %skipped, "skipping invalid entries");
        }
        self.skipped += skipped;
        self.is_any_valid |= !page.items.is_empty();
        self.is_absent |= page.is_absent;
        // Invalid items are skipped if any item is valid; a list with only invalid items ends with an error.
        self.undecodable = self
            .undecodable
            .take()
            .or(page.undecodable)
            .filter(|_| !self.is_any_valid);
        self.items.extend(page.items);
    }
}

fn page_request(request: &Request, limit: usize, token: Option<String>) -> Request {
    let mut request = request.clone();
    if !request.has_query("limit") {
        request.set_query("limit", limit.to_string());
    }
    if let Some(token) = token {
        request.set_query(TOKEN, token);
    }
    request
}

async fn fetch<T: DeserializeOwned>(client: Client, request: Request) -> Result<Page<T>, Error> {
    let response = client.send(&request).await?;
    // An empty body counts as an empty page.
    let (items, undecodable) = decode::read_page(&request, &response, client.redactor())?;
    let next = response
        .headers()
        .get(TOKEN)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
        .filter(|token| !token.is_empty());
    let is_absent = matches!(response.body().trim_ascii(), b"" | b"null");
    Ok(Page {
        items,
        undecodable,
        is_absent,
        next,
    })
}

impl<T: DeserializeOwned + Send + Unpin + 'static> Stream for Pages<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
