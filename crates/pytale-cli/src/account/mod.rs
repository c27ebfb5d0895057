//! The account of the cloud with its secret, and the lists that the subcommands print.

mod failure;
mod listing;
mod names;
mod profile;
mod progress;
mod secret;
mod typed;

pub(crate) use failure::{of_rest, of_token};
pub(crate) use listing::{listing, print, print_json};
pub(crate) use names::{Named, find, server_id};
pub(crate) use profile::Account;
pub(crate) use secret::store;
pub(crate) use typed::read_typed;
