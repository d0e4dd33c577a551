//! The commands `sample`, `interpolate` and `latent` with the tiny model.

use clap::Parser as _;
use std::path::{Path, PathBuf};

use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder as _, Rgb, RgbImage};

use super::*;
use crate::cli::UsageError;
use crate::cli::args::{self, Command};
use crate::cli::console::CapturedConsole;

/// Distance between pictures in a grid: the tiny model's side enlarged eight times, plus the gap.
const PITCH_PX: u32 = 130;

/// A temporary folder, and the messages.
struct ExploreTestFolder {
    root: tempfile::TempDir,
    console: CapturedConsole,
}

impl ExploreTestFolder {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), console: CapturedConsole::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Runs a command. Arguments are separated by `|`, DIR is the folder; model and library are added.
    fn run(&self, line: &str) -> anyhow::Result<CommandStatus> {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors");
        let line = format!("{line}|--library|DIR/latents.json|--model|{}", model.display());
        let line = line.replace("DIR", &self.root.path().display().to_string());
        let cli = args::Cli::try_parse_from(["countenance"].into_iter().chain(line.split('|')))?;
        let console = &mut self.console.console();
        match cli.command {
            Some(Command::Sample(args)) => sample::run(&args, console),
            Some(Command::Interpolate(args)) => interpolate::run(&args, console),
            Some(Command::Latent(args)) => latent::run(&args, console),
            other => panic!("another command: {other:?}"),
        }
    }

    /// Takes the messages since the last call, with this folder as DIR.
    fn take_messages(&self) -> String {
        self.console.take().replace(&self.root.path().display().to_string(), "DIR")
    }

    fn picture(&self, name: &str) -> RgbImage {
        image::open(self.path(name)).unwrap().into_rgb8()
    }
}

/// One picture of a grid at its original size.
fn cell(grid: &RgbImage, column: u32, row: u32) -> Vec<Rgb<u8>> {
    let at = |x: u32, y: u32| *grid.get_pixel(2 + column * PITCH_PX + 8 * x, 2 + row * PITCH_PX + 8 * y);
    (0..16).flat_map(|y| (0..16).map(move |x| at(x, y))).collect()
}

#[test]
fn a_sample_number_always_gives_the_same_face() {
    let folder = ExploreTestFolder::new();
    folder.run("sample|--count|6|--columns|3|--out|DIR/a.png").unwrap();
    folder.run("sample|--count|2|--seed|4|--out|DIR/b.png").unwrap();
    let (a, b) = (folder.picture("a.png"), folder.picture("b.png"));
    assert_eq!(a.dimensions(), (3 * PITCH_PX + 2, 2 * PITCH_PX + 2));
    assert_eq!(cell(&a, 1, 1), cell(&b, 0, 0));
    assert_ne!(cell(&a, 0, 0), cell(&a, 1, 0));
    insta::assert_snapshot!(folder.take_messages(), @r"
    DIR/a.png shows samples 0 to 5, row by row
    DIR/b.png shows samples 4 to 5, row by row
    ");
}

#[test]
fn samples_are_saved_and_added() {
    let folder = ExploreTestFolder::new();
    folder.run("sample|--save|smiling woman=3,7").unwrap();
    folder.run("sample|--save|woman=8|--out|DIR/picked.png").unwrap();
    let sum = "sample|--expr|smiling woman - woman + 8|--save|result|--count|3|--out|DIR/sum.png";
    folder.run(sum).unwrap();
    insta::assert_snapshot!(folder.take_messages(), @r"
    saved 'smiling woman' in DIR/latents.json: mean of samples 3, 7
    DIR/picked.png shows samples 8, then their average
    saved 'woman' in DIR/latents.json: mean of samples 8
    DIR/sum.png shows, from the left: + smiling woman, − woman, + sample 8, the result; below, 3 variations by up to 0.25
    saved 'result' in DIR/latents.json: sum smiling woman - woman + 8
    ");

    let picture = folder.picture("sum.png");
    assert_eq!(picture.dimensions(), (4 * PITCH_PX + 2, 2 * PITCH_PX + 2));
    assert_eq!(cell(&picture, 1, 0), cell(&picture, 2, 0), "woman is sample 8");
    assert_eq!(cell(&picture, 1, 0), cell(&folder.picture("picked.png"), 0, 0));
    let library = LatentLibrary::open(&folder.path("latents.json")).unwrap();
    let model = model::load(&model_choice::find_model(Some(&tiny())).unwrap().0).unwrap().info;
    let latent = |name: &str| library.find_latent(&LatentSource::parse(name), &model).unwrap();
    let largest = latent("result").iter().zip(latent("smiling woman")).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-6, "subtracting and adding sample 8 changes nothing");
}

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures/tiny-16.safetensors")
}

