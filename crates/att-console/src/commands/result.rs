/// The decoding of a command's result: its `name` in the catalogue, the `type` of the function's result, and the reader
/// (`read`).
///
/// | shape | result |
/// | --- | --- |
/// | none | the whole reply |
/// | `nothing` | `()` |
/// | `log` | `()`: the server writes to its log |
/// | `one T` | `T`; also the first entry of an array, and a number or bool in a string |
/// | `list T` | an array of `T`; also a single object; nulls are left out |
/// | `places T` | an array of `T` in which a null says something by its place |
/// | `lenient T` | an array of `T`; entries of another shape are left out |
macro_rules! result {
    (name) => { None };
    (name nothing) => { Some("nothing") };
    (name log) => { Some("log") };
    (name one String) => { Some("string") };
    (name one bool) => { Some("bool") };
    (name one f64) => { Some("float") };
    (name one i64) => { Some("integer") };
    (name one u32) => { Some("integer") };
    (name one $result:ident) => { Some(stringify!($result)) };
    (name places $result:ident) => { Some(concat!("[", stringify!($result), " or null]")) };
    (name $shape:ident $result:ident) => { Some(concat!("[", stringify!($result), "]")) };

    (type) => { crate::Reply };
    (type nothing) => { () };
    (type log) => { () };
    (type one $result:ident) => { $result };
    (type places $result:ident) => { alta_model::Listing<Option<$result>> };
    (type $shape:ident $result:ident) => { alta_model::Listing<$result> };

    (read) => { |reply| Ok(reply.clone()) };
    (read nothing) => { |_| Ok(()) };
    (read log) => { |_| Ok(()) };
    (read one $result:ident) => { crate::commands::read::one };
    (read list $result:ident) => { crate::Reply::read_list };
    (read places $result:ident) => { crate::Reply::read_places };
    (read lenient $result:ident) => { crate::commands::read::lenient };
}
