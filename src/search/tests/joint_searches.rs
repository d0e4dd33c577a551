//! Searches that are evaluated together end where each ends alone: on a CPU, bit for bit.

use std::sync::Arc;

use super::rules::{networks, one_sided, problem, settings};
use crate::face_picture::FacePicture;
use crate::model::gpu::tests::any_gpu;
use crate::model::{ModelFile, Networks, TINY_MODEL};
use crate::restore::ImageTask;
use crate::search::{
    BestCandidates, Losses, Norm, OptimizerKind, PriorForm, Search, SearchBatch, SearchIteration, SearchProblem,
    Settings,
};

/// Searches that differ in everything: problem, steps, candidates, λ, context loss, optimizer. The last two fit into no
/// pass of the others.
fn searches(networks: &Arc<Networks>) -> Vec<Search> {
    let base = settings(OptimizerKind::Adam);
    let mut sum = Settings { seed: 5, steps: 9, candidates: 2, lambda: 0.5, ..base };
    (sum.context.norm, sum.context.gradient) = (Norm::L2, 0.7);
    let without_prior = Settings { lambda: 0.0, ..base };
    let saturating = Settings { prior: PriorForm::Saturating, ..base };
    let colorize = SearchProblem::of_task(ImageTask::Colorize, 16, &problem().pixels, &problem().known, 1.0);
    let new = |problem: &SearchProblem, settings| Search::new(networks.clone(), problem, settings);
    vec![
        new(&problem(), base),
        new(&one_sided(), sum),
        new(&one_sided(), Settings { steps: 3, ..settings(OptimizerKind::Hmc) }),
        new(&problem(), Settings { noise: 0.2, seed: 2, ..settings(OptimizerKind::Momentum) }),
        new(&one_sided(), without_prior),
        new(&problem(), without_prior),
        new(&one_sided(), saturating),
        new(&colorize, base),
    ]
}

/// All that a search has found.
#[derive(Debug, PartialEq)]
struct Found {
    iterations: Vec<SearchIteration>,
    latents: Vec<Vec<f32>>,
    losses: Vec<Losses>,
    pictures: Vec<Arc<FacePicture>>,
}

impl Found {
    fn of(search: &mut Search) -> Self {
        let BestCandidates { latents, losses } = search.best().unwrap();
        Self { iterations: search.take_iterations(), latents, losses, pictures: search.best_pictures() }
    }
}

/// Runs the searches alone and together, and compares what each has found.
fn compare(networks: &Arc<Networks>, assert_same: impl Fn(&Found, &Found)) {
    let mut alone = searches(networks);
    for search in &mut alone {
        while !search.is_done() {
            search.advance();
        }
    }
    let mut together = searches(networks);
    let (mut batch, mut largest) = (SearchBatch::default(), 0);
    loop {
        // Those that are done leave, as in a run of many fills.
        let mut running: Vec<&mut Search> = together.iter_mut().filter(|search| !search.is_done()).collect();
        if running.is_empty() {
            break;
        }
        largest = largest.max(running.len());
        assert_eq!(batch.advance(&mut running).len(), running.len());
    }
    assert_eq!(largest, alone.len());
    for (alone, together) in alone.iter_mut().zip(&mut together) {
        assert_same(&Found::of(alone), &Found::of(together));
    }
}

#[test]
fn searches_end_as_they_do_alone() {
    compare(&networks(), |alone, together| assert_eq!(alone, together));
}

#[test]
fn searches_end_as_they_do_alone_on_a_gpu() {
    let Some(gpu) = any_gpu() else { return };
    let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
    // The kernels depend on the number of latents, and round differently.
    let networks = Arc::new(Networks::load_on_gpu(&file, &gpu).unwrap());
    compare(&networks, |alone, together| {
        assert_eq!(alone.iterations.len(), together.iterations.len());
        for (alone, together) in alone.losses.iter().zip(&together.losses) {
            assert!((alone.total - together.total).abs() < 1e-4 * alone.total.abs(), "{alone:?} {together:?}");
        }
    });
}

#[test]
fn searches_that_match_share_a_pass() {
    let networks = networks();
    let mut searches = searches(&networks);
    let mut batch = SearchBatch::default();
    batch.advance(&mut searches.iter_mut().collect::<Vec<_>>());
    let passes: Vec<_> = searches.iter().map(|search| search.joint_pass.as_ref().map(Arc::as_ptr)).collect();
    assert!(passes[0].is_some() && passes[..4].iter().all(|pass| *pass == passes[0]), "the same prior loss");
    assert!(passes[4].is_some() && passes[4] == passes[5] && passes[4] != passes[0], "no prior loss");
    assert_eq!(passes[6..], [None, None], "another prior loss, another task");
    // A search whose problem changes gets another pass.
    searches[0].set_problem(&one_sided());
    batch.advance(&mut searches.iter_mut().collect::<Vec<_>>());
    let changed = searches[0].joint_pass.as_ref().map(Arc::as_ptr);
    assert!(changed.is_some() && changed == searches[1].joint_pass.as_ref().map(Arc::as_ptr));
}
