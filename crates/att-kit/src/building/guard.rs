use super::error::{Error, ErrorKind};
use super::selected::{Entity, Selected};
use alta_model::console::result::{EntityInfo, EntityRef};
use alta_model::{EntityId, Listing, SaveString, Vector3};
use att_console::commands::{Prefab, select, wacky};
use att_console::{Command, Console, PlayerRef, Sent, WhenNotReady};
use std::fmt;
use tokio::sync::OwnedMutexGuard;

/// The attempts of an operation that is interrupted, before its command is sent, by the loss of the connection.
const ATTEMPTS: u32 = 5;

/// The right to use the selection of a console, which one task of the program has at a time; see
/// [`Selection::lock`](super::Selection::lock). It ends when it is dropped.
///
/// [`select`](Self::select) sets the entity of the following operations. Each of them selects it on the server again, on the same
/// connection as its own command; that is one command more, and leaves another connection little time to select in between. After a lost
/// connection, the guard first checks that the id still belongs to the same entity ([`ErrorKind::Replaced`]).
///
/// If the outcome of an operation is unknown (its error says [`Sent::MayHaveRun`], or its future was dropped), the guard refuses
/// further operations on the entity with [`ErrorKind::Unsettled`] until it is selected again.
pub struct Guard {
    console: Console,
    pub(super) selected: Selected,
    _turn: OwnedMutexGuard<()>,
}

/// A direction of [`Guard::move_by`]: of the world or of the entity, which no source documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    Up,
    Down,
    Left,
    Right,
    Forward,
    Back,
}

/// An axis of [`Guard::rotate_by`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Axis {
    Pitch,
    Yaw,
    Roll,
}

/// An operation on the selected entity.
struct Operation<T> {
    command: Command<T>,
    /// True if the command works on the server's selection, and has no id of its own.
    selects: bool,
    /// True if the command changes the entity.
    changes: bool,
}

impl Guard {
    pub(super) fn new(console: Console, turn: OwnedMutexGuard<()>) -> Self {
        Self {
            console,
            selected: Selected::default(),
            _turn: turn,
        }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// The id of the selected entity; `None` if nothing is selected, or if the outcome of an operation is unknown.
    pub fn selected(&self) -> Option<EntityId> {
        self.selected.entity().ok().map(|entity| entity.id)
    }

    /// The entities within a distance of a player, in meters. The selection stays.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Command`].
    pub async fn find(
        &self,
        player: impl Into<PlayerRef>,
        distance: f64,
    ) -> Result<Listing<EntityRef>, Error> {
        let find = select::find(player).distance(distance);
        Ok(self.console.command(find).await?)
    }

    /// Selects an entity for the following operations, and returns its name, position and rotation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Select`], with the server's error if there is no such entity; [`ErrorKind::ConnectionLost`]. Nothing is
    /// selected then.
    pub async fn select(&mut self, id: EntityId) -> Result<EntityInfo, Error> {
        self.selected = Selected::Nothing;
        for _ in 0..ATTEMPTS {
            let connection = self.ready().await?;
            if let Some(info) = self.prepare(select::get(id)).await? {
                self.selected = Selected::Entity(Entity::new(id, &info, connection));
                return Ok(info);
            }
        }
        Err(self.failed(ErrorKind::ConnectionLost))
    }

    /// Selects the entity of a prefab that is nearest to a player, and returns it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Select`]; [`ErrorKind::Unidentified`] if the server does not return its id; [`ErrorKind::ConnectionLost`].
    /// Nothing is selected then.
    pub async fn select_nearest(
        &mut self,
        prefab: impl Into<Prefab>,
        player: impl Into<PlayerRef>,
    ) -> Result<EntityInfo, Error> {
        self.selected = Selected::Nothing;
        let nearest = select::prefab(prefab, player);
        for _ in 0..ATTEMPTS {
            let connection = self.ready().await?;
            if self.prepare(nearest.clone()).await?.is_none() {
                continue;
            }
            let Some(info) = self.prepare(select::get_selected()).await? else {
                continue;
            };
            if self.connection() != connection {
                continue;
            }
            let id = info.identifier.ok_or(ErrorKind::Unidentified);
            let id = id.map_err(|kind| self.failed(kind))?;
            self.selected = Selected::Entity(Entity::new(id, &info, connection));
            return Ok(info);
        }
        Err(self.failed(ErrorKind::ConnectionLost))
    }

    /// The name, the position and the rotation of the selected entity.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn get(&mut self) -> Result<EntityInfo, Error> {
        let command = select::get(self.entity()?);
        self.operate(Operation {
            command,
            selects: false,
            changes: false,
        })
        .await
    }

    /// The save string of the selected entity.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run); [`ErrorKind::SaveString`] if the server wrote another string.
    pub async fn save_string(&mut self) -> Result<SaveString, Error> {
        let entity = self.entity()?;
        let text = self
            .operate(Operation {
                command: select::tostring(),
                selects: true,
                changes: false,
            })
            .await?;
        let parsed = text.trim().parse();
        parsed.map_err(|error: alta_model::Error| {
            let doing = format!("saving entity {entity} of {}", self.console.label());
            Error::new(error.into(), doing)
        })
    }

