//! Buffers and dispatches of the networks for a number of candidates.

use std::iter::once;

use wgpu::Buffer;

use super::gemm_shader::{GemmKind, GemmTile, SUM_PARTS_SHADER, ShaderPrecision, WORKGROUP_SIZE, gemm_shader};
use super::gpu_layer::GpuLayer;
use super::kernel::{Dispatch, constant_buffer, run_and_read, storage_buffer, uniform_buffer};
use super::{GpuNetworks, VECTOR_LEN, pad_rows, unpad_rows, vector_count};
use crate::model::cpu::encoder_input;
use crate::model::plan::{Activation, DENSE_TAPS};

/// Enough workgroups to keep a large GPU busy.
const TARGET_WORKGROUPS: usize = 256;
/// Values of the partial sums buffer: `TARGET_WORKGROUPS` tiles of the largest size.
const PARTIAL_SUMS_LEN: usize = TARGET_WORKGROUPS * 64 * 64;

/// The forward and backward passes of G and D for a number of candidates.
pub struct DispatchPlan {
    pub candidates: usize,
    /// `[candidates, latent_dim]`, padded to whole vectors.
    pub latents: Buffer,
    /// `[candidates, side, side, 4]` in [-1, 1]; the fourth value is zero.
    pub pictures: Buffer,
    /// `[candidates, 4]`: the logit and three zeros.
    pub logits: Buffer,
    /// Same shape as the logits. Input of D's backward pass.
    pub logits_gradient: Buffer,
    /// Same shape as the pictures. Output of D's backward pass. Input of G's, as the gradient before the tanh.
    pub pictures_gradient: Buffer,
    /// Same shape as the latents. Output of G's backward pass.
    pub latents_gradient: Buffer,
    /// G forward: latents to pictures.
    pub generator_forward: Vec<Dispatch>,
    /// D forward (pictures to logits) and backward (logit gradient to picture gradient). Empty without D.
    pub discriminator_forward: Vec<Dispatch>,
    pub discriminator_backward: Vec<Dispatch>,
    /// G backward: picture gradient to latent gradient.
    pub generator_backward: Vec<Dispatch>,
}

/// The epilogue of a GEMM.
#[derive(Clone, Copy)]
enum Epilogue<'a> {
    Identity,
    /// Adds the bias and applies the activation.
    BiasActivation(Activation, &'a Buffer),
    /// Multiplies a gradient by the derivative of the activation that has this output.
    ActivationGradient(Activation, &'a Buffer),
}

impl Epilogue<'_> {
    /// Number of the epilogue in `gemm.wgsl`, and the slope.
    fn shader_code(self) -> (usize, f32) {
        match self {
            Self::Identity => (0, 1.0),
            Self::BiasActivation(activation, _) => activation.negative_slope().map_or((2, 1.0), |slope| (1, slope)),
            // The caller multiplies by the derivative of tanh.
            Self::ActivationGradient(activation, _) => activation.negative_slope().map_or((0, 1.0), |slope| (3, slope)),
        }
    }
}

impl GpuLayer {
    /// The epilogue of the forward pass.
    fn epilogue(&self) -> Epilogue<'_> {
        Epilogue::BiasActivation(self.plan.activation, &self.bias)
    }
}

/// Builds the dispatches of GEMMs for a batch of pictures.
struct DispatchBuilder<'a> {
    networks: &'a GpuNetworks,
    batch: usize,
    /// Placeholder for bindings that the epilogue does not read.
    unused: Buffer,
    partial_sums: Buffer,
}

impl<'a> DispatchBuilder<'a> {
    fn new(networks: &'a GpuNetworks, batch: usize) -> Self {
        let unused = constant_buffer(&networks.gpu, "unused", &[0.0f32; VECTOR_LEN]);
        Self { networks, batch, unused, partial_sums: storage_buffer(&networks.gpu, "partial sums", PARTIAL_SUMS_LEN) }
    }

