//! The graph of the networks, as TensorFlow would describe it: one scope per network and layer, the shape of each output
//! as an attribute.
//!
//! A network that is applied again has a scope with a number, as in TensorFlow, and the variables of the first one.

use super::messages::{
    AttributeValue, GraphMessage, GraphNode, GraphVersions, NodeAttribute, ShapeList, TensorDimension, TensorShape,
};
use crate::model::plan::{RGB_AND_MASK_CHANNELS, RGB_CHANNELS};
use crate::model::{Activation, LayerKind, LayerPlan, NetworkPlan, NetworkRole};

/// Any version that TensorFlow 1 has written.
const PRODUCER_VERSION: i32 = 24;
/// Number of 32-bit floats in `types.proto`.
const FLOAT_TYPE: i32 = 1;

/// The graph of these networks in a training step.
pub(super) fn graph(plans: &[NetworkPlan]) -> GraphMessage {
    let mut graph = GraphBuilder { plans, nodes: Vec::new() };
    let Some([latent_dim, side]) = graph.sizes() else { return graph.into_message() };
    let latents = graph.add("z", "Placeholder", &[], &[latent_dim]);
    let images = graph.add("images", "Placeholder", &[], &[side, side, RGB_CHANNELS]);
    let generated = graph.add_network(NetworkRole::Generator, "generator", &latents);
    graph.add_network(NetworkRole::Discriminator, "discriminator", &images);
    graph.add_network(NetworkRole::Discriminator, "discriminator_1", &generated);
    if plans.iter().any(|plan| plan.role == NetworkRole::Encoder) {
        let known = graph.add("known", "Placeholder", &[], &[side, side, 1]);
        let masked = graph.add("masked", "Mul", &[&images, &known], &[side, side, RGB_CHANNELS]);
        let shape = [side, side, RGB_AND_MASK_CHANNELS];
        let both = graph.add("masked_and_known", "ConcatV2", &[&masked, &known], &shape);
        let guess = graph.add_network(NetworkRole::Encoder, "encoder", &both);
        let redrawn = graph.add_network(NetworkRole::Generator, "generator_1", &guess);
        graph.add_network(NetworkRole::Discriminator, "discriminator_2", &redrawn);
    }
    graph.into_message()
}

struct GraphBuilder<'a> {
    plans: &'a [NetworkPlan],
    nodes: Vec<GraphNode>,
}

