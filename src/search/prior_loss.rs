//! The prior loss of a picture, from the discriminator's logit. The GPU's is in `operations/losses.wgsl`.

use super::PriorForm;

/// The prior loss of a logit.
pub(super) fn prior_loss(logit: f32, form: PriorForm) -> f32 {
    match form {
        PriorForm::NonSaturating => softplus(-logit),
        // log(1 − sigmoid(d)) = −softplus(d), without the rounding error of 1 − sigmoid near one.
        PriorForm::Saturating => -softplus(logit),
    }
}

/// Derivative of the prior loss with respect to the logit.
pub(super) fn prior_gradient(logit: f32, form: PriorForm) -> f32 {
    match form {
        PriorForm::NonSaturating => -sigmoid(-logit),
        PriorForm::Saturating => -sigmoid(logit),
    }
}

/// `ln(1 + eˣ)`, without overflow.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
