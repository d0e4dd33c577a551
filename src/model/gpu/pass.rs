//! Buffers and dispatches of the networks for a number of candidates.

use std::iter::once;

use wgpu::Buffer;

use super::kernel::{Dispatch, Reader, constants, room, uniform};
use super::layer::{Layer, Side};
use super::shader::{Precision, Rows, THREADS, TOTAL, Tile, product};
use super::{GpuNetworks, VECTOR, narrowed, vectors, widened};
use crate::model::host::seen;

/// Enough workgroups to keep a large GPU busy.
const GROUPS: usize = 256;
/// Values of the partial sums buffer: `GROUPS` tiles of the largest size.
const PARTS_ROOM: usize = GROUPS * 64 * 64;
/// Side of G's first output and of the input of D's last layer.
const FIRST_SIDE: usize = 4;

/// The forward and backward passes of G and D for a number of candidates.
pub struct Pass {
    pub candidates: usize,
    /// `[candidates, latent_dim]`, padded to whole vectors.
    pub latents: Buffer,
    /// `[candidates, side, side, 4]` in [-1, 1]; the fourth value is zero.
    pub pictures: Buffer,
    /// `[candidates, 4]`: the logit and three zeros.
    pub logits: Buffer,
    /// Shape of the logits. Input of D's backward pass.
    pub logits_gradient: Buffer,
    /// Shape of the pictures. Output of D's backward pass. Input of G's backward pass, as the gradient before the tanh.
    pub pictures_gradient: Buffer,
    /// Shape of the latents. Output of G's backward pass.
    pub latents_gradient: Buffer,
    /// G forward: latents to pictures.
    pub draw: Vec<Dispatch>,
    /// D forward (pictures to logits) and backward (logit gradient to picture gradient). Empty without D.
    pub judge: Vec<Dispatch>,
    pub judge_back: Vec<Dispatch>,
    /// G backward: picture gradient to latent gradient.
    pub draw_back: Vec<Dispatch>,
}

/// The epilogue of a GEMM.
#[derive(Clone, Copy)]
enum Finish<'a> {
    Nothing,
    /// Adds the bias and applies the activation.
    Forwards(Activation, &'a Buffer),
    /// The result is the gradient after an activation with this output. Multiplies it by the activation's derivative.
    Backwards(Activation, &'a Buffer),
}

#[derive(Clone, Copy)]
enum Activation {
    /// Multiplies negative values by this: 0 for `ReLU`, 0.2 for `LeakyReLU`, 1 for the identity.
    Slope(f32),
    Tanh,
}

const LINEAR: Activation = Activation::Slope(1.0);
const RELU: Activation = Activation::Slope(0.0);
/// Slope: DCGAN, section 3.
const LEAKY_RELU: Activation = Activation::Slope(0.2);

impl Finish<'_> {
    /// Number of the epilogue in `product.wgsl`, and the slope.
    fn in_shader(self) -> (usize, f32) {
        match self {
            // The caller multiplies by the derivative of tanh.
            Self::Nothing | Self::Backwards(Activation::Tanh, _) => (0, 1.0),
            Self::Forwards(Activation::Slope(slope), _) => (1, slope),
            Self::Forwards(Activation::Tanh, _) => (2, 1.0),
            Self::Backwards(Activation::Slope(slope), _) => (3, slope),
        }
    }
}

/// Builds the dispatches of GEMMs for a batch of pictures.
struct Writer<'a> {
    networks: &'a GpuNetworks,
    batch: usize,
    /// Bound to bindings that the epilogue does not read.
    nothing: Buffer,
    parts: Buffer,
}

impl<'a> Writer<'a> {
    fn new(networks: &'a GpuNetworks, batch: usize) -> Self {
        let nothing = constants(&networks.gpu, "unused", &[0.0f32; VECTOR]);
        Self { networks, batch, nothing, parts: room(&networks.gpu, "partial sums", PARTS_ROOM) }
    }

