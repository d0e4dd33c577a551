//! Tests of the search with tiny networks.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use crate::model::cpu::CpuPrecision;
use crate::model::gpu::tests::any_gpu;
use crate::model::{ModelFile, Networks, TINY_MODEL, read_values};
use crate::search::problem::SearchProblem;
use crate::search::{
    Clipping, ContextSettings, HmcSettings, Losses, Norm, OptimizerKind, Preset, PriorForm, Reduction, Search,
    Settings, Starts,
};

pub(in crate::search) const SIZE_PX: usize = 16;

pub(super) fn networks() -> Arc<Networks> {
    Arc::new(Networks::load_on_cpu(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), CpuPrecision::Single).unwrap())
}

/// A smooth picture with a hole in its middle half.
pub(super) fn problem() -> SearchProblem {
    let is_hole = |i: usize| (4..12).contains(&(i % SIZE_PX)) && (4..12).contains(&(i / SIZE_PX % SIZE_PX));
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let pixels = (0..3 * SIZE_PX * SIZE_PX).map(|i| ((i as f32) * 0.01).sin() * 0.8).collect();
    let known = (0..SIZE_PX * SIZE_PX).map(|i| if is_hole(i) { 0.0 } else { 1.0 }).collect();
    SearchProblem { size_px: SIZE_PX, pixels, known }
}

/// The same picture with a hole on the left side.
pub(in crate::search) fn one_sided() -> SearchProblem {
    let is_hole = |i: usize| (1..7).contains(&(i % SIZE_PX)) && (4..12).contains(&(i / SIZE_PX));
    let known = (0..SIZE_PX * SIZE_PX).map(|i| if is_hole(i) { 0.0 } else { 1.0 }).collect();
    SearchProblem { known, ..problem() }
}

pub(super) fn settings(optimizer: OptimizerKind) -> Settings {
    Settings {
        optimizer,
        steps: 12,
        candidates: 3,
        learning_rate: 0.05,
        context: ContextSettings {
            reduction: Reduction::Mean,
            norm: Norm::L1,
            window_px: 5,
            focus: 0.5,
            gradient: 0.0,
        },
        hmc: HmcSettings { leapfrog_steps: 4, step_size: 0.01, beta: 1.0, anneal: 1.01 },
        seed: 11,
        ..Preset::Blog.settings()
    }
}

/// Runs a search to its end. Returns the losses of every iteration and the best latents.
fn run(problem: &SearchProblem, settings: Settings) -> (Vec<Vec<Losses>>, Vec<Vec<f32>>) {
    let mut search = Search::new(networks(), problem, settings);
    while !search.is_done() {
        search.advance();
    }
    let losses = search.take_iterations().into_iter().map(|iteration| iteration.losses).collect();
    (losses, search.best().unwrap().latents)
}

#[test]
fn gradient_matches_finite_differences() {
    const STEP: f32 = 1e-2;
    for (prior, gradient) in
        [(PriorForm::NonSaturating, 0.0), (PriorForm::Saturating, 0.0), (PriorForm::NonSaturating, 2.0)]
    {
        let mut settings = settings(OptimizerKind::Adam);
        settings.context = ContextSettings { norm: Norm::L2, gradient, ..settings.context };
        settings.prior = prior;
        settings.candidates = 1;
        let mut search = Search::new(networks(), &one_sided(), settings);
        let start: Vec<f32> = read_values(search.latents.clone());
        let gradient: Vec<f32> = read_values(search.evaluate().gradient);
        let scale = gradient.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        assert!(scale > 1e-3, "the gradient must not be zero");
        for i in 0..start.len() {
            let mut total = |offset: f32| {
                let mut moved = start.clone();
                moved[i] += offset;
                search.latents = Tensor::from_data(TensorData::new(moved, [1, start.len()]), &Device::flex());
                read_values(search.evaluate().scored.losses.total)[0]
            };
            let slope = (total(STEP) - total(-STEP)) / (2.0 * STEP);
            // Kinks of ReLU between the two points cause an error of the order of the step.
            assert!((slope - gradient[i]).abs() < 0.05 * scale, "{i}: {slope} and {}", gradient[i]);
        }
    }
}

#[test]
fn every_optimizer_lowers_the_loss() {
    for optimizer in [OptimizerKind::Adam, OptimizerKind::Momentum, OptimizerKind::Hmc] {
        let mut settings = settings(optimizer);
        settings.steps = 60;
        settings.hmc.beta = 200.0;
        let (losses, _) = run(&problem(), settings);
        assert_eq!(losses.len(), 60);
        let mean = |row: &[Losses]| row.iter().map(|losses| losses.total).sum::<f32>();
        let (first, last) = (mean(&losses[0]), mean(&losses[59]));
        assert!(last < first, "{optimizer:?}: {first} to {last}");
    }
}

