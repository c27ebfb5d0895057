//! Starts the servers of the first world.

use super::Opening;
use crate::error::Error;
use crate::sim::Sim;

/// Starts the servers that are online at the start, writes their token files, and lets their players join.
pub(crate) fn open(sim: &Sim, openings: &[Opening]) -> Result<(), Error> {
    sim.shared.with(|state, _| {
        for opening in openings {
            if let Some(port) = opening.port {
                state.first_ports.insert(opening.server, port);
                state.fixed_ports.insert(opening.server);
            }
        }
    });
    // Servers with a port of their own come first: no other server gets it as any free one.
    let (fixed, others): (Vec<_>, Vec<_>) = openings
        .iter()
        .filter(|opening| opening.online)
        .partition(|opening| opening.port.is_some());
    for opening in fixed.into_iter().chain(others) {
        sim.start_server(opening.server)?;
        for player in &opening.players {
            let id = sim.player_joins(opening.server, &player.name)?;
            if let Some(chunk) = &player.chunk {
                sim.player_moves(opening.server, id, chunk)?;
            }
            if let Some(position) = player.position {
                sim.player_at(opening.server, id, position)?;
            }
        }
    }
    for opening in openings {
        if let Some(folder) = &opening.token_folder {
            sim.write_console_token(opening.server, folder)?;
        }
    }
    Ok(())
}
