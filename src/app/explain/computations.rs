//! Computes the figures' data in the background, one after the other, on the CPU: the fill thread stays free.
//!
//! What the shown chapter needs is compared with what is there after every action. A result stays on the screen until the
//! one for the new photo, hole or fill replaces it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use super::subject_source::SubjectInput;
use crate::app::latest::Latest;
use crate::app::outbox::Outbox;
use crate::app::tasks::Task;
use crate::device::DeviceChoice;
use crate::explain::{
    Ascent, Chapter, FaceCloud, FaceProblem, FigureData, FillParts, Grid, LossPlane, NetworkLayers, SearchWay, Subject,
};
use crate::explore::sample_latent;
use crate::job::{NetworkCache, lower_thread_priority};
use crate::model::{ModelChoice, Networks};

/// Identifies the layers that are shown: the latent, and the value of it that was changed, as bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayersKey {
    pub latent: LatentKey,
    pub changed: Option<(usize, u32)>,
}

/// The latent whose layers are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LatentKey {
    /// ẑ of the fill.
    Fill,
    Sample(u64),
}

/// What the figures are computed for.
#[derive(Clone)]
pub struct Request {
    pub subject: SubjectInput,
    pub subject_id: u64,
    pub layers: LayersKey,
    pub model: ModelChoice,
}

/// The results, and the computation that is running.
#[derive(Default)]
pub struct Computations {
    networks: Arc<Mutex<NetworkCache>>,
    blocks: Latest<u64, Arc<[Grid; 2]>>,
    faces: Latest<u64, Arc<FaceCloud>>,
    way: Latest<u64, Arc<SearchWay>>,
    layers: Latest<(u64, LayersKey), Arc<NetworkLayers>>,
    ascent: Latest<u64, Arc<Ascent>>,
    parts: Latest<u64, Arc<FillParts>>,
    plane: Latest<u64, Arc<LossPlane>>,
    running: Option<Running>,
}

/// Tells a computation to stop.
#[derive(Clone, Debug, Default)]
struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A running computation.
#[derive(Clone, Default)]
struct Running {
    stop: StopFlag,
    /// The share that is done, in thousandths.
    done: Arc<AtomicU32>,
}

/// A result field.
type Field<K, T> = fn(&mut Computations) -> &mut Latest<K, Arc<T>>;

/// What a computation works with.
struct Inputs {
    cache: Arc<Mutex<NetworkCache>>,
    request: Request,
    way: Option<Arc<SearchWay>>,
}

/// What the figures about a fill are computed from.
struct SearchInputs {
    networks: Arc<Networks>,
    subject: Arc<Subject>,
    face: FaceProblem,
    way: Arc<SearchWay>,
}

impl Inputs {
    fn networks(&self) -> anyhow::Result<Arc<Networks>> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(cache.networks(DeviceChoice::Cpu, &self.request.model)?.1)
    }

    fn subject(&self) -> anyhow::Result<Arc<Subject>> {
        self.request.subject.resolve()
    }

    fn search(&self) -> anyhow::Result<SearchInputs> {
        let (networks, subject) = (self.networks()?, self.subject()?);
        let face = subject.problem(networks.info.image_size_px)?;
        let way = self.way.clone().context("there is no search to explain")?;
        Ok(SearchInputs { networks, subject, face, way })
    }
}

impl Computations {
    /// What has been computed so far.
    pub fn data(&self) -> FigureData {
        FigureData {
            blocks: self.blocks.value().cloned(),
            faces: self.faces.value().cloned(),
            layers: self.layers.value().cloned(),
            ascent: self.ascent.value().cloned(),
            parts: self.parts.value().cloned(),
            plane: self.plane.value().cloned(),
        }
    }

    /// The share of the running computation that is done; `None` when none is running.
    pub fn progress(&self) -> Option<f32> {
        let running = self.running.as_ref()?;
        let done = u16::try_from(running.done.load(Ordering::Relaxed)).unwrap_or(u16::MAX);
        Some(f32::from(done) / 1000.0)
    }

    /// Stops the running computation soon.
    pub fn cancel(&self) {
        if let Some(running) = &self.running {
            running.stop.stop();
        }
    }

    /// Stops, and frees the networks.
    pub fn close(&mut self) {
        self.cancel();
        self.networks = Arc::default();
    }

