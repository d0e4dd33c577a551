//! Complete runs with tiny networks.

mod broken_disks;

use std::fs;
use std::path::Path;

use super::face_images::FaceSubset;
use super::*;
use crate::perceptual::test_weights::write_synthetic;

impl RunFolder {
    /// All metrics so far: those of the log, then the quality metrics.
    pub(super) fn read_metrics(&self) -> Result<Vec<MetricSeries>, TrainError> {
        let mut series = metrics_log::read_series(&self.log_path())?;
        series.extend(metrics_log::read_series(&self.quality_path())?);
        Ok(series)
    }
}

fn tiny() -> TrainSettings {
    TrainSettings { size_px: 16, width: 2, latent_dim: 4, batch: 4, steps: 6, every: 3, ..TrainSettings::default() }
}

fn request(out: &Path, settings: TrainSettings) -> TrainRequest {
    TrainRequest {
        settings,
        run_folder: out.to_path_buf(),
        resume: false,
        device: DeviceChoice::Cpu,
        max_minutes: None,
    }
}

#[derive(Default)]
struct TestObserver {
    facts: Option<TrainFacts>,
    notes: Vec<String>,
    rows: Vec<TrainProgress>,
    evaluations: Vec<CheckpointEval>,
    /// Number of steps before it asks to stop.
    steps_until_stop: Option<usize>,
}

impl TrainObserver for TestObserver {
    fn run_started(&mut self, facts: &TrainFacts) {
        self.facts = Some(facts.clone());
    }

    fn note(&mut self, text: &str) {
        self.notes.push(text.into());
    }

    fn control(&mut self) -> TrainControl {
        match &mut self.steps_until_stop {
            Some(0) => TrainControl::Stop,
            Some(steps) => {
                *steps -= 1;
                TrainControl::Continue
            }
            None => TrainControl::Continue,
        }
    }

    fn progress(&mut self, progress: &TrainProgress) {
        self.rows.push(progress.clone());
    }

    fn checkpoint_evaluated(&mut self, evaluation: &CheckpointEval) {
        self.evaluations.push(evaluation.clone());
    }
}

fn run(request: &TrainRequest) -> (TrainOutcome, TestObserver) {
    let mut observer = TestObserver::default();
    let outcome = train(request, &InMemoryFaceImages::noise(16, 20, 1), None, &mut observer).unwrap();
    (outcome, observer)
}

/// The contents of a run's event files: step, tag, and the value if it is a scalar.
fn read_events(run: &Path) -> Vec<(i64, String, Option<f32>)> {
    let files = fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path());
    let events = files.filter(|path| path.file_name().unwrap().to_string_lossy().contains("tfevents"));
    events.flat_map(|path| tensorboard::tests::read_events(&path)).collect()
}

#[test]
fn a_run_writes_all_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/run");
    let (outcome, observer) = run(&request(&out, tiny()));
    let run = RunFolder::new(&out);
    assert_eq!((outcome.end, outcome.step), (TrainEnd::Done, 6));
    assert_eq!(outcome.checkpoint, Some(checkpoint::path(&out, 6)));
    assert_eq!(run.read_settings().unwrap(), Some(tiny()));
    assert_eq!(run.sample_images().iter().map(|(step, _)| *step).collect::<Vec<_>>(), [3, 6]);
    let facts = observer.facts.unwrap();
    assert_eq!((facts.face_count, facts.held_out_count, facts.start_step), (18, 2, 0));
    assert_eq!((observer.rows.len(), observer.evaluations.len()), (2, 2));

    let series = run.read_metrics().unwrap();
    let steps = |name: &str| {
        let series = series.iter().find(|series| series.name == name).unwrap();
        series.points.iter().map(|(step, _)| *step).collect::<Vec<_>>()
    };
    for name in ["images", "d_loss", "g_loss", "redraw", "e_gradient", "context_loss", "kid", "diversity"] {
        assert_eq!(steps(name), [3, 6], "{name}");
    }
    let events = read_events(&out);
    let histograms = [(3, "z"), (6, "d"), (6, "d_"), (3, "generator/up.0/weight"), (6, "encoder/score/bias")];
    let others = [(3, "d_loss"), (6, "samples"), (6, "context_loss"), (0, "graph")];
    for (step, tag) in histograms.into_iter().chain(others) {
        assert!(events.iter().any(|(event_step, name, _)| (*event_step, name.as_str()) == (step, tag)), "{step} {tag}");
    }
    let best = observer.evaluations.iter().map(|evaluation| evaluation.quality.context_loss).fold(f64::MAX, f64::min);
    let is_best = |evaluation: &&CheckpointEval| evaluation.is_best;
    assert!((observer.evaluations.iter().rfind(is_best).unwrap().quality.context_loss - best).abs() < 1e-12);
    for name in ["model.safetensors", "best.safetensors"] {
        let info = crate::model::inspect(&crate::model::ModelChoice::File(out.join(name))).unwrap();
        assert!(info.has_discriminator && info.has_encoder && info.image_size_px == 16, "{name}");
    }
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one() {
    for recipe in TrainRecipe::ALL {
        let settings = TrainSettings { recipe, r1: 0.1, every: 100, ..tiny() };
        let folder = tempfile::tempdir().unwrap();
        let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
        run(&request(&whole, settings.clone()));
        let mut observer = TestObserver { steps_until_stop: Some(4), ..TestObserver::default() };
        let faces = InMemoryFaceImages::noise(16, 20, 1);
        let stopped = train(&request(&parts, settings.clone()), &faces, None, &mut observer).unwrap();
        assert_eq!((stopped.end, stopped.step), (TrainEnd::Stopped, 4));
        let (outcome, observer) = run(&TrainRequest { resume: true, ..request(&parts, settings.clone()) });
        assert_eq!((outcome.end, observer.facts.unwrap().start_step), (TrainEnd::Done, 4));
        let load = |run: &Path| checkpoint::load(&checkpoint::path(run, 6), &settings).unwrap();
        assert_eq!(load(&whole), load(&parts), "{}", recipe.id());
        let model = |run: &Path| fs::read(run.join("model.safetensors")).unwrap();
        assert_eq!(model(&whole), model(&parts));
        let steps: Vec<u64> =
            RunFolder::new(&parts).read_metrics().unwrap()[0].points.iter().map(|(step, _)| *step).collect();
        assert_eq!(steps, [4, 6]);
        // TensorBoard drops a session's first step and later ones from earlier files. The checkpoint's step must stay.
        let sessions = read_events(&parts).into_iter().filter(|(_, name, _)| name == "session").map(|(step, ..)| step);
        assert_eq!(sessions.collect::<std::collections::BTreeSet<_>>(), [1, 5].into());
    }
}

