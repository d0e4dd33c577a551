//! Maps over the face that explain the shown candidate: the chosen map, and those that were computed.
//!
//! No action asks for a map: after every action the state compares the shown candidate and the chosen map with those
//! that are there, and requests what is missing. The fill thread computes it when it has nothing else to do. A candidate
//! is known by its picture, which is never changed: so maps stay valid when the user shows another one, or undoes.

mod legend;
mod legend_picture;
mod legend_text;

use std::sync::Arc;

pub use legend::show as show_legend;
pub use legend_picture::paint_legend;
pub use legend_text::LegendText;

use super::document::PhotoDocument;
use super::engine::EngineState;
use super::fill::{FillState, latent_disabled_reason};
use super::outbox::Outbox;
use super::preferences::Preferences;
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::job::{
    Candidate, FaceMap, FaceMapSet, FillRecord, FillRequest, MapGroup, MapKind, MapRequest, MapRequestId, SearchStart,
    Uncertainty, WorkerCommand,
};

/// The most results that are kept, each of some hundred kilobytes.
const MAX_KEPT: usize = 32;

/// The maps.
#[derive(Default)]
pub struct MapState {
    /// The map that the user has chosen.
    pub chosen: Option<MapKind>,
    /// The newest last.
    computed: Vec<(MapKey, Result<Arc<FaceMapSet>, String>)>,
    pending: Option<PendingMaps>,
}

/// The candidate and the group that maps belong to.
#[derive(Clone)]
struct MapKey {
    picture: Arc<FacePicture>,
    group: MapGroup,
}

impl PartialEq for MapKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.picture, &other.picture) && self.group == other.group
    }
}

/// Maps that were requested.
struct PendingMaps {
    id: MapRequestId,
    key: MapKey,
    /// The share that is done, 0 to 1.
    share: f32,
}

/// What is shown for the chosen map.
pub enum MapView<'a> {
    Ready {
        map: &'a Arc<FaceMap>,
        frame: FaceFrame,
        uncertainty: Option<&'a Uncertainty>,
    },
    /// It is being computed: the share that is done.
    Computing(f32),
    /// There is none: why, in English.
    Missing(&'a str),
}

/// Something that the user does with the maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapAction {
    /// Show this map, or none.
    Choose(Option<MapKind>),
    Next,
    Previous,
}

impl MapState {
    pub fn update(&mut self, action: MapAction) {
        let all = MapKind::ALL;
        let at = self.chosen.and_then(|chosen| all.iter().position(|kind| *kind == chosen));
        self.chosen = match action {
            MapAction::Choose(kind) => kind,
            MapAction::Next => all.get(at.map_or(0, |index| index + 1)).copied(),
            MapAction::Previous => match at {
                None => all.last().copied(),
                Some(index) => index.checked_sub(1).and_then(|before| all.get(before)).copied(),
            },
        };
    }

    /// Requests the chosen map of the shown candidate, if it is missing, or cancels a request that is no longer needed.
    pub fn follow(
        &mut self,
        document: Option<&PhotoDocument>,
        fill: &FillState,
        (preferences, engine): (&Preferences, &EngineState),
        outbox: &mut Outbox,
    ) {
        if fill.is_running() {
            // The request waits behind the search, and most likely for another picture.
            if self.pending.take().is_some() {
                outbox.send(WorkerCommand::CancelMaps);
            }
            return;
        }
        let wanted = self.chosen.zip(document).and_then(|(kind, document)| {
            let face = document.shown_face().filter(|_| latent_disabled_reason(document, engine).is_none())?;
            if !face.record().outcome.settings.task.is_fill() {
                return None;
            }
            let candidate = fill.candidate_in_photo(document)?;
            let key = MapKey { picture: Arc::clone(&candidate.picture), group: kind.group() };
            Some((key, map_request(document, face.record(), candidate, preferences, kind.group())))
        });
        let missing = wanted.filter(|(key, ..)| self.result(key).is_none());
        match (missing, &self.pending) {
            (Some((key, ..)), Some(pending)) if pending.key == key => {}
            (Some((key, request)), _) => {
                let id = outbox.request(|id| WorkerCommand::DrawMaps(id, Box::new(request)));
                self.pending = Some(PendingMaps { id, key, share: 0.0 });
            }
            (None, Some(_)) => {
                self.pending = None;
                outbox.send(WorkerCommand::CancelMaps);
            }
            (None, None) => {}
        }
    }

    /// What is shown for the chosen map; `None` without a choice, or without anything to explain.
    pub fn view<'a>(
        &'a self,
        document: Option<&'a PhotoDocument>,
        fill: &FillState,
        engine: &EngineState,
    ) -> Option<(MapKind, MapView<'a>)> {
        let (kind, document) = self.chosen.zip(document)?;
        if fill.is_running() {
            return Some((kind, MapView::Missing("The search is running: the map comes when it ends")));
        }
        if !document.shown_face()?.record().outcome.settings.task.is_fill() {
            return Some((kind, MapView::Missing("Maps explain a fill, not the other tasks")));
        }
        if let Some(reason) = latent_disabled_reason(document, engine) {
            return Some((kind, MapView::Missing(reason)));
        }
        let picture = Arc::clone(&fill.candidate_in_photo(document)?.picture);
        let key = MapKey { picture, group: kind.group() };
        Some((
            kind,
            match self.result(&key) {
                None => MapView::Computing(self.pending.as_ref().filter(|it| it.key == key).map_or(0.0, |it| it.share)),
                Some(Err(message)) => MapView::Missing(message),
                Some(Ok(maps)) => match maps.get(kind) {
                    Some(map) => MapView::Ready { map, frame: maps.frame, uncertainty: maps.uncertainty.as_ref() },
                    None => MapView::Missing("This model has no discriminator"),
                },
            },
        ))
    }

    /// Notes the share of a request that is done.
    pub fn progressed(&mut self, id: MapRequestId, share: f32) {
        if let Some(pending) = self.pending.as_mut().filter(|pending| pending.id == id) {
            pending.share = share;
        }
    }

    /// Stores computed maps, or why they cannot be computed.
    pub fn finished(&mut self, id: MapRequestId, result: Result<Arc<FaceMapSet>, String>) {
        if let Some(pending) = self.pending.take_if(|pending| pending.id == id) {
            self.computed.push((pending.key, result));
            let surplus = self.computed.len().saturating_sub(MAX_KEPT);
            self.computed.drain(..surplus);
        }
    }

    /// Drops what belongs to the previous document.
    pub fn document_changed(&mut self, outbox: &Outbox) {
        self.computed.clear();
        if self.pending.take().is_some() {
            outbox.send(WorkerCommand::CancelMaps);
        }
    }

    fn result(&self, key: &MapKey) -> Option<&Result<Arc<FaceMapSet>, String>> {
        self.computed.iter().find(|(computed, _)| computed == key).map(|(_, result)| result)
    }
}

/// A request for maps of a candidate of a fill.
fn map_request(
    document: &PhotoDocument,
    record: &FillRecord,
    candidate: &Candidate,
    preferences: &Preferences,
    group: MapGroup,
) -> MapRequest {
    let fill = FillRequest {
        photo: Arc::clone(&document.photo),
        hole: document.shown_fill().map_or_else(|| record.hole.clone(), |fill| fill.hole.clone()),
        frame: record.frame,
        settings: record.outcome.settings,
        start: SearchStart::FromSettings,
        blend: record.look.blend,
        model: preferences.model.clone(),
        device: preferences.device,
    };
    let (latent, picture) = (candidate.latent.clone(), Arc::clone(&candidate.picture));
    MapRequest { fill, latent, picture, group }
}
