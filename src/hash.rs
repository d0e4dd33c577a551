//! SHA-256 hashes.

use sha2::{Digest as _, Sha256};

/// SHA-256 of the bytes, in hexadecimal.
#[must_use]
pub fn sha256_of_bytes(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_equals_the_standard_example() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256_of_bytes(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
