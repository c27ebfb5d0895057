//! Save strings are written as they were read, whatever their parts mean.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_model::{
    Error, ErrorKind, PrefabHash, Quaternion, SaveString, SaveStringProblem, Vector3, WordProblem,
};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// An object with a component before its body.
const KEY: &str = "40121,117,40121,3254386688,1124892672,1145765888,1056964608,3204448256,1056964608,1056964608,\
                   1061158912,1454441398,32,3392848145,2290978823,418,3254386688,1124892672,1145765888,\
                   1056964608,3204448256,1056964608,1056964608,3221225472,0,0,0,0,0,0,0,0,";

fn parse(text: &str) -> SaveString {
    text.parse().unwrap()
}

fn problem(text: &str) -> SaveStringProblem {
    kind_of(&text.parse::<SaveString>().unwrap_err())
}

fn kind_of(error: &Error) -> SaveStringProblem {
    match error.kind() {
        ErrorKind::SaveString(problem) => *problem,
        other => panic!("{other:?}"),
    }
}

/// The save strings of all fixtures: every run of numbers with at least ten commas.
fn recorded() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/console");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let is_part = |letter: char| letter.is_ascii_digit() || letter == ',' || letter == '|';
        let runs = text.split(|letter| !is_part(letter));
        let long = runs.filter(|run| run.matches(',').count() > 10);
        // A comma at the beginning belongs to the JSON.
        found.extend(long.map(|run| run.trim_start_matches(',').to_owned()));
    }
    found
}

#[test]
fn every_recorded_string_is_written_as_it_was_read() {
    let recorded = recorded();
    assert!(recorded.len() >= 2, "{}", recorded.len());
    assert!(recorded.iter().any(|text| text.contains('|')));
    for text in &recorded {
        let save = parse(text);
        assert_eq!(save.to_string(), *text);
        assert!(save.position().is_some(), "{text}");
        // The values that were read are written with the same bits.
        let mut same = save.clone();
        same.set_position(save.position().unwrap()).unwrap();
        same.set_rotation(save.rotation().unwrap()).unwrap();
        same.set_scale(save.scale().unwrap()).unwrap();
        same.set_prefab(save.prefab());
        assert_eq!(same.to_string(), *text);
    }
}

#[test]
fn the_parts_of_a_captured_string_have_their_values() {
    let recorded = recorded();
    let sword = recorded.iter().find(|text| text.starts_with("55310,"));
    let sword = parse(sword.unwrap());
    assert_eq!(sword.prefab(), PrefabHash::new(55_310));
    let position = sword.position().unwrap();
    assert!(
        position.distance(Vector3::new(-740.077, 135.398, 7.264)) < 1e-2,
        "{position}"
    );
    let rotation = sword.rotation().unwrap();
    let length = rotation.x.powi(2) + rotation.y.powi(2) + rotation.z.powi(2) + rotation.w.powi(2);
    assert!((length - 1.0).abs() < 1e-3, "{rotation:?}");
    assert!(sword.scale().unwrap() > 0.0);
    assert!(sword.words().len() > 70);
    assert_eq!(sword.versions().next(), Some((272_188_517, 1)));
    assert!(
        sword
            .versions()
            .any(|(hash, version)| (hash, version) == (2_290_978_823, 1))
    );
}

#[test]
fn a_new_position_and_rotation_reach_the_body_too() {
    let mut key = parse(KEY);
    key.set_position(Vector3::new(1.0, 2.0, 3.0)).unwrap();
    key.set_rotation(Quaternion::IDENTITY).unwrap();
    key.set_scale(2.0).unwrap();
    assert_eq!(
        key.to_string(),
        "40121,117,40121,1065353216,1073741824,1077936128,0,0,0,1065353216,1073741824,1454441398,32,3392848145,\
         2290978823,418,1065353216,1073741824,1077936128,0,0,0,1065353216,3221225472,0,0,0,0,0,0,0,0,"
    );
}

