use std::{
    collections::{HashSet, VecDeque},
    fmt,
    hash::{BuildHasher as _, RandomState},
    pin::Pin,
    task::{Context, Poll},
};

use alta_model::{Listing, Skipped};
use futures_core::{Stream, future::BoxFuture};
use serde::de::DeserializeOwned;

use crate::{Client, Error, ErrorKind, Request, decode};

/// A list that is fetched page by page, as it is read.
///
/// Read it item by item with [`next`](Self::next), as a `Stream`, or whole with [`collect`](Self::collect). After an error
/// it ends. Nothing is sent before the first item is asked for.
///
/// An item that cannot be read, or is null, is left out and noted in [`skipped`](Self::skipped). If no item of the whole
/// list can be read, the list ends with an error.
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
#[must_use = "nothing is fetched until it is read"]
pub struct Pages<T> {
    client: Client,
    request: Request,
    limit: usize,
    items: VecDeque<T>,
    skipped: Skipped,
    /// The error about the first entry that could not be read, as long as no other could be.
    unreadable: Option<Error>,
    is_any_read: bool,
    state: State<T>,
    /// The hashes of the paging tokens so far.
    seen: HashSet<u64>,
    hasher: RandomState,
}

enum State<T> {
    /// This page is next; the first has no token.
    Next(Option<String>),
    Fetching(BoxFuture<'static, Result<Page<T>, Error>>),
    Ended,
}

struct Page<T> {
    items: Listing<T>,
    unreadable: Option<Error>,
    next: Option<String>,
}

/// The header that names the next page, and the query that asks for it (alta-jsapi, att-client, Townsharp).
const TOKEN: &str = "paginationToken";

/// A list of more pages than these does not end: at the usual size it would have ten million items.
const MAX_PAGES: usize = 10_000;

impl<T> Pages<T> {
    /// How many items a page is asked to have: as many as py-tale and att-client ask for.
    pub const PAGE_SIZE: usize = 1_000;

    pub(crate) fn new(client: Client, request: Request) -> Self {
        Self {
            client,
            request,
            limit: Self::PAGE_SIZE,
            items: VecDeque::new(),
            skipped: Skipped::default(),
            unreadable: None,
            is_any_read: false,
            state: State::Next(None),
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Asks for pages of another size, at least 1. It changes how often the service is asked, not what comes of it.
    pub fn page_size(mut self, items: usize) -> Self {
        self.limit = items.max(1);
        self
    }

    /// What was left out so far because it could not be read; the places count from the beginning of each page.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    /// The next item; none at the end of the list.
    ///
    /// # Errors
    ///
    /// The item is an error if a page could not be fetched, if the pages lead in a circle
    /// ([`ErrorKind::EndlessPages`]), or if nothing in them could be read ([`ErrorKind::Decode`]).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the page that is under way is waited for by the next call.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The whole list, and what was left out of it.
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
                State::Ended => return Poll::Ready(self.unreadable.take().map(Err)),
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
            return Err(endless(format!("there are more than {MAX_PAGES} of them")));
        }
        if !self.seen.insert(self.hasher.hash_one(&token)) {
            return Err(endless("a paging token came twice".to_owned()));
        }
        self.keep(page);
        self.state = State::Next(Some(token));
        Ok(())
    }

    fn keep(&mut self, page: Page<T>) {
        let skipped = page.items.skipped();
        if !skipped.is_empty() {
            tracing::debug!(request = %self.request, %skipped, "entries that cannot be read are left out");
        }
        self.skipped += skipped;
        self.is_any_read |= !page.items.is_empty();
        // Where anything can be read, what can't be is left out; a list of which nothing can be is an error at its end.
        self.unreadable = self
            .unreadable
            .take()
            .or(page.unreadable)
            .filter(|_| !self.is_any_read);
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
    // An empty body is an empty page.
    let (items, unreadable) = decode::read_page(&request, &response, client.redactor())?;
    let next = response
        .headers()
        .get(TOKEN)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
        .filter(|token| !token.is_empty());
    Ok(Page {
        items,
        unreadable,
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
