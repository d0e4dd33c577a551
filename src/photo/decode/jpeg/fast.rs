//! The fast decoder, for the kinds of pictures that it decodes rightly.

use std::io::Cursor;

use image::DynamicImage;
use image::codecs::jpeg::JpegDecoder;

use super::color_model::ColorModel;
use super::frame::{Component, Frame, Process};
use super::picture::Picture;
use crate::catch_panic::catch_panic;

/// The picture as a file of its own: a frame header, tables and scans, no data of programs. `None` when the decoder
/// (zune-jpeg 0.5) cannot be trusted with this kind: scans of single components, for one, come out as noise.
pub(super) fn file_for(picture: &Picture) -> Option<Vec<u8>> {
    let frame = &picture.frame;
    let segments = picture.segments.as_ref()?;
    let has_usual_color = matches!(picture.color, ColorModel::Grey | ColorModel::YCbCr | ColorModel::Rgb);
    let has_usual_scans = match frame.process {
        Process::Progressive => true,
        Process::Sequential => matches!(&picture.scans[..], [scan] if scan.parts.len() == frame.components.len()),
    };
    // It enlarges chroma of 2 columns otherwise than libjpeg.
    let is_narrow = frame.width <= 4;
    if frame.precision != 8
        || is_narrow
        || !has_usual_color
        || !has_usual_scans
        || !has_usual_factors(&frame.components)
    {
        return None;
    }
    let mut file = vec![0xFF, 0xD8];
    if picture.color == ColorModel::Rgb {
        // Adobe's segment with colour transform 0.
        file.extend(b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0");
    }
    file.extend(frame_header(frame)?);
    file.extend(segments.concat());
    file.extend([0xFF, 0xD9]);
    Some(file)
}

/// One component; or chroma of full or half size.
fn has_usual_factors(components: &[Component]) -> bool {
    let [first, others @ ..] = components else { return false };
    let is_usual = first.factors.0 <= 2 && first.factors.1 <= 2;
    is_usual && others.iter().all(|component| component.factors == (1, 1))
}

fn frame_header(frame: &Frame) -> Option<Vec<u8>> {
    let mark = if frame.process == Process::Progressive { 0xC2 } else { 0xC1 };
    let count = u8::try_from(frame.components.len()).ok()?;
    let [h1, h0] = u16::try_from(frame.height).ok()?.to_be_bytes();
    let [w1, w0] = u16::try_from(frame.width).ok()?.to_be_bytes();
    let mut header = vec![0xFF, mark, 0, 8 + 3 * count, frame.precision, h1, h0, w1, w0, count];
    for component in &frame.components {
        let (h, v) = component.factors;
        header.extend([component.id, u8::try_from(h << 4 | v).ok()?, u8::try_from(component.table).ok()?]);
    }
    Some(header)
}

/// The pixels. `None` when the decoder fails.
pub(super) fn decode(file: &[u8], frame: &Frame) -> Option<DynamicImage> {
    let decode = || DynamicImage::from_decoder(JpegDecoder::new(Cursor::new(file)).ok()?).ok();
    let pixels = catch_panic(decode).ok()??;
    ((pixels.width(), pixels.height()) == frame.size()).then_some(pixels)
}
