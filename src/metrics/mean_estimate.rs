//! The mean of a metric over many faces, with a 95 % confidence interval.

use serde::Serialize;

/// The 97.5 % quantile of the normal distribution, for a two-sided 95 % interval.
const NORMAL_QUANTILE_975: f64 = 1.959_963_984_540_054;
/// The 97.5 % quantiles of Student's t with 1 to 10 degrees of freedom, where the series below is inaccurate.
const STUDENT_T_QUANTILES_975: [f64; 10] =
    [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281];

/// The mean of some values and its 95 % confidence interval, `mean − half_interval` to `mean + half_interval`.
///
/// The interval is Student's: `t(0.975, n − 1)·s/√n`. It assumes independent values. Different faces are independent,
/// but two methods on the same faces are not: their difference can be significant although their intervals overlap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeanEstimate {
    pub count: usize,
    pub mean: f64,
    /// `None` for a single value.
    pub half_interval: Option<f64>,
}

impl MeanEstimate {
    /// Computes the mean and its interval; `None` without values.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of faces, far below 2^52")]
    pub fn from_values(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let half_interval = (count > 1).then(|| {
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1) as f64;
            student_t_quantile_975(count - 1) * (variance / count as f64).sqrt()
        });
        Some(Self { count, mean, half_interval })
    }
}

/// The 97.5 % quantile of Student's t. Above ten degrees of freedom it is the series of Abramowitz & Stegun 1964,
/// 26.7.5, which is right to four digits.
#[expect(clippy::cast_precision_loss, reason = "counts of faces, far below 2^52")]
pub(super) fn student_t_quantile_975(degrees_of_freedom: usize) -> f64 {
    if let Some(value) = degrees_of_freedom.checked_sub(1).and_then(|index| STUDENT_T_QUANTILES_975.get(index)) {
        return *value;
    }
    let (z, n) = (NORMAL_QUANTILE_975, degrees_of_freedom as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    let fourth = (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5) - 1920.0 * z.powi(3) - 945.0 * z) / 92160.0;
    z + first / n + second / n.powi(2) + third / n.powi(3) + fourth / n.powi(4)
}

/// The median; of an even number of values, the mean of the middle two. `None` without values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}