impl GraphBuilder<'_> {
    /// The latent dimension and the side of the pictures.
    fn sizes(&self) -> Option<[usize; 2]> {
        let generator = self.plans.iter().find(|plan| plan.role == NetworkRole::Generator)?;
        Some([generator.layers.first()?.inputs, generator.layers.last()?.output_side])
    }

    /// Adds a node whose output is a batch of this shape. Returns its name.
    fn add(&mut self, name: &str, op: &str, inputs: &[&str], shape: &[usize]) -> String {
        self.add_node(name, op, inputs, &[&[-1][..], &signed(shape)].concat())
    }

    fn add_node(&mut self, name: &str, op: &str, inputs: &[&str], shape: &[i64]) -> String {
        let shape = TensorShape { dim: shape.iter().map(|size| TensorDimension { size: *size }).collect() };
        let mut node = GraphNode { name: name.into(), op: op.into(), ..GraphNode::default() };
        node.input = inputs.iter().map(ToString::to_string).collect();
        let list = AttributeValue::List(ShapeList { shape: vec![shape.clone()] });
        let mut attributes = vec![("_output_shapes", list), ("dtype", AttributeValue::Type(FLOAT_TYPE))];
        if inputs.is_empty() {
            attributes.push(("shape", AttributeValue::Shape(shape)));
        }
        let attribute =
            |(name, value): (&str, AttributeValue)| (name.to_string(), NodeAttribute { value: Some(value) });
        node.attr = attributes.into_iter().map(attribute).collect();
        self.nodes.push(node);
        name.into()
    }

    /// Adds the layers of a network. Returns the name of its output.
    fn add_network(&mut self, role: NetworkRole, scope: &str, input: &str) -> String {
        let layers = self.plans.iter().filter(|plan| plan.role == role).flat_map(|plan| &plan.layers);
        layers.fold(input.to_string(), |input, layer| self.add_layer(layer, scope, &input))
    }

    fn add_layer(&mut self, layer: &LayerPlan, scope: &str, input: &str) -> String {
        let (is_first_use, network) = (scope == layer.role.name(), layer.role.name());
        let scope = format!("{scope}/{}", layer.name);
        let shape = if layer.output_side == 1 {
            vec![layer.outputs]
        } else {
            vec![layer.output_side, layer.output_side, layer.outputs]
        };
        let mut variable = |name: &str, shape: &[usize]| {
            let full_name = format!("{network}/{}/{name}", layer.name);
            if is_first_use { self.add_node(&full_name, "VariableV2", &[], &signed(shape)) } else { full_name }
        };
        let weight = variable("weight", &layer.weight_shape());
        let names = if layer.has_norm { &["norm.scale", "norm.shift"][..] } else { &["bias"] };
        let others: Vec<String> = names.iter().map(|name| variable(name, &[layer.outputs])).collect();
        let op = match layer.kind {
            LayerKind::Project | LayerKind::Upsample => "Conv2DBackpropInput",
            LayerKind::Downsample | LayerKind::Collapse => "Conv2D",
        };
        let sums = self.add(&format!("{scope}/{op}"), op, &[input, &weight], &shape);
        let op = if layer.has_norm { "FusedBatchNorm" } else { "BiasAdd" };
        let inputs: Vec<&str> = std::iter::once(&sums).chain(&others).map(String::as_str).collect();
        let shifted = self.add(&format!("{scope}/{op}"), op, &inputs, &shape);
        let op = match layer.activation {
            Activation::Relu => "Relu",
            Activation::LeakyRelu => "LeakyRelu",
            Activation::Tanh => "Tanh",
            Activation::Identity => "Sigmoid",
        };
        self.add(&format!("{scope}/{op}"), op, &[&shifted], &shape)
    }

    fn into_message(self) -> GraphMessage {
        GraphMessage { node: self.nodes, versions: Some(GraphVersions { producer: PRODUCER_VERSION }) }
    }
}

fn signed(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_input_is_a_node_before() {
        let plans = NetworkRole::ALL.map(|role| NetworkPlan::with_width(role, 16, 4, 8));
        let graph = graph(&plans);
        let mut names = BTreeSet::new();
        for node in &graph.node {
            assert!(node.input.iter().all(|input| names.contains(input)), "{node:?}");
            assert!(names.insert(node.name.clone()), "{} exists twice", node.name);
        }
        let scopes: BTreeSet<_> = names.iter().filter_map(|name| Some(name.split_once('/')?.0)).collect();
        let expected = ["discriminator", "discriminator_1", "discriminator_2", "encoder", "generator", "generator_1"];
        assert_eq!(scopes.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn shapes_are_those_of_the_plan() {
        let plans =
            [NetworkRole::Generator, NetworkRole::Discriminator].map(|role| NetworkPlan::with_width(role, 16, 4, 8));
        let graph = graph(&plans);
        let shape = |name: &str| {
            let node = graph.node.iter().find(|node| node.name == name).unwrap();
            match &node.attr["_output_shapes"].value {
                Some(AttributeValue::List(list)) => list.shape[0].dim.iter().map(|dim| dim.size).collect::<Vec<_>>(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(shape("z"), [-1, 8]);
        assert_eq!(shape("generator/project/weight"), [8, 8, 4, 4]);
        assert_eq!(shape("generator/up.0/Relu"), [-1, 8, 8, 4]);
        assert_eq!(shape("generator/to_rgb/Tanh"), [-1, 16, 16, 3]);
        assert_eq!(shape("discriminator_1/score/Sigmoid"), [-1, 1]);
        let fake = graph.node.iter().find(|node| node.name == "discriminator_1/from_rgb/Conv2D").unwrap();
        assert_eq!(fake.input, ["generator/to_rgb/Tanh", "discriminator/from_rgb/weight"]);
    }
}
