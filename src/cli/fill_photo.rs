//! Fills one photo: opens it, fills its faces in turn, and saves the result.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};

use super::batch_sheet::{BatchSheet, SheetPhoto};
use super::console::Console;
use super::edit_arg::EditArg;
use super::faces_to_fill::{FaceToFill, FacesToFill, unfilled_warning};
use super::fill::FillBackend;
use super::fill_observer::{ConsoleFillObserver, SearchOutputs, SilentObserver};
use super::fill_plan::FillPlan;
use super::fill_report::{FaceReport, PhotoReport};
use super::inputs::FillTask;
use super::maps::{FaceMaps, map_folder, map_requests};
use super::photo_access::error_line;
use crate::catch_panic::catch_panic;
use crate::job::{
    ExportContent, ExportFile, FaceRecord, FacesInTurn, FillError, FillOutcome, FillRecord, FillRequest, Provenance,
    StopReason, check_export,
};
use crate::photo::{self, DecodeLimits, Photo};
use crate::restore::prepare_photo;

/// Fills one photo, prints what happens, and reports it. A panic fails this photo only. `title` names the photo in the
/// progress bar. Without a fill, no picture is written and nothing is added to the sheet.
pub(super) fn fill_photo(
    backend: &mut dyn FillBackend,
    plan: &FillPlan,
    task: &FillTask,
    title: &str,
    console: &mut Console,
    sheet: &mut BatchSheet,
) -> PhotoReport {
    console.start_bar(title, plan.settings.steps);
    let (report, wants_sheet) = (PhotoReport::new(plan, task), sheet.is_wanted());
    let mut run = PhotoRun { plan, task, title, console, report, wants_sheet, on_sheet: None };
    let result = open_photo(&task.photo).and_then(|photo| {
        catch_panic(|| run.fill(backend, photo)).unwrap_or_else(|reason| {
            backend.reset();
            Err(FillError::Internal { reason }.into())
        })
    });
    let PhotoRun { mut report, console, on_sheet, .. } = run;
    sheet.add(on_sheet);
    console.clear_bar();
    if let Err(error) = result {
        report.error = Some(format!("{error:#}"));
    }
    if let Some(error) = &report.error {
        console.print(&error_line(&task.photo, error));
    }
    report
}

fn open_photo(path: &Path) -> anyhow::Result<Photo> {
    match catch_panic(|| photo::open(path, DecodeLimits::default())) {
        Ok(opened) => Ok(opened?),
        Err(reason) => Err(anyhow!(
            "the program failed to read this picture ({reason}): save it as PNG in another program, and please report the file"
        )),
    }
}

/// One photo while it is filled.
struct PhotoRun<'a> {
    plan: &'a FillPlan,
    task: &'a FillTask,
    title: &'a str,
    console: &'a mut Console,
    report: PhotoReport,
    wants_sheet: bool,
    /// The photo on the sheet, once its faces are found.
    on_sheet: Option<SheetPhoto>,
}

/// A face with its fill.
struct FilledFace<'a> {
    face: &'a FaceToFill,
    fill: FillRecord,
    /// `None` without `--maps`.
    maps: Option<FaceMaps>,
}

