//! Provenance: how a fill was made, with everything that a repetition needs besides the photo and the model.
//!
//! The provenance is JSON in a compressed text chunk of the exported PNG, under [`Provenance::KEYWORD`]. The XMP packet
//! also says that the picture has generated parts. The mask is included, so that the exported file and the photo are
//! enough to repeat a fill. Files of other formats have only the XMP (see `export_file`). The photo is identified by the hash of its pixels, so that a copy in another lossless
//! format counts as the same.

mod face_record;

use face_record::MaskRecord;
use serde::{Deserialize, Serialize};

use super::{Candidate, DeviceInfo, FillLook, FillOutcome, FillRecord, SearchStart, completion_network};
use crate::blend::Blend;
use crate::geometry::FaceFrame;
use crate::mask::{Mask, MaskFileError};
use crate::photo::{Photo, PngMetadata, PngTextError, SaveError, read_png_text, with_source_type};
use crate::search::{LatentEdit, Preset, Settings};

pub use face_record::FaceRecord;

/// Prefix of every version of the format.
const FORMAT_PREFIX: &str = "countenance-recipe-";
const FORMAT: &str = "countenance-recipe-1";
/// With [`Provenance::fills`]. A format of its own, because programs before it would repeat the first fill only.
const FORMAT_OF_SEVERAL: &str = "countenance-recipe-2";
/// With ignored pixels, a soft edge, or a search that continues another one, and with any number of fills. Programs before it would make another fill.
const EXTENDED_FORMAT: &str = "countenance-recipe-3";
/// With several fills of which some are drawn without a search. Programs before it would search all.
const DRAWN_FORMAT: &str = "countenance-recipe-4";

/// With a task other than a fill. Programs before it would fill a hole.
const TASK_FORMAT: &str = "countenance-recipe-5";

/// IPTC digital source type for a photo with parts from a trained model (version of 2024).
pub(super) const SOURCE_TYPE: &str =
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/// Why provenance cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    #[error(transparent)]
    Text(#[from] PngTextError),
    #[error(
        "the file has no fill record: it was exported without a record or by another program, or a program removed it; \
         use the PNG that Countenance wrote"
    )]
    Missing,
    #[error("the file was made by a newer Countenance ({format}): update this one and try again")]
    NewerFormat { format: String },
    #[error("the record in the file is damaged: use another copy of the file")]
    Damaged { source: serde_json::Error },
    #[error("the mask in the file's record cannot be read: use another copy of the file")]
    UnreadableMask { source: MaskFileError },
    #[error("the mask in the file's record is not the one that was filled: use another copy of the file")]
    MaskChanged,
}

/// What an exported file shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportContent {
    /// The whole photo, with the fill.
    #[default]
    Photo,
    /// Only the fill, on a transparent background.
    Layer,
}

/// Identifies the photo that was filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoId {
    pub width: u32,
    pub height: u32,
    /// For example `rgb8`.
    pub color: String,
    /// [`Photo::pixel_sha256`].
    pub sha256: String,
}

impl PhotoId {
    fn new(photo: &Photo) -> Self {
        Self { width: photo.width(), height: photo.height(), color: photo.color_name(), sha256: photo.pixel_sha256() }
    }
}

/// Identifies the model that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    pub name: String,
    /// SHA-256 of the model file.
    pub sha256: String,
}

/// Identifies the completion network that redrew the hole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionId {
    /// SHA-256 of its weight file.
    pub sha256: String,
}