    /// Transposed convolution. `side` is the side of the smaller picture.
    fn spread(&self, layer: &Layer, side: usize, [from, to]: [&Buffer; 2], finish: Finish<'_>) -> Vec<Dispatch> {
        let Some(weights) = &layer.spread else { return Vec::new() };
        let Layer { small, large, precision, .. } = *layer;
        let weights = (weights, precision);
        match layer.side {
            Side::Whole => self.product(Rows::Plain, [1, small, 16 * large], 1, weights, [from, to], finish),
            Side::Twofold => self.product(Rows::Up, [small, 4 * small, large], side, weights, [from, to], finish),
        }
    }

    /// Convolution. `side` is the side of the smaller picture.
    fn gather(&self, layer: &Layer, side: usize, [from, to]: [&Buffer; 2], finish: Finish<'_>) -> Vec<Dispatch> {
        let Layer { small, large, precision, .. } = *layer;
        let weights = (&layer.gather, precision);
        match layer.side {
            Side::Whole => self.product(Rows::Plain, [1, 16 * large, small], 1, weights, [from, to], finish),
            Side::Twofold => self.product(Rows::Down, [large, 16 * large, small], side, weights, [from, to], finish),
        }
    }

    /// A GEMM with one row per pixel of pictures of this side. Input channels, inner dimension and columns are counted
    /// in vectors.
    fn product(
        &self,
        rows: Rows,
        [channels, depth, columns]: [usize; 3],
        side: usize,
        (weights, precision): (&Buffer, Precision),
        [from, to]: [&Buffer; 2],
        finish: Finish<'_>,
    ) -> Vec<Dispatch> {
        let gpu = &self.networks.gpu;
        let row_count = self.batch * side * side;
        let tile = Tile::of(row_count, columns);
        let tiles = [columns.div_ceil(tile.columns), row_count.div_ceil(tile.rows), rows.parities()];
        let wanted = (GROUPS / tiles.iter().product::<usize>()).clamp(1, depth.div_ceil(2 * tile.depth));
        let depth_of_part = depth.div_ceil(wanted).next_multiple_of(tile.depth);
        let parts = depth.div_ceil(depth_of_part);
        let output = row_count * rows.parities() * columns;
        let shape = |finish: Finish<'_>| {
            let (finish, slope) = finish.in_shader();
            let numbers = [row_count, side, depth, depth_of_part, columns, channels, parts, output, finish];
            let numbers = numbers.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
            uniform(gpu, &[numbers.as_slice(), &[slope.to_bits(), 0, 0]].concat())
        };
        let name = format!("{rows:?} {tile:?} {precision:?}");
        let kernel = self.networks.kernel(&name, "product", || product(rows, tile, precision));
        let dispatch = |to: &Buffer, finish: Finish<'_>| {
            let (bias, drawn) = self.beside(finish);
            let buffers = [(0, &shape(finish)), (1, from), (2, weights), (3, bias), (4, drawn), (5, to)];
            kernel.dispatch(gpu, &buffers, [tiles[0], tiles[1], tiles[2] * parts])
        };
        if parts == 1 {
            return vec![dispatch(to, finish)];
        }
        let (bias, drawn) = self.beside(finish);
        let buffers = [(0, &shape(finish)), (1, &self.parts), (3, bias), (4, drawn), (5, to)];
        let total = self.networks.kernel("total", "total", || TOTAL.into());
        let total = total.dispatch(gpu, &buffers, [output.div_ceil(THREADS), 1, 1]);
        vec![dispatch(&self.parts, Finish::Nothing), total]
    }

    /// Bias and activation output that the epilogue reads.
    fn beside<'b>(&'b self, finish: Finish<'b>) -> (&'b Buffer, &'b Buffer) {
        match finish {
            Finish::Nothing => (&self.nothing, &self.nothing),
            Finish::Forwards(_, bias) => (bias, &self.nothing),
            Finish::Backwards(_, drawn) => (&self.nothing, drawn),
        }
    }

    /// Buffers for layer outputs, each with twice the side of the one before. `channels` counts vectors.
    fn outputs(&self, label: &str, channels: impl Iterator<Item = usize>) -> Vec<Buffer> {
        let new = |output| room(&self.networks.gpu, label, self.batch * length(output));
        channels.enumerate().map(new).collect()
    }

    /// D or E forward. `judged` are the outputs of all layers but the last, smallest first.
    fn judge(
        &self,
        layers: &[Layer],
        from: &Buffer,
        judged: &[Buffer],
        to: &Buffer,
        last: Activation,
    ) -> Vec<Dispatch> {
        let Some((score, layers)) = layers.split_last() else { return Vec::new() };
        let inputs = once(from).chain(judged.iter().rev());
        let outputs = judged.iter().enumerate().rev();
        let mut all = Vec::new();
        for ((layer, input), (index, output)) in layers.iter().zip(inputs).zip(outputs) {
            let finish = Finish::Forwards(LEAKY_RELU, &layer.bias);
            all.extend(self.gather(layer, FIRST_SIDE << index, [input, output], finish));
        }
        let input = judged.first().unwrap_or(from);
        all.extend(self.gather(score, 1, [input, to], Finish::Forwards(last, &score.bias)));
        all
    }
}

