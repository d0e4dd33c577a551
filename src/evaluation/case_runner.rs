//! Fills and scores the cases of an evaluation: every face, hole and method.

use std::error::Error;
use std::sync::Arc;

use image::RgbImage;

use super::case::{EvaluationCase, FaceTruth};
use super::compose::{blank_hole, blend_fill, fill_with_mean};
use super::external_fills::{load_external_fill, write_case};
use super::face_results::{FaceResults, SheetRow};
use super::{
    EvaluationFace, EvaluationFaceSource, EvaluationObserver, EvaluationProblem, EvaluationProtocol, FillScore,
    FrameMode, FrameStats, MEAN_METHOD, SearchMethod, SearchStats, UncertaintyScore, derive_seed,
};
use crate::blend::{Blend, BlendMode};
use crate::face::find_frame;
use crate::geometry::FaceFrame;
use crate::job::{
    Candidate, DeviceInfo, FillControl, FillObserver, FillOutcome, FillRequest, MapGroup, MapKind, MapRequest,
    NetworkCache, SearchStart, StopReason, draw_maps, run_fill,
};
use crate::metrics::PlanarImage;
use crate::model::ModelInfo;
use crate::perceptual::Lpips;
use crate::search::Settings;

/// State of the evaluation of one face.
pub(super) struct CaseRunner<'a> {
    pub(super) networks: &'a mut NetworkCache,
    pub(super) lpips: Option<&'a Lpips>,
    pub(super) protocol: &'a EvaluationProtocol,
    pub(super) observer: &'a mut dyn EvaluationObserver,
    pub(super) results: FaceResults,
}

/// Side of a picture on the contact sheet of photos.
const SHEET_PHOTO_SIDE_PX: u32 = 320;