/// Provenance of a fill. Field names and meanings are part of the file format: other programs may read them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    format: String,
    /// Version of the program that made the fill.
    pub version: String,
    #[serde(default)]
    pub content: ExportContent,
    pub photo: PhotoId,
    pub model: ModelId,
    /// For example "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub device: String,
    /// The preset with these settings, if there is one.
    pub preset: Option<Preset>,
    /// Settings at the end of the search. For a mix: settings that only draw its latent.
    pub settings: Settings,
    /// Where the search started.
    #[serde(default, skip_serializing_if = "SearchStart::is_from_settings")]
    pub start: SearchStart,
    pub frame: FaceFrame,
    /// How the fill was blended into the photo. [`Blend::completion`] is only on if the network was used.
    pub blend: Blend,
    /// The completion network, if it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<CompletionId>,
    /// Index of the shown candidate, from 0.
    pub candidate: usize,
    /// Iterations done.
    pub steps: u32,
    /// Gradient evaluations done.
    pub evaluations: u32,
    pub stopped_early: bool,
    /// λ, steps or the hole changed during the search, so that a repetition may give another result.
    #[serde(rename = "changed_on_the_way")]
    pub changed_during_search: bool,
    /// The shown candidate is drawn from its latent, without a search: it is a mix that the user made, or one of several
    /// fills whose search cannot be repeated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
    /// The iteration of the search that the user chose; the shown candidate is drawn from its latent, without a search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_at: Option<u32>,
    /// How the user has edited the shown candidate after its search. Its latent, in `start`, is the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<LatentEdit>,
    /// Identifies the job of a manifest that made the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Weight of the symmetry loss, which only earlier versions have; 0 without. Read from files, never written.
    #[serde(skip)]
    pub symmetry: f64,
    mask: MaskRecord,
    /// All fills in order, when the faces of the photo were filled one after the other. The fields above are those of
    /// the first. Empty for a single fill.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fills: Vec<FaceRecord>,
}

/// Metadata of an exported file: all metadata of the photo's file, or only its colours and print size for a layer.
/// `provenance` is added when given.
#[must_use]
pub fn png_metadata<'a>(photo: &'a Photo, content: ExportContent, provenance: Option<&Provenance>) -> PngMetadata<'a> {
    let mut metadata = match content {
        ExportContent::Photo => photo.png_metadata(),
        ExportContent::Layer => photo.color_metadata(),
    };
    if let Some(provenance) = provenance {
        metadata.xmp = Some(with_source_type(metadata.xmp.as_deref(), SOURCE_TYPE).into_bytes().into());
        let provenance = Provenance { content, ..provenance.clone() };
        metadata.texts.push((Provenance::KEYWORD, provenance.to_json()));
    }
    metadata
}

impl Provenance {
    /// Keyword of the PNG text chunk.
    pub const KEYWORD: &str = "countenance";

    /// Records how a fill of this photo was made.
    ///
    /// # Errors
    /// When the mask has no pixels.
    pub fn new(photo: &Photo, fill: &FillRecord) -> Result<Self, SaveError> {
        let FillRecord { hole, frame, outcome, look: FillLook { candidate, blend } } = fill;
        let FillOutcome { settings, model, device: DeviceInfo { name: device, .. }, .. } = &**outcome;
        let has_these_settings =
            |preset: &Preset| Settings { seed: settings.seed, ..preset.settings_for(settings.task) } == *settings;
        let continues = matches!(outcome.start, SearchStart::Continue { .. });
        let is_extended = hole.has_ignored() || blend.soft_edge_px > 0 || continues;
        let completion = completion_network(*blend, model).filter(|_| settings.task.is_fill());
        let completion = completion.map(|network| CompletionId { sha256: network.sha256().to_owned() });
        let provenance = Self {
            format: match () {
                () if !settings.task.is_fill() => TASK_FORMAT,
                () if is_extended => EXTENDED_FORMAT,
                () => FORMAT,
            }
            .into(),
            version: env!("CARGO_PKG_VERSION").into(),
            content: ExportContent::Photo,
            photo: PhotoId::new(photo),
            model: ModelId { name: model.name.clone(), sha256: model.sha256.clone() },
            device: device.clone(),
            preset: Preset::ALL.into_iter().find(has_these_settings),
            settings: *settings,
            start: outcome.start.clone(),
            frame: *frame,
            blend: Blend { completion: completion.is_some(), ..*blend },
            completion,
            candidate: *candidate,
            steps: outcome.steps,
            evaluations: outcome.evaluations,
            stopped_early: outcome.stopped.is_some(),
            changed_during_search: outcome.changed_during_search,
            mixed: false,
            kept_at: None,
            edit: None,
            job: None,
            symmetry: 0.0,
            mask: MaskRecord::new(hole)?,
            fills: Vec::new(),
        };
        Ok(match fill.shown_candidate().filter(|candidate| candidate.is_mix) {
            Some(mix) => provenance.drawn_from(mix),
            None => provenance,
        })
    }