impl GpuNetworks {
    /// The most candidates whose layer outputs fit the device's binding limit.
    #[must_use]
    pub fn most_candidates(&self) -> usize {
        let judges = self.discriminator.iter().flatten().rev().skip(1).map(|layer| layer.small);
        let drawn = self.generator.iter().map(|layer| layer.large);
        let longest = drawn.enumerate().chain(judges.enumerate()).map(length).max().unwrap_or(1);
        let limit = self.gpu.device.limits().max_storage_buffer_binding_size;
        to_usize(limit) / (size_of::<f32>() * longest)
    }

    /// Prepares the passes for a number of candidates, with D if `with_discriminator`.
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    #[must_use]
    pub fn pass(&self, candidates: usize, with_discriminator: bool) -> Pass {
        let writer = Writer::new(self, candidates);
        let (area, latent) = (self.side_px * self.side_px, vectors(self.latent_dim) * VECTOR);
        let new = |label: &str, length: usize| room(&self.gpu, label, candidates * length);
        let [latents, latents_gradient] = ["latents", "latent gradient"].map(|label| new(label, latent));
        let [pictures, pictures_gradient] = ["pictures", "picture gradient"].map(|label| new(label, area * VECTOR));
        let [logits, logits_gradient] = ["logits", "logit gradient"].map(|label| new(label, VECTOR));

        let depth = self.generator.len() - 1;
        let drawn = writer.outputs("generator activations", self.generator[..depth].iter().map(|layer| layer.large));
        let discriminator = self.discriminator.as_deref().filter(|_| with_discriminator).unwrap_or_default();
        let last = discriminator.len().saturating_sub(1);
        let judged =
            writer.outputs("discriminator activations", discriminator[..last].iter().rev().map(|layer| layer.small));
        // The backward pass alternates between these two buffers.
        let longest = drawn.iter().chain(&judged).map(Buffer::size).max().unwrap_or_default();
        let gradients = ["gradient", "next gradient"].map(|label| room(&self.gpu, label, to_usize(longest) / 4));

        let mut draw = Vec::new();
        for (index, layer) in self.generator.iter().enumerate() {
            let input = index.checked_sub(1).map_or(&latents, |before| &drawn[before]);
            let (output, activation) = drawn.get(index).map_or((&pictures, Activation::Tanh), |output| (output, RELU));
            let finish = Finish::Forwards(activation, &layer.bias);
            draw.extend(writer.spread(layer, side_before(index), [input, output], finish));
        }
        let mut draw_back = Vec::new();
        for (index, layer) in self.generator.iter().enumerate().rev() {
            let from = if index == depth { &pictures_gradient } else { &gradients[(index + 1) % 2] };
            let (to, finish) = match index.checked_sub(1) {
                None => (&latents_gradient, Finish::Nothing),
                Some(before) => (&gradients[index % 2], Finish::Backwards(RELU, &drawn[before])),
            };
            draw_back.extend(writer.gather(layer, side_before(index), [from, to], finish));
        }

        let judge = writer.judge(discriminator, &pictures, &judged, &logits, LINEAR);
        let mut judge_back = Vec::new();
        // From the last layer to the first, so the side grows.
        for (index, layer) in discriminator.iter().rev().enumerate() {
            let from = if index == 0 { &logits_gradient } else { &gradients[index % 2] };
            let (to, finish) = match judged.get(index) {
                Some(output) => (&gradients[(index + 1) % 2], Finish::Backwards(LEAKY_RELU, output)),
                None => (&pictures_gradient, Finish::Nothing),
            };
            judge_back.extend(writer.spread(layer, side_before(index), [from, to], finish));
        }
        Pass {
            candidates,
            latents,
            pictures,
            logits,
            logits_gradient,
            pictures_gradient,
            latents_gradient,
            draw,
            judge,
            judge_back,
            draw_back,
        }
    }