impl PhotoRun<'_> {
    /// Fills every face under the hole and saves the picture. An error means that there is no picture.
    fn fill(&mut self, backend: &mut dyn FillBackend, photo: Photo) -> anyhow::Result<()> {
        for warning in &photo.warnings {
            self.warn(&format!("{}: {warning}", self.task.photo.display()), warning.clone());
        }
        let photo = prepare_photo(&Arc::new(photo), self.plan.settings.task)?;
        let name = self.task.name();
        let FacesToFill { hole, faces, note, warnings } = FacesToFill::find(self.plan, name.as_os_str(), &photo)?;
        for warning in warnings {
            self.warn(&warning, warning.clone());
        }
        if let Some(note) = note {
            self.console.print(&format!("{}: {note}", self.task.photo.display()));
        }
        if faces.len() > 1 && !self.plan.start.is_from_settings() {
            bail!("--branch goes on with one face, but the hole concerns {}: choose one with --face", faces.len());
        }
        check_export(&photo, &hole, ExportContent::Photo, &self.task.out)?;
        if let Some(layer) = &self.task.layer {
            check_export(&photo, &hole, ExportContent::Layer, layer)?;
        }
        self.report.set_mask(&hole);
        self.report.set_frame(self.plan, faces.first());
        let frames = faces.iter().map(|face| &face.frame);
        let wants_frames = self.plan.sheet_gif.is_some();
        self.on_sheet = self.wants_sheet.then(|| SheetPhoto::new(&photo.pixels, &hole, frames, wants_frames));
        let mut turns = FacesInTurn::new(Arc::clone(&photo), hole.clone());
        let (mut filled, mut errors) = (Vec::new(), Vec::new());
        for (turn, face) in (1..).zip(&faces) {
            let mut report = FaceReport::new(self.plan, face, hole.hole_count());
            match self.fill_face(backend, &mut turns, turn, faces.len(), face) {
                Ok((filled_face, face_errors)) => {
                    report.filled(&filled_face.fill.outcome, filled_face.maps.as_ref().and_then(FaceMaps::uncertainty));
                    report.error = (!face_errors.is_empty()).then(|| face_errors.join("; "));
                    filled.push(filled_face);
                }
                Err(error) => report.error = Some(format!("{error:#}")),
            }
            let name = if faces.len() > 1 { face_name(face) + ": " } else { String::new() };
            errors.extend(report.error.as_ref().map(|error| format!("{name}{error}")));
            self.report.fills.push(report);
        }
        if filled.is_empty() {
            anyhow::bail!("{}", errors.join("; "));
        }
        errors.extend(self.save(&photo, &turns, &filled, faces.len(), errors.is_empty())?);
        self.report.error = (!errors.is_empty()).then(|| errors.join("; "));
        self.describe(&turns, hole.hole_count(), &filled, faces.len());
        Ok(())
    }

    /// Fills one face. Also returns errors that did not prevent the fill.
    fn fill_face<'f>(
        &mut self,
        backend: &mut dyn FillBackend,
        turns: &mut FacesInTurn,
        turn: usize,
        count: usize,
        face: &'f FaceToFill,
    ) -> anyhow::Result<(FilledFace<'f>, Vec<String>)> {
        let plan = self.plan;
        if count > 1 {
            self.console.start_bar(&format!("{}, face {turn} of {count}", self.title), plan.settings.steps);
        }
        let request = FillRequest {
            photo: Arc::clone(turns.photo()),
            hole: turns.hole().clone(),
            frame: face.frame,
            settings: plan.settings,
            start: plan.start.clone(),
            blend: plan.blend,
            model: plan.model.clone(),
            device: plan.device,
        };
        let outputs = SearchOutputs::new(self.task, turn);
        let on_sheet = self.on_sheet.as_mut();
        let mut observer = ConsoleFillObserver::new(self.console, plan, &outputs, &request, &face.hole, on_sheet)?;
        let outcome = backend.run_search(&request, &mut observer)?;
        observer.log_latents(&outcome);
        let outcome = match plan.at {
            Some(iteration) => at_iteration(backend, &request, outcome, iteration)?,
            None => outcome,
        };
        let outcome = match &plan.edit {
            Some(edit) => edited(backend, &request, outcome, edit)?,
            None => outcome,
        };
        let fill = FillRecord::of_best(&request, outcome);
        turns.add(&fill, &face.hole).context("the search returned no face")?;
        let drawn = fill.shown_candidate().map(|candidate| &*candidate.picture);
        let output_errors = observer.finish(fill.outcome.steps, &turns.photo().pixels, drawn);
        let search_error = match &fill.outcome.stopped {
            Some(StopReason::Failed(reason)) => Some(format!(
                "the search failed at iteration {} ({reason}): the best fill so far is saved",
                fill.outcome.steps
            )),
            Some(StopReason::Cancelled) | None => None,
        };
        let maps = self.draw_maps(backend, turn, &request, &fill);
        let maps_error = maps.as_ref().err().map(saved_but);
        let errors = search_error.into_iter().chain(output_errors.iter().map(saved_but)).chain(maps_error).collect();
        if count > 1 {
            let (photo, name) = (self.task.photo.display(), face_name(face));
            self.console.print(&format!("{photo}, {name}: {}", search_summary(&fill.outcome)));
        }
        Ok((FilledFace { face, fill, maps: maps.ok().flatten() }, errors))
    }

    /// Computes the maps of a fill, if they are wanted.
    fn draw_maps(
        &mut self,
        backend: &mut dyn FillBackend,
        turn: usize,
        request: &FillRequest,
        fill: &FillRecord,
    ) -> anyhow::Result<Option<FaceMaps>> {
        let Some(folder) = &self.task.maps else { return Ok(None) };
        let mut sets = Vec::new();
        for request in map_requests(request, fill) {
            sets.extend(backend.draw_maps(&request).context("the maps cannot be computed")?);
        }
        Ok(Some(FaceMaps::new(map_folder(folder, turn), request.hole.clone(), sets)))
    }

    /// Saves the picture, the layer and the maps. `is_complete`: no face had an error, so the job need not be done again.
    /// Returns errors that did not prevent the picture.
    fn save(
        &mut self,
        photo: &Photo,
        turns: &FacesInTurn,
        filled: &[FilledFace<'_>],
        count: usize,
        is_complete: bool,
    ) -> anyhow::Result<Vec<String>> {
        let Self { plan, task, .. } = *self;
        let first = filled.first().context("the search returned no face")?;
        let mut provenance =
            plan.records_provenance.then(|| provenance(photo, &first.fill, filled, count)).transpose()?;
        if let Some(provenance) = provenance.as_mut().filter(|_| is_complete) {
            provenance.job.clone_from(&plan.job_hash);
        }
        let save = |console: &mut Console, content, path: &Path| {
            let (pixels, filled, provenance) = (turns.picture(content), turns.filled(), provenance.as_ref());
            let file = ExportFile { photo, pixels: &pixels, filled, content, provenance };
            for note in file.save(path, plan.jpeg_quality, plan.overwrite)? {
                console.print(&format!("note: {}: {note}", path.display()));
            }
            anyhow::Ok(())
        };
        save(self.console, ExportContent::Photo, &task.out)?;
        self.report.saved(task, &first.fill.outcome);
        let layer_error = task.layer.as_deref().and_then(|path| save(self.console, ExportContent::Layer, path).err());
        let filled_photo = turns.picture(ExportContent::Photo);
        if let Some(on_sheet) = &mut self.on_sheet {
            on_sheet.complete(&filled_photo);
        }
        let maps = filled.iter().filter_map(|face| face.maps.as_ref());
        let map_errors = maps.filter_map(|maps| maps.save(photo, &filled_photo).err());
        Ok(layer_error.into_iter().chain(map_errors).map(|error| saved_but(&error)).collect())
    }

    /// Prints a summary and warnings.
    fn describe(&mut self, turns: &FacesInTurn, whole: usize, filled: &[FilledFace<'_>], count: usize) {
        let (photo, out) = (self.task.photo.display(), self.task.out.display());
        let summary = match filled {
            [FilledFace { fill, .. }] if count == 1 => search_summary(&fill.outcome),
            _ => format!("{} of {count} faces filled", filled.len()),
        };
        self.console.print(&format!("{photo} → {out}: {summary}"));
        for FilledFace { face, fill, .. } in filled {
            if let Some(warning) = fill.outcome.fit_warning() {
                let name = if count > 1 { face_name(face) + ": " } else { String::new() };
                let text = format!("{name}{}. {}", warning.message, warning.advice);
                self.warn(&format!("{photo}: {text}"), text.clone());
            }
        }
        let unfilled = turns.hole().hole_count();
        self.report.set_unfilled(unfilled, whole);
        if unfilled > 0 {
            let text = unfilled_warning(self.plan, unfilled, whole);
            self.warn(&format!("{photo}: {text}"), text.clone());
        }
    }

    /// Prints a warning, and adds it to the report.
    fn warn(&mut self, line: &str, reported: String) {
        self.console.print(&format!("warning: {line}"));
        self.report.warnings.push(reported);
    }
}

/// The fill of one iteration, instead of the best one.
fn at_iteration(
    backend: &mut dyn FillBackend,
    request: &FillRequest,
    outcome: FillOutcome,
    iteration: u32,
) -> anyhow::Result<FillOutcome> {
    let request = request.at_iteration(&outcome, iteration).with_context(|| {
        let nearest = outcome.latent_history.nearest(iteration).unwrap_or(1);
        format!("--at {iteration}: the search kept no such iteration, the nearest is {nearest}")
    })?;
    let drawn = backend.run_search(&request, &mut SilentObserver)?;
    Ok(outcome.with_iteration(iteration, drawn))
}

/// The fill with its best candidate edited.
fn edited(
    backend: &mut dyn FillBackend,
    request: &FillRequest,
    outcome: FillOutcome,
    edit: &EditArg,
) -> anyhow::Result<FillOutcome> {
    let best = outcome.candidates.get(outcome.best).context("the search returned no face")?;
    let edit = edit.of(&best.latent);
    let drawn = backend.run_search(&request.clone().into_edit(edit.clone()), &mut SilentObserver)?;
    Ok(outcome.with_edit(&edit, drawn))
}

/// The record of all fills.
fn provenance(
    photo: &Photo,
    first: &FillRecord,
    filled: &[FilledFace<'_>],
    count: usize,
) -> anyhow::Result<Provenance> {
    let record = |FilledFace { face, fill, .. }: &FilledFace<'_>| FaceRecord::new(fill, &face.hole);
    let provenance = Provenance::new(photo, first)?;
    if count == 1 {
        return Ok(provenance);
    }
    Ok(provenance.with_fills(filled.iter().map(record).collect::<Result<_, _>>()?))
}

fn saved_but(error: &anyhow::Error) -> String {
    format!("the fill is saved, but {error:#}")
}

/// One of several faces, by its number as `--face` takes it.
fn face_name(face: &FaceToFill) -> String {
    face.number.map_or_else(|| "the face".into(), |number| format!("face {number}"))
}

/// For example `150 steps in 2.3 s on CPU, total loss 0.2101 → 0.0432`.
fn search_summary(outcome: &FillOutcome) -> String {
    let start = outcome.first_losses.total;
    let end = outcome.candidates.get(outcome.best).map_or(start, |best| best.losses.total);
    let steps = if outcome.steps == 1 { "step" } else { "steps" };
    format!(
        "{} {steps} in {:.1} s on {}, total loss {start:.4} → {end:.4}",
        outcome.steps, outcome.search_secs, outcome.device.name,
    )
}
