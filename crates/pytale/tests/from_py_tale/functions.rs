use crate::{TestResult, builder, endpoints, id, within, world, world_with_console};
use alta_sim::Sim;
use pytale::bot::{BotCredentials, Password, UserCredentials};
use pytale::model::{MemberType, Permission};
use pytale::prelude::*;
use pytale::rest::ConsoleOptions;
use tokio::sync::mpsc;

type Happening = Event<serde_json::Value>;

#[tokio::test]
async fn config() -> TestResult {
    let sim = Sim::builder().start().await?;
    let (account, person) = (sim.bot(), sim.user());
    let (my_client_id, my_client_secret) = (account.client_id, account.client_secret);
    let (my_user_id, my_scopes) = (id(account.user_id), "server.view server.console");
    let (user_name, user_password) = (person.username, person.password);
    // snippet: config
    let account =
        BotCredentials::new(my_client_id, my_client_secret).with_scopes(my_scopes.parse()?);
    let person = UserCredentials::new(user_name, Password::automatic(user_password));
    let settings = Bot::builder()
        .bot(account)
        .user(person)
        .user_id(UserId::new(my_user_id))
        .debug(false);
    // end
    let bot = within(settings.endpoints(endpoints(&sim)).connect()).await?;
    assert_eq!(bot.user_id(), Some(UserId::new(my_user_id)));
    Ok(())
}

#[tokio::test]
async fn run() -> TestResult {
    let sim = Sim::builder().start().await?;
    let settings = builder(&sim);
    let work = async move {
        // snippet: run
        let bot = settings.connect().await?;
        bot.create_console(ServerId::new(3_000_011)).await?;
        bot.console_sub("PlayerJoined")
            .callback(on_player_joined)
            .await?;
        bot.run().await?;
        // end
        Ok::<_, pytale::Error>(())
    };
    let work = tokio::spawn(work);
    within(sim.wait_for_console_subscription(sim.server(), "PlayerJoined")).await?;
    sim.player_joins(sim.server(), "Ashwick")?;
    within(work).await??;
    Ok(())
}

async fn on_player_joined(bot: Bot, _: Happening) {
    bot.close().await;
}

#[tokio::test]
async fn wait_for_ready() -> TestResult {
    let world = world().await;
    let bot = world.bot;
    // snippet: wait_for_ready
    bot.wait_for_ready().await?;
    // end
    world.sim.expire_tokens();
    Ok(())
}

#[tokio::test]
async fn wait_for_ws() -> TestResult {
    let world = world().await;
    let bot = world.bot;
    // snippet: wait_for_ws
    bot.wait_for_ws().await?;
    // end
    assert!(bot.socket()?.status().state.is_connected());
    Ok(())
}

#[tokio::test]
async fn request_post_console() -> TestResult {
    let world = world().await;
    let (bot, server) = (world.bot, world.server);
    // snippet: request_post_console
    let reply = bot
        .request_post_console(server, ConsoleOptions::default())
        .await?;
    if let Some(connection) = reply.connection {
        println!("its console is at {}", connection.address);
    }
    // end
    assert!(reply.token.is_some());
    Ok(())
}

#[tokio::test]
async fn request_server_by_id() -> TestResult {
    let world = world().await;
    let (bot, server) = (world.bot, world.server);
    // snippet: request_server_by_id
    let server = bot.request_server_by_id(server).await?;
    println!(
        "{} of group {:?} is up: {}",
        server.name,
        server.group_id,
        server.is_up()
    );
    // end
    assert!(server.is_up());
    Ok(())
}

#[tokio::test]
async fn request_current_groups() -> TestResult {
    let world = world().await;
    let bot = world.bot;
    // snippet: request_current_groups
    for joined in bot.request_current_groups().await? {
        println!(
            "{} has {} servers",
            joined.group.name,
            joined.group.servers.len()
        );
    }
    // end
    assert_eq!(bot.request_current_groups().await?[0].group.id, world.group);
    Ok(())
}

