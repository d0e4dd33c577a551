//! The search's settings as options: a preset, then single settings on top of it.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::usage_error;
use super::value_names::parser;
use crate::restore::ImageTask;
use crate::search::{Field, Preset, SETTINGS, Section, Setting, Settings};

/// A preset with changes.
#[derive(Debug, Clone, Default)]
pub(super) struct SettingsArgs {
    pub(super) preset: Preset,
    /// The changed settings with their new values, not yet parsed.
    changes: Vec<(&'static Setting, String)>,
}

impl SettingsArgs {
    /// Reads a preset with changes, as in `best:noise=0:hold=0`. Settings have the names of their options.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let Some(preset) = Preset::from_id(name) else {
            let names = Preset::ALL.map(Preset::id).join(", ");
            return Err(usage_error(format!("there is no preset '{name}': use one of {names}")));
        };
        let mut changes = Vec::new();
        for change in parts {
            let Some((id, value)) = change.split_once('=') else {
                return Err(usage_error(format!("'{change}' of '{text}' changes nothing: write noise=0, for example")));
            };
            let Some(setting) = Setting::from_id(id) else {
                let ids: Vec<_> = SETTINGS.iter().map(|setting| setting.id).collect();
                return Err(usage_error(format!("there is no setting '{id}': use one of {}", ids.join(", "))));
            };
            changes.push((setting, value.to_owned()));
        }
        let args = Self { preset, changes };
        args.settings()?;
        Ok(args)
    }

    /// Changes the setting with this id, unless it is already changed.
    pub(super) fn with_fallback(mut self, id: &str, value: Option<u32>) -> Self {
        if let (Some(value), Some(setting)) = (value, Setting::from_id(id))
            && !self.changes.iter().any(|(changed, _)| changed.id == id)
        {
            self.changes.push((setting, value.to_string()));
        }
        self
    }

    /// The preset's settings with the changes, checked.
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        self.settings_for(ImageTask::Fill)
    }

    /// The preset's settings for a task with the changes, checked.
    pub(super) fn settings_for(&self, task: ImageTask) -> anyhow::Result<Settings> {
        let mut settings = self.preset.settings_for(task);
        for (setting, value) in &self.changes {
            setting.set(&mut settings, value).map_err(|error| usage_error(error.to_string()))?;
        }
        // Ignoring an option of another optimiser would hide a mistake.
        let unused = |setting: &Setting| setting.section == Section::Hmc && !(setting.applies)(&settings);
        if let Some((setting, _)) = self.changes.iter().find(|(setting, _)| unused(setting)) {
            let id = setting.id;
            return Err(usage_error(format!("--{id} has no effect here: add --optimizer hmc, or take --preset hmc")));
        }
        Ok(settings)
    }
}

impl Args for SettingsArgs {
    fn augment_args(command: Command) -> Command {
        let presets = Preset::ALL.map(|preset| (preset.id(), preset.help(), preset));
        let preset = Arg::new("preset")
            .long("preset")
            .value_name("NAME")
            .value_parser(parser(presets))
            .default_value(Preset::default().id())
            .help("Named settings to start from; the options below change single ones");
        let command = command.next_help_heading("Search").arg(preset);
        SETTINGS.iter().fold(command, |command, setting| command.arg(option(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        if let Some(preset) = matches.get_one("preset") {
            self.preset = *preset;
        }
        let change = |setting: &'static Setting| Some((setting, matches.get_one::<String>(setting.id)?.clone()));
        self.changes.extend(SETTINGS.iter().filter_map(change));
        Ok(())
    }
}

/// The option of one setting.
fn option(setting: &'static Setting) -> Arg {
    let values = preset_values(setting);
    let details = if setting.details.is_empty() { String::new() } else { format!("\n\n{}", setting.details) };
    let arg = Arg::new(setting.id)
        .long(setting.id)
        .help(format!("{} {values}", setting.help))
        .long_help(format!("{}{details}\n\n{values}", setting.help));
    match &setting.field {
        Field::Integer { .. } | Field::Seed { .. } => arg.value_name("N"),
        Field::Number { .. } => arg.value_name("X").allow_negative_numbers(true),
        Field::Choice(choice) => {
            let names = choice.options().into_iter().map(|option| (option.id, option.help, option.id.to_owned()));
            arg.value_name("NAME").value_parser(parser(names))
        }
    }
}

/// The values in the presets, as in `[default: 60; blog, hmc: 1000; paper: 1500]`.
fn preset_values(setting: &Setting) -> String {
    let values = setting.preset_values();
    let [(default, _), others @ ..] = values.as_slice() else { return String::new() };
    let others = others.iter().map(|(value, presets)| {
        let names: Vec<_> = presets.iter().map(|preset| preset.id()).collect();
        format!("; {}: {value}", names.join(", "))
    });
    format!("[default: {default}{}]", others.collect::<String>())
}

#[cfg(test)]
mod tests;
