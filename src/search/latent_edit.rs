//! Edits of a finished fill: its latent moves along directions of the model, and the search goes on from there.
//!
//! A direction is not free of side effects: it changes known pixels, too. So a few steps follow that lower the total
//! loss. They are orthogonal to the directions of the edit, so that the attributes stay where the user has put them. If the
//! face still agrees with the known pixels much less than before, the edit is taken back by as much as it takes: the photo
//! limits what can be changed.
//!
//! One direction belongs to the photo, not to the model: towards the mirrored other half of the face. It leads to where a
//! search ends that believes the mirror images in the hole, too. That search starts where the encoder sees the face with
//! the mirrored half, relative to the face with its fill.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::problem::SearchProblem;
use super::search_loop::Search;
use super::{Clipping, OptimizerKind, Schedule, Settings};
use crate::face_picture::FacePicture;
use crate::model::cpu::CpuActivations;
use crate::model::{Networks, read_values};
use crate::serde_floats;

/// Largest amount of an edit, in units of a direction: most faces lie within two standard deviations.
pub const MAX_EDIT_AMOUNT: f32 = 3.0;
/// Steps after a move by one unit or more. Smaller moves get fewer, so that the face does not jump away from the slider's 0.
const EDIT_STEPS: u32 = 16;
/// Learning rate of Adam in these steps.
const EDIT_LEARNING_RATE: f32 = 0.02;
/// The context loss of an edited face may be this many times that of the face before.
const MAX_CONTEXT_RISE: f32 = 1.1;
/// Steps on the way back from an edited latent to the one before, among which the last one within that limit is chosen.
const WAY_BACK_STEPS: u8 = 16;
/// A direction that is shorter than this after those before it were taken out adds nothing to them.
const MIN_LENGTH: f32 = 1e-4;

/// An edit of a latent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatentEdit {
    /// The latent before the edit.
    #[serde(with = "serde_floats")]
    pub latent: Vec<f32>,
    /// How far the latent moves along each direction of the model, in units, by its name.
    #[serde(default)]
    pub amounts: BTreeMap<String, f32>,
    /// How far the hole moves towards the mirrored other half of the face: 0 not at all, 1 all the way.
    #[serde(default)]
    pub other_half: f32,
}

impl LatentEdit {
    /// An edit of this latent that changes nothing yet. Values are clamped to [-1, 1]: those from a file may lie outside.
    #[must_use]
    pub fn of(latent: &[f32]) -> Self {
        Self { latent: latent.iter().map(|value| value.clamp(-1.0, 1.0)).collect(), ..Self::default() }
    }

    /// Whether the edit changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.other_half == 0.0 && self.amounts.values().all(|amount| *amount == 0.0)
    }

    /// Steps of the search after the move.
    fn steps(&self) -> u32 {
        let furthest = self.amounts.values().fold(self.other_half, |furthest, amount| furthest.max(amount.abs()));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 16")]
        let steps = (f64::from(EDIT_STEPS) * f64::from(furthest.min(1.0))).ceil() as u32;
        steps.max(1)
    }

    /// Whether all amounts are in range.
    #[must_use]
    pub fn is_in_range(&self) -> bool {
        let in_range = |amount: &f32| (-MAX_EDIT_AMOUNT..=MAX_EDIT_AMOUNT).contains(amount);
        self.amounts.values().all(in_range) && (0.0..=1.0).contains(&self.other_half)
    }
}

impl Settings {
    /// The settings of this edit of a candidate of a search with these settings.
    #[must_use]
    pub fn for_edit(self, edit: &LatentEdit) -> Self {
        Self {
            steps: edit.steps(),
            optimizer: OptimizerKind::Adam,
            learning_rate: EDIT_LEARNING_RATE,
            schedule: Schedule::Cosine,
            clipping: Clipping::Hard,
            noise: 0.0,
            candidates: 1,
            ..self
        }
    }
}

impl SearchProblem {
    /// The problem with the mirror images of known pixels in the hole, where the mirror image of the hole is known. `None`
    /// when it is hidden, too.
    fn mirrored(&self) -> Option<Self> {
        let (side, area) = (self.size_px, self.size_px * self.size_px);
        let mut mirrored = self.clone();
        for pixel in (0..area).filter(|pixel| self.known[*pixel] == 0.0) {
            let opposite = pixel / side * side + (side - 1 - pixel % side);
            mirrored.known[pixel] = self.known[opposite];
            for channel in (0..3).map(|channel| channel * area) {
                mirrored.pixels[channel + pixel] = self.pixels[channel + opposite];
            }
        }
        (mirrored.known != self.known).then_some(mirrored)
    }

    /// The same known pixels, of which those that `other` does not know are taken from a picture `[side, side, 3]`.
    fn filled_like(&self, other: &Self, picture: &[f32]) -> Self {
        let area = self.size_px * self.size_px;
        let mut filled = self.clone();
        for pixel in (0..area).filter(|pixel| other.known[*pixel] == 0.0) {
            for channel in 0..3 {
                filled.pixels[channel * area + pixel] = picture[3 * pixel + channel];
            }
        }
        filled
    }

