//! Solves the membrane's equations: a full-multigrid first guess, then conjugate gradients with one multigrid cycle as
//! preconditioner.
//!
//! The work grows linearly with the number of cells, because the number of iterations does not depend on the size
//! (Trottenberg, Oosterlee & Schüller, *Multigrid*, 2001, sections 2.6 and 7.8). The cycle alone would converge for
//! simple holes; conjugate gradients make it robust for all of them.

use rayon::prelude::*;

use super::board::{Squares, Value};
use super::level::{Level, sums};

/// Iterations end when the next correction is smaller than this everywhere, in the units of the values (a range of 2):
/// an eightieth of an 8-bit step. The correction is still added, so the error is a fraction of it.
const LAST_CORRECTION: f32 = 1e-4;
/// Limit on iterations; a few suffice.
const MAX_ITERATIONS: usize = 50;
/// Symmetric sweeps that solve the coarsest level.
const COARSEST_SWEEPS: usize = 20;
/// Length of one partial sum, so that a sum does not depend on the number of threads.
const SUM_LENGTH: usize = 1024;

/// Memory for the iterations. Kept from one solve to the next, because allocating fresh memory is slow.
pub(super) struct Workspace {
    scratch: Vec<Scratch>,
    correction: Squares<Value>,
    direction: Squares<Value>,
}

impl Workspace {
    pub(super) fn new(levels: &[Level]) -> Option<Self> {
        let (finest, coarser) = levels.split_first()?;
        let (correction, direction) = (Squares::new(finest.board()), Squares::new(finest.board()));
        Some(Self { scratch: coarser.iter().map(Scratch::new).collect(), correction, direction })
    }
}

/// Solves for the free cells of the finest level. `right_side` holds for each free cell the sum of the boundary values
/// beside it, and zero elsewhere.
pub(super) fn solve(levels: &[Level], right_side: Squares<Value>, workspace: &mut Workspace) -> Squares<Value> {
    let Some(finest) = levels.first() else { return right_side };
    let Workspace { scratch, correction, direction } = workspace;
    let mut x = first_guess(levels, &right_side, scratch);
    let mut residual = right_side;
    finest.subtract_product(&x, &mut residual);
    let mut steepness = [0.0; 4];
    for iteration in 0.. {
        cycle(levels, scratch, &residual, correction, Guess::Zero);
        if iteration == MAX_ITERATIONS || largest(correction) < LAST_CORRECTION {
            break;
        }
        let before = std::mem::replace(&mut steepness, products(&residual, correction));
        let share = quotients(steepness, before);
        // Values left from another solve must not be read: 0 · infinity would be NaN.
        direction.change_all(|parity, y, cells| match iteration {
            0 => cells.copy_from_slice(correction.row(parity, y)),
            _ => add(cells, ONES, correction.row(parity, y), share),
        });
        // The correction is no longer needed: its memory holds the product.
        finest.product(direction, correction);
        let length = quotients(steepness, products(direction, correction));
        x.change_all(|parity, y, cells| add(cells, length, direction.row(parity, y), ONES));
        let back = length.map(|length| -length);
        residual.change_all(|parity, y, cells| add(cells, back, correction.row(parity, y), ONES));
    }
    x.change_all(|parity, y, cells| add(cells, ONES, correction.row(parity, y), ONES));
    x
}

const ONES: Value = [1.0; 4];

/// `cells = kept · cells + factor · other`.
fn add(cells: &mut [Value], factor: Value, other: &[Value], kept: Value) {
    for (cell, other) in cells.iter_mut().zip(other) {
        for lane in 0..4 {
            cell[lane] = kept[lane] * cell[lane] + factor[lane] * other[lane];
        }
    }
}

/// Memory for a coarser level's equations.
struct Scratch {
    right_side: Squares<Value>,
    x: Squares<Value>,
}

impl Scratch {
    fn new(level: &Level) -> Self {
        Self { right_side: Squares::new(level.board()), x: Squares::new(level.board()) }
    }
}

/// The values a cycle starts from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guess {
    Zero,
    Given,
}

