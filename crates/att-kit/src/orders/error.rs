alta_model::error_type! {
    /// A kept order failed. [`kind`](Self::kind) says why; the order itself says what was spawned.
    pub struct OrderError(OrderErrorKind, ());
}

/// The cause of an [`OrderError`].
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderErrorKind {
    /// The command that stopped the order was not sent, or may have run. The lines after it are not sent.
    #[error("{0}")]
    Command(#[source] att_console::Error),
    /// The file could not be written. Nothing was sent.
    #[error("the order was not saved to the file: {0}")]
    Save(String),
    /// [`MAX_ORDERS`](super::MAX_ORDERS) orders are in the file.
    #[error("{0} orders are in the file")]
    TooMany(usize),
}
