//! Operations on several entities, as one unit.

use super::build::{Build, Piece};
use super::error::{Error, ErrorKind};
use super::guard::Guard;
use super::outcome::{Loaded, Outcome, Saved};
use super::placement::Placement;
use super::selected::Selected;
use alta_model::console::result::EntityRef;
use alta_model::{EntityId, Vector3};
use att_console::commands::{spawn, wacky};
use att_console::{PlayerRef, WhenNotReady};

/// The attempts of a piece whose command was not sent, because the connection was lost.
const ATTEMPTS: u32 = 3;

impl Guard {
    /// Saves entities as a build. Nothing is changed. Then nothing is selected.
    ///
    /// An entity that the server does not write is in [`Saved::failed`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Command`] and the others of [`run`](Self::run) if the console fails, or if the connection was lost meanwhile:
    /// ids can belong to other entities after that. Nothing was changed, so the whole can be repeated.
    pub async fn save(
        &mut self,
        entities: impl IntoIterator<Item = EntityId>,
    ) -> Result<Saved, Error> {
        let connection = self.ready().await?;
        let (mut pieces, mut failed) = (Vec::new(), Vec::new());
        for id in entities {
            match self.piece(id).await {
                Ok(piece) => pieces.push(piece),
                Err(error) if error.is_of_entity() => failed.push((id, error)),
                Err(error) => return Err(error),
            }
            if self.connection() != connection {
                return Err(self.failed(ErrorKind::ConnectionLost));
            }
        }
        self.selected = Selected::Nothing;
        let build = Build::new(pieces);
        Ok(Saved { build, failed })
    }

    /// Saves the entities within a distance of a player, in meters; see [`save`](Self::save). An empty build is no error.
    /// [`Build::retain`] keeps a part of them.
    ///
    /// # Errors
    ///
    /// Those of [`save`](Self::save).
    pub async fn save_near(
        &mut self,
        player: impl Into<PlayerRef>,
        distance: f64,
    ) -> Result<Saved, Error> {
        let found = self.find(player, distance).await?;
        self.save(found.iter().map(|entity| entity.identifier))
            .await
    }

    async fn piece(&mut self, id: EntityId) -> Result<Piece, Error> {
        let info = self.select(id).await?;
        let save = self.save_string().await?;
        Ok(Piece::new(info.name, save))
    }

    /// Spawns a build with its origin at this position; see [`load_in_place`](Self::load_in_place).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SaveString`] if a piece cannot be moved. Nothing was sent.
    pub async fn load(&mut self, build: &Build, at: Vector3) -> Result<Loaded, Error> {
        Ok(self.load_in_place(build.moved_to(at)?).await)
    }

    /// Spawns the pieces of a build at the positions in their save strings, one after the other, each once. The selection stays.
    ///
    /// When the connection is lost, the piece in flight may have been spawned; the next ones follow on the next connection. If
    /// there is none within the console's timeout, or if the server does not reply, the rest is not tried.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, one piece may have been spawned whose outcome is lost with those before it.
    pub async fn load_in_place(&mut self, build: Build) -> Loaded {
        let mut outcomes = Vec::with_capacity(build.pieces().len());
        let mut tried = 0;
        for piece in build.pieces() {
            let outcome = Outcome::of(self.spawn(piece).await);
            if matches!(outcome, Outcome::NotTried) {
                break;
            }
            tried += 1;
            let is_silent = matches!(&outcome, Outcome::MayHaveRun(error) if error.is_timeout());
            outcomes.push(outcome);
            if is_silent {
                break;
            }
        }
        let rest = build.rest_from(tried);
        outcomes.resize_with(build.pieces().len(), || Outcome::NotTried);
        Loaded { outcomes, rest }
    }

    async fn spawn(&self, piece: &Piece) -> Result<EntityRef, Error> {
        let command = spawn::string_raw(piece.save.to_string());
        for _ in 1..ATTEMPTS {
            match self
                .console()
                .command(command.clone())
                .await
                .map_err(Error::from)
            {
                Err(error) if error.is_unsent() && !error.is_timeout() => {
                    self.ready().await?;
                }
                outcome => return outcome,
            }
        }
        Ok(self.console().command(command).await?)
    }

    /// Copies entities to another place: saves them, and loads the build there. The outcomes are in the order of the entities
    /// that could be saved; [`Saved::failed`] has the others.
    ///
    /// # Errors
    ///
    /// Those of [`save`](Self::save) and [`Build::placed`]. Nothing was spawned.
    pub async fn clone_to(
        &mut self,
        entities: impl IntoIterator<Item = EntityId>,
        placement: &Placement,
    ) -> Result<(Saved, Loaded), Error> {
        let saved = self.save(entities).await?;
        let placed = saved.build.placed(placement)?;
        let loaded = self.load_in_place(placed).await;
        Ok((saved, loaded))
    }

    /// Destroys entities, by their ids, one after the other. Then nothing is selected.
    ///
    /// After a lost connection or a timeout the rest is not tried: ids can belong to other entities when the server has
    /// restarted.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the command of one entity may have run whose outcome is lost with those before it.
    pub async fn destroy_all(
        &mut self,
        entities: impl IntoIterator<Item = EntityId>,
    ) -> Vec<(EntityId, Outcome<()>)> {
        self.selected = Selected::Nothing;
        let mut connection = self.ready().await.ok();
        let mut outcomes = Vec::new();
        for id in entities {
            if connection != Some(self.connection()) {
                connection = None;
                outcomes.push((id, Outcome::NotTried));
                continue;
            }
            let destroy = wacky::destroy(id).returning_nothing();
            let command = self.console().command(destroy);
            let destroyed = command.when_not_ready(WhenNotReady::Fail).await;
            let outcome = Outcome::of(destroyed.map_err(Error::from));
            if matches!(outcome, Outcome::MayHaveRun(_) | Outcome::NotTried) {
                connection = None;
            }
            outcomes.push((id, outcome));
        }
        outcomes
    }
}
