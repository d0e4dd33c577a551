//! Synthetic weights for tests, and tests of the network.

use super::*;
use crate::train::feature_losses::tests::{SIZE, images, synthetic_values, to_f64};
use crate::train::net::read_values;

impl AlexNet {
    /// Deterministic test weights. The `PyTorch` program of the fixture uses the same.
    pub fn synthetic(size_px: usize) -> Self {
        let layers = synthetic_layers();
        let borrowed: Vec<_> = layers.iter().map(|(weight, bias)| (weight, bias)).collect();
        Self::new(&borrowed, size_px, &Device::flex())
    }
}

fn synthetic_layers() -> Vec<(WeightTensor, WeightTensor)> {
    let synthetic = |(layer, shape): (usize, &AlexNetConvShape)| {
        let [taps, layer] = [shape.inputs * shape.side * shape.side, layer].map(to_f64);
        let values = synthetic_values(shape.weight_shape().iter().product(), 2.0 / taps.sqrt(), 0.71, layer);
        let bias = synthetic_values(shape.outputs, 0.1, 0.31, layer);
        (
            WeightTensor { shape: shape.weight_shape().to_vec(), values },
            WeightTensor { shape: vec![shape.outputs], values: bias },
        )
    };
    CONV_SHAPES.iter().enumerate().map(synthetic).collect()
}

/// Writes the test weights as a file with torchvision's names.
pub(in crate::train) fn write_synthetic(path: &Path) {
    use safetensors::tensor::{Dtype, TensorView};
    let bytes =
        |weights: &WeightTensor| weights.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let mut tensors = Vec::new();
    for ((weight, bias), index) in synthetic_layers().iter().zip([0, 3, 6, 8, 10]) {
        for (part, weights) in [("weight", weight), ("bias", bias)] {
            tensors.push((format!("features.{index}.{part}"), weights.shape.clone(), bytes(weights)));
        }
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).expect("the shape matches the values"))
    });
    std::fs::write(path, safetensors::serialize(views, None).expect("valid tensors serialize"))
        .expect("the test folder is writable");
}

#[test]
fn feature_shapes_match_the_memory_estimate() {
    let levels = AlexNet::synthetic(SIZE).feature_maps(images(2, 3));
    let shapes: Vec<[usize; 4]> = levels.iter().map(Tensor::dims).collect();
    assert_eq!(shapes, [[2, 64, 15, 15], [2, 192, 7, 7], [2, 384, 3, 3], [2, 256, 3, 3], [2, 256, 3, 3]]);
    let count: usize = shapes.iter().map(|shape| shape[1..].iter().product::<usize>()).sum();
    assert_eq!(features_per_image(SIZE), count as u64);
}

#[test]
fn flat_images_stay_flat_when_enlarged() {
    let flat = Tensor::<4>::full([1, 3, SIZE, SIZE], 0.3, &Device::flex());
    let [first, ..] = &AlexNet::synthetic(SIZE).feature_maps(flat)[..] else { panic!("no levels") };
    // Away from the edges, a flat image has the same features everywhere.
    let inside = read_values(first.clone().slice([0..1, 0..64, 2..13, 2..13]));
    for channel in inside.chunks(121) {
        assert!(channel.iter().all(|value| (value - channel[0]).abs() < 1e-4), "{channel:?}");
    }
}

#[test]
fn weights_are_read_and_other_files_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alexnet.safetensors");
    write_synthetic(&path);
    let read_net = AlexNet::read(&path, SIZE, &Device::flex()).unwrap();
    let [read, synthetic] =
        [read_net, AlexNet::synthetic(SIZE)].map(|net| read_values(net.feature_maps(images(1, 3)).remove(4)));
    assert_eq!(read, synthetic);

    let refused = |path: &Path| AlexNet::read(path, SIZE, &Device::flex()).err().unwrap().to_string();
    let missing = refused(&folder.path().join("no.pth"));
    assert!(missing.contains("no.pth") && missing.contains("use torchvision's alexnet"), "{missing}");
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
    let other = refused(&other);
    assert!(other.contains("no weight of the shape [64, 3, 11, 11]"), "{other}");
    std::fs::write(&path, [7; 100]).unwrap();
    assert!(refused(&path).contains("alexnet.safetensors"));
}
