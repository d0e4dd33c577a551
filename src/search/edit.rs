//! Changes the problem during a search, because the user may paint while it runs.
//!
//! The schedules are rewound to their middle, so that noise and learning rate are high enough to adapt to the new
//! problem. The iteration count goes on, and the search takes that many more iterations.

use super::optimizer::Motion;
use super::problem::Problem;
use super::run::Search;
use super::work::Work;

impl Search {
    /// Continues from the current latents with another problem of the same size. Resets the optimizer state and
    /// rescores the best latents.
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

    /// Iterations that the search takes in addition to the steps in its settings.
    #[must_use]
    pub fn extended_by(&self) -> u32 {
        self.turned_back
    }

    /// Scores the best latents for the current problem and settings.
    pub(super) fn weigh_best_anew(&mut self) {
        let Some(best) = self.best.take() else { return };
        let present = std::mem::replace(&mut self.latents, best.latents);
        let evaluation = self.evaluate();
        self.latents = present;
        self.best = Some(evaluation.weighed);
    }
}
