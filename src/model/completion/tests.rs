use super::*;

static SMALL: &[u8] = include_bytes!("../../../assets/fixtures/completion-4.safetensors");
static GOLDEN: &[u8] = include_bytes!("../../../assets/fixtures/completion-4-golden.safetensors");
/// Side of the golden pictures.
const SIDE: usize = 24;

fn golden(name: &str) -> Vec<f32> {
    read_tensors(GOLDEN).unwrap().1[name].values.clone()
}

fn small() -> CompletionNetwork {
    CompletionNetwork::parse(SMALL, &Device::flex()).unwrap()
}

fn redraw(pixels: &[f32]) -> Vec<f32> {
    small().redraw_square(SIDE, pixels, &golden("known"), &golden("coarse"), 16)
}

#[test]
fn pictures_equal_those_of_pytorch() {
    let expected = golden("redrawn");
    // Sums of several hundred f32 products in another order.
    let largest = redraw(&golden("pixels")).iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-4, "{largest}");
}

#[test]
fn hole_pixels_are_not_read_and_known_stay() {
    let (pixels, known) = (golden("pixels"), golden("known"));
    let is_known = |index: usize| known[index % (SIDE * SIDE)] > 0.0;
    let covered =
        (0..pixels.len()).map(|index| if is_known(index) { pixels[index] } else { f32::NAN }).collect::<Vec<_>>();
    let picture = redraw(&covered);
    assert_eq!(picture, redraw(&pixels));
    for (index, value) in picture.into_iter().enumerate() {
        assert!(value.is_finite() && (!is_known(index) || value.to_bits() == pixels[index].to_bits()), "{index}");
    }
}

#[test]
fn the_embedded_network_redraws_hole() {
    let side = CompletionNetwork::SIDE_PX as usize;
    let known: Vec<f32> = (0..side * side).map(|index| f32::from(u8::from(index % side >= side / 2))).collect();
    let coarse = FacePicture::uniform(128, [-0.5; 3]);
    let picture = CompletionNetwork::embedded().redraw(&vec![0.25; 3 * side * side], &known, &coarse);
    assert_eq!((picture.side_px, picture.pixels.len()), (side, side * side));
    assert!(picture.pixels.as_flattened().iter().all(|value| (-1.0..=1.0).contains(value)));
    assert_eq!(picture.pixels[side - 1].map(f32::to_bits), [0.25f32.to_bits(); 3]);
    assert_eq!(CompletionNetwork::embedded().sha256().len(), 64);
}

#[test]
fn wrong_files_are_refused_by_name() {
    let error = |bytes: &[u8]| CompletionNetwork::parse(bytes, &Device::flex()).err().map(|error| error.to_string());
    insta::assert_snapshot!(error(GOLDEN).unwrap(), @"the model's metadata says completion = nothing: this program supports unet-1");
    assert!(error(&SMALL[..100]).unwrap().contains("damaged"));
}

#[test]
fn only_aligned_models_of_128_pixels_qualify() {
    let info = |choice| crate::model::inspect(&choice).unwrap();
    assert!(info(crate::model::ModelChoice::Face128).has_completion());
    assert!(!info(crate::model::ModelChoice::Face64).has_completion());
}
