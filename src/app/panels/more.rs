//! Every other setting of a search, folded away.

use egui::{CollapsingHeader, Ui};

use super::rows;
use crate::app::icons::{Icon, IconButton};
use crate::app::state::{Action, State};
use crate::app::theme;
use crate::blend::{Blend, BlendMode};
use crate::device::DeviceChoice;
use crate::model::host::Arithmetic;
use crate::search::{Clipping, Norm, OptimizerKind, PriorForm, Reduction, Schedule, Settings, Starts};

/// Draws the header and, when it is open, the settings.
pub fn show(ui: &mut Ui, state: &State, settings: &mut Settings, actions: &mut Vec<Action>) {
    CollapsingHeader::new("More").id_salt("more").show_unindented(ui, |ui| {
        // What follows takes effect with the next fill; to change it under a running one would only mislead.
        ui.add_enabled_ui(!state.is_locked(), |ui| {
            heading(ui, "Search");
            optimizer(ui, settings);
            noise_and_hold(ui, settings);
            candidates(ui, settings);
            seed(ui, settings);
            heading(ui, "Losses");
            context(ui, settings);
            prior(ui, settings);
        });
        heading(ui, "Picture and device");
        blend(ui, state, actions);
        first_guess(ui, state, actions);
        record(ui, state, actions);
        device(ui, state, actions);
    });
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(theme::GAP / 2.0);
    ui.label(theme::section(ui, text));
}

fn optimizer(ui: &mut Ui, settings: &mut Settings) {
    rows::choice(
        ui,
        "Optimiser",
        "How each iteration changes the latent",
        &mut settings.optimizer,
        &[
            (OptimizerKind::Adam, "Adam", "Adam, β 0.9 and 0.999 (Kingma & Ba 2015): the blog's choice in its text"),
            (
                OptimizerKind::Momentum,
                "Momentum",
                "Projected gradient with momentum 0.9: the default of the blog's code",
            ),
            (
                OptimizerKind::Hmc,
                "HMC",
                "Hamiltonian Monte Carlo: draws completions instead of one optimum (blog's code)",
            ),
        ],
    );
    if settings.optimizer == OptimizerKind::Hmc {
        let hmc = &mut settings.hmc;
        rows::number(ui, "L", "Leapfrog steps in one trajectory. Blog's code: 100", &mut hmc.leapfrog_steps, 1..=1000);
        rows::number(ui, "ε", "Length of one leapfrog step. Blog's code: 0.001", &mut hmc.step_size, 1e-6..=1.0);
        let beta = "Inverse temperature: larger stays nearer to the best fill. Blog's code: 0.2";
        rows::number(ui, "β", beta, &mut hmc.beta, 1e-4..=1e6);
        let anneal = "β is multiplied by this after each trajectory. 1: no annealing";
        rows::number(ui, "Anneal", anneal, &mut hmc.anneal, 0.5..=2.0);
    } else {
        let rate = "Length of a step. Blog: 0.01. Paper: 0.03";
        rows::number(ui, "Learning rate", rate, &mut settings.learning_rate, 1e-5..=10.0);
        rows::choice(
            ui,
            "Schedule",
            "How the learning rate changes over the steps",
            &mut settings.schedule,
            &[
                (Schedule::Constant, "Constant", "The same rate to the end (blog, paper)"),
                (Schedule::Cosine, "Cosine", "Half a cosine, down to zero at the last step"),
            ],
        );
    }
    rows::choice(
        ui,
        "Clipping",
        "What happens to latent values outside [-1, 1], where the generator was never trained",
        &mut settings.clipping,
        &[
            (Clipping::Hard, "Hard", "Set to the border (blog, paper)"),
            (Clipping::Stochastic, "Stochastic", "Drawn anew (Lipton & Tripathi 2017, arXiv 1702.04782)"),
        ],
    );
}

