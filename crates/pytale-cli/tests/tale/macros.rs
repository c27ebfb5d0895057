//! `tale macro` and `:macro`.

use crate::console::console;
use crate::run::{Town, finished};

#[tokio::test(flavor = "multi_thread")]
async fn a_macro_is_defined_completed_run_and_removed_in_the_console() {
    let town = Town::start().await;
    town.world.player_joins("Elder Toad").unwrap();
    let mut terminal = console(&town, &[]);
    terminal.keys(":macro tell = player list; wait 0.01; player message {1} \"Hello; there\" 5\r");
    terminal.wait_for_text("-- macro tell: 3 steps");
    terminal.keys(":macro te\t");
    terminal.wait_for_line("home> :macro tell");
    terminal.keys(" \"Elder Toad\"\r");
    terminal.wait_for_text("Elder Toad");
    terminal.wait_for_text("-- macro tell: done");
    terminal.keys(":macro tell Nobody\r");
    terminal.wait_for_text("step 3 of 3");
    terminal.keys(":macro tell -\r");
    terminal.wait_for_text("-- macro tell: removed");
    terminal.keys(":macro\r");
    terminal.wait_for_text("no macro is defined");
    terminal.wait_for_line("home>");
    terminal.keys("\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_runs_a_macro_and_learns_which_step_failed() {
    let town = Town::start().await;
    town.world.player_joins("O'Neil").unwrap();
    let folder = town.folder().join("macros");
    std::fs::create_dir_all(&folder).unwrap();
    let steps = "# greets\nplayer list\nplayer message {1} Hello\n";
    std::fs::write(folder.join("greet.txt"), steps).unwrap();
    let data = town.folder().to_str().unwrap();
    let port = town.port();
    let server = ["--port", &port, "--token-file", town.token_file()];
    let run = async |arguments: &[&str]| {
        let arguments = [&server[..], &["macro"], arguments].concat();
        finished(&[("TALE_DATA", data)], &arguments, "").await
    };
    let done = run(&["greet", "O'Neil"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("O'Neil"), "{done:?}");
    let hostile = run(&["greet", "x\" \"y"]).await;
    assert_eq!(hostile.code, 2, "{hostile:?}");
    assert!(
        hostile.err.contains("a command cannot contain"),
        "{hostile:?}"
    );
    assert!(hostile.err.contains("tale players"), "{hostile:?}");
    assert_eq!(hostile.out, "", "no step runs: {hostile:?}");
    let missing = run(&["greet"]).await;
    assert_eq!(missing.code, 2, "{missing:?}");
    assert!(
        missing.err.contains("needs 1 argument, but 0 are given"),
        "{missing:?}"
    );
    let near = run(&["gret", "x"]).await;
    assert!(near.err.contains("did you mean greet?"), "{near:?}");
    let listed = run(&[]).await;
    assert!(
        listed.out.contains("player message {1} Hello"),
        "{listed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_an_online_player_and_no_name_reaches_another_one() {
    let town = Town::start().await;
    town.world.player_joins("Ashwick").unwrap();
    let star = town.world.player_joins("* \" or *").unwrap();
    let file = town.folder().join("greet.txt");
    // The format of other programs: a command or a pause on each line, and the target.
    std::fs::write(&file, "wait 0.01\nplayer message {target} {2}\n").unwrap();
    let file = file.to_str().unwrap();
    for (target, code, said) in [
        ("*", 1, "\"*\" is not an online player"),
        ("ashwik", 1, "did you mean Ashwick?"),
        ("", 1, "is not an online player"),
        ("* \" or *", 0, ""),
    ] {
        let done = town
            .tale(&["macro", "--file", file, target, "Hello; player kick *"])
            .await;
        assert_eq!(done.code, code, "{done:?}");
        assert!(done.err.contains(said), "{done:?}");
    }
    // The first message of all.
    let text = town.world.message_to(star).await.unwrap();
    assert_eq!(text, "Hello; player kick *");
    let missing = town.tale(&["macro", "--file", "/no/such/file"]).await;
    assert_eq!(missing.code, 6, "{missing:?}");
    assert!(missing.err.contains("/no/such/file"), "{missing:?}");
    std::fs::write(file, "player list\nno such command\nplayer list\n").unwrap();
    let stopped = town.tale(&["macro", "--file", file]).await;
    assert_eq!(stopped.code, 1, "{stopped:?}");
    assert_eq!(stopped.out.matches("USERNAME").count(), 1, "{stopped:?}");
    assert!(stopped.err.contains("step 2 of 3"), "{stopped:?}");
}
