//! Decodes the entropy-coded data of one scan, and counts the blocks that are missing or cannot be right.

use super::bits::Bits;
use super::block::{self, BadData, Band};
use super::coefficients::Blocks;
use super::frame::{Component, Frame, Process};
use super::huffman::HuffmanTable;

/// One scan: what its header says, with the tables and the data that belong to it.
pub(super) struct Scan<'a> {
    pub parts: Vec<ScanPart>,
    /// The whole block in sequential files.
    pub band: Band,
    /// Units between restart marks; 0 for none.
    pub restart_interval: usize,
    /// The data between restart marks, in the order of the picture. `None` where an interval is lost.
    pub intervals: Vec<Option<&'a [u8]>>,
    /// Whether more data follow than the picture has intervals.
    pub has_surplus: bool,
}

/// A component of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScanPart {
    /// Index of the frame's component.
    pub component: usize,
    /// Index of the picture's DC table.
    pub dc_table: Option<usize>,
    /// Index of the picture's AC table.
    pub ac_table: Option<usize>,
}

/// Units of a scan that went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ScanDamage {
    pub units: usize,
    /// The data ended before them.
    pub missing: usize,
    /// The data are damaged there or before.
    pub doubtful: usize,
}

impl Scan<'_> {
    /// Whether a unit is one block, and not a group of blocks of all components.
    fn has_single_blocks(&self) -> bool {
        self.parts.len() == 1
    }

    /// Whether the scan brings the first bits of the DC values: without them a block is grey.
    pub fn starts_blocks(&self) -> bool {
        self.band.first == 0 && !self.band.refines
    }

    /// Whether the scan has data of a component.
    pub fn has(&self, component: usize) -> bool {
        self.parts.iter().any(|part| part.component == component)
    }
}

/// Units of a scan: columns and rows.
pub(super) fn unit_grid(frame: &Frame, parts: &[ScanPart]) -> (usize, usize) {
    match parts {
        [part] => frame.components.get(part.component).map_or((0, 0), |component| component.blocks),
        _ => frame.units(),
    }
}

/// State that lasts from unit to unit, within one restart interval.
#[derive(Default)]
struct IntervalState {
    dc_values: [i32; 4],
    run_of_ends: u32,
}

/// Decodes a scan into `blocks`. Goes on behind damage, as other programs do: data between restart marks do not depend
/// on each other, and codes often fall into step again.
pub(super) fn decode_scan(frame: &Frame, tables: &[HuffmanTable], scan: &Scan, blocks: &mut impl Blocks) -> ScanDamage {
    let (columns, rows) = unit_grid(frame, &scan.parts);
    let units = columns * rows;
    let per_interval = if scan.restart_interval == 0 { units } else { scan.restart_interval };
    let mut damage = ScanDamage { units, ..ScanDamage::default() };
    let decoder = ScanDecoder { frame, tables, scan, columns };
    for (index, first) in (0..units).step_by(per_interval.max(1)).enumerate() {
        let end = (first + per_interval).min(units);
        match scan.intervals.get(index).copied().flatten() {
            Some(bytes) => decoder.decode_interval(bytes, first..end, blocks, &mut damage),
            None => damage.missing += end - first,
        }
    }
    if scan.has_surplus && damage.missing + damage.doubtful == 0 {
        // The data belong to more units than the header tells: which of them are wrong is unknown.
        damage.doubtful = units;
    }
    damage
}

/// Whether samples can have this mean: the DC value is eight times the distance from mid-grey, in steps. Values outside
/// show damage that left the codes in step. In a progressive scan the last `shift` bits are not known yet.
fn is_possible_dc(component: &Component, precision: u8, dc_value: i32, shift: u32) -> bool {
    let step = component.steps.map_or(1, |steps| i32::from(steps[0])) << shift;
    let most = 8 << (precision - 1);
    // An eighth more, and one step: encoders round.
    dc_value.saturating_mul(step).abs() <= most + most / 8 + step
}

struct ScanDecoder<'a> {
    frame: &'a Frame,
    tables: &'a [HuffmanTable],
    scan: &'a Scan<'a>,
    columns: usize,
}

impl ScanDecoder<'_> {
    fn decode_interval(
        &self,
        bytes: &[u8],
        units: std::ops::Range<usize>,
        blocks: &mut impl Blocks,
        damage: &mut ScanDamage,
    ) {
        let mut bits = Bits::new(bytes);
        let mut state = IntervalState::default();
        let mut first_bad = None;
        for unit in units.clone() {
            if !self.decode_unit(unit, &mut bits, &mut state, blocks) || bits.has_stray_mark() {
                first_bad.get_or_insert(unit);
            }
            if bits.is_overdrawn() {
                damage.missing += units.end - unit;
                damage.doubtful += first_bad.map_or(0, |bad| unit - bad);
                return;
            }
        }
        if bits.has_leftover() {
            // The codes fell out of step somewhere.
            first_bad.get_or_insert(units.start);
        }
        damage.doubtful += first_bad.map_or(0, |bad| units.end - bad);
    }

    /// Whether the data of all blocks could be right.
    fn decode_unit(&self, unit: usize, bits: &mut Bits, state: &mut IntervalState, blocks: &mut impl Blocks) -> bool {
        let mut is_good = true;
        let shift = self.scan.band.shift.min(13);
        let (column, row) = (unit % self.columns, unit / self.columns);
        for (part, dc_value) in self.scan.parts.iter().zip(&mut state.dc_values) {
            let Some(component) = self.frame.components.get(part.component) else { return false };
            let (width, height) = if self.scan.has_single_blocks() { (1, 1) } else { component.factors };
            for y in row * height..(row + 1) * height {
                for x in column * width..(column + 1) * width {
                    let block = component.first_block + y * component.padded_blocks.0 + x;
                    let result = self.decode_block(*part, bits, dc_value, &mut state.run_of_ends, blocks, block);
                    is_good &= result.is_ok() && is_possible_dc(component, self.frame.precision, *dc_value, shift);
                }
            }
        }
        is_good
    }

    #[inline]
    fn decode_block(
        &self,
        part: ScanPart,
        bits: &mut Bits,
        dc_value: &mut i32,
        run_of_ends: &mut u32,
        blocks: &mut impl Blocks,
        block: usize,
    ) -> Result<(), BadData> {
        let table = |index: Option<usize>| index.and_then(|index| self.tables.get(index));
        let (dc, ac, band) = (table(part.dc_table), table(part.ac_table), self.scan.band);
        if self.frame.process == Process::Sequential {
            return block::sequential(bits, dc.ok_or(BadData)?, ac.ok_or(BadData)?, dc_value, blocks, block);
        }
        if band.first == 0 {
            block::progressive_dc(bits, dc, band, dc_value, blocks, block)
        } else if band.refines {
            block::progressive_ac_refinement(bits, ac.ok_or(BadData)?, band, run_of_ends, blocks, block)
        } else {
            block::progressive_ac_first(bits, ac.ok_or(BadData)?, band, run_of_ends, blocks, block)
        }
    }
}
