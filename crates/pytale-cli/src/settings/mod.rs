//! The configuration file: named profiles, one for each server or account.

mod file;
mod places;

pub(crate) use file::{Profile, Settings, nearest};
pub(crate) use places::{config_file, data_folder};
