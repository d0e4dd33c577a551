//! `countenance sample`, `interpolate` and `latent`: pictures straight from the generator.
//!
//! All three draw on the CPU, where a picture takes some milliseconds. Samples are called by their numbers, other latents
//! by the names they have in a library file.

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

/// Sides of the pictures in a grid, at least about this where the generator draws smaller ones.
const SHOWN_PX: u32 = 128;

/// Which generator draws, and which names there are.
#[derive(Debug, Args)]
pub(super) struct FromArgs {
    /// Model file, name of one in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// File with named latents
    #[arg(long, value_name = "PATH", default_value = "latents.json")]
    library: PathBuf,
}

/// A generator and the names it knows.
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

    /// The latent of a number or a name; one that is not there is a usage error.
    fn find(&self, source: &Source) -> anyhow::Result<Latent> {
        self.library.find(source, self.gallery.model()).map_err(|error| self.told(&error))
    }

    fn told(&self, error: &LibraryError) -> anyhow::Error {
        usage(format!("{}: {error}", self.library_path.display()))
    }

    /// Keeps a latent under a name.
    fn save(&mut self, name: &str, latent: Latent, made_from: &str, force: bool) -> anyhow::Result<String> {
        let kept = self.library.insert(name, latent, made_from.to_string(), self.gallery.model(), overwrite(force));
        kept.map_err(|error| self.told(&error))?;
        self.library.save(&self.library_path)?;
        Ok(format!("{} has '{name}' now, the {made_from}", self.library_path.display()))
    }

    /// Refuses a name before anything is computed for it.
    fn check_name(&self, name: &str, force: bool) -> anyhow::Result<String> {
        let name = Library::checked_name(name).map_err(|error| self.told(&error))?;
        if !force && self.library.names().any(|known| known == name) {
            return Err(usage(format!(
                "{} has '{name}' already: choose another name, or add --force",
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

/// Pictures in rows of so many.
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

/// Does what the arguments of `sample` say.
pub(super) fn run_sample(args: &SampleArgs) -> anyhow::Result<Ending> {
    sample::run(args, &mut Console::stderr())
}

/// Does what the arguments of `interpolate` say.
pub(super) fn run_interpolate(args: &InterpolateArgs) -> anyhow::Result<Ending> {
    interpolate::run(args, &mut Console::stderr())
}

/// Does what the arguments of `latent` say.
pub(super) fn run_latent(args: &LatentArgs) -> anyhow::Result<Ending> {
    latent::run(args, &mut Console::stderr())
}
