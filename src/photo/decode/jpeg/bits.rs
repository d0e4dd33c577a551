//! Reads bits of entropy-coded data.

/// Bits of one restart interval. Zeros follow the end.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the top.
    buffer: u64,
    /// Valid bits of the buffer.
    count: u32,
    /// How many of all bits put into the buffer are zeros behind the end.
    padding: u32,
    /// Whether a byte FF was followed by another than 0: a stray mark, read as data.
    has_stray_mark: bool,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, buffer: 0, count: 0, padding: 0, has_stray_mark: false }
    }

    /// Makes at least 48 bits available.
    #[inline]
    pub fn fill(&mut self) {
        if self.count >= 48 {
            return;
        }
        if let Some(next) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            let word = u64::from_be_bytes(*next);
            if !has_byte_ff(word) {
                let taken = (64 - self.count) / 8;
                // `taken` is 2 to 8: at least 16 bits of the buffer are free.
                let kept = word & (u64::MAX << (64 - 8 * taken));
                self.buffer |= kept >> self.count;
                self.count += 8 * taken;
                self.at += taken as usize;
                return;
            }
        }
        self.fill_bytewise();
    }

    fn fill_bytewise(&mut self) {
        while self.count <= 56 {
            let byte = if let Some(byte) = self.bytes.get(self.at).copied() {
                self.at += 1;
                if byte == 0xFF {
                    // A zero follows a byte of data (section F.1.2.3).
                    match self.bytes.get(self.at) {
                        Some(0) => self.at += 1,
                        _ => self.has_stray_mark = true,
                    }
                }
                byte
            } else {
                self.padding += 8;
                0
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next 16 bits, without taking them.
    #[inline]
    pub fn peek(&self) -> u16 {
        (self.buffer >> 48) as u16
    }

    /// Takes bits that have been looked at: at most 16 after [`Bits::fill`] for each of three calls.
    #[inline]
    pub fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.count = self.count.saturating_sub(count);
    }

    /// Takes up to 16 bits as a number.
    #[inline]
    pub fn take(&mut self, count: u32) -> i32 {
        if count == 0 {
            return 0;
        }
        let value = u32::from(self.peek()) >> (16 - count);
        self.skip(count);
        value.cast_signed()
    }

    /// Takes a coefficient of this many bits: with a leading zero it is negative (section F.2.2.1).
    #[inline]
    pub fn take_signed(&mut self, count: u32) -> i32 {
        let value = self.take(count);
        if count > 0 && value < 1 << (count - 1) { value - (1 << count) + 1 } else { value }
    }

    /// Whether more bits have been taken than there were.
    #[inline]
    pub fn is_overdrawn(&self) -> bool {
        self.count < self.padding
    }

    /// Whether bytes are left over that cannot be filling: all bits of the last byte taken, and then some other than
    /// bytes 0 or FF.
    pub fn has_leftover(&self) -> bool {
        let buffered = self.count.saturating_sub(self.padding);
        let whole_bytes = buffered / 8;
        let is_filling = |byte: u8| byte == 0 || byte == 0xFF;
        let in_buffer = (self.buffer << (buffered % 8)).to_be_bytes();
        in_buffer.iter().take(whole_bytes as usize).any(|byte| !is_filling(*byte))
            || self.bytes.get(self.at..).is_some_and(|rest| rest.iter().any(|byte| !is_filling(*byte)))
    }

    pub fn has_stray_mark(&self) -> bool {
        self.has_stray_mark
    }
}

/// Whether one of the eight bytes is FF.
fn has_byte_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // The usual test for a zero byte, on the complement.
    (!word).wrapping_sub(ONES) & word & TOPS != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bytes: &[u8], counts: &[u32]) -> (Vec<i32>, bool) {
        let mut bits = Bits::new(bytes);
        let values = counts.iter().map(|count| {
            bits.fill();
            bits.take(*count)
        });
        (values.collect(), bits.is_overdrawn())
    }

    #[test]
    fn stuffed_zeros_are_no_data() {
        let bytes = [0x12, 0xFF, 0, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFF, 0];
        let counts = [8, 8, 8, 16, 16, 16, 16, 8, 8];
        assert_eq!(taken(&bytes, &counts), (vec![0x12, 0xFF, 0x34, 0x102, 0x304, 0x506, 0x708, 9, 0xFF], false));
    }

    #[test]
    fn zeros_follow_the_end() {
        assert_eq!(taken(&[0xAB], &[4, 4]), (vec![0xA, 0xB], false));
        assert_eq!(taken(&[0xAB], &[4, 5]), (vec![0xA, 0x16], true));
        assert_eq!(taken(&[], &[1, 16]), (vec![0, 0], true));
    }

    #[test]
    fn signed_values_follow_the_standard() {
        let mut bits = Bits::new(&[0b0001_1001, 0b1000_0000]);
        bits.fill();
        let found = [3, 1, 1, 1, 2, 0].map(|count| bits.take_signed(count));
        assert_eq!(found, [-7, 1, 1, -1, -2, 0]);
    }

    #[test]
    fn leftover_is_told_from_filling() {
        let left = |bytes: &[u8], count: u32| {
            let mut bits = Bits::new(bytes);
            bits.fill();
            bits.skip(count);
            bits.has_leftover()
        };
        assert!(!left(&[0x55, 0x55], 9));
        assert!(left(&[0x55, 0x55], 8));
        assert!(left(&[0x55, 0x55], 3));
        assert!(!left(&[0x55, 0, 0xFF, 0], 5));
        assert!(left(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 16));
    }

    #[test]
    fn stray_mark_is_noticed() {
        let mut bits = Bits::new(&[1, 0xFF, 0x9F, 2]);
        bits.fill();
        assert!(bits.has_stray_mark());
        assert_eq!([8, 8, 8, 8].map(|count| bits.take(count)), [1, 0xFF, 0x9F, 2]);
    }
}
