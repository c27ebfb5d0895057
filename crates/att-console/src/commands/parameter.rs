/// A kind of parameter: its `name` in the catalogue, the `type` of the function's argument, and the code that `write`s it.
/// `$what` names the parameter in an error.
macro_rules! parameter {
    (name _) => { "" };
    (name $literal:literal) => { $literal };
    (name Count) => { "integer" };
    (name EventName) => { "string" };
    (name PlayerNotPlace) => { "Player" };
    (name Seconds) => { "float" };
    (name Times) => { "integer" };
    (name UserId) => { "integer" };
    (name i64) => { "integer" };
    (name name) => { "string" };
    (name u32) => { "integer" };
    (name word) => { "string" };
    (name $kind:ident) => { stringify!($kind) };

    (type Chunk) => { impl Into<crate::commands::Chunk> };
    (type Count) => { u32 };
    (type EntityId) => { alta_model::EntityId };
    (type EventName) => { impl Into<crate::EventName> };
    (type Player) => { impl Into<crate::PlayerRef> };
    (type PlayerList) => { impl Into<crate::Target> };
    (type PlayerNotPlace) => { impl Into<crate::PlayerRef> };
    (type PlayerUnlock) => { impl AsRef<str> };
    (type Prefab) => { impl Into<crate::commands::Prefab> };
    (type ProgressionPath) => { impl Into<crate::commands::ProgressionPath> };
    (type SaveString) => { impl AsRef<str> };
    (type Seconds) => { std::time::Duration };
    (type Setting) => { impl AsRef<str> };
    (type SpawnArea) => { crate::commands::SpawnArea };
    (type Stat) => { impl Into<crate::commands::Stat> };
    (type StatApplication) => { impl Into<crate::commands::StatApplication> };
    (type TimeOfDay) => { u8 };
    (type Times) => { u32 };
    (type UserId) => { alta_model::UserId };
    (type UserInfoAccess) => { impl Into<crate::PlayerRef> };
    (type Vector3) => { alta_model::Vector3 };
    (type bool) => { bool };
    (type float) => { f64 };
    (type i64) => { i64 };
    (type name) => { impl AsRef<str> };
    (type string) => { impl Into<crate::Argument> };
    (type u32) => { u32 };
    (type word) => { impl AsRef<str> };

    (write Chunk, $what:expr, $value:ident) => { Into::<crate::commands::Chunk>::into($value) };
    (write Count, $what:expr, $value:ident) => {
        crate::Argument::count($value, 1..=crate::commands::spawn::MAX_COUNT)
    };
    (write EventName, $what:expr, $value:ident) => {
        crate::Argument::word($what, Into::<crate::EventName>::into($value).as_str())
    };
    (write Player, $what:expr, $value:ident) => { Into::<crate::PlayerRef>::into($value) };
    (write PlayerList, $what:expr, $value:ident) => { Into::<crate::Target>::into($value) };
    (write PlayerNotPlace, $what:expr, $value:ident) => {
        crate::commands::SpawnArea::refuse_as_player($value.into())
    };
    (write PlayerUnlock, $what:expr, $value:ident) => { parameter!(write name, $what, $value) };
    (write Prefab, $what:expr, $value:ident) => { Into::<crate::commands::Prefab>::into($value) };
    (write ProgressionPath, $what:expr, $value:ident) => { Into::<crate::commands::ProgressionPath>::into($value) };
    (write SaveString, $what:expr, $value:ident) => {
        crate::Argument::save_string($what, $value.as_ref())
    };
    (write Seconds, $what:expr, $value:ident) => { crate::Argument::from($value.as_secs_f64()) };
    (write Setting, $what:expr, $value:ident) => { parameter!(write word, $what, $value) };
    (write Stat, $what:expr, $value:ident) => { Into::<crate::commands::Stat>::into($value) };
    (write StatApplication, $what:expr, $value:ident) => { Into::<crate::commands::StatApplication>::into($value) };
    (write TimeOfDay, $what:expr, $hour:ident, $minute:ident) => {
        crate::Argument::time_of_day($hour, $minute)
    };
    (write Times, $what:expr, $value:ident) => { crate::Argument::count($value, 1..=u32::MAX) };
    (write UserInfoAccess, $what:expr, $value:ident) => { Into::<crate::PlayerRef>::into($value) };
    (write name, $what:expr, $value:ident) => { crate::Argument::quoted($what, $value.as_ref()) };
    (write word, $what:expr, $value:ident) => { crate::Argument::word($what, $value.as_ref()) };
    (write $kind:ident, $what:expr, $value:ident) => { Into::<crate::Argument>::into($value) };
}
