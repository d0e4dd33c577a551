//! Huffman tables (ITU-T T.81, section B.2.4.2, annexes C and F).

use super::bits::Bits;

/// Codes up to this length are found by one look-up.
const FAST_BITS: u32 = 10;

/// Decodes the symbols of one table.
#[derive(Clone)]
pub(super) struct HuffmanTable {
    /// By the next bits: length of the code × 256 + symbol; 0 for longer codes.
    fast: Vec<u16>,
    /// By length − 1: one more than the last code, shifted left to 16 bits.
    ends: [u32; 16],
    /// By length − 1: index of the first symbol, minus the first code.
    offsets: [i32; 16],
    symbols: Vec<u8>,
}

impl HuffmanTable {
    /// Builds a table from the number of codes of each length. `None` when the codes do not fit.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut fast = vec![0; 1 << FAST_BITS];
        let (mut ends, mut offsets) = ([0; 16], [0; 16]);
        let (mut code, mut first_symbol) = (0u32, 0usize);
        for (index, (length, count)) in (1u32..).zip(counts).enumerate() {
            let next_symbol = first_symbol + usize::from(*count);
            let of_this_length = symbols.get(first_symbol..next_symbol)?;
            offsets[index] = i32::try_from(first_symbol).ok()? - i32::try_from(code).ok()?;
            for symbol in of_this_length {
                if length <= FAST_BITS {
                    let first = (code << (FAST_BITS - length)) as usize;
                    let entries = fast.get_mut(first..first + (1 << (FAST_BITS - length)))?;
                    entries.fill(u16::try_from(length).ok()? << 8 | u16::from(*symbol));
                }
                code += 1;
            }
            if code > 1 << length {
                return None;
            }
            ends[index] = code << (16 - length);
            code <<= 1;
            first_symbol = next_symbol;
        }
        Some(Self { fast, ends, offsets, symbols: symbols.to_vec() })
    }

    /// Takes one code. `None` when no code has these bits; 16 are taken then.
    #[inline]
    pub fn decode(&self, bits: &mut Bits) -> Option<u8> {
        let next = bits.peek();
        let entry = self.fast[usize::from(next >> (16 - FAST_BITS))];
        if entry != 0 {
            bits.skip(u32::from(entry >> 8));
            return Some((entry & 0xFF) as u8);
        }
        self.decode_long(next, bits)
    }

    #[cold]
    fn decode_long(&self, next: u16, bits: &mut Bits) -> Option<u8> {
        let codes = (1..).zip(self.ends.iter().zip(&self.offsets));
        let Some((length, offset)) =
            codes.filter(|(_, (end, _))| u32::from(next) < **end).map(|(length, (_, offset))| (length, *offset)).next()
        else {
            bits.skip(16);
            return None;
        };
        bits.skip(length);
        let symbol = usize::try_from(i32::from(next >> (16 - length)) + offset).ok()?;
        self.symbols.get(symbol).copied()
    }
}

/// Reads all tables of a segment: class (0 for DC, 1 for AC), number, table. `None` when the segment is broken.
pub(super) fn parse_tables(mut data: &[u8]) -> Option<Vec<(u8, usize, HuffmanTable)>> {
    let mut tables = Vec::new();
    while let [target, rest @ ..] = data {
        let (counts, rest) = rest.split_first_chunk::<16>()?;
        let symbol_count = counts.iter().map(|count| usize::from(*count)).sum();
        let (symbols, rest) = rest.split_at_checked(symbol_count)?;
        if target >> 4 > 1 || target & 15 > 3 {
            return None;
        }
        tables.push((target >> 4, usize::from(target & 15), HuffmanTable::new(counts, symbols)?));
        data = rest;
    }
    Some(tables)
}

/// The typical tables of annex K.3 as the data of one segment: single frames of a film carry no tables and mean these.
pub(super) fn typical_tables() -> Vec<u8> {
    let dc_symbols: Vec<u8> = (0..12).collect();
    let tables: [(u8, [u8; 16], Vec<u8>); 4] = [
        (0x00, [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], dc_symbols.clone()),
        (0x01, [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], dc_symbols),
        (0x10, [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D], ac_symbols(LUMA_SHORT_CODES)),
        (0x11, [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77], ac_symbols(CHROMA_SHORT_CODES)),
    ];
    tables.iter().flat_map(|(target, counts, symbols)| [&[*target], &counts[..], symbols].concat()).collect()
}

const LUMA_SHORT_CODES: &[u8] =
    b"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xA1\
    \x08\x23\x42\xB1\xC1\x15\x52\xD1\xF0\x24\x33\x62\x72\x82";
const CHROMA_SHORT_CODES: &[u8] =
    b"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\
    \x91\xA1\xB1\xC1\x09\x23\x33\x52\xF0\x15\x62\x72\xD1\x0A\x16\x24\x34\xE1\x25\xF1";

/// The symbols with short codes, then all others (runs 0 to 15, sizes 1 to 10) in rising order.
fn ac_symbols(short_codes: &[u8]) -> Vec<u8> {
    let others = (0..16).flat_map(|run| (1..=10).map(move |size| run << 4 | size));
    short_codes.iter().copied().chain(others.filter(|symbol| !short_codes.contains(symbol))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes 0, 10, 110, and `1110_0000_0000`.
    fn table() -> HuffmanTable {
        let counts = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        HuffmanTable::new(&counts, &[5, 6, 7, 0xF0]).unwrap()
    }

    #[test]
    fn codes_of_all_lengths_are_found() {
        let mut bits = Bits::new(&[0b0101_1010, 0b1111_0000]);
        bits.fill();
        let found: Vec<_> = (0..5).map(|_| table().decode(&mut bits)).collect();
        assert_eq!(found, [Some(5), Some(6), Some(7), Some(6), None]);
        let mut bits = Bits::new(&[0b1110_0000, 0b0000_1000]);
        bits.fill();
        assert_eq!([table().decode(&mut bits), table().decode(&mut bits)], [Some(0xF0), Some(6)]);
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        assert!(HuffmanTable::new(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1, 2, 3]).is_none());
        assert!(HuffmanTable::new(&[1; 16], &[1, 2, 3]).is_none());
        assert!(parse_tables(&[0x20; 17]).is_none());
        assert!(parse_tables(&[0; 16]).is_none());
        assert_eq!(parse_tables(&[0; 17]).map(|tables| tables.len()), Some(1));
    }

    #[test]
    fn typical_tables_have_all_symbols() {
        let data = typical_tables();
        let tables = parse_tables(&data).unwrap();
        let sizes: Vec<_> =
            tables.iter().map(|(class, number, table)| (*class, *number, table.symbols.len())).collect();
        assert_eq!(sizes, [(0, 0, 12), (0, 1, 12), (1, 0, 162), (1, 1, 162)]);
    }
}
