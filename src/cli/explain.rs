//! `countenance explain`: writes the figures that explain the method, and a page with them.

mod page;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use image::{DynamicImage, RgbaImage};

use super::console::Console;
use super::face_choice::FaceChoice;
use super::faces_to_fill::FacesToFill;
use super::fill_plan::{self, FillPlan};
use super::mask_source::MaskSource;
use super::photo_access::{open_photo, work_on_photo};
use super::{CommandStatus, model_choice, outputs, run_on_named_thread, usage_error};
use crate::app::{PORTRAIT, drawing_picture, portrait_subject};
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::explain::{
    Ascent, Chapter, Controls, FaceCloud, Figure, FigureData, FillParts, LossPlane, NetworkLayers, Subject,
};
use crate::fs::{Overwrite, write_atomically};
use crate::geometry::FaceFrame;
use crate::job::NetworkCache;
use crate::model::{ModelChoice, Networks};
use crate::photo::{AnimationFormat, AnimationWriter, PngMetadata, save_png};
use crate::search::Preset;

/// Pixels per point of a picture, and of an animation, whose files are larger.
const PICTURE_SCALE: f32 = 2.0;
const ANIMATION_SCALE: f32 = 1.0;
/// Longest side of an animation: as wide as the figures.
const MAX_ANIMATION_SIDE_PX: u32 = 640;
/// How long a frame of an animation stays.
const CONVOLUTION_FRAME: Duration = Duration::from_millis(600);
const ASCENT_FRAME: Duration = Duration::from_millis(150);

/// Explain the method in figures: pictures and one page to read
///
/// Writes index.html and the figures beside it, computed now from the model and the photo: probability and samples, a
/// photo among faces and noise, how a convolution works, both networks layer by layer, why a hole is not filled by asking
/// the discriminator alone, the parts of a fill, what λ weighs, and the losses around the result. No knowledge of machine
/// learning is needed to read it. The editor shows the same figures under Help, How it works, to play with.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct ExplainArgs {
    /// Folder for index.html and the pictures, created if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Photo of a face to explain the method with [default: a portrait in the program]
    #[arg(long, value_name = "PHOTO")]
    photo: Option<PathBuf>,

    /// What is filled, as in `countenance fill`: a mask picture, parts of the face, or a mask preset
    ///
    /// What a mask picture hides is not shown in any figure.
    #[arg(long, value_name = "MASK", default_value = "mouth", requires = "photo")]
    mask: PathBuf,

    /// Which face of the photo: auto, none, or a number from `countenance faces`
    #[arg(long, value_name = "auto|none|N", value_parser = FaceChoice::parse, default_value = "auto", requires = "photo")]
    face: FaceChoice,

    /// Place the face frame by hand, as in `countenance fill`
    #[arg(long, value_name = "CX,CY,SIDE[,DEGREES]", allow_hyphen_values = true, requires = "photo")]
    #[arg(value_parser = fill_plan::parse_frame)]
    frame: Option<FaceFrame>,

    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Replace an existing page
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance explain --out how-it-works
  countenance explain --out how-it-works --photo portrait.jpg --mask eyes

Exit status: 0 on success, 1 if something failed, 2 if the arguments are invalid.";

/// Runs the command.
pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<CommandStatus> {
    run_on_named_thread("explain", || explain(args, &mut Console::stderr()))?;
    Ok(CommandStatus::Success)
}

fn explain(args: &ExplainArgs, console: &mut Console) -> anyhow::Result<()> {
    let (model, info) = model_choice::find_model(args.model.as_deref())?;
    let mask = MaskSource::parse(&args.mask)?;
    outputs::create_output_folder(&args.out, "--out")?;
    let page = args.out.join(page::NAME);
    if page.exists() && !args.force {
        let page = page.display();
        return Err(usage_error(format!("{page} exists: choose another folder, or add --force to replace it")));
    }
    let subject = match &args.photo {
        Some(path) => work_on_photo(path, || photo_subject(args, path, mask, &model, info.image_size_px, console))?,
        None => portrait_subject(Preset::Best.settings(), Blend::default())?,
    };
    let (_, networks) = NetworkCache::default().networks(DeviceChoice::Cpu, &model)?;
    let data = compute(&networks, &subject, console)?;
    let figures: Vec<Figure> = Chapter::ALL.iter().flat_map(|chapter| chapter.figures()).copied().collect();
    for figure in &figures {
        write_figure(&data, *figure, &args.out)?;
    }
    let is_written = |figure: Figure| data.draw(figure, &Controls::default()).is_some();
    let name = args.photo.as_deref().and_then(Path::file_name).map(|name| format!("photo {}", name.display()));
    let photo = name.unwrap_or_else(|| format!("portrait of {}", PORTRAIT.person_name()));
    let text = page::html(&photo, &info.name, |figure| is_written(figure).then(|| file_name(&data, figure)));
    write_atomically(&page, text.as_bytes(), Overwrite::Allow).context("cannot write the page")?;
    let count = figures.iter().filter(|figure| is_written(**figure)).count();
    console.print(&format!("{} explains the method in {count} figures", page.display()));
    Ok(())
}

