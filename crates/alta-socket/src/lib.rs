//! What the websockets of A Township Tale share: dialling, pumping, correlating, fanning out.
