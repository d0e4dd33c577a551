//! Downsamples curves to the number of points that a chart can show.

/// Maximum number of points of a drawn curve: about two for each pixel of a chart's width.
const MAX_POINTS: usize = 800;

/// Returns the finite points of a curve, at most [`MAX_POINTS`]. Each bucket of neighbouring points keeps its minimum
/// and maximum, so no spike is lost. The last point is always kept.
pub fn downsample(points: &[(u64, f64)]) -> Vec<[f64; 2]> {
    let finite: Vec<(u64, f64)> = points.iter().copied().filter(|(_, value)| value.is_finite()).collect();
    if finite.len() <= MAX_POINTS {
        return finite.into_iter().map(plot_point).collect();
    }
    // Two points per bucket, and room for the last point.
    let bucket_size = finite.len().div_ceil(MAX_POINTS / 2 - 1);
    let mut kept = Vec::with_capacity(MAX_POINTS);
    for bucket in finite.chunks(bucket_size) {
        let min = bucket.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let max = bucket.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut pair: Vec<(u64, f64)> = min.into_iter().chain(max).copied().collect();
        pair.sort_by_key(|(step, _)| *step);
        pair.dedup_by_key(|(step, _)| *step);
        kept.extend(pair);
    }
    let last = finite.last().copied();
    kept.extend(last.filter(|last| kept.last().is_some_and(|previous| previous.0 < last.0)));
    kept.into_iter().map(plot_point).collect()
}

#[expect(clippy::cast_precision_loss, reason = "steps are far below 2^52")]
fn plot_point((step, value): (u64, f64)) -> [f64; 2] {
    [step as f64, value]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_curves_keep_every_finite_point() {
        let points = [(1, 0.5), (2, f64::NAN), (3, f64::INFINITY), (4, -1.0)];
        assert_eq!(downsample(&points), [[1.0, 0.5], [4.0, -1.0]]);
    }

    proptest! {
        #[test]
        fn long_curves_keep_extremes_last_point_and_order(
            values in proptest::collection::vec(-1e3..1e3_f64, 801..4000),
        ) {
            let points: Vec<(u64, f64)> = (1..).zip(values.iter().copied()).collect();
            let kept = downsample(&points);
            prop_assert!(kept.len() <= MAX_POINTS, "{}", kept.len());
            prop_assert!(kept.windows(2).all(|pair| pair[0][0] < pair[1][0]));
            let extremes = |values: &[f64]| {
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                (least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
            };
            let shown: Vec<f64> = kept.iter().map(|point| point[1]).collect();
            prop_assert_eq!(extremes(&shown), extremes(&values));
            prop_assert_eq!(kept.last().copied(), points.last().copied().map(plot_point));
        }
    }
}
