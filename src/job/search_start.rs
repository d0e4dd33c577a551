//! The start latents of a search.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::search::{LatentEdit, Search, Settings};
use crate::serde_floats;

/// The highest iteration that a search can continue at: far more than a person waits for.
const MAX_ITERATION: u32 = 1_000_000_000;

/// The start latents of a search. In files, latents are the bytes of little-endian f32 in base64.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchStart {
    /// As [`Settings::starts`] says.
    #[default]
    #[serde(rename = "as-set")]
    FromSettings,
    /// These latents of all candidates, concatenated.
    At(#[serde(with = "serde_floats")] Vec<f32>),
    /// Continue another search at this iteration, with its latents of all candidates, concatenated.
    Continue {
        /// Counted from 1.
        iteration: u32,
        #[serde(with = "serde_floats")]
        latents: Vec<f32>,
    },
    /// All candidates start at this latent, to find variations of it ([`Settings::for_variations`]).
    Around(#[serde(with = "serde_floats")] Vec<f32>),
    /// All candidates start at an edited latent ([`Settings::for_edit`]).
    Edited(LatentEdit),
}

impl SearchStart {
    /// Start latents spread around one that the user has chosen ([`Settings::starts_around`]). Values are clamped to
    /// [-1, 1].
    #[must_use]
    pub fn spread_around(latent: &[f32], settings: &Settings) -> Self {
        let latent: Vec<f32> = latent.iter().map(|value| value.clamp(-1.0, 1.0)).collect();
        Self::At(settings.starts_around(&latent))
    }

    /// Whether the settings alone decide the start.
    #[must_use]
    pub fn is_from_settings(&self) -> bool {
        *self == Self::FromSettings
    }

    /// Whether number and length of the latents fit the settings and the model, with each value in [-1, 1].
    #[must_use]
    pub fn fits(&self, settings: &Settings, latent_dim: usize) -> bool {
        let (latents, length) = match self {
            Self::FromSettings => return true,
            // A file may name any length.
            Self::Continue { iteration: 0, .. } => return false,
            Self::Continue { iteration, .. } if *iteration > MAX_ITERATION => return false,
            Self::At(latents) | Self::Continue { latents, .. } => {
                (latents, latent_dim.checked_mul(settings.candidates as usize))
            }
            Self::Edited(edit) if !edit.is_in_range() => return false,
            Self::Around(latent) | Self::Edited(LatentEdit { latent, .. }) => (latent, Some(latent_dim)),
        };
        Some(latents.len()) == length && latents.iter().all(|value| (-1.0..=1.0).contains(value))
    }

    /// The edit of an edited latent.
    #[must_use]
    pub(super) fn edit(&self) -> Option<Arc<LatentEdit>> {
        if let Self::Edited(edit) = self { Some(Arc::new(edit.clone())) } else { None }
    }

    /// Sets the start latents of a search before its first iteration. They must fit.
    pub(super) fn apply_to(&self, search: &mut Search) {
        match self {
            Self::FromSettings => {}
            Self::At(latents) => search.start_at(latents),
            Self::Continue { iteration, latents } => search.continue_at(*iteration, latents),
            Self::Around(latent) => search.start_variations(latent),
            Self::Edited(edit) => search.start_edited(edit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latents_fit_by_number_length_and_range() {
        let settings = Settings { candidates: 2, ..Settings::default() };
        let fits = |start: SearchStart| start.fits(&settings, 3);
        assert!(
            fits(SearchStart::FromSettings)
                && fits(SearchStart::At(vec![1.0; 6]))
                && fits(SearchStart::Around(vec![-1.0; 3]))
        );
        assert!(!SearchStart::At(vec![0.0; 4]).fits(&settings, usize::MAX), "the length overflows");
        let continued = |iteration, length| fits(SearchStart::Continue { iteration, latents: vec![0.0; length] });
        assert!(continued(1, 6) && continued(1000, 6));
        assert!(!continued(0, 6) && !continued(1, 3) && !continued(u32::MAX, 6));
        assert!(!fits(SearchStart::At(vec![0.0; 3])) && !fits(SearchStart::Around(vec![0.0; 6])));
        let edited = |latent: Vec<f32>, other_half| {
            fits(SearchStart::Edited(LatentEdit { latent, other_half, ..LatentEdit::default() }))
        };
        assert!(edited(vec![0.5; 3], 1.0) && !edited(vec![0.5; 6], 1.0) && !edited(vec![0.5; 3], 2.0));
        assert!(
            !fits(SearchStart::Around(vec![0.0, 1.1, 0.0])) && !fits(SearchStart::Around(vec![f32::NAN, 0.0, 0.0]))
        );
    }

    #[test]
    fn spread_around_a_latent_gives_fitting_start() {
        let settings = Settings { candidates: 3, ..Settings::default() };
        let start = SearchStart::spread_around(&[1.5, -0.5, 0.0], &settings);
        assert!(start.fits(&settings, 3));
        assert!(matches!(start, SearchStart::At(latents) if latents[..3] == [1.0, -0.5, 0.0]));
    }

    #[test]
    fn start_survives_a_file_bit_for_bit() {
        for start in [
            SearchStart::FromSettings,
            SearchStart::At(vec![1.0 / 3.0, -0.0]),
            SearchStart::Around(vec![f32::MIN_POSITIVE]),
            SearchStart::Continue { iteration: 7, latents: vec![0.1] },
            SearchStart::Edited(LatentEdit {
                latent: vec![0.1],
                amounts: [("smile".to_string(), 1.5)].into(),
                other_half: 0.25,
            }),
        ] {
            let json = serde_json::to_string(&start).unwrap();
            let read: SearchStart = serde_json::from_str(&json).unwrap();
            assert_eq!(format!("{read:?}"), format!("{start:?}"), "{json}");
        }
        assert!(serde_json::from_str::<SearchStart>(r#"{"at": "AAAA"}"#).is_err(), "three bytes are not a number");
    }
}
