//! Solves the membrane's equations: a full-multigrid first guess, then conjugate gradients with one multigrid cycle as
//! preconditioner.
//!
//! The work grows linearly with the number of cells, because the number of iterations does not depend on the size
//! (Trottenberg, Oosterlee & Schüller, *Multigrid*, 2001, sections 2.6 and 7.8). The cycle alone would converge for
//! simple holes; conjugate gradients make it robust for all of them.

use rayon::prelude::*;

use super::multigrid_level::{Level, sum_to_coarse};
use super::red_black::{ColorGrid, ColorLanes};

/// Iterations end when the next correction is smaller than this everywhere, in the units of the values (a range of 2):
/// an eightieth of an 8-bit step. The correction is still added, so the error is a fraction of it.
const CONVERGED_CORRECTION: f32 = 1e-4;
/// Limit on iterations; a few suffice.
const MAX_ITERATIONS: usize = 50;
/// Symmetric sweeps that solve the coarsest level.
const COARSEST_SWEEPS: usize = 20;
/// Values per partial sum. A fixed number, so that sums do not depend on the number of threads.
const SUM_LENGTH: usize = 1024;

/// Memory for the iterations. Kept from one solve to the next, because allocating fresh memory is slow.
pub(super) struct Workspace {
    scratch: Vec<LevelWorkspace>,
    correction: ColorGrid,
    direction: ColorGrid,
}

impl Workspace {
    pub(super) fn new(levels: &[Level]) -> Option<Self> {
        let (finest, coarser) = levels.split_first()?;
        let (correction, direction) = (ColorGrid::new(finest.size()), ColorGrid::new(finest.size()));
        Some(Self { scratch: coarser.iter().map(LevelWorkspace::new).collect(), correction, direction })
    }
}

/// Solves for the free cells of the finest level. `right_side` holds for each free cell the sum of the boundary values
/// beside it, and zero elsewhere.
pub(super) fn conjugate_gradient(levels: &[Level], right_side: ColorGrid, workspace: &mut Workspace) -> ColorGrid {
    let Some(finest) = levels.first() else { return right_side };
    let Workspace { scratch, correction, direction } = workspace;
    let mut x = full_multigrid_guess(levels, &right_side, scratch);
    let mut residual = right_side;
    finest.subtract_product(&x, &mut residual);
    let mut rho = [0.0; 4];
    for iteration in 0.. {
        w_cycle(levels, scratch, &residual, correction, Guess::Zero);
        if iteration == MAX_ITERATIONS || max_abs(correction) < CONVERGED_CORRECTION {
            break;
        }
        let previous_rho = std::mem::replace(&mut rho, dot(&residual, correction));
        let beta = divide(rho, previous_rho);
        // Values left from another solve must not be read: 0 · infinity would be NaN.
        direction.for_each_row(|parity, y, cells| match iteration {
            0 => cells.copy_from_slice(correction.row(parity, y)),
            _ => scale_and_add(cells, ONES, correction.row(parity, y), beta),
        });
        // The correction is no longer needed: its memory holds the product.
        finest.multiply(direction, correction);
        let alpha = divide(rho, dot(direction, correction));
        x.for_each_row(|parity, y, cells| scale_and_add(cells, alpha, direction.row(parity, y), ONES));
        let minus_alpha = alpha.map(|alpha| -alpha);
        residual.for_each_row(|parity, y, cells| scale_and_add(cells, minus_alpha, correction.row(parity, y), ONES));
    }
    x.for_each_row(|parity, y, cells| scale_and_add(cells, ONES, correction.row(parity, y), ONES));
    x
}

const ONES: ColorLanes = [1.0; 4];

/// `cells = kept · cells + factor · other`.
fn scale_and_add(cells: &mut [ColorLanes], factor: ColorLanes, other: &[ColorLanes], kept: ColorLanes) {
    for (cell, other) in cells.iter_mut().zip(other) {
        for lane in 0..4 {
            cell[lane] = kept[lane] * cell[lane] + factor[lane] * other[lane];
        }
    }
}

/// Memory for a coarser level's equations.
struct LevelWorkspace {
    right_side: ColorGrid,
    x: ColorGrid,
}

impl LevelWorkspace {
    fn new(level: &Level) -> Self {
        Self { right_side: ColorGrid::new(level.size()), x: ColorGrid::new(level.size()) }
    }
}

/// The values a cycle starts from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guess {
    Zero,
    Given,
}