    /// Generator forward: `batch` latents, one after the other, each value in [-1, 1], to pictures `[batch, side, side,
    /// 3]` in [-1, 1].
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    #[must_use]
    pub fn draw(&self, batch: usize, latents: &[f32]) -> Vec<f32> {
        let at_once = batch.clamp(1, self.most_candidates().max(1));
        let pass = self.pass(at_once, false);
        let picture = self.side_px * self.side_px * VECTOR;
        let some = latents.chunks(at_once * self.latent_dim).map(|some| {
            pass.set_latents(self, some);
            narrowed(&self.read(&pass.draw, &pass.pictures, some.len() / self.latent_dim * picture), 3)
        });
        some.flatten().collect()
    }

    /// Runs dispatches and reads the first values of a buffer.
    pub(super) fn read(&self, dispatches: &[Dispatch], from: &Buffer, length: usize) -> Vec<f32> {
        let reader = Reader::new(&self.gpu, length);
        let recorded = reader.record(&self.gpu, dispatches, &[(from, length)]);
        reader.wait(&self.gpu, reader.submit(&self.gpu, recorded))
    }

    /// Encoder forward: pictures `[batch, side, side, 3]` in [-1, 1] and their known masks `[batch, side, side]` (0 or
    /// 1) to latents, each value in [-1, 1]. Hole pixels are not read. `None` without an encoder.
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    #[must_use]
    pub fn encode(&self, batch: usize, pictures: &[f32], known: &[f32]) -> Option<Vec<f32>> {
        let layers = self.encoder.as_ref()?;
        let writer = Writer::new(self, batch);
        let from = constants(&self.gpu, "encoder input", &seen(pictures, known));
        let outputs =
            writer.outputs("encoder activations", layers[..layers.len() - 1].iter().rev().map(|layer| layer.small));
        let length = batch * vectors(self.latent_dim) * VECTOR;
        let guess = room(&self.gpu, "guess", length);
        let dispatches = writer.judge(layers, &from, &outputs, &guess, Activation::Tanh);
        Some(narrowed(&self.read(&dispatches, &guess, length), self.latent_dim))
    }
}

impl Pass {
    /// Uploads latents `[candidates, latent_dim]`.
    pub fn set_latents(&self, networks: &GpuNetworks, latents: &[f32]) {
        let wide = widened(latents, networks.latent_dim);
        networks.gpu.queue.write_buffer(&self.latents, 0, bytemuck::cast_slice(&wide));
    }
}

/// Values of a layer output per candidate, from its size index and its channels in vectors.
fn length((index, channels): (usize, usize)) -> usize {
    (FIRST_SIDE << index) * (FIRST_SIDE << index) * channels * VECTOR
}

/// Side of the smaller picture of a layer: 1, 4, 8, …
fn side_before(index: usize) -> usize {
    index.checked_sub(1).map_or(1, |index| FIRST_SIDE << index)
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
