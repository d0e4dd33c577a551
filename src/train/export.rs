//! From networks under training to a model file: averaged weights, `BatchNorm` folded, half precision.

use std::collections::BTreeMap;

use half::f16;
use safetensors::tensor::{Dtype, TensorView};

use super::TrainError;
use super::net::{NORM_EPSILON, NetState};
use super::plan::{Join, LayerPlan, TAPS};
use super::settings::TrainSettings;
use super::trainer::{TrainState, plans};
use crate::model::{ModelError, ModelFile};

/// The state as the bytes of a model file, and the same read back, as the editor will read it.
///
/// # Errors
/// When a number is not finite in half precision.
pub(super) fn model(settings: &TrainSettings, state: &TrainState) -> Result<(Vec<u8>, ModelFile), TrainError> {
    let mut tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
    for plan in plans(settings) {
        let Some(net) = state.nets.get(plan.name) else { continue };
        for layer in &plan.layers {
            let (weight, bias) = folded(layer, net);
            let name = format!("{}.{}", plan.name, layer.name);
            let parts = [("weight", layer.weight_shape().to_vec(), weight), ("bias", vec![layer.outputs], bias)];
            for (what, shape, values) in parts {
                let tensor = format!("{name}.{what}");
                let halves: Vec<f16> = values.into_iter().map(f16::from_f32).collect();
                if halves.iter().any(|value| !value.is_finite()) {
                    return Err(TrainError::Overflow { tensor });
                }
                tensors.insert(tensor, (shape, halves.into_iter().flat_map(f16::to_le_bytes).collect()));
            }
        }
    }
    let broken = |error: safetensors::SafeTensorError| {
        TrainError::Export(ModelError::NotSafetensors { reason: error.to_string() })
    };
    let views: Vec<(&String, TensorView<'_>)> = tensors
        .iter()
        .map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F16, shape.clone(), bytes).map_err(broken)?)))
        .collect::<Result<_, TrainError>>()?;
    let metadata = metadata(settings, state).into_iter().collect();
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(broken)?;
    let file = ModelFile::parse("model", &bytes)?;
    Ok((bytes, file))
}

/// What the file says about itself.
fn metadata(settings: &TrainSettings, state: &TrainState) -> BTreeMap<String, String> {
    let images = state.step.saturating_mul(u64::from(settings.batch));
    let pairs = [
        ("format", "countenance-gan-1".to_string()),
        ("architecture", "dcgan".into()),
        ("image_size", settings.size_px.to_string()),
        ("latent_dim", settings.latent_dim.to_string()),
        ("prior", "uniform(-1,1)".into()),
        ("batch_norm", "folded".into()),
        ("leaky_slope", "0.2".into()),
        ("alignment", "yunet5-v1".into()),
        ("images_seen", images.to_string()),
        ("steps", state.step.to_string()),
        ("recipe", settings.recipe.id().into()),
        ("seed", settings.seed.to_string()),
        ("trained_with", format!("countenance {}", env!("CARGO_PKG_VERSION"))),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

/// A layer's averaged weight and bias, with its `BatchNorm` in them: what it does with running statistics.
fn folded(layer: &LayerPlan, net: &NetState) -> (Vec<f32>, Vec<f32>) {
    let averaged = |name: &str, length: usize| net.tensor(&format!("{}.{name}", layer.name), length).averaged;
    let mut weight = averaged("weight", layer.inputs * layer.outputs * TAPS);
    if !layer.has_norm {
        return (weight, averaged("bias", layer.outputs));
    }
    let of = |what: &str| averaged(&format!("norm.{what}"), layer.outputs);
    let (scale, shift, mean, variance) = (of("scale"), of("shift"), of("mean"), of("variance"));
    let factors: Vec<f32> =
        scale.iter().zip(&variance).map(|(scale, variance)| scale / (variance + NORM_EPSILON).sqrt()).collect();
    for (index, kernel) in weight.chunks_exact_mut(TAPS).enumerate() {
        let output = match layer.join {
            Join::Project | Join::Up => index % layer.outputs,
            Join::Down | Join::Score => index / layer.inputs,
        };
        kernel.iter_mut().for_each(|value| *value *= factors[output]);
    }
    let bias = shift.iter().zip(&mean).zip(&factors).map(|((shift, mean), factor)| shift - mean * factor).collect();
    (weight, bias)
}
