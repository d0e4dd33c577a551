//! Figure 6, first half: the parts of a fill, its two losses, and the same search with other weights λ.

use std::sync::Arc;

use image::RgbImage;

use super::drawing::{Drawing, Ink, number, to_f32};
use super::subject::{FaceProblem, SearchWay, Subject, search};
use crate::blend::{Blend, BlendMode, apply};
use crate::face::{CropError, crop};
use crate::face_picture::FacePicture;
use crate::mask::Mask;
use crate::model::Networks;
use crate::model::cpu::CpuActivations;
use crate::photo::Photo;
use crate::search::{Losses, Settings};

/// Factors on λ of the searches that are compared.
const LAMBDA_FACTORS: [f32; 4] = [0.0, 1.0, 10.0, 100.0];
/// λ where the user's is 0.
const FALLBACK_LAMBDA: f32 = 0.02;

/// The parts of a fill, as pictures of the model's size.
#[derive(Clone, Debug)]
pub struct FillParts {
    /// M: white where the photo is known.
    pub mask: Arc<RgbImage>,
    /// M⊙y.
    pub known: Arc<RgbImage>,
    /// (1−M)⊙G(ẑ).
    pub hidden: Arc<RgbImage>,
    /// Their sum.
    pub sum: Arc<RgbImage>,
    /// After Poisson blending.
    pub blended: Arc<RgbImage>,
    /// The losses of ẑ. The prior loss is that of the settings' form, also for λ = 0.
    pub losses: Losses,
    /// The λ of the search.
    pub lambda: f32,
    /// The same search with other weights.
    pub by_lambda: Vec<LambdaResult>,
}

/// What a search found with a weight λ.
#[derive(Clone, Debug)]
pub struct LambdaResult {
    pub lambda: f32,
    pub drawn: Arc<RgbImage>,
    pub losses: Losses,
}

