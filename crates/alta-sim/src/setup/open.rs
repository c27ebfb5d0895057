//! Starts the servers of the first world.

use super::Opening;
use crate::error::Error;
use crate::sim::Sim;

/// Starts the servers that are online at the start, writes their token files, and lets their players join.
pub(crate) fn open(sim: &Sim, openings: &[Opening]) -> Result<(), Error> {
    sim.shared.with(|state, _| {
        for Opening { id, server } in openings {
            if let Some(port) = server.port {
                state.first_ports.insert(*id, port);
                state.fixed_ports.insert(*id);
            }
            if let Some(token) = &server.token {
                state.tokens.insert(*id, token.clone());
            }
        }
    });
    // Servers with a port of their own come first: no other server gets it as any free one.
    let (fixed, others): (Vec<_>, Vec<_>) = openings
        .iter()
        .filter(|opening| opening.server.online.unwrap_or(true))
        .partition(|opening| opening.server.port.is_some());
    for Opening { id, server } in fixed.into_iter().chain(others) {
        sim.start_server(*id)?;
        for player in &server.players {
            let joined = sim.player_joins(*id, &player.name)?;
            if let Some(chunk) = &player.chunk {
                sim.player_moves(*id, joined, chunk)?;
            }
            if let Some(position) = player.position {
                sim.player_at(*id, joined, position)?;
            }
        }
    }
    for Opening { id, server } in openings {
        if let Some(folder) = &server.token_folder {
            sim.write_console_token(*id, folder)?;
        }
    }
    Ok(())
}
