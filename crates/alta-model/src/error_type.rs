//! The common shape of all error types: a kind, the operation that failed, details, and the source.
//!
//! [`error_type!`](crate::error_type!) wraps it in a type of each crate, so that the crate can add methods and conversions.

use crate::{chain, escaped};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The content of an error. Clones share it until one of them changes.
#[derive(Clone)]
pub struct Report<K, D>(Arc<Fields<K, D>>);

/// The fields of an error.
#[derive(Clone, Debug)]
pub struct Fields<K, D> {
    pub kind: K,
    /// The operation that failed, such as `GET groups/7`; empty if it is not known yet.
    pub doing: Cow<'static, str>,
    pub details: D,
    pub source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The additional fields of one crate's errors.
pub trait ErrorDetails<K>: Clone + Default + fmt::Debug {
    /// Writes the end of the message, separators included. Writes nothing by default.
    #[expect(unused_variables, reason = "the names are for implementations")]
    fn write(error: &Fields<K, Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl<K> ErrorDetails<K> for () {}

impl<K: Error + Clone + 'static, D: ErrorDetails<K>> Report<K, D> {
    pub fn new(kind: K, doing: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Fields {
            kind,
            doing: doing.into(),
            details: D::default(),
            source: None,
        }))
    }

    pub fn fields(&self) -> &Fields<K, D> {
        &self.0
    }

    pub fn fields_mut(&mut self) -> &mut Fields<K, D> {
        Arc::make_mut(&mut self.0)
    }
}

impl<K: Error + 'static, D: ErrorDetails<K>> fmt::Display for Report<K, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&escaped(Message(&self.0)), f)
    }
}

/// The message before control characters are escaped.
struct Message<'a, K, D>(&'a Fields<K, D>);

impl<K: Error + 'static, D: ErrorDetails<K>> fmt::Display for Message<'_, K, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        if !error.doing.is_empty() {
            write!(f, "{}: ", error.doing)?;
        }
        write!(f, "{}", error.kind)?;
        D::write(error, f)
    }
}

impl<K: Error + 'static, D: ErrorDetails<K>> fmt::Debug for Report<K, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return fmt::Debug::fmt(&self.0, f);
        }
        fmt::Display::fmt(&chain(self), f)
    }
}

impl<K: Error + 'static, D: ErrorDetails<K>> Error for Report<K, D> {
    /// The source that was given, else that of the kind.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => self.0.kind.source(),
        }
    }
}

/// Defines a crate's error type: `pub struct Error(ErrorKind, Details);`.
///
/// The kind is an enum that implements [`Error`]. The details are a type that implements
/// [`ErrorDetails`], `()` if there are none; inside the crate they are
/// reached by `error.0.fields().details` and `error.0.fields_mut().details`.
#[doc(hidden)]
#[macro_export]
macro_rules! error_type {
    ($(#[$meta:meta])* pub struct $Error:ident($Kind:ty, $Details:ty);) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $Error($crate::error_type::Report<$Kind, $Details>);

        impl $Error {
            /// An error of this kind that occurred during this operation, described in a few words.
            ///
            /// Implementations of the library's traits and tests create errors with it, too.
            pub fn new(
                kind: $Kind,
                doing: impl ::std::convert::Into<::std::borrow::Cow<'static, str>>,
            ) -> Self {
                Self($crate::error_type::Report::new(kind, doing))
            }

            /// Adds the cause, which becomes the error's `source()`.
            #[must_use]
            pub fn caused_by(
                mut self,
                source: impl ::std::convert::Into<
                    ::std::boxed::Box<
                        dyn ::std::error::Error + ::std::marker::Send + ::std::marker::Sync,
                    >,
                >,
            ) -> Self {
                self.0.fields_mut().source =
                    ::std::option::Option::Some(::std::sync::Arc::from(source.into()));
                self
            }

            /// The same error, described as a failure of this operation.
            #[must_use]
            pub fn while_doing(
                mut self,
                doing: impl ::std::convert::Into<::std::borrow::Cow<'static, str>>,
            ) -> Self {
                self.0.fields_mut().doing = doing.into();
                self
            }

            /// The kind of the error, to match on.
            pub fn kind(&self) -> &$Kind {
                &self.0.fields().kind
            }

            /// The operation that failed.
            pub fn doing(&self) -> &str {
                &self.0.fields().doing
            }
        }

        impl ::std::fmt::Display for $Error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::fmt::Debug for $Error {
            /// Writes the message and its causes in one line, as an error that `main` returns is shown. `{:#?}` writes the
            /// fields.
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl ::std::error::Error for $Error {
            fn source(&self) -> ::std::option::Option<&(dyn ::std::error::Error + 'static)> {
                ::std::error::Error::source(&self.0)
            }
        }
    };
}
