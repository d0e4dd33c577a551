//! Tests the dependency rules of the module table in `lib.rs`. They scan the source text: modules import only from
//! lower layers, and egui, clap, burn and other packages stay in their modules.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules that import nothing and that every module may import.
const BASE: [&str; 8] =
    ["catch_panic", "face_picture", "fs", "geometry", "hash", "linear_algebra", "serde_floats", "shard"];

/// The other modules that each module may import, separated by spaces.
const ALLOWED_IMPORTS: [(&str, &str); 28] = [
    ("catch_panic", ""),
    ("face_picture", ""),
    ("fs", ""),
    ("geometry", ""),
    ("hash", ""),
    ("linear_algebra", ""),
    ("serde_floats", ""),
    ("shard", ""),
    ("photo", ""),
    ("mask", "photo"),
    ("face", "photo mask"),
    ("restore", "photo"),
    ("blend", "photo mask restore"),
    ("dataset", ""),
    ("device", ""),
    ("model", "device"),
    ("search", "model mask restore"),
    ("job", "photo mask face restore blend device model search explore"),
    ("project", "photo mask face restore blend device model search job"),
    ("metrics", ""),
    ("perceptual", "model"),
    ("evaluation", "photo mask face restore blend device model search job metrics perceptual dataset"),
    ("explore", "photo mask face model search"),
    ("explain", "photo mask face blend model search explore job"),
    ("prepare", "photo mask face dataset"),
    ("train", "model dataset device photo mask metrics perceptual search"),
    (
        "cli",
        "photo mask face restore blend dataset device model search job metrics perceptual evaluation explore explain prepare train app",
    ),
    ("app", "photo mask face restore blend device model search job project explore explain train"),
];

/// The modules that may use each package.
const PACKAGE_USERS: [(&str, &[&str]); 19] = [
    ("egui", &["app"]),
    ("eframe", &["app"]),
    ("egui_plot", &["app"]),
    ("egui_notify", &["app"]),
    ("rfd", &["app"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("burn", &["device", "model", "perceptual", "search", "train"]),
    ("burn_wgpu", &["model", "search"]),
    ("wgpu", &["device", "model", "search", "app"]),
    ("flate2", &["photo"]),
    ("image_webp", &["photo"]),
    ("memmap2", &["dataset"]),
    ("moxcms", &["photo"]),
    ("png", &["photo"]),
    ("pulp", &["face", "model"]),
    ("pytorch_reader", &["model"]),
    ("roxmltree", &["photo"]),
    ("xmp_writer", &["photo"]),
];

fn collect_rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The identifiers that follow `prefix`. Lines that start with a comment are skipped.
fn identifiers_after<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = String> + 'a {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(move |line| {
        line.match_indices(prefix).map(move |(start, _)| {
            line[start + prefix.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        })
    })
}

#[test]
fn imports_only_point_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect_rust_files(&root, &mut files);
    let mut violations = Vec::new();
    for path in files {
        let relative = path.strip_prefix(&root).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if ["main", "lib", "layer_rule", "fuzz"].contains(&module.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let is_test = relative.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests"));
        let Some((_, allowed)) = ALLOWED_IMPORTS.iter().find(|(name, _)| *name == module) else {
            violations.push(format!("{} is in no module of the table", relative.display()));
            continue;
        };
        let may_import =
            |used: &str| used == module || BASE.contains(&used) || allowed.split(' ').any(|name| name == used);
        for used in identifiers_after(&text, "crate::") {
            let is_module = ALLOWED_IMPORTS.iter().any(|(name, _)| *name == used);
            if is_module && !may_import(&used) && !is_test {
                violations.push(format!("{} uses {used}", relative.display()));
            }
        }
        for (package, users) in PACKAGE_USERS {
            let is_used =
                identifiers_after(&text, "use ").any(|word| word == package) || text.contains(&format!(" {package}::"));
            if is_used && !users.contains(&module.as_str()) && !is_test {
                violations.push(format!("{} uses the package {package}", relative.display()));
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn the_scan_skips_comment_lines() {
    let text = "use crate::photo::Photo;\n// crate::app\nlet x = crate::mask::Mask;";
    assert_eq!(identifiers_after(text, "crate::").collect::<Vec<_>>(), ["photo", "mask"]);
}
