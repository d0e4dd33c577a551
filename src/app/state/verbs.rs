//! Runs the editor commands of the shortcut table, and says why a command is disabled.

use super::{CanvasCall, Leaflet, Leave, PathBar, Source, State};
use crate::app::canvas::Tool;
use crate::app::document::{Change, Document, HoleReach};
use crate::app::shortcuts::Verb;
use crate::app::tasks::{Purpose, Task};
use crate::mask::Edit;

/// Each press of `[` or `]` changes the brush by this factor.
const BRUSH_STEP: f32 = 1.2;
/// Each press of + or − changes the zoom by this factor.
const ZOOM_STEP: f32 = 1.25;

impl State {
    /// Why a command is disabled, for its tooltip; `None` when it is enabled.
    pub fn obstacle(&self, verb: Verb) -> Option<&'static str> {
        let document = self.document.as_ref();
        let running = self.fills.is_running();
        let no_photo = document.is_none().then_some("Open a photo first");
        let locked = || running.then_some("A fill is running: stop it first");
        match verb {
            Verb::Open
            | Verb::OpenPath
            | Verb::Shortcuts
            | Verb::About
            | Verb::Quit
            | Verb::Explore
            | Verb::Training => None,
            Verb::SaveProject | Verb::SaveProjectAs => {
                no_photo.or_else(|| self.saving.then_some("A file is being saved"))
            }
            Verb::Brush
            | Verb::Eraser
            | Verb::Frame
            | Verb::SmallerBrush
            | Verb::LargerBrush
            | Verb::ZoomIn
            | Verb::ZoomOut
            | Verb::Fit
            | Verb::ActualPixels
            | Verb::LoadMask
            | Verb::Invert => no_photo,
            Verb::NextFace => no_photo.or_else(locked).or_else(|| {
                let faces = document.and_then(Document::faces).unwrap_or_default();
                faces.is_empty().then_some("No face was found: place the frame by hand")
            }),
            Verb::Clear | Verb::SaveMask => {
                no_photo.or_else(|| (!document.is_some_and(Document::has_hole)).then_some("Nothing is painted"))
            }
            Verb::Undo => no_photo
                .or_else(|| locked().filter(|_| !document.is_some_and(Document::undo_is_painting)))
                .or_else(|| document.and_then(Document::undo_name).is_none().then_some("Nothing to undo")),
            Verb::Redo => no_photo
                .or_else(|| locked().filter(|_| !document.is_some_and(Document::redo_is_painting)))
                .or_else(|| document.and_then(Document::redo_name).is_none().then_some("Nothing to redo")),
            Verb::Export | Verb::ExportPath | Verb::ExportLayer => no_photo.or_else(locked).or_else(|| {
                if self.saving {
                    Some("A file is being saved")
                } else {
                    (!self.has_result()).then_some("Nothing to export yet: paint over part of the face and press Fill")
                }
            }),
            Verb::Fill => no_photo.or_else(locked).or_else(|| match document.and_then(Document::hole_reach) {
                None => Some("Paint over the part of the face to replace first"),
                Some(HoleReach::Outside) => {
                    Some("The paint is outside the face frame: move the frame over it (F), or paint inside")
                }
                Some(HoleReach::Inside | HoleReach::Partly) => None,
            }),
            Verb::Stop | Verb::Pause | Verb::Step => match self.fills.run() {
                None => Some("No fill is running"),
                Some(run) if run.stopping => Some("The fill is stopping"),
                Some(_) => None,
            },
            Verb::Divider => no_photo
                .or_else(|| (!running && !self.has_result()).then_some("Nothing to compare yet: press Fill first")),
            Verb::MoreLikeThis => no_photo.or_else(locked).or_else(|| self.obstacle_to_latents()),
            Verb::Mix => no_photo.or_else(locked).or_else(|| self.obstacle_to_mixing()),
            Verb::BestCandidate | Verb::Candidate(_) => {
                (self.candidate_count() == 0).then_some("No candidates yet: press Fill first")
            }
        }
    }

    /// Whether a fill is shown.
    pub fn has_result(&self) -> bool {
        self.document.as_ref().is_some_and(|document| document.fill().is_some())
    }

    /// Number of candidates to choose from.
    pub fn candidate_count(&self) -> usize {
        match (self.fills.run(), self.document.as_ref().and_then(Document::fill)) {
            (Some(run), _) => run.preview.as_ref().map_or(0, |preview| preview.candidates.len()),
            (None, Some(fill)) => fill.outcome.candidates.len(),
            (None, None) => 0,
        }
    }

    pub(super) fn do_verb(&mut self, verb: Verb) {
        if self.obstacle(verb).is_some() {
            return;
        }
        match verb {
            Verb::Open => self.leave_for(Leave::Open(Source::Dialog)),
            Verb::OpenPath => self.show_path_bar(Purpose::OpenPhoto),
            Verb::SaveProject => self.save_project(),
            Verb::SaveProjectAs => self.ask_for_path(Purpose::SaveProject),
            Verb::Export => self.ask_for_path(Purpose::Export),
            Verb::ExportPath => self.show_path_bar(Purpose::Export),
            Verb::ExportLayer => self.ask_for_path(Purpose::ExportLayer),
            Verb::LoadMask => self.ask_for_path(Purpose::LoadMask),
            Verb::SaveMask => self.ask_for_path(Purpose::SaveMask),
            Verb::Undo => self.move_in_time(Document::undo),
            Verb::Redo => self.move_in_time(Document::redo),
            Verb::Brush => self.tool = Tool::Brush,
            Verb::Eraser => self.tool = Tool::Eraser,
            Verb::Frame => self.tool = Tool::Frame,
            Verb::NextFace => {
                if let Some(document) = &mut self.document {
                    document.pick_next_face();
                }
            }
            Verb::SmallerBrush => self.set_brush_radius(self.remembered.brush_radius_px / BRUSH_STEP),
            Verb::LargerBrush => self.set_brush_radius(self.remembered.brush_radius_px * BRUSH_STEP),
            Verb::Clear => self.change_hole(|document| document.edit(Edit::Clear)),
            Verb::Invert => self.change_hole(|document| document.edit(Edit::Invert)),
            Verb::ZoomIn => self.canvas_calls.push(CanvasCall::ZoomBy(ZOOM_STEP)),
            Verb::ZoomOut => self.canvas_calls.push(CanvasCall::ZoomBy(1.0 / ZOOM_STEP)),
            Verb::Fit => self.canvas_calls.push(CanvasCall::Fit),
            Verb::ActualPixels => self.canvas_calls.push(CanvasCall::ActualPixels),
            Verb::Fill => self.start_fill(),
            Verb::Stop => self.fills.stop(),
            Verb::Pause => self.fills.toggle_pause(),
            Verb::Step => self.fills.step_once(),
            Verb::Divider => self.divider = if self.divider.is_some() { None } else { Some(self.middle_of_hole()) },
            Verb::BestCandidate => self.choose(None),
            Verb::Candidate(place) => {
                if let Some(&index) = self.candidate_order().get(place) {
                    self.choose(Some(index));
                }
            }
            Verb::MoreLikeThis => self.start_more_like_this(),
            Verb::Mix => self.toggle_mix(),
            Verb::Explore => self.toggle_explorer(),
            Verb::Training => self.toggle_training(),
            Verb::Shortcuts => self.toggle_leaflet(Leaflet::Shortcuts),
            Verb::About => self.toggle_leaflet(Leaflet::About),
            Verb::Quit => self.leave_for(Leave::Close),
        }
    }

    /// The centre of the hole as a fraction of the photo's width: a divider there shows half of the fill.
    fn middle_of_hole(&self) -> f32 {
        let bounds = self.document.as_ref().and_then(|document| document.mask().hole_bounds());
        #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
        let middle = self.document.as_ref().zip(bounds).map(|(document, bounds)| {
            (bounds.x as f32 + bounds.width as f32 / 2.0) / document.photo.width().max(1) as f32
        });
        middle.unwrap_or(0.5)
    }

    fn toggle_leaflet(&mut self, leaflet: Leaflet) {
        self.leaflet = (self.leaflet != Some(leaflet)).then_some(leaflet);
    }

    fn move_in_time(&mut self, step: fn(&mut Document) -> Option<Change>) {
        let Some(change) = self.document.as_mut().and_then(step) else { return };
        if let Some(rect_in_photo) = change.hole {
            self.canvas_calls.push(CanvasCall::HoleChanged(rect_in_photo));
        }
        if change.fill {
            self.pictures_changed();
        }
    }

    pub(super) fn cancel_drag(&mut self) {
        if let Some(rect_in_photo) = self.document.as_mut().and_then(Document::cancel_drag) {
            self.canvas_calls.push(CanvasCall::HoleChanged(rect_in_photo));
        }
    }

    pub(super) fn ask_for_path(&self, purpose: Purpose) {
        self.spawn(Task::Dialog(purpose, self.suggested_path(purpose)));
    }

    pub(super) fn show_path_bar(&mut self, purpose: Purpose) {
        let text = self.suggested_path(purpose).map_or_else(String::new, |path| path.display().to_string());
        if purpose != Purpose::SaveProject {
            self.after_save = None;
        }
        self.path_bar = Some(PathBar { purpose, text, exists: false });
    }

    fn suggested_path(&self, purpose: Purpose) -> Option<std::path::PathBuf> {
        if purpose == Purpose::FollowRun {
            return self.remembered.training_run.clone();
        }
        let document = self.document.as_ref()?;
        match purpose {
            Purpose::SaveProject => Some(document.suggested_project()),
            Purpose::Export => Some(document.suggested_export()),
            Purpose::ExportLayer => Some(document.suggested_layer()),
            Purpose::SaveMask => Some(document.suggested_mask()),
            Purpose::OpenPhoto | Purpose::LoadMask | Purpose::OpenModel | Purpose::FollowRun => None,
        }
    }
}
