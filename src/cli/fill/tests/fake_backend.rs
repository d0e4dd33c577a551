//! A fake search, and a temporary folder to run it in.

use clap::Parser as _;
use std::path::PathBuf;
use std::sync::Arc;

use image::{Rgb, RgbImage};

use super::*;
use crate::cli::args;
use crate::cli::console::CapturedConsole;
use crate::face_picture::FacePicture;
use crate::job::{
    Candidate, DeviceInfo, FaceMap, LatentHistory, MapGroup, MapKind, SearchStart, StopReason, Uncertainty,
};
use crate::model::ModelInfo;
use crate::search::{Losses, SearchIteration, Settings};

/// Side of the fake model's crop and of the photos: one crop pixel is one photo pixel.
pub(in crate::cli) const SIDE_PX: u32 = 32;

/// A fake search with two candidates, the second one better. Losses fall with each iteration; pictures have one colour.
#[derive(Default)]
pub(in crate::cli) struct FakeBackend {
    /// Whether `load_model` fails because no GPU exists.
    pub(in crate::cli) no_device: bool,
    /// Iteration at which the search fails.
    pub(in crate::cli) fails_at: Option<u32>,
    /// Whether the model is one that the completion network fits.
    pub(in crate::cli) has_completion: bool,
    /// Number of the search, from 1, that panics.
    pub(in crate::cli) panics_at: Option<u32>,
    /// Searches and resets so far.
    pub(in crate::cli) searches: u32,
    pub(in crate::cli) resets: u32,
}

impl FakeBackend {
    fn losses(iteration: u32) -> [Losses; 2] {
        let context = 1.0 / f32::from(u16::try_from(iteration).unwrap());
        [2.0, 1.0].map(|factor| Losses { context: context * factor, prior: 0.5, total: context * factor + 0.5 })
    }

    fn model() -> ModelInfo {
        ModelInfo {
            name: "fake".into(),
            sha256: "0123abcd".into(),
            image_size_px: SIDE_PX,
            latent_dim: 1,
            has_discriminator: true,
            has_encoder: false,
            metadata: std::collections::BTreeMap::new(),
        }
    }

    /// A search of so many iterations with this model.
    pub(in crate::cli) fn outcome_of(model: &ModelInfo, iterations: u32) -> FillOutcome {
        let mut latent_history = LatentHistory::default();
        for number in 1..=iterations {
            let value = 0.25 / f32::from(u16::try_from(number).unwrap());
            let latents = vec![value; 2 * model.latent_dim];
            latent_history.add(&SearchIteration { number, losses: Self::losses(number).to_vec(), latents });
        }
        let losses = Self::losses(iterations)[0];
        let (latent, picture) = (vec![0.0; model.latent_dim], Self::picture(0.0));
        FillOutcome {
            settings: Settings::default(),
            start: SearchStart::FromSettings,
            model: model.clone(),
            device: DeviceInfo { name: "Fake device".into(), is_gpu: false, notice: None },
            steps: iterations,
            evaluations: iterations,
            changed_during_search: false,
            search_secs: 1.0,
            stopped: None,
            explained_share: None,
            candidates: vec![Candidate { latent, picture, losses, is_mix: false, kept_at: None, edit: None }],
            best: 0,
            first_losses: losses,
            latent_history,
        }
    }

    fn picture(value: f32) -> Arc<FacePicture> {
        Arc::new(FacePicture::uniform(SIDE_PX as usize, [value; 3]))
    }
}

impl FillBackend for FakeBackend {
    fn load_model(&mut self, _: DeviceChoice, _: &ModelChoice) -> Result<(), FillError> {
        if self.no_device { Err(crate::device::DeviceError::NoGpu.into()) } else { Ok(()) }
    }