#[test]
fn resuming_restores_the_pretrained_feature_discriminators() {
    let folder = tempfile::tempdir().unwrap();
    let [file, whole, parts] = ["alexnet.safetensors", "whole", "parts"].map(|name| folder.path().join(name));
    write_synthetic(&file);
    let settings = TrainSettings { features: Some(file), every: 100, steps: 3, ..tiny() };
    let (_, observer) = run(&request(&whole, settings.clone()));
    for name in ["judges_loss", "judges_opinion", "seen_difference"] {
        let (_, value) = observer.rows[0].metrics.iter().find(|(key, _)| *key == name).unwrap();
        assert!(value.is_finite() && *value != 0.0, "{name} {value}");
    }
    let mut observer = TestObserver { steps_until_stop: Some(2), ..TestObserver::default() };
    let faces = InMemoryFaceImages::noise(16, 20, 1);
    train(&request(&parts, settings.clone()), &faces, None, &mut observer).unwrap();
    run(&TrainRequest { resume: true, ..request(&parts, settings.clone()) });
    let load = |run: &Path| checkpoint::load(&checkpoint::path(run, 3), &settings).unwrap();
    assert_eq!(load(&whole), load(&parts));

    let without = TrainSettings { features: None, steps: 4, ..settings };
    let request = TrainRequest { resume: true, ..request(&parts, without) };
    let error = train(&request, &faces, None, &mut TestObserver::default()).unwrap_err().to_string();
    assert!(error.contains("has features AlexNet, not none"), "{error}");
}

#[test]
fn a_missing_features_file_starts_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let faces = InMemoryFaceImages::noise(16, 20, 1);
    let refused = |settings| train(&request(&out, settings), &faces, None, &mut TestObserver::default()).unwrap_err();
    let missing = TrainSettings { features: Some("no/such.pth".into()), ..tiny() };
    assert!(matches!(refused(missing.clone()), TrainError::Features(_)));
    let blog = refused(TrainSettings { recipe: TrainRecipe::Blog, ..missing }).to_string();
    assert!(blog.ends_with("leave it out with the blog recipe"), "{blog}");
    assert!(!out.exists());
}

#[test]
fn another_seed_gives_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = |name: &str, seed| {
        let out = folder.path().join(name);
        run(&request(&out, TrainSettings { seed, every: 100, ..tiny() }));
        fs::read(out.join("model.safetensors")).unwrap()
    };
    assert_ne!(model("a", 0), model("b", 1));
}

