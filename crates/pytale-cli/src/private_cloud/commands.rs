//! The subcommands that change and list accounts. A running service notices the changes within a second.

use super::accounts::{self, Credentials, FirstPlaces, Places};
use super::config::Config;
use super::storage::{self, change};
use crate::context::Context;
use crate::failure::{Failure, Status};
use crate::render;
use alta_cloud::state::{AccountError, Config as CloudConfig};
use clap::{Args, Subcommand};
use serde_json::Value;

/// Everything to do with the accounts.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Add a bot, and print its client id and secret once.
    AddBot(AddBot),
    /// Add a user, and print the password once.
    AddUser(AddUser),
    /// Put an account into groups, or give it another role in them.
    Place(Place),
    /// List the accounts with their groups and roles.
    List(List),
    /// Remove an account: its tokens end, and its connections to consoles are closed.
    Remove(Named),
    /// Replace the secret of an account, and print the new one once. Its tokens end.
    Rotate(Named),
}

#[derive(Debug, Args)]
pub(super) struct AddBot {
    /// The name, which members of its groups see.
    name: String,
    /// The scopes that the bot may request, separated by spaces or commas. By default, all.
    #[arg(long, value_name = "SCOPES")]
    scopes: Vec<String>,
    #[command(flatten)]
    places: FirstPlaces,
    /// Print the credentials as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct AddUser {
    /// The name, for the login.
    name: String,
    /// The e-mail address, for a login in place of the name.
    #[arg(long, default_value = "")]
    email: String,
    #[command(flatten)]
    places: FirstPlaces,
    /// Print the credentials as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// The name, the user id or the client id of the account.
    account: String,
    #[command(flatten)]
    places: Places,
    /// Print the account as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Print the list as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The name, the user id or the client id of the account.
    account: String,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// The line below new credentials.
const ONCE: &str = "The secret is shown only now; `tale cloud rotate` makes a new one.";

pub(super) fn run(action: &Action, config: &Config, context: &Context) -> Result<(), Failure> {
    let shared = storage::open(config, CloudConfig::default())?;
    // Credentials are printed after they are stored.
    match action {
        Action::AddBot(options) => {
            let places = options.places.find(true, config)?;
            let new = accounts::bot(&options.name, &options.scopes)?;
            let added = change(&shared, |cloud, now| {
                accounts::add(cloud, new.clone(), &places, now)
            })??;
            print(&added, options.json, context);
        }
        Action::AddUser(options) => {
            let places = options.places.find(false, config)?;
            let new = accounts::user(&options.name, &options.email)?;
            let added = change(&shared, |cloud, now| {
                accounts::add(cloud, new.clone(), &places, now)
            })??;
            print(&added, options.json, context);
        }
        Action::Place(options) => {
            let placed = change(&shared, |cloud, now| {
                accounts::place(cloud, &options.account, &options.places, config, now)
            })??;
            print_list(&placed, options.json, context);
        }
        Action::List(options) => {
            print_list(&shared.look(accounts::list), options.json, context);
        }
        Action::Remove(options) => {
            let removed = change(&shared, |cloud, now| {
                let id = accounts::find(cloud, &options.account)?.user_id;
                cloud
                    .remove_account(id, now)
                    .map_err(|error| failed(&error))
            })??;
            let lines = vec![
                ("user id", removed.user_id.to_string()),
                ("removed", removed.name),
            ];
            print_lines(&Credentials { lines }, options.json, context);
        }
        Action::Rotate(options) => {
            let found = shared.look(|cloud| {
                let account = accounts::find(cloud, &options.account)?;
                Ok::<_, Failure>((account.user_id, account.login.clone()))
            });
            let (id, login) = found?;
            let (hash, new) = accounts::new_secret_of(&login)?;
            let rotated = change(&shared, |cloud, _| cloud.rotate(id, hash.clone()))?;
            rotated.map_err(|error| failed(&error))?;
            print(&new, options.json, context);
        }
    }
    Ok(())
}

fn failed(error: &AccountError) -> Failure {
    Failure::new(Status::Failed, error.to_string())
}

fn print(credentials: &Credentials, is_json: bool, context: &Context) {
    print_lines(credentials, is_json, context);
    if !is_json {
        context.output.line(format_args!("{ONCE}"));
    }
}

fn print_lines(credentials: &Credentials, is_json: bool, context: &Context) {
    if is_json {
        context.output.line(format_args!("{}", credentials.json()));
        return;
    }
    for (name, value) in &credentials.lines {
        let value = pytale::model::escaped(value);
        context.output.line(format_args!("{name:<13}  {value}"));
    }
}

fn print_list(list: &[Value], is_json: bool, context: &Context) {
    if is_json {
        context
            .output
            .line(format_args!("{}", Value::from(list.to_vec())));
    } else if list.is_empty() {
        context.output.line(format_args!(
            "there is no account; `tale cloud add-bot NAME` adds one"
        ));
    } else {
        let rows = list.iter().map(accounts::list_row);
        let heads = ["user id", "kind", "name", "groups"];
        let table = render::table(render::width(), heads, rows);
        context.output.line(format_args!("{table}"));
    }
}
