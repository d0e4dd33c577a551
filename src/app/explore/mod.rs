//! The Explore window: browse faces that the model generates, average, vary, interpolate and save them, or start a fill
//! from one.
//!
//! | file | content |
//! | --- | --- |
//! | `face` | a face: its latent and name |
//! | `face_browser` | the page of faces, the selected faces, and the face combined from them |
//! | `thumbnail_cache` | cache of thumbnails, and the request for missing ones |
//! | `saved_faces` | the faces saved in a library file |
//! | `explore_window`, `face_grid`, `selection_panel` | drawing |
//!
//! Latents are computed on the UI thread, which is fast. The fill thread generates their pictures.

mod explore_window;
mod face;
mod face_browser;
mod face_grid;
mod saved_faces;
mod selection_panel;
mod thumbnail_cache;

pub use explore_window::ExploreWindow;
pub use face::ExploreFace;
pub use face_browser::FaceBrowser;
pub use saved_faces::{LibraryChange, SavedFaces, change_library, default_library_path};
pub use thumbnail_cache::ThumbnailCache;

use crate::explore::LatentLibrary;
use crate::model::ModelInfo;

/// An action in the Explore window.
#[derive(Clone, Debug, PartialEq)]
pub enum ExploreAction {
    /// Show the page of samples that starts with this number.
    ShowFrom(u64),
    /// Show the next page.
    ShowNextPage,
    /// Go back from variations to samples.
    ShowSamples,
    /// Select or deselect this face.
    ToggleSelected(Box<ExploreFace>),
    DeselectAll,
    Average,
    ShowVariations,
    ToggleInterpolation,
    /// Position of the Morph slider, 0 to 1.
    SetInterpolationPosition(f32),
    SetNameText(String),
    /// Save the active face under the typed name.
    Save,
    /// Rename the active face to the typed name.
    Rename,
    /// Delete the active face from the library.
    Delete,
    UseAsStart,
    /// Fills use the start from the settings again.
    ResetStart,
    /// Load the model again after an error.
    RetryModel,
}

/// The Explore window's data.
#[derive(Default)]
pub struct ExploreState {
    /// The model that generates the faces; `None` until one is loaded for the first time.
    model: Option<ModelInfo>,
    pub browser: FaceBrowser,
    pub thumbnails: ThumbnailCache,
    pub saved_faces: SavedFaces,
    /// The face that fills start from.
    start_face: Option<ExploreFace>,
    /// Text of the name field.
    pub name_text: String,
}

impl ExploreState {
    /// The model that generates the faces.
    pub fn model(&self) -> Option<&ModelInfo> {
        self.model.as_ref()
    }

    /// Switches to this model, unless it is in use already. Latents of one model have no meaning for another, so
    /// everything but the library is cleared. Returns the cleared start face.
    pub fn set_model(&mut self, model: &ModelInfo) -> Option<ExploreFace> {
        if self.model.as_ref().is_some_and(|current| current.sha256 == model.sha256) {
            return None;
        }
        self.model = Some(model.clone());
        self.browser = FaceBrowser::new(model.latent_dim, self.browser.first_number());
        self.thumbnails = ThumbnailCache::default();
        self.saved_faces.set_model(model);
        self.name_text.clear();
        self.start_face.take()
    }

    /// Stores the library read from the file.
    pub fn set_library(&mut self, library: LatentLibrary) {
        self.saved_faces.set_library(library, self.model.as_ref());
    }

    /// Updates names and `is_saved` of the selected faces from the library.
    pub fn update_saved_names(&mut self) {
        self.browser.update_saved_names(self.saved_faces.faces());
    }

    /// The face that fills start from, if the user has chosen one.
    pub fn start_face(&self) -> Option<&ExploreFace> {
        self.start_face.as_ref()
    }

    pub fn set_start_face(&mut self, start: Option<ExploreFace>) {
        self.start_face = start;
    }

    /// The faces that the window shows, most important thumbnails first.
    pub fn shown_faces(&self) -> impl Iterator<Item = &ExploreFace> {
        self.browser
            .active_face()
            .into_iter()
            .chain(self.browser.faces())
            .chain(self.browser.selected())
            .chain(self.saved_faces.faces())
    }

    /// Why the active face cannot be saved under the typed name; `None` when it can.
    pub fn name_disabled_reason(&self) -> Option<String> {
        let Some(face) = self.browser.active_face() else { return Some("Select a face first".to_owned()) };
        self.saved_faces
            .disabled_reason()
            .map(str::to_owned)
            .or_else(|| self.saved_faces.name_disabled_reason(&self.name_text, face))
    }
}
