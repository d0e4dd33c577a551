//! Everything a person can set about one search.

use serde::{Deserialize, Serialize};

use super::setting_table::SETTINGS;
use super::{Clipping, Norm, OptimizerKind, Preset, PriorForm, Reduction, Schedule, SettingsError, Starts};
use crate::restore::ImageTask;

/// The settings of the context loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContextSettings {
    pub reduction: Reduction,
    pub norm: Norm,
    /// Side of the window that counts hole pixels, odd, in crop pixels.
    pub window_px: u32,
    /// 0: every known pixel counts the same. 1: only those near the hole count (CVPR 2017).
    pub focus: f32,
    /// Weight of the differences between neighbouring pixels, by the same norm and reduction. They make textures and
    /// edges count (gradient difference loss, Mathieu et al. 2016, arXiv 1511.05440; in a latent search, arXiv
    /// 1812.01071). 0 turns them off. Large weights come nearer to the truth on average but blur: a smooth fill has the
    /// smallest differences.
    #[serde(default)]
    pub gradient: f32,
}

/// The settings of Hamiltonian Monte Carlo, in the blog's notation L, ε, β.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HmcSettings {
    /// L: leapfrog steps in one trajectory.
    pub leapfrog_steps: u32,
    /// ε: length of a leapfrog step.
    pub step_size: f32,
    /// β: inverse temperature. Larger values stay nearer to the best fill.
    pub beta: f32,
    /// Factor on β after each trajectory.
    pub anneal: f32,
}

/// The settings of one search. [`SETTINGS`] describes each of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Iterations.
    pub steps: u32,
    /// λ, the weight of the prior loss. 0 leaves the discriminator out, which halves the time of a step.
    pub lambda: f32,
    pub learning_rate: f32,
    pub schedule: Schedule,
    pub optimizer: OptimizerKind,
    /// Standard deviation of the noise added to the latents at the start. It falls to zero at three quarters of the
    /// steps (`StyleGAN2`'s projector).
    #[serde(default)]
    pub noise: f32,
    /// How strongly each step pulls a latent back to its start, times the share of the crop that lies deep in the hole.
    /// When much of the face is hidden, the known pixels say too little and the encoder's guess is better. Random
    /// starts do not pull: they carry no information about the photo.
    #[serde(default, rename = "hold")]
    pub anchor_decay: f32,
    /// Latents optimised together.
    pub candidates: u32,
    pub starts: Starts,
    /// Share of a random latent in the last candidate's start, 0 to 1. The first candidate starts at the encoder's
    /// guess, the others evenly between.
    pub start_spread: f32,
    pub seed: u64,
    pub context: ContextSettings,
    pub prior: PriorForm,
    pub clipping: Clipping,
    pub hmc: HmcSettings,
    /// What is recovered. Files of earlier versions have only fills.
    #[serde(default, skip_serializing_if = "ImageTask::is_fill")]
    pub task: ImageTask,
}

impl Default for Settings {
    fn default() -> Self {
        Preset::default().settings()
    }
}

impl Settings {
    /// The most candidates one batch may hold.
    pub const MAX_CANDIDATES: u32 = 256;
    /// The most steps one search may take.
    pub const MAX_STEPS: u32 = 100_000;

    /// The same settings with only the differences of known pixels in the loss: no prior, no gradients.
    /// Such losses are comparable between models and photos.
    #[must_use]
    pub fn pixel_loss_only(self) -> Self {
        Self { lambda: 0.0, context: ContextSettings { gradient: 0.0, ..self.context }, ..self }
    }

    /// Whether the discriminator takes part in the loss.
    pub(super) fn uses_discriminator(&self) -> bool {
        self.lambda > 0.0
    }

    /// Checks every range.
    ///
    /// # Errors
    /// Names the first setting that is out of range, its value and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if let Some(parameter) = self.task.invalid_parameter() {
            let (name, value, expected) = (parameter.id, parameter.value.to_string(), parameter.expected());
            return Err(SettingsError { name, value, expected });
        }
        SETTINGS.iter().try_for_each(|setting| setting.check(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_with_a_removed_field_are_read() {
        let settings = Settings { steps: 60, anchor_decay: 5.0, ..Preset::Best.settings() };
        let mut json = serde_json::to_value(settings).unwrap();
        json["context"]["symmetry"] = 1.0_f64.into();
        assert_eq!(serde_json::from_str::<Settings>(&json.to_string()).unwrap(), settings);
    }
}
