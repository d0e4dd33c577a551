//! What the figures about a fill are computed from: a photo with a hole, and the way of its search.

use std::sync::Arc;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::convolution::Grid;
use crate::blend::Blend;
use crate::face::{Crop, CropError, crop};
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::model::Networks;
use crate::photo::Photo;
use crate::search::{OptimizerKind, Preset, Search, SearchProblem, Settings, Starts};

/// Most iterations of a search that are shown.
const MAX_SHOWN_ITERATIONS: usize = 40;
/// Most iterations and candidates of a search that is made for the figures.
const MAX_STEPS: u32 = 60;
const MAX_CANDIDATES: u32 = 4;

/// A face with a hole.
#[derive(Clone, Debug)]
pub struct Subject {
    pub photo: Arc<Photo>,
    pub hole: Mask,
    /// The user has not painted the hole: it is an example, and what it hides may be shown.
    pub is_example: bool,
    pub frame: FaceFrame,
    pub settings: Settings,
    pub blend: Blend,
    /// The fill that the user has made of it.
    pub fill: Option<FinishedSearch>,
}

/// A search that the user has run.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedSearch {
    /// SHA-256 of its model.
    pub model_sha256: String,
    /// ẑ.
    pub result: Vec<f32>,
    /// The number and the latent of each iteration; none for a face that was mixed.
    pub iterations: Vec<(u32, Vec<f32>)>,
}

/// The way of one candidate through the latent space.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchWay {
    /// The number of each shown iteration.
    pub numbers: Vec<u32>,
    /// Their latents, and last the result.
    pub latents: Vec<Vec<f32>>,
}

/// A subject at the model's size.
#[derive(Clone, Debug)]
pub struct FaceProblem {
    pub problem: SearchProblem,
    /// y, with grey where nothing is known.
    pub known_picture: FacePicture,
}

impl Subject {
    /// The crop of the face, without what is below the hole.
    ///
    /// # Errors
    /// When the frame is too small.
    pub fn problem(&self, size_px: u32) -> Result<FaceProblem, CropError> {
        let Crop { pixels, known, .. } = crop(&self.photo, &self.hole, &self.frame, size_px)?;
        let known_picture = FacePicture::from_planes(&pixels);
        Ok(FaceProblem { problem: SearchProblem::fill(size_px as usize, pixels, known), known_picture })
    }

    /// The crop of the face as it may be shown: without what the user has painted over.
    ///
    /// # Errors
    /// When the frame is too small.
    pub fn visible_face(&self, size_px: u32) -> Result<Crop, CropError> {
        let painted =
            if self.is_example { Mask::empty(self.hole.width(), self.hole.height()) } else { self.hole.clone() };
        crop(&self.photo, &painted, &self.frame, size_px)
    }

    /// Brightness of the face in 5 × 5 and in 3 × 3 blocks, in whole numbers from 0 to 9.
    ///
    /// # Errors
    /// When the frame is too small.
    pub fn blocks(&self) -> Result<[Grid; 2], CropError> {
        let blocks = |side: usize| -> Result<Grid, CropError> {
            let crop = self.visible_face(u32::try_from(side).unwrap_or(1))?;
            let face = FacePicture::from_planes(&crop.pixels);
            let level = |[red, green, blue]: [f32; 3]| (0.299 * red + 0.587 * green + 0.114 * blue + 1.0) * 4.5;
            let value = |row: usize, column: usize| face.pixels.get(row * side + column).copied().map_or(0.0, level);
            Ok(Grid::from_fn(side, |row, column| value(row, column).round()))
        };
        Ok([blocks(5)?, blocks(3)?])
    }

