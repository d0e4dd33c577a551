//! Tests of the network with synthetic weights.

use super::*;
use crate::model::read_values;
use crate::perceptual::test_weights::{synthetic_values, write_synthetic};

const SIZE: usize = 16;

fn images(count: usize) -> Tensor<4> {
    let values = synthetic_values(count * 3 * SIZE * SIZE, 0.9, 0.011, 0.5);
    Tensor::from_data(TensorData::new(values, [count, 3, SIZE, SIZE]), &Device::flex())
}

#[test]
fn feature_shapes_match_the_memory_estimate() {
    let levels = AlexNet::synthetic().enlarging(SIZE).feature_maps(images(2));
    let shapes: Vec<[usize; 4]> = levels.iter().map(Tensor::dims).collect();
    assert_eq!(shapes, [[2, 64, 15, 15], [2, 192, 7, 7], [2, 384, 3, 3], [2, 256, 3, 3], [2, 256, 3, 3]]);
    let count: usize = shapes.iter().map(|shape| shape[1..].iter().product::<usize>()).sum();
    assert_eq!(features_per_image(SIZE), count as u64);
}

#[test]
fn flat_images_stay_flat_when_enlarged() {
    let flat = Tensor::<4>::full([1, 3, SIZE, SIZE], 0.3, &Device::flex());
    let [first, ..] = &AlexNet::synthetic().enlarging(SIZE).feature_maps(flat)[..] else { panic!("no levels") };
    // Away from the edges, a flat image has the same features everywhere.
    let inside = read_values(first.clone().slice([0..1, 0..64, 2..13, 2..13]));
    for channel in inside.chunks(121) {
        assert!(channel.iter().all(|value| (value - channel[0]).abs() < 1e-4), "{channel:?}");
    }
}

#[test]
fn without_enlarging_images_keep_their_size() {
    let large = Tensor::<4>::full([1, 3, 64, 64], 0.3, &Device::flex());
    let small = Tensor::<4>::full([1, 3, SIZE, SIZE], 0.3, &Device::flex());
    let kept = AlexNet::synthetic().feature_maps(large).remove(1);
    let enlarged = AlexNet::synthetic().enlarging(SIZE).feature_maps(small).remove(1);
    assert_eq!(kept.dims(), enlarged.dims());
    assert!(read_values(kept - enlarged).iter().all(|difference| difference.abs() < 1e-4));
}

#[test]
fn the_input_scaling_is_that_of_lpips() {
    let alexnet = AlexNet::synthetic();
    let expected = [[-0.030, -0.088, -0.188], [0.458, 0.448, 0.450]];
    for (found, expected) in [alexnet.mean, alexnet.deviation].into_iter().zip(expected) {
        for (found, expected) in read_values(found).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }
}

#[test]
fn weights_are_read_and_other_files_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alexnet.safetensors");
    write_synthetic(&path);
    let read_net = AlexNet::read(&path, &Device::flex()).unwrap();
    let [read, synthetic] =
        [read_net, AlexNet::synthetic()].map(|net| read_values(net.enlarging(SIZE).feature_maps(images(1)).remove(4)));
    assert_eq!(read, synthetic);

    let refused = |path: &Path| AlexNet::read(path, &Device::flex()).err().unwrap().to_string();
    let missing = refused(&folder.path().join("no.pth"));
    assert!(missing.contains("no.pth") && missing.contains("use torchvision's alexnet"), "{missing}");
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
    let other = refused(&other);
    assert!(other.contains("no weight of the shape [64, 3, 11, 11]"), "{other}");
    std::fs::write(&path, [7; 100]).unwrap();
    assert!(refused(&path).contains("alexnet.safetensors"));
}
