//! No input makes a reader panic or allocate more than a multiple of its length.
//!
//! This is a test program of its own, because the allocator counts the allocations of the whole process.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alta_model::console::{event, result};
use alta_model::{json, *};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::de::DeserializeOwned;
use serde_json::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region as Measured, StatsAlloc};
use std::alloc::System;
use std::fs;
use std::path::Path;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most allocated bytes for each byte of input, freed ones included. A list with positions needs most: an entry of two bytes
/// takes the memory of a record.
const MULTIPLE: usize = 512;

/// The most allocated bytes for the shortest input.
const LEAST: usize = 8 * 1024;

type Reader = (&'static str, fn(&str));

/// The ways to read a type, alone and in a list.
fn ways<T: DeserializeOwned>() -> [Reader; 4] {
    [
        (std::any::type_name::<T>(), |text| {
            let _ = json::from_str::<T>(text);
        }),
        (std::any::type_name::<Vec<T>>(), |text| {
            let _ = json::list::<T>(text);
        }),
        (std::any::type_name::<Vec<Option<T>>>(), |text| {
            let _ = json::places::<T>(text);
        }),
        (std::any::type_name::<Listing<T>>(), |text| {
            let _ = serde_json::from_str::<Listing<T>>(text);
        }),
    ]
}

macro_rules! readers {
    ($($name:ty),* $(,)?) => {
        [$(ways::<$name>()),*].concat()
    };
}

macro_rules! event_readers {
    ($($name:ident),* $(,)?) => {
        fn event_readers() -> Vec<Reader> {
            readers![$(event::$name),*]
        }
    };
}

alta_model::for_each_console_event!(event_readers);

/// The readers of all types and formats of this crate.
fn readers() -> Vec<Reader> {
    let mut readers = readers![
        ApiError,
        ErrorCode,
        Connection,
        Fleet,
        Friend,
        FriendRequestOutcome,
        FriendResult,
        FriendshipType,
        Group,
        GroupAllowance,
        GroupDetailed,
        GroupServer,
        GroupType,
        InvitedGroup,
        JoinFailReason,
        JoinResult,
        JoinType,
        JoinedGroup,
        Member,
        MemberPermissions,
        MemberType,
        Membership,
        OwnerType,
        Permission,
        PermissionCheck,
        QuickGroup,
        Region,
        RequestModelError,
        RequestModelErrors,
        Role,
        Secret,
        Server,
        ServerStatus,
        ServerType,
        ShopAccount,
        Statistics,
        SubscriptionStatus,
        TimeSpan,
        Timestamp,
        User,
        UserRights,
        Vector3,
        EntityId,
        GroupId,
        PrefabHash,
        RoleId,
        ServerId,
        UserId,
        Value,
        event::LogMessage,
        event::ServerSettings,
        result::CommandInfo,
        result::CommandParameter,
        result::CommandRequirement,
        result::EntityInfo,
        result::EntityRef,
        result::EventListing,
        result::Exception,
        result::FileDownload,
        result::Inventory,
        result::Item,
        result::Module,
        result::ModuleCommand,
        result::ModuleParameter,
        result::PlayerDetailed,
        result::PrefabEntry,
        result::StatInfo,
        result::StatValue,
        result::SubscriptionResult,
    ];
    readers.extend(event_readers());
    readers.push(("strings", |text| {
        let _ = json::repair(text);
        let _ = (text.parse::<Timestamp>(), text.parse::<TimeSpan>());
        let _ = (text.parse::<Vector3>(), text.parse::<UserId>());
        let _ = result::Exception::parse(text);
        let _ = (ServerStatus::from(text), event::canonical_event_name(text));
    }));
    readers
}

fn check(readers: &[Reader], text: &str) {
    for (name, read) in readers {
        let measured = Measured::new(ALLOCATOR);
        read(text);
        let allocated = measured.change().bytes_allocated;
        assert!(
            allocated <= MULTIPLE * text.len() + LEAST,
            "{name} allocates {allocated} bytes for {} bytes of input: {text:.200}",
            text.len()
        );
    }
}

/// The JSON in the fixtures: bodies, frames, contents.
fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut samples = Vec::new();
    for kind in ["rest", "main-ws", "console"] {
        for file in fs::read_dir(folder.join(kind)).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            collect(&serde_json::from_str(&text).unwrap(), &mut samples);
        }
    }
    samples.sort_unstable();
    samples.dedup();
    samples
}