    /// The encoder's latent of the known pixels. `None` without an encoder.
    fn encode(&self, networks: &Networks) -> Option<Vec<f32>> {
        networks.encode(FacePicture::from_planes(&self.pixels).pixels.as_flattened(), &self.known)
    }
}

impl Search {
    /// Starts all candidates at an edited latent, and keeps its attributes where they are. Call it before the first
    /// iteration. Directions that the model does not have are left out.
    ///
    /// # Panics
    /// When the latent does not have `latent_dim` values.
    pub fn start_edited(&mut self, edit: &LatentEdit) {
        let amount_of = |name: &str| edit.amounts.get(name).copied().unwrap_or_default();
        let directions = self.networks.directions.iter();
        let mut moves: Vec<Vec<f32>> = directions
            .map(|direction| (amount_of(&direction.name), &direction.vector))
            .filter(|(amount, _)| *amount != 0.0)
            .map(|(amount, vector)| vector.iter().map(|value| amount * value).collect())
            .collect();
        if edit.other_half != 0.0
            && let Some(direction) = self.direction_to_other_half(&edit.latent)
        {
            moves.push(direction.into_iter().map(|value| edit.other_half * value).collect());
        }
        let mut start = edit.latent.clone();
        for step in &moves {
            start.iter_mut().zip(step).for_each(|(value, step)| *value += step);
        }
        let start: Vec<f32> = start.into_iter().map(|value| value.clamp(-1.0, 1.0)).collect();
        let [candidates, latent_dim] = self.latents.dims();
        self.start_at(&start.repeat(candidates));
        let before = TensorData::new(edit.latent.clone(), [1, latent_dim]);
        self.edited_from = Some(Tensor::from_data(before, &self.latents.device()));
        let basis = orthonormal_basis(&moves);
        self.held = (!basis.is_empty()).then(|| {
            let shape = [basis.len(), latent_dim];
            Tensor::from_data(TensorData::new(basis.concat(), shape), &self.latents.device())
        });
    }

    /// The direction from a latent towards the mirrored other half of the face: to where a search ends that also believes
    /// the mirror images in the hole. `None` when the other half is hidden, too, or without an encoder.
    fn direction_to_other_half(&self, latent: &[f32]) -> Option<Vec<f32>> {
        let mirrored = self.problem.mirrored()?;
        let picture = self.networks.generate(1, latent, &mut CpuActivations::default());
        let to = mirrored.encode(&self.networks)?;
        let from = mirrored.filled_like(&self.problem, &picture).encode(&self.networks)?;
        let guess =
            latent.iter().zip(to.iter().zip(from)).map(|(value, (to, from))| (value + to - from).clamp(-1.0, 1.0));
        let settings = Settings { steps: EDIT_STEPS, candidates: 1, ..self.settings };
        let mut search = Self::new(self.networks.clone(), &mirrored, settings);
        search.start_at(&guess.collect::<Vec<_>>());
        while !search.is_done() {
            search.advance();
        }
        let found = search.best()?.latents.into_iter().next()?;
        Some(found.iter().zip(latent).map(|(found, value)| found - value).collect())
    }

    /// After the last step of an edit: goes back towards the latent before the edit until the context loss is at most
    /// a tenth higher than there. Does nothing for other searches or when called again.
    pub(super) fn finish_edit(&mut self) {
        let (Some(before), Some(best)) = (self.edited_from.take(), &self.best) else { return };
        let shares: Vec<f32> = (0..=WAY_BACK_STEPS).map(|step| f32::from(step) / f32::from(WAY_BACK_STEPS)).collect();
        let shape = [shares.len(), 1];
        let shares = Tensor::<2>::from_data(TensorData::new(shares, shape), &before.device());
        let way = (best.latents.clone().narrow(0, 0, 1) - before.clone()) * shares + before;
        let current = std::mem::replace(&mut self.latents, way);
        let scored = self.evaluate().scored;
        self.latents = current;
        let contexts = read_values(scored.losses.context.clone());
        let limit = contexts.first().map_or(f32::INFINITY, |context| context * MAX_CONTEXT_RISE);
        let furthest = contexts.iter().take_while(|context| **context <= limit).count().saturating_sub(1);
        self.best = Some(scored.rows(furthest..furthest + 1));
    }

    /// Takes what changes a held attribute out of a step of the latents.
    pub(super) fn hold_attributes(&self, before: Tensor<2>, after: Tensor<2>) -> Tensor<2> {
        let Some(held) = &self.held else { return after };
        let along = (after.clone() - before).matmul(held.clone().transpose()).matmul(held.clone());
        after - along
    }
}

/// Gram and Schmidt: an orthonormal basis of the space that these vectors span.
fn orthonormal_basis(vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let mut basis: Vec<Vec<f32>> = Vec::new();
    for vector in vectors {
        let mut rest = vector.clone();
        for unit in &basis {
            let along = dot(&rest, unit);
            rest.iter_mut().zip(unit).for_each(|(value, unit)| *value -= along * unit);
        }
        let length = dot(&rest, &rest).sqrt();
        if length > MIN_LENGTH {
            basis.push(rest.into_iter().map(|value| value / length).collect());
        }
    }
    basis
}

#[cfg(test)]
mod tests;
