mod broken;
mod layouts;
mod metadata;
mod pages;
mod test_file;

use image::DynamicImage;

use super::*;
use test_file::{Field, Form, TestPage, write};

const FORMS: [Form; 4] = [
    Form { is_big_tiff: false, is_big_endian: false },
    Form { is_big_tiff: false, is_big_endian: true },
    Form { is_big_tiff: true, is_big_endian: false },
    Form { is_big_tiff: true, is_big_endian: true },
];

fn opened(bytes: &[u8]) -> DecodedFile {
    decode(bytes, DecodeLimits::default()).unwrap()
}

/// The pixels of a file with one page.
fn pixels(page: TestPage) -> DynamicImage {
    opened(&write(Form::default(), &[page])).pixels
}

/// The message for a file with one page.
fn refusal(page: TestPage) -> String {
    message(&write(Form::default(), &[page]))
}

fn message(bytes: &[u8]) -> String {
    decode(bytes, DecodeLimits::default()).err().expect("refused").to_string()
}

/// Different values for the bytes of a picture.
fn varied(count: usize) -> Vec<u8> {
    (0..count).map(|index| u8::try_from(index * 37 % 251).unwrap()).collect()
}

fn rgb(width: u32, height: u32, samples: Vec<u8>) -> DynamicImage {
    image::RgbImage::from_raw(width, height, samples).unwrap().into()
}

fn grey(width: u32, height: u32, samples: Vec<u8>) -> DynamicImage {
    image::GrayImage::from_raw(width, height, samples).unwrap().into()
}