/// A photo with its hole, as `fill` would find it.
fn photo_subject(
    args: &ExplainArgs,
    path: &Path,
    mask: MaskSource,
    model: &ModelChoice,
    crop_size_px: u32,
    console: &mut Console,
) -> anyhow::Result<Subject> {
    let photo = open_photo(path, console)?;
    let is_example = matches!(mask, MaskSource::Preset(_) | MaskSource::Regions(_));
    let plan = FillPlan::of_hole(mask, args.face, args.frame, model.clone(), crop_size_px);
    let stem = path.file_stem().unwrap_or_default();
    let found = FacesToFill::find(&plan, stem, &photo)?;
    for text in found.note.into_iter().chain(found.warnings) {
        console.print(&format!("{}: {text}", path.display()));
    }
    let face = found.faces.into_iter().next().context("the hole lies in no face")?;
    let FillPlan { settings, blend, .. } = plan;
    let (photo, frame) = (Arc::new(photo), face.frame);
    Ok(Subject { photo, hole: face.hole, is_example, frame, settings, blend, fill: None })
}

/// Computes all figures.
fn compute(networks: &Arc<Networks>, subject: &Subject, console: &mut Console) -> anyhow::Result<FigureData> {
    const STAGES: u64 = 5;
    let face = subject.problem(networks.info.image_size_px)?;
    console.start_bar("figures", 100 * STAGES);
    let mut stage = 0;
    let mut next = |title: &str| {
        console.show_position(title, 100 * stage);
        stage += 1;
    };
    let mut go_on = |_: f32| true;
    next("faces");
    let faces = FaceCloud::draw(networks, subject, &mut go_on)?;
    next("search");
    let way = subject.search_way(networks, &face, &mut go_on).context("the search found no face")?;
    let layers = NetworkLayers::of_latent(networks, way.result());
    next("ascent");
    let ascent = Ascent::compute(networks, &face, &way, &mut go_on);
    next("fill");
    let parts = FillParts::compute(networks, subject, &face, &way, &mut go_on)?;
    next("losses");
    let plane = LossPlane::compute(networks, &face, &subject.shown_settings(), &way, &mut go_on);
    console.clear_bar();
    Ok(FigureData {
        blocks: Some(Arc::new(subject.blocks()?)),
        faces: faces.map(Arc::new),
        layers: layers.map(Arc::new),
        ascent: ascent.map(Arc::new),
        parts: parts.map(Arc::new),
        plane: plane.map(Arc::new),
    })
}

/// The name of a figure's file: a figure that moves is a GIF.
fn file_name(data: &FigureData, figure: Figure) -> String {
    let extension = if data.frames(figure, &Controls::default()) > 1 { "gif" } else { "png" };
    format!("{}.{extension}", figure.id())
}

/// Writes a figure, if there is something to show: without a discriminator, there is no ascent.
fn write_figure(data: &FigureData, figure: Figure, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(file_name(data, figure));
    let mut controls = Controls::default();
    let frames = data.frames(figure, &controls);
    if frames == 1 {
        let Some(drawing) = data.draw(figure, &controls) else { return Ok(()) };
        let picture = DynamicImage::ImageRgba8(drawing_picture(&drawing, PICTURE_SCALE)).into_rgb8();
        return Ok(save_png(&path, &picture.into(), &PngMetadata::default(), Overwrite::Allow)?);
    }
    let duration = if figure == Figure::Ascent { ASCENT_FRAME } else { CONVOLUTION_FRAME };
    let animation = AnimationWriter::new(path, AnimationFormat::Gif, Overwrite::Allow)?;
    let mut animation = animation.with_max_side(MAX_ANIMATION_SIDE_PX);
    let mut last = RgbaImage::new(1, 1);
    for frame in 0..frames {
        controls.set_frame(figure, frame);
        let Some(drawing) = data.draw(figure, &controls) else { return Ok(()) };
        last = drawing_picture(&drawing, ANIMATION_SCALE);
        animation.add_frame_for(&last, duration)?;
    }
    animation.finish(&last)
}

#[cfg(test)]
mod tests;
