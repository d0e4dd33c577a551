use super::*;

fn error_of(text: &str) -> anyhow::Error {
    SettingsArgs::parse(text).unwrap_err()
}

#[test]
fn a_bare_preset_changes_nothing() {
    for preset in Preset::ALL {
        assert_eq!(SettingsArgs { preset, changes: Vec::new() }.settings().unwrap(), preset.settings());
    }
}

#[test]
fn every_option_changes_its_own_setting() {
    let words = "--preset=hmc --steps=7 --lambda=0.5 --candidates=3 --seed=9 --learning-rate=0.25 --schedule=cosine \
                 --noise=0.0625 --hold=0.75 --starts=encoder --start-spread=0.125 --context=mean --norm=l2 --window=9 \
                 --focus=0.75 --gradient=1.5 --prior=saturating --clipping=stochastic --hmc-steps=11 \
                 --hmc-step-size=0.01 --hmc-beta=0.3 --hmc-anneal=1.01";
    let command = SettingsArgs::augment_args(Command::new("fill").no_binary_name(true));
    let matches = command.try_get_matches_from(words.split_whitespace()).unwrap();
    let args = SettingsArgs::from_arg_matches(&matches).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&args.settings().unwrap()).unwrap());
    let text = words.split_whitespace().map(|word| word.trim_start_matches("--")).collect::<Vec<_>>().join(":");
    let same = SettingsArgs::parse(text.trim_start_matches("preset=")).unwrap();
    assert_eq!(same.settings().unwrap(), args.settings().unwrap());
}

#[test]
fn settings_out_of_range_are_usage_errors() {
    let steps = error_of("best:steps=0");
    assert!(steps.is::<crate::cli::UsageError>());
    insta::assert_snapshot!(steps, @"steps is 0: use 1 to 100000");
    insta::assert_snapshot!(error_of("best:lambda=NaN"), @"lambda is NaN: use 0 to 1000");
}

#[test]
fn unknown_names_are_usage_errors() {
    insta::assert_snapshot!(error_of("bets"), @"there is no preset 'bets': use one of best, blog, blog-momentum, paper, hmc");
    let setting = error_of("best:nose=0").to_string();
    assert!(setting.starts_with("there is no setting 'nose': use one of lambda, steps"), "{setting}");
    insta::assert_snapshot!(error_of("best:noise"), @"'noise' of 'best:noise' changes nothing: write noise=0, for example");
}

#[test]
fn options_of_another_optimizer_are_refused() {
    insta::assert_snapshot!(
        error_of("best:hmc-beta=0.1"),
        @"--hmc-beta has no effect here: add --optimizer hmc, or take --preset hmc"
    );
}

#[test]
fn given_values_win_over_fallbacks() {
    let args = SettingsArgs::parse("best:steps=7")
        .unwrap()
        .with_fallback("steps", Some(9))
        .with_fallback("candidates", Some(2));
    let settings = args.settings().unwrap();
    assert_eq!((settings.steps, settings.candidates), (7, 2));
}

#[test]
fn help_says_what_the_presets_set() {
    let values = |id: &str| preset_values(Setting::from_id(id).unwrap());
    assert_eq!(values("steps"), "[default: 20; blog, blog-momentum, hmc: 1000; paper: 1500]");
    assert_eq!(values("norm"), "[default: l1]");
}
