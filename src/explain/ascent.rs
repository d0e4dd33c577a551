//! Figure 5: why a hole is not filled by asking the discriminator alone. Gradient ascent of D changes the hidden pixels
//! themselves; the search changes only the latent, so that each step is a face of the generator (Amos 2016, "Projecting
//! onto the manifold").

use std::sync::Arc;

use image::RgbImage;

use super::drawing::{Axes, Drawing, Ink, number, to_f32};
use super::faces::logit_of;
use super::layers::probability;
use super::subject::{FaceProblem, SearchWay};
use crate::face_picture::FacePicture;
use crate::model::cpu::CpuActivations;
use crate::model::{NetworkBackend, Networks};

/// Steps of the ascent.
const STEPS: usize = 40;
/// Root mean square of the change of the hidden values in one step.
const STEP_SIZE: f32 = 0.04;

/// Both ways to fill a hole, step by step.
#[derive(Clone, Debug)]
pub struct Ascent {
    /// Gradient ascent of D on the hidden pixels.
    pub by_discriminator: Vec<Step>,
    /// The search: the known pixels, and in the hole the face of each iteration.
    pub by_search: Vec<Step>,
}

/// A picture, and what D says of it.
#[derive(Clone, Debug)]
pub struct Step {
    pub picture: Arc<RgbImage>,
    pub logit: f32,
}

impl Step {
    fn new(networks: &Networks, picture: &FacePicture) -> Option<Self> {
        Some(Self { picture: Arc::new(picture.to_rgb8()), logit: logit_of(networks, picture)? })
    }
}