#[test]
fn the_seed_determines_the_search() {
    for optimizer in [OptimizerKind::Adam, OptimizerKind::Momentum, OptimizerKind::Hmc] {
        let settings = Settings { clipping: Clipping::Stochastic, ..settings(optimizer) };
        assert_eq!(run(&problem(), settings), run(&problem(), settings), "{optimizer:?}");
        assert_ne!(run(&problem(), settings), run(&problem(), Settings { seed: 12, ..settings }), "{optimizer:?}");
    }
}

#[test]
fn starts_follow_the_prior_or_the_encoder() {
    let start = |starts| {
        let settings = Settings { starts, start_spread: 0.1, candidates: 3, ..settings(OptimizerKind::Adam) };
        let search = Search::new(networks(), &problem(), settings);
        read_values(search.latents.clone())
    };
    let (prior, encoder) = (start(Starts::Prior), start(Starts::Encoder));
    assert!(prior.iter().chain(&encoder).all(|value| (-1.0..=1.0).contains(value)));
    let distance = |values: &[f32], k: usize| -> f32 {
        values[..8].iter().zip(&values[8 * k..8 * (k + 1)]).map(|(a, b)| (a - b).abs()).sum::<f32>() / 8.0
    };
    assert!(distance(&prior, 1) > 0.2, "samples of the prior are far apart");
    assert!((0.001..0.2).contains(&distance(&encoder, 1)), "mixtures stay near the encoder's guess");
}

#[test]
fn best_is_never_worse_than_any_iteration() {
    let (losses, _) = run(&problem(), settings(OptimizerKind::Momentum));
    let mut search = Search::new(networks(), &problem(), settings(OptimizerKind::Momentum));
    while !search.is_done() {
        search.advance();
    }
    for (k, best) in search.best().unwrap().losses.iter().enumerate() {
        let least = losses.iter().map(|row| row[k].total).fold(f32::INFINITY, f32::min);
        assert_eq!(best.total.to_bits(), least.to_bits(), "candidate {k}");
    }
}

#[test]
fn changing_lambda_rescores_the_best() {
    let mut search = Search::new(networks(), &problem(), settings(OptimizerKind::Adam));
    search.advance();
    search.set_lambda(5.0);
    let best = search.best().unwrap().losses;
    search.advance();
    let newest = search.take_iterations().pop().unwrap().losses;
    for losses in best.iter().chain(&newest) {
        assert!((losses.total - (losses.context + 5.0 * losses.prior)).abs() < 1e-4, "{losses:?}");
    }
}

#[test]
fn gradient_loss_compares_known_neighbours() {
    let context =
        ContextSettings { reduction: Reduction::Sum, norm: Norm::L1, window_px: 5, focus: 0.0, gradient: 0.0 };
    let search = |problem: &SearchProblem, gradient| {
        let context = ContextSettings { gradient, ..context };
        let mut search =
            Search::new(networks(), problem, Settings { context, candidates: 1, ..settings(OptimizerKind::Adam) });
        let evaluation = search.evaluate();
        let context = read_values(evaluation.scored.losses.context.clone())[0];
        search.evaluation = Some(evaluation);
        (context, search.pictures()[0].to_planes())
    };
    let problem = problem();
    let (pixels_alone, picture) = search(&problem, 0.0);
    let (with_pairs, _) = search(&problem, 0.5);
    let area = SIZE_PX * SIZE_PX;
    let difference =
        |channel: usize, pixel: usize| picture[channel * area + pixel] - problem.pixels[channel * area + pixel];
    let mut pairs = 0.0;
    for channel in 0..3 {
        for pixel in 0..area {
            let right = (pixel % SIZE_PX + 1 < SIZE_PX).then_some(pixel + 1);
            let below = (pixel + SIZE_PX < area).then_some(pixel + SIZE_PX);
            for other in right.into_iter().chain(below) {
                if problem.known[pixel] > 0.0 && problem.known[other] > 0.0 {
                    pairs += (difference(channel, other) - difference(channel, pixel)).abs();
                }
            }
        }
    }
    assert!(pairs > 1.0);
    assert!(
        (with_pairs - (pixels_alone + 0.5 * pairs)).abs() < 1e-3 * with_pairs,
        "{with_pairs}, {pixels_alone}, {pairs}"
    );
    // A constant brightness offset adds no difference between neighbours.
    let mut shifted = problem.clone();
    for channel in 0..3 {
        for pixel in 0..area {
            shifted.pixels[channel * area + pixel] = picture[channel * area + pixel] + 0.25;
        }
    }
    assert!((search(&shifted, 0.0).0 - search(&shifted, 9.0).0).abs() < 1e-2);
}

