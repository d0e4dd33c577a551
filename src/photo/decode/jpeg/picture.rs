//! Walks the marks of a file from the front to the end of its first picture.
//!
//! What follows is no part of the picture: the film of a motion photo, further pictures, old content of a memory card.

use super::block::Band;
use super::color_model::ColorModel;
use super::frame::{Frame, FrameError, Process};
use super::huffman::{self, HuffmanTable};
use super::scan::{self, Scan, ScanPart};
use super::scan_data::{ScanData, next_mark};

/// Scans that a file may have. Progressive files have about ten; thousands would only cost time.
const MOST_SCANS: usize = 500;

/// The first picture of a file.
pub(super) struct Picture<'a> {
    pub frame: Frame,
    pub color: ColorModel,
    /// All Huffman tables, in the order of the file. Later ones replace earlier ones of the same number.
    pub tables: Vec<HuffmanTable>,
    pub scans: Vec<Scan<'a>>,
    /// Tables, scan headers and scans as they are in the file. `None` when the file lacks tables that it means.
    pub segments: Option<Vec<&'a [u8]>>,
    pub has_end_mark: bool,
    /// Bytes from the start of the file to the end of the picture.
    pub length: usize,
}

/// Why the picture cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The file ends before the picture.
    CutShort,
    /// What is wrong.
    Broken(&'static str),
    /// The kind of JPEG.
    Unsupported(&'static str),
    TooLarge {
        width: u32,
        height: u32,
    },
}

impl<'a> Picture<'a> {
    /// Reads all headers, and finds the data of all scans.
    pub fn find(bytes: &'a [u8], max_pixels: u64) -> Result<Self, Refusal> {
        let mut walk = Walk { bytes, max_pixels, ..Walk::default() };
        let mut at = 0;
        while let Some((start, mark, behind)) = next_mark(bytes, at) {
            at = match mark {
                // No segments: zero, TEM, and restart marks between segments.
                0x00 | 0x01 | 0xD0..=0xD7 => behind,
                0xD8 if walk.scans.is_empty() => behind,
                0xD9 => return walk.finish(true, behind),
                0xD8 | 0xC0..=0xC2 if !walk.scans.is_empty() => return walk.finish(false, start),
                _ => match segment(bytes, behind) {
                    Some(data) => walk.read_segment(mark, data, start, behind + 2 + data.len())?,
                    None => return walk.finish(false, start),
                },
            };
        }
        walk.finish(false, bytes.len())
    }
}

/// The data of the segment whose length is at `at`. `None` when the file ends within it.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
    bytes.get(at + 2..at + usize::from(length).max(2))
}

/// State of the walk.
#[derive(Default)]
struct Walk<'a> {
    bytes: &'a [u8],
    max_pixels: u64,
    frame: Option<Frame>,
    tables: Vec<HuffmanTable>,
    /// Indices of the tables in force.
    dc_tables: [Option<usize>; 4],
    ac_tables: [Option<usize>; 4],
    steps: [Option<[u16; 64]>; 4],
    restart_interval: usize,
    has_jfif: bool,
    adobe_transform: Option<u8>,
    scans: Vec<Scan<'a>>,
    segments: Vec<&'a [u8]>,
    lacks_tables: bool,
}

impl<'a> Walk<'a> {
    /// Reads a segment from `start` to `end`. Returns where to go on.
    fn read_segment(&mut self, mark: u8, data: &'a [u8], start: usize, end: usize) -> Result<usize, Refusal> {
        match mark {
            0xC0 | 0xC1 => self.read_frame(Process::Sequential, data)?,
            0xC2 => self.read_frame(Process::Progressive, data)?,
            0xC3 => return Err(Refusal::Unsupported("lossless JPEG")),
            0xC5..=0xC7 | 0xDE | 0xDF => return Err(Refusal::Unsupported("hierarchical JPEG")),
            0xC9..=0xCB | 0xCD..=0xCF => return Err(Refusal::Unsupported("arithmetic-coded JPEG")),
            0xF7 => return Err(Refusal::Unsupported("JPEG-LS")),
            0xC4 => self.read_huffman_tables(data).ok_or(Refusal::Broken("a Huffman table"))?,
            0xDB => self.read_steps(data).ok_or(Refusal::Broken("a quantisation table"))?,
            0xDD => {
                let interval = data.first_chunk().ok_or(Refusal::Broken("the restart interval"))?;
                self.restart_interval = usize::from(u16::from_be_bytes(*interval));
            }
            0xDA => return self.read_scan(data, start, end),
            0xE0 if data.starts_with(b"JFIF\0") => self.has_jfif = true,
            0xEE if data.starts_with(b"Adobe") => self.adobe_transform = data.get(11).copied(),
            _ => {}
        }
        if matches!(mark, 0xC4 | 0xDB | 0xDD) {
            self.segments.extend(self.bytes.get(start..end));
        }
        Ok(end)
    }

    fn read_frame(&mut self, process: Process, data: &[u8]) -> Result<(), Refusal> {
        if self.frame.is_some() {
            return Err(Refusal::Broken("two frames"));
        }
        let frame = Frame::parse(process, data).map_err(|error| match error {
            FrameError::Broken => Refusal::Broken("the frame header"),
            FrameError::Unsupported(kind) => Refusal::Unsupported(kind),
        })?;
        self.check_size(&frame)?;
        self.frame = Some(frame);
        Ok(())
    }

