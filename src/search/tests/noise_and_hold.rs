//! Tests of the noise and of the hold to the starts.

use std::sync::Arc;

use super::rules::{SIZE_PX, networks, problem, settings};
use crate::face_picture::FacePicture;
use crate::model::{Networks, read_values};
use crate::search::problem::SearchProblem;
use crate::search::{OptimizerKind, Search, Settings, Starts};

/// Runs a search to its end. Returns the best pictures and their total losses.
fn outcome(networks: &Arc<Networks>, problem: &SearchProblem, settings: Settings) -> (Vec<Arc<FacePicture>>, Vec<f32>) {
    let mut search = Search::new(Arc::clone(networks), problem, settings);
    while !search.is_done() {
        search.advance();
    }
    let totals = search.best().unwrap().losses.iter().map(|losses| losses.total).collect();
    (search.best_pictures(), totals)
}

#[test]
fn noise_follows_the_seed_and_ends() {
    let networks = networks();
    let with = |noise, seed| Settings { noise, seed, ..settings(OptimizerKind::Adam) };
    let pictures = |settings| outcome(&networks, &problem(), settings).0;
    assert_eq!(pictures(with(0.3, 1)), pictures(with(0.3, 1)));
    assert_ne!(pictures(with(0.3, 1)), pictures(with(0.3, 2)));
    assert_ne!(pictures(with(0.3, 1)), pictures(with(0.0, 1)));
    let mut search = Search::new(Arc::clone(&networks), &problem(), with(0.3, 1));
    while search.iterations_done() < 10 {
        search.advance();
    }
    // The last three of twelve steps have no noise, so the evaluated latents are those of the step before.
    let expected = search.latents.clone();
    search.advance();
    let evaluated: f32 = search.pictures().iter().flat_map(|picture| picture.to_planes()).sum();
    let values: Vec<f32> = read_values(expected);
    let regenerated: f32 =
        networks.generate(3, &values, &mut crate::model::cpu::CpuActivations::default()).iter().sum();
    assert!((evaluated - regenerated).abs() < 1e-2);
}

/// All but the first column is hidden. Nine of sixteen columns are more than six pixels away from it.
fn mostly_hidden() -> SearchProblem {
    SearchProblem {
        known: (0..SIZE_PX * SIZE_PX).map(|i| f32::from(u8::from(i % SIZE_PX == 0))).collect(),
        ..problem()
    }
}

/// Largest change of a latent value by the end of a search.
fn largest_move(mut search: Search) -> f32 {
    let starts: Vec<f32> = read_values(search.latents.clone());
    while !search.is_done() {
        search.advance();
    }
    let latents: Vec<f32> = read_values(search.latents);
    latents.iter().zip(&starts).map(|(value, start)| (value - start).abs()).fold(0.0, f32::max)
}

#[test]
fn hold_limits_the_distance_for_large_holes() {
    let networks = networks();
    let scattered =
        SearchProblem { known: (0..SIZE_PX * SIZE_PX).map(|i| f32::from(u8::from(i % 5 == 0))).collect(), ..problem() };
    let farthest = |problem: &SearchProblem, anchor_decay| {
        let around_guess = Settings { starts: Starts::Encoder, start_spread: 0.5, ..settings(OptimizerKind::Adam) };
        let settings = Settings { steps: 200, candidates: 2, anchor_decay, ..around_guess };
        largest_move(Search::new(Arc::clone(&networks), problem, settings))
    };
    let half = mostly_hidden();
    let free = farthest(&half, 0.0);
    assert!(free > 0.2, "the search must want to leave: {free}");
    // While gradients grow, an Adam step may be a little larger than the rate.
    let held = farthest(&half, 100.0);
    assert!(held < 0.05, "{held}");
    let among_known = (farthest(&scattered, 0.0), farthest(&scattered, 100.0));
    assert!((among_known.0 - among_known.1).abs() < 1e-6, "{among_known:?}");
}

#[test]
fn given_latents_are_held_to_themselves() {
    let networks = networks();
    let farthest = |anchor_decay| {
        let settings = Settings { steps: 200, candidates: 1, anchor_decay, ..settings(OptimizerKind::Adam) };
        let mut search = Search::new(Arc::clone(&networks), &mostly_hidden(), settings);
        search.start_at(&vec![0.4; networks.info.latent_dim]);
        largest_move(search)
    };
    let (free, held) = (farthest(0.0), farthest(100.0));
    assert!(free > 0.2 && held < 0.05, "{free} and {held}");
}

#[test]
fn hole_pixels_do_not_reach_noise_or_hold() {
    let networks = networks();
    let settings = Settings { noise: 0.2, anchor_decay: 1.0, starts: Starts::Encoder, ..settings(OptimizerKind::Adam) };
    let mut changed = problem();
    let area = SIZE_PX * SIZE_PX;
    for (index, value) in changed.pixels.iter_mut().enumerate() {
        if changed.known[index % area] == 0.0 {
            *value = f32::NAN;
        }
    }
    assert_eq!(outcome(&networks, &problem(), settings), outcome(&networks, &changed, settings));
}
