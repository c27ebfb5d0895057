use super::{DurableFile, LARGEST};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A folder that is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("durable-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("list.json")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Strings = DurableFile<String>;

fn open(path: &Path) -> std::io::Result<(Strings, Vec<String>)> {
    Strings::try_open(path, "words")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_list_is_read_as_it_was_written() {
    let folder = Folder::new("read");
    let path = folder.file();
    let words = ["O'Neil", "a\"b\\c", "\u{1b}", ""].map(str::to_owned);
    {
        let (file, none) = open(&path).unwrap();
        assert_eq!(none, [""; 0]);
        assert_eq!(read(&path), r#"{"version":1,"words":[]}"#);
        file.write(&words).unwrap();
    }
    let (_file, read) = open(&path).unwrap();
    assert_eq!(read, words);
}

#[test]
fn a_file_that_cannot_be_used_is_an_error_and_stays_as_it_is() {
    let folder = Folder::new("bad");
    let path = folder.file();
    for text in [
        "",
        "[]",
        r#"{"version":1,"words":["half"#,
        r#"{"version":2,"words":[]}"#,
        r#"{"version":1,"words":[7]}"#,
        r#"{"version":1,"debts":[]}"#,
        "\u{0}\u{0}",
    ] {
        std::fs::write(&path, text).unwrap();
        let error = open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{text}");
        assert!(error.to_string().contains("rename it to start"), "{error}");
        let is_complete = text.ends_with(r#""words":[]}"#) || text.contains("debts");
        assert_eq!(
            error.to_string().contains("damaged"),
            !is_complete,
            "{error}"
        );
        assert_eq!(read(&path), text);
    }
    std::fs::write(&path, b"\xff").unwrap();
    assert!(open(&path).is_err(), "no string");
    assert_eq!(std::fs::read(&path).unwrap(), b"\xff");
    assert!(open(&folder.0).is_err(), "a folder");
    let error = open(&folder.0.join("missing").join("list.json")).unwrap_err();
    assert!(error.to_string().contains("the folder"), "{error}");
}

#[test]
fn a_file_that_cannot_be_written_keeps_its_list() {
    let folder = Folder::new("unwritten");
    let path = folder.file();
    let (file, _) = open(&path).unwrap();
    file.write(&["old".to_owned()]).unwrap();
    // A folder in place of the new file, as if the disk were read-only.
    let new = folder.0.join("list.json.new");
    std::fs::create_dir(&new).unwrap();
    file.write(&["new".to_owned()]).unwrap_err();
    assert_eq!(read(&path), r#"{"version":1,"words":["old"]}"#);
    drop(file);
    assert!(open(&path).is_err(), "it cannot be written");
    std::fs::remove_dir(&new).unwrap();
    // A crash in the middle of a write.
    std::fs::write(&new, r#"{"version":1,"wor"#).unwrap();
    let (file, words) = open(&path).unwrap();
    assert_eq!(words, ["old"]);
    let large = usize::try_from(LARGEST).unwrap();
    let error = file.write(&["x".repeat(large)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    assert_eq!(read(&path), r#"{"version":1,"words":["old"]}"#);
    // The folder is deleted.
    std::fs::remove_dir_all(&folder.0).unwrap();
    file.write(&["new".to_owned()]).unwrap_err();
    std::fs::create_dir(&folder.0).unwrap();
    file.write(&["new".to_owned()]).unwrap();
    assert_eq!(read(&path), r#"{"version":1,"words":["new"]}"#);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_used_once_and_can_be_used_when_it_is_released() {
    let folder = Folder::new("once");
    let path = folder.file();
    let (file, _) = open(&path).unwrap();
    let other = folder.0.join("..").join(folder.0.file_name().unwrap());
    let error = Strings::open(other.join("list.json"), "words")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    let text = error.to_string();
    assert!(text.contains("list.json: another program"), "{text}");
    let waiting = Strings::open(path, "words");
    let released = async { drop(file) };
    let (opened, ()) = tokio::join!(waiting, released);
    opened.unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_leads_to_the_same_file_and_stays() {
    let folder = Folder::new("link");
    let path = folder.file();
    let link = folder.0.join("link.json");
    drop(open(&path).unwrap());
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let (file, _) = open(&link).unwrap();
    file.write(&["new".to_owned()]).unwrap();
    assert_eq!(open(&path).unwrap_err().kind(), ErrorKind::ResourceBusy);
    assert_eq!(read(&path), r#"{"version":1,"words":["new"]}"#);
    assert!(link.symlink_metadata().unwrap().is_symlink());
}
