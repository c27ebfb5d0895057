use super::ReportReason;
use crate::{PrefabHash, User, UserId};

model! {
    /// Something was sold at a trade deck. Captured.
    pub struct TradeDeckUsed {
        /// The item's name; empty when the server sent none.
        default item_name: String = "itemName",
        /// The item's prefab.
        optional item_hash: PrefabHash = "itemHash",
        /// What one cost; 0.5 has been seen.
        optional price: f64 = "price",
        /// How many.
        optional quantity: i64 = "quantity",
        /// Who bought.
        optional buyer: UserId = "buyer",
        /// Who sold.
        optional seller: UserId = "seller",
    }
}

model! {
    /// A player's bank balance changed. The sources disagree on the spelling of `user`.
    pub struct AtmBalanceChanged {
        /// Whose balance.
        required user: User = "user",
        /// By how much; negative when money was taken.
        optional change: i64 = "Change",
        /// What is there now.
        optional current_balance: i64 = "CurrentBalance",
    }
}

model! {
    /// A player reported another with the tablet.
    pub struct SocialTabletPlayerReported {
        /// Who reported.
        required reported_by: User = "ReportedBy",
        /// Whom.
        required reported_player: User = "ReportedPlayer",
        /// Why.
        optional reason: ReportReason = "Reason",
    }
}

model! {
    /// A player banned another with the tablet, or lifted the ban.
    pub struct SocialTabletPlayerBanned {
        /// Who banned.
        required banned_by: User = "BannedBy",
        /// Whom.
        required banned_player: User = "BannedPlayer",
        /// Whether it is a ban (or, if not, lifted); none if the server did not say. The sources disagree on the spelling.
        optional is_ban: bool = "IsBan",
    }
}
