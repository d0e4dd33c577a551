//! The plan of a `fill` run: its arguments, resolved and checked before the first search.

use std::path::{Path, PathBuf};

use super::args::{FillArgs, OutputArgs};
use super::edit_arg::EditArg;
use super::face_choice::FaceChoice;
use super::inputs::{self, FillTask, PhotoInputs};
use super::mask_source::MaskSource;
use super::{model_choice, outputs, usage_error};
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::fs::Overwrite;
use crate::geometry::FaceFrame;
use crate::job::SearchStart;
use crate::mask::MaskPreset;
use crate::model::ModelChoice;
use crate::photo::DEFAULT_JPEG_QUALITY;
use crate::restore::ImageTask;
use crate::search::{Preset, Settings};

/// The photos to fill and the settings for all of them.
#[derive(Debug)]
pub(super) struct FillPlan {
    pub(super) tasks: Vec<FillTask>,
    /// A line about each folder that holds more than photos.
    pub(super) skipped: Vec<String>,
    /// What is filled; `None` only for tasks that restore the face.
    pub(super) mask: Option<MaskSource>,
    /// What is ignored; a file or a folder.
    pub(super) ignore: Option<MaskSource>,
    /// Face frame placed by hand, in the photo that is [prepared](crate::restore::prepare_photo); replaces `face`.
    pub(super) frame: Option<FaceFrame>,
    pub(super) face: FaceChoice,
    pub(super) preset: Preset,
    pub(super) settings: Settings,
    pub(super) start: SearchStart,
    pub(super) blend: Blend,
    pub(super) model: ModelChoice,
    /// Margin of the mask preset `center`, if it is not the usual one.
    pub(super) center_scale: Option<f64>,
    /// The sheet of all photos, as a picture and as a GIF.
    pub(super) sheet: Option<PathBuf>,
    pub(super) sheet_gif: Option<PathBuf>,
    /// Side of the model's crop; mask presets need it.
    pub(super) crop_size_px: u32,
    pub(super) device: DeviceChoice,
    pub(super) frame_interval: u32,
    /// The iteration that becomes the result, instead of the best one.
    pub(super) at: Option<u32>,
    /// How the face of each fill is changed after its search.
    pub(super) edit: Option<EditArg>,
    /// Identifies the job of a manifest.
    pub(super) job_hash: Option<String>,
    /// Whether output files record how they were made.
    pub(super) records_provenance: bool,
    /// Quality of a JPEG.
    pub(super) jpeg_quality: u8,
    pub(super) overwrite: Overwrite,
}

impl FillPlan {
    /// Checks the arguments and creates the output folders.
    pub(super) fn new(args: &FillArgs) -> anyhow::Result<Self> {
        let task = args.task.task()?;
        let mut settings = args.settings.settings_for(task)?;
        if let Some(at) = args.output.at.filter(|at| *at > settings.steps && args.branch.is_none()) {
            let steps = settings.steps;
            return Err(usage_error(format!("--at {at} is beyond the {steps} steps of the search: use 1 to {steps}")));
        }
        let mask = args.mask.as_deref().map(MaskSource::parse).transpose()?;
        check_task(args, task)?;
        let ignore = args.ignore.as_deref().map(MaskSource::parse_ignored).transpose()?;
        check_center_scale(args.center_scale, mask.as_ref())?;
        let recursive = args.recursive.then_some(args.output.out.as_path());
        let (photos, skipped) = inputs::expand_folders(&args.photos, recursive)?;
        let is_batch = matches!(photos, PhotoInputs::Many(_));
        let tasks = inputs::build_tasks(photos, &args.output)?;
        let (model, info) = model_choice::find_model(args.model.as_deref())?;
        if let Some(edit) = &args.edit {
            edit.check(&info)?;
        }
        let start = match &args.branch {
            Some(_) if is_batch => return Err(usage_error("--branch goes on with one photo: give only that")),
            Some(branch) => branch.start(&info, &mut settings)?,
            None => SearchStart::FromSettings,
        };
        let input_masks: Vec<&Path> =
            [mask.as_ref(), ignore.as_ref()].into_iter().flatten().filter_map(MaskSource::shared_file).collect();
        outputs::check_fill_outputs(&tasks, is_batch, &input_masks, &args.output)?;
        Ok(Self {
            mask,
            ignore,
            frame: args.frame.map(|frame| frame.scaled(f32::from(enlarges_by(task)))),
            face: args.face,
            preset: args.settings.preset,
            settings,
            start,
            blend: Blend {
                mode: args.blend,
                detail_percent: args.detail,
                completion: args.completion,
                soft_edge_px: args.soft_edge,
            },
            model,
            center_scale: args.center_scale,
            sheet: args.output.sheet.clone(),
            sheet_gif: args.output.sheet_gif.clone(),
            crop_size_px: info.image_size_px,
            device: args.device,
            tasks,
            skipped,
            at: args.output.at,
            edit: args.edit.clone(),
            frame_interval: args.output.every.unwrap_or(OutputArgs::DEFAULT_EVERY),
            job_hash: None,
            records_provenance: !args.output.no_record,
            jpeg_quality: args.output.quality,
            overwrite: outputs::overwrite_policy(args.output.force),
        })
    }
}

