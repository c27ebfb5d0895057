#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn read(text: &str) -> Result<Builder, Wrong> {
    parse(text, Sim::builder(), Path::new("/srv/town"))
}

#[track_caller]
fn wrong(text: &str, line: usize, reason: &str) {
    let wrong = read(text).unwrap_err();
    assert_eq!((wrong.line, wrong.reason.as_str()), (Some(line), reason));
}

const TWO: &str = "[[bots]]\nname = 'Scribe'\n[[users]]\nname = 'Ashwick'\n";

#[test]
fn a_misspelled_key_is_named_with_its_line_and_the_nearest_key() {
    for (text, line, reason) in [
        ("sede = 1", 1, "unknown key `sede`; did you mean `seed`?"),
        (
            "seed = 1\n[life]\nbot-tokens = 3\n",
            3,
            "unknown key `bot-tokens`; did you mean `bot-token`?",
        ),
        (
            "[[bots]]\nname = 'x'\nclient-secert = 'very secret'",
            3,
            "unknown key `client-secert`; did you mean `client-secret`?",
        ),
        (
            "[[groups]]\nname = 'x'\n[[groups.servers]]\nname = 'y'\nversoin = 'z'",
            5,
            "unknown key `versoin`; did you mean `version`?",
        ),
        (
            "scenario = 'twon'",
            1,
            "unknown value `twon`; did you mean `town`?",
        ),
        (
            "[[timeline]]\nat = 1\ndo = 'restrat'",
            3,
            "timeline[0].do: `do`: unknown action `restrat`; did you mean `restart`?",
        ),
        (
            "[[timeline]]\nat = 1\ndo = 'restart'\n\n[[timeline]]\nat = 2\ndo = 'leave'\nplayer = 'x'\nsevrer = 'y'",
            9,
            "timeline[1].sevrer: leave: `sevrer`: unknown field `sevrer`; did you mean `server`?",
        ),
    ] {
        wrong(text, line, &reason.replace("unknown field", "unknown key"));
    }
    let reason = read("xyzzy = 1").unwrap_err().reason;
    assert!(
        reason.starts_with("unknown key `xyzzy`; possible are seed, port"),
        "{reason}"
    );
}

#[test]
fn a_name_that_does_not_exist_is_named_with_its_line() {
    for (text, line, reason) in [
        (
            "[[groups]]\nname = 'Folk'\nowner = 'Ashwik'",
            7,
            "groups[0].owner: there is no user or bot \"Ashwik\"; there is Scribe, Ashwick",
        ),
        (
            "[[groups]]\nname = 'Folk'\nmembers = [\n{ user = 'Scribe', role = 'Modrator' },\n]",
            8,
            "groups[0].members[0].role: there is no role \"Modrator\"; there is Member, Moderator, Owner",
        ),
        (
            "[[groups]]\nname = 'Folk'\ninvited = ['Scribe', 'Nobody']",
            7,
            "groups[0].invited[1]: there is no user or bot \"Nobody\"; there is Scribe, Ashwick",
        ),
        (
            "[[timeline]]\nat = 1\ndo = 'stall'\nserver = 'Thornwod'",
            8,
            "timeline[0].server: there is no server \"Thornwod\"; did you mean \"Thornwood\"?",
        ),
        (
            "[[groups]]\nname = 'Folk'\nid = 5\n[[timeline]]\nat = 1\ndo = 'add-role'\ngroup = 6\nname = 'x'\npermissions = []",
            11,
            "timeline[0].group: there is no group 6; there is Folk",
        ),
    ] {
        wrong(&format!("{TWO}{text}"), line, reason);
    }
}

#[test]
fn things_that_are_there_twice_are_named() {
    for (text, line, reason) in [
        (
            "[[groups]]\nname = 'a'\n[[groups.servers]]\nname = 'b'\nid = 7\n[[self-hosted]]\nname = 'c'\nid = 7",
            12,
            "self-hosted[0].id: the id 7 is used twice",
        ),
        (
            "[[self-hosted]]\nname = 'a'\ntoken-folder = 'a'\n[[self-hosted]]\nname = 'A'\ntoken-folder = 'b'",
            9,
            "self-hosted[1].name: another server has the name \"A\"",
        ),
        (
            "[[self-hosted]]\nname = 'a'\n[[self-hosted]]\nname = 'b'",
            7,
            "self-hosted[1].token-folder: another server writes its console_token.txt to the same folder",
        ),
        (
            "[[self-hosted]]\nname = 'a'\nport = 1760\n[[groups]]\nname = 'x'\n[[groups.servers]]\nname = 'b'\nport = 1760",
            7,
            "self-hosted[0].port: the port 1760 is used twice",
        ),
        (
            "[[users]]\nname = 'scribe'",
            6,
            "users[1].name: another account has the name \"scribe\"",
        ),
        (
            "[[groups]]\nname = 'x'\nmembers = [{ user = 'Scribe' }]\nbanned = ['Scribe']",
            8,
            "groups[0].banned[0]: \"Scribe\" is already in `members` of the group",
        ),
        (
            "[[groups]]\nname = 'x'\nroles = [\n{ name = 'a', id = 9, permissions = [] },\n{ name = 'b', id = 9, permissions = [] }]",
            9,
            "groups[0].roles[1].id: the id 9 is used twice",
        ),
        (
            "[[groups]]\nname = 'x'\nroles = [{ name = 'a', id = 7, permissions = [] }]",
            7,
            "groups[0].roles[0].id: the id 7 is used twice",
        ),
        ("[[bots]]\nname = 'x'\nname = 'y'", 7, "duplicate key"),
    ] {
        wrong(&format!("{TWO}{text}"), line, reason);
    }
}

