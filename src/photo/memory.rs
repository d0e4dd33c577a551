//! Asks for memory before a large photo is opened. Rust ends the program when memory is refused; the question can be
//! answered with a message.

use std::hint::black_box;

use image::DynamicImage;

/// Memory that opening, filling and saving an RGB photo of 8 bits takes, in bytes. Measured with 100 megapixels: 11.8
/// for each pixel.
pub(super) fn needed_to_open(width: u32, height: u32) -> u64 {
    12 * u64::from(width) * u64::from(height)
}

/// Memory that filling and saving takes beside the decoded photo, in bytes: the filled copy, the encoded file and its
/// parts, and the mask.
pub(super) fn needed_to_fill(pixels: &DynamicImage) -> u64 {
    3 * pixels.as_bytes().len() as u64 + u64::from(pixels.width()) * u64::from(pixels.height())
}

/// Whether the system gives this much memory now. It is returned at once, so others may take it. A system that promises
/// more than it has (Linux, mostly) refuses only what exceeds the whole machine or the user's limit.
pub(super) fn is_available(bytes: u64) -> bool {
    let Ok(bytes) = usize::try_from(bytes) else { return false };
    let mut memory: Vec<u8> = Vec::new();
    let is_reserved = memory.try_reserve_exact(bytes).is_ok();
    // Otherwise the compiler may leave out the allocation, because nobody uses it.
    black_box(&mut memory);
    is_reserved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_possible_amounts_are_available() {
        assert!(is_available(0) && is_available(1 << 20));
        assert!(!is_available(1 << 56) && !is_available(u64::MAX));
    }
}
