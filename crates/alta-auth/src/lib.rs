//! Logins, tokens and claims of A Township Tale's account service.