#[test]
fn a_stop_request_ends_with_a_checkpoint() {
    struct Impatient(RunFolder);
    impl TrainObserver for Impatient {
        fn progress(&mut self, _: &TrainProgress) {
            self.0.request_stop().unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder::new(folder.path());
    let settings = TrainSettings { steps: 100_000, every: 100_000, ..tiny() };
    let faces = InMemoryFaceImages::noise(16, 20, 1);
    let outcome = train(&request(folder.path(), settings), &faces, None, &mut Impatient(run.clone())).unwrap();
    assert_eq!((outcome.end, run.newest_checkpoint_step()), (TrainEnd::Stopped, Some(outcome.step)));
    assert!(!run.is_stop_requested());
    assert_eq!(run.session_end(), Some(TrainEnd::Stopped));
}

#[test]
fn the_time_limit_ends_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let request = TrainRequest { max_minutes: Some(0.0), ..request(folder.path(), tiny()) };
    let (outcome, _) = run(&request);
    assert_eq!((outcome.end, outcome.step), (TrainEnd::Stopped, 0));
}

#[test]
fn existing_runs_and_conflicting_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    run(&request(folder.path(), tiny()));
    let refused = |settings, resume| {
        let request = TrainRequest { resume, ..request(folder.path(), settings) };
        train(&request, &InMemoryFaceImages::noise(16, 20, 1), None, &mut TestObserver::default())
            .unwrap_err()
            .to_string()
    };
    assert!(
        refused(tiny(), false).ends_with("already holds a run: continue it with --resume, or choose another folder")
    );
    let other = refused(TrainSettings { width: 4, ..tiny() }, true);
    assert!(other.ends_with("has width 2, not 4: use the run's value, or choose another folder"), "{other}");
}

#[test]
fn training_needs_at_least_one_face() {
    let folder = tempfile::tempdir().unwrap();
    let mut observer = TestObserver::default();
    let settings = TrainSettings { steps: 2, ..tiny() };
    let one = InMemoryFaceImages::noise(16, 1, 1);
    let outcome = train(&request(&folder.path().join("one"), settings.clone()), &one, None, &mut observer).unwrap();
    assert_eq!(outcome.end, TrainEnd::Done);
    assert!(observer.notes.iter().any(|note| note.contains("too few faces to hold some out")), "{:?}", observer.notes);
    assert!(observer.notes.iter().any(|note| note.contains("fewer than a batch")), "{:?}", observer.notes);
    let none =
        train(&request(&folder.path().join("none"), settings), &InMemoryFaceImages::default(), None, &mut observer);
    assert!(matches!(none, Err(TrainError::NoFaces)));
    assert!(!folder.path().join("none").exists());
}

#[test]
fn diverging_runs_keep_their_last_good_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrainSettings { steps: 3, ..tiny() };
    run(&request(folder.path(), settings.clone()));
    // Weights so large that the next step overflows.
    let mut state = checkpoint::load(&checkpoint::path(folder.path(), 3), &settings).unwrap();
    let weights = &mut state.nets.get_mut("generator").unwrap().tensors.get_mut("project.weight").unwrap().values;
    weights.fill(3e38);
    checkpoint::save(folder.path(), &state).unwrap();
    let request = TrainRequest { resume: true, ..request(folder.path(), TrainSettings { steps: 9, ..settings }) };
    let (outcome, _) = run(&request);
    let TrainEnd::Failed(reason) = &outcome.end else { panic!("{outcome:?}") };
    assert!(reason.contains("NaN or infinite"), "{reason}");
    assert_eq!(outcome.checkpoint, Some(checkpoint::path(folder.path(), 3)));
}

#[test]
fn a_failed_checkpoint_is_reported_and_training_continues() {
    let folder = tempfile::tempdir().unwrap();
    // A file in place of the folder makes every checkpoint write fail.
    fs::write(folder.path().join("checkpoints"), []).unwrap();
    let mut observer = TestObserver::default();
    let faces = InMemoryFaceImages::noise(16, 20, 1);
    let failed = train(&request(folder.path(), tiny()), &faces, None, &mut observer).unwrap_err();
    assert!(matches!(failed, TrainError::Write { .. }), "{failed:?}");
    assert_eq!(observer.evaluations.len(), 2, "training goes on to the end");
    assert!(observer.notes.iter().any(|note| note.contains("step-00000003")), "{:?}", observer.notes);
}

#[test]
fn a_tiny_data_set_is_memorised() {
    let folder = tempfile::tempdir().unwrap();
    // Four plain images of different colours.
    let pixels = [[200, 60, 40], [40, 180, 60], [50, 60, 210], [220, 220, 200]];
    let faces = InMemoryFaceImages::new(16, pixels.iter().flat_map(|pixel| pixel.repeat(256)).collect());
    // Enough steps to learn the faces despite their augmentation.
    let settings = TrainSettings { width: 4, steps: 480, every: 480, batch: 8, learning_rate: 2e-3, ..tiny() };
    let mut observer = TestObserver::default();
    train(&request(folder.path(), settings), &faces, Some(&FaceSubset::whole(&faces)), &mut observer).unwrap();
    let redraw: Vec<f32> = observer
        .rows
        .iter()
        .filter_map(|row| row.metrics.iter().find(|(name, _)| *name == "redraw"))
        .map(|(_, value)| *value)
        .collect();
    let (first, last) = (redraw[0], redraw[redraw.len() - 1]);
    assert!(last < 0.6 * first, "{redraw:?}");
}
