use alta_model::UserId;

alta_model::error_type! {
    /// A balance was not changed, or may have been changed: [`kind`](Self::kind) distinguishes both.
    pub struct AtmError(AtmErrorKind, ());
}

/// The cause of an [`AtmError`].
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AtmErrorKind {
    /// The balance would become negative. Nothing was changed.
    #[error("the balance is {balance}, which is {missing} too little")]
    InsufficientFunds {
        /// The balance.
        balance: i64,
        /// The amount that is missing.
        missing: u64,
    },
    /// The function of the program has returned `None`. Nothing was changed.
    #[error("the change of the balance {balance} was refused")]
    Refused {
        /// The balance.
        balance: i64,
    },
    /// The change is larger than a 64-bit integer. Nothing was changed.
    #[error("the change of the balance {balance} is too large")]
    TooLarge {
        /// The balance.
        balance: i64,
    },
    /// A command failed. Nothing was changed, or the change was undone.
    #[error("{0}")]
    NotChanged(#[source] att_console::Error),
    /// The reply to the change was lost, and the balance does not show if the change was made: it could not be read again, or
    /// another program or the game has changed it meanwhile.
    #[error("the balance of player {user} was to change from {before} to {after}; {}: {because}", found(*.read))]
    Unclear {
        /// The player whose balance is unclear.
        user: UserId,
        /// The balance before the change.
        before: i64,
        /// The balance after the change.
        after: i64,
        /// The balance that was read afterwards.
        read: Option<i64>,
        /// The error of the change.
        #[source]
        because: att_console::Error,
    },
}

fn found(read: Option<i64>) -> String {
    match read {
        Some(read) => format!("it is {read}"),
        None => "it could not be read again".to_owned(),
    }
}
