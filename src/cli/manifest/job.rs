//! One job: a line of the manifest.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{CommandFactory as _, FromArgMatches as _};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::args::{Cli, Command, FillArgs};
use crate::cli::model_choice;
use crate::hash::sha256_of_bytes;

/// Options that belong to the run, not to a job.
const OF_THE_RUN: [&str; 7] = ["manifest", "serve-stdin", "shard", "jobs", "out", "report", "force"];
/// Options without a value.
const FLAGS: [&str; 1] = ["no-record"];

/// A line of the manifest.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Job {
    pub(super) photo: PathBuf,
    /// Name of the output. Without one, the line's number and the photo's name.
    #[serde(default)]
    id: Option<String>,
    /// Options of `fill` by their names.
    #[serde(flatten)]
    options: BTreeMap<String, Value>,
}

impl Job {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> anyhow::Result<Self> {
        let job: Self = serde_json::from_str(line).context("this is no job: write {\"photo\": PATH, \"mask\": …}")?;
        if let Some(name) = job.options.keys().find(|name| OF_THE_RUN.contains(&name.as_str())) {
            bail!("a job cannot have {name}: give --{name} to the whole run");
        }
        if let Some(id) = &job.id {
            let is_file_name = Path::new(id).file_name().is_some_and(|name| name == id.as_str());
            ensure!(is_file_name, "the id '{id}' cannot be the name of a file: leave out slashes");
        }
        Ok(job)
    }

    /// The name of the output, without its extension. `number`: that of the line.
    pub(super) fn name(&self, number: u64) -> String {
        let stem = || self.photo.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.id.clone().unwrap_or_else(|| format!("{number:06}-{}", stem()))
    }

    /// The arguments of `fill` for this job: the options of the run, and then its own, which replace them.
    pub(super) fn arguments(&self, base: &[OsString], out: &Path) -> anyhow::Result<FillArgs> {
        let mut words: Vec<OsString> = ["countenance", "fill"].map(OsString::from).to_vec();
        words.extend(base.iter().cloned());
        for (name, value) in &self.options {
            words.extend(option(name, value)?);
        }
        words.extend([OsString::from("--out"), out.into(), "--force".into(), "--".into(), self.photo.clone().into()]);
        let command = Cli::command().mut_subcommand("fill", |fill| fill.args_override_self(true));
        let parsed = command.try_get_matches_from(words).and_then(|matches| Cli::from_arg_matches(&matches));
        let command = parsed.map_err(|error| anyhow::anyhow!("{}", first_paragraph(&error.to_string())))?.command;
        let Some(Command::Fill(args)) = command else { bail!("a job must be a fill") };
        Ok(*args)
    }

    /// Identifies what the job does: its options and those of the run, the contents of its files, the model and the
    /// version of the program.
    pub(super) fn hash(&self, base: &[OsString], args: &FillArgs) -> anyhow::Result<String> {
        let read = |path: &Path| {
            let bytes = std::fs::read(path);
            bytes.with_context(|| format!("cannot read {}: check that the file exists", path.display()))
        };
        let file = |path: Option<&Path>| path.filter(|path| path.is_file()).map(read).transpose();
        let (_, model) = model_choice::find_model(args.model.as_deref())?;
        let base: Vec<_> = base.iter().map(|word| word.to_string_lossy()).collect();
        let parts = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "model": model.sha256,
            "run": base,
            "options": self.options,
            "photo": sha256_of_bytes(&read(&self.photo)?),
            "mask": file(args.mask.as_deref())?.map(|bytes| sha256_of_bytes(&bytes)),
            "ignore": file(args.ignore.as_deref())?.map(|bytes| sha256_of_bytes(&bytes)),
        });
        Ok(sha256_of_bytes(parts.to_string().as_bytes()))
    }
}

/// An option of `fill` as words.
fn option(name: &str, value: &Value) -> anyhow::Result<Option<OsString>> {
    Ok(match value {
        Value::Bool(set) if FLAGS.contains(&name) => set.then(|| format!("--{name}").into()),
        Value::Bool(set) => Some(format!("--{name}={}", if *set { "on" } else { "off" }).into()),
        Value::String(text) => Some(format!("--{name}={text}").into()),
        Value::Number(number) => Some(format!("--{name}={number}").into()),
        Value::Null => None,
        Value::Array(_) | Value::Object(_) => bail!("{name} is a list: write it as on the command line, in one text"),
    })
}