/// Solves each level roughly, starting from the coarser level's solution.
fn full_multigrid_guess(levels: &[Level], finest_right_side: &ColorGrid, scratch: &mut [LevelWorkspace]) -> ColorGrid {
    let mut right_sides: Vec<ColorGrid> = Vec::with_capacity(levels.len());
    for _ in levels.iter().skip(1) {
        right_sides.push(sum_to_coarse(right_sides.last().unwrap_or(finest_right_side)));
    }
    for (right_side, level) in right_sides.iter_mut().zip(levels.iter().skip(1)) {
        let weight = level.boundary_weight();
        right_side.for_each_row(|_, _, cells| cells.iter_mut().flatten().for_each(|value| *value *= weight));
    }
    let mut guess: Option<(ColorGrid, &Level)> = None;
    for (depth, level) in levels.iter().enumerate().rev() {
        let mut x = ColorGrid::new(level.size());
        let right_side = depth.checked_sub(1).and_then(|index| right_sides.get(index));
        match &guess {
            Some((coarse_x, coarse)) => level.interpolate_from(coarse, coarse_x, &mut x),
            None => w_cycle(&levels[depth..], &mut [], right_side.unwrap_or(finest_right_side), &mut x, Guess::Zero),
        }
        // The finest level is solved by the conjugate gradient iterations.
        if let (Some(right_side), true) = (right_side, guess.is_some()) {
            w_cycle(&levels[depth..], &mut scratch[depth..], right_side, &mut x, Guess::Given);
        }
        guess = Some((x, level));
    }
    guess.map_or_else(|| ColorGrid::new(finest_right_side.size()), |(x, _)| x)
}

/// One W-cycle. It is symmetric, as conjugate gradients require of a preconditioner.
fn w_cycle(levels: &[Level], scratch: &mut [LevelWorkspace], right_side: &ColorGrid, x: &mut ColorGrid, guess: Guess) {
    let Some((level, coarser)) = levels.split_first() else { return };
    match guess {
        Guess::Zero => level.relax_from_zero(right_side, x),
        Guess::Given => level.relax(0, right_side, x),
    }
    level.relax(1, right_side, x);
    if let Some((coarse, coarser_scratch)) = scratch.split_first_mut() {
        level.restrict_residual(right_side, x, &mut coarse.right_side);
        w_cycle(coarser, coarser_scratch, &coarse.right_side, &mut coarse.x, Guess::Zero);
        w_cycle(coarser, coarser_scratch, &coarse.right_side, &mut coarse.x, Guess::Given);
        level.add_coarse_correction(&coarse.x, x);
    } else {
        for [first, second] in [[0, 1], [1, 0]] {
            for _ in 0..COARSEST_SWEEPS {
                level.relax(first, right_side, x);
                level.relax(second, right_side, x);
            }
        }
    }
    level.relax(1, right_side, x);
    level.relax(0, right_side, x);
}

/// The largest absolute value.
fn max_abs(x: &ColorGrid) -> f32 {
    let chunk_max = |cells: &[ColorLanes]| cells.iter().flatten().fold(0.0f32, |max, value| max.max(value.abs()));
    let maxima = x.parities().map(|cells| cells.par_chunks(SUM_LENGTH).map(chunk_max).reduce(|| 0.0, f32::max));
    maxima[0].max(maxima[1])
}

/// Dot products, lane by lane.
#[expect(clippy::cast_possible_truncation, reason = "summed in double precision, needed in single")]
fn dot(a: &ColorGrid, b: &ColorGrid) -> ColorLanes {
    let mut sums = [0.0f64; 4];
    for (a, b) in a.parities().into_iter().zip(b.parities()) {
        let partial = |(a, b): (&[ColorLanes], &[ColorLanes])| {
            let mut sum = [0.0f32; 4];
            for (a, b) in a.iter().zip(b) {
                for lane in 0..4 {
                    sum[lane] += a[lane] * b[lane];
                }
            }
            sum
        };
        let partials: Vec<ColorLanes> = a.par_chunks(SUM_LENGTH).zip(b.par_chunks(SUM_LENGTH)).map(partial).collect();
        for partial in partials {
            for (sum, partial) in sums.iter_mut().zip(partial) {
                *sum += f64::from(partial);
            }
        }
    }
    sums.map(|sum| sum as f32)
}

/// Divides lane by lane; 0 where the divisor is not positive.
fn divide(a: ColorLanes, b: ColorLanes) -> ColorLanes {
    std::array::from_fn(|lane| if b[lane] > 0.0 { a[lane] / b[lane] } else { 0.0 })
}
