//! A Township Tale's REST API, typed.
