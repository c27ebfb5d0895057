//! Secrets of accounts: hashing, verifying, and new random ones.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, try_generate_salt};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha512};
use std::fmt;
use std::fmt::Write as _;

/// The longest secret that is hashed, in bytes. A longer one is wrong.
const LONGEST: usize = 1_024;

/// The cost of hashing a secret with argon2id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HashCost {
    /// The memory in KiB, at least 8.
    pub memory_kib: u32,
    /// The number of passes over the memory, at least 1.
    pub passes: u32,
}

impl Default for HashCost {
    /// 19 MiB and 2 passes, the least that OWASP recommends.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
        }
    }
}

impl HashCost {
    /// The cheapest cost, for simulators and tests. It protects nothing.
    pub const CHEAPEST: Self = Self {
        memory_kib: 8,
        passes: 1,
    };
}

/// A secret cannot be made or hashed: the costs are invalid, or the system has no random bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HashError(String);

impl HashError {
    fn new(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a secret cannot be hashed: {}", self.0)
    }
}

impl std::error::Error for HashError {}

/// The argon2id hash of a secret, with its salt and its cost (PHC string format).
#[derive(Clone, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct SecretHash(String);

impl fmt::Debug for SecretHash {
    /// Hides the hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

impl SecretHash {
    /// Hashes the secret of a bot. At the default cost this takes some tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    ///
    /// The cost is invalid, the secret is longer than 1,024 bytes, or the system has no random bytes for the salt.
    pub fn of_secret(secret: &str, cost: HashCost) -> Result<Self, HashError> {
        if secret.len() > LONGEST {
            return Err(HashError::new(format_args!(
                "it is longer than {LONGEST} bytes"
            )));
        }
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(HashError::new)?;
        let salt = try_generate_salt().map_err(HashError::new)?;
        let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(secret.as_bytes(), &salt)
            .map_err(HashError::new)?;
        Ok(Self(hash.to_string()))
    }

    /// Hashes the plain password of a user.
    ///
    /// # Errors
    ///
    /// As for [`of_secret`](Self::of_secret).
    pub fn of_password(password: &str, cost: HashCost) -> Result<Self, HashError> {
        Self::of_password_hash(&password_hash(password), cost)
    }

    /// Hashes the password hash that clients send: SHA-512 in hexadecimal.
    ///
    /// # Errors
    ///
    /// As for [`of_secret`](Self::of_secret).
    pub fn of_password_hash(hash: &str, cost: HashCost) -> Result<Self, HashError> {
        Self::of_secret(&hash.to_ascii_lowercase(), cost)
    }

    /// A hash that no secret matches. Comparing with it costs as much as with the hash of a secret.
    pub(super) fn of_nobody(cost: HashCost) -> Self {
        let HashCost { memory_kib, passes } = cost;
        // The salt and the output are zeros: nobody finds a secret for a chosen output.
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        Self(format!(
            "$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${output}"
        ))
    }

