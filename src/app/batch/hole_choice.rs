//! Which hole every photo of a batch gets.

use std::path::PathBuf;

use crate::app::document::PhotoDocument;
use crate::geometry::FaceFrame;
use crate::mask::{FaceRegion, Mask, MaskPreset};

/// Where the holes come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoleKind {
    /// A part of the largest face.
    #[default]
    Region,
    /// A shape in the frame of the largest face.
    Preset,
    /// A folder with a mask for each photo, of the same name.
    Masks,
    /// The hole of the open photo, at the same place of the largest face.
    OpenPhoto,
}

/// The user's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoleChoice {
    pub kind: HoleKind,
    pub region: FaceRegion,
    pub preset: MaskPreset,
    /// The folder with the masks.
    pub masks: Option<PathBuf>,
}

impl Default for HoleChoice {
    fn default() -> Self {
        Self { kind: HoleKind::default(), region: FaceRegion::Mouth, preset: MaskPreset::Center, masks: None }
    }
}

/// The choice with everything that it depends on.
#[derive(Clone)]
pub(super) enum HoleSource {
    Region(FaceRegion),
    Preset { preset: MaskPreset, crop_size_px: u32, seed: u64 },
    Masks(PathBuf),
    Moved { hole: Mask, frame: FaceFrame },
}

impl HoleChoice {
    /// Why no hole can be made so; `None` when one can.
    pub(super) fn disabled_reason(&self, document: Option<&PhotoDocument>) -> Option<&'static str> {
        match self.kind {
            HoleKind::Region | HoleKind::Preset => None,
            HoleKind::Masks => self.masks.is_none().then_some("Choose the folder with the masks first"),
            HoleKind::OpenPhoto => {
                let has_hole = document.is_some_and(PhotoDocument::has_hole);
                (!has_hole).then_some("Open a photo and paint its hole first")
            }
        }
    }

    pub(super) fn source(&self, document: Option<&PhotoDocument>, crop_size_px: u32, seed: u64) -> Option<HoleSource> {
        Some(match self.kind {
            HoleKind::Region => HoleSource::Region(self.region),
            HoleKind::Preset => HoleSource::Preset { preset: self.preset, crop_size_px, seed },
            HoleKind::Masks => HoleSource::Masks(self.masks.clone()?),
            HoleKind::OpenPhoto => {
                let document = document.filter(|document| document.has_hole())?;
                HoleSource::Moved { hole: document.mask().clone(), frame: document.face_frame() }
            }
        })
    }
}
