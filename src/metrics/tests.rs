use proptest::prelude::*;
use serde::Deserialize;

use super::mean_estimate::student_t_quantile_975;
use super::*;

/// Two pictures of 26×20 pixels with a hole, and their metrics from scikit-image 0.26 and numpy in double precision:
///
/// * SSIM: `structural_similarity(truth, filled, data_range=255, gaussian_weights=True, sigma=1.5,
///   use_sample_covariance=False, channel_axis=2, full=True)`; `ssim_hole` is the mean of its map in the hole.
/// * PSNR: `peak_signal_noise_ratio` of the whole picture and of the hole's pixels.
/// * L1: means of absolute differences divided by 255.
/// * Seam: the same between neighbours with exactly one in the hole.
/// * Sharpness: the same of `scipy.ndimage.laplace` in the hole after `binary_erosion`.
///
/// `truth` is a sum of waves with noise. The hole is an ellipse and a corner. There, `filled` is noisier and has less
/// contrast.
#[derive(Deserialize)]
struct Fixture {
    width: usize,
    truth: Vec<u8>,
    filled: Vec<u8>,
    hole: Vec<u8>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    psnr_db: f64,
    psnr_hole_db: f64,
    ssim: f64,
    ssim_hole: f64,
    l1: f64,
    l1_hole: f64,
    seam_jump: f64,
    sharpness: f64,
}

/// Tolerance: both sum the same numbers in double precision, in a different order.
const ROUNDING: f64 = 1e-10;

fn fixture() -> (PlanarImage, PlanarImage, Vec<bool>, Expected) {
    let fixture: Fixture = serde_json::from_str(include_str!("../../assets/fixtures/metrics.json")).unwrap();
    let picture = |samples: &[u8]| PlanarImage::from_rgb8(fixture.width, samples);
    let (truth, filled) = (picture(&fixture.truth), picture(&fixture.filled));
    (truth, filled, fixture.hole.iter().map(|&hole| hole == 1).collect(), fixture.expected)
}

#[test]
fn metrics_match_scikit_image() {
    let (truth, filled, hole, expected) = fixture();
    let quality = FillQuality::compare(&truth, &filled, &hole);
    for (name, ours, theirs) in [
        ("psnr", quality.psnr_whole_db, expected.psnr_db),
        ("psnr in the hole", quality.psnr_hole_db, expected.psnr_hole_db),
        ("ssim", quality.ssim_whole, expected.ssim),
        ("ssim in the hole", quality.ssim_hole, expected.ssim_hole),
        ("l1", quality.l1_whole, expected.l1),
        ("l1 in the hole", quality.l1_hole, expected.l1_hole),
        ("seam", quality.seam_jump.unwrap(), expected.seam_jump),
        ("sharpness", quality.sharpness.unwrap(), expected.sharpness),
    ] {
        assert!((ours - theirs).abs() < ROUNDING, "{name}: {ours}, not {theirs}");
    }
}

#[test]
fn a_perfect_fill_has_finite_metrics() {
    let (truth, _, hole, _) = fixture();
    let psnr_db = psnr_db(&truth, &truth, MetricRegion::Whole);
    assert!(psnr_db.is_infinite() && psnr_db > 0.0);
    let quality = FillQuality::compare(&truth, &truth, &hole);
    assert_eq!((quality.psnr_hole_db.to_bits(), quality.l1_hole.to_bits()), (PSNR_CEILING_DB.to_bits(), 0));
    assert!((quality.ssim_hole - 1.0).abs() < ROUNDING && (quality.ssim_whole - 1.0).abs() < ROUNDING);
    assert!((quality.seam_jump.unwrap() - 1.0).abs() < ROUNDING);
    assert!((quality.sharpness.unwrap() - 1.0).abs() < ROUNDING);
}

#[test]
fn ssim_is_defined_below_the_window_size() {
    let picture = |value| PlanarImage::from_rgb8(2, &[value; 6]);
    // Flat pictures leave only the term of the means: (2·1·0 + C1) / (1 + 0 + C1).
    let value = SsimMap::new(&picture(255), &picture(0)).mean();
    assert!((value - 1e-4 / (1.0 + 1e-4)).abs() < ROUNDING, "{value}");
}

#[test]
fn seam_jump_counts_only_edges_of_the_hole() {
    let row = |values: [u8; 4]| PlanarImage::from_rgb8(4, &values.map(|value| [value; 3]).concat());
    let hole = [false, false, true, true];
    let jump = |truth, filled| seam_jump(&row(truth), &row(filled), &hole);
    let value = jump([0, 10, 20, 90], [0, 10, 40, 41]).unwrap();
    assert!((value - 3.0).abs() < ROUNDING, "{value}");
    assert_eq!(jump([0, 10, 10, 90], [0, 10, 40, 41]), None, "a flat truth");
    assert_eq!(seam_jump(&row([0, 9, 0, 9]), &row([0; 4]), &[true; 4]), None, "no edge");
}