#[tokio::test]
async fn request_accept_invite() -> TestResult {
    let world = world().await;
    let group = world.sim.add_group("Hollowmere");
    world.sim.invite_bot(group)?;
    let (bot, group) = (world.bot, GroupId::new(id(group)));
    // snippet: request_accept_invite
    let member = bot.request_accept_invite(group).await?;
    assert_eq!(member.r#type, Some(MemberType::Accepted));
    // end
    Ok(())
}

#[tokio::test]
async fn request_reject_invite() -> TestResult {
    let world = world().await;
    let group = world.sim.add_group("Hollowmere");
    world.sim.invite_bot(group)?;
    let (bot, group) = (world.bot, GroupId::new(id(group)));
    // snippet: request_reject_invite
    let member = bot.request_reject_invite(group).await?;
    assert_eq!(member.r#type, Some(MemberType::Left));
    // end
    Ok(())
}

#[tokio::test]
async fn request_invite_player_id_and_request_uninvite_player_id() -> TestResult {
    let world = world().await;
    let player = UserId::new(id(world.sim.add_user("Brambletoe")));
    let (bot, group) = (world.bot, world.group);
    // snippet: request_invite_player_id
    let member = bot.request_invite_player_id(group, player).await?;
    assert_eq!(member.r#type, Some(MemberType::Invited));
    // end
    // snippet: request_uninvite_player_id
    let member = bot.request_uninvite_player_id(group, player).await?;
    assert_eq!(member.r#type, Some(MemberType::Kicked));
    // end
    Ok(())
}

#[tokio::test]
async fn request_members() -> TestResult {
    let world = world().await;
    let (bot, group) = (world.bot, world.group);
    // snippet: request_members
    let members = bot.request_members(group).await?;
    let people = members.iter().filter(|member| !member.bot);
    // end
    assert_eq!(people.count(), 1);
    Ok(())
}

#[tokio::test]
async fn request_invites() -> TestResult {
    let world = world().await;
    let group = world.sim.add_group("Hollowmere");
    world.sim.invite_bot(group)?;
    let bot = world.bot;
    // snippet: request_invites
    for invite in bot.request_invites().await? {
        bot.request_accept_invite(invite.id).await?;
    }
    // end
    assert_eq!(bot.request_current_groups().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn request_consoles() -> TestResult {
    let world = world().await;
    let bot = world.bot;
    // snippet: request_consoles
    for server in bot.request_consoles().await? {
        bot.create_console(server.id).await?;
    }
    // end
    assert!(bot.console(world.server).is_ok());
    Ok(())
}

#[tokio::test]
async fn request_search_username() -> TestResult {
    let world = world().await;
    let bot = world.bot;
    // snippet: request_search_username
    let user = bot.request_search_username("Ashwick").await?;
    println!("{} is {}", user.username, user.id);
    // end
    Ok(())
}

#[tokio::test]
async fn create_console() -> TestResult {
    let world = world().await;
    let (bot, server) = (world.bot, world.server);
    // snippet: create_console
    let console = bot
        .create_console(server)
        .ensure_open(Duration::from_secs(10))
        .body(r#"{"should_launch":"false","ignore_offline":"false"}"#)
        .await?;
    // end
    assert!(console.status().state.is_connected());
    Ok(())
}

#[tokio::test]
async fn get_active_consoles() -> TestResult {
    let world = world_with_console().await;
    let bot = world.bot;
    // snippet: get_active_consoles
    for (server, console) in bot.get_active_consoles() {
        println!(
            "{server} is {}",
            if console.status().state.is_connected() {
                "up"
            } else {
                "down"
            }
        );
    }
    // end
    assert!(bot.get_active_consoles().contains_key(&world.server));
    Ok(())
}

#[tokio::test]
async fn send_command_console() -> TestResult {
    let world = world_with_console().await;
    world.sim.player_joins(world.sim.server(), "Ashwick")?;
    let (bot, server) = (world.bot, world.server);
    // snippet: send_command_console
    let reply = bot.send_command_console(server, "player list").await?;
    println!("{}", reply.raw().as_str());
    let players = bot.send_command_console(server, player::list()).await?;
    println!("{} is here", players[0].username);
    // end
    assert!(reply.raw().as_str().contains("CommandResult"));
    Ok(())
}

#[tokio::test]
async fn console_sub_and_get_console_subs_and_console_unsub() -> TestResult {
    let world = world_with_console().await;
    let (bot, sim, server) = (world.bot, world.sim, world.server);
    let greet = async |bot: Bot, event: Happening| {
        let (server, name) = (
            event.server.unwrap(),
            event.data["user"]["username"].to_string(),
        );
        let greeting = format!("player message {name} Welcome!");
        bot.send_command_console(server, greeting).await.unwrap();
    };
    // snippet: console_sub
    bot.console_sub("playerjoined").callback(greet).await?;
    let mut kills = bot.console_sub("PlayerKilled").server(server).await?;
    // end
    let ashwick = sim.player_joins(sim.server(), "Ashwick")?;
    within(sim.wait_until(|sim| !sim.messages(sim.server()).is_empty())).await?;
    sim.player_dies(sim.server(), ashwick)?;
    assert_eq!(
        within(kills.next_event()).await.unwrap().1.data["killedPlayer"]["id"],
        ashwick
    );
    // snippet: get_console_subs
    for (server, events) in bot.get_console_subs() {
        println!("on {server}: {:?}", events.keys());
    }
    // end
    assert_eq!(bot.get_console_subs()[&server]["PlayerJoined"], 1);
    // snippet: console_unsub
    bot.console_unsub("PlayerKilled", server);
    bot.console_unsub("PlayerJoined", None);
    // end
    assert!(bot.get_console_subs()[&server].is_empty());
    assert!(within(kills.next()).await.is_none());
    Ok(())
}

#[tokio::test]
async fn main_sub_and_main_unsub() -> TestResult {
    let world = world().await;
    let (bot, sim, group) = (world.bot, world.sim, world.group);
    let (names, mut received) = mpsc::channel(4);
    // snippet: main_sub
    let path = format!("subscription/group-server-status/{group}");
    let statuses = bot.main_sub(&path).callback(move |_bot, event| {
        let names = names.clone();
        async move { names.send(event.data["name"].clone()).await }
    });
    statuses.await?;
    // end
    sim.status(sim.server());
    assert_eq!(within(received.recv()).await.unwrap(), "Thornwood");
    // snippet: main_unsub
    bot.main_unsub(&path)?;
    // end
    assert!(within(received.recv()).await.is_none());
    Ok(())
}

#[tokio::test]
async fn functions_beyond_the_readme() -> TestResult {
    let world = world().await;
    let player = UserId::new(id(world.sim.add_user("Brambletoe")));
    let (bot, group) = (world.bot, world.group);
    // snippet: functions beyond the README
    let rest = bot.rest();
    for banned in rest.bans().list(group).collect(1_000).await? {
        println!("{} is banned", banned.username);
    }
    let may_use_console = rest
        .members()
        .check_permissions(group, player, [Permission::Console])
        .await?;
    println!("allowed: {}", may_use_console.value);
    // end
    assert!(!may_use_console.value);
    Ok(())
}
