//! An embedded simulator of A Township Tale's cloud and game servers.
