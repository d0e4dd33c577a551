//! The operations with gradients, for any backend that has them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend};

use super::{SearchOps, SearchPass};

/// Takes the gradient of an operation's output to the gradient of its input, or the input to the output.
type Operation<B> = fn(FloatTensor<B>, Arc<SearchPass>) -> FloatTensor<B>;

/// The backward pass of an operation.
struct BackwardPass<B: Backend>(Operation<B>);

impl<B: Backend> Backward<B, 1> for BackwardPass<B> {
    type State = ForwardPass;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<B>(&ops.node);
        let ([input], forward) = (ops.parents, ops.state);
        if let Some(input) = input {
            gradients.register::<B>(input.id, self.0(gradient, forward.activations()));
        }
    }
}

impl<B: Backend> fmt::Debug for BackwardPass<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackwardPass")
    }
}

/// A forward pass whose activations the backward pass needs.
#[derive(Clone)]
struct ForwardPass {
    pass: Arc<SearchPass>,
    number: u64,
}

impl ForwardPass {
    fn newest(pass: Arc<SearchPass>) -> Self {
        let number = pass.newest.load(Ordering::Relaxed);
        Self { pass, number }
    }

    /// # Panics
    /// When a later forward pass has overwritten the activations.
    fn activations(self) -> Arc<SearchPass> {
        assert_eq!(
            self.number,
            self.pass.newest.load(Ordering::Relaxed),
            "backward() came after the next forward pass"
        );
        self.pass
    }
}

impl fmt::Debug for ForwardPass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "forward pass {}", self.number)
    }
}

/// Runs an operation and registers its backward pass.
fn record<B: Backend, C: CheckpointStrategy>(
    (forward, backward): (Operation<B>, Operation<B>),
    input: FloatTensor<Autodiff<B, C>>,
    pass: Arc<SearchPass>,
) -> FloatTensor<Autodiff<B, C>> {
    let (input, node) = input.into_parts();
    let output = forward(input, pass.clone());
    match BackwardPass::<B>(backward).prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(ForwardPass::newest(pass), output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

impl<B: SearchOps, C: CheckpointStrategy> SearchOps for Autodiff<B, C> {
    fn generate(latents: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        record::<B, C>((B::generate, B::generate_backward), latents, pass)
    }

    fn context_loss(pictures: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        record::<B, C>((B::context_loss, B::context_loss_backward), pictures, pass)
    }

    fn prior_loss(pictures: FloatTensor<Self>, pass: Arc<SearchPass>) -> FloatTensor<Self> {
        record::<B, C>((B::prior_loss, B::prior_loss_backward), pictures, pass)
    }

    fn generate_backward(_: FloatTensor<Self>, _: Arc<SearchPass>) -> FloatTensor<Self> {
        unreachable!("{NO_SECOND_DERIVATIVE}")
    }

    fn context_loss_backward(_: FloatTensor<Self>, _: Arc<SearchPass>) -> FloatTensor<Self> {
        unreachable!("{NO_SECOND_DERIVATIVE}")
    }

    fn prior_loss_backward(_: FloatTensor<Self>, _: Arc<SearchPass>) -> FloatTensor<Self> {
        unreachable!("{NO_SECOND_DERIVATIVE}")
    }
}

const NO_SECOND_DERIVATIVE: &str = "the search needs no second derivative";