    /// Provenance that draws this candidate again from its latent, without a search.
    #[must_use]
    pub(super) fn drawn_from(self, candidate: &Candidate) -> Self {
        Self {
            preset: None,
            settings: self.settings.without_search(),
            start: SearchStart::At(candidate.latent.clone()),
            candidate: 0,
            steps: 1,
            evaluations: 1,
            stopped_early: false,
            changed_during_search: false,
            mixed: candidate.kept_at.is_none(),
            kept_at: candidate.kept_at,
            edit: candidate.edit.as_deref().cloned(),
            ..self
        }
    }

    /// The same with all fills of a photo whose faces were filled one after the other. `self` is that of the first.
    #[must_use]
    pub fn with_fills(self, fills: Vec<FaceRecord>) -> Self {
        let format = match self.format.as_str() {
            TASK_FORMAT => TASK_FORMAT,
            _ if fills.iter().any(|fill| fill.drawn_from.is_some()) => DRAWN_FORMAT,
            EXTENDED_FORMAT => EXTENDED_FORMAT,
            _ if fills.is_empty() => FORMAT,
            _ => FORMAT_OF_SEVERAL,
        };
        Self { format: format.into(), fills, ..self }
    }

    /// Reads the provenance from an exported PNG.
    ///
    /// # Errors
    /// When the file is not a PNG, has no provenance, or has a newer format.
    pub fn read(png: &[u8]) -> Result<Self, ProvenanceError> {
        let text = read_png_text(png, Self::KEYWORD)?.ok_or(ProvenanceError::Missing)?;
        Self::from_json(&text)
    }

    fn from_json(text: &str) -> Result<Self, ProvenanceError> {
        #[derive(Deserialize)]
        struct Header {
            format: String,
            #[serde(default)]
            settings: serde_json::Value,
        }
        let damaged = |source| ProvenanceError::Damaged { source };
        let Header { format, settings } = serde_json::from_str(text).map_err(damaged)?;
        if !format.starts_with(FORMAT_PREFIX) {
            return Err(ProvenanceError::Missing);
        }
        if ![FORMAT, FORMAT_OF_SEVERAL, EXTENDED_FORMAT, DRAWN_FORMAT, TASK_FORMAT].contains(&format.as_str()) {
            return Err(ProvenanceError::NewerFormat { format });
        }
        let symmetry = settings.pointer("/context/symmetry").and_then(serde_json::Value::as_f64).unwrap_or_default();
        Ok(Self { symmetry, ..serde_json::from_str(text).map_err(damaged)? })
    }

    /// The JSON that goes into the file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Only numbers, texts and lists, so serialising cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether this is the photo that was filled.
    #[must_use]
    pub fn matches_photo(&self, photo: &Photo) -> bool {
        (self.photo.width, self.photo.height) == (photo.width(), photo.height()) && self.photo == PhotoId::new(photo)
    }

    /// The hole that was filled.
    ///
    /// # Errors
    /// When the mask is damaged or is not the one that was filled.
    pub fn hole(&self) -> Result<Mask, ProvenanceError> {
        self.mask.mask(&self.photo)
    }

    /// The part of the hole that one of the [`fills`](Self::fills) filled.
    ///
    /// # Errors
    /// When the mask is damaged or is not the one that was filled.
    pub fn part(&self, fill: &FaceRecord) -> Result<Mask, ProvenanceError> {
        fill.part.mask(&self.photo)
    }
}

#[cfg(test)]
pub(super) mod tests;