    /// Transposed convolution.
    fn conv_transpose(&self, layer: &GpuLayer, buffers: [&Buffer; 2], epilogue: Epilogue<'_>) -> Vec<Dispatch> {
        let Some(weights) = &layer.conv_transpose_weights else { return Vec::new() };
        let GpuLayer { small_vectors: small, large_vectors: large, precision, .. } = *layer;
        let (kind, sizes) = if layer.plan.kind.is_dense() {
            (GemmKind::Dense, [1, small, DENSE_TAPS * large])
        } else {
            (GemmKind::ConvTranspose(layer.plan.kernel), [small, layer.plan.kernel.neighbours().pow(2) * small, large])
        };
        self.gemm(kind, sizes, layer.plan.smaller_side(), (weights, precision), buffers, epilogue)
    }

    /// Convolution.
    fn conv(&self, layer: &GpuLayer, buffers: [&Buffer; 2], epilogue: Epilogue<'_>) -> Vec<Dispatch> {
        let GpuLayer { small_vectors: small, large_vectors: large, precision, .. } = *layer;
        let is_dense = layer.plan.kind.is_dense();
        let (kind, channels) = if is_dense { (GemmKind::Dense, 1) } else { (GemmKind::Conv(layer.plan.kernel), large) };
        self.gemm(
            kind,
            [channels, layer.plan.kernel.taps() * large, small],
            layer.plan.smaller_side(),
            (&layer.conv_weights, precision),
            buffers,
            epilogue,
        )
    }

    /// A GEMM with one row per pixel of a batch of pictures. Input channels, inner dimension and columns are counted in
    /// vectors.
    fn gemm(
        &self,
        kind: GemmKind,
        [channels, depth, columns]: [usize; 3],
        side: usize,
        (weights, precision): (&Buffer, ShaderPrecision),
        [input, result]: [&Buffer; 2],
        epilogue: Epilogue<'_>,
    ) -> Vec<Dispatch> {
        let gpu = &self.networks.gpu;
        let rows = self.batch * side * side;
        let tile = GemmTile::for_size(rows, columns);
        let tiles = [columns.div_ceil(tile.columns), rows.div_ceil(tile.rows), kind.parity_count()];
        let max_parts = (TARGET_WORKGROUPS / tiles.iter().product::<usize>()).clamp(1, depth.div_ceil(2 * tile.depth));
        let depth_of_part = depth.div_ceil(max_parts).next_multiple_of(tile.depth);
        let parts = depth.div_ceil(depth_of_part);
        let output_size = rows * kind.parity_count() * columns;
        let shape = |epilogue: Epilogue<'_>| {
            let (epilogue, slope) = epilogue.shader_code();
            let sizes = [rows, side, depth, depth_of_part, columns, channels, parts, output_size, epilogue];
            let sizes = sizes.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
            uniform_buffer(gpu, &[sizes.as_slice(), &[slope.to_bits(), 0, 0]].concat())
        };
        let name = format!("{kind:?} {tile:?} {precision:?}");
        let kernel = self.networks.kernel(&name, "gemm", || gemm_shader(kind, tile, precision));
        let dispatch = |output: &Buffer, epilogue: Epilogue<'_>| {
            let (bias, activations) = self.epilogue_inputs(epilogue);
            let buffers = [(0, &shape(epilogue)), (1, input), (2, weights), (3, bias), (4, activations), (5, output)];
            kernel.dispatch(gpu, &buffers, [tiles[0], tiles[1], tiles[2] * parts])
        };
        if parts == 1 {
            return vec![dispatch(result, epilogue)];
        }
        let (bias, activations) = self.epilogue_inputs(epilogue);
        let buffers = [(0, &shape(epilogue)), (1, &self.partial_sums), (3, bias), (4, activations), (5, result)];
        let sum_parts = self.networks.kernel("sum_parts", "sum_parts", || SUM_PARTS_SHADER.into());
        let sum_parts = sum_parts.dispatch(gpu, &buffers, [output_size.div_ceil(WORKGROUP_SIZE), 1, 1]);
        vec![dispatch(&self.partial_sums, Epilogue::Identity), sum_parts]
    }

    /// Bias and activation output that the epilogue reads.
    fn epilogue_inputs<'b>(&'b self, epilogue: Epilogue<'b>) -> (&'b Buffer, &'b Buffer) {
        match epilogue {
            Epilogue::Identity => (&self.unused, &self.unused),
            Epilogue::BiasActivation(_, bias) => (bias, &self.unused),
            Epilogue::ActivationGradient(_, activations) => (&self.unused, activations),
        }
    }

    /// Buffers for the outputs of layers.
    fn output_buffers<'b>(&self, label: &str, layers: impl Iterator<Item = &'b GpuLayer>) -> Vec<Buffer> {
        let new = |layer: &GpuLayer| storage_buffer(&self.networks.gpu, label, self.batch * layer.output_len());
        layers.map(new).collect()
    }

    /// D or E forward. `hidden` are the outputs of all layers but the last, smallest first.
    fn conv_stack(&self, layers: &[GpuLayer], pictures: &Buffer, hidden: &[Buffer], result: &Buffer) -> Vec<Dispatch> {
        let Some((score, layers)) = layers.split_last() else { return Vec::new() };
        let inputs = once(pictures).chain(hidden.iter().rev());
        let mut dispatches = Vec::new();
        for ((layer, input), output) in layers.iter().zip(inputs).zip(hidden.iter().rev()) {
            dispatches.extend(self.conv(layer, [input, output], layer.epilogue()));
        }
        let input = hidden.first().unwrap_or(pictures);
        dispatches.extend(self.conv(score, [input, result], score.epilogue()));
        dispatches
    }
}

