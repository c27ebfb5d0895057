use super::line::{Item, Line, LineState};
use att_console::commands::Prefab;
use att_console::{Error, ErrorKind, Sent};
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
fn a_line_says_what_has_happened() {
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
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Done),
        Just(End::Refused),
        Just(End::NotSent),
        any::<bool>().prop_map(|has_run| End::Lost { has_run }),
        any::<bool>().prop_map(|has_run| End::Dropped { has_run }),
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
            let error = |kind| Err(Error::new(kind, "a test"));
            let result = match end {
                End::Done => Some(Ok(())),
                End::Refused => Some(error(refused())),
                End::NotSent => Some(error(lost(Sent::NotSent))),
                End::Lost { .. } => Some(error(lost(Sent::MayHaveRun))),
                End::Dropped { .. } => None,
            };
            if matches!(end, End::Done | End::Lost { has_run: true } | End::Dropped { has_run: true }) {
                world += sent;
            }
            if let Some(result) = result {
                line.ended(sent, result);
            }
            prop_assert!(line.spawned() <= world && world <= line.spawned() + line.unclear());
            prop_assert!(line.spawned() + line.unclear() <= count);
        }
        if line.state() == LineState::Done {
            prop_assert_eq!(world, count);
        }
    }
}