/// Solves each level roughly, starting from the coarser level's solution.
fn first_guess(levels: &[Level], finest_right_side: &Squares<Value>, scratch: &mut [Scratch]) -> Squares<Value> {
    let mut right_sides: Vec<Squares<Value>> = Vec::with_capacity(levels.len());
    for _ in levels.iter().skip(1) {
        right_sides.push(sums(right_sides.last().unwrap_or(finest_right_side)));
    }
    for (right_side, level) in right_sides.iter_mut().zip(levels.iter().skip(1)) {
        let weight = level.edge_weight();
        right_side.change_all(|_, _, cells| cells.iter_mut().flatten().for_each(|value| *value *= weight));
    }
    let mut guess: Option<(Squares<Value>, &Level)> = None;
    for (depth, level) in levels.iter().enumerate().rev() {
        let mut x = Squares::new(level.board());
        let right_side = depth.checked_sub(1).and_then(|coarse| right_sides.get(coarse));
        match &guess {
            Some((coarse_x, coarse)) => level.interpolate(coarse, coarse_x, &mut x),
            None => cycle(&levels[depth..], &mut [], right_side.unwrap_or(finest_right_side), &mut x, Guess::Zero),
        }
        // The finest level is solved by the conjugate gradient iterations.
        if let (Some(right_side), true) = (right_side, guess.is_some()) {
            cycle(&levels[depth..], &mut scratch[depth..], right_side, &mut x, Guess::Given);
        }
        guess = Some((x, level));
    }
    guess.map_or_else(|| Squares::new(finest_right_side.board()), |(x, _)| x)
}

/// One W-cycle. It is symmetric, as conjugate gradients require of a preconditioner.
fn cycle(levels: &[Level], scratch: &mut [Scratch], right_side: &Squares<Value>, x: &mut Squares<Value>, guess: Guess) {
    let Some((level, coarser)) = levels.split_first() else { return };
    match guess {
        Guess::Zero => level.relax_zero(right_side, x),
        Guess::Given => level.relax(0, right_side, x),
    }
    level.relax(1, right_side, x);
    if let Some((own, rest)) = scratch.split_first_mut() {
        level.restrict(right_side, x, &mut own.right_side);
        cycle(coarser, rest, &own.right_side, &mut own.x, Guess::Zero);
        cycle(coarser, rest, &own.right_side, &mut own.x, Guess::Given);
        level.add_coarse(&own.x, x);
    } else {
        for _ in 0..COARSEST_SWEEPS {
            level.relax(0, right_side, x);
            level.relax(1, right_side, x);
        }
        for _ in 0..COARSEST_SWEEPS {
            level.relax(1, right_side, x);
            level.relax(0, right_side, x);
        }
    }
    level.relax(1, right_side, x);
    level.relax(0, right_side, x);
}

/// The largest absolute value.
fn largest(x: &Squares<Value>) -> f32 {
    let of = |cells: &[Value]| cells.iter().flatten().fold(0.0f32, |most, value| most.max(value.abs()));
    x.parities()
        .map(|cells| cells.par_chunks(SUM_LENGTH).map(of).reduce(|| 0.0, f32::max))
        .into_iter()
        .fold(0.0, f32::max)
}

/// Dot products, lane by lane.
#[expect(clippy::cast_possible_truncation, reason = "summed in double precision, needed in single")]
fn products(a: &Squares<Value>, b: &Squares<Value>) -> Value {
    let mut sums = [0.0f64; 4];
    for (a, b) in a.parities().into_iter().zip(b.parities()) {
        let partial = |(a, b): (&[Value], &[Value])| {
            let mut sum = [0.0f32; 4];
            for (a, b) in a.iter().zip(b) {
                for lane in 0..4 {
                    sum[lane] += a[lane] * b[lane];
                }
            }
            sum
        };
        let partials: Vec<Value> = a.par_chunks(SUM_LENGTH).zip(b.par_chunks(SUM_LENGTH)).map(partial).collect();
        for partial in partials {
            for (sum, partial) in sums.iter_mut().zip(partial) {
                *sum += f64::from(partial);
            }
        }
    }
    sums.map(|sum| sum as f32)
}

/// Divides lane by lane; 0 where the divisor is not positive.
fn quotients(a: Value, b: Value) -> Value {
    std::array::from_fn(|lane| if b[lane] > 0.0 { a[lane] / b[lane] } else { 0.0 })
}
