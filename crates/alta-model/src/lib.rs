//! Ids, data models and time types of A Township Tale's services.