    fn run_search(&mut self, request: &FillRequest, observer: &mut dyn FillObserver) -> Result<FillOutcome, FillError> {
        self.searches += 1;
        assert!(self.panics_at != Some(self.searches), "a fault in the fake search");
        let device =
            DeviceInfo { name: "Fake device".into(), is_gpu: false, notice: Some("fake device notice".into()) };
        let fitting = || crate::model::inspect(&ModelChoice::Face128).unwrap();
        let model = if self.has_completion { fitting() } else { Self::model() };
        observer.started(&device, &model, &["fake model note".into()]);
        let steps = self.fails_at.unwrap_or(request.settings.steps);
        let mut latent_history = LatentHistory::default();
        for iteration in 1..=steps {
            observer.losses(iteration, &Self::losses(iteration));
            let losses = Self::losses(iteration).to_vec();
            let latents = losses.iter().map(|losses| 0.5 * losses.context).collect();
            latent_history.add(&SearchIteration { number: iteration, losses, latents });
            if observer.wants_pictures(iteration) {
                observer.pictures(iteration, vec![Self::picture(-1.0), Self::picture(0.0)], 1);
            }
        }
        // Without a search, the picture is as bright as the latent says.
        let start = match &request.start {
            SearchStart::At(latents) => latents.clone(),
            SearchStart::Edited(edit) => vec![edit.latent[0] + 0.25 * edit.amounts["smile"]; 2],
            _ => vec![-1.0, 1.0],
        };
        let candidate = |index: usize| Candidate {
            latent: vec![start[index]],
            picture: Self::picture(start[index]),
            losses: Self::losses(steps)[index],
            is_mix: false,
            kept_at: None,
            edit: None,
        };
        Ok(FillOutcome {
            settings: request.settings,
            start: request.start.clone(),
            model,
            device,
            steps,
            evaluations: steps,
            changed_during_search: false,
            search_secs: 1.5,
            stopped: self.fails_at.map(|_| StopReason::Failed("the device is gone".into())),
            explained_share: None,
            candidates: vec![candidate(0), candidate(1)],
            best: 1,
            first_losses: Self::losses(1)[1],
            latent_history,
        })
    }

    fn draw_maps(&mut self, request: &MapRequest) -> Result<Option<FaceMapSet>, FillError> {
        let side_px = SIDE_PX as usize;
        // The values rise from left to right.
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let values = (0..side_px * side_px).map(|pixel| (pixel % side_px) as f32).collect::<Vec<_>>();
        let kinds = MapKind::ALL.into_iter().filter(|kind| kind.group() == request.group);
        let map = |kind| Arc::new(FaceMap::new(kind, side_px, values.clone(), vec![true; side_px * side_px]));
        let maps: Vec<_> = kinds.map(map).collect();
        let uncertainty = (request.group == MapGroup::Uncertainty).then(|| Uncertainty::of_map(&maps[0], Some(1.25)));
        Ok(Some(FaceMapSet { frame: request.fill.frame, maps, uncertainty }))
    }

    fn reset(&mut self) {
        self.resets += 1;
    }
}

/// A temporary folder with photos.
pub(in crate::cli) struct FillTestFolder(pub(in crate::cli) tempfile::TempDir);

/// The result of a run, with the folder's path replaced by DIR.
pub(in crate::cli) struct FillTestRun {
    pub(in crate::cli) status: CommandStatus,
    pub(in crate::cli) messages: String,
    pub(in crate::cli) report: String,
}

impl FillTestFolder {
    pub(in crate::cli) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(in crate::cli) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(in crate::cli) fn add_photo(&self, name: &str) {
        let gradient = |x: u32, y: u32| Rgb([4 * x, 4 * y, 100].map(|value| u8::try_from(value).unwrap()));
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_fn(SIDE_PX, SIDE_PX, gradient).save(path).unwrap();
    }

    pub(in crate::cli) fn pixels(&self, name: &str) -> RgbImage {
        image::open(self.path(name)).unwrap().into_rgb8()
    }

    pub(in crate::cli) fn files(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Runs `fill` with these arguments; `DIR` stands for this folder. Faces are not detected, unless the arguments say it.
    pub(in crate::cli) fn fill(&self, backend: &mut dyn FillBackend, line: &str) -> anyhow::Result<FillTestRun> {
        let folder = self.0.path().to_str().unwrap();
        let words = line.split_whitespace().map(|word| word.replace("DIR", folder));
        let face = if line.contains("--face") { [].as_slice() } else { &["--face", "none"] };
        let first = ["countenance", "fill"].iter().chain(face).map(|word| (*word).to_owned());
        let cli = args::Cli::try_parse_from(first.chain(words))?;
        let Some(args::Command::Fill(args)) = cli.command else { panic!("not a fill") };
        let mut plan = FillPlan::new(&args)?;
        plan.crop_size_px = SIDE_PX;
        let captured = CapturedConsole::default();
        let report = fill_photos(backend, &plan, &mut captured.console());
        let messages = captured.take().replace(folder, "DIR");
        Ok(FillTestRun {
            status: CommandStatus::from_success(report.all_succeeded()),
            messages,
            report: serde_json::to_string_pretty(&report)
                .unwrap()
                .replace(folder, "DIR")
                .replace(env!("CARGO_PKG_VERSION"), "VERSION"),
        })
    }
}