impl CaseRunner<'_> {
    /// Evaluates one face with every hole and method.
    pub(super) fn evaluate_face(&mut self, index: usize, source: &EvaluationFaceSource) {
        let face = match EvaluationFace::open(source, index, self.protocol.crop_size_px) {
            Ok(face) => face,
            Err(error) => return self.add_problem(EvaluationProblem::new(&source.name(), None, None, &error)),
        };
        for warning in &face.warnings {
            self.observer.face_warning(&face.name, warning);
        }
        let truth = FaceTruth::new(&face, self.lpips);
        let true_picture = self.sheet_picture(&face, &face.pixels);
        let mut row_of_crop = vec![true_picture.clone()];
        for (hole_index, mask) in self.protocol.holes.ids().into_iter().enumerate() {
            let hole = self.protocol.holes.hole_in(hole_index, &face, self.protocol.seed);
            if hole.is_empty() {
                let message = "this part of the face lies outside the photo: it is left out".to_string();
                let (face, mask) = (face.name.clone(), Some(mask.to_string()));
                self.add_problem(EvaluationProblem { face, mask, method: None, message });
                continue;
            }
            let mut pictures = self.evaluate_case(&EvaluationCase::new(&face, &truth, mask, hole));
            if self.protocol.holes.are_in_photos() {
                pictures.push(true_picture.clone());
                self.add_sheet_row(pictures);
            } else {
                row_of_crop.extend(pictures);
            }
        }
        if !self.protocol.holes.are_in_photos() {
            self.add_sheet_row(row_of_crop);
        }
    }

    fn add_sheet_row(&mut self, row: SheetRow) {
        if let Some(rows) = &mut self.results.sheet_rows {
            rows.push(row);
        }
    }

    /// A picture for the contact sheet; `None` if the face is not on it.
    fn sheet_picture(&self, face: &EvaluationFace, picture: &RgbImage) -> Option<RgbImage> {
        if self.results.sheet_rows.is_none() {
            None
        } else if self.protocol.holes.are_in_photos() {
            face.sheet_picture(picture, SHEET_PHOTO_SIDE_PX)
        } else {
            Some(picture.clone())
        }
    }

    /// Fills one hole with every method. Returns the pictures for the contact sheet.
    fn evaluate_case(&mut self, case: &EvaluationCase) -> SheetRow {
        if let Some(folder) = &self.protocol.cases_folder
            && let Err(error) = write_case(folder, case.face, case.mask, &case.hole)
        {
            self.add_case_problem(case, None, &error);
        }
        let mut pictures = vec![self.sheet_picture(case.face, &blank_hole(case.face, &case.hole))];
        let baseline = fill_with_mean(case.face, &case.hole);
        pictures.push(self.add_score(case, MEAN_METHOD, &baseline, (None, None), None));
        let frames: Vec<(FrameMode, FaceFrame)> = if self.protocol.searches.is_empty() {
            Vec::new()
        } else {
            self.protocol.frames.iter().map(|&mode| (mode, self.frame_of(case, mode))).collect()
        };
        for method in &self.protocol.searches {
            for &(mode, frame) in &frames {
                pictures.extend(self.run_search(case, method, mode, frame));
            }
        }
        for fills in &self.protocol.external_fills {
            let fill = load_external_fill(fills, case.face, case.mask, &case.hole);
            pictures.push(match &fill {
                Ok(picture) => self.add_score(case, &fills.name, picture, (None, None), None),
                Err(error) => {
                    self.add_case_problem(case, Some(&fills.name), error);
                    None
                }
            });
        }
        pictures
    }

    /// The frame of the searches. If none is found, it is the largest square in the middle of the photo.
    fn frame_of(&mut self, case: &EvaluationCase, mode: FrameMode) -> FaceFrame {
        if mode == FrameMode::Known {
            return case.face.frame;
        }
        match find_frame(&case.face.photo, &case.hole) {
            Ok(Some(frame)) => return frame,
            Ok(None) => {
                let message = "no face was found beside the hole: the middle of the photo is used".to_string();
                let (face, mask) = (case.face.name.clone(), Some(case.mask.to_string()));
                self.add_problem(EvaluationProblem { face, mask, method: Some(mode.id().into()), message });
            }
            Err(error) => self.add_case_problem(case, Some(mode.id()), &error),
        }
        FaceFrame::centered(case.face.pixels.width(), case.face.pixels.height())
    }

    /// Runs one search and scores it with every blend.
    fn run_search(
        &mut self,
        case: &EvaluationCase,
        method: &SearchMethod,
        mode: FrameMode,
        frame: FaceFrame,
    ) -> SheetRow {
        let protocol = self.protocol;
        let seed = derive_seed("search", case.face.index, protocol.seed);
        let request = FillRequest {
            photo: Arc::clone(&case.face.photo),
            hole: case.hole.clone(),
            frame,
            settings: Settings { seed, ..method.settings },
            start: SearchStart::FromSettings,
            blend: BlendMode::None.into(),
            model: protocol.model.clone(),
            device: protocol.device,
        };
        let outcome = match run_fill(self.networks, &request, &mut FillObserverAdapter(self.observer)) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.add_case_problem(case, Some(&method.name), &error);
                return vec![None; protocol.blends.len()];
            }
        };
        if let Some(StopReason::Failed(reason)) = &outcome.stopped {
            let message =
                format!("the search failed at iteration {} ({reason}): its best fill so far is scored", outcome.steps);
            let (face, mask) = (case.face.name.clone(), Some(case.mask.to_string()));
            self.add_problem(EvaluationProblem { face, mask, method: Some(method.name.clone()), message });
        }
        let uncertainty =
            if protocol.measures_uncertainty { self.uncertainty(case, method, &request, &outcome) } else { None };
        let frame_stats = protocol.holes.are_in_photos().then(|| FrameStats::new(mode, &frame, &case.face.frame));
        let mut pictures = Vec::new();
        for blend in &protocol.blends {
            let name = method.method_name(blend, mode);
            let blended = best_picture_and_stats(case, &outcome, &frame, blend.blend, seed);
            pictures.push(blended.and_then(|(picture, stats)| {
                let measured = (Some(stats), uncertainty.clone());
                self.add_score(case, &name, &picture, measured, frame_stats)
            }));
        }
        pictures
    }

    /// Compares the map of uncertainty of the best candidate with the truth.
    fn uncertainty(
        &mut self,
        case: &EvaluationCase,
        method: &SearchMethod,
        request: &FillRequest,
        outcome: &FillOutcome,
    ) -> Option<UncertaintyScore> {
        let Candidate { latent, picture, .. } = outcome.candidates.get(outcome.best)?.clone();
        let (fill, group) = (request.clone(), MapGroup::Uncertainty);
        let request = MapRequest { fill, latent, picture, group };
        let set = draw_maps(self.networks, &request, &mut |_| true);
        let measured = set.map(|set| {
            let set = set?;
            let (map, uncertainty) = (set.get(MapKind::Uncertainty)?, set.uncertainty.as_ref()?);
            let MapRequest { fill: FillRequest { photo, hole, frame, .. }, picture, .. } = &request;
            UncertaintyScore::measure(photo, hole, frame, picture, (map, uncertainty)).ok().flatten()
        });
        measured.unwrap_or_else(|error| {
            self.add_case_problem(case, Some(&method.name), &error);
            None
        })
    }

    /// Scores a picture, and returns it for the contact sheet. A method without a frame gets the true frame.
    fn add_score(
        &mut self,
        case: &EvaluationCase,
        method: &str,
        picture: &RgbImage,
        (search, uncertainty): (Option<SearchStats>, Option<UncertaintyScore>),
        frame: Option<FrameStats>,
    ) -> Option<RgbImage> {
        let true_frame = &case.face.frame;
        let known = || FrameStats::new(FrameMode::Known, true_frame, true_frame);
        let frame = frame.or_else(|| self.protocol.holes.are_in_photos().then(known));
        let (quality, perceptual) = (case.quality(picture), case.perceptual(self.lpips, picture));
        let (face, mask, method) = (case.face.name.clone(), case.mask.to_string(), method.to_string());
        let score = FillScore { face, mask, method, quality, perceptual, search, frame, uncertainty };
        self.results.scores.push(score);
        self.sheet_picture(case.face, picture)
    }

    fn add_case_problem(&mut self, case: &EvaluationCase, method: Option<&str>, error: &(dyn Error + 'static)) {
        self.add_problem(EvaluationProblem::new(&case.face.name, Some(case.mask), method, error));
    }

    /// Records that the program failed on a face.
    pub(super) fn add_failure(&mut self, source: &EvaluationFaceSource, reason: &str) {
        let message = format!("the program failed on this picture ({reason}): save it as PNG with another program");
        self.add_problem(EvaluationProblem { face: source.name(), mask: None, method: None, message });
    }

    fn add_problem(&mut self, problem: EvaluationProblem) {
        self.observer.problem_found(&problem);
        self.results.problems.push(problem);
    }
}

