//! `countenance sample`, `interpolate` and `latent`: pictures drawn directly by the generator.
//!
//! All three draw on the CPU, which is fast enough for single pictures. Samples have numbers; other latents have names in a
//! library file.

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

use super::progress::Console;
use super::{Ending, models, outputs, usage};
use crate::explore::{Gallery, Latent, Library, LibraryError, Source};
use crate::model;
use crate::photo::{Extras, Overwrite, Sheet, save_png};

/// Approximate smallest side of a picture in a grid; smaller pictures are enlarged.
const SHOWN_PX: u32 = 128;

/// Options for the generator and the library of named latents.
#[derive(Debug, Args)]
pub(super) struct FromArgs {
    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Library file with named latents
    #[arg(long, value_name = "PATH", default_value = "latents.json")]
    library: PathBuf,
}

/// A generator with its library of named latents.
struct Studio {
    gallery: Gallery,
    library: Library,
    library_path: PathBuf,
}

impl Studio {
    fn open(from: &FromArgs) -> anyhow::Result<Self> {
        let (choice, _) = models::choose(from.model.as_deref())?;
        let library = Library::open(&from.library).map_err(|error| usage(error.to_string()))?;
        Ok(Self { gallery: Gallery::new(&model::load(&choice)?)?, library, library_path: from.library.clone() })
    }

    /// The latent of a sample number or a name. An unknown name is a usage error.
    fn find(&self, source: &Source) -> anyhow::Result<Latent> {
        self.library.find(source, self.gallery.model()).map_err(|error| self.told(&error))
    }

    fn told(&self, error: &LibraryError) -> anyhow::Error {
        usage(format!("{}: {error}", self.library_path.display()))
    }

    /// Saves a latent under a name.
    fn save(&mut self, name: &str, latent: Latent, made_from: &str, force: bool) -> anyhow::Result<String> {
        let kept = self.library.insert(name, latent, made_from.to_string(), self.gallery.model(), overwrite(force));
        kept.map_err(|error| self.told(&error))?;
        self.library.save(&self.library_path)?;
        Ok(format!("saved '{name}' in {}: {made_from}", self.library_path.display()))
    }

    /// Checks a name before anything is computed for it.
    fn check_name(&self, name: &str, force: bool) -> anyhow::Result<String> {
        let name = Library::checked_name(name).map_err(|error| self.told(&error))?;
        if !force && self.library.names().any(|known| known == name) {
            return Err(usage(format!(
                "{} already has '{name}': choose another name, or add --force",
                self.library_path.display()
            )));
        }
        outputs::check_folders(&[("--library", &self.library_path)])?;
        Ok(name)
    }
}

fn overwrite(force: bool) -> Overwrite {
    if force { Overwrite::Allow } else { Overwrite::Refuse }
}

/// Arranges pictures in rows of `columns`.
fn grid(pictures: Vec<RgbImage>, columns: usize) -> Sheet {
    let mut sheet = Sheet::default();
    let mut pictures = pictures.into_iter().peekable();
    while pictures.peek().is_some() {
        sheet.add_row(pictures.by_ref().take(columns.max(1)).map(Some).collect());
    }
    sheet
}

/// Writes a grid as PNG.
fn write(sheet: &Sheet, path: &Path, force: bool) -> anyhow::Result<()> {
    let picture = DynamicImage::ImageRgb8(sheet.draw(SHOWN_PX));
    Ok(save_png(path, &picture, &Extras::default(), overwrite(force))?)
}

/// Runs `sample`.
pub(super) fn run_sample(args: &SampleArgs) -> anyhow::Result<Ending> {
    sample::run(args, &mut Console::stderr())
}

/// Runs `interpolate`.
pub(super) fn run_interpolate(args: &InterpolateArgs) -> anyhow::Result<Ending> {
    interpolate::run(args, &mut Console::stderr())
}

/// Runs `latent`.
pub(super) fn run_latent(args: &LatentArgs) -> anyhow::Result<Ending> {
    latent::run(args, &mut Console::stderr())
}