    /// Starts what the chapter needs next, unless something is running.
    pub fn follow(&mut self, chapter: Chapter, request: &Request, outbox: &Outbox) {
        if self.running.is_some() {
            return;
        }
        let id = request.subject_id;
        let is_way_missing = self.way.is_missing(&id);
        match chapter {
            Chapter::Density => {}
            Chapter::Convolution => {
                let work = |inputs: &Inputs, _: &mut dyn FnMut(f32) -> bool| Ok(Some(inputs.subject()?.blocks()?));
                self.start_missing(|it| &mut it.blocks, id, request, outbox, work);
            }
            Chapter::Faces => self.start_missing(
                |it| &mut it.faces,
                id,
                request,
                outbox,
                |inputs, progress| Ok(FaceCloud::draw(&*inputs.networks()?, &*inputs.subject()?, progress)?),
            ),
            Chapter::Layers if request.layers.latent == LatentKey::Fill && is_way_missing => {
                self.start_way(request, outbox);
            }
            Chapter::Layers => {
                self.start_missing(
                    |it| &mut it.layers,
                    (id, request.layers),
                    request,
                    outbox,
                    |inputs, _| layers(inputs),
                );
            }
            Chapter::Ascent | Chapter::Parts if is_way_missing => self.start_way(request, outbox),
            // The search failed, as a message has told.
            Chapter::Ascent | Chapter::Parts if self.way.current(&id).is_none() => {}
            Chapter::Ascent => self.start_missing(
                |it| &mut it.ascent,
                id,
                request,
                outbox,
                |inputs, progress| {
                    let SearchInputs { networks, face, way, .. } = inputs.search()?;
                    Ok(Ascent::compute(&networks, &face, &way, progress))
                },
            ),
            Chapter::Parts if self.parts.is_missing(&id) => {
                self.start_missing(
                    |it| &mut it.parts,
                    id,
                    request,
                    outbox,
                    |inputs, progress| {
                        let SearchInputs { networks, subject, face, way } = inputs.search()?;
                        Ok(FillParts::compute(&networks, &subject, &face, &way, progress)?)
                    },
                );
            }
            Chapter::Parts => self.start_missing(
                |it| &mut it.plane,
                id,
                request,
                outbox,
                |inputs, progress| {
                    let SearchInputs { networks, subject, face, way } = inputs.search()?;
                    Ok(LossPlane::compute(&networks, &face, &subject.shown_settings(), &way, progress))
                },
            ),
        }
    }

    fn start_way(&mut self, request: &Request, outbox: &Outbox) {
        self.start_missing(
            |it| &mut it.way,
            request.subject_id,
            request,
            outbox,
            |inputs, progress| {
                let (networks, subject) = (inputs.networks()?, inputs.subject()?);
                let face = subject.problem(networks.info.image_size_px)?;
                Ok(subject.search_way(&networks, &face, progress))
            },
        );
    }

    /// Starts a computation, unless its result is there. Its result is `None` when it was stopped, or is impossible.
    fn start_missing<K, T>(
        &mut self,
        field: Field<K, T>,
        key: K,
        request: &Request,
        outbox: &Outbox,
        work: impl FnOnce(&Inputs, &mut dyn FnMut(f32) -> bool) -> anyhow::Result<Option<T>> + Send + 'static,
    ) where
        K: Clone + PartialEq + Send + 'static,
        T: Send + Sync + 'static,
    {
        if !field(self).is_missing(&key) {
            return;
        }
        field(self).begin(key.clone());
        let running = Running::default();
        self.running = Some(running.clone());
        let way = self.way.current(&request.subject_id).cloned();
        let inputs = Inputs { cache: Arc::clone(&self.networks), request: request.clone(), way };
        let task = Task::new("A figure could not be computed").with_reset(move |state| {
            let computations = state.explain.computations_mut();
            field(computations).finish_pending(None);
            computations.running = None;
        });
        let stop = running.stop.clone();
        let compute = move || {
            lower_thread_priority();
            work(&inputs, &mut |share| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
                running.done.store((share * 1000.0) as u32, Ordering::Relaxed);
                !running.stop.is_stopped()
            })
        };
        outbox.spawn(task, compute, move |state, result| {
            let computations = state.explain.computations_mut();
            if stop.is_stopped() {
                field(computations).abandon();
            } else {
                field(computations).finish(&key, result.map(Arc::new));
            }
            computations.running = None;
        });
    }
}

/// The layers of the requested latent.
fn layers(inputs: &Inputs) -> anyhow::Result<Option<NetworkLayers>> {
    let networks = inputs.networks()?;
    let LayersKey { latent, changed } = inputs.request.layers;
    let mut latent = match latent {
        LatentKey::Fill => inputs.way.as_ref().map(|way| way.result().to_vec()).unwrap_or_default(),
        LatentKey::Sample(number) => sample_latent(number, networks.info.latent_dim),
    };
    if latent.len() != networks.info.latent_dim {
        return Ok(None);
    }
    if let Some((index, value)) = changed
        && let Some(changed) = latent.get_mut(index)
    {
        *changed = f32::from_bits(value);
    }
    Ok(NetworkLayers::of_latent(&networks, &latent))
}
