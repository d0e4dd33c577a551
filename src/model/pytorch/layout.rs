//! Finds the networks among the tensors of a checkpoint.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{ImportError, linear};
use crate::model::WeightTensor;
use crate::model::plan::{ConvKernel, NetworkPlan, NetworkRole, RGB_AND_MASK_CHANNELS, RGB_CHANNELS};

/// Networks are searched down to this depth of the dotted names.
const MAX_DEPTH: usize = 4;
/// An error message lists at most this many layers.
const MAX_LISTED_LAYERS: usize = 24;

/// A convolution and the `BatchNorm` after it.
#[derive(Clone, Debug)]
pub(super) struct SourceLayer<'a> {
    /// `[first, second, size, size]`, also of a linear layer.
    pub weight: Cow<'a, WeightTensor>,
    /// `[channels · pixels]`, channels before pixels.
    pub bias: Option<&'a WeightTensor>,
    /// `[channels]` or `[channels · pixels]`.
    pub norm: Option<SourceBatchNorm<'a>>,
    /// Output pixels with a bias of their own: 16 of a linear projection, otherwise 1.
    pub pixels: usize,
}

/// A `BatchNorm` with its running statistics.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceBatchNorm<'a> {
    pub weight: &'a WeightTensor,
    pub bias: &'a WeightTensor,
    pub running_mean: &'a WeightTensor,
    pub running_variance: &'a WeightTensor,
}

/// The networks of a checkpoint, with their layers in order.
pub(super) type SourceNetworks<'a> = BTreeMap<NetworkRole, Vec<SourceLayer<'a>>>;

/// A module's tensors by suffix (`weight`, `bias` …), and the modules by path.
type ModuleTensors<'a> = BTreeMap<&'a str, &'a WeightTensor>;
type Modules<'a> = BTreeMap<&'a str, ModuleTensors<'a>>;

/// Finds the networks of a checkpoint: the first depth of the dotted names at which every branch is a network.
pub(super) fn find_networks(tensors: &BTreeMap<String, WeightTensor>) -> Result<SourceNetworks<'_>, ImportError> {
    let generator = NetworkPlan::new(NetworkRole::Generator, &[0, 0]);
    if generator.layers.iter().any(|layer| tensors.contains_key(&layer.weight_name())) {
        let reason = "this is already a model of this program: use it with --model".into();
        return Err(ImportError::Layout { reason, found: format!("{} tensors of a model file", tensors.len()) });
    }
    let mut modules = Modules::new();
    for (name, tensor) in tensors {
        let (path, suffix) = name.rsplit_once('.').unwrap_or(("", name));
        modules.entry(path).or_default().insert(suffix, tensor);
    }
    let mut reason: Option<String> = None;
    for depth in 0..MAX_DEPTH {
        match networks_at_depth(&modules, depth) {
            Ok(networks) => return Ok(networks),
            // Once all branches are networks, report their problem: deeper levels would only split them.
            Err(LayoutMismatch { are_networks, text }) if reason.is_none() || are_networks => {
                reason = Some(text);
                if are_networks {
                    break;
                }
            }
            Err(_) => {}
        }
    }
    let reason = reason.unwrap_or_else(|| "there are no layers in this file".into());
    Err(ImportError::Layout { reason, found: list_layers(&modules) })
}

/// Why the branches at one depth are not a model's networks. Each branch may still be a network.
struct LayoutMismatch {
    are_networks: bool,
    text: String,
}

fn networks_at_depth<'a>(modules: &Modules<'a>, depth: usize) -> Result<SourceNetworks<'a>, LayoutMismatch> {
    let mut branches: BTreeMap<String, Vec<(&str, &ModuleTensors<'a>)>> = BTreeMap::new();
    for (path, module) in modules {
        let branch: Vec<&str> = path.split('.').take(depth).collect();
        branches.entry(branch.join(".")).or_default().push((path, module));
    }
    let mut networks = SourceNetworks::new();
    for (branch, mut modules) in branches {
        modules.sort_by(|(a, _), (b, _)| compare_numerically(a, b));
        let (role, layers) = parse_network(&modules).map_err(|text| LayoutMismatch { are_networks: false, text })?;
        if networks.insert(role, layers).is_some() {
            let text = format!("there is more than one {role:?} ({branch} is the second): save one of each");
            return Err(LayoutMismatch { are_networks: true, text });
        }
    }
    if networks.contains_key(&NetworkRole::Generator) {
        Ok(networks)
    } else {
        Err(LayoutMismatch { are_networks: true, text: "there is no generator in this file".into() })
    }
}

