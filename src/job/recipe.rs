//! Provenance: how a fill was made, with everything that a repetition needs besides the photo and the model.
//!
//! The provenance is JSON in a compressed text chunk of the exported PNG, under [`Recipe::KEYWORD`]. The XMP packet
//! also says that the picture has generated parts. The mask is included, so that the exported file and the photo are
//! enough to repeat a fill. The photo is identified by the hash of its pixels, so that a copy in another lossless
//! format counts as the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::{Candidate, DeviceInfo, FillOutcome, Start};
use crate::blend::{self, Blend};
use crate::face::FaceFrame;
use crate::mask::{Mask, MaskFileError, decode_mask, encode_mask_png};
use crate::photo::{Extras, Photo, SaveError, TextError, read_png_text, with_source_type};
use crate::search::{Preset, Settings};

/// Prefix of every version of the format.
const FORMAT_FAMILY: &str = "countenance-recipe-";
const FORMAT: &str = "countenance-recipe-1";

/// IPTC digital source type for a photo with parts from a trained model (version of 2024).
const SOURCE_TYPE: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/// Why provenance cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(
        "the file has no fill record: it was exported without a record or by another program, or a program removed it; \
         use the PNG that Countenance wrote"
    )]
    None,
    #[error("the file was made by a newer Countenance ({format}): update this one and try again")]
    Newer { format: String },
    #[error("the record in the file is damaged: use another copy of the file")]
    Damaged { source: serde_json::Error },
    #[error("the mask in the file's record cannot be read: use another copy of the file")]
    Mask { source: MaskFileError },
    #[error("the mask in the file's record is not the one that was filled: use another copy of the file")]
    MaskChanged,
}

/// What an exported file shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// The whole photo, with the fill.
    #[default]
    Photo,
    /// Only the fill, on a transparent background.
    Layer,
}

/// Identifies the photo that was filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoMark {
    pub width: u32,
    pub height: u32,
    /// For example `rgb8`.
    pub color: String,
    /// [`Photo::sha256`].
    pub sha256: String,
}

impl PhotoMark {
    fn of(photo: &Photo) -> Self {
        Self { width: photo.width(), height: photo.height(), color: photo.color_name(), sha256: photo.sha256() }
    }
}

/// Identifies the model that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelMark {
    pub name: String,
    /// SHA-256 of the model file.
    pub sha256: String,
}

/// The hole that was filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MaskRecord {
    /// [`Mask::sha256`].
    sha256: String,
    /// PNG with one bit per pixel, white in the hole, in base64.
    png: String,
}

/// Provenance of a fill. Field names and meanings are part of the file format: other programs may read them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    format: String,
    /// Version of the program that made the fill.
    pub version: String,
    #[serde(default)]
    pub content: Content,
    pub photo: PhotoMark,
    pub model: ModelMark,
    /// For example "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub device: String,
    /// The preset with these settings, if there is one.
    pub preset: Option<Preset>,
    /// Settings at the end of the search. For a mix: settings that only draw its latent.
    pub settings: Settings,
    /// Where the search started.
    #[serde(default, skip_serializing_if = "Start::is_as_set")]
    pub start: Start,
    pub frame: FaceFrame,
    pub blend: Blend,
    /// Index of the shown candidate, from 0.
    pub candidate: usize,
    /// Iterations done.
    pub steps: u32,
    /// Gradient evaluations done.
    pub evaluations: u32,
    pub stopped_early: bool,
    /// λ, steps or the hole changed during the search, so that a repetition may give another result.
    pub changed_on_the_way: bool,
    /// The shown candidate is a mix that the user made: drawn from its latent, without a search.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
    mask: MaskRecord,
}

/// A finished fill with its inputs.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    pub photo: &'a Photo,
    pub hole: &'a Mask,
    pub frame: FaceFrame,
    pub blend: Blend,
    pub outcome: &'a FillOutcome,
    /// Index of the shown candidate, from 0.
    pub candidate: usize,
}

