use crate::{TestResult, within, world, world_with_console};
use pytale::prelude::*;

#[tokio::test]
async fn every_console_subscription_of_py_tale_has_a_type() -> TestResult {
    let world = world_with_console().await;
    let bot = world.bot;
    // snippet: console subscriptions
    let streams = (
        bot.subscribe::<PlayerJoined>().await?,
        bot.subscribe::<PlayerLeft>().await?,
        bot.subscribe::<PlayerKilled>().await?,
        bot.subscribe::<PlayerMovedChunk>().await?,
        bot.subscribe::<PlayerStateChanged>().await?,
        bot.subscribe::<TraceLog>().await?,
        bot.subscribe::<DebugLog>().await?,
        bot.subscribe::<InfoLog>().await?,
        bot.subscribe::<WarnLog>().await?,
        bot.subscribe::<ErrorLog>().await?,
        bot.subscribe::<FatalLog>().await?,
        bot.subscribe::<TrialStarted>().await?,
        bot.subscribe::<TrialFinished>().await?,
        bot.subscribe::<TradeDeckUsed>().await?,
        bot.subscribe::<ProfilingData>().await?,
        bot.subscribe::<ObjectKilled>().await?,
        bot.subscribe::<PopulationModified>().await?,
    );
    // end
    assert_eq!(bot.get_console_subs()[&world.server].len(), 17);
    drop(streams);
    Ok(())
}

#[tokio::test]
async fn every_main_subscription_of_py_tale_has_a_type() -> TestResult {
    let world = world().await;
    let (bot, group) = (world.bot, world.group);
    // snippet: main subscriptions
    let (socket, me) = (bot.socket()?, bot.user_id().ok_or("not a bot")?);
    let streams = (
        socket.subscribe(MeGroupInviteCreate(me)).await?,
        socket.subscribe(MeGroupInviteDelete(me)).await?,
        socket.subscribe(MeGroupRequestCreate(me)).await?,
        socket.subscribe(MeGroupRequestDelete(me)).await?,
        socket.subscribe(GroupServerStatus(group)).await?,
        socket.subscribe(GroupServerUpdate(group)).await?,
        socket.subscribe(GroupServerCreate(group)).await?,
        socket.subscribe(GroupServerDelete(group)).await?,
        socket.subscribe(GroupUpdate(group)).await?,
    );
    // end
    let (.., mut updates) = streams;
    world.sim.rename_group(world.sim.group(), "Thornwood Kin")?;
    let update = within(updates.next()).await.unwrap()?;
    assert_eq!(update.data.name, "Thornwood Kin");
    Ok(())
}
