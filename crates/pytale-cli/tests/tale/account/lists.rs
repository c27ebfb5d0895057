//! Lists: groups, servers, members, invitations.

use super::Cloud;
#[cfg(unix)]
use super::terminal;
use pytale::testing::{Action, Fault, Hook};

/// Names that a terminal, a table or a parser could take for something else.
const HOSTILE: [&str; 4] = [
    "O\"Neil \\ Jr.",
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "two\nlines",
    "\u{202e}gnp.exe",
];

/// `docs/tale.md`, which shows what the program prints.
fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tale.md")).unwrap()
}

/// The words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_servers_are_tables_or_json() {
    let cloud = Cloud::start().await;
    let second = cloud.sim.add_group("Hollowmere");
    cloud.sim.admit_bot(second, 1).unwrap();
    let mill = cloud.sim.add_server(second, "Old Mill").unwrap();
    cloud
        .sim
        .player_joins(cloud.sim.server(), "Ashwick")
        .unwrap();

    let done = cloud.tale(&["groups"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let lines = words(&done.out);
    assert_eq!(lines[0], ["ID", "NAME", "ROLE", "MEMBERS", "SERVERS"]);
    assert_eq!(lines.len(), 3, "{done:?}");
    assert!(lines[2].contains(&"Hollowmere"), "{done:?}");
    assert!(document().contains(&done.out), "{}", done.out);
    let groups = cloud.json(&["groups", "--json"]).await;
    assert_eq!(groups[1]["group"]["id"], second);

    let done = cloud.tale(&["servers"]).await;
    assert!(document().contains(&done.out), "{}", done.out);
    let lines = words(&done.out);
    assert_eq!(lines[0], ["ID", "NAME", "STATE", "PLAYERS", "GROUP"]);
    assert_eq!(lines[1][2], "up", "{done:?}");
    assert!(lines[1][3].starts_with('1'), "{done:?}");
    assert_eq!(lines[2][1..4], ["Old", "Mill", "down"], "{done:?}");
    let servers = cloud.json(&["servers", "hollowmere", "--json"]).await;
    assert_eq!(servers.as_array().unwrap().len(), 1, "{servers}");
    assert_eq!(servers[0]["id"], mill);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_given_by_id_or_name_and_the_nearest_names_are_offered() {
    let cloud = Cloud::start().await;
    let group = cloud.sim.add_group("Hollowmere");
    cloud.sim.admit_bot(group, 1).unwrap();
    cloud.sim.ban(group, "Griefer").unwrap();
    let by_name = cloud.json(&["bans", "HOLLOWMERE", "--json"]).await;
    let by_id = cloud.json(&["bans", &group.to_string(), "--json"]).await;
    assert_eq!(by_name, by_id);
    assert_eq!(by_id[0]["username"], "Griefer");
    let done = cloud.tale(&["members", "Holowmere"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    let near = format!("did you mean Hollowmere ({group})?");
    assert!(done.err.contains(&near), "{done:?}");
    let done = cloud.tale(&["members", "17"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("it has Hollowmere"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_shown_without_control_characters() {
    let cloud = Cloud::start().await;
    let group = cloud.sim.group();
    for name in HOSTILE {
        cloud.sim.add_member(group, name).unwrap();
        cloud.sim.ban(group, &format!("{name} banned")).unwrap();
        let other = cloud.sim.add_group(name);
        cloud.sim.invite_bot(other).unwrap();
    }
    let group = group.to_string();
    for arguments in [&["members", &group][..], &["bans", &group], &["invites"]] {
        let done = cloud.tale(arguments).await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        assert!(done.out.contains("O\"Neil \\ Jr."), "{done:?}");
        assert!(done.out.contains("\\u{1b}[31mred"), "{done:?}");
        assert!(done.out.contains("two\\nlines"), "{done:?}");
        assert!(!done.out.contains('\u{202e}'), "{done:?}");
    }
    let members = cloud.json(&["members", &group, "--json"]).await;
    let names: Vec<&str> = members
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|member| member["username"].as_str())
        .collect();
    assert!(HOSTILE.iter().all(|name| names.contains(name)), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_or_rejected() {
    let cloud = Cloud::start().await;
    let [first, second] = ["Hollowmere", "Old Mill"].map(|name| cloud.sim.add_group(name));
    for group in [first, second] {
        cloud.sim.invite_bot(group).unwrap();
    }
    let done = cloud.tale(&["invites"]).await;
    assert_eq!(words(&done.out).len(), 3, "{done:?}");
    let done = cloud.tale(&["invites", "accept", "hollowmere"]).await;
    assert_eq!(
        (done.code, done.out),
        (
            0,
            format!("accepted the invitation to Hollowmere ({first})\n")
        )
    );
    let done = cloud
        .tale(&["invites", "reject", &second.to_string()])
        .await;
    assert_eq!(
        (done.code, done.out),
        (
            0,
            format!("rejected the invitation to Old Mill ({second})\n")
        )
    );
    let done = cloud.tale(&["invites"]).await;
    assert_eq!((done.code, done.out.as_str()), (0, "(none)\n"), "{done:?}");
    let done = cloud.tale(&["invites", "accept", "hollowmere"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    let groups = cloud.json(&["groups", "--json"]).await;
    assert_eq!(groups.as_array().unwrap().len(), 2, "{groups}");
}

/// Fills more than one page.
fn add_members(cloud: &Cloud) {
    for number in 0..1_100 {
        let name = format!("Member {number}");
        cloud.sim.add_member(cloud.sim.group(), &name).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_is_an_error_without_a_part_of_the_list() {
    let cloud = Cloud::start().await;
    add_members(&cloud);
    let group = cloud.sim.group().to_string();
    let members = cloud.json(&["members", &group, "--json"]).await;
    assert!(members.as_array().unwrap().len() > 1_100);
    let fault = Fault::new(Hook::Http, Action::Refuse(500)).containing("paginationtoken");
    cloud.sim.faults().arm(fault.times(u32::MAX));
    for arguments in [&["members", &group][..], &["members", &group, "--json"]] {
        let done = cloud.tale(arguments).await;
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{done:?}");
        assert!(
            done.err.contains("listing the members, after 1000 entries")
                && done.err.contains("500"),
            "{done:?}"
        );
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_shows_its_progress_in_a_terminal() {
    let cloud = Cloud::start().await;
    add_members(&cloud);
    // The second page never comes.
    let fault = Fault::new(Hook::Http, Action::Silence).containing("paginationtoken");
    cloud.sim.faults().arm(fault);
    let terminal = terminal(&cloud, &["members", &cloud.sim.group().to_string()]);
    terminal.wait_for_text("1000 of 110");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_progress_is_gone_before_the_list() {
    let cloud = Cloud::start().await;
    let terminal = terminal(&cloud, &["members", &cloud.sim.group().to_string()]);
    let lines = terminal.wait_for_text("SINCE");
    assert!(lines[0].starts_with("ID"), "{lines:?}");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_csv_for_a_spreadsheet() {
    let cloud = Cloud::start().await;
    let done = cloud.tale(&["groups", "--csv"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines[0], "id,name,role,members,servers");
    assert!(lines[1].contains("Thornwood Folk"), "{done:?}");
    assert_eq!(cloud.tale(&["groups", "--csv", "--json"]).await.code, 2);
}
