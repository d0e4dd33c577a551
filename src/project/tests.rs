mod open_save;
mod refused;

use std::collections::BTreeMap;

use proptest::prelude::*;

use std::sync::Arc;

use super::*;
use crate::blend::BlendMode;
use crate::face_picture::FacePicture;
use crate::job::{Candidate, DeviceInfo, SearchStart, StopReason};
use crate::job::{FillLook, FillOutcome, FillRecord, LatentHistory};
use crate::mask::StrokeKind;
use crate::model::ModelInfo;
use crate::restore::ImageTask;
use crate::search::{LatentEdit, Losses};

const SIZE_PX: u32 = 4;
const CANDIDATES: u16 = 3;

/// Numbers that a careless encoding would change: negative zero, the smallest number, thirds.
fn numbers(count: usize, seed: f32) -> Vec<f32> {
    let values = [-0.0, f32::from_bits(1), 1.0 / 3.0, -1.0, f32::MIN_POSITIVE];
    values.into_iter().cycle().zip(1_u16..).map(|(value, index)| value * seed / f32::from(index)).take(count).collect()
}

fn losses(scale: f32) -> Losses {
    Losses { context: 0.1 * scale, prior: scale / 3.0, total: 0.7 * scale }
}

pub(crate) fn outcome(candidates: u16, size_px: u32, latent_dim: usize) -> FillOutcome {
    let candidate = |index: u16| Candidate {
        latent: numbers(latent_dim, f32::from(index)),
        picture: Arc::new(FacePicture::from_planes(&numbers(3 * (size_px * size_px) as usize, f32::from(index) + 0.5))),
        losses: losses(f32::from(index) + 1.0),
        is_mix: false,
        kept_at: None,
        edit: None,
    };
    FillOutcome {
        settings: Settings { seed: u64::MAX, lambda: 0.1, ..Preset::Paper.settings() },
        start: SearchStart::FromSettings,
        model: ModelInfo {
            name: "face-64".to_owned(),
            sha256: "ab".repeat(32),
            image_size_px: size_px,
            latent_dim,
            has_discriminator: true,
            has_encoder: false,
            metadata: BTreeMap::from([("prior".to_owned(), "uniform".to_owned())]),
        },
        device: DeviceInfo { name: "CPU".to_owned(), is_gpu: false, notice: Some("No GPU here".to_owned()) },
        steps: 120,
        evaluations: 121,
        changed_during_search: true,
        search_secs: 1.25,
        stopped: Some(StopReason::Failed("device lost".to_owned())),
        explained_share: None,
        candidates: (0..candidates).map(candidate).collect(),
        best: 1,
        first_losses: losses(9.0),
        latent_history: LatentHistory::default(),
    }
}

fn curves(points: u32, candidates: usize) -> Vec<IterationLosses> {
    (1..=points)
        .map(|iteration| {
            #[expect(clippy::cast_precision_loss, reason = "few iterations")]
            let scale = 1.0 / iteration as f32;
            IterationLosses { iteration, candidates: vec![losses(scale); candidates] }
        })
        .collect()
}

/// A project with every optional part.
pub(crate) fn project() -> Project {
    let mut mask = Mask::empty(40, 30);
    mask.draw_segment([5.0, 5.0], [30.0, 20.0], 4.0, StrokeKind::Paint);
    let mut hole = mask.clone();
    hole.invert();
    let record = FillRecord {
        outcome: Arc::new(outcome(CANDIDATES, SIZE_PX, 5)),
        hole: hole.clone(),
        frame: FaceFrame { center_in_photo: [20.1, 15.3], side_px: 25.7, angle_radians: -0.1 },
        look: FillLook {
            candidate: 2,
            blend: Blend { mode: BlendMode::Feather, detail_percent: 40, completion: false, soft_edge_px: 0 },
        },
    };
    let loss_curves = curves(40, CANDIDATES.into());
    let faces = vec![ProjectFace { fill: FaceFill::of_whole_hole(record), loss_curves }];
    let fill = ProjectFill { hole, faces, selected: 0 };
    Project {
        photo: PhotoReference {
            origin: PhotoOrigin::File {
                path: "/photos/face.png".into(),
                relative_path: None,
                sha256: crate::hash::sha256_of_bytes(b"face"),
            },
            width_px: 40,
            height_px: 30,
            prepared_for: ImageTask::Fill,
        },
        mask,
        frame: FaceFrame { center_in_photo: [20.5, 15.25], side_px: 24.0, angle_radians: 0.3 },
        frame_is_placed: true,
        frame_is_by_hand: true,
        preset: Preset::Paper,
        settings: Settings { steps: 77, ..Preset::Paper.settings() },
        blend: Blend { mode: BlendMode::None, detail_percent: 7, completion: false, soft_edge_px: 0 },
        model: ModelReference {
            choice: ModelChoice::File("models/other.safetensors".into()),
            sha256: Some("cd".repeat(32)),
        },
        device: DeviceChoice::Gpu(Some(2)),
        fill: Some(fill),
        saved_as: Some("/projects/face.countenance".into()),
    }
}

