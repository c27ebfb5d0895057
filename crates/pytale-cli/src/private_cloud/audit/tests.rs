use super::*;

fn who() -> Who {
    Who {
        account: "Example_Bot".into(),
        user_id: 7,
        server: "Thornwood".into(),
        server_id: 1,
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let values = text.lines().map(|line| serde_json::from_str(line).unwrap());
    values.collect()
}

#[test]
fn each_command_is_a_line_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    for refused in [None, Some("no")] {
        let audit = Audit::open(&path, 1_000_000, 2).unwrap();
        let written = audit.command(&who(), "player kick \"a\nb\"", refused);
        assert_eq!(written, Ok(()));
    }
    let lines = lines(&path);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event"], "command");
    assert_eq!(lines[0]["account"], "Example_Bot");
    assert_eq!(lines[0]["server_id"], 1);
    assert_eq!(lines[0]["command"], "player kick \"a\nb\"");
    assert_eq!(lines[1]["event"], "refused");
    assert_eq!(lines[1]["reason"], "no");
}

#[test]
fn old_files_are_kept_up_to_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::open(&path, 500, 2).unwrap();
    for number in 0..40 {
        audit
            .command(&who(), &format!("command {number}"), None)
            .unwrap();
    }
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]);
    for name in &names {
        assert!(std::fs::metadata(folder.path().join(name)).unwrap().len() <= 500);
    }
    let newest = std::fs::read_to_string(&path).unwrap();
    assert!(newest.contains("command 39"), "{newest}");
}

#[test]
fn a_long_command_is_shortened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::open(&path, 1_000_000, 2).unwrap();
    let long = "ä".repeat(100_000);
    audit.command(&who(), &long, None).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.len() < 5_000 && text.contains("(200000 bytes)"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_does_not_end_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    // The link gets another target when the disk has room again.
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let audit = Audit::open(&path, 1_000_000, 2).unwrap();
    audit.connection(&who(), "connected", "192.0.2.1");
    for refused in [None, Some("no")] {
        let failed = audit.command(&who(), "player list", refused);
        let reason = failed.unwrap_err();
        assert!(reason.contains("audit.jsonl: No space left"), "{reason}");
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&file, &path).unwrap();
    audit.command(&who(), "player list", None).unwrap();
    let events: Vec<Value> = lines(&file).iter().map(|it| it["event"].clone()).collect();
    assert_eq!(events, ["connected", "command"]);
}

#[test]
fn a_line_that_is_written_in_part_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let whole = "{\"event\":\"command\"}\n";
    let long = format!("{}\n", "x".repeat(2_000_000));
    for (before, after) in [
        ("", ""),
        ("{\"event\":\"com", ""),
        (&format!("{whole}{{\"event\":"), whole),
        (whole, whole),
        (long.trim_end(), long.as_str()),
    ] {
        std::fs::write(&path, before).unwrap();
        drop(Audit::open(&path, 10_000_000, 2).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap().len(), after.len());
        let audit = Audit::open(&path, 10_000_000, 2).unwrap();
        audit.command(&who(), "player list", None).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let line = text.strip_prefix(after).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(line).unwrap()["command"],
            "player list"
        );
    }
}