#[test]
fn sharpness_counts_only_pixels_inside_the_hole() {
    let picture = |values: [u8; 12]| PlanarImage::from_rgb8(4, &values.map(|value| [value; 3]).concat());
    let truth = picture([0, 40, 9, 0, 30, 90, 50, 0, 0, 60, 9, 0]);
    let hole = [0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0].map(|hole| hole == 1);
    // Only one pixel has all neighbours in the hole: 4·90 − 40 − 30 − 50 − 60 in the truth, 4·50 − 60 − 30 − 50 − 60 in
    // the fill.
    let filled = picture([0, 60, 200, 0, 30, 50, 50, 0, 0, 60, 9, 0]);
    let value = sharpness(&truth, &filled, &hole).unwrap();
    assert!((value - 0.0 / 180.0).abs() < ROUNDING, "{value}");
    let value = sharpness(&truth, &picture([0, 0, 200, 0, 0, 9, 0, 0, 0, 0, 9, 0]), &hole).unwrap();
    assert!((value - 36.0 / 180.0).abs() < ROUNDING, "{value}");
    assert_eq!(sharpness(&filled, &truth, &hole), None, "a flat truth");
    assert_eq!(
        sharpness(&truth, &filled, &[0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0].map(|hole| hole == 1)),
        None,
        "no pixel with four neighbours in the hole"
    );
    let row = PlanarImage::from_rgb8(1, &[1, 2, 3]);
    assert_eq!(sharpness(&row, &row, &[true]), None, "no pixel with four neighbours");
}

#[test]
fn diversity_is_the_mean_over_pairs() {
    let row = |values: [u8; 2]| PlanarImage::from_rgb8(2, &values.map(|value| [value; 3]).concat());
    let fills = [row([0, 0]), row([200, 51]), row([9, 102])];
    // In the second pixel, the pairs differ by 51, 102 and 51 of 255.
    let value = diversity(&fills, &[false, true]).unwrap();
    assert!((value - (0.2 + 0.4 + 0.2) / 3.0).abs() < ROUNDING, "{value}");
    assert_eq!(diversity(&fills[..1], &[false, true]), None);
}

#[test]
fn means_have_a_students_t_interval() {
    assert_eq!(MeanEstimate::from_values(&[]), None);
    assert_eq!(MeanEstimate::from_values(&[2.5]), Some(MeanEstimate { count: 1, mean: 2.5, half_interval: None }));
    let summary = MeanEstimate::from_values(&[1.0, 2.0, 3.0, 6.0]).unwrap();
    assert!((summary.mean - 3.0).abs() < ROUNDING);
    // s = √(14/3); t(0.975, 3) = 3.1824.
    assert!((summary.half_interval.unwrap() - 3.1824 * (14.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-4);
    // scipy.stats.t.ppf(0.975, degrees)
    for (degrees, value) in [(1, 12.7062), (10, 2.2281), (11, 2.2010), (31, 2.0395), (199, 1.9720), (1000, 1.9623)] {
        assert!(
            (student_t_quantile_975(degrees) - value).abs() < 1e-4,
            "{degrees}: {}",
            student_t_quantile_975(degrees)
        );
    }
}

#[test]
fn medians_are_in_the_middle() {
    assert_eq!(median(Vec::new()), None);
    assert_eq!(median(vec![3.0, -1.0, 7.0]), Some(3.0));
    assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), Some(3.0));
}

#[test]
fn an_incomplete_last_row_is_dropped() {
    let picture = PlanarImage::from_rgb8(2, &[0; 17]);
    assert_eq!((picture.width(), picture.height()), (2, 2));
    assert_eq!(PlanarImage::from_rgb8(0, &[0; 5]).height(), 0);
}

fn samples(pixels: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 3 * pixels)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn known_pixels_do_not_change_hole_metrics(
        truth in samples(96), filled in samples(96), other in samples(96), hole in prop::collection::vec(any::<bool>(), 96),
    ) {
        let changed: Vec<u8> = (0..3 * 96).map(|i| if hole[i / 3] { filled[i] } else { other[i] }).collect();
        let [truth, filled, changed] = [truth, filled, changed].map(|it| PlanarImage::from_rgb8(12, &it));
        let region = MetricRegion::Hole(&hole);
        prop_assert_eq!(psnr_db(&truth, &filled, region).to_bits(), psnr_db(&truth, &changed, region).to_bits());
        prop_assert_eq!(l1(&truth, &filled, region).to_bits(), l1(&truth, &changed, region).to_bits());
        prop_assert_eq!(diversity(&[truth.clone(), filled], &hole), diversity(&[truth, changed], &hole));
    }

    #[test]
    fn ssim_is_symmetric_and_bounded(one in samples(130), two in samples(130)) {
        let [one, two] = [one, two].map(|it| PlanarImage::from_rgb8(13, &it));
        let (forward, reverse) = (SsimMap::new(&one, &two).mean(), SsimMap::new(&two, &one).mean());
        prop_assert!((forward - reverse).abs() < ROUNDING && forward.abs() <= 1.0, "{forward} {reverse}");
    }
}
