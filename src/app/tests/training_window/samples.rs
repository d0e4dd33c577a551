//! Sample pictures of the Training window, and its layout.

use std::fs;
use std::path::Path;

use egui::accesskit::Role;
use egui_kittest::kittest::{By, Queryable};

use super::super::{button, click, editor, editor_of_size, wait_for};
use super::{act, append, follow_until_shown, followed, is_shown, run_folder, wait_for_run};
use crate::app::training::TrainingAction;

/// Writes a grey sample picture.
fn write_sample(run: &Path, step: u64, shade: u8) {
    fs::create_dir_all(run.join("samples")).expect("created");
    let picture = image::RgbImage::from_pixel(16, 16, image::Rgb([shade; 3]));
    picture.save(run.join(format!("samples/step-{step:08}.png"))).expect("saved");
}

#[test]
fn the_newest_samples_show_until_the_user_chooses() {
    let run = run_folder(&[20]);
    for step in [100, 200, 300] {
        write_sample(run.path(), step, 10);
    }
    let (mut window, _) = editor();
    follow_until_shown(&mut window, run.path());
    wait_for(&mut window, "the picture", |editor| {
        editor.state.training.followed.as_ref().is_some_and(|run| run.sample(300).is_some())
    });
    window.run_steps(2);
    assert!(is_shown(&window, "Step 300, 3 of 3"));
    window.get(By::new().role(Role::Image).label("Samples of step 300"));
    write_sample(run.path(), 400, 10);
    wait_for_run(&mut window, "the newest", |run| run.shown_step() == Some(400));
    act(&mut window, TrainingAction::ShowSample(Some(200)));
    write_sample(run.path(), 500, 10);
    wait_for_run(&mut window, "another", |run| run.view().is_some_and(|view| view.sample_steps.len() == 5));
    assert!(is_shown(&window, "Step 200, 2 of 5"), "the chosen step must stay");
    click(&mut window, "Newest");
    assert_eq!((followed(&window).shown_step(), followed(&window).selected_step()), (Some(500), None));
}

#[test]
fn only_the_shown_sample_and_neighbours_are_cached() {
    let run = run_folder(&[20]);
    for step in 1..=30 {
        write_sample(run.path(), step * 100, u8::try_from(step).expect("a small number"));
    }
    let (mut window, _) = editor();
    follow_until_shown(&mut window, run.path());
    for step in [100, 1500, 3000, 1400] {
        act(&mut window, TrainingAction::ShowSample(Some(step)));
        wait_for(&mut window, "the picture", |editor| {
            editor.state.training.followed.as_ref().is_some_and(|run| run.sample(step).is_some())
        });
        assert!(followed(&window).cached_sample_count() <= 3, "{}", followed(&window).cached_sample_count());
    }
    let picture = followed(&window).sample(1400).expect("a sample").as_ref().expect("decoded");
    assert_eq!(picture.pixels.first().copied(), Some(egui::Color32::from_gray(14)));
}

#[test]
fn all_controls_fit_in_the_smallest_window() {
    let run = run_folder(&[20, 40]);
    write_sample(run.path(), 20, 99);
    append(run.path(), "quality.csv", "step,context_loss,hole_l1,kid,diversity\n20,0.5,0.5,4.0,0.1\n");
    let (mut window, _) = editor_of_size(1024.0, 700.0);
    follow_until_shown(&mut window, run.path());
    wait_for(&mut window, "the picture", |editor| {
        editor.state.training.followed.as_ref().is_some_and(|run| run.sample(20).is_some())
    });
    window.run_steps(4);
    let before = window.get_by_label("Samples of step 20").rect();
    window.run_steps(8);
    assert_eq!(window.get_by_label("Samples of step 20").rect(), before, "the window must not grow by itself");
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1024.0, 700.0));
    assert!(screen.contains_rect(before), "{before:?}");
    for name in ["Follow", "Choose folder…", "Stop after this step", "Use the best model", "Open folder", "Copy path"]
    {
        let rect = button(&window, name).rect();
        assert!(screen.contains_rect(rect), "{name}: {rect:?}");
    }
    let first_charts = ["Losses:", "Reconstruction:", "D outputs:"];
    for name in first_charts {
        let rect = window.get(By::new().role(Role::Image).label_contains(name)).rect();
        assert!(screen.contains_rect(rect), "{name}: {rect:?}");
    }
}