/// Role and layers of one network. The error describes the problem.
fn parse_network<'a>(modules: &[(&str, &ModuleTensors<'a>)]) -> Result<(NetworkRole, Vec<SourceLayer<'a>>), String> {
    let (mut convolutions, mut norms, mut linears) = (Vec::new(), Vec::new(), Vec::new());
    for (path, module) in modules {
        let Some(weight) = module.get("weight") else { return Err(format!("{path} has no weight")) };
        match &weight.shape[..] {
            [_, _, height, width] if height == width && ConvKernel::new(*height).is_some() => {
                let bias = module.get("bias").copied();
                convolutions.push((*path, SourceLayer { weight: Cow::Borrowed(*weight), bias, norm: None, pixels: 1 }));
            }
            [_, _] => linears.push((*path, *weight, module.get("bias").copied())),
            [_] => norms.push((*path, parse_batch_norm(path, module)?)),
            shape => {
                let problem = "only convolutions of 4×4, 5×5 and 6×6 and linear layers are supported";
                return Err(format!("{path}.weight has shape {shape:?}: {problem}"));
            }
        }
    }
    for (path, weight, bias) in linears {
        linear::add_linear(&mut convolutions, path, weight, bias)?;
    }
    let role = infer_role(&convolutions)?;
    let (inputs, outputs) = input_and_output_axes(role);
    for pair in convolutions.windows(2) {
        let [(path, layer), (next_path, next)] = pair else { continue };
        let (channels, expected) = (layer.weight.shape[outputs], next.weight.shape[inputs]);
        if channels != expected {
            return Err(format!(
                "{next_path} has {expected} input channels, but {path} has {channels} output channels"
            ));
        }
    }
    let dense = if role == NetworkRole::Generator { convolutions.first() } else { convolutions.last() };
    if let Some((path, layer)) = dense.filter(|(_, layer)| layer.weight.shape[2..] != [4; 2]) {
        return Err(format!(
            "{path}.weight has shape {:?}: between 1 pixel and 4×4 pixels it must be 4×4",
            layer.weight.shape
        ));
    }
    assign_batch_norms(role, &mut convolutions, norms)?;
    for (path, layer) in &convolutions {
        let values = layer.weight.shape[outputs] * layer.pixels;
        if layer.bias.is_some_and(|bias| bias.shape != [values]) {
            return Err(format!("{path}.bias does not have {values} values"));
        }
    }
    Ok((role, convolutions.into_iter().map(|(_, layer)| layer).collect()))
}

/// Gives each `BatchNorm` to the layer before it.
fn assign_batch_norms<'a>(
    role: NetworkRole,
    layers: &mut [(&str, SourceLayer<'a>)],
    norms: Vec<(&str, SourceBatchNorm<'a>)>,
) -> Result<(), String> {
    // G has a BatchNorm after every layer but the last. D has none after the last and usually none after the first.
    let first = match (norms.len(), layers.len()) {
        (0, _) => 0,
        (norms, layers) if norms + 1 == layers => 0,
        (norms, layers) if norms + 2 == layers && role != NetworkRole::Generator => 1,
        (norms, layers) => return Err(format!("there are {norms} BatchNorms for {layers} convolutions")),
    };
    for ((path, layer), (norm_path, norm)) in layers.iter_mut().skip(first).zip(norms) {
        let channels = layer.weight.shape[input_and_output_axes(role).1];
        if norm.weight.shape != [channels] && norm.weight.shape != [channels * layer.pixels] {
            return Err(format!("{norm_path} has {} channels, but {path} has {channels}", norm.weight.shape[0]));
        }
        layer.norm = Some(norm);
    }
    Ok(())
}

fn parse_batch_norm<'a>(path: &str, module: &ModuleTensors<'a>) -> Result<SourceBatchNorm<'a>, String> {
    let get = |suffix: &str| {
        let missing =
            || format!("{path} has no {suffix}: save BatchNorm with affine=True and track_running_stats=True");
        module.get(suffix).copied().ok_or_else(missing)
    };
    let norm = SourceBatchNorm {
        weight: get("weight")?,
        bias: get("bias")?,
        running_mean: get("running_mean")?,
        running_variance: get("running_var")?,
    };
    let shape = &norm.weight.shape;
    if [norm.bias, norm.running_mean, norm.running_variance].iter().any(|other| other.shape != *shape) {
        return Err(format!("the tensors of {path} have different shapes"));
    }
    Ok(norm)
}

/// Weight shapes: transposed convolution `[in, out, size, size]`, convolution `[out, in, size, size]`.
fn infer_role(convolutions: &[(&str, SourceLayer<'_>)]) -> Result<NetworkRole, String> {
    let shape = |end: Option<&(&str, SourceLayer<'_>)>| end.map_or(vec![0; 4], |(_, layer)| layer.weight.shape.clone());
    let (first, last) = (shape(convolutions.first()), shape(convolutions.last()));
    match (first[1], last[0], last[1]) {
        (RGB_CHANNELS, 1, _) => Ok(NetworkRole::Discriminator),
        (RGB_AND_MASK_CHANNELS, outputs, _) if outputs > 1 => Ok(NetworkRole::Encoder),
        (_, _, RGB_CHANNELS) => Ok(NetworkRole::Generator),
        (1, ..) | (_, _, 1) => Err("the pictures have one channel where three are needed".into()),
        _ => Err(format!("from {first:?} to {last:?} is neither a generator nor a discriminator")),
    }
}

/// Input and output axis of a weight.
pub(super) fn input_and_output_axes(role: NetworkRole) -> (usize, usize) {
    let outputs = role.output_axis().index();
    (1 - outputs, outputs)
}

/// Compares names with their numbers as numbers: `main.9` comes before `main.10`.
fn compare_numerically(a: &str, b: &str) -> Ordering {
    let key = |text: &str| -> Vec<(u64, String)> {
        let mut parts = Vec::new();
        for part in text.split('.') {
            let digits = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let (word, number) = part.split_at(digits);
            parts.push((0, word.to_string()));
            parts.push((number.parse().unwrap_or(0), number.to_string()));
        }
        parts
    };
    key(a).cmp(&key(b))
}

/// Lists the modules that have a weight, with its shape.
fn list_layers(modules: &Modules<'_>) -> String {
    let mut paths: Vec<&str> = modules.keys().copied().collect();
    paths.sort_by(|a, b| compare_numerically(a, b));
    let listed: Vec<_> = paths
        .iter()
        .filter_map(|path| Some(format!("{path}.weight {:?}", modules.get(path)?.get("weight")?.shape)))
        .collect();
    let more = listed.len().saturating_sub(MAX_LISTED_LAYERS);
    let suffix = if more > 0 { format!(" and {more} more") } else { String::new() };
    if listed.is_empty() {
        return "no weights".into();
    }
    listed[..listed.len() - more].join(", ") + &suffix
}
