//! Edits of the tiny model's faces.

use std::sync::Arc;

use super::*;
use crate::model::cpu::CpuPrecision;
use crate::model::gpu::tests::any_gpu;
use crate::model::{LatentDirection, ModelFile, TINY_MODEL};
use crate::search::Preset;
use crate::search::tests::rules::{SIZE_PX, one_sided};

/// Two directions that are neither unit vectors nor orthogonal.
fn directions() -> Vec<LatentDirection> {
    let direction = |name: &str, vector: [f32; 8]| LatentDirection { name: name.to_string(), vector: vector.to_vec() };
    vec![
        direction("smile", [0.2, -0.1, 0.0, 0.1, 0.0, 0.05, 0.0, -0.1]),
        direction("age", [0.1, 0.1, -0.2, 0.0, 0.1, 0.0, 0.1, 0.0]),
    ]
}

fn tiny() -> ModelFile {
    let mut file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
    file.directions = directions();
    file
}

fn tiny_on_cpu() -> Arc<Networks> {
    Arc::new(Networks::load_on_cpu(&tiny(), CpuPrecision::Single).unwrap())
}

fn edited(networks: Arc<Networks>, problem: &SearchProblem, edit: &LatentEdit) -> Search {
    let mut search = Search::new(networks, problem, Preset::Best.settings().for_edit(edit));
    search.start_edited(edit);
    search
}

fn edit(amounts: &[(&str, f32)], other_half: f32) -> LatentEdit {
    let amounts = amounts.iter().map(|(name, amount)| ((*name).to_string(), *amount)).collect();
    LatentEdit { latent: vec![0.1, -0.2, 0.3, 0.0, -0.1, 0.2, 0.05, 0.15], amounts, other_half }
}

fn along(latent: &[f32], direction: &[f32]) -> f32 {
    latent.iter().zip(direction).map(|(a, b)| a * b).sum()
}

#[test]
fn steps_keep_the_moved_attributes_on_every_device() {
    let on_gpu = any_gpu().map(|gpu| Arc::new(Networks::load_on_gpu(&tiny(), &gpu).unwrap()));
    for networks in std::iter::once(tiny_on_cpu()).chain(on_gpu) {
        let edit = edit(&[("smile", 1.5), ("age", -1.0)], 0.0);
        let mut search = edited(networks, &one_sided(), &edit);
        search.advance();
        let start = search.take_iterations().remove(0);
        while !search.is_done() {
            search.advance();
        }
        let end = search.take_iterations().pop().unwrap();
        let expected = |index: usize| {
            let [smile, age] = [&directions()[0].vector, &directions()[1].vector];
            edit.latent[index] + 1.5 * smile[index] - age[index]
        };
        assert!(start.latents.iter().enumerate().all(|(index, value)| (value - expected(index)).abs() < 1e-5));
        for direction in directions() {
            let [from, to] = [&start, &end].map(|iteration| along(&iteration.latents, &direction.vector));
            assert!((from - to).abs() < 1e-4, "{}: {from} {to}", direction.name);
        }
        assert!(end.losses[0].total < start.losses[0].total, "the other values follow the known pixels");
        assert_ne!(start.latents, end.latents);
    }
}

#[test]
fn an_edit_goes_back_until_the_known_pixels_agree() {
    let (networks, problem) = (tiny_on_cpu(), one_sided());
    let finish = |edit: &LatentEdit| {
        let mut search = edited(networks.clone(), &problem, edit);
        while !search.is_done() {
            search.advance();
        }
        let searched = search.best().unwrap();
        search.finish_edit();
        let finished = search.best().unwrap();
        search.finish_edit();
        assert_eq!(search.best().unwrap().latents, finished.latents, "the second time changes nothing");
        (searched, finished)
    };
    // The latent that fits best: every move away from it is a loss.
    let mut fit = edited(networks.clone(), &problem, &edit(&[], 0.0));
    fit.set_steps(200);
    while !fit.is_done() {
        fit.advance();
    }
    let latent = fit.best().unwrap().latents.remove(0);
    let unedited = LatentEdit { latent: latent.clone(), ..LatentEdit::default() };
    let before = finish(&unedited).1.losses[0].context;
    let (searched, finished) = finish(&LatentEdit { latent: latent.clone(), ..edit(&[("smile", 3.0)], 0.0) });
    let [far, near] = [&searched, &finished].map(|best| best.losses[0].context);
    assert!(far > 1.1 * before, "the test needs a harmful edit: {before} {far}");
    assert!(near <= 1.101 * before && near > before, "{before} {near}");
    assert_ne!(finished.latents[0], latent, "not all of it is taken back");
}