fn face(project: &Project) -> &ProjectFace {
    &project.fill.as_ref().unwrap().faces[0]
}

fn face_mut(project: &mut Project) -> &mut ProjectFace {
    &mut project.fill.as_mut().unwrap().faces[0]
}

/// Gives the fill another hole.
fn set_fill_hole(project: &mut Project, hole: Mask) {
    let face = face_mut(project);
    (face.fill.record.hole, face.fill.part) = (hole.clone(), hole.clone());
    project.fill.as_mut().unwrap().hole = hole;
}

#[test]
fn project_survives_json_bit_for_bit() {
    let mut project = project();
    (project.blend.completion, project.frame_is_by_hand) = (true, false);
    let read = Project::from_json(&project.to_json(None).unwrap()).unwrap();
    assert_eq!(read, project);
    let bits = |project: &Project| -> Vec<u32> {
        let outcome = &face(project).fill.record.outcome;
        let values = |candidate: &Candidate| [candidate.latent.clone(), candidate.picture.to_planes()].concat();
        outcome.candidates.iter().flat_map(values).map(f32::to_bits).collect()
    };
    assert_eq!(bits(&read), bits(&project), "negative zeros equal zeros, but have other bits");
}

#[test]
fn a_task_is_kept_and_checked() {
    let mut project = project();
    project.photo.prepared_for = ImageTask::SuperResolution { factor: 2 };
    project.settings.task = ImageTask::Deblur { radius_px: 2.5 };
    let json = project.to_json(None).unwrap();
    assert!(json.contains("countenance-project-4"), "{json}");
    assert_eq!(Project::from_json(&json).unwrap(), project);
    let error = Project::from_json(&json.replace(r#""factor": 2"#, r#""factor": 5"#)).unwrap_err();
    assert!(error.to_string().contains("a photo prepared with factor 5"), "{error}");
    let error = Project::from_json(&json.replace(r#""radius_px": 2.5"#, r#""radius_px": 99.0"#)).unwrap_err();
    assert!(error.to_string().contains("blur-radius is 99: use 0.5 to 30"), "{error}");
}

#[test]
fn a_soft_edge_is_kept_and_checked() {
    let mut project = project();
    project.blend.soft_edge_px = 200;
    let json = project.to_json(None).unwrap();
    assert!(json.contains("countenance-project-2"));
    assert_eq!(Project::from_json(&json).unwrap(), project);
    let error = Project::from_json(&json.replace(r#""soft_edge_px": 200"#, r#""soft_edge_px": 201"#)).unwrap_err();
    assert!(format!("{error:?} {error}").contains("a soft edge of 201 pixels"), "{error}");
}

#[test]
fn project_of_the_first_version_opens() {
    let text = include_str!("../../assets/fixtures/first-version.countenance");
    let read = Project::from_json(text).unwrap();
    assert_eq!(read, Project { saved_as: None, ..Project::from_json(&project().to_json(None).unwrap()).unwrap() });
    // The first version had a setting `symmetry`, which is gone.
    let text = text.replace(",\n      \"symmetry\": 0.0", "").replace(",\n        \"symmetry\": 0.0", "");
    // It had no completion network: it is off. Its frames did not follow the hole.
    let without = |json: String, indent: &str| json.replacen(&format!(",\n{indent}\"completion\": false"), "", 1);
    let written = without(without(read.to_json(None).unwrap(), "    "), "      ");
    let written = written.replacen("  \"frame_is_by_hand\": true,\n", "", 1);
    assert_eq!(written, text);
}

#[test]
fn mix_and_start_latent_survive_json() {
    let mut project = project();
    let fill = &mut face_mut(&mut project).fill;
    let outcome = Arc::make_mut(&mut fill.record.outcome);
    outcome.start = SearchStart::Around(numbers(5, 1.0));
    let edit = LatentEdit {
        latent: outcome.candidates[0].latent.clone(),
        amounts: [("age".to_owned(), -1.5)].into(),
        other_half: 0.5,
    };
    let edit = Some(std::sync::Arc::new(edit));
    let mix = Candidate { losses: losses(0.5), edit, ..outcome.candidates[0].clone() };
    fill.record.look.candidate = outcome.store_mix(mix, None);
    let read = Project::from_json(&project.to_json(None).unwrap()).unwrap();
    assert_eq!(read, project);
    assert!(face(&read).fill.record.outcome.candidates[usize::from(CANDIDATES)].is_mix);
}

#[test]
fn missing_fields_get_defaults() {
    let text = r#"{"format": "countenance-project-1", "photo": {"sample": "astronaut", "width_px": 8, "height_px": 6},
        "frame": {"center_in_photo": [4, 3], "side_px": 6, "angle_radians": 0}}"#;
    let project = Project::from_json(text).unwrap();
    assert_eq!(project.mask, Mask::empty(8, 6));
    assert_eq!(project.photo.origin, PhotoOrigin::Sample("astronaut".to_owned()));
    assert_eq!((project.settings, project.preset), (Settings::default(), Preset::Best));
    assert!(project.fill.is_none() && !project.frame_is_placed && !project.frame_is_by_hand);
    assert_eq!((project.model, project.device), (ModelReference::default(), DeviceChoice::Auto));
}

proptest! {
    #[test]
    fn any_mask_survives_json(
        (width, pixels) in (1_u32..70).prop_flat_map(|width| {
            let pixels = proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255)], (width * 13) as usize);
            (Just(width), pixels)
        }),
        with_hole: bool,
        with_ignored: bool,
    ) {
        let ignored = Mask::from_fn(width, 13, |x, y| with_ignored && pixels[(y * width + x) as usize] == 1);
        let mask = Mask::from_pixels(width, 13, &pixels).unwrap().with_ignored(&ignored);
        let mut project = project();
        (project.photo.width_px, project.photo.height_px) = (width, 13);
        let mask_has_ignored = mask.has_ignored();
        project.mask = mask.clone();
        let mut inverse = mask.clone();
        inverse.invert();
        set_fill_hole(&mut project, if with_hole { inverse } else { mask });
        let json = project.to_json(None).unwrap();
        let format = if mask_has_ignored { "countenance-project-2" } else { "countenance-project-1" };
        prop_assert!(json.contains(format));
        prop_assert_eq!(Project::from_json(&json).unwrap(), project);
    }
}

#[test]
fn a_fill_of_several_faces_survives_json() {
    let mut project = project();
    let fill = project.fill.as_mut().unwrap();
    let part = Mask::from_fn(40, 30, |x, _| x < 9);
    let mut second = fill.faces[0].clone();
    second.fill.part = part.clone();
    second.fill.search_input = Some("ef".repeat(32));
    second.fill.record.frame.center_in_photo = [30.0, 12.0];
    fill.faces.push(second);
    fill.selected = 1;
    let json = project.to_json(None).unwrap();
    assert!(json.contains("countenance-project-3") && json.contains(r#""fill": null"#));
    assert_eq!(Project::from_json(&json).unwrap(), project);
    let refusals = [
        (r#""selected": 1"#, r#""selected": 2"#, "face 3 of 2"),
        (r#""candidate": 2"#, r#""candidate": 3"#, "candidate 4 of 3"),
        ("countenance-project-3", "countenance-project-99", "newer"),
    ];
    for (from, to, expected) in refusals {
        let error = Project::from_json(&json.replace(from, to)).unwrap_err();
        assert!(format!("{error:?} {error}").contains(expected), "{expected}: {error:?}");
    }
    // One face that covers only a part of the hole, because the fill was stopped.
    let fill = project.fill.as_mut().unwrap();
    fill.faces.pop();
    (fill.faces[0].fill.part, fill.selected) = (part, 0);
    assert_eq!(Project::from_json(&project.to_json(None).unwrap()).unwrap(), project);
}

#[test]
fn nan_losses_stay_nan() {
    let mut project = project();
    let mut outcome = outcome(CANDIDATES, SIZE_PX, 5);
    outcome.candidates[0].losses = Losses { context: f32::NAN, prior: 2.0, total: f32::INFINITY };
    let saved = face_mut(&mut project);
    saved.fill.record.outcome = Arc::new(outcome);
    saved.loss_curves[3].candidates[1].total = f32::NAN;
    let project = Project::from_json(&project.to_json(None).unwrap()).unwrap();
    let read = face(&project);
    let losses = read.fill.record.outcome.candidates[0].losses;
    assert!(losses.context.is_nan() && losses.total.is_nan());
    assert_eq!(losses.prior.to_bits(), 2.0_f32.to_bits());
    assert!(read.loss_curves[3].candidates[1].total.is_nan());
}

#[test]
fn downsampled_curves_keep_both_ends() {
    let mut project = project();
    face_mut(&mut project).loss_curves = curves(1201, CANDIDATES.into());
    let kept = face(&Project::from_json(&project.to_json(None).unwrap()).unwrap()).loss_curves.clone();
    assert!((200..=fill_json::MAX_CURVE_POINTS + 1).contains(&kept.len()), "{} points", kept.len());
    assert_eq!((kept[0].iteration, kept[kept.len() - 1].iteration), (1, 1201));
    assert_eq!(fill_json::downsampled(&curves(300, 1)).len(), 300);
    assert_eq!(fill_json::downsampled(&kept).len(), kept.len(), "saving again drops points");
}

#[test]
fn project_of_a_large_photo_stays_small() {
    let mut project = project();
    (project.photo.width_px, project.photo.height_px) = (6000, 4000);
    let mut mask = Mask::empty(6000, 4000);
    for row in 0_u16..20 {
        let y = 100.0 * f32::from(row) + 300.0;
        mask.draw_segment([500.0, y], [4000.0 - 50.0 * f32::from(row), y + 70.0], 45.0, StrokeKind::Paint);
    }
    project.mask = mask.clone();
    mask.invert();
    set_fill_hole(&mut project, mask);
    let face = face_mut(&mut project);
    face.fill.record.outcome = Arc::new(outcome(8, 64, 100));
    face.loss_curves = curves(1200, 8);
    let bytes = project.to_json(None).unwrap().len();
    assert!((500_000..900_000).contains(&bytes), "{bytes} bytes");
}
