//! Computes latent directions from labelled faces.
//!
//! Each attribute is fitted by a linear function of the faces' codes (ridge regression). A direction then moves one of
//! these functions and leaves the others where they are (conditional manipulation, Shen et al. 2020, arXiv 1907.10786).
//! Of all such moves it is the one that the codes' covariance makes most likely, so that the face stays plausible:
//! `D = Σ·Wᵀ·(W·Σ·Wᵀ)⁻¹`, with the functions as the rows of `W`.

use super::Latent;
use crate::linear_algebra::{cholesky, correlation, dot, mean, solve_lower, solve_positive, solve_upper, to_f64};
use crate::model::LatentDirection;

/// One face in this many is left out of the fit, to check it.
const HELD_OUT_SHARE: usize = 5;
/// Ridge: added to the codes' covariance, which is about 1/3 for the prior.
const RIDGE: f64 = 0.01;
/// Least number of labelled faces for each value of a latent. With fewer, the fit follows chance.
const MIN_FACES_PER_VALUE: usize = 3;

/// An attribute of faces.
#[derive(Clone, Debug, PartialEq)]
pub struct FaceAttribute {
    /// The name of its direction.
    pub name: String,
    /// One for each face; `None` where it is not known.
    pub values: Vec<Option<f32>>,
}

/// A direction, and how it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedDirection {
    pub direction: LatentDirection,
    /// Faces with a value.
    pub faces: usize,
    /// Standard deviation of the values.
    pub deviation: f64,
    /// Correlation of the fitted function with the values of faces that were left out of the fit.
    pub held_out_correlation: f64,
}

/// Why directions cannot be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DirectionError {
    #[error("{faces} faces have a value for {name}: give at least {required}")]
    TooFewFaces { name: String, faces: usize, required: usize },
    #[error("all faces have the same value for {name}: there is no direction in it")]
    Constant { name: String },
}

/// Whether a face is left out of the fit.
#[must_use]
pub fn is_held_out(face: usize) -> bool {
    face % HELD_OUT_SHARE == HELD_OUT_SHARE - 1
}

/// Computes the directions of attributes from the codes of faces.
///
/// # Errors
/// When an attribute has too few values, or only one.
pub fn fit_directions(codes: &[Latent], attributes: &[FaceAttribute]) -> Result<Vec<FittedDirection>, DirectionError> {
    let dim = codes.first().map_or(0, Vec::len);
    let fits = attributes.iter().map(|attribute| LinearFit::new(codes, attribute)).collect::<Result<Vec<_>, _>>()?;
    let fitted: Vec<&Latent> = (0..codes.len()).filter(|face| !is_held_out(*face)).map(|face| &codes[face]).collect();
    let covariance = Moments::of(&fitted).covariance;
    // Σ·Wᵀ, a row for each attribute.
    let moves: Vec<Vec<f64>> =
        fits.iter().map(|fit| covariance.chunks(dim.max(1)).map(|row| dot(row, &fit.weights)).collect()).collect();
    let count = fits.len();
    let mut gram: Vec<f64> = fits.iter().flat_map(|fit| moves.iter().map(|step| dot(&fit.weights, step))).collect();
    let spreads: Vec<f64> = (0..count).map(|index| gram[index * count + index].sqrt()).collect();
    for index in 0..count {
        // Two names for one attribute would have no solution.
        gram[index * count + index] *= 1.0 + 1e-6;
    }
    cholesky(&mut gram, count);
    let direction = |index: usize| {
        let mut shares = vec![0.0; count];
        // One unit: the standard deviation of the fitted function over the faces.
        shares[index] = spreads[index];
        solve_lower(&gram, &mut shares);
        solve_upper(&gram, &mut shares);
        let value = |at: usize| moves.iter().zip(&shares).map(|(step, share)| share * step[at]).sum::<f64>();
        (0..dim).map(|at| to_f32(value(at))).collect()
    };
    let fitted = fits.iter().zip(attributes).enumerate().map(|(index, (fit, attribute))| FittedDirection {
        direction: LatentDirection { name: attribute.name.clone(), vector: direction(index) },
        faces: attribute.values.iter().flatten().count(),
        deviation: fit.deviation,
        held_out_correlation: fit.held_out_correlation,
    });
    Ok(fitted.collect())
}

/// An attribute as a linear function of the code.
struct LinearFit {
    weights: Vec<f64>,
    deviation: f64,
    held_out_correlation: f64,
}