#[test]
fn scattered_known_pixels_have_no_neighbours_to_compare() {
    let is_known = |i: usize| (i % SIZE_PX).is_multiple_of(4) && (i / SIZE_PX).is_multiple_of(4);
    let known = (0..SIZE_PX * SIZE_PX).map(|i| f32::from(u8::from(is_known(i)))).collect();
    let problem = SearchProblem { known, ..problem() };
    let run_with = |gradient| {
        let best = Preset::Best.settings();
        let settings = Settings { steps: 3, context: ContextSettings { gradient, ..best.context }, ..best };
        run(&problem, settings)
    };
    let (with, without) = (run_with(8.0), run_with(0.0));
    assert!(with.0.iter().flatten().all(|losses| losses.total.is_finite()));
    assert_eq!(with, without);
}

#[test]
fn zero_lambda_skips_the_discriminator() {
    let prior = |lambda| {
        let mut search = Search::new(networks(), &problem(), Settings { lambda, ..settings(OptimizerKind::Adam) });
        search.advance();
        search.take_iterations().pop().unwrap().losses
    };
    for (without, with) in prior(0.0).iter().zip(prior(1e-9)) {
        assert_eq!((without.prior, without.total), (0.0, without.context));
        assert!(with.prior > 0.0);
        assert_eq!(without.context.to_bits(), with.context.to_bits());
    }
    let mut search = Search::new(networks(), &problem(), Settings { lambda: 0.0, ..settings(OptimizerKind::Adam) });
    search.advance();
    let context: Vec<f32> = search.best().unwrap().losses.iter().map(|losses| losses.context).collect();
    search.set_lambda(2.0);
    for (losses, context) in search.best().unwrap().losses.iter().zip(context) {
        assert!(losses.prior > 0.0 && (losses.context - context).abs() < 1e-6, "{losses:?}");
        assert!((losses.total - (context + 2.0 * losses.prior)).abs() < 1e-4, "{losses:?}");
    }
}

#[test]
fn steps_can_change_during_a_search() {
    let mut search = Search::new(networks(), &problem(), settings(OptimizerKind::Adam));
    search.advance();
    search.set_steps(2);
    assert!(!search.is_done());
    search.advance();
    assert!(search.is_done());
}

#[test]
fn search_works_without_discriminator_and_encoder() {
    let mut file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
    (file.architecture.discriminator, file.architecture.encoder) = (None, None);
    let settings = Settings { starts: Starts::Encoder, ..settings(OptimizerKind::Adam) };
    let mut all = vec![Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap()];
    all.extend(any_gpu().map(|gpu| Networks::load_on_gpu(&file, &gpu).unwrap()));
    for networks in all {
        let mut search = Search::new(Arc::new(networks), &problem(), settings);
        search.advance();
        for losses in search.take_iterations().pop().unwrap().losses {
            assert_eq!((losses.prior, losses.total), (0.0, losses.context));
        }
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let error = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.validate().unwrap_err().to_string()
    };
    assert_eq!(error(|s| s.steps = 0), "steps is 0: use 1 to 100000");
    assert_eq!(error(|s| s.lambda = f32::NAN), "lambda is NaN: use 0 to 1000");
    assert_eq!(error(|s| s.learning_rate = 0.0), "learning-rate is 0: use a number above 0 and up to 10");
    assert_eq!(error(|s| s.candidates = 1000), "candidates is 1000: use 1 to 256");
    assert_eq!(error(|s| s.context.window_px = 6), "window is 6: use an odd number from 1 to 63");
    for preset in Preset::ALL {
        preset.settings().validate().unwrap();
        assert_eq!(Preset::from_id(preset.id()), Some(preset));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn hole_noise_does_not_change_the_search(noise in prop::collection::vec(-1.0f32..1.0, 3 * SIZE_PX * SIZE_PX)) {
        for clean in [problem(), one_sided()] {
            let mut noisy = clean.clone();
            for (i, &value) in noise.iter().enumerate() {
                if clean.known[i % (SIZE_PX * SIZE_PX)] == 0.0 {
                    noisy.pixels[i] = value;
                }
            }
            let settings = Settings { steps: 3, ..Preset::Best.settings() };
            prop_assert_eq!(run(&clean, settings), run(&noisy, settings));
        }
    }
}

#[test]
fn a_search_can_be_continued_at_any_iteration() {
    let settings = Settings { steps: 8, ..settings(OptimizerKind::Adam) };
    let mut search = Search::new(networks(), &problem(), settings);
    while !search.is_done() {
        search.advance();
    }
    let iterations = search.take_iterations();
    let sixth = &iterations[5];
    let mut continued = Search::new(networks(), &problem(), settings);
    continued.continue_at(6, &sixth.latents);
    let mut done = 0;
    while !continued.is_done() {
        continued.advance();
        done += 1;
    }
    let first = continued.take_iterations().remove(0);
    assert_eq!((first.number, &first.losses, &first.latents), (6, &sixth.losses, &sixth.latents));
    assert_eq!((done, continued.iterations_done()), (4, 9), "half of the steps, after the five before");
    assert_eq!(continued.extra_iterations(), 1);
}
