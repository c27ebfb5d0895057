use super::*;
use std::fs;
use std::time::Duration;

fn row(key: &str, json: Option<&str>) -> Row {
    Row {
        kind: "user".to_owned(),
        key: key.to_owned(),
        json: json.map(str::to_owned),
    }
}

pub(super) fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloud.db");
    (folder, path)
}

pub(super) fn kind<T>(result: Result<T, StoreError>) -> StoreErrorKind {
    let error = result.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("cloud.db"), "{error}");
    error.kind()
}

#[test]
fn rows_are_added_replaced_and_removed() {
    let (_folder, path) = folder();
    let mut store = Sqlite::open(&path).unwrap();
    assert_eq!(store.load().unwrap(), []);
    let added = [
        row("1", Some("{}")),
        row("2", Some("\"\u{e9}'\\u0000\"")),
        row("3", Some("3")),
    ];
    store.save(&added).unwrap();
    store
        .save(&[row("1", Some("[1]")), row("3", None), row("9", None)])
        .unwrap();
    let expected = [row("1", Some("[1]")), added[1].clone()];
    assert_eq!(store.load().unwrap(), expected);
    drop(store);
    assert_eq!(Sqlite::open(&path).unwrap().load().unwrap(), expected);
}

#[test]
fn changes_of_another_process_are_noticed_and_not_overwritten() {
    let (_folder, path) = folder();
    let mut first = Sqlite::open(&path).unwrap();
    let mut second = Sqlite::open(&path).unwrap();
    first.load().unwrap();
    second.load().unwrap();
    first.save(&[row("1", Some("1"))]).unwrap();
    assert!(!first.is_changed_elsewhere().unwrap());
    assert!(second.is_changed_elsewhere().unwrap());
    assert_eq!(
        kind(second.save(&[row("1", Some("2"))])),
        StoreErrorKind::ChangedElsewhere
    );
    assert_eq!(second.load().unwrap(), [row("1", Some("1"))]);
    assert!(!second.is_changed_elsewhere().unwrap());
    second.save(&[row("1", Some("2"))]).unwrap();
    assert!(first.is_changed_elsewhere().unwrap());
}

#[test]
fn a_locked_database_is_named_and_works_again_later() {
    let (_folder, path) = folder();
    let mut store = Sqlite::open(&path).unwrap();
    store.load().unwrap();
    store.connection.busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(
        kind(store.save(&[row("1", Some("1"))])),
        StoreErrorKind::Locked
    );
    assert_eq!(store.load().unwrap(), [], "reading needs no lock");
    other.execute_batch("ROLLBACK").unwrap();
    store.save(&[row("1", Some("1"))]).unwrap();
}

#[test]
fn a_full_disk_is_named_and_nothing_is_half_written() {
    let (_folder, path) = folder();
    let mut store = Sqlite::open(&path).unwrap();
    store.load().unwrap();
    store.save(&[row("1", Some("1"))]).unwrap();
    // SQLite reports the same error for a database at its limit as for a disk without space.
    store
        .connection
        .pragma_update(None, "max_page_count", 8)
        .unwrap();
    let large = "x".repeat(100_000);
    let rows = [row("1", Some("2")), row("2", Some(&large))];
    assert_eq!(kind(store.save(&rows)), StoreErrorKind::Full);
    assert_eq!(store.load().unwrap(), [row("1", Some("1"))]);
    store
        .connection
        .pragma_update(None, "max_page_count", 1_000_000)
        .unwrap();
    store.save(&rows).unwrap();
    assert_eq!(store.load().unwrap(), rows);
}

#[test]
fn files_that_are_not_databases_and_those_of_others_are_refused_and_kept() {
    let (_folder, path) = folder();
    let text = "no database ".repeat(1_000);
    fs::write(&path, &text).unwrap();
    assert_eq!(kind(Sqlite::open(&path)), StoreErrorKind::NotADatabase);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE rows (name TEXT)")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert_eq!(kind(Sqlite::open(&path)), StoreErrorKind::NotADatabase);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_database_is_named() {
    let (_folder, path) = folder();
    let mut store = Sqlite::open(&path).unwrap();
    store.load().unwrap();
    let large = "x".repeat(2_000);
    let keys: Vec<String> = (0..100).map(|key| key.to_string()).collect();
    let rows: Vec<Row> = keys.iter().map(|key| row(key, Some(&large))).collect();
    store.save(&rows).unwrap();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    for byte in &mut bytes[4_096..] {
        *byte = 0xa5;
    }
    fs::write(&path, bytes).unwrap();
    let opened = Sqlite::open(&path).and_then(|mut store| store.load());
    assert_eq!(kind(opened), StoreErrorKind::Damaged);
}

#[test]
fn a_database_without_its_table_is_damaged() {
    let (_folder, path) = folder();
    drop(Sqlite::open(&path).unwrap());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("DROP TABLE rows").unwrap();
    drop(other);
    let mut store = Sqlite::open(&path).unwrap();
    assert_eq!(kind(store.load()), StoreErrorKind::Damaged);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let (folder, path) = folder();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut store = Sqlite::open(&path).unwrap();
    store.load().unwrap();
    store.save(&[row("1", Some("1"))]).unwrap();
    let files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(files.len(), 3, "database, log, index of the log");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let (folder, _) = folder();
    let path = folder.path().join("none").join("cloud.db");
    assert_eq!(kind(Sqlite::open(&path)), StoreErrorKind::Io);
}
