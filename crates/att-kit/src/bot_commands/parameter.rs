use super::cursor::Cursor;
use super::invalid::Invalid;
use att_console::Console;
use futures_core::future::BoxFuture;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

/// Reads an argument from the words of a line.
pub(super) type Read<T> = Arc<
    dyn for<'a> Fn(&'a mut Cursor, &'a Console) -> BoxFuture<'a, Result<T, Invalid>> + Send + Sync,
>;

/// A parameter of a bot command, whose argument is a `T`; see [`arg`](super::arg).
#[must_use = "a parameter needs a declaration"]
pub struct Parameter<T> {
    pub(super) spec: Spec,
    pub(super) read: Read<T>,
}

/// The part of a parameter that usage and help show.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) name: String,
    /// The type with its article.
    pub(super) kind: String,
    pub(super) shape: Shape,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Required,
    /// With its default in words.
    Optional(Option<String>),
    /// All remaining words.
    Several,
    /// The rest of the line.
    Rest,
}

/// Fixes the lifetimes of a closure.
pub(super) fn reader<T>(
    read: impl for<'a> Fn(&'a mut Cursor, &'a Console) -> BoxFuture<'a, Result<T, Invalid>>
    + Send
    + Sync
    + 'static,
) -> Read<T> {
    Arc::new(read)
}

impl<T: Send + 'static> Parameter<T> {
    pub(super) fn new(name: impl Into<String>, kind: impl Into<String>, read: Read<T>) -> Self {
        let spec = Spec {
            name: name.into(),
            kind: kind.into(),
            shape: Shape::Required,
        };
        Self { spec, read }
    }

    fn with<U>(self, shape: Shape, read: Read<U>) -> Parameter<U> {
        Parameter {
            spec: Spec { shape, ..self.spec },
            read,
        }
    }

    /// The argument can be omitted: it is an `Option`.
    pub fn optional(self) -> Parameter<Option<T>> {
        let inner = Arc::clone(&self.read);
        let read = reader(move |cursor, console| {
            let inner = Arc::clone(&inner);
            Box::pin(async move {
                if cursor.is_at_end() {
                    return Ok(None);
                }
                inner(cursor, console).await.map(Some)
            })
        });
        self.with(Shape::Optional(None), read)
    }

    /// The argument can be omitted: it is this value then, which usage shows.
    pub fn default(self, value: T) -> Self
    where
        T: Clone + fmt::Display + Sync,
    {
        let inner = Arc::clone(&self.read);
        let shape = Shape::Optional(Some(value.to_string()));
        let read = reader(move |cursor, console| {
            let (inner, value) = (Arc::clone(&inner), value.clone());
            Box::pin(async move {
                if cursor.is_at_end() {
                    return Ok(value);
                }
                inner(cursor, console).await
            })
        });
        self.with(shape, read)
    }

    /// All remaining words, at least one. Only for the last parameter.
    pub fn several(self) -> Parameter<Vec<T>> {
        let inner = Arc::clone(&self.read);
        let read = reader(move |cursor, console| {
            let inner = Arc::clone(&inner);
            Box::pin(async move {
                let mut values = vec![inner(cursor, console).await?];
                while !cursor.is_at_end() {
                    values.push(inner(cursor, console).await?);
                }
                Ok(values)
            })
        });
        self.with(Shape::Several, read)
    }

    /// An argument outside of the range is an error.
    pub fn range(self, range: impl RangeBounds<T> + Send + Sync + 'static) -> Self
    where
        T: PartialOrd + fmt::Display,
    {
        let inner = Arc::clone(&self.read);
        let words = in_words(&range);
        let kind = format!("{}, {words}", self.spec.kind);
        let (parameter, range) = (self.spec.name.clone(), Arc::new((range, words)));
        let read = reader(move |cursor, console| {
            let (inner, range) = (Arc::clone(&inner), Arc::clone(&range));
            let parameter = parameter.clone();
            Box::pin(async move {
                let value = inner(cursor, console).await?;
                if range.0.contains(&value) {
                    return Ok(value);
                }
                Err(Invalid::OutOfRange {
                    parameter,
                    range: range.1.clone(),
                    given: value.to_string(),
                })
            })
        });
        let spec = Spec { kind, ..self.spec };
        Self { spec, read }
    }

    pub(super) fn shaped(mut self, shape: Shape) -> Self {
        self.spec.shape = shape;
        self
    }
}

fn in_words<T: fmt::Display>(range: &impl RangeBounds<T>) -> String {
    let from = match range.start_bound() {
        Bound::Included(from) => Some(format!("at least {from}")),
        Bound::Excluded(from) => Some(format!("more than {from}")),
        Bound::Unbounded => None,
    };
    let to = match range.end_bound() {
        Bound::Included(to) => Some(format!("at most {to}")),
        Bound::Excluded(to) => Some(format!("less than {to}")),
        Bound::Unbounded => None,
    };
    let both: Vec<_> = from.into_iter().chain(to).collect();
    both.join(" and ")
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.shape {
            Shape::Required => write!(f, "<{name}>"),
            Shape::Optional(None) => write!(f, "[{name}]"),
            Shape::Optional(Some(default)) => write!(f, "[{name}={default}]"),
            Shape::Several | Shape::Rest => write!(f, "<{name}…>"),
        }
    }
}

impl<T> fmt::Debug for Parameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameter({})", self.spec)
    }
}
