use super::*;

const SERVER: &str = "[[groups.servers]]\nid = 1\nname = 'Thornwood'\nconsole = '127.0.0.1:1760'\ntoken-file = 'a.txt'\n";

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("/srv/cloud.toml")).map_err(|failure| failure.to_string())
}

fn group(rest: &str) -> String {
    format!("[[groups]]\nid = 1\nname = 'Folk'\n{rest}")
}

#[test]
fn a_configuration_has_defaults() {
    let config = parse(&group(SERVER)).unwrap();
    assert!(config.listen.is_loopback());
    assert_eq!(config.port, PORT);
    assert_eq!(config.player_list_milliseconds, PLAYER_LIST);
    assert_eq!(config.database(), Path::new("/srv/cloud.db"));
    let server = config.servers().next().unwrap();
    assert_eq!(server.url().unwrap().as_str(), "ws://127.0.0.1:1760/");
    assert_eq!(config.path_in(&server.token_file), Path::new("/srv/a.txt"));
    // Windows Notepad writes a byte-order mark.
    parse(&format!("\u{feff}{}", group(SERVER))).unwrap();
}

#[test]
fn a_misspelled_key_is_named_with_its_place_and_the_nearest_one() {
    for (text, named, near) in [
        ("prot = 1".to_owned(), "prot", "port"),
        (
            "[tls]\ncertficate = ''".to_owned(),
            "tls.certficate",
            "tls.certificate",
        ),
        ("[audit]\nfle = ''".to_owned(), "audit.fle", "audit.file"),
        (
            group("descripton = ''"),
            "groups[1].descripton",
            "groups[1].description",
        ),
        (
            group(&format!("{SERVER}tokenfile = ''")),
            "groups[1].servers[1].tokenfile",
            "groups[1].servers[1].token-file",
        ),
        (
            group("[[groups.roles]]\nallowed_commands = []"),
            "groups[1].roles[1].allowed_commands",
            "groups[1].roles[1].allowed-commands",
        ),
    ] {
        let said = parse(&text).unwrap_err();
        assert!(
            said.contains(&format!("unknown key {named}; did you mean {near}?")),
            "{said}"
        );
        assert!(said.contains("/srv/cloud.toml"), "{said}");
    }
}

#[test]
fn a_wrong_value_is_named_with_its_place() {
    let role = |rest: &str| {
        group(&format!(
            "[[groups.roles]]\nid = 3\nname = 'Helper'\n{rest}"
        ))
    };
    for (text, reason) in [
        ("port = 'many'".to_owned(), "line 1"),
        ("port = 1".to_owned(), "no [[groups]]"),
        (
            format!("port = 65534\n{}", group(SERVER)),
            "the two ports after it",
        ),
        (
            group(&format!("{SERVER}{SERVER}")),
            "two servers have the id 1",
        ),
        (group(&group("")), "two groups have the id 1"),
        (
            group(&format!("{SERVER}{}", SERVER.replace("id = 1", "id = 2"))),
            "two servers of group \"Folk\" have the name \"Thornwood\"",
        ),
        (
            group(&group("").replace("id = 1", "id = 2")),
            "two groups have the name \"Folk\"",
        ),
        (group(&SERVER.replace("id = 1", "id = 0")), "ids are 1 to"),
        (
            group(&SERVER.replace("127.0.0.1:1760", "http://x")),
            "server \"Thornwood\"",
        ),
        (
            group(&SERVER.replace("127.0.0.1:1760", "wss://x")),
            "without TLS",
        ),
        (
            group(&SERVER.replace("'Thornwood'", "\"a\\nb\"")),
            "control character",
        ),
        (
            group(&SERVER.replace("token-file", "#")),
            "missing field `token-file`",
        ),
        (role("permissions = ['Consol']"), "did you mean Console?"),
        (
            role("allowed-commands = [' ']"),
            "the empty allowed command",
        ),
        (
            format!("advertised-host = 'http://x'\n{}", group(SERVER)),
            "without a scheme",
        ),
        (
            format!("[audit]\nmax-megabytes = 0\n{}", group(SERVER)),
            "max-megabytes is 0",
        ),
        (
            format!("player-list-milliseconds = 99\n{}", group(SERVER)),
            "it is 100 to 60000",
        ),
        ("listen = 'everywhere'".to_owned(), "IP address"),
        ("= = =".to_owned(), "line 1"),
    ] {
        let said = parse(&text).unwrap_err();
        assert!(said.contains(reason), "{text}: {said}");
    }
}

#[test]
fn a_path_of_windows_in_double_quotes_is_told_to_need_single_ones() {
    let server = |file: &str| group(&SERVER.replace("'a.txt'", file));
    for file in [r#""C:\Users\me\console_token.txt""#, r#""C:\town\new.txt""#] {
        let failure = parse(&server(file)).unwrap_err();
        assert!(failure.contains("'single quotes'"), "{failure}");
    }
    parse(&server(r"'C:\Users\me\console_token.txt'")).unwrap();
    // Another mistake of the syntax has nothing to do with quotes.
    let failure = parse("[[groups]\nid = 1").unwrap_err();
    assert!(!failure.contains("quotes"), "{failure}");
}