impl GpuNetworks {
    /// The most candidates whose layer outputs fit the device's binding limit.
    #[must_use]
    pub fn max_candidates(&self) -> usize {
        let longest = self.generator.iter().chain(self.discriminator.iter().flatten()).map(GpuLayer::output_len).max();
        let limit = self.gpu.device.limits().max_storage_buffer_binding_size;
        to_usize(limit) / (size_of::<f32>() * longest.unwrap_or(1))
    }

    /// Prepares the passes for a number of candidates, with D if `with_discriminator`.
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    #[must_use]
    pub fn plan_dispatches(&self, candidates: usize, with_discriminator: bool) -> DispatchPlan {
        let builder = DispatchBuilder::new(self, candidates);
        let (area, latent) = (self.side_px * self.side_px, vector_count(self.latent_dim) * VECTOR_LEN);
        let new = |label: &str, length: usize| storage_buffer(&self.gpu, label, candidates * length);
        let [latents, latents_gradient] = ["latents", "latent gradient"].map(|label| new(label, latent));
        let [pictures, pictures_gradient] = ["pictures", "picture gradient"].map(|label| new(label, area * VECTOR_LEN));
        let [logits, logits_gradient] = ["logits", "logit gradient"].map(|label| new(label, VECTOR_LEN));

        let depth = self.generator.len() - 1;
        let g_outputs = builder.output_buffers("G outputs", self.generator[..depth].iter());
        let discriminator = self.discriminator.as_deref().filter(|_| with_discriminator).unwrap_or_default();
        let last = discriminator.len().saturating_sub(1);
        let d_outputs = builder.output_buffers("D outputs", discriminator[..last].iter().rev());
        // The backward pass alternates between these two buffers.
        let bytes = g_outputs.iter().chain(&d_outputs).map(Buffer::size).max().unwrap_or_default();
        let gradient_buffer = |label: &str| storage_buffer(&self.gpu, label, to_usize(bytes) / size_of::<f32>());
        let gradients = ["gradient", "next gradient"].map(gradient_buffer);

        let mut generator_forward = Vec::new();
        for (index, layer) in self.generator.iter().enumerate() {
            let input = index.checked_sub(1).map_or(&latents, |previous| &g_outputs[previous]);
            let output = g_outputs.get(index).unwrap_or(&pictures);
            generator_forward.extend(builder.conv_transpose(layer, [input, output], layer.epilogue()));
        }
        let mut generator_backward = Vec::new();
        for (index, layer) in self.generator.iter().enumerate().rev() {
            let input = if index == depth { &pictures_gradient } else { &gradients[(index + 1) % 2] };
            let (output, epilogue) = match index.checked_sub(1) {
                None => (&latents_gradient, Epilogue::Identity),
                Some(previous) => {
                    let activation = self.generator[previous].plan.activation;
                    (&gradients[index % 2], Epilogue::ActivationGradient(activation, &g_outputs[previous]))
                }
            };
            generator_backward.extend(builder.conv(layer, [input, output], epilogue));
        }

        let discriminator_forward = builder.conv_stack(discriminator, &pictures, &d_outputs, &logits);
        let mut discriminator_backward = Vec::new();
        for (index, layer) in discriminator.iter().rev().enumerate() {
            let input = if index == 0 { &logits_gradient } else { &gradients[index % 2] };
            let previous = discriminator[..last - index].last();
            let (output, epilogue) = match previous.zip(d_outputs.get(index)) {
                Some((previous, output)) => {
                    (&gradients[(index + 1) % 2], Epilogue::ActivationGradient(previous.plan.activation, output))
                }
                None => (&pictures_gradient, Epilogue::Identity),
            };
            discriminator_backward.extend(builder.conv_transpose(layer, [input, output], epilogue));
        }
        DispatchPlan {
            candidates,
            latents,
            pictures,
            logits,
            logits_gradient,
            pictures_gradient,
            latents_gradient,
            generator_forward,
            discriminator_forward,
            discriminator_backward,
            generator_backward,
        }
    }

