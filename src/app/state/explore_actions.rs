//! Actions of the Explore window, and the face that fills start from.
//!
//! No action requests a thumbnail itself. After every action the state checks which shown faces have no thumbnail, and
//! requests those.

use std::path::PathBuf;

use super::EditorState;
use crate::app::explore::{ExploreAction, ExploreFace, LibraryChange, SavedFaces};
use crate::app::tasks::BackgroundTask;
use crate::app::toasts::{Severity, UserMessage};
use crate::explore::LatentLibrary;
use crate::job::{FacesId, FacesRequest, GeneratedFaces, SearchStart};

impl EditorState {
    /// Saves faces in this library file.
    pub fn set_library_path(&mut self, path: PathBuf) {
        self.explore.saved_faces = SavedFaces::with_path(path);
    }

    /// Opens or closes the Explore window.
    pub(super) fn toggle_explore_window(&mut self) {
        self.preferences.explore = !self.preferences.explore;
    }

    pub(super) fn handle_explore(&mut self, action: ExploreAction) {
        let browser = &mut self.explore.browser;
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
            ExploreAction::SetNameText(name) => self.explore.name_text = name,
            ExploreAction::Save => self.save_active_face(),
            ExploreAction::Rename => self.rename_active_face(),
            ExploreAction::Delete => self.delete_active_face(),
            ExploreAction::UseAsStart => {
                if let Some(face) = browser.active_face().cloned() {
                    self.notify(Severity::Success, format!("The next fill starts from {}", face.name));
                    self.explore.set_start_face(Some(face));
                }
            }
            ExploreAction::ResetStart => self.explore.set_start_face(None),
            ExploreAction::RetryModel => {
                self.explore.thumbnails.set_error(None);
                self.warm_up_engine();
            }
        }
        self.explore.update_saved_names();
    }

    fn save_active_face(&mut self) {
        if self.explore.name_disabled_reason().is_some() {
            return;
        }
        if let Some((face, model)) = self.explore.browser.active_face().cloned().zip(self.explore.model().cloned()) {
            let (name, model) = (self.explore.name_text.clone(), Box::new(model));
            self.change_library(LibraryChange::Save { name, latent: face.latent, made_from: face.name, model });
        }
    }

    fn rename_active_face(&mut self) {
        if self.explore.name_disabled_reason().is_some() {
            return;
        }
        if let Some(face) = self.explore.browser.active_face().filter(|face| face.is_saved) {
            let (from, to) = (face.name.clone(), self.explore.name_text.clone());
            self.change_library(LibraryChange::Rename { from, to });
        }
    }

    fn delete_active_face(&mut self) {
        let Some(face) = self.explore.browser.active_face().filter(|face| face.is_saved) else { return };
        let name = face.name.clone();
        // With the name still in the field, Save restores the face.
        self.explore.name_text.clone_from(&name);
        self.change_library(LibraryChange::Remove { name });
    }

    fn change_library(&mut self, change: LibraryChange) {
        if let Some(path) = self.explore.saved_faces.begin_change() {
            self.spawn(BackgroundTask::ChangeLibrary { path, change });
        }
    }

    /// Handles the result of reading or changing the library file.
    pub(super) fn library_changed(&mut self, change: &LibraryChange, result: Result<LatentLibrary, UserMessage>) {
        match result {
            Ok(library) => self.explore.set_library(library),
            Err(message) => {
                self.explore.saved_faces.change_failed();
                self.messages.push(message);
                return;
            }
        }
        match change {
            LibraryChange::Read => {}
            LibraryChange::Save { .. } | LibraryChange::Rename { .. } => self.explore.name_text.clear(),
            LibraryChange::Remove { name } => {
                self.notify(Severity::Info, format!("Deleted '{name}'. While it is selected, Save restores it"));
            }
        }
        self.explore.update_saved_names();
    }

    /// Updates the Explore window for the current model, and requests missing thumbnails.
    pub(super) fn update_explore(&mut self) {
        let Some(model) = &self.model_info else { return };
        if let Some(ExploreFace { name, .. }) = self.explore.set_model(model) {
            let headline = format!("Fills use the start from the settings again: {name} belongs to another model");
            self.notify(Severity::Info, headline);
        }
        if !self.preferences.explore {
            return;
        }
        if self.explore.saved_faces.must_be_read() {
            self.change_library(LibraryChange::Read);
        }
        let missing = self.explore.thumbnails.missing(self.explore.shown_faces());
        if missing.is_empty() {
            return;
        }
        let keys = missing.iter().map(|face| face.latent_hash()).collect();
        let latents = missing.into_iter().map(|face| face.latent.clone()).collect();
        let request = FacesRequest { latents, model: self.preferences.model.clone(), device: self.preferences.device };
        let id = self.fill_controller.request_thumbnails(request);
        self.explore.thumbnails.set_pending(id, keys);
    }

    pub(super) fn thumbnails_drawn(&mut self, faces: GeneratedFaces) {
        let shown_keys: Vec<_> = self.explore.shown_faces().map(ExploreFace::latent_hash).collect();
        self.explore.thumbnails.insert(faces, &shown_keys);
    }

    pub(super) fn thumbnails_failed(&mut self, id: FacesId, message: String) {
        self.explore.thumbnails.request_failed(id, message);
    }

    /// The start of the next fill: the face chosen in the Explore window, or the start from the settings.
    pub(super) fn fill_start(&self) -> SearchStart {
        let start = self.explore.start_face();
        start.map_or(SearchStart::FromSettings, |face| {
            SearchStart::spread_around(&face.latent, &self.preferences.settings)
        })
    }
}
