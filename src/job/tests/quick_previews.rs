//! Quick previews (first guesses and mixes), and fills that start at a latent.

use super::*;

pub(super) fn draw_preview(request: &FillRequest) -> Result<Option<QuickPreview>, FillError> {
    crate::job::quick_preview::draw_quick_preview(&mut NetworkCache::default(), &mut None, 1, request)
}

/// Equal up to rounding: another batch size changes sums of a few thousand values near 1 by some ulps.
pub(super) fn assert_near(a: &Candidate, b: &Candidate) {
    const TOLERANCE: f32 = 1e-4;
    let losses = |candidate: &Candidate| [candidate.losses.context, candidate.losses.prior, candidate.losses.total];
    let values = |candidate: &Candidate| losses(candidate).into_iter().chain(candidate.picture.to_planes());
    let largest = values(a).zip(values(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < TOLERANCE, "{largest}: {:?} and {:?}", a.losses, b.losses);
}

fn embedded_model_request() -> FillRequest {
    FillRequest { model: ModelChoice::Face64, ..request() }
}

#[test]
fn search_starts_at_the_first_guess() {
    let request = request();
    let guess = draw_preview(&request.clone().into_first_guess()).unwrap().expect("the model has an encoder");
    let one_step = FillRequest { settings: Settings { steps: 1, noise: 0.0, ..request.settings }, ..request };
    let outcome = fill(&one_step, &mut RecordingObserver::default()).unwrap();
    assert_eq!(guess.candidate.latent, outcome.candidates[0].latent, "the first candidate starts at the guess");
    assert!(!guess.candidate.is_mix && guess.patch.rgba.chunks(4).any(|pixel| pixel[3] == 255));
}

#[test]
fn hole_pixels_do_not_change_the_first_guess() {
    let clean = request();
    let mut pixels = clean.photo.pixels.to_rgb8();
    for (x, y, pixel) in pixels.enumerate_pixels_mut() {
        if clean.hole.is_hole(x, y) {
            *pixel = Rgb([255, 0, 9]);
        }
    }
    let other = FillRequest { photo: Arc::new(Photo::from_pixels(pixels.into())), ..clean.clone() };
    let [clean, other] = [clean, other].map(|request| draw_preview(&request.into_first_guess()).unwrap().unwrap());
    assert_eq!((clean.candidate, clean.patch), (other.candidate, other.patch));
}

#[test]
fn small_holes_are_previewed_with_full_detail() {
    let mut request = embedded_model_request();
    request.photo = Arc::new(photo(300, 280));
    request.hole = painted_dot(300, 280, [150.0, 140.0]);
    request.frame = FaceFrame::centered(300, 280);
    request.blend = crate::blend::Blend::default();
    let preview = draw_preview(&request.clone().into_first_guess()).unwrap().unwrap();
    let FillRequest { photo, hole, frame, blend, .. } = &request;
    let composer = crate::blend::Composer::new(photo, hole, frame, *blend, None);
    assert_eq!(*preview.patch, composer.render(&preview.candidate.picture));
}

#[test]
fn first_guesses_are_redrawn_but_no_mixes() {
    let mut request = FillRequest { model: ModelChoice::Face128, ..request() };
    request.blend.completion = true;
    let guess = draw_preview(&request.clone().into_first_guess()).unwrap().unwrap();
    let mix = draw_preview(&request.clone().into_latent_drawing(guess.candidate.latent.clone())).unwrap().unwrap();
    let FillRequest { photo, hole, frame, blend, .. } = &request;
    let composer = crate::blend::Composer::new(photo, hole, frame, *blend, None);
    let model = crate::model::inspect(&request.model).unwrap();
    let redrawn = picture_to_blend(photo, hole, frame, *blend, &model, &guess.candidate.picture);
    assert_eq!(*guess.patch, composer.render(&redrawn));
    assert_eq!(*mix.patch, composer.render(&mix.candidate.picture));
    assert_ne!(guess.patch, mix.patch);
}

#[test]
fn drawing_a_latent_equals_a_one_step_fill() {
    let outcome = fill(&request(), &mut RecordingObserver::default()).unwrap();
    let latent: Vec<f32> = outcome.candidates[0]
        .latent
        .iter()
        .zip(&outcome.candidates[1].latent)
        .map(|(a, b)| 0.3 * a + 0.7 * b)
        .collect();
    let drawing = request().into_latent_drawing(latent.clone());
    let preview = draw_preview(&drawing).unwrap().unwrap().candidate;
    assert!(preview.is_mix && preview.latent == latent);
    let again = fill(&drawing, &mut RecordingObserver::default()).unwrap();
    assert_eq!((again.steps, again.evaluations), (1, 1));
    assert_eq!(Candidate { is_mix: true, ..again.candidates[0].clone() }, preview);
}

#[test]
fn start_latents_must_fit_the_model() {
    for start in [SearchStart::At(vec![0.0; 7]), SearchStart::Around(vec![0.0; 7]), SearchStart::Around(vec![2.0; 8])] {
        let error = fill(&FillRequest { start, ..request() }, &mut RecordingObserver::default()).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"the start latents do not fit tiny-16: choose the model that they were found with");
        }
    }
}

