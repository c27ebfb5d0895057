//! A whole bot: token, REST, main websocket, console.

use crate::support::{console, content, http, main_socket, rest};
use alta_sim::Sim;

#[tokio::test]
async fn a_bot_logs_in_accepts_an_invite_and_opens_a_console() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = sim.bot();
    let secret = bot
        .client_secret
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
        .replace('>', "%3E");
    let form = format!(
        "grant_type=client_credentials&scope={}&client_id={}&client_secret={secret}",
        bot.scopes.replace(' ', "+"),
        bot.client_id,
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let reply = http("POST", &sim.token_url(), &headers, &form).await.json();
    assert_eq!(
        (reply["token_type"].as_str(), reply["expires_in"].as_u64()),
        (Some("Bearer"), Some(3_600))
    );
    let bearer = format!("Bearer {}", reply["access_token"].as_str().unwrap());

    let mut socket = main_socket(&sim).await;
    socket.subscribe(&sim, "me-group-create", bot.user_id).await;

    let invites = rest(&sim, "GET", "groups/invites?limit=1000", "")
        .await
        .json();
    assert_eq!(invites[0]["id"], sim.group());
    let url = format!("{}/Groups/Invites/{}", sim.rest_url(), sim.group());
    let member = http("POST", &url, &[("authorization", &bearer)], "")
        .await
        .json();
    assert_eq!(
        (member["type"].as_str(), member["bot"].as_bool()),
        (Some("Accepted"), Some(true))
    );

    let event = socket.json().await;
    assert_eq!(
        (event["event"].as_str(), event["key"].as_str()),
        (Some("me-group-create"), Some(&*bot.user_id.to_string()))
    );
    let content = content(&event);
    assert_eq!(content["group"]["id"], sim.group());
    assert_eq!(content["member"]["user_id"], bot.user_id);
    // Older versions of att-client read the event as a group.
    assert_eq!(content["id"], sim.group());

    let path = format!("servers/{}/console", sim.server());
    assert_eq!(rest(&sim, "POST", &path, "{}").await.status, 403);
    sim.set_role(sim.group(), bot.user_id, 2).unwrap();
    // The body is a printed Python dictionary: single quotes, and bools in strings.
    let granted = rest(
        &sim,
        "POST",
        &path,
        "{'should_launch': 'false', 'ignore_offline': 'false'}",
    )
    .await
    .json();
    assert_eq!(
        (
            granted["allowed"].as_bool(),
            granted["fail_reason"].as_str()
        ),
        (Some(true), Some("Nothing"))
    );
    let port = granted["connection"]["websocket_port"].as_u64().unwrap();
    let mut socket = crate::support::try_open(&format!("ws://127.0.0.1:{port}/"), None)
        .await
        .unwrap();
    socket.send(granted["token"].as_str().unwrap()).await;
    let welcome = socket.text().await;
    assert!(
        welcome.starts_with("{\"type\":\"SystemMessage\",\"timeStamp\":\""),
        "{welcome}"
    );
    assert!(
        welcome.ends_with("Connection Succeeded, Authenticated as: 1100000001 - Example_Bot\"}"),
        "{welcome}"
    );
}

#[tokio::test]
async fn consoles_main_socket_and_rest_show_the_same_players() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    socket
        .subscribe(&sim, "group-server-status", sim.group())
        .await;
    let mut console = console(&sim, sim.server()).await;
    let reply = console.command(1, "websocket subscribe playerjoined").await;
    assert_eq!(reply["data"]["Result"], "Success");
    assert_eq!(
        console.command(2, "websocket subscribe PlayerJoined").await["data"]["Result"],
        "Unchanged"
    );
    assert_eq!(
        console.command(3, "websocket subscribe NoSuchEvent").await["data"]["Result"],
        "NotFound"
    );

    let ashwick = sim.player_joins(sim.server(), "Ashwick").unwrap();
    let event = console.json().await;
    assert_eq!(
        (event["type"].as_str(), event["eventType"].as_str()),
        (Some("Subscription"), Some("PlayerJoined"))
    );
    assert_eq!(event["data"]["user"]["id"], ashwick);

    let status = socket.json().await;
    let content = content(&status);
    assert_eq!(content["online_players"][0]["username"], "Ashwick");
    let server = rest(&sim, "GET", &format!("servers/{}", sim.server()), "")
        .await
        .json();
    assert_eq!(server["online_players"], content["online_players"]);
    let list = console.command(4, "player LIST").await;
    assert_eq!(list["data"]["Result"][0]["id"], ashwick);

    console
        .command(5, "player message \"Ashwick\" 'Hello there' 5")
        .await;
    let messages = sim.messages(sim.server());
    assert_eq!(
        (
            messages[0].player,
            messages[0].text.as_str(),
            messages[0].duration
        ),
        (ashwick, "Hello there", 5.0)
    );

    let unknown = console.command(6, "player lst").await;
    assert_eq!(
        unknown["data"]["Exception"]["Message"],
        "[CommandService.Handle] Command not found. Did you mean: \nplayer list\n"
    );
    sim.flush().await.unwrap();
    assert_eq!(sim.sent_console_events(sim.server()).total, 1);
    assert_eq!(sim.sent_main_events().of("group-server-status"), 1);
}
