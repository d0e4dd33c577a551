//! Another problem in the middle of a search: the user goes on painting while it runs.
//!
//! What would surprise: the schedules turn back to their middle, so that there is noise and learning rate enough to settle in the
//! new problem. Iterations are counted on all the same, and the search takes that many more.

use super::optimizer::Motion;
use super::problem::Problem;
use super::run::Search;
use super::work::Work;

impl Search {
    /// Goes on from the present latents with another problem of the same size. The optimiser forgets what it knows of the old
    /// one, and the best so far is weighed anew.
    pub fn set_problem(&mut self, problem: &Problem) {
        self.work = Work::new(&self.networks, problem, &self.settings);
        self.deep_share = problem.deep_share();
        self.problem = problem.clone();
        match &mut self.motion {
            Motion::Hmc(trajectory) => trajectory.restart(),
            motion => *motion = Motion::new(&self.settings, &self.latents),
        }
        self.weigh_best_anew();
        self.turned_back += self.position().saturating_sub(self.settings.steps / 2);
    }

    /// Iterations that the search takes on top of those that its settings say.
    #[must_use]
    pub fn extended_by(&self) -> u32 {
        self.turned_back
    }

    /// Draws the best latents and weighs them by the problem as it is now.
    pub(super) fn weigh_best_anew(&mut self) {
        let Some(best) = self.best.take() else { return };
        let present = std::mem::replace(&mut self.latents, best.latents);
        let evaluation = self.evaluate();
        self.latents = present;
        self.best = Some(evaluation.weighed);
    }
}
