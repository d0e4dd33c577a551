//! Actions of the Explore window, and the face that fills start from.
//!
//! No action requests a thumbnail itself. After every action the state checks which shown faces have no thumbnail, and
//! requests those.

use std::path::PathBuf;

use super::State;
use crate::app::explore::{Face, Shelf, ShelfChange, Wish};
use crate::app::messages::{Level, Message};
use crate::app::tasks::Task;
use crate::explore::Library;
use crate::job::{Faces, FacesId, FacesRequest, Start};

impl State {
    /// Saves faces in this library file.
    pub fn keep_faces_in(&mut self, path: PathBuf) {
        self.explorer.shelf = Shelf::at(path);
    }

    /// Opens or closes the Explore window.
    pub(super) fn toggle_explorer(&mut self) {
        self.remembered.explore = !self.remembered.explore;
    }

    pub(super) fn take_wish(&mut self, wish: Wish) {
        let desk = &mut self.explorer.desk;
        match wish {
            Wish::ShowFrom(first) => desk.show_from(first),
            Wish::More => desk.more(),
            Wish::ShowSamples => desk.show_samples(),
            Wish::Toggle(face) => desk.toggle(*face),
            Wish::LetAllGo => desk.let_all_go(),
            Wish::Average => desk.average(),
            Wish::Vary => desk.vary(),
            Wish::Walk => desk.toggle_walk(),
            Wish::SetShare(share) => desk.set_share(share),
            Wish::TypeName(name) => self.explorer.name = name,
            Wish::Keep => self.keep_chosen(),
            Wish::Rename => self.rename_chosen(),
            Wish::Remove => self.remove_chosen(),
            Wish::UseAsStart => {
                if let Some(face) = desk.chosen().cloned() {
                    self.tell(Level::Success, format!("The next fill starts from {}", face.name));
                    self.explorer.set_start(Some(face));
                }
            }
            Wish::DropStart => self.explorer.set_start(None),
            Wish::TryAgain => {
                self.explorer.album.set_trouble(None);
                self.warm_up();
            }
        }
        self.explorer.follow_shelf();
    }

    fn keep_chosen(&mut self) {
        if self.explorer.obstacle_to_name().is_some() {
            return;
        }
        if let Some((face, model)) = self.explorer.desk.chosen().cloned().zip(self.explorer.model().cloned()) {
            let (name, model) = (self.explorer.name.clone(), Box::new(model));
            self.change_shelf(ShelfChange::Keep { name, latent: face.latent, made_from: face.name, model });
        }
    }

    fn rename_chosen(&mut self) {
        if self.explorer.obstacle_to_name().is_some() {
            return;
        }
        if let Some(face) = self.explorer.desk.chosen().filter(|face| face.is_kept) {
            let (from, to) = (face.name.clone(), self.explorer.name.clone());
            self.change_shelf(ShelfChange::Rename { from, to });
        }
    }

    fn remove_chosen(&mut self) {
        let Some(face) = self.explorer.desk.chosen().filter(|face| face.is_kept) else { return };
        let name = face.name.clone();
        // So that Save restores the face.
        self.explorer.name.clone_from(&name);
        self.change_shelf(ShelfChange::Remove { name });
    }

    fn change_shelf(&mut self, change: ShelfChange) {
        if let Some(path) = self.explorer.shelf.begin() {
            self.spawn(Task::ChangeShelf { path, change });
        }
    }

    /// Handles the result of reading or changing the library file.
    pub(super) fn take_shelf(&mut self, change: &ShelfChange, result: Result<Library, Message>) {
        match result {
            Ok(library) => self.explorer.take_library(library),
            Err(message) => {
                self.explorer.shelf.failed();
                self.messages.push(message);
                return;
            }
        }
        match change {
            ShelfChange::Read => {}
            ShelfChange::Keep { .. } | ShelfChange::Rename { .. } => self.explorer.name.clear(),
            ShelfChange::Remove { name } => {
                self.tell(Level::Info, format!("Deleted '{name}'. While it is selected, Save restores it"));
            }
        }
        self.explorer.follow_shelf();
    }

    /// Updates the Explore window for the current model, and requests missing thumbnails.
    pub(super) fn follow_explorer(&mut self) {
        let Some(model) = &self.model_info else { return };
        if let Some(lost) = self.explorer.settle_on(model) {
            let why = format!("Fills use the start from the settings again: {} belongs to another model", lost.name);
            self.tell(Level::Info, why);
        }
        if !self.remembered.explore {
            return;
        }
        if self.explorer.shelf.is_unread() {
            self.change_shelf(ShelfChange::Read);
        }
        let missing = self.explorer.album.missing(self.explorer.shown());
        if missing.is_empty() {
            return;
        }
        let keys = missing.iter().map(|face| face.key()).collect();
        let latents = missing.into_iter().map(|face| face.latent.clone()).collect();
        let model = self.remembered.model.clone();
        let id = self.fills.draw(FacesRequest { latents, model, device: self.remembered.device });
        self.explorer.album.wait_for(id, keys);
    }

    pub(super) fn take_faces(&mut self, faces: Faces) {
        let shown: Vec<_> = self.explorer.shown().map(Face::key).collect();
        self.explorer.album.take(faces, &shown);
    }

    pub(super) fn lose_faces(&mut self, id: FacesId, message: String) {
        self.explorer.album.lose(id, message);
    }

    /// The start of the next fill: the face chosen in the Explore window, or the start from the settings.
    pub(super) fn chosen_start(&self) -> Start {
        let start = self.explorer.start();
        start.map_or(Start::AsSet, |face| Start::spread_around(&face.latent, &self.remembered.settings))
    }
}