fn opposite(pixel: usize) -> usize {
    pixel / SIZE_PX * SIZE_PX + SIZE_PX - 1 - pixel % SIZE_PX
}

#[test]
fn the_hole_gets_the_mirror_images_of_known_pixels() {
    let problem = one_sided();
    let mirrored = problem.mirrored().unwrap();
    let area = SIZE_PX * SIZE_PX;
    let mut compared = 0;
    for pixel in 0..area {
        let is_mirrored = problem.known[pixel] == 0.0 && problem.known[opposite(pixel)] > 0.0;
        let source = if is_mirrored { opposite(pixel) } else { pixel };
        compared += usize::from(is_mirrored);
        assert_eq!(mirrored.known[pixel].to_bits(), problem.known[source].to_bits());
        if mirrored.known[pixel] > 0.0 {
            assert_eq!(mirrored.pixels[area + pixel].to_bits(), problem.pixels[area + source].to_bits());
        }
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn other_half_makes_the_hole_resemble_the_mirror_image() {
    let (networks, problem) = (tiny_on_cpu(), one_sided());
    let mirrored = problem.mirrored().unwrap();
    let area = SIZE_PX * SIZE_PX;
    let difference = |other_half: f32| {
        let mut search = edited(networks.clone(), &problem, &edit(&[], other_half));
        while !search.is_done() {
            search.advance();
        }
        let latent = search.best().unwrap().latents.remove(0);
        let picture = networks.generate(1, &latent, &mut CpuActivations::default());
        let in_hole = (0..area).filter(|pixel| problem.known[*pixel] == 0.0 && mirrored.known[*pixel] > 0.0);
        let of_pixel = |pixel: usize| {
            let channel = |channel: usize| mirrored.pixels[channel * area + pixel] - picture[3 * pixel + channel];
            (0..3).map(|it| channel(it).abs()).sum::<f32>()
        };
        in_hole.map(of_pixel).sum::<f32>()
    };
    let [without, half, with] = [0.0, 0.5, 1.0].map(difference);
    assert!(with < half && half < without, "{without} {half} {with}");
}

#[test]
fn a_hole_on_both_sides_has_no_other_half() {
    let problem = one_sided();
    let known = (0..SIZE_PX * SIZE_PX).map(|pixel| problem.known[pixel].min(problem.known[opposite(pixel)]));
    let problem = SearchProblem { known: known.collect(), ..problem };
    assert!(problem.mirrored().is_none());
    let mut search = edited(tiny_on_cpu(), &problem, &edit(&[], 1.0));
    search.advance();
    assert_eq!(search.take_iterations().remove(0).latents, edit(&[], 1.0).latent);
}

#[test]
fn parallel_directions_are_held_once() {
    let basis = orthonormal_basis(&[vec![3.0, 0.0], vec![-6.0, 0.0], vec![1.0, 2.0]]);
    assert_eq!(basis, [vec![1.0, 0.0], vec![0.0, 1.0]]);
}

#[test]
fn small_edits_take_few_steps() {
    let steps =
        |amounts: &[(&str, f32)], other_half: f32| Preset::Best.settings().for_edit(&edit(amounts, other_half)).steps;
    assert_eq!([steps(&[], 0.0), steps(&[("smile", -0.1)], 0.0), steps(&[], 0.5)], [1, 2, 8]);
    assert_eq!([steps(&[("smile", 0.2), ("age", -1.0)], 0.0), steps(&[("smile", 3.0)], 1.0)], [16, 16]);
}

#[test]
fn amounts_beyond_the_range_are_found() {
    assert!(edit(&[("smile", 3.0)], 1.0).is_in_range() && edit(&[], 0.0).is_empty());
    for edit in [edit(&[("smile", 3.1)], 0.0), edit(&[("smile", f32::NAN)], 0.0), edit(&[], 1.1), edit(&[], -0.1)] {
        assert!(!edit.is_in_range() && !edit.is_empty(), "{edit:?}");
    }
}