#[test]
fn a_body_that_begins_within_a_word_is_changed_there_and_nothing_beside_it() {
    // The component before it has 4 bits, so the body begins 4 bits into a word.
    let shifted = |words: &[u32]| {
        let mut bits: Vec<bool> = Vec::new();
        bits.extend([true, false, true, true]);
        bits.extend(
            words
                .iter()
                .flat_map(|word| (0..32).rev().map(move |bit| word >> bit & 1 == 1)),
        );
        bits.resize(bits.len().next_multiple_of(32), true);
        let words = bits.chunks(32).map(|bits| {
            bits.iter()
                .fold(0_u32, |word, bit| word << 1 | u32::from(*bit))
                .to_string()
        });
        words.collect::<Vec<_>>().join(",")
    };
    let pose = |position: [f32; 3], rotation: [f32; 4]| {
        let floats = position.into_iter().chain(rotation);
        floats.map(f32::to_bits).collect::<Vec<_>>()
    };
    let text = |root: &[u32]| {
        let body = [&[2_290_978_823, 224][..], root].concat();
        let root: Vec<String> = root.iter().map(u32::to_string).collect();
        format!(
            "7,60,7,{},1065353216,9,4,{}|1,9,2",
            root.join(","),
            shifted(&body)
        )
    };
    let before = pose([1.5, 2.5, 3.5], [0.5, 0.5, 0.5, 0.5]);
    let mut save = parse(&text(&before));
    save.set_position(Vector3::new(-7.25, 0.0, 1e6)).unwrap();
    save.set_rotation(Quaternion::new(0.0, 1.0, 0.0, 0.0))
        .unwrap();
    let after = pose([-7.25, 0.0, 1e6], [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(save.to_string(), text(&after));
}

#[test]
fn invalid_strings_name_the_word_and_its_offset() {
    use SaveStringProblem::{Empty, Word};
    use WordProblem::{LeadingZero, NotDecimal, TooLarge};
    let word = |word, at, problem| Word { word, at, problem };
    for (text, expected) in [
        ("", Empty),
        ("|1,2,3", Empty),
        (",", word(0, 0, NotDecimal)),
        ("1,,2", word(1, 2, NotDecimal)),
        ("1,2,,", word(2, 4, NotDecimal)),
        (" 1", word(0, 0, NotDecimal)),
        ("1,2\n", word(1, 2, NotDecimal)),
        ("12,-3", word(1, 3, NotDecimal)),
        ("12,+3", word(1, 3, NotDecimal)),
        ("12,\u{663},", word(1, 3, NotDecimal)),
        ("12,3.5", word(1, 3, NotDecimal)),
        ("7,007", word(1, 2, LeadingZero)),
        ("7,4294967296,", word(1, 2, TooLarge)),
        ("7,99999999999999999999999", word(1, 2, TooLarge)),
        ("7,8,|1,x", word(3, 7, NotDecimal)),
        ("7,8||9,9|,", word(4, 9, NotDecimal)),
        ("1\u{1b}[2J", word(0, 0, NotDecimal)),
    ] {
        assert_eq!(problem(text), expected, "{text:?}");
    }
    let error = "7,8,|1,x\u{1b}"
        .parse::<SaveString>()
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        r#"reading "x\u{1b}": not a valid save string: word 3, at byte 7, is not a decimal number"#
    );
}

#[test]
fn a_short_string_has_no_position_and_cannot_be_moved() {
    let mut short = parse("7,8,7");
    assert_eq!(
        (short.position(), short.rotation(), short.scale()),
        (None, None, None)
    );
    let error = short.set_position(Vector3::ZERO).unwrap_err();
    assert_eq!(kind_of(&error), SaveStringProblem::NoPose);
    short.set_prefab(PrefabHash::new(9));
    assert_eq!(short.to_string(), "9,8,9");
    assert_eq!(short.versions().count(), 0);
}

#[test]
fn numbers_that_are_not_finite_are_kept_but_neither_read_nor_set() {
    let nan = f32::NAN.to_bits();
    let text = format!("7,44,7,{nan},0,0,0,0,0,{},{nan},", f32::INFINITY.to_bits());
    let mut save = parse(&text);
    assert_eq!(
        (save.position(), save.rotation(), save.scale()),
        (None, None, None)
    );
    for number in [f64::NAN, f64::INFINITY, 1e300, -1e39] {
        let error = save
            .set_position(Vector3::new(0.0, number, 0.0))
            .unwrap_err();
        assert_eq!(kind_of(&error), SaveStringProblem::NotFinite);
        save.set_scale(number).unwrap_err();
        save.set_rotation(Quaternion::new(number, 0.0, 0.0, 1.0))
            .unwrap_err();
    }
    assert_eq!(save.to_string(), text);
}

#[test]
fn a_string_of_a_megabyte_is_read_and_written() {
    let text = format!("{KEY}{}", "4294967295,".repeat(100_000));
    let mut save = parse(&text);
    assert_eq!(save.to_string(), text);
    save.set_position(Vector3::ZERO).unwrap();
    assert_eq!(
        save.to_string().len(),
        text.len() - "3254386688,1124892672,1145765888".len() * 2 + "0,0,0".len() * 2
    );
}

#[test]
fn a_save_string_is_a_string_in_json() {
    let json = serde_json::to_string(&parse("7,8,|1,2,3")).unwrap();
    assert_eq!(json, r#""7,8,|1,2,3""#);
    assert_eq!(
        serde_json::from_str::<SaveString>(&json).unwrap(),
        parse("7,8,|1,2,3")
    );
    assert!(serde_json::from_str::<SaveString>(r#""7,x""#).is_err());
}

proptest! {
    #[test]
    fn every_string_of_words_is_written_as_it_was_read(
        parts in prop::collection::vec((prop::collection::vec(any::<u32>(), 0..40), any::<bool>()), 1..4)
    ) {
        let written = parts.iter().map(|(words, is_closed)| {
            let words: Vec<String> = words.iter().map(u32::to_string).collect();
            let end = if *is_closed && !words.is_empty() { "," } else { "" };
            words.join(",") + end
        });
        let text = written.collect::<Vec<_>>().join("|");
        match text.parse::<SaveString>() {
            Ok(save) => prop_assert_eq!(save.to_string(), text),
            Err(error) => {
                prop_assert!(parts[0].0.is_empty());
                prop_assert_eq!(kind_of(&error), SaveStringProblem::Empty);
            }
        }
    }

    #[test]
    fn any_string_is_refused_or_written_as_it_was_read(text in "[0-9,|]{0,60}|[ -~]{0,20}|\\PC{0,20}") {
        if let Ok(save) = text.parse::<SaveString>() {
            prop_assert_eq!(save.to_string(), text);
        }
    }

    #[test]
    fn a_changed_value_leaves_the_rest_as_it_was(
        words in prop::collection::vec(any::<u32>(), 11..60),
        position in prop::array::uniform3(-1e5_f32..1e5),
        scale in 0.01_f32..10.0,
    ) {
        let text: Vec<String> = words.iter().map(u32::to_string).collect();
        let mut save = parse(&text.join(","));
        let [x, y, z] = position.map(f64::from);
        save.set_position(Vector3::new(x, y, z)).unwrap();
        save.set_scale(f64::from(scale)).unwrap();
        prop_assert_eq!(save.position(), Some(Vector3::new(x, y, z)));
        prop_assert_eq!(save.scale(), Some(f64::from(scale)));
        prop_assert_eq!(&save.words()[..3], &words[..3]);
        prop_assert_eq!(&save.words()[6..10], &words[6..10]);
        // No random word is the hash of a body.
        prop_assert_eq!(&save.words()[11..], &words[11..]);
    }
}
