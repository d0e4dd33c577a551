//! Computes the maps of one candidate of a fill.

use std::sync::Arc;

use super::super::crop_preview::hole_in_crop;
use super::super::{FillError, FillRequest, NetworkCache, validate};
use super::{FaceMap, MapKind, Uncertainty};
use crate::catch_panic::catch_panic;
use crate::face::{Crop, CropError, crop};
use crate::face_picture::FacePicture;
use crate::geometry::{CropGrid, FaceFrame};
use crate::mask::Mask;
use crate::photo::Photo;
use crate::search::{ContextMaps, SearchProblem};

/// Identifies a request for maps, so that an answer can be matched to it.
pub type MapRequestId = u64;

/// Maps that are computed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapGroup {
    /// [`MapKind::Uncertainty`]: takes some seconds.
    Uncertainty,
    /// All others.
    Losses,
}

impl MapKind {
    /// The group of the map.
    #[must_use]
    pub fn group(self) -> MapGroup {
        if self == Self::Uncertainty { MapGroup::Uncertainty } else { MapGroup::Losses }
    }
}

/// The fill and the candidate whose maps are wanted.
#[derive(Clone, Debug)]
pub struct MapRequest {
    /// The fill. Its start is not used.
    pub fill: FillRequest,
    pub latent: Vec<f32>,
    /// G(latent).
    pub picture: Arc<FacePicture>,
    pub group: MapGroup,
}

/// Maps of one candidate, and where they lie in the photo.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceMapSet {
    pub frame: FaceFrame,
    /// In the order of [`MapKind::ALL`]. Without a discriminator there is no [`MapKind::PriorGradient`].
    pub maps: Vec<Arc<FaceMap>>,
    /// What [`MapKind::Uncertainty`] says.
    pub uncertainty: Option<Uncertainty>,
}

impl FaceMapSet {
    /// The map of this kind, if there is one.
    #[must_use]
    pub fn get(&self, kind: MapKind) -> Option<&Arc<FaceMap>> {
        self.maps.iter().find(|map| map.kind == kind)
    }
}

/// Computes the maps of a group. `progress` gets the share that is done, and returns whether to go on. `None` when it did
/// not.
///
/// # Errors
/// The same as for a fill.
pub fn draw_maps(
    cache: &mut NetworkCache,
    request: &MapRequest,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<Option<FaceMapSet>, FillError> {
    let MapRequest { fill, latent, picture, group } = request;
    fill.settings.validate()?;
    let model = cache.model_info(&fill.model)?;
    let size_px = model.image_size_px;
    let problem = validate::search_problem(fill, &fill.hole, size_px)?;
    if picture.side_px != problem.size_px || latent.len() != model.latent_dim {
        return Err(FillError::StartLatents { model: model.name });
    }
    let pixels = CropPixels::new(&fill.photo, &fill.hole, &fill.frame, size_px)?;
    let (device, networks) = cache.networks(fill.device, &fill.model)?;
    let frame = fill.frame;
    let computed = catch_panic(|| match group {
        MapGroup::Uncertainty => {
            let drawn = problem.completion_spread(&networks, latent, fill.settings.seed, progress)?;
            let map = pixels.map(MapKind::Uncertainty, drawn.spread);
            let uncertainty = Some(Uncertainty::of_map(&map, drawn.misfit_ratio));
            Some(FaceMapSet { frame, maps: vec![map.into()], uncertainty })
        }
        MapGroup::Losses => {
            let mut maps = context_maps(&problem, &pixels, fill, picture);
            let prior = problem.prior_map(&networks, &fill.settings, picture);
            maps.extend(prior.map(|prior| pixels.map(MapKind::PriorGradient, prior)));
            Some(FaceMapSet { frame, maps: maps.into_iter().map(Arc::new).collect(), uncertainty: None })
        }
    });
    computed.map_err(|reason| {
        cache.drop_networks();
        FillError::DeviceFailed { device: device.name, reason }
    })
}

/// The maps of the context loss. They need no networks.
fn context_maps(
    problem: &SearchProblem,
    pixels: &CropPixels,
    fill: &FillRequest,
    picture: &FacePicture,
) -> Vec<FaceMap> {
    let ContextMaps { weights, residual, pull } = problem.context_maps(&fill.settings.context, picture);
    vec![
        pixels.map(MapKind::Weights, weights),
        pixels.map(MapKind::Residual, residual),
        pixels.map(MapKind::ContextGradient, pull),
    ]
}

/// The crop's pixels that maps are about.
pub(super) struct CropPixels {
    size_px: usize,
    is_known: Vec<bool>,
    /// Ignored pixels and those outside the photo are neither known nor hole.
    is_hole: Vec<bool>,
}

impl CropPixels {
    pub fn new(photo: &Photo, hole: &Mask, frame: &FaceFrame, size_px: u32) -> Result<Self, CropError> {
        let Crop { known, .. } = crop(photo, hole, frame, size_px)?;
        let kept = crop(photo, &hole.without_ignored(), frame, size_px)?;
        let grid = CropGrid::new(frame, size_px).ok_or(CropError::Frame)?;
        let hole = hole_in_crop(&kept, hole, grid);
        let is_hole = (0..size_px).flat_map(|y| hole.row(y, 0..size_px)).collect();
        Ok(Self { size_px: size_px as usize, is_known: known.iter().map(|known| *known > 0.0).collect(), is_hole })
    }

    /// A map of these values.
    pub fn map(&self, kind: MapKind, values: Vec<f32>) -> FaceMap {
        let is_shown = if kind.is_of_hole() { &self.is_hole } else { &self.is_known };
        FaceMap::new(kind, self.size_px, values, is_shown.clone())
    }
}