    /// The way of the search: the user's, if the model is the same, or else that of a search made now. `progress` gets the
    /// share that is done, and returns whether to go on. `None` when it did not.
    ///
    /// # Panics
    /// When a GPU is lost or out of memory.
    #[must_use]
    pub fn search_way(
        &self,
        networks: &Arc<Networks>,
        face: &FaceProblem,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Option<SearchWay> {
        let info = &networks.info;
        let fits = |fill: &&FinishedSearch| fill.model_sha256 == info.sha256 && fill.result.len() == info.latent_dim;
        if let Some(fill) = self.fill.as_ref().filter(fits) {
            return Some(SearchWay::new(&fill.iterations, fill.result.clone()));
        }
        let settings = self.own_settings();
        search(networks, &face.problem, settings, progress)
    }

    /// The settings of the search that is shown.
    #[must_use]
    pub fn shown_settings(&self) -> Settings {
        if self.fill.is_some() { self.settings } else { self.own_settings() }
    }

    /// Settings for a search that the figures make themselves: the user's, but short, and from a good start. Hamiltonian
    /// Monte Carlo would take too long, and has no way downhill.
    #[must_use]
    pub fn own_settings(&self) -> Settings {
        let is_hmc = self.settings.optimizer == OptimizerKind::Hmc;
        let own = if is_hmc { Preset::Best.settings() } else { self.settings };
        Settings {
            steps: own.steps.clamp(1, MAX_STEPS),
            candidates: own.candidates.clamp(1, MAX_CANDIDATES),
            starts: Starts::Encoder,
            ..own
        }
    }
}

impl SearchWay {
    /// The way through these iterations, evenly thinned, to its result.
    fn new(iterations: &[(u32, Vec<f32>)], result: Vec<f32>) -> Self {
        let stride = iterations.len().div_ceil(MAX_SHOWN_ITERATIONS).max(1);
        let shown = || iterations.iter().step_by(stride);
        Self {
            numbers: shown().map(|(number, _)| *number).collect(),
            latents: shown().map(|(_, latent)| latent.clone()).chain([result]).collect(),
        }
    }

