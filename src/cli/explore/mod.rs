//! `countenance sample`, `interpolate` and `latent`: pictures drawn directly by the generator.
//!
//! All three draw on the CPU, which is fast enough for single pictures. Samples have numbers; other latents have names
//! in a library file.

mod interpolate;
mod latent;
mod sample;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use clap::Args;
use image::{DynamicImage, RgbImage};

pub(super) use interpolate::InterpolateArgs;
pub(super) use latent::LatentArgs;
pub(super) use sample::SampleArgs;

use super::console::Console;
use super::outputs::{self, overwrite_policy};
use super::{CommandStatus, model_choice, usage_error};
use crate::explore::{FaceRenderer, Latent, LatentLibrary, LatentLibraryError, LatentSource};
use crate::model;
use crate::photo::{ContactSheet, PngMetadata, save_png};

/// Approximate smallest side of a picture in a grid; smaller pictures are enlarged.
const MIN_CELL_PX: u32 = 128;

/// Options for the generator and the library of named latents.
#[derive(Debug, Args)]
pub(super) struct GeneratorArgs {
    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Library file with named latents
    #[arg(long, value_name = "PATH", default_value = "latents.json")]
    library: PathBuf,
}

/// A generator with its library of named latents.
struct ExploreSession {
    renderer: FaceRenderer,
    library: LatentLibrary,
    library_path: PathBuf,
}

impl ExploreSession {
    fn open(args: &GeneratorArgs) -> anyhow::Result<Self> {
        let (choice, _) = model_choice::find_model(args.model.as_deref())?;
        let library = LatentLibrary::open(&args.library).map_err(|error| usage_error(error.to_string()))?;
        Ok(Self { renderer: FaceRenderer::new(&model::load(&choice)?)?, library, library_path: args.library.clone() })
    }

    /// The latent of a sample number or a name. An unknown name is a usage error.
    fn find_latent(&self, source: &LatentSource) -> anyhow::Result<Latent> {
        self.library.find_latent(source, self.renderer.model_info()).map_err(|error| self.library_error(&error))
    }

    fn sample_latents(&self, numbers: impl IntoIterator<Item = u64>) -> anyhow::Result<Vec<Latent>> {
        numbers.into_iter().map(|number| self.find_latent(&LatentSource::Sample(number))).collect()
    }

    fn library_error(&self, error: &LatentLibraryError) -> anyhow::Error {
        usage_error(format!("{}: {error}", self.library_path.display()))
    }

    /// Saves a latent under a name.
    fn save_latent(&mut self, name: &str, latent: Latent, made_from: &str, force: bool) -> anyhow::Result<String> {
        let (model, overwrite) = (self.renderer.model_info(), overwrite_policy(force));
        let inserted = self.library.insert(name, latent, made_from.to_string(), model, overwrite);
        inserted.map_err(|error| self.library_error(&error))?;
        self.library.save(&self.library_path)?;
        Ok(format!("saved '{name}' in {}: {made_from}", self.library_path.display()))
    }

    /// Checks a name before anything is computed for it.
    fn check_name(&self, name: &str, force: bool) -> anyhow::Result<String> {
        let name = LatentLibrary::checked_name(name).map_err(|error| self.library_error(&error))?;
        if !force && self.library.names().any(|existing| existing == name) {
            let path = self.library_path.display();
            return Err(usage_error(format!("{path} already has '{name}': choose another name, or add --force")));
        }
        outputs::check_parent_folders(&[("--library", &self.library_path)])?;
        Ok(name)
    }
}

/// Arranges pictures in rows of `columns`.
fn grid_sheet(pictures: Vec<RgbImage>, columns: usize) -> ContactSheet {
    let mut sheet = ContactSheet::default();
    let mut pictures = pictures.into_iter().peekable();
    while pictures.peek().is_some() {
        sheet.add_row(pictures.by_ref().take(columns.max(1)).map(Some).collect());
    }
    sheet
}

/// Writes a grid as PNG.
fn save_sheet(sheet: &ContactSheet, path: &Path, force: bool) -> anyhow::Result<()> {
    let picture = DynamicImage::ImageRgb8(sheet.render(MIN_CELL_PX));
    Ok(save_png(path, &picture, &PngMetadata::default(), overwrite_policy(force))?)
}

/// Runs `sample`.
pub(super) fn run_sample(args: &SampleArgs) -> anyhow::Result<CommandStatus> {
    sample::run(args, &mut Console::stderr())
}

/// Runs `interpolate`.
pub(super) fn run_interpolate(args: &InterpolateArgs) -> anyhow::Result<CommandStatus> {
    interpolate::run(args, &mut Console::stderr())
}

/// Runs `latent`.
pub(super) fn run_latent(args: &LatentArgs) -> anyhow::Result<CommandStatus> {
    latent::run(args, &mut Console::stderr())
}
