use super::*;

/// A temporary folder with `photo.png`.
struct OutputTestFolder(tempfile::TempDir);

impl OutputTestFolder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("photo.png"), b"").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn touch(&self, name: &str) {
        std::fs::write(self.path(name), b"").unwrap();
    }

    /// Checks the outputs of a single fill. Returns the error text with this folder as DIR, or an empty text.
    fn check_error(&self, change: impl FnOnce(&mut OutputArgs)) -> String {
        let mut output = OutputArgs {
            out: self.path("out.png"),
            layer: None,
            no_record: false,
            force: false,
            frames: None,
            maps: None,
            every: None,
            gif: None,
            apng: None,
            at: None,
            log: None,
            hats: None,
            sheet: None,
            sheet_gif: None,
            report: None,
            quality: 92,
        };
        change(&mut output);
        let photo = crate::cli::inputs::PhotoInputs::One(self.path("photo.png"));
        let tasks = crate::cli::inputs::build_tasks(photo, &output).unwrap();
        match check_fill_outputs(&tasks, false, &[], &output) {
            Ok(()) => String::new(),
            Err(error) => {
                assert!(error.is::<crate::cli::UsageError>());
                error.to_string().replace(&self.0.path().display().to_string(), "DIR")
            }
        }
    }
}

#[test]
fn sheets_and_generated_faces_are_checked() {
    let folder = OutputTestFolder::new();
    insta::assert_snapshot!(folder.check_error(|output| output.sheet = Some(folder.path("sheet.jpg"))), @"--sheet DIR/sheet.jpg does not end in .png");
    insta::assert_snapshot!(folder.check_error(|output| output.sheet_gif = Some(folder.path("sheet.png"))), @"--sheet-gif DIR/sheet.png does not end in .gif");
    folder.touch("sheet.png");
    insta::assert_snapshot!(folder.check_error(|output| output.sheet = Some(folder.path("sheet.png"))), @"DIR/sheet.png already exists: choose another name, or add --force");
    std::fs::create_dir(folder.path("hats")).unwrap();
    folder.touch("hats/notes-0010.png");
    assert_eq!(folder.check_error(|output| output.hats = Some(folder.path("hats"))), "");
    folder.touch("hats/0010.png");
    insta::assert_snapshot!(folder.check_error(|output| output.hats = Some(folder.path("hats"))), @"DIR/hats holds the generated faces of another search: choose another folder, or add --force to replace them");
}

#[test]
fn checking_a_new_picture_leaves_no_files() {
    let folder = OutputTestFolder::new();
    for name in ["out.png", "out.JPG", "out.jpeg", "out.tif", "out.tiff", "out.webp"] {
        assert_eq!(folder.check_error(|output| output.out = folder.path(name)), "");
    }
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 1);
}

#[test]
fn an_existing_picture_needs_force() {
    let folder = OutputTestFolder::new();
    folder.touch("out.png");
    insta::assert_snapshot!(folder.check_error(|_| ()), @"DIR/out.png already exists: choose another name, or add --force");
    assert_eq!(folder.check_error(|output| output.force = true), "");
}

#[test]
fn a_layer_must_be_a_new_file_with_transparency() {
    let folder = OutputTestFolder::new();
    folder.touch("existing.png");
    let layer = |name: &str| folder.check_error(|output| output.layer = Some(folder.path(name)));
    assert_eq!(layer("layer.png"), "");
    insta::assert_snapshot!(layer("layer.psd"), @"--layer DIR/layer.psd does not end in .png, .jpg, .tif or .webp: choose one of them, it decides the format");
    insta::assert_snapshot!(layer("layer.jpg"), @"--layer DIR/layer.jpg: a JPEG cannot hold transparency: choose .png, .tif or .webp");
    insta::assert_snapshot!(layer("out.png"), @"--layer DIR/out.png is the same file as --out: choose another name");
    insta::assert_snapshot!(layer("existing.png"), @"DIR/existing.png already exists: choose another name, or add --force");
}

#[test]
fn existing_logs_and_reports_are_replaced() {
    let folder = OutputTestFolder::new();
    folder.touch("log.csv");
    folder.touch("report.json");
    let text = folder.check_error(|output| {
        output.log = Some(folder.path("log.csv"));
        output.report = Some(folder.path("report.json"));
    });
    assert_eq!(text, "");
}

#[test]
fn force_does_not_replace_an_input() {
    let folder = OutputTestFolder::new();
    let text = folder.check_error(|output| {
        output.out = folder.path("../").join(folder.0.path().file_name().unwrap()).join("photo.png");
        output.force = true;
    });
    assert!(text.ends_with("photo.png is the same file as an input: choose another name"), "{text}");
}

#[test]
fn two_outputs_with_one_path_are_refused() {
    let folder = OutputTestFolder::new();
    let text = folder.check_error(|output| {
        output.log = Some(folder.path("notes"));
        output.report = Some(folder.path("notes"));
    });
    insta::assert_snapshot!(text, @"--report DIR/notes is the same file as --log: choose another name");
}

#[test]
fn unusable_output_names_are_refused() {
    let folder = OutputTestFolder::new();
    let out = |name: &str| folder.check_error(|output| output.out = folder.path(name));
    insta::assert_snapshot!(out("out.bmp"), @"--out DIR/out.bmp does not end in .png, .jpg, .tif or .webp: choose one of them, it decides the format");
    insta::assert_snapshot!(out(""), @"--out DIR/ is a folder: give a file name, for example DIR/photo.png");
    insta::assert_snapshot!(out("missing/out.png"), @"there is no folder DIR/missing for --out: create it first");
    let frames = folder.check_error(|output| output.frames = Some(folder.path("photo.png")));
    insta::assert_snapshot!(frames, @"--frames DIR/photo.png is a file: a folder is needed here");
}

#[test]
fn frames_of_another_search_are_refused() {
    let folder = OutputTestFolder::new();
    std::fs::create_dir(folder.path("frames")).unwrap();
    folder.touch("frames/frame-00100.png");
    let text = folder.check_error(|output| output.frames = Some(folder.path("frames")));
    insta::assert_snapshot!(text, @"DIR/frames holds the frames of another search: choose another folder, or add --force to replace them");
}

#[test]
fn a_batch_needs_a_folder_and_not_a_file_name() {
    let folder = OutputTestFolder::new();
    let refused = |name: &str| {
        let error = create_output_folder(&folder.path(name), "--out").unwrap_err();
        assert!(error.is::<crate::cli::UsageError>() && !folder.path(name).is_dir());
        error.to_string().replace(&folder.0.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(refused("x.png"), @"--out DIR/x.png is the name of a file: a folder is needed here, for example DIR/x");
    insta::assert_snapshot!(refused("photo.png"), @"--out DIR/photo.png is a file: a folder is needed here");
    for name in ["x.JPG", "a/b.safetensors", "all.gif"] {
        refused(name);
    }
    for name in ["photos.2026", "filled", "v1.5"] {
        create_output_folder(&folder.path(name), "--out").unwrap();
    }
    std::fs::create_dir(folder.path("odd.png")).unwrap();
    create_output_folder(&folder.path("odd.png"), "--out").unwrap();
}

#[test]
fn names_are_checked_before_folders_are_made() {
    let folder = OutputTestFolder::new();
    let text = folder.check_error(|output| output.frames = Some(folder.path("frames.png")));
    insta::assert_snapshot!(text, @"--frames DIR/frames.png is the name of a file: a folder is needed here, for example DIR/frames");
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 1);
}
