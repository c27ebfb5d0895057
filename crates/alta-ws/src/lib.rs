//! A Township Tale's main websocket: account and group events without loss.