/// A request for variations of the best latent of a plain search.
fn variations_request(seed: u64) -> (Vec<f32>, FillRequest) {
    let found = fill(&request(), &mut RecordingObserver::default()).unwrap();
    let latent = found.candidates[found.best].latent.clone();
    let settings = Settings { seed, ..found.settings.for_variations() };
    (latent.clone(), FillRequest { settings, start: SearchStart::Around(latent), ..request() })
}

#[test]
fn variations_differ_and_repeat_with_the_seed() {
    let (latent, request) = variations_request(7);
    let outcome = fill(&request, &mut RecordingObserver::default()).unwrap();
    assert_eq!((outcome.candidates.len(), &outcome.start), (4, &request.start));
    for (index, candidate) in outcome.candidates.iter().enumerate() {
        assert_ne!(candidate.latent, latent, "the start latent does not count");
        assert!(outcome.candidates[..index].iter().all(|other| other.latent != candidate.latent));
    }
    assert_eq!(fill(&request, &mut RecordingObserver::default()).unwrap().candidates, outcome.candidates);
    let other_seed = fill(&variations_request(8).1, &mut RecordingObserver::default()).unwrap();
    assert_ne!(other_seed.candidates, outcome.candidates);
}

#[test]
fn variations_are_the_ends_of_the_trajectories() {
    let (_, request) = variations_request(7);
    let outcome = fill(&request, &mut RecordingObserver::default()).unwrap();
    for candidate in &outcome.candidates {
        let preview = draw_preview(&request.clone().into_latent_drawing(candidate.latent.clone())).unwrap().unwrap();
        assert_near(&preview.candidate, candidate);
    }
}

#[test]
fn newest_preview_is_drawn_unless_a_fill_runs() {
    let test_worker = TestWorker::new();
    // Both are sent before the thread can have loaded the model.
    test_worker.worker.send(WorkerCommand::QuickPreview(1, Box::new(request().into_first_guess())));
    test_worker.worker.send(WorkerCommand::QuickPreview(2, Box::new(request().into_first_guess())));
    let wait_for = |id: QuickPreviewId| {
        test_worker
            .wait_for(|event| matches!(event, WorkerEvent::QuickPreview(preview) if preview.id == id).then_some(()));
    };
    wait_for(2);
    test_worker.start_long(1);
    test_worker.wait_for_progress();
    test_worker.worker.send(WorkerCommand::QuickPreview(3, Box::new(request().into_first_guess())));
    test_worker.worker.send(WorkerCommand::QuickPreview(4, Box::new(request().into_first_guess())));
    test_worker.worker.send(WorkerCommand::Cancel);
    test_worker.wait_for_outcome(1);
    test_worker.worker.send(WorkerCommand::QuickPreview(5, Box::new(request().into_first_guess())));
    wait_for(5);
}

#[test]
fn failed_preview_says_why() {
    let test_worker = TestWorker::new();
    let broken = FillRequest { model: ModelChoice::File("no/such.safetensors".into()), ..request() };
    test_worker.worker.send(WorkerCommand::QuickPreview(9, Box::new(broken.into_first_guess())));
    let message = test_worker.wait_for(|event| match event {
        WorkerEvent::QuickPreviewFailed { id: 9, message } => Some(message),
        _ => None,
    });
    assert!(message.contains("no/such.safetensors"), "{message}");
}

#[test]
fn candidates_are_ranked_by_loss_nan_last() {
    let mut outcome = fill(&request(), &mut RecordingObserver::default()).unwrap();
    let found = outcome.candidates[0].clone();
    let with_total = |total: f32| Candidate { losses: Losses { total, context: total, prior: 0.0 }, ..found.clone() };
    outcome.candidates = [f32::NAN, 0.3, f32::INFINITY, 0.1].map(with_total).to_vec();
    assert_eq!(outcome.ranked_candidates(), [3, 1, 2, 0]);
    let mix = with_total(0.2);
    let index = outcome.store_mix(mix.clone(), None);
    assert_eq!((index, outcome.searched_count(), outcome.best), (4, 4, 3));
    let better = Candidate { losses: Losses { total: 0.05, ..mix.losses }, ..mix };
    assert_eq!(outcome.store_mix(better.clone(), Some(4)), 4);
    assert_eq!((outcome.candidates.len(), outcome.best), (5, 4));
    assert_eq!(outcome.store_mix(better, Some(1)), 5, "a candidate of the search is not replaced");
}