impl FillPlan {
    /// The plan of a fill that is not written to files: to find the hole and the faces of one photo.
    pub(super) fn of_hole(
        mask: MaskSource,
        face: FaceChoice,
        frame: Option<FaceFrame>,
        model: ModelChoice,
        crop_size_px: u32,
    ) -> Self {
        Self {
            mask: Some(mask),
            ignore: None,
            frame,
            face,
            preset: Preset::default(),
            settings: Preset::default().settings(),
            start: SearchStart::FromSettings,
            blend: Blend::default(),
            model,
            center_scale: None,
            sheet: None,
            sheet_gif: None,
            crop_size_px,
            device: DeviceChoice::Cpu,
            tasks: Vec::new(),
            skipped: Vec::new(),
            at: None,
            edit: None,
            frame_interval: OutputArgs::DEFAULT_EVERY,
            job_hash: None,
            records_provenance: false,
            jpeg_quality: DEFAULT_JPEG_QUALITY,
            overwrite: Overwrite::Refuse,
        }
    }
}

/// The factor by which a task enlarges photos.
pub(super) fn enlarges_by(task: ImageTask) -> u8 {
    u8::try_from(task.enlarges_by()).unwrap_or(1)
}

/// Refuses options that contradict the task.
fn check_task(args: &FillArgs, task: ImageTask) -> anyhow::Result<()> {
    match () {
        () if task.is_fill() && args.mask.is_none() => Err(usage_error(
            "there is no --mask: give one that says what to fill, or a --task that restores the whole face".to_owned(),
        )),
        () if !task.is_fill() && args.output.maps.is_some() => Err(usage_error(format!(
            "--maps explains a fill, which --task {} is not: leave one of them out",
            task.id()
        ))),
        () if !task.is_fill() && args.completion => Err(usage_error(format!(
            "--completion on redraws holes, which --task {} does not: leave one of them out",
            task.id()
        ))),
        () => Ok(()),
    }
}

/// Refuses a scale of the centre for another mask.
fn check_center_scale(scale: Option<f64>, mask: Option<&MaskSource>) -> anyhow::Result<()> {
    if scale.is_some() && mask != Some(&MaskSource::Preset(MaskPreset::Center)) {
        return Err(usage_error("--center-scale is the margin of --mask center: give that mask, or leave it out"));
    }
    Ok(())
}

/// Reads the margin of the centre.
pub(super) fn parse_center_scale(text: &str) -> Result<f64, String> {
    let scale = text.parse().ok().filter(|scale: &f64| (0.0..0.5).contains(scale));
    scale.ok_or_else(|| "give the share that stays on each side: 0 or more, and less than 0.5".into())
}

/// Reads `CX,CY,SIDE[,DEGREES]`.
pub(super) fn parse_frame(text: &str) -> Result<FaceFrame, String> {
    // In double precision, so that the degrees of a report give the same angle.
    let numbers: Vec<f64> = text
        .split(',')
        .map(|number| number.trim().parse().ok().filter(|number: &f64| number.abs() <= f64::from(f32::MAX)))
        .collect::<Option<_>>()
        .unwrap_or_default();
    let [x, y, side_px, degrees] = match *numbers.as_slice() {
        [x, y, side_px] => [x, y, side_px, 0.0],
        [x, y, side_px, degrees] => [x, y, side_px, degrees],
        _ => return Err("give three or four numbers: the centre's x and y, the side, and optionally degrees".into()),
    };
    #[expect(clippy::cast_possible_truncation, reason = "the largest numbers are refused above")]
    let [x, y, side_px, angle_radians] = [x, y, side_px, degrees.to_radians()].map(|number| number as f32);
    if side_px < FaceFrame::MIN_SIDE_PX {
        return Err(format!("the side is {side_px} pixels: use at least {}", FaceFrame::MIN_SIDE_PX));
    }
    Ok(FaceFrame { center_in_photo: [x, y], side_px, angle_radians })
}

#[cfg(test)]
mod tests {
    use std::f32::consts::FRAC_PI_2;

    use super::*;

    #[test]
    fn a_frame_has_centre_side_and_clockwise_angle() {
        let frame = parse_frame("10.5,-3,64").unwrap();
        assert_eq!(frame, FaceFrame { center_in_photo: [10.5, -3.0], side_px: 64.0, angle_radians: 0.0 });
        let turned = parse_frame("100, 50, 32, 90").unwrap();
        assert!((turned.angle_radians - FRAC_PI_2).abs() < 1e-6);
        // A clockwise quarter turn moves the top left corner to the top right.
        let [x, y] = turned.corners_in_photo()[0];
        assert!((x - 116.0).abs() < 1e-3 && (y - 34.0).abs() < 1e-3, "{x}, {y}");
    }

    #[test]
    fn a_centre_leaves_less_than_half_on_each_side() {
        assert!(parse_center_scale("0.25").is_ok_and(|scale| (scale - 0.25).abs() < 1e-12));
        for text in ["0.5", "-0.1", "nan", "wide", ""] {
            assert!(parse_center_scale(text).is_err(), "{text}");
        }
    }

    #[test]
    fn invalid_frames_are_refused() {
        for text in ["", "1,2", "1,2,30,4,5", "1,2,wide", "nan,2,30", "1,2,inf"] {
            assert!(parse_frame(text).unwrap_err().starts_with("give three or four numbers"), "{text}");
        }
        insta::assert_snapshot!(parse_frame("1,2,8").unwrap_err(), @"the side is 8 pixels: use at least 16");
        assert!(parse_frame("1,2,-30").is_err());
    }
}
