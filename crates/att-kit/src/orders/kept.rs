use super::error::{OrderError, OrderErrorKind};
use super::order::Order;
use super::stored::StoredOrder;
use crate::durable_file::DurableFile;
use alta_model::Timestamp;
use att_console::Console;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The most orders in a file.
pub const MAX_ORDERS: usize = 1_000;

/// Orders in a file, which survive a crash of the program.
///
/// The file is written before each command of an order. After a crash, the items of the command in flight count as
/// [unclear](super::Line::unclear), and the later ones as not sent: the next start continues the order, and spawns nothing twice.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::orders::{Order, Orders};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let console = Console::local()?;
/// let (orders, earlier) = Orders::open("orders.json").await?;
/// for mut order in earlier {
///     order.run(&console).await?;
///     println!("since {}: {order}", order.since());
///     order.remove().await?;
/// }
/// let mut order = orders.keep(Order::new("Ashwick").prefab("Torch", 5)).await?;
/// order.run(&console).await?;
/// order.remove().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Orders {
    state: Arc<Mutex<State>>,
}

struct State {
    file: DurableFile<StoredOrder>,
    orders: BTreeMap<u64, StoredOrder>,
    last: u64,
}

impl Orders {
    /// Opens the file, and returns the orders of earlier runs, oldest first. A missing file is created.
    ///
    /// The file is JSON, and replaced as a whole. Beside it are `NAME.lock`, which keeps other programs away from the file as long as
    /// a handle or an order of it exists, and during a write `NAME.new`.
    ///
    /// # Errors
    ///
    /// If another program uses the file, also after 2 s, or if it cannot be read or written or has another content, which is
    /// then not changed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn open(path: impl Into<PathBuf>) -> io::Result<(Self, Vec<KeptOrder>)> {
        let path = path.into();
        let name = path.display().to_string();
        let (file, stored) = DurableFile::<StoredOrder>::open(path, "orders").await?;
        let mut read = Vec::new();
        for stored in &stored {
            let order = stored.clone().order().map_err(|reason| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {reason}"))
            })?;
            read.push((stored.since, order));
        }
        let orders: BTreeMap<_, _> = (1..).zip(stored).collect();
        let last = orders.len() as u64;
        let state = Arc::new(Mutex::new(State { file, orders, last }));
        let kept = (1..).zip(read).map(|(id, (since, order))| KeptOrder {
            state: Arc::clone(&state),
            id,
            since,
            order,
        });
        let kept = kept.collect();
        Ok((Self { state }, kept))
    }

    /// Writes a new order to the file.
    ///
    /// # Errors
    ///
    /// [`OrderErrorKind::Save`], or [`OrderErrorKind::TooMany`] if there are [`MAX_ORDERS`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the order may be in the file, and is then among the orders of the next start.
    pub async fn keep(&self, order: Order) -> Result<KeptOrder, OrderError> {
        let since = Timestamp::now();
        let stored = stored(&order, since)?;
        let id = change(&self.state, move |state| {
            if state.orders.len() >= MAX_ORDERS {
                return Err(OrderErrorKind::TooMany(MAX_ORDERS));
            }
            state.last += 1;
            let id = state.last;
            state.put(id, Some(stored))?;
            Ok(id)
        });
        Ok(KeptOrder {
            state: Arc::clone(&self.state),
            id: id.await?,
            since,
            order,
        })
    }
}

/// An order in the file of [`Orders`]. It stays in the file until [`remove`](Self::remove), also when this is dropped.
pub struct KeptOrder {
    state: Arc<Mutex<State>>,
    id: u64,
    since: Timestamp,
    order: Order,
}

impl KeptOrder {
    /// The time at which the order was written first.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Sends the items that were not sent yet, as [`Order::run`] does. The file is written before each command and at the end.
    ///
    /// # Errors
    ///
    /// [`OrderErrorKind::Command`] for the command that stopped the order; [`OrderErrorKind::Save`] if the file could not be
    /// written. Then the next command was not sent.
    ///
    /// # Cancel safety
    ///
    /// As [`Order::run`].
    pub async fn run(&mut self, console: &Console) -> Result<(), OrderError> {
        loop {
            // The file first: if the future is dropped here, the items are not sent.
            let mut begun = self.order.clone();
            let Some(step) = begun.begin() else {
                return self.save(&self.order).await;
            };
            self.save(&begun).await?;
            self.order = begun;
            let result = self.order.send(console, step).await;
            if let Err(error) = self.order.ended(step, result) {
                // If this fails, the file has the items as unclear, which is safe.
                let _ = self.save(&self.order).await;
                let doing = "spawning an order";
                return Err(OrderError::new(OrderErrorKind::Command(error), doing));
            }
        }
    }

    /// Lets the next [`run`](Self::run) send the refused items again, for example when the player has returned.
    pub fn retry_failed(&mut self) {
        self.order.retry_failed();
    }

    /// Removes the order from the file, and returns it: it is done, or given up.
    ///
    /// # Errors
    ///
    /// [`OrderErrorKind::Save`]: the order is still in the file, and among the orders of the next start.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the order may still be removed.
    pub async fn remove(self) -> Result<Order, OrderError> {
        let id = self.id;
        change(&self.state, move |state| state.put(id, None)).await?;
        Ok(self.order)
    }

    async fn save(&self, order: &Order) -> Result<(), OrderError> {
        let (id, stored) = (self.id, stored(order, self.since)?);
        change(&self.state, move |state| state.put(id, Some(stored))).await
    }
}

impl Deref for KeptOrder {
    type Target = Order;

    fn deref(&self) -> &Order {
        &self.order
    }
}

impl fmt::Display for KeptOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.order.fmt(f)
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").finish_non_exhaustive()
    }
}

impl fmt::Debug for KeptOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptOrder")
            .field("since", &self.since)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Changes an order in the file, or removes it. If the file cannot be written, nothing is changed.
    fn put(&mut self, id: u64, order: Option<StoredOrder>) -> Result<(), OrderErrorKind> {
        let before = match order {
            Some(order) => self.orders.insert(id, order),
            None => self.orders.remove(&id),
        };
        self.file.write(self.orders.values()).map_err(|error| {
            match before {
                Some(before) => self.orders.insert(id, before),
                None => self.orders.remove(&id),
            };
            OrderErrorKind::Save(error.to_string())
        })
    }
}

fn stored(order: &Order, since: Timestamp) -> Result<StoredOrder, OrderError> {
    StoredOrder::new(order, since).ok_or_else(|| {
        let reason = "the player or an item is of a kind that the file does not have";
        OrderError::new(OrderErrorKind::Save(reason.to_owned()), "saving an order")
    })
}

/// Runs a change of the file on a thread for blocking calls, one after the other, also if the caller is canceled.
async fn change<R: Send + 'static>(
    state: &Arc<Mutex<State>>,
    change: impl FnOnce(&mut State) -> Result<R, OrderErrorKind> + Send + 'static,
) -> Result<R, OrderError> {
    let state = Arc::clone(state);
    let changing = move || change(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
    let changed = tokio::task::spawn_blocking(changing).await;
    let changed = changed.unwrap_or_else(|error| Err(OrderErrorKind::Save(error.to_string())));
    changed.map_err(|kind| OrderError::new(kind, "saving an order"))
}