fn collect(value: &Value, samples: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with(['{', '[']) => {
            samples.push(text.clone());
            if let Ok(inner) = serde_json::from_str(text) {
                collect(&inner, samples);
            }
        }
        Value::Object(fields) => {
            samples.push(value.to_string());
            for field in fields.values() {
                collect(field, samples);
            }
        }
        Value::Array(entries) => {
            samples.push(value.to_string());
            for entry in entries {
                collect(entry, samples);
            }
        }
        _ => {}
    }
}

/// A sample in which an invalid string replaces a part.
fn mutated(samples: Vec<String>) -> impl Strategy<Value = String> {
    let invalid = prop_oneof![
        Just("null"),
        Just("[]"),
        Just("{}"),
        Just("1e999"),
        Just("-1"),
        Just("\"\\ud83d\""),
        Just("\\ude00"),
        Just("[null,null,null]"),
        Just("9999-12-31T23:59:59.9999999"),
        Just("\""),
        Just("{\"id\":1}"),
        Just(""),
        Just("[[[[[[[["),
        Just("\\"),
        Just("\u{feff}"),
        Just("18446744073709551616"),
    ];
    (
        prop::sample::select(samples),
        any::<prop::sample::Index>(),
        0_usize..20,
        invalid,
    )
        .prop_map(|(sample, at, length, invalid)| {
            let chars: Vec<char> = sample.chars().collect();
            let at = at.index(chars.len());
            let rest = chars.iter().skip(at + length);
            chars[..at]
                .iter()
                .copied()
                .chain(invalid.chars())
                .chain(rest.copied())
                .collect()
        })
}

/// Many copies of the same entry: few bytes of input that need much memory.
fn repeated() -> Vec<String> {
    let mut texts = Vec::new();
    let entries = [
        "0",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{\"id\":1}",
        "{\"id\":{}}",
        "{\"user_id\":1,\"group_id\":1}",
        "\"\\ud83d\"",
        "{\"Name\":\"\"}",
        "{\"role_id\":1}",
        "{\"name\":\"\"}",
        "{\"Identifier\":1}",
        "{\"group\":{\"id\":1}}",
    ];
    let lists = [
        "",
        "online_players",
        "users",
        "servers",
        "roles",
        "tags",
        "errors",
        "All",
        "Belt",
        "Parameters",
        "Submodules",
        "Commands",
        "policies",
        "Data",
        "position",
    ];
    for entry in entries {
        let list = format!("[{}]", vec![entry; 100].join(","));
        for name in lists {
            texts.push(match name {
                "" => list.clone(),
                name => format!("{{\"id\":1,\"name\":\"\",\"{name}\":{list}}}"),
            });
        }
    }
    for (open, close) in [
        ("[", "]"),
        ("{\"InnerException\":", "}"),
        ("{\"a\":", "}"),
        ("{\"Submodules\":[", "]}"),
    ] {
        for depth in [50, 100, 130, 1_000] {
            texts.push(format!("{}1{}", open.repeat(depth), close.repeat(depth)));
            texts.push(open.repeat(depth));
        }
    }
    texts
}

#[test]
fn every_reader_survives_every_input_and_allocates_in_proportion() {
    let readers = readers();
    let samples = samples();
    assert!(samples.len() > 200, "{}", samples.len());
    for text in samples.iter().chain(&repeated()) {
        check(&readers, text);
    }
    let mut runner = TestRunner::new(Config {
        cases: 100,
        failure_persistence: None,
        ..Config::default()
    });
    let any = "(\\PC|[\"\\\\{}\\[\\]0-9.eE:,-]|\\\\u[dD][89a-f][0-9a-f]{2}){0,60}";
    let texts = prop_oneof![3 => mutated(samples), 1 => any];
    runner
        .run(&texts, |text| {
            check(&readers, &text);
            Ok(())
        })
        .unwrap();
}
