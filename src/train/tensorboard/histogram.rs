//! Histograms with TensorFlow's default buckets (`histogram.cc`): their limits grow by 10 % from 1e-12 to 1e20, on both
//! sides of zero.

use std::sync::LazyLock;

use super::messages::HistogramMessage;

static BUCKET_LIMITS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let positive: Vec<f64> =
        std::iter::successors(Some(1e-12), |limit| Some(limit * 1.1)).take_while(|limit| *limit < 1e20).collect();
    let negative = positive.iter().rev().map(|limit| -limit);
    let ends = |end: f64| std::iter::once(end);
    ends(-f64::MAX).chain(negative).chain(ends(0.0)).chain(positive.iter().copied()).chain(ends(f64::MAX)).collect()
});

/// The histogram of some values. Values that are not finite are left out. `None` without a value.
pub(super) fn histogram(values: &[f32]) -> Option<HistogramMessage> {
    let mut counts = vec![0.0; BUCKET_LIMITS.len()];
    let mut histogram = HistogramMessage { min: f64::MAX, max: f64::MIN, ..HistogramMessage::default() };
    for value in values.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value)) {
        histogram.min = histogram.min.min(value);
        histogram.max = histogram.max.max(value);
        histogram.num += 1.0;
        histogram.sum += value;
        histogram.sum_squares += value * value;
        // A bucket holds the values from the limit before its own, below its own. Every float is below the last limit.
        counts[BUCKET_LIMITS.partition_point(|limit| *limit <= value)] += 1.0;
    }
    // A run of empty buckets becomes one.
    for (limit, count) in BUCKET_LIMITS.iter().zip(counts) {
        match (histogram.bucket_limit.last_mut(), histogram.bucket.last()) {
            (Some(last_limit), Some(0.0)) if count <= 0.0 => *last_limit = *limit,
            _ => {
                histogram.bucket_limit.push(*limit);
                histogram.bucket.push(count);
            }
        }
    }
    (histogram.num > 0.0).then_some(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The buckets that TensorFlow 2.21 makes of the same finite values (`tf.compat.v1.summary.histogram`).
    #[test]
    fn buckets_are_those_of_tensorflow() {
        let expected = [
            (-2.162_819_005_114_428_7, 0.0),
            (-1.966_199_095_558_571_3, 1.0),
            (0.0, 0.0),
            (1e-12, 1.0),
            (0.470_692_430_953_561_95, 0.0),
            (0.517_761_674_048_918_2, 2.0),
            (0.917_246_389_039_776, 0.0),
            (1.008_971_027_943_753_6, 1.0),
            (9.920_775_621_859_783e19, 0.0),
            (f64::MAX, 1.0),
        ];
        let found = histogram(&[0.0, 1.0, -2.0, 0.5, f32::NAN, 0.5, f32::INFINITY, 3e20]).unwrap();
        assert_eq!((found.bucket_limit.len(), found.bucket.len()), (expected.len(), expected.len()));
        for ((limit, count), expected) in found.bucket_limit.iter().zip(&found.bucket).zip(expected) {
            assert!((limit - expected.0).abs() <= 1e-12 * expected.0.abs(), "{limit} where {} is expected", expected.0);
            assert!((count - expected.1).abs() < 0.5, "{count} below {limit}");
        }
        assert!((found.min + 2.0).abs() < 1e-9 && (found.max - 3e20).abs() < 1e14 && (found.num - 6.0).abs() < 0.5);
        let found = histogram(&[1.0, -0.5]).unwrap();
        assert!((found.sum - 0.5).abs() < 1e-9 && (found.sum_squares - 1.25).abs() < 1e-9);
    }

    #[test]
    fn no_finite_value_gives_no_histogram() {
        assert_eq!(histogram(&[]), None);
        assert_eq!(histogram(&[f32::NAN]), None);
    }
}
