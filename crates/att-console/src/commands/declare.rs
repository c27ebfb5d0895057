//! The macro that declares commands, once for their functions and for the catalogue.

/// Declares the commands of a module.
///
/// ```text
/// /// The description, in one sentence.
/// ///
/// /// Remarks.
/// "path of the command" or "an alias" -> shape Result {
///     fn name(parameter: kind, other "itsNameOnTheServer": kind = "default") with Options {
///         /// The documentation of the setter.
///         setter "itsNameOnTheServer": kind = "default",
///     };
/// } by [Source, Other], most_used, uses(5), inferred, caution("...");
/// ```
///
/// - The *shape* says how the result is read, see `result!`. Without `->`, no source says what the command returns, and the
///   function returns the whole [`Reply`](crate::Reply).
/// - The *kind* of a parameter gives its type, in the function and in the catalogue, see `parameter!`. `hour & minute "time":
///   kind` writes two arguments of the function as one parameter.
/// - `= "default"` marks a parameter that the server does not require; `= _` if no source gives its default.
/// - The options are optional arguments, each with a setter.
/// - A form without `fn name` is only in the catalogue; `and (..)` adds parameters that are only in the catalogue; `{}` means
///   that no source gives the parameters.
/// - A list that begins with `"name": kind = "value";` always sends this value first.
macro_rules! commands {
    ($(
        $(#[doc = $doc:literal])*
        $path:literal $(or $alias:literal)* $(-> $shape:ident $($result:ident)?)? { $($form:tt)* }
        by [$($source:ident),+ $(,)?] $(, $flag:ident $(($value:expr))?)*;
    )*) => {
        /// The commands of this module, for the catalogue.
        pub(crate) const DECLARATIONS: &[crate::commands::declaration::Declaration] = &[$(
            crate::commands::declaration::Declaration::new(
                $path,
                &[$($doc),*],
                &[$($alias),*],
                result!(name $($shape $($result)?)?),
                forms!($($form)*),
                &[$(crate::commands::declaration::Source::$source),+],
            )$(.$flag($($value)?))*,
        )*];

        $(functions! { [$(#[doc = $doc])*] $path [$($shape $($result)?)?] $($form)* })*
    };
}

/// The ways to call a command, as data.
macro_rules! forms {
    ($(
        $(#[doc = $doc:literal])*
        $(fn $name:ident)? ($($parameter:tt)*) $(with $options:ident { $($option:tt)* })? $(and ($($rest:tt)*))?;
    )*) => {
        &[$(
            crate::commands::declaration::Form {
                function: function_name!($($name)?),
                parameters: parameters!(($($parameter)*) ($($($option)*)?) ($($($rest)*)?)),
            },
        )*]
    };
}

/// The full path of a function, for the catalogue.
macro_rules! function_name {
    () => {
        None
    };
    ($name:ident) => {
        Some(concat!(module_path!(), "::", stringify!($name)))
    };
}

/// The parameters of a form, as data: those of the function, its options and those that are only in the catalogue.
macro_rules! parameters {
    (
        (
            $($fixed:literal: $fixed_kind:ident = $value:literal;)?
            $($($name:ident)&+ $($wire:literal)?: $kind:tt $(= $default:tt)?),* $(,)?
        )
        ($($(#[doc = $doc:literal])* $option:ident $($option_wire:literal)?: $option_kind:ident = $option_default:tt),* $(,)?)
        ($($rest:ident: $rest_kind:ident = $rest_default:tt),*)
    ) => {
        &[
            $(crate::commands::declaration::Parameter {
                name: $fixed,
                kind: parameter!(name $fixed_kind),
                presence: presence!(),
            },)?
            $(crate::commands::declaration::Parameter {
                name: wire_name!($($name)&+ $($wire)?),
                kind: parameter!(name $kind),
                presence: presence!($($default)?),
            },)*
            $(crate::commands::declaration::Parameter {
                name: wire_name!($option $($option_wire)?),
                kind: parameter!(name $option_kind),
                presence: presence!($option_default),
            },)*
            $(crate::commands::declaration::Parameter {
                name: stringify!($rest),
                kind: parameter!(name $rest_kind),
                presence: presence!($rest_default),
            },)*
        ]
    };
}

/// The name of a parameter on the server.
macro_rules! wire_name {
    ($name:ident) => {
        stringify!($name)
    };
    ($($name:ident)&+ $wire:literal) => {
        $wire
    };
}

/// If a parameter is required, and its default.
macro_rules! presence {
    () => {
        crate::commands::declaration::Presence::Required
    };
    (_) => {
        crate::commands::declaration::Presence::Optional
    };
    ($default:literal) => {
        crate::commands::declaration::Presence::Default($default)
    };
}

/// A parameter as the documentation shows it: `<players: PlayerList>`, `[duration: float = 10]`.
macro_rules! shown {
    ($name:expr, $kind:ident) => {
        concat!(" <", $name, ": ", parameter!(name $kind), ">")
    };
    ($name:expr, $kind:ident, _) => {
        concat!(" [", $name, ": ", parameter!(name $kind), "]")
    };
    ($name:expr, $kind:ident, $default:literal) => {
        concat!(" [", $name, ": ", parameter!(name $kind), " = ", $default, "]")
    };
}

/// The functions of a command.
macro_rules! functions {
    (
        $docs:tt $path:literal $result:tt
        $(
            $(#[doc = $doc:literal])*
            $(fn $name:ident)? ($($parameter:tt)*) $(with $options:ident { $($option:tt)* })? $(and $rest:tt)?;
        )*
    ) => {
        $(function! {
            $docs [$($doc)*] $path $result $($name)? ($($parameter)*) $($options { $($option)* })?
        })*
    };
}

/// The function of one form, and the type of its options.
macro_rules! function {
    ($docs:tt $own_docs:tt $path:literal $result:tt ($($parameter:tt)*)) => {};
    (
        [$($doc:tt)*] [$($own_doc:literal)*] $path:literal [$($result:tt)*] $name:ident (
            $($fixed:literal: $fixed_kind:ident = $value:literal;)?
            $($($parameter:ident)&+ $($wire:literal)?: $kind:ident $(= $default:tt)?),* $(,)?
        )
    ) => {
        $(#[doc = $own_doc])*
        #[doc = ""]
        $($doc)*
        #[doc = ""]
        #[doc = concat!(
            "`", $path $(, shown!($fixed, $fixed_kind))?
            $(, shown!(wire_name!($($parameter)&+ $($wire)?), $kind $(, $default)?))*, "`"
        )]
        #[doc(alias = $path)]
        pub fn $name($($($parameter: parameter!(type $kind)),+),*) -> crate::Command<result!(type $($result)*)> {
            crate::Command::new($path)
                $(.arg(crate::Argument::bare($value.to_owned())))?
                $(.arg(parameter!(write $kind, wire_name!($($parameter)&+ $($wire)?), $($parameter),+)))*
                .read_by(result!(read $($result)*))
        }
    };
    (
        [$($doc:tt)*] [$($own_doc:literal)*] $path:literal [$($result:tt)*] $name:ident (
            $($parameter:ident $($wire:literal)?: $kind:ident),* $(,)?
        )
        $options:ident {
            $($(#[doc = $option_doc:literal])* $option:ident $($option_wire:literal)?: $option_kind:ident = $default:tt),* $(,)?
        }
    ) => {
        $(#[doc = $own_doc])*
        #[doc = ""]
        $($doc)*
        #[doc = ""]
        #[doc = concat!(
            "`", $path $(, shown!(wire_name!($parameter $($wire)?), $kind))*
            $(, shown!(wire_name!($option $($option_wire)?), $option_kind, $default))*, "`"
        )]
        #[doc(alias = $path)]
        pub fn $name($($parameter: parameter!(type $kind)),*) -> $options {
            $options {
                command: crate::Command::new($path)
                    $(.arg(parameter!(write $kind, wire_name!($parameter $($wire)?), $parameter)))*
                    .read_by(result!(read $($result)*)),
                $($option: None,)*
            }
        }

        #[doc = concat!("The command of [`", stringify!($name), "`], with its optional arguments.")]
        ///
        /// Give it to [`Console::command`](crate::Console::command) as it is, or after the setters.
        #[derive(Clone, Debug)]
        #[must_use = "a command does nothing until it is given to a console"]
        pub struct $options {
            command: crate::Command<result!(type $($result)*)>,
            $($option: Option<crate::Argument>,)*
        }

        impl $options {
            $(
                $(#[doc = $option_doc])*
                pub fn $option(mut self, $option: parameter!(type $option_kind)) -> Self {
                    self.$option = Some(crate::Argument::from(parameter!(
                        write $option_kind, wire_name!($option $($option_wire)?), $option
                    )));
                    self
                }
            )*

            /// The same command with the whole reply as its result.
            pub fn returning_reply(self) -> crate::Command {
                crate::Command::from(self).returning_reply()
            }
        }

        impl From<$options> for crate::Command<result!(type $($result)*)> {
            fn from(options: $options) -> Self {
                const DEFAULTS: &[crate::commands::declaration::Presence] = &[$(presence!($default)),*];
                const { crate::commands::declaration::assert_fillable(DEFAULTS) };
                crate::commands::declaration::with_options(options.command, [$(options.$option),*], DEFAULTS)
            }
        }

        impl std::fmt::Display for $options {
            /// The line as it is sent, or the error in it.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::Command::from(self.clone()).fmt(f)
            }
        }
    };
}
