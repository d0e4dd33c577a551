//! Several searches at once, each for its own photo: their candidates go through the networks in one batch.
//!
//! Only the evaluation is shared. Each search keeps its own settings, schedules, random numbers and optimizer, so it ends
//! where it would have ended alone.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::evaluation::Evaluation;
use super::operations::SearchPass;
use super::search_loop::Search;

/// Evaluates searches together. Keeps what it has prepared for them until other searches come.
#[derive(Default)]
pub struct SearchBatch {
    /// What the groups depend on: each search's own pass, and whether it has a prior loss.
    members: Vec<(Arc<SearchPass>, bool)>,
    groups: Vec<Group>,
}

/// Searches in one forward pass.
struct Group {
    /// Indices of the searches.
    searches: Vec<usize>,
    /// `None` for a single search, which has its own.
    pass: Option<Arc<SearchPass>>,
}

impl SearchBatch {
    /// [Advances](Search::advance) each of the searches. Returns whether each began an iteration.
    ///
    /// # Panics
    /// When the device is lost or out of memory.
    pub fn advance(&mut self, searches: &mut [&mut Search]) -> Vec<bool> {
        self.regroup(searches);
        let steps: Vec<_> = searches.iter_mut().map(|search| search.begin_step()).collect();
        let mut evaluations: Vec<Option<Evaluation>> = searches.iter().map(|_| None).collect();
        for Group { searches: members, pass } in &self.groups {
            let Some(pass) = pass else {
                for &index in members {
                    evaluations[index] = Some(searches[index].evaluate());
                }
                continue;
            };
            let together = evaluate_together(&members.iter().map(|&index| &*searches[index]).collect::<Vec<_>>(), pass);
            for (&index, evaluation) in members.iter().zip(together) {
                evaluations[index] = Some(evaluation);
            }
        }
        let steps = searches.iter_mut().zip(steps).zip(evaluations);
        steps.map(|((search, step), evaluation)| evaluation.is_some_and(|it| search.end_step(step, it))).collect()
    }

    /// Groups the searches anew if they are others than before.
    fn regroup(&mut self, searches: &mut [&mut Search]) {
        let members = searches.iter().map(|search| (&search.pass, search.has_prior_loss()));
        let mut known = self.members.iter();
        let is_known = |(pass, has_prior): (&Arc<SearchPass>, bool)| {
            known.next().is_some_and(|known| Arc::ptr_eq(&known.0, pass) && known.1 == has_prior)
        };
        if self.members.len() == searches.len() && members.clone().all(is_known) {
            return;
        }
        self.members = members.map(|(pass, has_prior)| (Arc::clone(pass), has_prior)).collect();
        // The old passes go before the new ones come: a GPU need not hold both.
        self.groups.clear();
        for search in searches.iter_mut() {
            search.joint_pass = None;
        }
        self.groups = group(searches);
        for Group { searches: members, pass } in &mut self.groups {
            if members.len() > 1 {
                let passes: Vec<&SearchPass> = members.iter().map(|&index| &*self.members[index].0).collect();
                let joint = SearchPass::joint(&passes);
                for &index in &*members {
                    searches[index].joint_pass = Some(Arc::clone(&joint));
                }
                *pass = Some(joint);
            }
        }
    }
}

/// Puts each search into the first group that it matches and that has room.
fn group(searches: &[&mut Search]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, search) in searches.iter().enumerate() {
        let fits = |group: &&mut Group| {
            let first = &searches[group.searches[0]];
            let count: usize = group.searches.iter().map(|&index| searches[index].pass.candidates()).sum();
            first.pass.matches(&search.pass)
                && first.has_prior_loss() == search.has_prior_loss()
                && count + search.pass.candidates() <= search.pass.max_batch()
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.searches.push(index),
            None => groups.push(Group { searches: vec![index], pass: None }),
        }
    }
    groups
}

fn evaluate_together(searches: &[&Search], pass: &Arc<SearchPass>) -> Vec<Evaluation> {
    let latents = Tensor::cat(searches.iter().map(|search| search.latents.clone()).collect(), 0);
    let lambdas: Vec<f32> = searches.iter().flat_map(|it| vec![it.settings.lambda; it.pass.candidates()]).collect();
    let count = lambdas.len();
    let lambdas = Tensor::<1>::from_data(TensorData::new(lambdas, [count]), &latents.device()).autodiff();
    let times_lambda = searches[0].has_prior_loss().then_some(|prior: Tensor<1>| prior * lambdas.clone());
    let all = Evaluation::new(pass, latents, times_lambda);
    let mut start = 0;
    let rows = |search: &&Search| -> Range<usize> {
        let rows = start..start + search.pass.candidates();
        start = rows.end;
        rows
    };
    searches.iter().map(rows).map(|rows| all.rows(rows)).collect()
}
