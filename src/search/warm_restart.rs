//! Changes the problem during a search, because the user may paint while it runs, and continues another search from
//! one of its iterations.
//!
//! The schedules are rewound to their middle, so that noise and learning rate are high enough to adapt to the new
//! problem. The iteration count goes on, so the search takes as many iterations more.

use super::operations::SearchPass;
use super::optimizer::Optimizer;
use super::problem::SearchProblem;
use super::search_loop::Search;

impl Search {
    /// Continues from the current latents with another problem of the same size. Resets the optimizer state and
    /// rescores the best latents.
    pub fn set_problem(&mut self, problem: &SearchProblem) {
        self.pass = SearchPass::new(self.networks.clone(), problem, &self.settings);
        self.deep_share = problem.deep_hole_share();
        self.problem = problem.clone();
        match &mut self.optimizer {
            Optimizer::Hmc(state) => state.drop_trajectory(),
            state => *state = Optimizer::new(&self.settings, &self.latents),
        }
        self.rescore_best();
        self.rewind_schedules();
    }

    /// Continues another search at its iteration `number` (from 1), with its latents of all candidates. The schedules
    /// go on from there, or from their middle if it had come further. Call it before the first iteration.
    ///
    /// # Panics
    /// When there are not `candidates × latent_dim` values.
    pub fn continue_at(&mut self, number: u32, latents: &[f32]) {
        self.start_at(latents);
        self.iterations_done = number.saturating_sub(1);
        self.rewind_schedules();
    }

    fn rewind_schedules(&mut self) {
        self.schedule_rewind += self.schedule_step().saturating_sub(self.settings.steps / 2);
    }

    /// Iterations that the search takes in addition to the steps in its settings.
    #[must_use]
    pub fn extra_iterations(&self) -> u32 {
        self.schedule_rewind
    }

    /// Scores the best latents for the current problem and settings.
    pub(super) fn rescore_best(&mut self) {
        let Some(best) = self.best.take() else { return };
        let current = std::mem::replace(&mut self.latents, best.latents);
        self.best = Some(self.evaluate().scored);
        self.latents = current;
    }
}
