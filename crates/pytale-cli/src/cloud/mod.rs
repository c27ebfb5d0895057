//! The cloud: the account with its secret, and the lists that the subcommands print.

mod account;
mod failure;
mod listing;
mod names;
mod progress;
mod secret;
mod typed;

pub(crate) use account::Account;
pub(crate) use failure::{of_rest, of_token};
pub(crate) use listing::{listing, print, print_json};
pub(crate) use names::{Named, find, server_id};
pub(crate) use secret::store;
pub(crate) use typed::read_typed;