    /// ẑ.
    #[must_use]
    pub fn result(&self) -> &[f32] {
        self.latents.last().map_or(&[], Vec::as_slice)
    }
}

/// Runs a search and returns the way of its best candidate.
pub(super) fn search(
    networks: &Arc<Networks>,
    problem: &SearchProblem,
    settings: Settings,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Option<SearchWay> {
    let mut search = Search::new(networks.clone(), problem, settings);
    while !search.is_done() {
        let done = super::drawing::to_f32(search.iterations_done() as usize);
        if !progress(done / super::drawing::to_f32(settings.steps.max(1) as usize)) {
            return None;
        }
        search.advance();
    }
    let iterations = search.take_iterations();
    let best = search.best()?;
    let by_total = |a: &usize, b: &usize| best.losses[*a].total.total_cmp(&best.losses[*b].total);
    let index = (0..best.losses.len()).min_by(by_total)?;
    let dim = networks.info.latent_dim;
    let latent = |latents: &[f32]| latents.chunks_exact(dim.max(1)).nth(index).map(<[f32]>::to_vec);
    let iterations: Vec<(u32, Vec<f32>)> =
        iterations.iter().filter_map(|it| Some((it.number, latent(&it.latents)?))).collect();
    Some(SearchWay::new(&iterations, best.latents.get(index)?.clone()))
}

impl FaceProblem {
    /// Whether each pixel is known.
    pub fn is_known(&self) -> impl Iterator<Item = bool> + '_ {
        self.problem.known.iter().map(|known| *known > 0.0)
    }

    /// The known pixels, and those of another picture elsewhere: `M⊙y + (1−M)⊙picture`.
    #[must_use]
    pub fn completed_with(&self, picture: &FacePicture) -> FacePicture {
        let pixels = self.is_known().zip(&self.known_picture.pixels).zip(&picture.pixels);
        let pixel = |((is_known, own), other): ((bool, &[f32; 3]), &[f32; 3])| if is_known { *own } else { *other };
        FacePicture { side_px: picture.side_px, pixels: pixels.map(pixel).collect() }
    }

    /// The known pixels, and noise in the hole.
    #[must_use]
    pub fn completed_with_noise(&self, seed: u64) -> FacePicture {
        let side_px = self.known_picture.side_px;
        self.completed_with(&noise_picture(side_px, seed))
    }
}

/// A picture of independent values.
#[must_use]
pub fn noise_picture(side_px: usize, seed: u64) -> FacePicture {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let pixels = (0..side_px * side_px).map(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0))).collect();
    FacePicture { side_px, pixels }
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact")]

    use super::*;
    use crate::model::cpu::CpuPrecision;
    use crate::model::{ModelFile, TINY_MODEL};

    pub fn tiny_networks() -> Arc<Networks> {
        let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
        Arc::new(Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap())
    }

    /// A small photo with a hole in the middle of its frame.
    pub fn subject() -> Subject {
        let pixels = image::RgbImage::from_fn(24, 24, |x, y| {
            let value = u8::try_from((x * 9 + y * 3) % 256).unwrap();
            image::Rgb([value, 255 - value, 128])
        });
        Subject {
            photo: Arc::new(Photo::from_pixels(pixels.into())),
            hole: Mask::from_fn(24, 24, |x, y| (8..16).contains(&x) && (10..18).contains(&y)),
            is_example: false,
            frame: FaceFrame::centered(24, 24),
            settings: Settings { steps: 6, candidates: 2, ..Preset::Best.settings() },
            blend: Blend::default(),
            fill: None,
        }
    }

    #[test]
    fn what_is_painted_over_is_not_shown() {
        let shown = |subject: &Subject| subject.visible_face(16).unwrap().known.iter().sum::<f32>();
        assert!(shown(&subject()) < 256.0);
        assert_eq!(shown(&Subject { is_example: true, ..subject() }), 256.0);
        let mut other = subject();
        let mut pixels = other.photo.pixels.to_rgb8();
        pixels.enumerate_pixels_mut().filter(|(x, y, _)| other.hole.is_hole(*x, *y)).for_each(|(.., it)| it.0 = [0; 3]);
        other.photo = Arc::new(Photo::from_pixels(pixels.into()));
        assert_eq!(other.problem(16).unwrap().known_picture, subject().problem(16).unwrap().known_picture);
    }

    #[test]
    fn blocks_are_the_brightness_of_the_photo() {
        let grey = |left: u8, right: u8| {
            let pixels = image::RgbImage::from_fn(24, 24, |x, _| image::Rgb([if x < 12 { left } else { right }; 3]));
            Subject { photo: Arc::new(Photo::from_pixels(pixels.into())), is_example: true, ..subject() }
        };
        let [large, small] = grey(0, 255).blocks().unwrap();
        assert_eq!((large.side, &large.values[..5]), (5, &[0.0, 0.0, 5.0, 9.0, 9.0][..]));
        assert_eq!((small.side, &small.values[..3]), (3, &[0.0, 5.0, 9.0][..]));
    }

    #[test]
    fn the_search_way_ends_at_the_best_latent() {
        let (networks, subject) = (tiny_networks(), subject());
        let face = subject.problem(16).unwrap();
        let mut shares = Vec::new();
        let way = subject.search_way(&networks, &face, &mut |share| {
            shares.push(share);
            true
        });
        let way = way.unwrap();
        assert_eq!((way.numbers, way.latents.len()), ((1..=6).collect(), 7));
        assert!(shares.len() == 6 && shares[0] == 0.0 && shares.is_sorted());
        let total = |latent: &[f32]| {
            let losses = face.problem.losses_at(&networks, &subject.settings, &[latent.to_vec()], &mut |_| true);
            losses.unwrap()[0].total
        };
        assert!(total(way.latents.last().unwrap()) <= total(&way.latents[0]));
        assert!(subject.search_way(&networks, &face, &mut |share| share < 0.4).is_none());
    }

    #[test]
    fn the_users_way_is_taken_for_the_same_model_only() {
        let networks = tiny_networks();
        let iterations: Vec<(u32, Vec<f32>)> = (1..=90).map(|number| (number, vec![0.1; 8])).collect();
        let fill = |sha256: &str| FinishedSearch {
            model_sha256: sha256.to_owned(),
            result: vec![0.5; 8],
            iterations: iterations.clone(),
        };
        let way = |sha256: &str| {
            let subject = Subject { fill: Some(fill(sha256)), ..subject() };
            let face = subject.problem(16).unwrap();
            subject.search_way(&networks, &face, &mut |_| true).unwrap()
        };
        let own = way(&networks.info.sha256);
        assert!(own.result() == [0.5; 8] && own.numbers.len() <= 40 && own.numbers[1] == 4);
        assert_ne!(way("other").result(), [0.5; 8]);
    }
}
