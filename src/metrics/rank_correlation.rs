//! Spearman's rank correlation.

/// Spearman's rank correlation of pairs of values, from -1 to 1: 1 if one always grows with the other. Equal values share
/// their mean rank. `None` when either list has no two different values.
#[must_use]
pub fn rank_correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let first = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let second = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let mean = (pairs.len() as f64 - 1.0) / 2.0;
    let product = |one: &[f64], other: &[f64]| -> f64 {
        one.iter().zip(other).map(|(one, other)| (one - mean) * (other - mean)).sum()
    };
    let scale = (product(&first, &first) * product(&second, &second)).sqrt();
    (scale > 0.0).then(|| product(&first, &second) / scale)
}

/// The rank of each value, from 0.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for equal in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let rank = below as f64 + (equal.len() as f64 - 1.0) / 2.0;
        for index in equal {
            ranks[*index] = rank;
        }
        below += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_decides_and_not_size() {
        let pairs = [(1.0, 10.0), (2.0, 11.0), (3.0, 1e6)];
        assert_eq!(rank_correlation(&pairs), Some(1.0));
        assert_eq!(rank_correlation(&pairs.map(|(a, b)| (a, -b))), Some(-1.0));
    }

    #[test]
    fn equals_a_hand_worked_example_with_ties() {
        // Ranks 0, 1.5, 1.5, 3 and 1, 0, 2, 3: covariance 3, variances 4.5 and 5.
        let pairs = [(1.0, 2.0), (5.0, 1.0), (5.0, 3.0), (9.0, 4.0)];
        let expected = 3.0 / (4.5_f64 * 5.0).sqrt();
        assert!((rank_correlation(&pairs).unwrap() - expected).abs() < 1e-12);
    }

    #[test]
    fn equal_values_have_no_correlation() {
        assert_eq!(rank_correlation(&[(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(rank_correlation(&[]), None);
    }
}
