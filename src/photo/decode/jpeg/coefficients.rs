//! What is kept of the coefficients that a scan holds.

use super::frame::Frame;

/// Keeps coefficients by number of the block and place in zigzag order (0 is DC).
pub(super) trait Blocks {
    fn set(&mut self, block: usize, place: usize, value: i32);
    /// Whether a coefficient is not zero. Later scans of a progressive file depend on it.
    fn is_set(&self, block: usize, place: usize) -> bool;
    /// Adds the bit `step` to an AC coefficient, away from zero.
    fn refine(&mut self, block: usize, place: usize, step: i32);
    /// Sets the bit `step` of the DC coefficient.
    fn refine_dc(&mut self, block: usize, step: i32);
}

/// Keeps nothing: enough to check sequential scans.
pub(super) struct Nothing;

impl Blocks for Nothing {
    #[inline]
    fn set(&mut self, _: usize, _: usize, _: i32) {}
    #[inline]
    fn is_set(&self, _: usize, _: usize) -> bool {
        false
    }
    #[inline]
    fn refine(&mut self, _: usize, _: usize, _: i32) {}
    #[inline]
    fn refine_dc(&mut self, _: usize, _: i32) {}
}

/// Keeps which AC coefficients are not zero: enough to check progressive scans. A bit for each place.
pub(super) struct NonZero(Vec<u64>);

impl NonZero {
    pub fn new(frame: &Frame) -> Self {
        Self(vec![0; frame.block_count()])
    }
}

impl Blocks for NonZero {
    #[inline]
    fn set(&mut self, block: usize, place: usize, _: i32) {
        if let Some(bits) = self.0.get_mut(block) {
            *bits |= 1 << place;
        }
    }
    #[inline]
    fn is_set(&self, block: usize, place: usize) -> bool {
        self.0.get(block).is_some_and(|bits| bits >> place & 1 == 1)
    }
    #[inline]
    fn refine(&mut self, _: usize, _: usize, _: i32) {}
    #[inline]
    fn refine_dc(&mut self, _: usize, _: i32) {}
}

/// Keeps all coefficients, in zigzag order.
pub(super) struct Coefficients(pub Vec<[i16; 64]>);

impl Coefficients {
    pub fn new(frame: &Frame) -> Self {
        Self(vec![[0; 64]; frame.block_count()])
    }
}

impl Blocks for Coefficients {
    #[inline]
    fn set(&mut self, block: usize, place: usize, value: i32) {
        if let Some(slot) = self.0.get_mut(block).and_then(|block| block.get_mut(place)) {
            *slot = saturated(value);
        }
    }
    #[inline]
    fn is_set(&self, block: usize, place: usize) -> bool {
        self.0.get(block).is_some_and(|block| block.get(place).is_some_and(|value| *value != 0))
    }
    #[inline]
    fn refine(&mut self, block: usize, place: usize, step: i32) {
        if let Some(slot) = self.0.get_mut(block).and_then(|block| block.get_mut(place)) {
            let value = i32::from(*slot);
            *slot = saturated(if value < 0 { value - step } else { value + step });
        }
    }
    #[inline]
    fn refine_dc(&mut self, block: usize, step: i32) {
        if let Some([dc, ..]) = self.0.get_mut(block) {
            *dc = saturated(i32::from(*dc) | step);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn saturated(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}