    /// Generator forward: latents `[batch, latent_dim]` to pictures `[batch, side, side, 3]`, all in [-1, 1].
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    #[must_use]
    pub fn generate(&self, batch: usize, latents: &[f32]) -> Vec<f32> {
        let at_once = batch.clamp(1, self.max_candidates().max(1));
        let plan = self.plan_dispatches(at_once, false);
        let generate = |latents: &[f32]| {
            plan.set_latents(self, latents);
            let length = latents.len() / self.latent_dim * self.side_px * self.side_px * VECTOR_LEN;
            unpad_rows(&run_and_read(&self.gpu, &plan.generator_forward, &plan.pictures, length), 3)
        };
        latents.chunks(at_once * self.latent_dim).flat_map(generate).collect()
    }

    /// Encoder forward: pictures `[batch, side, side, 3]` in [-1, 1] and their known masks `[batch, side, side]` (0 or
    /// 1) to latents, each value in [-1, 1]. Hole pixels are not read. `None` without an encoder.
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    #[must_use]
    pub fn encode(&self, batch: usize, pictures: &[f32], known: &[f32]) -> Option<Vec<f32>> {
        let layers = self.encoder.as_ref()?;
        let builder = DispatchBuilder::new(self, batch);
        let input = constant_buffer(&self.gpu, "encoder input", &encoder_input(pictures, known));
        let outputs = builder.output_buffers("E outputs", layers[..layers.len() - 1].iter().rev());
        let length = batch * vector_count(self.latent_dim) * VECTOR_LEN;
        let guess = storage_buffer(&self.gpu, "guess", length);
        let dispatches = builder.conv_stack(layers, &input, &outputs, &guess);
        Some(unpad_rows(&run_and_read(&self.gpu, &dispatches, &guess, length), self.latent_dim))
    }
}

impl DispatchPlan {
    /// Uploads latents `[candidates, latent_dim]`.
    pub fn set_latents(&self, networks: &GpuNetworks, latents: &[f32]) {
        let padded = pad_rows(latents, networks.latent_dim);
        networks.gpu.queue.write_buffer(&self.latents, 0, bytemuck::cast_slice(&padded));
    }
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