impl Made<'_> {
    /// The picture to export. `None` when the candidate does not exist.
    #[must_use]
    pub fn picture(&self, content: Content) -> Option<image::DynamicImage> {
        let draw = match content {
            Content::Photo => blend::apply,
            Content::Layer => blend::layer,
        };
        let candidate = self.outcome.candidates.get(self.candidate)?;
        Some(draw(self.photo, self.hole, &self.frame, self.blend, &candidate.pixels, self.outcome.size_px))
    }

    /// Metadata of the exported file: all metadata of the photo's file, or only its colour profile for a layer.
    /// `recipe` is added when given.
    #[must_use]
    pub fn extras(&self, content: Content, recipe: Option<&Recipe>) -> Extras<'_> {
        let mut extras = match content {
            Content::Photo => self.photo.extras(),
            // Layers are RGB, so a grey profile would not fit.
            Content::Layer if self.photo.pixels.color().has_color() => {
                Extras::profile(self.photo.icc_profile.as_deref())
            }
            Content::Layer => Extras::default(),
        };
        if let Some(recipe) = recipe {
            extras.xmp = Some(with_source_type(extras.xmp.as_deref(), SOURCE_TYPE).into_bytes().into());
            let recipe = Recipe { content, ..recipe.clone() };
            extras.texts.push((Recipe::KEYWORD, recipe.to_json()));
        }
        extras
    }
}

impl Recipe {
    /// Keyword of the PNG text chunk.
    pub const KEYWORD: &str = "countenance";

    /// Records how a fill was made.
    ///
    /// # Errors
    /// When the mask has no pixels.
    pub fn new(made: &Made<'_>) -> Result<Self, SaveError> {
        let FillOutcome { settings, model, device: DeviceInfo { name: device, .. }, .. } = made.outcome;
        let preset = |preset: &Preset| Settings { seed: settings.seed, ..preset.settings() } == *settings;
        let recipe = Self {
            format: FORMAT.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            content: Content::Photo,
            photo: PhotoMark::of(made.photo),
            model: ModelMark { name: model.name.clone(), sha256: model.sha256.clone() },
            device: device.clone(),
            preset: Preset::ALL.into_iter().find(preset),
            settings: *settings,
            start: made.outcome.start.clone(),
            frame: made.frame,
            blend: made.blend,
            candidate: made.candidate,
            steps: made.outcome.steps,
            evaluations: made.outcome.evaluations,
            stopped_early: made.outcome.stopped.is_some(),
            changed_on_the_way: made.outcome.changed_on_the_way,
            mixed: false,
            mask: MaskRecord { sha256: made.hole.sha256(), png: BASE64.encode(encode_mask_png(made.hole)?) },
        };
        let shown = made.outcome.candidates.get(made.candidate).filter(|candidate| candidate.mixed);
        Ok(match shown {
            Some(mix) => recipe.of_mix(mix),
            None => recipe,
        })
    }

    /// Provenance that draws a mix again: its latent, without a search.
    fn of_mix(self, mix: &Candidate) -> Self {
        Self {
            preset: None,
            settings: self.settings.to_draw_one(),
            start: Start::At(mix.latent.clone()),
            candidate: 0,
            steps: 1,
            evaluations: 1,
            stopped_early: false,
            changed_on_the_way: false,
            mixed: true,
            ..self
        }
    }

    /// Reads the provenance from an exported PNG.
    ///
    /// # Errors
    /// When the file is not a PNG, has no provenance, or has a newer format.
    pub fn read(png: &[u8]) -> Result<Self, RecipeError> {
        let text = read_png_text(png, Self::KEYWORD)?.ok_or(RecipeError::None)?;
        Self::from_json(&text)
    }

    fn from_json(text: &str) -> Result<Self, RecipeError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let damaged = |source| RecipeError::Damaged { source };
        let Head { format } = serde_json::from_str(text).map_err(damaged)?;
        if !format.starts_with(FORMAT_FAMILY) {
            return Err(RecipeError::None);
        }
        if format != FORMAT {
            return Err(RecipeError::Newer { format });
        }
        serde_json::from_str(text).map_err(damaged)
    }

    /// The JSON that goes into the file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only numbers, texts and lists, so serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether this is the photo that was filled.
    #[must_use]
    pub fn is_of(&self, photo: &Photo) -> bool {
        (self.photo.width, self.photo.height) == (photo.width(), photo.height()) && self.photo == PhotoMark::of(photo)
    }

    /// The hole that was filled.
    ///
    /// # Errors
    /// When the mask is damaged or is not the one that was filled.
    pub fn hole(&self) -> Result<Mask, RecipeError> {
        let png = BASE64.decode(&self.mask.png).map_err(|_| RecipeError::MaskChanged)?;
        let mask = decode_mask(&png, self.photo.width, self.photo.height);
        let mask = mask.map_err(|source| RecipeError::Mask { source })?;
        if mask.sha256() == self.mask.sha256 { Ok(mask) } else { Err(RecipeError::MaskChanged) }
    }
}

#[cfg(test)]
mod tests;
