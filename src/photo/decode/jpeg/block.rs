//! Decodes the coefficients of one block (ITU-T T.81, sections F.2.2 and G.1.2).

use super::bits::Bits;
use super::coefficients::Blocks;
use super::huffman::HuffmanTable;

/// The data cannot be right: there is no such code, or a coefficient lies outside the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadData;

/// The coefficients of a progressive scan: places `first` to `last` in zigzag order, shifted left by `shift` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Band {
    pub first: usize,
    pub last: usize,
    /// Whether the scan adds one bit to what earlier scans told.
    pub refines: bool,
    pub shift: u32,
}

/// The last coefficient in zigzag order.
const LAST_PLACE: usize = 63;

/// Decodes a difference of DC values.
fn dc_difference(bits: &mut Bits, table: &HuffmanTable) -> Result<i32, BadData> {
    bits.fill();
    let size = table.decode(bits).filter(|size| *size < 16).ok_or(BadData)?;
    Ok(bits.take_signed(u32::from(size)))
}

/// Decodes a whole block.
#[inline]
pub(super) fn sequential(
    bits: &mut Bits,
    dc: &HuffmanTable,
    ac: &HuffmanTable,
    dc_value: &mut i32,
    blocks: &mut impl Blocks,
    block: usize,
) -> Result<(), BadData> {
    *dc_value = dc_value.wrapping_add(dc_difference(bits, dc)?);
    blocks.set(block, 0, *dc_value);
    let mut place = 1;
    while place <= LAST_PLACE {
        bits.fill();
        let symbol = ac.decode(bits).ok_or(BadData)?;
        let (run, size) = (symbol >> 4, u32::from(symbol & 15));
        if size == 0 {
            if run < 15 {
                return Ok(());
            }
            place += 16;
            if place > LAST_PLACE + 1 {
                return Err(BadData);
            }
            continue;
        }
        place += usize::from(run);
        if place > LAST_PLACE {
            return Err(BadData);
        }
        let value = bits.take_signed(size);
        blocks.set(block, place, value);
        place += 1;
    }
    Ok(())
}

/// Decodes the DC value of a block in a progressive scan.
pub(super) fn progressive_dc(
    bits: &mut Bits,
    dc: Option<&HuffmanTable>,
    band: Band,
    dc_value: &mut i32,
    blocks: &mut impl Blocks,
    block: usize,
) -> Result<(), BadData> {
    if band.refines {
        bits.fill();
        if bits.take(1) == 1 {
            blocks.refine_dc(block, 1 << band.shift);
        }
        return Ok(());
    }
    *dc_value = dc_value.wrapping_add(dc_difference(bits, dc.ok_or(BadData)?)?);
    blocks.set(block, 0, dc_value.wrapping_shl(band.shift));
    Ok(())
}

/// Decodes the band of a block that no earlier scan told of. `run_of_ends` is the number of blocks from here on whose
/// band has no more coefficients.
pub(super) fn progressive_ac_first(
    bits: &mut Bits,
    ac: &HuffmanTable,
    band: Band,
    run_of_ends: &mut u32,
    blocks: &mut impl Blocks,
    block: usize,
) -> Result<(), BadData> {
    if *run_of_ends > 0 {
        *run_of_ends -= 1;
        return Ok(());
    }
    let mut place = band.first;
    while place <= band.last {
        bits.fill();
        let symbol = ac.decode(bits).ok_or(BadData)?;
        let (run, size) = (symbol >> 4, u32::from(symbol & 15));
        if size == 0 {
            if run < 15 {
                *run_of_ends = ends(bits, run) - 1;
                return Ok(());
            }
            place += 16;
            if place > band.last + 1 {
                return Err(BadData);
            }
            continue;
        }
        place += usize::from(run);
        if place > band.last {
            return Err(BadData);
        }
        let value = bits.take_signed(size);
        blocks.set(block, place, value.wrapping_shl(band.shift));
        place += 1;
    }
    Ok(())
}

/// The number of blocks that end here: this one and those after it.
fn ends(bits: &mut Bits, run: u8) -> u32 {
    let extra = bits.take(u32::from(run));
    (1 << run) + extra.unsigned_abs()
}

/// Decodes one more bit of the band of a block: of coefficients that are not zero yet the next bit, and where new ones
/// begin.
pub(super) fn progressive_ac_refinement(
    bits: &mut Bits,
    ac: &HuffmanTable,
    band: Band,
    run_of_ends: &mut u32,
    blocks: &mut impl Blocks,
    block: usize,
) -> Result<(), BadData> {
    let step = 1 << band.shift;
    let mut place = band.first;
    if *run_of_ends == 0 {
        while place <= band.last {
            bits.fill();
            let symbol = ac.decode(bits).ok_or(BadData)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            let new_value = match size {
                0 if run < 15 => {
                    *run_of_ends = ends(bits, run);
                    break;
                }
                0 => 0,
                1 => {
                    if bits.take(1) == 1 {
                        step
                    } else {
                        -step
                    }
                }
                _ => return Err(BadData),
            };
            place = refine_until(bits, band, step, place, Some(usize::from(run)), blocks, block);
            if new_value != 0 {
                if place > band.last {
                    return Err(BadData);
                }
                blocks.set(block, place, new_value);
            }
            place += 1;
        }
    }
    if *run_of_ends > 0 {
        refine_until(bits, band, step, place, None, blocks, block);
        *run_of_ends -= 1;
    }
    Ok(())
}

/// Refines coefficients up to the zero after `zeros` others, or all. Returns the place of that zero.
fn refine_until(
    bits: &mut Bits,
    band: Band,
    step: i32,
    first: usize,
    zeros: Option<usize>,
    blocks: &mut impl Blocks,
    block: usize,
) -> usize {
    let mut passed = 0;
    for place in first..=band.last {
        if blocks.is_set(block, place) {
            bits.fill();
            if bits.take(1) == 1 {
                blocks.refine(block, place, step);
            }
        } else if zeros == Some(passed) {
            return place;
        } else {
            passed += 1;
        }
    }
    band.last + 1
}
