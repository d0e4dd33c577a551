//! The Explore window: browse faces that the model generates, average, vary, interpolate and save them, or start a fill
//! from one.
//!
//! | file | content |
//! | --- | --- |
//! | `face` | a face: its latent and name |
//! | `face_browser` | the page of faces, the selected faces, and the face combined from them |
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

pub use explore_window::ExploreWindow;
pub use face::ExploreFace;
pub use face_browser::FaceBrowser;
pub use saved_faces::{LibraryChange, SavedFaces, change_library, default_library_path};

use std::sync::Arc;

use face::LatentHash;

use super::outbox::Outbox;
use super::picture_cache::PictureCache;
use super::preferences::Preferences;
use super::tasks::Task;
use super::toasts::Severity;
use crate::app::language::t;
use crate::explore::LatentLibrary;
use crate::face_picture::FacePicture;
use crate::job::{FacesId, FacesRequest, GeneratedFaces, WorkerCommand};
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
}

/// Maximum number of faces in one request. The fill thread cannot interrupt a request.
const MAX_REQUEST_FACES: usize = 32;

/// The Explore window's data.
#[derive(Default)]
pub struct ExploreState {
    /// The model that generates the faces; `None` until one is loaded for the first time.
    model: Option<ModelInfo>,
    pub browser: FaceBrowser,
    pub thumbnails: PictureCache<LatentHash, Arc<FacePicture>>,
    /// The newest request for thumbnails.
    thumbnail_request: FacesId,
    /// Why no thumbnail can be drawn.
    pub thumbnail_error: Option<String>,
    pub saved_faces: SavedFaces,
    /// The face that fills start from.
    start_face: Option<ExploreFace>,
    /// Text of the name field.
    pub name_text: String,
}

impl ExploreState {
    pub fn update(&mut self, action: ExploreAction, outbox: &mut Outbox) {
        let browser = &mut self.browser;
        match action {
            ExploreAction::ShowFrom(first) => browser.show_from(first),
            ExploreAction::ShowNextPage => browser.show_next_page(),
            ExploreAction::ShowSamples => browser.show_samples(),
            ExploreAction::ToggleSelected(face) => browser.toggle_selected(*face),
            ExploreAction::DeselectAll => browser.deselect_all(),
            ExploreAction::Average => browser.make_average(),
            ExploreAction::ShowVariations => browser.show_variations(),
            ExploreAction::ToggleInterpolation => browser.toggle_interpolation(),
            ExploreAction::SetInterpolationPosition(position) => browser.set_interpolation_position(position),
            ExploreAction::SetNameText(name) => self.name_text = name,
            ExploreAction::Save | ExploreAction::Rename | ExploreAction::Delete => {
                if let Some(change) = self.library_change(&action) {
                    self.change_library(change, outbox);
                }
            }
            ExploreAction::UseAsStart => {
                if let Some(face) = browser.active_face().cloned() {
                    outbox.notify(Severity::Success, format!("The next fill starts from {}", face.name));
                    self.start_face = Some(face);
                }
            }
            ExploreAction::ResetStart => self.start_face = None,
        }
        self.browser.update_saved_names(self.saved_faces.faces());
    }

    /// The change of the library that an action asks for, if it is possible now.
    fn library_change(&mut self, action: &ExploreAction) -> Option<LibraryChange> {
        let face = self.browser.active_face()?;
        let is_name_usable = self.name_disabled_reason().is_none();
        match action {
            ExploreAction::Save if is_name_usable => Some(LibraryChange::Save {
                name: self.name_text.clone(),
                latent: face.latent.clone(),
                made_from: face.name.clone(),
                model: Box::new(self.model.clone()?),
            }),
            ExploreAction::Rename if is_name_usable && face.is_saved => {
                Some(LibraryChange::Rename { from: face.name.clone(), to: self.name_text.clone() })
            }
            ExploreAction::Delete if face.is_saved => {
                let name = face.name.clone();
                // With the name still in the field, Save restores the face.
                self.name_text.clone_from(&name);
                Some(LibraryChange::Remove { name })
            }
            _ => None,
        }
    }