fn noise_and_hold(ui: &mut Ui, settings: &mut Settings) {
    let noise = "Noise on the latents at the start, which falls to none at three quarters of the steps: finds better fills \
                 than a straight way down. 0: none (blog, paper)";
    rows::number(ui, "Noise", noise, &mut settings.noise, 0.0..=2.0);
    let hold = "How strongly the latents are held near their starts: the more, the more of the face is \
                hidden. 0: not at all (blog, paper)";
    rows::number(ui, "Hold", hold, &mut settings.hold, 0.0..=100.0);
}

fn candidates(ui: &mut Ui, settings: &mut Settings) {
    let candidates = "Latents searched together; the best is shown. More take longer and find better ones";
    rows::number(ui, "Candidates", candidates, &mut settings.candidates, 1..=Settings::MAX_CANDIDATES);
    rows::choice(
        ui,
        "Starts",
        "Where the candidates start",
        &mut settings.starts,
        &[
            (
                Starts::Encoder,
                "Encoder",
                "The encoder's guess, and mixed with random faces: much nearer to a good fill",
            ),
            (Starts::Prior, "Prior", "Uniform draws, as in the blog and the paper"),
        ],
    );
    if settings.starts == Starts::Encoder {
        let spread = "How far the last candidate starts from the encoder's guess: 0 at it, 1 anywhere. The others lie between: \
                      the more, the more they differ";
        rows::number(ui, "Start spread", spread, &mut settings.start_spread, 0.0..=1.0);
    }
}

fn seed(ui: &mut Ui, settings: &mut Settings) {
    let explanation = "The same seed, settings, model and device give the same fill";
    rows::row(ui, "Seed", explanation, |ui| {
        let width = ui.available_width() - theme::ROW - theme::GAP;
        let response = ui.add_sized([width, theme::ROW], egui::DragValue::new(&mut settings.seed).speed(0.1));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, response.enabled(), "Seed"));
        response.on_hover_text(explanation);
        let dice = ui.add(IconButton::new(Icon::Dice, "Random seed"));
        if dice.on_hover_text("Another seed").clicked() {
            settings.seed = u64::from(rand::random::<u32>());
        }
    });
}

fn context(ui: &mut Ui, settings: &mut Settings) {
    let context = &mut settings.context;
    let focus = "How much the known pixels near the hole count. 0: all the same (blog). 1: only those near the hole, by \
                 the share of hole in the window around them (CVPR 2017, section 3.2)";
    let scale = rows::Scale { logarithmic: false, space_after: 0.0 };
    rows::slider(ui, "Context focus", focus, &mut context.focus, 0.0..=1.0, scale, |_| {});
    if context.focus > 0.0 {
        let window = "Side of that window in crop pixels, odd. Paper: 7";
        rows::number(ui, "Window", window, &mut context.window_px, 1..=63);
        // Even sides have no middle.
        context.window_px |= 1;
    }
    let gradient = "How much edges and textures of the known pixels count beside their colours: the differences between \
                    neighbours. Much of it comes nearer to the truth on average, and blurs. 0: not at all (blog, paper)";
    rows::number(ui, "Gradients", gradient, &mut context.gradient, 0.0..=1000.0);
    let symmetry = "How much the other half of the face counts for what is hidden, but for the light: a hidden eye is drawn to \
                    match the one that is seen. 0: not at all (blog, paper)";
    rows::number(ui, "Symmetry", symmetry, &mut context.symmetry, 0.0..=1000.0);
    rows::choice(
        ui,
        "Reduction",
        "How the differences become one number",
        &mut context.reduction,
        &[
            (Reduction::Mean, "Mean", "Some tenths, whatever the size of the hole: λ keeps its meaning"),
            (Reduction::Sum, "Sum", "As in the blog and the paper: near 1400 at the start, so λ = 0.1 hardly counts"),
        ],
    );
    rows::choice(
        ui,
        "Difference",
        "How far a pixel is from the photo's",
        &mut context.norm,
        &[
            (Norm::L1, "L1", "Absolute difference (blog, paper)"),
            (Norm::L2, "L2", "Squared difference: large errors count more, results are smoother"),
        ],
    );
}