#[test]
fn interpolation_writes_a_gif_or_a_png() {
    let folder = ExploreTestFolder::new();
    folder.run("interpolate|--from|3|--to|5|--steps|4|--out|DIR/walk.png").unwrap();
    folder.run("interpolate|--from|3|--to|5|--steps|4|--out|DIR/walk.gif").unwrap();
    folder.run("sample|--seed|3|--count|3|--columns|3|--out|DIR/samples.png").unwrap();
    let (strip, samples) = (folder.picture("walk.png"), folder.picture("samples.png"));
    assert_eq!(strip.dimensions(), (4 * PITCH_PX + 2, PITCH_PX + 2));
    assert_eq!(cell(&strip, 0, 0), cell(&samples, 0, 0));
    assert_eq!(cell(&strip, 3, 0), cell(&samples, 2, 0));
    let bytes = std::fs::read(folder.path("walk.gif")).unwrap();
    let frames = GifDecoder::new(std::io::Cursor::new(bytes)).unwrap().into_frames().collect_frames().unwrap();
    assert_eq!((frames.len(), frames[0].buffer().dimensions()), (4, (256, 256)));
}

#[test]
fn latents_of_photos_are_averaged_and_saved() {
    let folder = ExploreTestFolder::new();
    folder.run("sample|--seed|5|--count|1|--out|DIR/drawn.png").unwrap();
    let grid = folder.picture("drawn.png");
    std::fs::create_dir(folder.path("photos")).unwrap();
    let face = RgbImage::from_fn(16, 16, |x, y| *grid.get_pixel(2 + 8 * x, 2 + 8 * y));
    face.save(folder.path("photos/a.png")).unwrap();
    face.save(folder.path("photos/b.png")).unwrap();
    std::fs::write(folder.path("photos/broken.png"), b"no picture").unwrap();
    folder.take_messages();
    let line = "latent|ann|DIR/photos|--face|none|--steps|120|--candidates|6|--out|DIR/found.png";
    assert_eq!(folder.run(line).unwrap(), CommandStatus::SomeFailed);
    let messages = folder.take_messages();
    assert!(messages.contains("error: DIR/photos/broken.png: this is a text file"), "{messages}");
    assert!(messages.ends_with("saved 'ann' in DIR/latents.json: mean of 2 faces in photos\n"), "{messages}");
    assert_eq!(folder.picture("found.png").dimensions(), (3 * PITCH_PX + 2, 2 * PITCH_PX + 2));

    let error = folder.run("latent|bob|DIR/photos/broken.png").unwrap_err();
    assert_eq!(crate::cli::exit_code_for(&error), 1);
}

#[test]
fn invalid_arguments_are_usage_errors() {
    let folder = ExploreTestFolder::new();
    folder.run("sample|--save|ann=1|--out|DIR/existing.png").unwrap();
    let refused = |line: &str| {
        let error = folder.run(line).unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        error.to_string().replace(&folder.root.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(refused("sample|--expr|ann - bob|--out|DIR/a.png"), @"DIR/latents.json: there is no latent named 'bob': the library has ann");
    insta::assert_snapshot!(refused("sample|--expr|ann -|--out|DIR/a.png"), @"--expr: there is no name after - in 'ann -': write it as in smiling woman - neutral woman + neutral man");
    insta::assert_snapshot!(refused("sample|--save|ann=2"), @"DIR/latents.json already has 'ann': choose another name, or add --force");
    insta::assert_snapshot!(refused("sample|--save|bob=2,x"), @r#"--save bob=2,x: give a name and sample numbers, for example "smiling woman=3,7,12""#);
    insta::assert_snapshot!(refused("sample|--save|7=2"), @"DIR/latents.json: '7' is not a valid name: use words without * or =, no + or - between spaces, and not just a number");
    insta::assert_snapshot!(refused("sample|--expr|ann|--save|bob=2"), @"with --expr, --save takes only a name for the result");
    insta::assert_snapshot!(refused("sample|--out|DIR/existing.png"), @"DIR/existing.png already exists: choose another name, or add --force");
    insta::assert_snapshot!(refused("sample|--out|DIR/a.jpg"), @"--out DIR/a.jpg does not end in .png: choose a name that does");
    insta::assert_snapshot!(refused("interpolate|--from|1|--to|bob|--out|DIR/a.gif"), @"DIR/latents.json: there is no latent named 'bob': the library has ann");
    insta::assert_snapshot!(refused("interpolate|--from|1|--to|2|--out|DIR/a.webp"), @"--out DIR/a.webp does not end in .gif or .png: choose a name that does");
    insta::assert_snapshot!(refused("latent|a - b|DIR/existing.png"), @"DIR/latents.json: 'a - b' is not a valid name: use words without * or =, no + or - between spaces, and not just a number");
    folder.run("sample|--out|DIR/existing.png|--force").unwrap();
}