impl FillParts {
    /// Computes the parts. `progress` gets the share that is done, and returns whether to go on. `None` when it did not.
    ///
    /// # Errors
    /// When the frame is too small.
    pub fn compute(
        networks: &Arc<Networks>,
        subject: &Subject,
        face: &FaceProblem,
        way: &SearchWay,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Option<Self>, CropError> {
        let side_px = face.known_picture.side_px;
        let black = FacePicture { side_px, pixels: vec![[-1.0; 3]; side_px * side_px] };
        let white = FacePicture { side_px, pixels: vec![[1.0; 3]; side_px * side_px] };
        let drawn = draw(networks, way.result(), side_px);
        let settings = subject.shown_settings();
        let Some(losses) = losses_of(networks, face, &settings, way.result()) else { return Ok(None) };
        let Some(by_lambda) = search_by_lambda(networks, subject, face, progress) else { return Ok(None) };
        let part = |known: &FacePicture, hidden: &FacePicture| {
            let shown = FaceProblem { known_picture: known.clone(), ..face.clone() };
            Arc::new(shown.completed_with(hidden).to_rgb8())
        };
        Ok(Some(Self {
            mask: part(&white, &black),
            known: part(&face.known_picture, &black),
            hidden: part(&black, &drawn),
            sum: part(&face.known_picture, &drawn),
            blended: Arc::new(blended(subject, &drawn, face)?.to_rgb8()),
            losses,
            lambda: settings.lambda,
            by_lambda,
        }))
    }
}

/// The search with several weights λ, each for one candidate from the same start. `None` when it was stopped.
fn search_by_lambda(
    networks: &Arc<Networks>,
    subject: &Subject,
    face: &FaceProblem,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Option<Vec<LambdaResult>> {
    let own = subject.own_settings();
    let lambda = if own.lambda > 0.0 { own.lambda } else { FALLBACK_LAMBDA };
    let mut results = Vec::new();
    for (index, factor) in LAMBDA_FACTORS.into_iter().enumerate() {
        // Without decay towards the start: the figure is about the two losses alone.
        let settings = Settings { lambda: lambda * factor, candidates: 1, anchor_decay: 0.0, ..own };
        let mut share = |share: f32| progress((to_f32(index) + share) / to_f32(LAMBDA_FACTORS.len()));
        let way = search(networks, &face.problem, settings, &mut share)?;
        let drawn = draw(networks, way.result(), face.known_picture.side_px);
        let losses = losses_of(networks, face, &settings, way.result())?;
        results.push(LambdaResult { lambda: settings.lambda, drawn: Arc::new(drawn.to_rgb8()), losses });
    }
    Some(results)
}

fn losses_of(networks: &Arc<Networks>, face: &FaceProblem, settings: &Settings, latent: &[f32]) -> Option<Losses> {
    face.problem.losses_at(networks, settings, &[latent.to_vec()], &mut |_| true)?.pop()
}

fn draw(networks: &Networks, latent: &[f32], side_px: usize) -> FacePicture {
    let drawn = networks.generate(1, latent, &mut CpuActivations::default());
    let first = FacePicture::of_batch(&drawn, side_px, 3).pop();
    first.map_or_else(|| FacePicture { side_px, pixels: vec![[0.0; 3]; side_px * side_px] }, Arc::unwrap_or_clone)
}

/// The face in the photo after Poisson blending, at the model's size.
fn blended(subject: &Subject, drawn: &FacePicture, face: &FaceProblem) -> Result<FacePicture, CropError> {
    let Subject { photo, hole, frame, blend, .. } = subject;
    let blend = Blend { mode: BlendMode::Poisson, ..*blend };
    let filled = Photo::from_pixels(apply(photo, hole, frame, blend, drawn));
    let size_px = u32::try_from(face.known_picture.side_px).unwrap_or(u32::MAX);
    let whole = crop(&filled, &Mask::empty(filled.width(), filled.height()), frame, size_px)?;
    Ok(FacePicture::from_planes(&whole.pixels))
}

/// Stands for an arrow, which the fonts lack.
const ARROW: &str = ">";

/// Draws M, M⊙y, (1−M)⊙G(ẑ), their sum, and the sum after blending.
#[must_use]
pub fn parts_figure(parts: &FillParts) -> Drawing {
    let (side, gap) = (104.0, 21.0);
    let mut drawing = Drawing::new(620.0, 148.0);
    let FillParts { mask, known, hidden, sum, blended, .. } = parts;
    let shown = [
        (mask, "M: what is known", ""),
        (known, "M·y", ""),
        (hidden, "(1 − M)·G(z*)", "+"),
        (sum, "Their sum", "="),
        (blended, "Poisson blending", ARROW),
    ];
    for (index, (picture, name, sign)) in shown.into_iter().enumerate() {
        let left = 8.0 + (side + gap) * to_f32(index);
        drawing.pixels([left, 4.0], side, picture);
        drawing.outline([left, 4.0], [left + side, 4.0 + side], 1.0, Ink::Border);
        let between = [left - gap / 2.0, 4.0 + side / 2.0];
        if sign == ARROW {
            drawing.arrow([between[0] - 7.0, between[1]], [between[0] + 7.0, between[1]], Ink::Strong);
        } else {
            drawing.text(between, [0.5, 0.5], Ink::Strong, sign);
        }
        drawing.small([left + side / 2.0, side + 10.0], [0.5, 0.0], Ink::Text, name);
    }
    drawing
}

/// Draws the two losses of the fill, weighed by a λ.
#[must_use]
pub fn loss_figure(parts: &FillParts, lambda: f32) -> Drawing {
    let mut drawing = Drawing::new(620.0, 92.0);
    let Losses { context, prior, .. } = parts.losses;
    let weighted = lambda * prior;
    // Each bar has its own length; the prior loss of CVPR 2017 is negative.
    let sum = (context.abs() + weighted.abs()).max(f32::MIN_POSITIVE);
    let width = 604.0;
    let split = 8.0 + width * context.abs() / sum;
    drawing.area([8.0, 8.0], [split, 36.0], Ink::Accent, 1.0);
    drawing.area([split, 8.0], [8.0 + width, 36.0], Ink::Warning, 1.0);
    drawing.text([8.0, 42.0], [0.0, 0.0], Ink::Accent, format!("context {}", number(context)));
    let product = format!("{} · {} = {}", number(lambda), number(prior), number(weighted));
    let text = format!("λ · prior = {product}");
    drawing.text([8.0 + width, 42.0], [1.0, 0.0], Ink::Warning, text);
    let share = 100.0 * weighted.abs() / sum;
    let total = format!("total loss {}: the prior counts {share:.0} %", number(context + weighted));
    drawing.text([8.0, 64.0], [0.0, 0.0], Ink::Strong, total);
    drawing
}

/// Draws the face that the search finds with each λ, beside the known pixels.
#[must_use]
pub fn lambda_figure(parts: &FillParts) -> Drawing {
    let (side, gap) = (108.0, 16.0);
    let mut drawing = Drawing::new(620.0, 184.0);
    let mut column = |index: usize, picture: &Arc<RgbImage>, lines: [(Ink, String); 3]| {
        let left = 8.0 + (side + gap) * to_f32(index);
        drawing.pixels([left, 4.0], side, picture);
        for (line, (ink, text)) in lines.into_iter().enumerate() {
            drawing.small([left, side + 10.0 + 17.0 * to_f32(line)], [0.0, 0.0], ink, text);
        }
    };
    let nothing = || (Ink::Text, String::new());
    column(0, &parts.known, [(Ink::Strong, "Known pixels".to_owned()), nothing(), nothing()]);
    for (index, LambdaResult { lambda, drawn, losses }) in parts.by_lambda.iter().enumerate() {
        let lines = [
            (Ink::Strong, format!("λ = {}", number(*lambda))),
            (Ink::Accent, format!("context {}", number(losses.context))),
            (Ink::Warning, format!("prior {}", number(losses.prior))),
        ];
        column(index + 1, drawn, lines);
    }
    drawing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::subject::tests::{subject, tiny_networks};

    fn at(picture: &RgbImage, index: usize) -> [u8; 3] {
        let [x, y] = [index % 16, index / 16].map(|place| u32::try_from(place).unwrap());
        picture.get_pixel(x, y).0
    }

    fn computed() -> (FaceProblem, FillParts) {
        let (networks, subject) = (tiny_networks(), subject());
        let face = subject.problem(16).unwrap();
        let way = subject.search_way(&networks, &face, &mut |_| true).unwrap();
        let parts = FillParts::compute(&networks, &subject, &face, &way, &mut |_| true).unwrap().unwrap();
        (face, parts)
    }

    #[test]
    fn the_parts_add_up_to_the_composite() {
        let (face, parts) = computed();
        let (mut known, mut hidden) = (0, 0);
        for (index, is_known) in face.is_known().enumerate() {
            let of = |picture: &RgbImage| at(picture, index);
            // Black is 0 in bytes, so that the sum of the parts is the composite.
            let sum = std::array::from_fn(|channel| of(&parts.known)[channel] + of(&parts.hidden)[channel]);
            assert_eq!(of(&parts.sum), sum, "{index}");
            assert_eq!(of(&parts.mask), [if is_known { 255 } else { 0 }; 3]);
            let (own, other) = if is_known { (&parts.known, &parts.hidden) } else { (&parts.hidden, &parts.known) };
            assert_eq!((of(own), of(other)), (sum, [0; 3]));
            if is_known { known += 1 } else { hidden += 1 }
        }
        assert!(known > 100 && hidden > 20, "{known} {hidden}");
    }

    #[test]
    fn blending_changes_the_hole_only() {
        let (face, parts) = computed();
        let mut changed = 0;
        for (index, is_known) in face.is_known().enumerate() {
            let is_same = at(&parts.sum, index) == at(&parts.blended, index);
            assert!(is_same || !is_known, "{index}");
            changed += usize::from(!is_same);
        }
        assert!(changed > 10, "{changed}");
    }

    #[test]
    fn lambda_weighs_the_prior_loss() {
        let (_, parts) = computed();
        let lambdas: Vec<f32> = parts.by_lambda.iter().map(|it| it.lambda).collect();
        assert!(lambdas[0] == 0.0 && (lambdas[1] - 0.02).abs() < 1e-6 && lambdas[3] > 1.0, "{lambdas:?}");
        let [without, most] = [0, 3].map(|index: usize| parts.by_lambda[index].losses);
        assert!(without.context <= most.context && most.prior <= without.prior, "{without:?} {most:?}");
        let share = |lambda: f32| {
            let drawing = loss_figure(&parts, lambda);
            drawing.texts().find_map(|text| Some(text.split_once("counts ")?.1.to_owned())).unwrap()
        };
        assert_eq!(share(0.0), "0 %");
        assert_ne!(share(1.0), share(0.01));
    }
}
