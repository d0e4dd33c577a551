//! How opaque the fill is in a photo with an alpha channel.
//!
//! The generator draws no alpha. Alpha is interpolated into the hole from the known pixels around it, with the membrane
//! of the Poisson blend. Feathering uses the membrane too: its fade to the fill's own colour would be a fade to opaque
//! pixels in the middle of a half-transparent face.

use std::sync::Arc;

use rayon::prelude::*;

use super::patch_raster::PatchRaster;
use super::poisson::{MembraneOffsets, MembraneRow};
use crate::photo::ChannelValue;

/// The alpha of the filled pixels. It depends on the hole alone, not on the generated image.
pub(super) struct FillOpacity {
    offsets: MembraneOffsets,
    /// 0 to 255 for each pixel of the patch.
    at_patch: Arc<Vec<u8>>,
}

/// The alpha along a row of the patch.
pub(super) struct OpacityRow(MembraneRow);

impl FillOpacity {
    /// From what the membrane adds to an opaque fill, in its last lane.
    pub(super) fn new(offsets: MembraneOffsets, raster: &PatchRaster) -> Self {
        let bytes = |row: u32| {
            let opacity = OpacityRow(offsets.row(row, raster.width, raster.height));
            (0..raster.width as usize).map(move |column| u8::from_f32(opacity.at(column) * <u8 as ChannelValue>::MAX))
        };
        let at_patch = Arc::new((0..raster.height).into_par_iter().flat_map_iter(bytes).collect());
        Self { offsets, at_patch }
    }

    pub(super) fn at_patch(&self) -> Arc<Vec<u8>> {
        Arc::clone(&self.at_patch)
    }

    pub(super) fn row(&self, row: u32, raster: &PatchRaster) -> OpacityRow {
        OpacityRow(self.offsets.row(row, raster.width, raster.height))
    }
}

impl OpacityRow {
    /// 0 to 1.
    #[inline]
    pub(super) fn at(&self, column: usize) -> f32 {
        let [.., offset] = self.0.at(column);
        (1.0 + offset).clamp(-1.0, 1.0) * 0.5 + 0.5
    }
}
