use super::*;

fn text_of(result: anyhow::Result<Settings>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn without_options_the_preset_is_taken_as_it_is() {
    for preset in Preset::ALL {
        assert_eq!(SettingsArgs { preset, ..Default::default() }.settings().unwrap(), preset.settings());
    }
}

#[test]
fn every_option_changes_its_own_setting() {
    let args = SettingsArgs {
        preset: Preset::Hmc,
        steps: Some(7),
        lambda: Some(0.5),
        candidates: Some(3),
        seed: Some(9),
        learning_rate: Some(0.25),
        schedule: Some(Schedule::Cosine),
        optimizer: None,
        noise: Some(0.0625),
        hold: Some(0.75),
        starts: Some(Starts::Encoder),
        start_spread: Some(0.125),
        context: Some(Reduction::Mean),
        norm: Some(Norm::L2),
        window: Some(9),
        focus: Some(0.75),
        gradient: Some(1.5),
        symmetry: Some(0.375),
        prior: Some(PriorForm::Saturating),
        clipping: Some(Clipping::Stochastic),
        hmc_steps: Some(11),
        hmc_step_size: Some(0.01),
        hmc_beta: Some(0.3),
        hmc_anneal: Some(1.01),
    };
    insta::assert_snapshot!(serde_json::to_string_pretty(&args.settings().unwrap()).unwrap());
}

#[test]
fn settings_out_of_range_are_usage_errors() {
    let steps = SettingsArgs { steps: Some(0), ..Default::default() }.settings();
    assert!(steps.as_ref().unwrap_err().is::<crate::cli::UsageError>());
    insta::assert_snapshot!(text_of(steps), @"steps is 0: use 1 to 100000");
    let lambda = SettingsArgs { lambda: Some(f32::NAN), ..Default::default() }.settings();
    insta::assert_snapshot!(text_of(lambda), @"lambda is NaN: use 0 to 1000");
}

#[test]
fn options_of_another_optimizer_are_refused() {
    let hmc = SettingsArgs { hmc_beta: Some(0.1), ..Default::default() }.settings();
    insta::assert_snapshot!(text_of(hmc), @"--hmc-beta has no effect here: add --optimizer hmc, or take --preset hmc");
}

#[test]
fn help_says_what_the_presets_set() {
    assert_eq!(
        preset_values(|settings| settings.steps.to_string()),
        "[default: 60; blog, blog-momentum, hmc: 1000; paper: 1500]"
    );
    assert_eq!(preset_values(|settings| name_of(NORMS, &settings.context.norm).into()), "[default: l1]");
}