    /// Moves the selected entity to a position, in meters.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn move_exact(&mut self, position: Vector3) -> Result<(), Error> {
        self.run(select::move_exact(position)).await
    }

    /// Moves the selected entity by a distance, in meters.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn move_by(&mut self, direction: Direction, distance: f64) -> Result<(), Error> {
        let command = match direction {
            Direction::Up => select::move_up(distance),
            Direction::Down => select::move_down(distance),
            Direction::Left => select::move_left(distance),
            Direction::Right => select::move_right(distance),
            Direction::Forward => select::move_forward(distance),
            Direction::Back => select::move_back(distance),
        };
        self.run(command.returning_nothing()).await
    }

    /// Sets the rotation of the selected entity: pitch, yaw and roll in degrees.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn rotate_exact(&mut self, rotation: Vector3) -> Result<(), Error> {
        self.run(select::rotate_exact(rotation)).await
    }

    /// Rotates the selected entity by an angle, in degrees.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn rotate_by(&mut self, axis: Axis, degrees: f64) -> Result<(), Error> {
        let command = match axis {
            Axis::Pitch => select::rotate_pitch(degrees),
            Axis::Yaw => select::rotate_yaw(degrees),
            Axis::Roll => select::rotate_roll(degrees),
        };
        self.run(command.returning_nothing()).await
    }

    /// Turns the selected entity towards a player, on all axes or about the vertical one alone.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn look_at(
        &mut self,
        player: impl Into<PlayerRef>,
        all_axes: bool,
    ) -> Result<(), Error> {
        let command = Command::from(select::look_at(player).all_axes(all_axes));
        self.run(command.returning_nothing()).await
    }

    /// Puts the selected entity on the ground.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn snap_ground(&mut self) -> Result<(), Error> {
        self.run(select::snap_ground().returning_nothing()).await
    }

    /// Destroys the selected entity, by its id. Then nothing is selected.
    ///
    /// # Errors
    ///
    /// See [`run`](Self::run).
    pub async fn destroy(&mut self) -> Result<(), Error> {
        let command = wacky::destroy(self.entity()?).returning_nothing();
        self.operate(Operation {
            command,
            selects: false,
            changes: true,
        })
        .await?;
        self.selected = Selected::Nothing;
        Ok(())
    }

    /// Runs any command that works on the selected entity, such as one of a mod.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Command`]: the command failed, or could not be sent; [`Error::sent`] says whether it may have run.
    /// [`ErrorKind::NothingSelected`], [`ErrorKind::Unsettled`], [`ErrorKind::Select`], [`ErrorKind::Replaced`] and
    /// [`ErrorKind::ConnectionLost`]: the command was not sent.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the command may have run, and the guard is [unsettled](ErrorKind::Unsettled). So it is for each
    /// operation that changes the entity.
    pub async fn run<T>(&mut self, command: impl Into<Command<T>>) -> Result<T, Error> {
        self.operate(Operation {
            command: command.into(),
            selects: true,
            changes: true,
        })
        .await
    }

    async fn operate<T>(&mut self, operation: Operation<T>) -> Result<T, Error> {
        let id = self.entity()?;
        for _ in 0..ATTEMPTS {
            let connection = self.ready().await?;
            if self.selected.is_unconfirmed(connection) {
                let Some(info) = self.prepare(select::get(id)).await? else {
                    continue;
                };
                if self.connection() != connection {
                    continue;
                }
                let confirmed = self.selected.confirm(&info, connection);
                confirmed.map_err(|kind| self.failed(kind))?;
            }
            if operation.selects && self.prepare(select::entity(id)).await?.is_none() {
                continue;
            }
            // The command must not wait for a later connection, which has no selection.
            if self.connection() != connection {
                continue;
            }
            if operation.changes {
                self.selected.begin(operation.command.to_string());
            }
            let command = self.console.command(operation.command.clone());
            let outcome = command.when_not_ready(WhenNotReady::Fail).await;
            let sent = outcome.as_ref().err().and_then(att_console::Error::sent);
            if sent != Some(Sent::MayHaveRun) {
                self.selected.settle();
            }
            match outcome {
                Err(error) if *error.kind() == att_console::ErrorKind::NotReady => {}
                outcome => return Ok(outcome?),
            }
        }
        Err(self.failed(ErrorKind::ConnectionLost))
    }

    /// Runs a command that changes nothing but the selection. `None` if the connection was lost, so that it must be run again on
    /// the next one.
    async fn prepare<T>(&self, command: impl Into<Command<T>>) -> Result<Option<T>, Error> {
        match self.console.command(command).await {
            Ok(result) => Ok(Some(result)),
            Err(error) => match error.kind() {
                att_console::ErrorKind::Disconnected { .. } => Ok(None),
                _ => Err(Error::new(ErrorKind::Select(error), "")),
            },
        }
    }

    fn entity(&self) -> Result<EntityId, Error> {
        let entity = self.selected.entity();
        let id = entity.map(|entity| entity.id);
        id.map_err(|kind| self.failed(kind))
    }

    /// Waits until the console is ready, and returns the number of its connection.
    pub(super) async fn ready(&self) -> Result<u64, Error> {
        let timeout = self.console.config().request_timeout;
        self.console.ready_within(timeout).await?;
        Ok(self.connection())
    }

    /// The number of the newest connection.
    pub(super) fn connection(&self) -> u64 {
        self.console.status().totals.connects
    }

    pub(super) fn failed(&self, kind: ErrorKind) -> Error {
        Error::new(kind, format!("building on {}", self.console.label()))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("console", &self.console.label())
            .field("selected", &self.selected())
            .finish_non_exhaustive()
    }
}