impl Ascent {
    /// Computes both. `progress` gets the share that is done, and returns whether to go on. `None` when it did not, and for
    /// a model without a discriminator.
    #[must_use]
    pub fn compute(
        networks: &Networks,
        face: &FaceProblem,
        way: &SearchWay,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Option<Self> {
        let count = to_f32(STEPS + way.latents.len());
        let mut picture = face.completed_with_noise(0);
        let mut by_discriminator = vec![Step::new(networks, &picture)?];
        for step in 0..STEPS {
            if !progress(to_f32(step) / count) {
                return None;
            }
            climb(networks, face, &mut picture)?;
            by_discriminator.push(Step::new(networks, &picture)?);
        }
        let (mut by_search, mut activations) = (Vec::new(), CpuActivations::default());
        for (step, latent) in way.latents.iter().enumerate() {
            if !progress(to_f32(STEPS + step) / count) {
                return None;
            }
            let drawn = networks.generate(1, latent, &mut activations);
            let drawn = FacePicture::of_batch(&drawn, picture.side_px, 3).pop()?;
            by_search.push(Step::new(networks, &face.completed_with(&drawn))?);
        }
        Some(Self { by_discriminator, by_search })
    }

    /// Number of the last step.
    #[must_use]
    pub fn last_step(&self) -> usize {
        self.by_discriminator.len().max(self.by_search.len()).saturating_sub(1)
    }
}

/// One step of gradient ascent of D on the hidden pixels. `None` without a discriminator.
fn climb(networks: &Networks, face: &FaceProblem, picture: &mut FacePicture) -> Option<()> {
    let NetworkBackend::Cpu(cpu) = &networks.backend else { return None };
    let mut activations = CpuActivations::default();
    cpu.discriminate(1, picture.pixels.as_flattened(), &mut activations)?;
    let gradient = cpu.discriminate_backward(&[1.0], &mut activations)?;
    let is_hidden: Vec<bool> = face.is_known().map(|is_known| !is_known).collect();
    let hidden = || gradient.as_chunks::<3>().0.iter().zip(&is_hidden).filter(|(_, is_hidden)| **is_hidden);
    let squares: f32 = hidden().flat_map(|(channels, _)| channels).map(|slope| slope * slope).sum();
    let count = to_f32(3 * hidden().count().max(1));
    let factor = STEP_SIZE / (squares / count).sqrt().max(f32::MIN_POSITIVE);
    let pixels = picture.pixels.iter_mut().zip(gradient.as_chunks::<3>().0).zip(&is_hidden);
    for ((pixel, slopes), _) in pixels.filter(|(_, is_hidden)| **is_hidden) {
        for (value, slope) in pixel.iter_mut().zip(slopes) {
            *value = (*value + factor * slope).clamp(-1.0, 1.0);
        }
    }
    Some(())
}

/// Draws both pictures after a number of steps, and how D's logit has changed.
#[must_use]
pub fn ascent_figure(ascent: &Ascent, step: usize) -> Drawing {
    let mut drawing = Drawing::new(620.0, 500.0);
    let side = 256.0;
    let sides = [(44.0, "The pixels ask D", &ascent.by_discriminator), (320.0, "The search asks G", &ascent.by_search)];
    for (left, name, steps) in sides {
        let Some(shown) = steps.get(step).or(steps.last()) else { continue };
        drawing.text([left, 4.0], [0.0, 0.0], Ink::Strong, name);
        drawing.picture([left, 26.0], side, &shown.picture);
        let percent = 100.0 * probability(shown.logit);
        drawing.text(
            [left, 292.0],
            [0.0, 0.0],
            Ink::Text,
            format!("D: {} ({percent:.0} % photo)", number(shown.logit)),
        );
    }
    let logits = || ascent.by_discriminator.iter().chain(&ascent.by_search).map(|step| step.logit);
    let low = logits().fold(0.0, f32::min);
    let high = logits().fold(0.0, f32::max);
    let margin = 0.05 * (high - low).max(1.0);
    let last = to_f32(ascent.last_step().max(1));
    let axes = Axes { min: [44.0, 340.0], max: [576.0, 476.0], x: 0.0..last, y: low - margin..high + margin };
    axes.draw(&mut drawing, "Step number", "What D says: up is more like a photo");
    axes.curve(&mut drawing, [[0.0, 0.0], [last, 0.0]], 1.0, Ink::Border);
    for value in [low, high] {
        let at = axes.place([0.0, value]);
        drawing.small([at[0] - 4.0, at[1]], [1.0, 0.5], Ink::Weak, number(value));
    }
    let marker = to_f32(step.min(ascent.last_step()));
    axes.curve(&mut drawing, [[marker, axes.y.start], [marker, axes.y.end]], 1.0, Ink::Weak);
    for (steps, ink) in [(&ascent.by_discriminator, Ink::Warning), (&ascent.by_search, Ink::Accent)] {
        axes.curve(&mut drawing, (0..).zip(steps).map(|(index, step)| [to_f32(index), step.logit]), 2.0, ink);
    }
    let mut legend = |x: f32, ink, name: &str| {
        drawing.line(vec![[x, 488.0], [x + 18.0, 488.0]], 2.0, ink);
        drawing.small([x + 24.0, 488.0], [0.0, 0.5], Ink::Text, name);
    };
    legend(44.0, Ink::Warning, "The pixels ask D");
    legend(190.0, Ink::Accent, "The search asks G");
    drawing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::subject::tests::{subject, tiny_networks};

    fn computed() -> (FaceProblem, Ascent) {
        let (networks, subject) = (tiny_networks(), subject());
        let face = subject.problem(16).unwrap();
        let way = subject.search_way(&networks, &face, &mut |_| true).unwrap();
        let ascent = Ascent::compute(&networks, &face, &way, &mut |_| true).unwrap();
        (face, ascent)
    }

    #[test]
    fn asking_the_discriminator_raises_its_logit() {
        let (face, ascent) = computed();
        let logits: Vec<f32> = ascent.by_discriminator.iter().map(|step| step.logit).collect();
        assert_eq!(logits.len(), STEPS + 1);
        assert!(logits[STEPS] > logits[0] + 0.1, "{logits:?}");
        assert!(logits.windows(2).filter(|pair| pair[1] > pair[0]).count() > STEPS * 3 / 4, "{logits:?}");
        // Only the hole changes.
        let [first, last] = [0, STEPS].map(|step| &ascent.by_discriminator[step].picture);
        let changed = first.pixels().zip(last.pixels()).map(|(a, b)| a != b);
        assert!(changed.zip(face.is_known()).all(|(is_changed, is_known)| !(is_changed && is_known)));
        assert_ne!(first, last);
    }

    #[test]
    fn the_search_steps_are_those_of_its_way() {
        let (face, ascent) = computed();
        assert_eq!(ascent.by_search.len(), 7);
        assert_eq!(ascent.last_step(), STEPS);
        let own = face.known_picture.to_rgb8();
        let known = face.is_known().enumerate().filter(|(_, is_known)| *is_known);
        for (index, _) in known {
            let (x, y) = (u32::try_from(index % 16).unwrap(), u32::try_from(index / 16).unwrap());
            assert_eq!(ascent.by_search[6].picture.get_pixel(x, y), own.get_pixel(x, y));
        }
    }

    #[test]
    fn it_stops_when_asked() {
        let (networks, subject) = (tiny_networks(), subject());
        let face = subject.problem(16).unwrap();
        let way = subject.search_way(&networks, &face, &mut |_| true).unwrap();
        assert!(Ascent::compute(&networks, &face, &way, &mut |share| share < 0.5).is_none());
    }

    #[test]
    fn the_figure_follows_the_step() {
        let (_, ascent) = computed();
        let shown = |step| ascent_figure(&ascent, step).texts().map(str::to_owned).collect::<Vec<_>>();
        assert_ne!(shown(0), shown(STEPS));
        assert_eq!(shown(STEPS), shown(999));
    }
}