    /// Returns whether this is the hash of the secret. Takes the same time for every secret.
    pub(super) fn matches(&self, secret: &str) -> bool {
        let secret = if secret.len() > LONGEST { "" } else { secret };
        // The secret of an account is never empty.
        let verified = Argon2::default().verify_password(secret.as_bytes(), self.0.as_str());
        #[cfg(test)]
        count(&verified);
        verified.is_ok() && !secret.is_empty()
    }
}

#[cfg(test)]
std::thread_local! {
    static COMPUTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The number of argon2 computations of this thread since the last call.
#[cfg(test)]
pub(super) fn computed() -> usize {
    COMPUTED.take()
}

/// Counts a computation. Any other error is one of the hash or its parameters, and comes without a computation.
#[cfg(test)]
fn count(verified: &Result<(), argon2::password_hash::Error>) {
    use argon2::password_hash::Error;

    let is_computed = matches!(verified, Ok(()) | Err(Error::PasswordInvalid));
    COMPUTED.set(COMPUTED.get() + usize::from(is_computed));
}

/// The hash that clients send in place of a password: SHA-512 of the UTF-8 bytes, in lower-case hexadecimal.
pub fn password_hash(password: &str) -> String {
    hexadecimal(&Sha512::digest(password))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Random bytes of the operating system.
pub(crate) fn random() -> Result<[u8; 32], HashError> {
    let mut bytes = [0; 32];
    let halves = [try_generate_salt(), try_generate_salt()];
    for (half, random) in bytes.chunks_exact_mut(16).zip(halves) {
        half.copy_from_slice(&random.map_err(HashError::new)?);
    }
    Ok(bytes)
}

/// A random client id, `client_` and five groups of hexadecimal digits.
///
/// # Errors
///
/// The system has no random bytes.
pub fn new_client_id() -> Result<String, HashError> {
    let digits = hexadecimal(&random()?[..16]);
    let groups = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    Ok(format!("client_{}", groups.join("-")))
}

/// A random secret of a bot: 256 bits, in base64 that ends in `=`.
///
/// # Errors
///
/// The system has no random bytes.
pub fn new_secret() -> Result<String, HashError> {
    Ok(STANDARD.encode(random()?))
}

/// A random password of a user: 144 bits, 24 letters, digits, `-` and `_`.
///
/// # Errors
///
/// The system has no random bytes.
pub fn new_password() -> Result<String, HashError> {
    Ok(URL_SAFE_NO_PAD.encode(&random()?[..18]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb980b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07c95385ffab0cacbc86";

    #[test]
    fn the_hash_of_a_password_equals_the_one_of_the_sample() {
        assert_eq!(password_hash("password"), HASH);
    }

    #[test]
    fn only_the_secret_matches_its_hash() {
        let hash = SecretHash::of_secret("a+/=", HashCost::CHEAPEST).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(hash.matches("a+/="));
        for wrong in ["", "a+/", "A+/=", &"a".repeat(100_000), "\0"] {
            assert!(!hash.matches(wrong), "{wrong}");
        }
        let again = SecretHash::of_secret("a+/=", HashCost::CHEAPEST).unwrap();
        assert_ne!(hash, again, "two salts are equal");
        assert!(!format!("{hash:?}").contains("argon"));
        let empty = SecretHash::of_secret("", HashCost::CHEAPEST).unwrap();
        assert!(!empty.matches(""));
    }

    #[test]
    fn a_password_matches_by_its_hash() {
        let hash = SecretHash::of_password("password", HashCost::CHEAPEST).unwrap();
        assert!(hash.matches(HASH));
        assert!(!hash.matches("password"));
        let upper = SecretHash::of_password_hash(&HASH.to_uppercase(), HashCost::CHEAPEST).unwrap();
        assert!(upper.matches(HASH));
    }

    #[test]
    fn a_damaged_hash_matches_nothing() {
        for damaged in [
            "",
            "$argon2id$",
            "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
            "x",
        ] {
            assert!(!SecretHash(damaged.to_owned()).matches("x"), "{damaged}");
        }
    }

    #[test]
    fn nobody_costs_as_much_as_an_account() {
        let cost = HashCost {
            memory_kib: 16,
            passes: 3,
        };
        let hash = SecretHash::of_nobody(cost);
        let of_secret = SecretHash::of_secret("x", cost).unwrap();
        let parameters =
            |hash: &SecretHash| hash.0.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(&hash), parameters(&of_secret));
        assert_eq!(hash.0.len(), of_secret.0.len());
        computed();
        for secret in ["x", "", &"x".repeat(100_000)] {
            assert!(!hash.matches(secret));
            assert_eq!(computed(), 1);
        }
    }

    #[test]
    fn invalid_costs_and_long_secrets_are_refused() {
        let none = HashCost {
            memory_kib: 1,
            passes: 0,
        };
        assert!(SecretHash::of_secret("x", none).is_err());
        assert!(SecretHash::of_secret(&"x".repeat(2_000), HashCost::CHEAPEST).is_err());
    }

    #[test]
    fn new_secrets_have_the_form_that_clients_expect() {
        let id = new_client_id().unwrap();
        assert_eq!((id.len(), id.split('-').count()), (43, 5));
        assert_ne!(id, new_client_id().unwrap());
        let secret = new_secret().unwrap();
        assert!(secret.len() == 44 && secret.ends_with('='));
        assert_ne!(secret, new_secret().unwrap());
        assert_eq!(new_password().unwrap().len(), 24);
    }
}