#[test]
fn impossible_values_are_named() {
    for (text, line, reason) in [
        ("era = 2021", 1, "era: the eras are 2022 and 2023, not 2021"),
        (
            "page-size = 0",
            1,
            "page-size: a page has at least one item",
        ),
        ("pace = 0", 1, "pace: the time is zero"),
        (
            "\n[life]\nbot-token = '0s'",
            3,
            "life.bot-token: the time is zero",
        ),
        ("[[bots]]\nname = 'x'\nid = 0", 3, "bots[0].id: 0 is no id"),
        ("[[bots]]\nname = ' '", 2, "bots[0].name: the name is empty"),
        (
            "[[groups]]\nname = 'x'\ntype = 'Secret'",
            3,
            "groups[0].type: \"Secret\" is none of Open, Public, Private",
        ),
        (
            "[[self-hosted]]\nname = 'x'\nonline = false\nplayers = [{ name = 'y' }]",
            4,
            "self-hosted[0].players: an offline server has no players",
        ),
        (
            "[[timeline]]\nat = 'noon'\ndo = 'heartbeat'",
            2,
            "timeline[0].at: \"noon\" is no time, such as \"1h 30m\" or \"250ms\"",
        ),
        (
            "[[timeline]]\ndo = 'heartbeat'",
            1,
            "timeline[0]: the key `at` is missing",
        ),
        (
            "[[timeline]]\nat = 1\ndo = 'advance'\nby = 3",
            3,
            "timeline[0].do: the timeline follows the clock, and cannot advance it",
        ),
        (
            "[[self-hosted]]\nname = 'x'\ntoken = 'two words'",
            3,
            "self-hosted[0].token: a token has at least one character, and no spaces",
        ),
        (
            "[[self-hosted]]\nname = 'x'\nfleet = 'att-quest'",
            3,
            "self-hosted[0].fleet: only a server of a group has it",
        ),
        (
            "[[groups]]\nname = 'x'\n[[groups.servers]]\nname = 'y'\ntoken = 'z'",
            5,
            "groups[0].servers[0].token: only a self-hosted server has it",
        ),
        (
            "[tls]\nkey = 'x.pem'",
            1,
            "tls: `certificate` and `key` belong together",
        ),
    ] {
        wrong(text, line, reason);
    }
    let wrong = read("[[bots]]\nname = 'x'\nscopes = ['group.inof']").unwrap_err();
    assert_eq!(wrong.line, Some(3));
    assert!(wrong.reason.contains("group.inof"), "{}", wrong.reason);
}

#[test]
fn errors_do_not_show_the_text_of_the_line() {
    for text in [
        "[[bots]]\nname = 'x'\nclient-secret = ['very secret']",
        "[[bots]]\nname = 'x'\nclient-secret = 'very secret",
        "[[bots]]\nname = 'x'\nclient-secret 'very secret'",
        "[[users]]\nname = 'x'\npasword = 'very secret'",
    ] {
        let wrong = read(text).unwrap_err();
        assert!(!wrong.reason.contains("very secret"), "{}", wrong.reason);
        assert_eq!(wrong.line, Some(3), "{}", wrong.reason);
    }
}

#[test]
fn garbage_is_an_error_and_never_a_panic() {
    let example = include_str!("../../../town.toml");
    let mut rng = fastrand::Rng::with_seed(11);
    for _ in 0..500 {
        let mut bytes = example.as_bytes().to_vec();
        for _ in 0..rng.usize(1..6) {
            let at = rng.usize(..bytes.len());
            match rng.u8(..3) {
                0 => bytes[at] = rng.u8(..),
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let _ = read(&String::from_utf8_lossy(&bytes));
    }
}
