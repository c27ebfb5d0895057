//! Reading and changing a balance, with the lock of the player held.

use super::changed::Changed;
use super::error::AtmErrorKind;
use crate::effect::Effect;
use alta_model::UserId;
use att_console::commands::trade::atm;
use att_console::{Console, Error};

pub(super) async fn read(console: &Console, user: UserId) -> Result<i64, AtmErrorKind> {
    let balance = console.command(atm::get(user)).await;
    balance.map_err(AtmErrorKind::NotChanged)
}

/// Changes a balance by the difference. A server that changes the balance at the same time loses nothing.
pub(super) async fn change(
    console: &Console,
    user: UserId,
    change: impl FnOnce(i64) -> Option<i64>,
) -> Result<Changed, AtmErrorKind> {
    let before = read(console, user).await?;
    let after = change(before).ok_or(AtmErrorKind::Refused { balance: before })?;
    let changed = Changed { before, after };
    let Some(amount) = changed.amount()? else {
        return Ok(changed);
    };
    let Err(because) = console.command(atm::add(user, amount)).await else {
        return Ok(changed);
    };
    if Effect::of(&because) != Effect::MayHaveRun {
        return Err(AtmErrorKind::NotChanged(because));
    }
    // The server runs commands in order: this reply follows the change, if it is made at all.
    let read = console.command(atm::get(user)).await.ok();
    changed.determined(user, read, because)
}

impl Changed {
    /// The amount to add; `None` if the balance stays as it is.
    fn amount(self) -> Result<Option<i64>, AtmErrorKind> {
        let Self { before, after } = self;
        if after < 0 && after < before {
            return Err(AtmErrorKind::InsufficientFunds {
                balance: before,
                missing: after.unsigned_abs(),
            });
        }
        let amount = after.checked_sub(before);
        let amount = amount.ok_or(AtmErrorKind::TooLarge { balance: before })?;
        Ok((amount != 0).then_some(amount))
    }

    /// Determines if a change with a lost reply was made, from the balance afterwards.
    fn determined(
        self,
        user: UserId,
        read: Option<i64>,
        because: Error,
    ) -> Result<Self, AtmErrorKind> {
        let Self { before, after } = self;
        if read == Some(after) {
            Ok(self)
        } else if read == Some(before) {
            Err(AtmErrorKind::NotChanged(because))
        } else {
            Err(AtmErrorKind::Unclear {
                user,
                before,
                after,
                read,
                because,
            })
        }
    }
}

/// Moves an amount. If it cannot be paid out, it is given back.
pub(super) async fn transfer(
    console: &Console,
    from: UserId,
    to: UserId,
    amount: i64,
) -> Result<Changed, AtmErrorKind> {
    // A player whom the server does not know is noticed before anything is changed.
    read(console, to).await?;
    let taken = change(console, from, |balance| balance.checked_sub(amount)).await?;
    match change(console, to, |balance| balance.checked_add(amount)).await {
        Ok(_) => Ok(taken),
        Err(unclear @ AtmErrorKind::Unclear { .. }) => Err(unclear),
        Err(failed) => match change(console, from, |balance| balance.checked_add(amount)).await {
            Ok(_) => Err(failed),
            Err(unclear @ AtmErrorKind::Unclear { .. }) => Err(unclear),
            Err(AtmErrorKind::NotChanged(because)) => Err(AtmErrorKind::Unclear {
                user: from,
                before: taken.after,
                after: taken.before,
                read: None,
                because,
            }),
            // Adding the taken amount is neither refused nor too large.
            Err(other) => Err(other),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use att_console::ErrorKind;

    fn changed(before: i64, after: i64) -> Changed {
        Changed { before, after }
    }

    #[test]
    fn only_a_change_that_makes_the_balance_more_negative_lacks_funds() {
        for (before, after, expected) in [
            (10, 3, Ok(Some(-7))),
            (10, 0, Ok(Some(-10))),
            (-10, -3, Ok(Some(7))),
            (10, 10, Ok(None)),
            (10, -3, Err("the balance is 10, which is 3 too little")),
            (-2, -3, Err("the balance is -2, which is 3 too little")),
            (
                -2,
                i64::MAX,
                Err("the change of the balance -2 is too large"),
            ),
        ] {
            let amount = changed(before, after).amount();
            let amount = amount.map_err(|error| error.to_string());
            assert_eq!(amount, expected.map_err(str::to_owned), "{before}, {after}");
        }
    }

    #[test]
    fn the_balance_determines_the_effect_of_a_change_or_it_stays_unclear() {
        let determined = |read| {
            let because = Error::new(ErrorKind::NotReady, "a test");
            changed(10, 3).determined(UserId::new(7), read, because)
        };
        assert_eq!(determined(Some(3)).unwrap(), changed(10, 3));
        assert!(matches!(
            determined(Some(10)),
            Err(AtmErrorKind::NotChanged(_))
        ));
        for read in [Some(4), None] {
            let error = determined(read).unwrap_err();
            assert!(matches!(error, AtmErrorKind::Unclear { read: found, .. } if found == read));
        }
    }
}