/// Blends the best candidate. Returns its picture and the statistics of the search. In a crop, blends all candidates to
/// measure how they differ; in a photo, this would take too long.
fn best_picture_and_stats(
    case: &EvaluationCase,
    outcome: &FillOutcome,
    frame: &FaceFrame,
    blend: Blend,
    search_seed: u64,
) -> Option<(RgbImage, SearchStats)> {
    let blend_candidate =
        |candidate: &Candidate| blend_fill(case.face, &case.hole, frame, blend, &outcome.model, &candidate.picture);
    let best = outcome.candidates.get(outcome.best)?;
    let mut stats = SearchStats {
        search_seed,
        seconds: outcome.search_secs.into(),
        steps: outcome.steps,
        context_loss: best.losses.context.into(),
        best_of_k_psnr_hole_db: None,
        diversity: None,
    };
    if case.face.is_crop() {
        let parts = outcome.candidates.iter().map(|it| case.compared_part(&blend_candidate(it)));
        let parts: Vec<PlanarImage> = parts.collect();
        let psnr = parts.iter().map(|part| case.psnr_hole_db(part));
        stats.best_of_k_psnr_hole_db = Some(psnr.fold(0.0, f64::max));
        stats.diversity = case.diversity(&parts);
    }
    Some((blend_candidate(best), stats))
}

/// Adapter from a fill's [`FillObserver`] to an [`EvaluationObserver`].
struct FillObserverAdapter<'a>(&'a mut dyn EvaluationObserver);

impl FillObserver for FillObserverAdapter<'_> {
    fn started(&mut self, device: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        for note in device.notice.iter().chain(notes) {
            self.0.note(note);
        }
    }

    fn control(&mut self) -> FillControl {
        self.0.before_gradient();
        FillControl::Continue
    }
}
