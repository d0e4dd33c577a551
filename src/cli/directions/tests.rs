//! The command with the tiny model and copies of the sample portraits.

use clap::Parser as _;
use image::imageops;

use super::*;
use crate::cli::UsageError;
use crate::cli::args::{self, Command};
use crate::cli::console::CapturedConsole;

/// Copies of each portrait: the tiny model needs at least 24 faces.
const COPIES: u16 = 14;

struct DirectionsTestFolder {
    root: tempfile::TempDir,
    console: CapturedConsole,
}

impl DirectionsTestFolder {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), console: CapturedConsole::default() }
    }

    /// Writes copies of the sample portraits, every second one mirrored, in different brightness, and their labels.
    fn write_faces(&self) {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples");
        let faces = self.root.path().join("faces");
        std::fs::create_dir(&faces).unwrap();
        let mut labels = vec!["file,tone,side".to_string()];
        for portrait in ["astronaut.png", "grace_hopper.jpg"] {
            let small = image::open(samples.join(portrait)).unwrap().resize(256, 256, imageops::FilterType::Triangle);
            for copy in 0..COPIES {
                let tone = i32::from(copy) * 8 - 52;
                let brighter = small.brighten(tone);
                let (picture, side) = if copy % 2 == 0 { (brighter, "left") } else { (brighter.fliph(), "right") };
                let name = format!("{copy}-{portrait}.png");
                picture.save(faces.join(&name)).unwrap();
                labels.push(format!("{name},{tone},{side}"));
            }
        }
        std::fs::write(faces.join("no-face.png"), "no picture").unwrap();
        labels.push("no-face.png,0,left".to_string());
        std::fs::write(self.root.path().join("labels.csv"), labels.join("\n")).unwrap();
    }

    /// Runs the command. Arguments are separated by `|`, DIR is the folder.
    fn run(&self, line: &str) -> anyhow::Result<String> {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
        let line = format!("directions|{line}|--model|{}", model.display());
        let line = line.replace("DIR", &self.root.path().display().to_string());
        let cli = args::Cli::try_parse_from(["countenance"].into_iter().chain(line.split('|')))?;
        let Some(Command::Directions(args)) = cli.command else { panic!("another command") };
        compute(&args, &mut self.console.console())
    }

    fn usage_error(&self, line: &str) -> String {
        let error = self.run(line).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:#}");
        error.to_string().replace(&self.root.path().display().to_string(), "DIR")
    }
}

#[test]
fn labelled_photos_give_a_model_with_directions() {
    let folder = DirectionsTestFolder::new();
    folder.write_faces();
    let table = folder
        .run("DIR/faces|--labels|DIR/labels.csv|--direction|tone=tone|--direction|side=side:right/left|--measure|turn|--out|DIR/new.safetensors|--sheet|DIR/sheet.png")
        .unwrap();
    let names: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["turn", "tone", "side"]);
    let messages = folder.console.take().replace(&folder.root.path().display().to_string(), "DIR");
    assert!(messages.contains("28 faces in 29 photos; 0 photos without a face, 1 cannot be read"), "{messages}");
    assert!(messages.contains("DIR/new.safetensors is tiny-16 with 3 directions"), "{messages}");
    let path = folder.root.path().join("new.safetensors");
    let written = model::load(&crate::model::ModelChoice::File(path)).unwrap();
    assert_eq!(written.info.direction_names().collect::<Vec<_>>(), ["turn", "tone", "side"]);
    assert_eq!(written.info.metadata["directions_data"], "28 faces of faces");
    // Three directions with four faces each, five pictures in a row.
    let sheet = image::open(folder.root.path().join("sheet.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (5 * 130 + 2, 12 * 130 + 2));
    // The model draws a face, but no detector finds it.
    assert!(table.lines().nth(1).unwrap().ends_with('–'), "{table}");
}

#[test]
fn missing_faces_and_labels_are_explained() {
    let folder = DirectionsTestFolder::new();
    folder.write_faces();
    let few = folder.run("DIR/faces|--count|5|--out|DIR/new.safetensors").unwrap_err();
    insta::assert_snapshot!(few, @"5 faces have a value for smile: give at least 24");
    assert!(!folder.root.path().join("new.safetensors").exists());
    let refused = |line: &str| folder.usage_error(line);
    insta::assert_snapshot!(refused("DIR/faces|--measure|none|--out|DIR/new.safetensors"), @"there is nothing to compute: use --measure, or --labels with --direction");
    insta::assert_snapshot!(refused("DIR/faces|--labels|DIR/labels.csv|--direction|turn=tone|--out|DIR/new.safetensors"), @"two directions have the same name: choose another with --direction");
    insta::assert_snapshot!(refused("DIR/faces|--labels|DIR/labels.csv|--direction|hair=hair|--out|DIR/new.safetensors"), @"DIR/labels.csv has no column 'hair': it has file, tone, side");
    insta::assert_snapshot!(refused("DIR/none|--out|DIR/new.safetensors").replace(|c: char| c.is_ascii_digit(), "#"), @"cannot list the folder DIR/none: No such file or directory (os error #)");
}
