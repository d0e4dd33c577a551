//! Writes the maps of a fill (`fill --maps`): a picture of each over the filled photo, and the values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use image::{DynamicImage, RgbaImage};

use crate::app::{LegendText, paint_legend};
use crate::fs::{Overwrite, write_atomically};
use crate::job::{FaceMap, FaceMapSet, FillRecord, FillRequest, MapGroup, MapKind, MapRequest, Uncertainty, paint_map};
use crate::mask::Mask;
use crate::model::weight_file::{StoragePrecision, WeightTensor, serialize_safetensors};
use crate::photo::{Photo, PngMetadata, save_png};

/// File of the values.
const VALUES_NAME: &str = "maps.safetensors";

/// The maps of one face, until the photo is filled.
pub(super) struct FaceMaps {
    folder: PathBuf,
    hole: Mask,
    sets: Vec<FaceMapSet>,
}

/// The requests for all maps of a fill. The maps of the uncertainty come first.
pub(super) fn map_requests(request: &FillRequest, fill: &FillRecord) -> Vec<MapRequest> {
    let request_of = |group: MapGroup| {
        let candidate = fill.shown_candidate()?;
        let (latent, picture) = (candidate.latent.clone(), candidate.picture.clone());
        let fill = FillRequest { settings: fill.outcome.settings, ..request.clone() };
        Some(MapRequest { fill, latent, picture, group })
    };
    [MapGroup::Uncertainty, MapGroup::Losses].into_iter().filter_map(request_of).collect()
}

/// The folder of a face: that of the photo for the first face, and a subfolder `face2` for the second.
pub(super) fn map_folder(folder: &Path, turn: usize) -> PathBuf {
    if turn == 1 { folder.to_path_buf() } else { folder.join(format!("face{turn}")) }
}

/// The file that shows a map.
fn picture_path(folder: &Path, kind: MapKind) -> PathBuf {
    folder.join(format!("{}.png", kind.id()))
}

/// Whether a folder holds maps of another fill.
pub(super) fn has_maps(folder: &Path) -> bool {
    folder.join(VALUES_NAME).exists() || MapKind::ALL.iter().any(|kind| picture_path(folder, *kind).exists())
}

impl FaceMaps {
    /// `hole` is that of the request.
    pub(super) fn new(folder: PathBuf, hole: Mask, sets: Vec<FaceMapSet>) -> Self {
        Self { folder, hole, sets }
    }

    /// What the map of uncertainty says.
    pub(super) fn uncertainty(&self) -> Option<&Uncertainty> {
        self.sets.iter().find_map(|set| set.uncertainty.as_ref())
    }

    /// Writes all maps over `filled`, the filled photo.
    pub(super) fn save(&self, photo: &Photo, filled: &DynamicImage) -> anyhow::Result<()> {
        let folder = &self.folder;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        for set in &self.sets {
            for map in &set.maps {
                let picture = self.picture(filled.to_rgba8(), set, map);
                let has_alpha = filled.color().has_alpha();
                let picture = DynamicImage::ImageRgba8(picture);
                let picture = if has_alpha { picture } else { DynamicImage::ImageRgb8(picture.into_rgb8()) };
                // The maps are in colour, so a grey photo's profile does not fit them.
                let profile = photo.metadata.icc_profile.as_deref().filter(|_| filled.color().has_color());
                let color_encoding = photo.metadata.color_encoding;
                let metadata = PngMetadata { color_encoding, ..PngMetadata::only_profile(profile) };
                save_png(&picture_path(folder, map.kind), &picture, &metadata, Overwrite::Allow)
                    .context("cannot write a map")?;
            }
        }
        let path = folder.join(VALUES_NAME);
        write_atomically(&path, &self.values()?, Overwrite::Allow).context("cannot write the values of the maps")
    }

    fn picture(&self, mut picture: RgbaImage, set: &FaceMapSet, map: &FaceMap) -> RgbaImage {
        paint_map(&mut picture, &self.hole, &set.frame, map);
        let text = LegendText::new(map, set.uncertainty.as_ref());
        paint_legend(&mut picture, &set.frame, map.kind, &text);
        picture
    }

    /// The values of all maps, `[side, side]` each; pixels that a map is not about are zero. The metadata hold the frame, as
    /// `--frame` takes it.
    fn values(&self) -> anyhow::Result<Vec<u8>> {
        let (mut tensors, mut metadata) = (BTreeMap::new(), BTreeMap::new());
        metadata.insert("format".to_owned(), "countenance-maps-1".to_owned());
        for set in &self.sets {
            let (x, y, side, degrees) = set.frame.numbers();
            metadata.insert("frame".to_owned(), format!("{x},{y},{side},{degrees}"));
            for map in &set.maps {
                let shown = map.values.iter().zip(&map.is_shown);
                let values = shown.map(|(value, is_shown)| if *is_shown { *value } else { 0.0 }).collect();
                let shape = vec![map.side_px, map.side_px];
                tensors.insert(map.kind.id().replace('-', "_"), WeightTensor { shape, values });
            }
        }
        Ok(serialize_safetensors(&tensors, &metadata, StoragePrecision::Single)?)
    }
}
