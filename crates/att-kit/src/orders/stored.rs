//! Orders as they are written to a file.

use super::line::{Item, Line, Progress};
use super::order::Order;
use alta_model::{PrefabHash, Timestamp, UserId};
use att_console::PlayerRef;
use att_console::commands::Prefab;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredOrder {
    pub(super) since: Timestamp,
    player: Player,
    lines: Vec<StoredLine>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Player {
    Id(UserId),
    Name(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredLine {
    item: StoredItem,
    count: u32,
    #[serde(flatten)]
    progress: Progress,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredItem {
    Prefab(String),
    Hash(PrefabHash),
    SaveString(String),
}

impl StoredOrder {
    /// `None` if the order has a player or an item of a kind that is newer than the file.
    pub(super) fn new(order: &Order, since: Timestamp) -> Option<Self> {
        let player = match order.player() {
            PlayerRef::Id(id) => Player::Id(*id),
            PlayerRef::Name(name) => Player::Name(name.clone()),
            _ => return None,
        };
        let lines = order.lines().iter().map(StoredLine::new);
        Some(Self {
            since,
            player,
            lines: lines.collect::<Option<_>>()?,
        })
    }

    /// Fails if a line has more items than were ordered.
    pub(super) fn order(self) -> Result<Order, String> {
        let player = match self.player {
            Player::Id(id) => PlayerRef::Id(id),
            Player::Name(name) => PlayerRef::Name(name),
        };
        let lines = self.lines.into_iter().map(StoredLine::line);
        Ok(Order::with_lines(player, lines.collect::<Result<_, _>>()?))
    }
}

impl StoredLine {
    fn new(line: &Line) -> Option<Self> {
        let item = match line.item() {
            Item::Prefab(Prefab::Name(name)) => StoredItem::Prefab(name.clone()),
            Item::Prefab(Prefab::Hash(hash)) => StoredItem::Hash(*hash),
            Item::SaveString(save) => StoredItem::SaveString(save.clone()),
            Item::Prefab(_) => return None,
        };
        Some(Self {
            item,
            count: line.count(),
            progress: line.progress(),
        })
    }

    fn line(self) -> Result<Line, String> {
        let item = match self.item {
            StoredItem::Prefab(name) => Item::Prefab(Prefab::Name(name)),
            StoredItem::Hash(hash) => Item::Prefab(Prefab::Hash(hash)),
            StoredItem::SaveString(save) => Item::SaveString(save),
        };
        let line = Line::with_progress(item, self.count, self.progress);
        line.ok_or_else(|| format!("a line has more than its {} items", self.count))
    }
}
