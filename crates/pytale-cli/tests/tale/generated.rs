//! `tale completions` and `tale man`.

use crate::run::tale;

#[tokio::test]
async fn each_shell_gets_a_script_with_the_subcommands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = tale(&["completions", shell]).await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{shell}");
        for word in ["exec", "console", "token-file", "keep-going"] {
            assert!(done.out.contains(word), "{shell}: {word}\n{}", done.out);
        }
    }
    let done = tale(&["completions", "bsah"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("'bash'"), "{done:?}");
}

#[tokio::test]
async fn manual_pages_are_printed_or_written_to_a_folder() {
    let done = tale(&["man"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    assert!(done.out.contains(".TH tale 1"), "{done:?}");
    assert!(done.out.contains("Exit status"), "{done:?}");

    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    let done = tale(&["man", "--dir", pages.to_str().unwrap()]).await;
    assert_eq!(
        (done.code, done.out.as_str(), done.err.as_str()),
        (0, "", ""),
        "{done:?}"
    );
    for (page, word) in [
        ("tale.1", "exec"),
        ("tale-exec.1", "jq"),
        ("tale-new.1", "harbor"),
    ] {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(word), "{page}: {text}");
    }

    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let done = tale(&["man", "--dir", file.to_str().unwrap()]).await;
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.err.contains("a file"), "{done:?}");
}
