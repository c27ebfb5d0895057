use crate::accounts::{BotAccount, FirstAccounts, UserAccount};
use crate::setup::Setup;
use crate::tls::Certificate;
use alta_cloud::state::HashCost;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// The source of changes in the simulated world.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Scenario {
    /// The world changes only when a test drives it.
    #[default]
    Empty,
    /// A town: on every online server players join, walk through chunks and cave layers, fight, die, trade and leave, one
    /// event after each [`Builder::pace`](crate::Builder::pace).
    Town,
}

/// The bot's membership in the default group at the start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BotStart {
    Invited,
    Role(u64),
    /// No membership.
    Stranger,
}

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) cloud: alta_cloud::state::Config,
    pub(crate) bot_account: BotAccount,
    pub(crate) user_account: UserAccount,
    pub(crate) more_bots: Vec<BotAccount>,
    pub(crate) more_users: Vec<UserAccount>,
    pub(crate) setup: Setup,
    /// The times of the actions of the timeline, in order.
    pub(crate) timeline: Vec<Duration>,
    pub(crate) seed: u64,
    pub(crate) port: u16,
    pub(crate) scenario: Scenario,
    pub(crate) pace: Duration,
    /// Zero for none.
    pub(crate) heartbeats: Duration,
    pub(crate) bot: BotStart,
    pub(crate) default_world: bool,
    pub(crate) online: bool,
    pub(crate) login_delay: Duration,
    pub(crate) queue: usize,
    pub(crate) journal: usize,
    pub(crate) timeout: Duration,
    pub(crate) certificate: Certificate,
    /// The address of all ports.
    pub(crate) listen: IpAddr,
    /// The name or the address by which clients reach the ports.
    pub(crate) advertise: Option<String>,
}

impl Config {
    /// The host that clients connect to.
    pub(crate) fn advertised(&self) -> String {
        let itself = || match self.listen {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
        let given = self.advertise.clone();
        given.unwrap_or_else(|| itself().to_string())
    }
}

impl Config {
    /// The bots that can log in.
    pub(crate) fn bots(&self) -> impl Iterator<Item = &BotAccount> {
        std::iter::once(&self.bot_account).chain(&self.more_bots)
    }

    /// The users who can log in.
    pub(crate) fn users(&self) -> impl Iterator<Item = &UserAccount> {
        std::iter::once(&self.user_account).chain(&self.more_users)
    }

    /// Takes over accounts with their ids, in the same order.
    pub(crate) fn set_accounts(&mut self, accounts: FirstAccounts) {
        let (mut bots, mut users) = (accounts.bots.into_iter(), accounts.users.into_iter());
        self.bot_account = bots.next().unwrap_or_default();
        self.user_account = users.next().unwrap_or_default();
        (self.more_bots, self.more_users) = (bots.collect(), users.collect());
    }

    /// The port of the first console; zero for any free one.
    pub(crate) fn first_console_port(&self) -> u16 {
        match self.port {
            0 => 0,
            port => port.saturating_add(2),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let mut cloud = alta_cloud::state::Config::default();
        cloud.hash_cost = HashCost::CHEAPEST;
        Self {
            cloud,
            bot_account: BotAccount::default(),
            user_account: UserAccount::default(),
            more_bots: Vec::new(),
            more_users: Vec::new(),
            setup: Setup::default(),
            timeline: Vec::new(),
            seed: 0,
            port: 0,
            scenario: Scenario::Empty,
            pace: Duration::from_millis(500),
            heartbeats: Duration::from_secs(15),
            bot: BotStart::Role(2),
            default_world: true,
            online: true,
            login_delay: Duration::from_millis(5),
            queue: 8_192,
            journal: 65_536,
            timeout: Duration::from_secs(10),
            certificate: Certificate::None,
            listen: Ipv4Addr::LOCALHOST.into(),
            advertise: None,
        }
    }
}
