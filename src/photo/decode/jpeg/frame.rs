//! The frame header: size, components and their blocks (ITU-T T.81, section B.2.2).

/// How a frame's scans code the coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Process {
    /// Baseline and extended: a scan holds whole blocks.
    Sequential,
    /// A scan holds some coefficients, or some bits of them.
    Progressive,
}

/// What the header says of the picture.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub process: Process,
    /// Bits of a sample: 8 or 12.
    pub precision: u8,
    pub width: usize,
    /// 0 until the segment behind the first scan tells it.
    pub height: usize,
    pub components: Vec<Component>,
    /// Largest sampling factors.
    pub max_factors: (usize, usize),
}

/// One colour channel.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub id: u8,
    /// Horizontal and vertical sampling factor, 1 to 4.
    pub factors: (usize, usize),
    /// Number of the quantisation table.
    pub table: usize,
    /// Steps of the coefficients in zigzag order, known from the component's first scan on.
    pub steps: Option<[u16; 64]>,
    /// Samples of the picture: columns and rows.
    pub samples: (usize, usize),
    /// Blocks that hold samples: columns and rows.
    pub blocks: (usize, usize),
    /// Blocks with those that fill up the last units of an interleaved scan.
    pub padded_blocks: (usize, usize),
    /// Number of blocks of the components before.
    pub first_block: usize,
}

/// Why a header cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameError {
    /// It contradicts itself.
    Broken,
    /// It does, as far as known, not; the words name the kind.
    Unsupported(&'static str),
}

impl Frame {
    /// Reads the segment's data.
    pub fn parse(process: Process, data: &[u8]) -> Result<Self, FrameError> {
        let [precision, h1, h0, w1, w0, count, list @ ..] = data else { return Err(FrameError::Broken) };
        let width = usize::from(u16::from_be_bytes([*w1, *w0]));
        let height = usize::from(u16::from_be_bytes([*h1, *h0]));
        let count = usize::from(*count);
        let entries: Vec<[u8; 3]> = list.as_chunks().0.iter().copied().take(count).collect();
        if entries.len() < count || count == 0 || width == 0 {
            return Err(FrameError::Broken);
        }
        if !matches!(precision, 8 | 12) {
            return Err(FrameError::Unsupported("JPEG (other than 8 or 12 bits)"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(FrameError::Unsupported("JPEG (2 or more than 4 channels)"));
        }
        let mut components = Vec::new();
        for [id, factors, table] in entries {
            let factors = (usize::from(factors >> 4), usize::from(factors & 15));
            // A single component has blocks in plain order, whatever its factors.
            let factors = if count == 1 { (1, 1) } else { factors };
            if !(1..=4).contains(&factors.0) || !(1..=4).contains(&factors.1) || table > 3 {
                return Err(FrameError::Broken);
            }
            components.push(Component {
                id,
                factors,
                table: usize::from(table),
                steps: None,
                samples: (0, 0),
                blocks: (0, 0),
                padded_blocks: (0, 0),
                first_block: 0,
            });
        }
        let max_factors = components
            .iter()
            .fold((1, 1), |most: (usize, usize), c| (most.0.max(c.factors.0), most.1.max(c.factors.1)));
        let mut frame = Self { process, precision: *precision, width, height, components, max_factors };
        frame.set_height(height);
        Ok(frame)
    }

    /// Sets the height, and with it the numbers of blocks.
    pub fn set_height(&mut self, height: usize) {
        self.height = height;
        let (most_h, most_v) = self.max_factors;
        let (columns, rows) = self.units();
        let mut first_block = 0;
        for component in &mut self.components {
            let (h, v) = component.factors;
            component.samples = ((self.width * h).div_ceil(most_h), (height * v).div_ceil(most_v));
            component.blocks = (component.samples.0.div_ceil(8), component.samples.1.div_ceil(8));
            component.padded_blocks = (columns * h, rows * v);
            component.first_block = first_block;
            first_block += component.padded_blocks.0 * component.padded_blocks.1;
        }
    }

    /// Width and height for the `image` crate. Both fit: the header has 16 bits for each.
    pub fn size(&self) -> (u32, u32) {
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        (side(self.width), side(self.height))
    }

    /// Columns and rows of the units of an interleaved scan: each has the blocks of all its components.
    pub fn units(&self) -> (usize, usize) {
        (self.width.div_ceil(8 * self.max_factors.0), self.height.div_ceil(8 * self.max_factors.1))
    }

    /// Blocks of all components.
    pub fn block_count(&self) -> usize {
        self.components.iter().map(|c| c.padded_blocks.0 * c.padded_blocks.1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 15] = [8, 0, 17, 0, 33, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];

    #[test]
    fn blocks_follow_from_the_factors() {
        let frame = Frame::parse(Process::Sequential, &HEADER).unwrap();
        assert_eq!((frame.width, frame.height, frame.units()), (33, 17, (3, 2)));
        let found: Vec<_> = frame.components.iter().map(|c| (c.samples, c.blocks, c.padded_blocks)).collect();
        assert_eq!(found[0], ((33, 17), (5, 3), (6, 4)));
        assert_eq!(found[1], ((17, 9), (3, 2), (3, 2)));
        assert_eq!(frame.components[2].first_block, 24 + 6);
        assert_eq!(frame.block_count(), 36);
    }

    #[test]
    fn a_single_component_has_no_factors() {
        let frame = Frame::parse(Process::Sequential, &[8, 0, 9, 0, 9, 1, 1, 0x22, 0]).unwrap();
        assert_eq!(frame.components[0].padded_blocks, (2, 2));
    }

    #[test]
    fn contradictions_are_refused() {
        let refused = |at: usize, value: u8| {
            let mut header = HEADER;
            header[at] = value;
            Frame::parse(Process::Sequential, &header).unwrap_err()
        };
        assert_eq!(refused(7, 0x52), FrameError::Broken);
        assert_eq!(refused(7, 0x20), FrameError::Broken);
        assert_eq!(refused(8, 4), FrameError::Broken);
        assert_eq!(refused(5, 4), FrameError::Broken);
        assert!(matches!(refused(0, 16), FrameError::Unsupported(_)));
        assert!(matches!(refused(5, 2), FrameError::Unsupported(_)));
        assert_eq!(Frame::parse(Process::Sequential, &HEADER[..14]).unwrap_err(), FrameError::Broken);
    }
}
