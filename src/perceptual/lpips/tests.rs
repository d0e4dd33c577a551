//! Tests of the distance with synthetic weights.

use super::*;
use crate::perceptual::test_weights::{synthetic_heads, synthetic_values, write_synthetic, write_synthetic_with_heads};

const SIZE_PX: u32 = 64;
const AREA: usize = (SIZE_PX * SIZE_PX) as usize;

/// The network with these learned weights, by way of a file.
fn lpips(heads: &[Vec<f32>]) -> Result<Lpips, FeaturesError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.safetensors");
    write_synthetic_with_heads(&path, heads);
    Lpips::read(&path)
}

fn distance(lpips: &Lpips, one: &[f32], other: &[f32]) -> f64 {
    lpips.distance(&lpips.features(one, SIZE_PX), &lpips.features(other, SIZE_PX))
}

/// A picture with structure at several scales.
fn picture(phase: f64) -> Vec<f32> {
    synthetic_values(3 * AREA, 0.8, 0.011, phase)
}

/// The picture, with each row blurred by a box of this radius.
fn blurred(pixels: &[f32], radius: usize) -> Vec<f32> {
    let width = SIZE_PX as usize;
    let blur_row = |row: &[f32]| {
        let mean = |x: usize| {
            let window = &row[x.saturating_sub(radius)..(x + radius + 1).min(width)];
            window.iter().sum::<f32>() / f32::from(u16::try_from(window.len()).unwrap())
        };
        (0..width).map(mean).collect::<Vec<f32>>()
    };
    pixels.chunks(width).flat_map(blur_row).collect()
}

#[test]
fn equal_pictures_have_no_distance() {
    let lpips = lpips(&synthetic_heads()).unwrap();
    assert_eq!(lpips.kind(), PerceptualKind::Lpips);
    assert!(distance(&lpips, &picture(0.0), &picture(0.0)).abs() < 1e-12);
    let flat = vec![-0.5; 3 * AREA];
    assert!(distance(&lpips, &flat, &flat).abs() < 1e-12);
}

#[test]
fn the_distance_grows_with_blur() {
    let lpips = lpips(&synthetic_heads()).unwrap();
    let sharp = picture(0.0);
    let distances = [1, 3, 8].map(|radius| distance(&lpips, &sharp, &blurred(&sharp, radius)));
    assert!(distances[0] > 0.01 && distances[0] < distances[1] && distances[1] < distances[2], "{distances:?}");
}

/// A Python program in double precision gave these numbers for the same pictures and weights.
#[test]
fn distances_match_another_implementation() {
    let (one, other) = (picture(0.0), picture(1.0));
    let weighted = distance(&lpips(&synthetic_heads()).unwrap(), &one, &other);
    let unweighted = distance(&lpips(&[]).unwrap(), &one, &other);
    for (found, expected) in [(weighted, 0.123_253_1), (unweighted, 0.240_236_4)] {
        // Five layers in single precision round to about 1e-5 of a feature.
        assert!((found - expected).abs() < 1e-4 * expected, "{found} for {expected}");
    }
}

#[test]
fn learned_weights_scale_each_channel() {
    let (one, other) = (picture(0.0), picture(1.0));
    let with = |heads: &[Vec<f32>]| distance(&lpips(heads).unwrap(), &one, &other);
    let heads = synthetic_heads();
    let scaled = |factor: f32| heads.iter().map(|head| head.iter().map(|value| factor * value).collect()).collect();
    let [single, double]: [Vec<Vec<f32>>; 2] = [scaled(1.0), scaled(2.0)];
    assert!((with(&double) / with(&single) - 2.0).abs() < 1e-4);
    let ones: Vec<Vec<f32>> = heads.iter().map(|head| vec![1.0; head.len()]).collect();
    let without = lpips(&[]).unwrap();
    assert_eq!(without.kind(), PerceptualKind::FeatureDistance);
    // Weights of one sum the levels, no weights average them.
    assert!((with(&ones) / distance(&without, &one, &other) - 5.0).abs() < 1e-4);
}

#[test]
fn incomplete_or_negative_weights_are_refused() {
    let refused = |change: fn(&mut Vec<Vec<f32>>)| {
        let mut heads = synthetic_heads();
        change(&mut heads);
        let error = lpips(&heads).err().unwrap().to_string();
        error.split_once('(').unwrap().1.split_once(')').unwrap().0.to_string()
    };
    insta::assert_snapshot!(refused(|heads| drop(heads.pop())), @"no tensor lpips4");
    insta::assert_snapshot!(refused(|heads| heads[2].truncate(5)), @"lpips2 has 5 values instead of 384");
    insta::assert_snapshot!(refused(|heads| heads[0][7] = -0.1), @"lpips0 has a value that is negative or not finite");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.safetensors");
    write_synthetic(&path);
    assert!(Lpips::read(&path).is_ok());
    assert!(matches!(Lpips::read(&folder.path().join("none.pth")), Err(FeaturesError::Convolutions { .. })));
}