    fn change_library(&mut self, change: LibraryChange, outbox: &Outbox) {
        if let Some(path) = self.saved_faces.begin_change() {
            let task = Task::new("The saved faces could not be read or changed");
            let task = task.with_reset(|state| state.explore.saved_faces.change_failed());
            let write = move || Ok((change_library(&path, change.clone())?, change));
            outbox.spawn(task, write, |state, (library, change)| {
                state.explore.library_changed(&change, library, &mut state.outbox);
            });
        }
    }

    /// Stores the library's content after a change.
    pub fn library_changed(&mut self, change: &LibraryChange, library: LatentLibrary, outbox: &mut Outbox) {
        self.saved_faces.set_library(library, self.model.as_ref());
        match change {
            LibraryChange::Read => {}
            LibraryChange::Save { .. } | LibraryChange::Rename { .. } => self.name_text.clear(),
            LibraryChange::Remove { name } => {
                outbox.notify(Severity::Info, format!("Deleted '{name}'. While it is selected, Save restores it"));
            }
        }
        self.browser.update_saved_names(self.saved_faces.faces());
    }

    /// Switches to the model in use. Reads the library and requests missing thumbnails while the window is open: no
    /// action asks for them.
    pub fn follow_model(&mut self, model: &ModelInfo, preferences: &Preferences, outbox: &mut Outbox) {
        if let Some(ExploreFace { name, .. }) = self.set_model(model) {
            let headline = format!("Fills use the start from the settings again: {name} belongs to another model");
            outbox.notify(Severity::Info, headline);
        }
        if !preferences.explore {
            return;
        }
        if self.saved_faces.must_be_read() {
            self.change_library(LibraryChange::Read, outbox);
        }
        let missing = self.thumbnails.missing(self.shown_faces(), |face| face.latent_hash(), MAX_REQUEST_FACES);
        if !missing.is_empty() && self.thumbnail_error.is_none() {
            let keys = missing.iter().map(|face| face.latent_hash()).collect();
            let latents = missing.into_iter().map(|face| face.latent.clone()).collect();
            let request = FacesRequest { latents, model: preferences.model.clone(), device: preferences.device };
            self.thumbnail_request = outbox.request(|id| WorkerCommand::DrawFaces(id, Box::new(request)));
            self.thumbnails.begin_request(keys);
        }
    }

    /// Stores the thumbnails that were requested last.
    pub fn thumbnails_drawn(&mut self, faces: GeneratedFaces) {
        let shown: Vec<_> = self.shown_faces().map(ExploreFace::latent_hash).collect();
        if faces.id == self.thumbnail_request {
            self.thumbnails.finish_request(faces.pictures, &shown);
        }
    }

    /// The thumbnails could not be drawn.
    pub fn thumbnails_failed(&mut self, id: FacesId, message: String) {
        if id == self.thumbnail_request {
            self.thumbnails.finish_request([], &[]);
            self.thumbnail_error = Some(message);
        }
    }

    /// Switches to this model, unless it is in use already. Latents of one model have no meaning for another, so
    /// everything but the library is cleared. Returns the cleared start face.
    fn set_model(&mut self, model: &ModelInfo) -> Option<ExploreFace> {
        if self.model.as_ref().is_some_and(|current| current.sha256 == model.sha256) {
            return None;
        }
        self.model = Some(model.clone());
        self.browser = FaceBrowser::new(model.latent_dim, self.browser.first_number());
        (self.thumbnails, self.thumbnail_error) = (PictureCache::default(), None);
        self.saved_faces.set_model(model);
        self.name_text.clear();
        self.start_face.take()
    }

    /// The face that fills start from, if the user has chosen one.
    pub fn start_face(&self) -> Option<&ExploreFace> {
        self.start_face.as_ref()
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
        let Some(face) = self.browser.active_face() else { return Some(t!("Select a face first").to_owned()) };
        self.saved_faces
            .disabled_reason()
            .map(str::to_owned)
            .or_else(|| self.saved_faces.name_disabled_reason(&self.name_text, face))
    }
}