    fn check_size(&self, frame: &Frame) -> Result<(), Refusal> {
        let (width, height) = frame.size();
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(Refusal::TooLarge { width, height });
        }
        Ok(())
    }

    fn read_huffman_tables(&mut self, data: &[u8]) -> Option<()> {
        for (class, number, table) in huffman::parse_tables(data)? {
            let slots = if class == 0 { &mut self.dc_tables } else { &mut self.ac_tables };
            *slots.get_mut(number)? = Some(self.tables.len());
            self.tables.push(table);
        }
        Some(())
    }

    fn read_steps(&mut self, mut data: &[u8]) -> Option<()> {
        while let [target, rest @ ..] = data {
            let mut steps = [0; 64];
            let value_bytes = if target >> 4 == 0 { 1 } else { 2 };
            let (values, rest) = rest.split_at_checked(64 * value_bytes)?;
            for (step, value) in steps.iter_mut().zip(values.chunks_exact(value_bytes)) {
                *step = value.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte));
            }
            *self.steps.get_mut(usize::from(target & 15))? = Some(steps);
            data = rest;
        }
        Some(())
    }

    /// Reads a scan's header and finds the end of its data.
    fn read_scan(&mut self, header: &[u8], start: usize, data_start: usize) -> Result<usize, Refusal> {
        if self.scans.len() >= MOST_SCANS {
            return Err(Refusal::Unsupported("JPEG (more than 500 scans)"));
        }
        let mut frame = self.frame.take().ok_or(Refusal::Broken("a scan without a frame"))?;
        let (parts, band) = self.read_scan_header(&mut frame, header).ok_or(Refusal::Broken("a scan header"))?;
        let interval_count = |frame: &Frame| {
            let (columns, rows) = scan::unit_grid(frame, &parts);
            (columns * rows).div_ceil(self.restart_interval.max(1))
        };
        let has_restarts = self.restart_interval > 0;
        let data = ScanData::find(self.bytes, data_start, has_restarts.then(|| interval_count(&frame)));
        if frame.height == 0 {
            frame.set_height(self.line_count(data.end).ok_or(Refusal::Broken("no height"))?);
            self.check_size(&frame)?;
        }
        let intervals = data.intervals(self.bytes, if has_restarts { interval_count(&frame) } else { 1 });
        self.segments.extend(self.bytes.get(start..data.end));
        self.scans.push(Scan {
            parts,
            band,
            restart_interval: self.restart_interval,
            intervals: intervals.data,
            has_surplus: intervals.has_surplus,
        });
        self.frame = Some(frame);
        Ok(data.end)
    }

    /// The height in the segment DNL, which stands behind the first scan of a file that did not know it before.
    fn line_count(&self, at: usize) -> Option<usize> {
        let (_, mark, behind) = next_mark(self.bytes, at)?;
        let lines = segment(self.bytes, behind)?.first_chunk()?;
        let lines = usize::from(u16::from_be_bytes(*lines));
        (mark == 0xDC && lines > 0).then_some(lines)
    }

    fn read_scan_header(&mut self, frame: &mut Frame, header: &[u8]) -> Option<(Vec<ScanPart>, Band)> {
        let (count, rest) = header.split_first()?;
        let (entries, rest) = rest.split_at_checked(2 * usize::from(*count))?;
        let [first, last, bits, ..] = rest else { return None };
        let mut parts: Vec<ScanPart> = Vec::new();
        for [id, tables] in entries.as_chunks().0 {
            let is_new = |index: usize| parts.iter().all(|part| part.component != index);
            let index = (0..frame.components.len()).find(|i| frame.components[*i].id == *id && is_new(*i))?;
            let component = frame.components.get_mut(index)?;
            component.steps = component.steps.or(*self.steps.get(component.table)?);
            component.steps?;
            self.add_typical_tables();
            let table = |slots: &[Option<usize>; 4], number: u8| slots.get(usize::from(number)).copied().flatten();
            parts.push(ScanPart {
                component: index,
                dc_table: table(&self.dc_tables, tables >> 4),
                ac_table: table(&self.ac_tables, tables & 15),
            });
        }
        let band = match frame.process {
            Process::Sequential => Band { first: 0, last: 63, refines: false, shift: 0 },
            Process::Progressive => Band {
                first: usize::from(*first),
                last: usize::from(*last),
                refines: bits >> 4 > 0,
                shift: u32::from(bits & 15),
            },
        };
        let is_band = if frame.process == Process::Progressive && band.first > 0 {
            band.first <= band.last && band.last <= 63 && parts.len() == 1
        } else {
            frame.process == Process::Sequential || band.last == 0
        };
        (is_band && band.shift <= 13 && !parts.is_empty()).then_some((parts, band))
    }

    /// A frame of a film has no tables at all: it means the typical ones.
    fn add_typical_tables(&mut self) {
        if self.tables.is_empty() {
            self.lacks_tables = self.read_huffman_tables(&huffman::typical_tables()).is_some();
        }
    }

    fn finish(self, has_end_mark: bool, length: usize) -> Result<Picture<'a>, Refusal> {
        if self.scans.is_empty() && !has_end_mark {
            return Err(Refusal::CutShort);
        }
        let frame = self.frame.filter(|_| !self.scans.is_empty()).ok_or(Refusal::Broken("no picture"))?;
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        let color = ColorModel::of(&ids, self.has_jfif, self.adobe_transform);
        let segments = (!self.lacks_tables).then_some(self.segments);
        Ok(Picture { frame, color, tables: self.tables, scans: self.scans, segments, has_end_mark, length })
    }
}
