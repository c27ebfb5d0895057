use serde_json::Value;

use crate::Skipped;

open_enum! {
    /// The result of `websocket subscribe` and `websocket unsubscribe`. tavernpy accepts the numbers.
    pub enum SubscriptionResult {
        /// Done.
        Success: "Success" = 0,
        /// It was so before; as good as done.
        Unchanged: "Unchanged" = 1,
        /// There is no such event.
        NotFound: "NotFound" = 2,
    }
}

model! {
    /// An event that the server has, of `websocket subscriptions`; not one that is subscribed to.
    ///
    /// Read from an object or from the plain name.
    pub struct EventListing [text: EventListing::named] {
        /// The event's name.
        required name: String = "name",
        /// What it holds is not attested.
        optional r#type: Value = "type",
    }
}

impl EventListing {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            r#type: None,
            skipped: Skipped::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_read_from_objects_in_any_case_and_from_names() {
        let listings: Vec<EventListing> = serde_json::from_str(
            r#"[{"name": "PlayerJoined", "type": null}, {"Name": "PlayerLeft"}, "OffLog"]"#,
        )
        .unwrap();
        let names: Vec<_> = listings
            .iter()
            .map(|listing| listing.name.as_str())
            .collect();
        assert_eq!(names, ["PlayerJoined", "PlayerLeft", "OffLog"]);
    }

    #[test]
    fn the_result_is_read_from_its_number() {
        let result: SubscriptionResult = serde_json::from_str("1").unwrap();
        assert_eq!(result, SubscriptionResult::Unchanged);
    }
}
