//! The settings of a training run. The file `config.json` of a run folder holds them.

use std::fmt::Display;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::TrainError;

/// The training method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainRecipe {
    /// The default. Trains G and D together with an encoder of masked faces, augments the faces and D's inputs, and
    /// exports a moving average of the weights. face-64 was trained this way, but without face augmentation and
    /// without strong discriminator augmentation.
    #[default]
    Encoder,
    /// Amos 2016: DCGAN with two steps of G for each step of D, and no encoder.
    Blog,
}

impl TrainRecipe {
    /// All recipes, in the order of the command-line help.
    pub const ALL: [Self; 2] = [Self::Encoder, Self::Blog];

    /// The name on the command line and in run folders.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Encoder => "encoder",
            Self::Blog => "blog",
        }
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Encoder => "With an encoder for masked faces, augmented faces and averaged weights",
            Self::Blog => "Amos 2016: a DCGAN, with two generator updates for each discriminator update",
        }
    }
}

/// The settings. A value that is missing in `config.json` takes its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainSettings {
    pub recipe: TrainRecipe,
    /// Side of the images in pixels: a power of two from 16 to 256.
    pub size_px: u32,
    /// Channels of the outermost layer of G and D; the innermost has eight times as many. E is three quarters as wide.
    pub width: u32,
    /// Length of a latent.
    pub latent_dim: u32,
    /// Faces per step.
    pub batch: u32,
    /// Steps of the whole run.
    pub steps: u64,
    pub seed: u64,
    pub learning_rate: f32,
    /// Weight of the gradient penalty on real faces (R1, Mescheder et al. 2018, arXiv 1801.04406). 0 turns it off.
    pub r1: f32,
    /// Steps between two checkpoints with samples and quality metrics.
    pub every: u64,
    /// File with `AlexNet`'s weights. With it, G has additional losses on `AlexNet`'s features.
    pub features: Option<PathBuf>,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            recipe: TrainRecipe::Encoder,
            size_px: 64,
            width: 64,
            latent_dim: 100,
            batch: 32,
            steps: 50_000,
            seed: 0,
            learning_rate: 2e-4,
            r1: 0.0,
            every: 1000,
            features: None,
        }
    }
}

impl TrainSettings {
    /// Checks that every value is in its range.
    ///
    /// # Errors
    /// Names the first value that is out of range.
    pub fn validate(&self) -> Result<(), TrainError> {
        let invalid = |what: &'static str, found: &dyn Display, expected: &'static str| {
            Err(TrainError::InvalidSetting { what, found: found.to_string(), expected })
        };
        if !self.size_px.is_power_of_two() || !(16..=256).contains(&self.size_px) {
            return invalid("size", &self.size_px, "use a power of two from 16 to 256, for example 64 or 128");
        }
        if !(1..=512).contains(&self.width) {
            return invalid("width", &self.width, "use 1 to 512, for example 64");
        }
        if !(1..=4096).contains(&self.latent_dim) {
            return invalid("latent length", &self.latent_dim, "use 1 to 4096, for example 100");
        }
        if !(2..=4096).contains(&self.batch) {
            return invalid("batch", &self.batch, "use 2 to 4096 faces, for example 32");
        }
        if self.steps == 0 || self.every == 0 {
            return invalid("number of steps", &0, "use 1 or more");
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 0.1) {
            let expected = "use more than 0 and at most 0.1, for example 0.0002";
            return invalid("learning rate", &self.learning_rate, expected);
        }
        if !(self.r1 >= 0.0 && self.r1 <= 1000.0) {
            return invalid("R1 weight", &self.r1, "use 0 to 1000, for example 1");
        }
        if let Some(path) = self.features.as_ref().filter(|_| self.recipe == TrainRecipe::Blog) {
            return invalid("features file", &path.display(), "leave it out with the blog recipe");
        }
        Ok(())
    }

    /// The first setting that prevents resuming a run with settings `saved`: its name, requested and saved value.
    pub(super) fn first_conflict(&self, saved: &Self) -> Option<(&'static str, String, String)> {
        let features = |settings: &Self| if settings.features.is_some() { "AlexNet" } else { "none" }.to_string();
        let pairs = [
            ("recipe", self.recipe.id().to_string(), saved.recipe.id().to_string()),
            ("size", self.size_px.to_string(), saved.size_px.to_string()),
            ("width", self.width.to_string(), saved.width.to_string()),
            ("latent length", self.latent_dim.to_string(), saved.latent_dim.to_string()),
            ("features", features(self), features(saved)),
        ];
        pairs.into_iter().find(|(_, requested, saved)| requested != saved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_settings_are_named() {
        let refused = |change: fn(&mut TrainSettings)| {
            let mut settings = TrainSettings::default();
            change(&mut settings);
            settings.validate().unwrap_err().to_string()
        };
        assert!(TrainSettings::default().validate().is_ok());
        insta::assert_snapshot!(refused(|settings| settings.size_px = 65), @"the size is 65: use a power of two from 16 to 256, for example 64 or 128");
        insta::assert_snapshot!(refused(|settings| settings.batch = 1), @"the batch is 1: use 2 to 4096 faces, for example 32");
        for change in [
            (|settings| settings.width = 0) as fn(&mut TrainSettings),
            |settings| settings.every = 0,
            |settings| settings.learning_rate = f32::NAN,
            |settings| settings.r1 = -1.0,
            |settings| settings.latent_dim = 0,
        ] {
            refused(change);
        }
    }

    #[test]
    fn missing_settings_take_their_defaults() {
        let read: TrainSettings = serde_json::from_str(r#"{"recipe": "blog", "width": 8}"#).unwrap();
        assert_eq!(read, TrainSettings { recipe: TrainRecipe::Blog, width: 8, ..TrainSettings::default() });
    }
}
