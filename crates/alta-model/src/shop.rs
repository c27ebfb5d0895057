use crate::Timestamp;

model! {
    /// One's own account in the shop, of `GET shop/account` (alta-jsapi).
    pub struct ShopAccount {
        /// Shards, the game's own money.
        optional shard_balance: i64 = "shard_balance",
        /// Real money.
        optional wallet_amount: f64 = "wallet_amount",
        /// The real money's currency; empty when the server sent none.
        default wallet_currency: String = "wallet_currency",
        /// Whether the account is a supporter.
        optional subscription_status: SubscriptionStatus = "subscription_status",
    }
}

model! {
    /// Whether an account supports the game (alta-jsapi, Alta .NET models).
    pub struct SubscriptionStatus {
        /// Whether it does today.
        optional is_member: bool = "is_member",
        /// Until when.
        optional member_end_date: Timestamp = "member_end_date",
        /// Whether it goes on by itself.
        optional is_renewing: bool = "is_renewing",
        /// What comes next; its shape is not attested.
        optional next_reward: serde_json::Value = "next_reward",
    }
}