/// The message of a parse error without hints on usage.
fn first_paragraph(text: &str) -> String {
    let lines = text.trim_start_matches("error: ").lines().take_while(|line| !line.trim().is_empty());
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The options of the run that hold for every job: the words after `fill`, without those of the run.
pub(super) fn base_options(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut base = Vec::new();
    let mut words = words.into_iter().skip_while(|word| word != "fill").skip(1);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let name = text.strip_prefix("--").map(|option| option.split('=').next().unwrap_or_default());
        match name {
            Some("serve-stdin" | "force") => {}
            Some(name) if OF_THE_RUN.contains(&name) => {
                if !text.contains('=') {
                    words.next();
                }
            }
            _ => base.push(word),
        }
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn a_job_replaces_the_options_of_the_run() {
        let base = base_options(words(
            "x fill --manifest a.jsonl --steps 5 --out=o --seed=3 --shard 1/2 --lambda 0.5 --force",
        ));
        assert_eq!(base, words("--steps 5 --seed=3 --lambda 0.5"));
        let line = r#"{"photo": "-a b.jpg", "mask": "mouth", "steps": 9, "completion": true, "edit": "smile=-1"}"#;
        let job = Job::parse(line).unwrap();
        let args = job.arguments(&base, Path::new("o/7.png")).unwrap();
        let settings = args.settings.settings_for(crate::restore::ImageTask::Fill).unwrap();
        assert_eq!((settings.steps, settings.seed, args.completion), (9, 3, true));
        assert!((settings.lambda - 0.5).abs() < 1e-6 && args.edit.is_some());
        assert_eq!(args.photos, [PathBuf::from("-a b.jpg")]);
        assert_eq!(args.output.out, PathBuf::from("o/7.png"));
        assert_eq!(job.name(12), "000012--a b");
    }

    #[test]
    fn lines_that_are_no_jobs_are_explained() {
        let refused = |line: &str| {
            let job = Job::parse(line);
            format!("{:#}", job.and_then(|job| job.arguments(&[], Path::new("o.png")).map(drop)).unwrap_err())
        };
        assert!(refused("7").starts_with("this is no job"));
        assert!(refused(r#"{"mask": "mouth"}"#).contains("missing field `photo`"));
        insta::assert_snapshot!(refused(r#"{"photo": "a", "out": "b"}"#), @"a job cannot have out: give --out to the whole run");
        insta::assert_snapshot!(refused(r#"{"photo": "a", "id": "b/c"}"#), @"the id 'b/c' cannot be the name of a file: leave out slashes");
        insta::assert_snapshot!(refused(r#"{"photo": "a", "colour": 1}"#), @"unexpected argument '--colour' found");
        insta::assert_snapshot!(refused(r#"{"photo": "a", "mask": [1]}"#), @"mask is a list: write it as on the command line, in one text");
        assert!(refused(r#"{"photo": "a", "device": "tpu"}"#).starts_with("invalid value 'tpu'"));
    }

    #[test]
    fn the_hash_follows_everything_that_changes_the_fill() {
        let folder = tempfile::tempdir().unwrap();
        let photo = folder.path().join("a.png");
        std::fs::write(&photo, "one").unwrap();
        let hash = |options: &str, base: &str| {
            let line = format!("{{\"photo\": {:?}, \"mask\": \"mouth\"{options}}}", photo.display().to_string());
            let (job, base) = (Job::parse(&line).unwrap(), words(base));
            job.hash(&base, &job.arguments(&base, Path::new("o.png")).unwrap()).unwrap()
        };
        let first = hash("", "");
        assert_eq!(hash(r#", "id": "x""#, ""), first, "the name of the output does not matter");
        assert!(hash(r#", "seed": 1"#, "") != first && hash("", "--seed 1") != first);
        assert_ne!(hash(r#", "model": "face-64""#, ""), first);
        std::fs::write(&photo, "two").unwrap();
        assert_ne!(hash("", ""), first);
    }
}
