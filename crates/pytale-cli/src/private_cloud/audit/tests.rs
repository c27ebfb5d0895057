use super::*;

fn who() -> Who {
    Who {
        account: "Example_Bot".into(),
        user_id: 7,
        server: "Thornwood".into(),
        server_id: 1,
    }
}

async fn closed(audit: Audit, writer: Writer) {
    drop(audit);
    tokio::task::spawn_blocking(|| writer.join()).await.unwrap();
}

#[tokio::test]
async fn each_command_is_a_line_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    for refused in [None, Some("no")] {
        let (audit, writer) = Audit::open(&path, 1_000_000, 2).unwrap();
        audit.command(&who(), "player kick \"a\nb\"", refused).await;
        closed(audit, writer).await;
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event"], "command");
    assert_eq!(lines[0]["account"], "Example_Bot");
    assert_eq!(lines[0]["server_id"], 1);
    assert_eq!(lines[0]["command"], "player kick \"a\nb\"");
    assert_eq!(lines[1]["event"], "refused");
    assert_eq!(lines[1]["reason"], "no");
}

#[tokio::test]
async fn old_files_are_kept_up_to_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (audit, writer) = Audit::open(&path, 500, 2).unwrap();
    for number in 0..40 {
        audit
            .command(&who(), &format!("command {number}"), None)
            .await;
    }
    closed(audit, writer).await;
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

#[tokio::test]
async fn a_long_command_is_shortened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (audit, writer) = Audit::open(&path, 1_000_000, 2).unwrap();
    audit.command(&who(), &"ä".repeat(100_000), None).await;
    closed(audit, writer).await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.len() < 5_000 && text.contains("(200000 bytes)"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_and_does_not_end_the_log() {
    let (audit, writer) = Audit::open(Path::new("/dev/full"), 1_000_000, 2).unwrap();
    let mut failure = audit.failure.clone();
    audit.command(&who(), "player list", None).await;
    let told = failure.wait_for(Option::is_some);
    let told = tokio::time::timeout(Duration::from_mins(1), told).await;
    let reason = told.unwrap().unwrap().clone().unwrap();
    assert!(reason.contains("/dev/full"), "{reason}");
    assert_eq!(audit.failure(), Some(reason));
    drop(failure);
    closed(audit, writer).await;
}
