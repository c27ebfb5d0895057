use super::condition::Condition;
use super::held_item::HeldItem;
use super::known::{Known, Needs};
use super::zone::Zone;
use crate::players::Player;
use alta_model::PrefabHash;
use alta_model::console::event::PlayerState;
use alta_model::console::result::{Inventory, PlayerDetailed};
use alta_model::{Timestamp, User, UserId};
use serde_json::{Value, json};

fn player() -> Player {
    let user = User::new(UserId::new(1), "O'Neil");
    Player::new(user, Timestamp::from_unix_seconds(1_800_000_000).unwrap())
}

fn evaluate(condition: &Condition, details: Value, inventory: Value) -> Option<bool> {
    let details: Option<PlayerDetailed> = serde_json::from_value(details).unwrap();
    let inventory: Option<Inventory> = serde_json::from_value(inventory).unwrap();
    let known = Known {
        player: &player(),
        details: details.as_ref(),
        inventory: inventory.as_ref(),
    };
    condition.evaluate(known, false, 0.0)
}

#[test]
fn hands_hold_an_item_by_name_or_prefab() {
    let torch = json!({"Name": "Torch(Clone)", "PrefabHash": 31_502});
    let sword = json!({"Name": "Short Sword(Clone)", "PrefabHash": 7});
    let nameless = json!({"Identifier": 5});
    for (left, right, expected) in [
        (&torch, &Value::Null, Some(true)),
        (&Value::Null, &torch, Some(true)),
        (&sword, &torch, Some(true)),
        (&nameless, &torch, Some(true)),
        (&sword, &Value::Null, Some(false)),
        (&Value::Null, &Value::Null, Some(false)),
        // Some item that cannot be recognized.
        (&nameless, &Value::Null, None),
        (&json!("odd"), &sword, None),
    ] {
        let inventory = json!({"LeftHand": left, "RightHand": right, "Belt": [torch]});
        let by_hash = HeldItem::from(PrefabHash::new(31_502));
        for item in ["Torch".into(), " torch(Clone)".into(), by_hash] {
            let found = evaluate(&Condition::holds(item), Value::Null, inventory.clone());
            assert_eq!(found, expected, "{left} {right}");
        }
    }
    let without_hands = evaluate(&Condition::holds("Torch"), Value::Null, json!({}));
    assert_eq!(without_hands, Some(false));
    let without_body = evaluate(&Condition::holds("Torch"), Value::Null, Value::Null);
    assert_eq!(without_body, None);
}

#[test]
fn one_hand_is_enough_and_a_missing_one_is_unknown() {
    let at_point = Condition::hand_within(0.5, [1.0, 0.0, 0.0]);
    let at_head = Condition::hand_within_of_head(0.5);
    let (near, far) = (json!([1.2, 0.0, 0.0]), json!([3.0, 0.0, 0.0]));
    for (left, right, expected) in [
        (&near, &far, Some(true)),
        (&far, &near, Some(true)),
        (&near, &Value::Null, Some(true)),
        (&far, &far, Some(false)),
        (&far, &Value::Null, None),
        (&json!("(NaN, 0, 0)"), &far, None),
    ] {
        let mut details = json!({"id": 1, "LeftHandPosition": left, "RightHandPosition": right});
        let found = evaluate(&at_point, details.clone(), Value::Null);
        assert_eq!(found, expected, "{left} {right}");
        assert_eq!(evaluate(&at_head, details.clone(), Value::Null), None);
        details["HeadPosition"] = json!([1.0, 0.0, 0.0]);
        assert_eq!(evaluate(&at_head, details, Value::Null), expected);
    }
}

#[test]
fn an_unknown_part_counts_only_where_it_decides() {
    let values = [Some(true), Some(false), None];
    let of = |value: Option<bool>| Condition::player(move |_| value);
    let found = |condition: Condition| evaluate(&condition, Value::Null, Value::Null);
    for one in values {
        assert_eq!(found(of(one)), one);
        assert_eq!(found(!of(one)), one.map(|value| !value));
        for other in values {
            let has = |value| one == Some(value) || other == Some(value);
            let known = one.is_some() && other.is_some();
            let all = if has(false) {
                Some(false)
            } else {
                known.then_some(true)
            };
            let any = if has(true) {
                Some(true)
            } else {
                known.then_some(false)
            };
            assert_eq!(found(Condition::all([of(one), of(other)])), all);
            assert_eq!(found(Condition::any([of(one), of(other)])), any);
        }
    }
    assert_eq!(found(Condition::all::<Zone>([])), Some(true));
    assert_eq!(found(Condition::any::<Zone>([])), Some(false));
}

#[test]
fn a_condition_needs_what_its_parts_need() {
    let of_events = [
        Condition::state(PlayerState::Combat),
        Condition::player(|player| player.name() == "O'Neil"),
    ];
    assert_eq!(Condition::all(of_events).needs(), Needs::EVENTS);
    let chunk = Condition::any([Zone::caves(), Zone::chunk("Mill")]).needs();
    assert_eq!(
        chunk,
        Needs {
            chunk: true,
            ..Needs::EVENTS
        }
    );
    let sphere = Zone::sphere([0.0; 3], 1.0).into();
    let both = !Condition::all([sphere, Condition::holds("Torch")]);
    let expected = Needs {
        chunk: false,
        details: true,
        inventories: true,
    };
    assert_eq!(both.needs(), expected);
    let of_belt = Condition::inventory(|items| items.belt.len() > 3);
    assert_eq!(of_belt.needs(), Needs::INVENTORIES);
}

#[test]
fn a_function_that_panics_or_lacks_a_value_makes_it_unknown() {
    let panics = Condition::player(|_| -> bool { panic!("by a test") });
    assert_eq!(evaluate(&panics, Value::Null, Value::Null), None);
    let raises = Condition::details(|player| Some(player.left_hand_position?.y > 1.0));
    let details = |hand: Value| json!({"id": 1, "LeftHandPosition": hand});
    assert_eq!(evaluate(&raises, details(Value::Null), Value::Null), None);
    let up = evaluate(&raises, details(json!([0, 2, 0])), Value::Null);
    assert_eq!(up, Some(true));
}