fn prior(ui: &mut Ui, settings: &mut Settings) {
    rows::choice(
        ui,
        "Prior loss",
        "How implausible the discriminator D finds the face",
        &mut settings.prior,
        &[
            (PriorForm::NonSaturating, "−log D", "softplus(−D): the blog's perceptual loss"),
            (PriorForm::Saturating, "log(1 − D)", "As in CVPR 2017; negative, and flat where D is sure"),
        ],
    );
}

fn blend(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Blend { mut mode, mut detail_percent } = state.remembered.blend;
    let options = BlendMode::ALL.map(|mode| {
        let (title, explanation) = describe_blend(mode);
        (mode, title, explanation)
    });
    rows::choice(ui, "Blend", "How the fill joins the photo", &mut mode, &options);
    let explanation = "How much of the grain and sharpness around the hole the fill is given, in percent, and of the other \
                       half of the face where it is seen. 0: as soft as the generator draws it. Shows in the finished \
                       fill, at the photo's own resolution";
    let scale = rows::Scale { logarithmic: false, space_after: 0.0 };
    rows::slider(ui, "Detail", explanation, &mut detail_percent, 0..=100, scale, |_| {});
    let blend = Blend { mode, detail_percent };
    if blend != state.remembered.blend {
        actions.push(Action::SetBlend(blend));
    }
}

fn describe_blend(mode: BlendMode) -> (&'static str, &'static str) {
    match mode {
        BlendMode::Poisson => (
            "Poisson",
            "The fill keeps its gradients and meets the photo at the hole's edge (Pérez et al. 2003; the paper's choice)",
        ),
        BlendMode::Feather => ("Feather", "Colour differences at the hole's edge fade out inwards"),
        BlendMode::None => ("None", "The generator's pixels as they are"),
    }
}

fn first_guess(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let mut wanted = state.remembered.first_guess;
    let explanation = "As soon as a stroke ends, what the model's encoder makes of the rest of the face is drawn into the hole. \
                       It is no result: Fill improves it, and no file has it";
    if ui.checkbox(&mut wanted, "Show a first guess while painting").on_hover_text(explanation).changed() {
        actions.push(Action::SetFirstGuess(wanted));
    }
}

fn record(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let mut record = state.remembered.record;
    let explanation = "Exported files hold settings, seed, mask and hashes, enough for `countenance replay` to repeat the \
                       fill, and their XMP says that the picture holds generated parts";
    if ui.checkbox(&mut record, "Record in the file how it was made").on_hover_text(explanation).changed() {
        actions.push(Action::SetRecord(record));
    }
}

fn device(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let gpus: Vec<(DeviceChoice, String)> = state
        .gpus
        .iter()
        .map(|gpu| {
            let kind = if gpu.software { ", software" } else { "" };
            (DeviceChoice::Gpu(Some(gpu.index)), format!("{} ({}{kind})", gpu.name, gpu.api))
        })
        .collect();
    let mut options = vec![
        (DeviceChoice::Auto, "Automatic", "The first real GPU, else the CPU"),
        (DeviceChoice::Cpu, "CPU", "Always there"),
    ];
    let mut device = state.remembered.device;
    if Arithmetic::fastest() != Arithmetic::Single || device == DeviceChoice::CpuF32 {
        let explanation = "All sums and products in single precision: slower here, and no eye sees the difference";
        options.push((DeviceChoice::CpuF32, "CPU, single precision", explanation));
    }
    for (choice, title) in &gpus {
        options.push((*choice, title, "This GPU; those marked software compute on the CPU, slowly"));
    }
    let fallback = device.to_string();
    if !options.iter().any(|(choice, ..)| *choice == device) {
        options.push((device, &fallback, "Not found on this computer now"));
    }
    ui.add_enabled_ui(!state.is_locked(), |ui| {
        rows::choice(ui, "Device", "What computes the search", &mut device, &options);
    });
    if device != state.remembered.device {
        actions.push(Action::SetDevice(device));
    }
}