impl LinearFit {
    fn new(codes: &[Latent], attribute: &FaceAttribute) -> Result<Self, DirectionError> {
        let name = || attribute.name.clone();
        let labelled = codes.iter().zip(&attribute.values).enumerate();
        let labelled = labelled.filter_map(|(face, (code, value))| Some((face, code, f64::from((*value)?))));
        let (held_out, fitted): (Vec<_>, Vec<_>) = labelled.partition(|(face, ..)| is_held_out(*face));
        let dim = codes.first().map_or(0, Vec::len);
        let (faces, required) = (fitted.len() + held_out.len(), MIN_FACES_PER_VALUE * dim.max(1));
        if faces < required {
            return Err(DirectionError::TooFewFaces { name: name(), faces, required });
        }
        let center = mean(fitted.iter().map(|(.., value)| *value));
        let deviation = mean(fitted.iter().map(|(.., value)| (value - center).powi(2))).sqrt();
        if deviation <= f64::EPSILON * center.abs() {
            return Err(DirectionError::Constant { name: name() });
        }
        let Moments { means, mut covariance } =
            Moments::of(&fitted.iter().map(|(_, code, _)| *code).collect::<Vec<_>>());
        let mut weights = vec![0.0; dim];
        for (_, code, value) in &fitted {
            let standard = (value - center) / deviation / to_f64(fitted.len());
            for ((weight, code), mean) in weights.iter_mut().zip(*code).zip(&means) {
                *weight += standard * (f64::from(*code) - mean);
            }
        }
        for index in 0..dim {
            covariance[index * dim + index] += RIDGE;
        }
        solve_positive(&mut covariance, &mut weights);
        let predict = |code: &Latent| code.iter().zip(&weights).map(|(code, weight)| f64::from(*code) * weight).sum();
        let pairs: Vec<(f64, f64)> = held_out.iter().map(|(_, code, value)| (predict(code), *value)).collect();
        Ok(Self { weights, deviation, held_out_correlation: correlation(&pairs) })
    }
}

/// Mean and covariance of codes.
struct Moments {
    means: Vec<f64>,
    /// `[dim, dim]`.
    covariance: Vec<f64>,
}

impl Moments {
    fn of(codes: &[&Latent]) -> Self {
        let dim = codes.first().map_or(0, |code| code.len());
        let count = to_f64(codes.len().max(1));
        let means: Vec<f64> =
            (0..dim).map(|at| codes.iter().map(|code| f64::from(code[at])).sum::<f64>() / count).collect();
        let mut covariance = vec![0.0; dim * dim];
        for code in codes {
            let centred: Vec<f64> = code.iter().zip(&means).map(|(value, mean)| f64::from(*value) - mean).collect();
            for (row, value) in covariance.chunks_mut(dim.max(1)).zip(&centred) {
                row.iter_mut().zip(&centred).for_each(|(sum, other)| *sum += value * other / count);
            }
        }
        Self { means, covariance }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "computed in f64, used in f32")]
fn to_f32(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::sample_latent;

    const DIM: usize = 6;

    fn codes(count: u64) -> Vec<Latent> {
        (0..count).map(|number| sample_latent(number, DIM)).collect()
    }

    fn attribute(name: &str, codes: &[Latent], value: impl Fn(usize, &Latent) -> Option<f32>) -> FaceAttribute {
        let values = codes.iter().enumerate().map(|(face, code)| value(face, code)).collect();
        FaceAttribute { name: name.to_string(), values }
    }

    fn along(direction: &FittedDirection, weights: [f32; DIM]) -> f32 {
        direction.direction.vector.iter().zip(weights).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn a_direction_moves_its_attribute_alone() {
        let codes = codes(400);
        let smile = [1.0, 0.5, 0.0, 0.0, 0.0, 0.0];
        let age = [0.0, 1.0, -1.0, 0.0, 0.0, 0.0];
        let value = |code: &Latent, weights: [f32; DIM]| -> f32 { code.iter().zip(weights).map(|(a, b)| a * b).sum() };
        // Some labels are missing.
        let smiles = attribute("smile", &codes, |face, code| (face % 3 > 0).then(|| 10.0 * value(code, smile) + 4.0));
        let ages = attribute("age", &codes, |_, code| Some(value(code, age)));
        let fitted = fit_directions(&codes, &[smiles, ages]).unwrap();
        assert_eq!((fitted[0].faces, fitted[1].faces), (266, 400));
        assert!(fitted.iter().all(|direction| direction.held_out_correlation > 0.99), "{fitted:?}");
        // The standard deviation of the value over the prior is √(Σ w² / 3).
        for (direction, own, other) in [(&fitted[0], smile, age), (&fitted[1], age, smile)] {
            let unit = (own.iter().map(|weight| weight * weight).sum::<f32>() / 3.0).sqrt();
            let (moved, side_effect) = (along(direction, own), along(direction, other));
            assert!((moved / unit - 1.0).abs() < 0.06, "{moved} for {unit}");
            assert!(side_effect.abs() < 0.03 * unit, "{side_effect} for {unit}");
        }
    }

    #[test]
    fn noise_is_not_predicted() {
        let codes = codes(400);
        let noise = attribute("noise", &codes, |face, _| Some(sample_latent(face as u64 + 5000, 1)[0]));
        let fitted = fit_directions(&codes, &[noise]).unwrap();
        assert!(fitted[0].held_out_correlation.abs() < 0.25, "{fitted:?}");
    }

    #[test]
    fn the_same_attribute_twice_stays_finite() {
        let codes = codes(100);
        let [a, b] = ["a", "b"].map(|name| attribute(name, &codes, |_, code| Some(code[0])));
        let fitted = fit_directions(&codes, &[a, b]).unwrap();
        assert!(fitted.iter().flat_map(|direction| &direction.direction.vector).all(|value| value.is_finite()));
    }

    #[test]
    fn useless_labels_are_refused() {
        let codes = codes(100);
        let few = attribute("few", &codes, |face, code| (face < 17).then_some(code[0]));
        let error = fit_directions(&codes, &[few]).unwrap_err();
        insta::assert_snapshot!(error, @"17 faces have a value for few: give at least 18");
        let same = attribute("same", &codes, |_, _| Some(0.1));
        let error = fit_directions(&codes, &[same]).unwrap_err();
        insta::assert_snapshot!(error, @"all faces have the same value for same: there is no direction in it");
    }
}
