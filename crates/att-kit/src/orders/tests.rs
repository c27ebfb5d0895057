use super::line::{Item, Line, LineState};
use super::order::Order;
use super::stored::StoredOrder;
use alta_model::{PrefabHash, Timestamp, UserId};
use att_console::commands::Prefab;
use att_console::{Error, ErrorKind, PlayerRef, Sent};
use proptest::prelude::*;
use std::time::Duration;

fn lost(sent: Sent) -> ErrorKind {
    ErrorKind::TimedOut {
        after: Duration::ZERO,
        sent,
    }
}

fn refused() -> ErrorKind {
    ErrorKind::Server {
        class: String::new(),
        message: "Couldn't find prefab\u{1b}".to_owned(),
    }
}

fn torches(count: u32) -> Line {
    Line::new(Item::Prefab(Prefab::from("Torch")), count)
}

#[test]
fn a_line_writes_its_state_and_its_error() {
    let failed = |kind| Err(Error::new(kind, "a test"));
    let cases = [
        (vec![], "120 Torch: not sent"),
        (vec![Ok(())], "120 Torch: 50 spawned"),
        (vec![Ok(()), Ok(()), Ok(())], "120 Torch: spawned"),
        (
            vec![failed(refused())],
            r"120 Torch: failed (Couldn't find prefab\u{1b})",
        ),
        (
            vec![Ok(()), failed(lost(Sent::NotSent))],
            "120 Torch: 50 spawned (no reply within 0ns; it was not sent)",
        ),
        (
            vec![failed(lost(Sent::MayHaveRun)), Ok(())],
            "120 Torch: 50 spawned, 50 may have been spawned",
        ),
    ];
    for (results, expected) in cases {
        let mut line = torches(120);
        for result in results {
            let sent = line.begin().unwrap();
            line.ended(sent, result);
        }
        assert_eq!(line.to_string(), expected);
    }
}

#[test]
fn an_argument_that_cannot_be_written_fails_and_does_not_stop_the_order() {
    let mut line = torches(1);
    line.begin();
    let error = Error::new(ErrorKind::Argument("a quotation mark".to_owned()), "a test");
    assert!(line.ended(1, Err(error)));
    assert_eq!(line.state(), LineState::Failed);
    line.retry();
    assert_eq!(line.state(), LineState::NotSent);
}

#[test]
fn an_order_is_read_as_it_was_written() {
    let since = Timestamp::from_unix_seconds(1_800_000_000).unwrap();
    for player in [
        PlayerRef::from(UserId::new(7)),
        PlayerRef::Name("a\"b\\c".to_owned()),
    ] {
        let mut order = Order::new(player)
            .prefab("Torch", 60)
            .prefab(PrefabHash::new(77), 1)
            .save_string("1,2,", 1);
        let step = order.begin().unwrap();
        order.ended(step, Ok(())).unwrap();
        order.begin().unwrap();
        let stored = StoredOrder::new(&order, since).unwrap();
        let text = serde_json::to_string(&stored).unwrap();
        let read: StoredOrder = serde_json::from_str(&text).unwrap();
        assert_eq!(read.since, since);
        let read = read.order().unwrap();
        assert_eq!(read.player(), order.player());
        assert_eq!(read.to_string(), order.to_string());
        for (read, line) in read.lines().iter().zip(order.lines()) {
            assert_eq!((read.item(), read.count()), (line.item(), line.count()));
        }
        let more = text.replace("\"spawned\":50", "\"spawned\":51");
        let read: StoredOrder = serde_json::from_str(&more).unwrap();
        let error = read.order().unwrap_err();
        assert_eq!(error, "a line has more than its 60 items");
    }
}

#[derive(Clone, Copy, Debug)]
enum End {
    Done,
    Refused,
    NotSent,
    Lost {
        has_run: bool,
    },
    /// The future is dropped.
    Dropped {
        has_run: bool,
    },
    /// The program is killed, and reads the line from the file, which was written before the command or after it.
    Killed {
        has_run: bool,
        is_saved: bool,
    },
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Done),
        Just(End::Refused),
        Just(End::NotSent),
        any::<bool>().prop_map(|has_run| End::Lost { has_run }),
        any::<bool>().prop_map(|has_run| End::Dropped { has_run }),
        any::<(bool, bool)>().prop_map(|(has_run, is_saved)| End::Killed { has_run, is_saved }),
    ]
}

proptest! {
    #[test]
    fn no_item_is_spawned_twice(
        count in 0..200_u32,
        is_save in any::<bool>(),
        ends in proptest::collection::vec(end(), 0..40),
    ) {
        let item = if is_save { Item::SaveString("1,2,".to_owned()) } else { Item::Prefab(Prefab::from("Torch")) };
        let mut line = Line::new(item, count);
        let mut world = 0;
        for end in ends {
            line.retry();
            let Some(sent) = line.begin() else { break };
            let before = serde_json::to_string(&line.progress()).unwrap();
            let error = |kind| Err(Error::new(kind, "a test"));
            let result = match end {
                End::Done | End::Killed { has_run: true, is_saved: true } => Some(Ok(())),
                End::Refused => Some(error(refused())),
                End::NotSent => Some(error(lost(Sent::NotSent))),
                End::Lost { .. } => Some(error(lost(Sent::MayHaveRun))),
                End::Dropped { .. } | End::Killed { .. } => None,
            };
            if matches!(
                end,
                End::Done
                    | End::Lost { has_run: true }
                    | End::Dropped { has_run: true }
                    | End::Killed { has_run: true, .. }
            ) {
                world += sent;
            }
            if let Some(result) = result {
                line.ended(sent, result);
            }
            if let End::Killed { is_saved, .. } = end {
                let after = serde_json::to_string(&line.progress()).unwrap();
                let file = if is_saved { after } else { before };
                let progress = serde_json::from_str(&file).unwrap();
                line = Line::with_progress(line.item().clone(), count, progress).unwrap();
            }
            prop_assert!(line.spawned() <= world && world <= line.spawned() + line.unclear());
            prop_assert!(line.spawned() + line.unclear() <= count);
        }
        if line.state() == LineState::Done {
            prop_assert_eq!(world, count);
        }
    }
}
