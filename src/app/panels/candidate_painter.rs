//! Paints the candidates' pictures for the strip, in the background.
//!
//! All pictures go into one image, so that a new preview costs one upload. While a search runs, the painter rests between
//! two paintings, so that they take no noticeable time from the search.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use egui::{Color32, ColorImage, Context};
use image::{DynamicImage, Rgba, RgbaImage};

use crate::catch_panic::catch_panic;
use crate::face_picture::FacePicture;
use crate::job::{CropPreview, FillPlace, lower_thread_priority};

/// Side of a fill in place: the built-in model's, which is enough for a tile at 150 % scale.
pub const IN_PLACE_PX: u32 = 128;

/// Rest after a painting during a search, as a multiple of the time it took: painting takes at most 2 % of the time. On
/// two cores, four fills in place take 25 ms beside a search with steps of 140 ms (light optimisation).
const REST_TIMES: u32 = 49;

/// What to paint. Its pointers are weak, so that the newest request keeps nothing of a closed photo in memory.
#[derive(Clone)]
pub struct PaintRequest {
    /// The generator's pictures, by candidate.
    pub pictures: Vec<Weak<FacePicture>>,
    /// Where the fills are; `None` paints the generator's whole faces.
    pub place: Option<FillPlace>,
    /// A search runs and has more pictures soon.
    pub is_live: bool,
}

/// The pictures of all candidates in one image, row by row.
pub struct CandidateSheet {
    pub image: ColorImage,
    pub grid: SheetGrid,
}

/// The cells of a sheet: one for each candidate, by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SheetGrid {
    pub cell_px: usize,
    pub columns: usize,
    pub rows: usize,
    pub candidates: usize,
}

/// The newest place, prepared for drawing; `None` when the fill cannot be drawn in place.
type PreviewCache = Option<(FillPlace, Option<CropPreview>)>;

/// Paints one sheet at a time. It is asked in every frame, so the next request is always the newest.
#[derive(Default)]
pub struct CandidatePainter {
    /// The newest request whose painting was started.
    newest: Option<PaintRequest>,
    /// Receives the sheet that is being painted, the cache, and how long it took.
    painting: Option<Receiver<(Option<CandidateSheet>, PreviewCache, Duration)>>,
    /// End of the rest after the last painting.
    rested_at: Option<Instant>,
    previews: PreviewCache,
}

impl CandidatePainter {
    /// Requests a sheet, unless it was requested already. While one is painted or the painter rests, the request is
    /// ignored, because the next frame repeats it. Whether the sheet shows whole faces is the user's choice, so a change
    /// of it does not wait for the end of the rest.
    pub fn request(&mut self, context: &Context, request: PaintRequest) {
        let newest = self.newest.as_ref();
        if self.painting.is_some() || newest.is_some_and(|newest| newest.paints_the_same(&request)) {
            return;
        }
        let keeps_the_view = newest.is_some_and(|newest| newest.place.is_some() == request.place.is_some());
        let rest = self.rested_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
        if request.is_live && keeps_the_view && !rest.is_zero() {
            context.request_repaint_after(rest);
            return;
        }
        self.newest = Some(request.clone());
        let (sender, painting) = mpsc::channel();
        let (mut previews, context) = (self.previews.take(), context.clone());
        let spawned = thread::Builder::new().name("candidates".to_owned()).spawn(move || {
            lower_thread_priority();
            let started_at = Instant::now();
            let sheet = catch_panic(|| request.paint(&mut previews)).unwrap_or_else(|reason| {
                tracing::error!("the candidates' pictures could not be painted: {reason}");
                previews = None;
                None
            });
            // Sending fails when the sheet is no longer wanted.
            let _ = sender.send((sheet, previews, started_at.elapsed()));
            context.request_repaint();
        });
        match spawned {
            Ok(_) => self.painting = Some(painting),
            Err(error) => tracing::error!("cannot start the thread that paints the candidates: {error}"),
        }
    }

    /// The newest sheet, unless it was taken already.
    pub fn take_sheet(&mut self) -> Option<CandidateSheet> {
        let (sheet, previews, took) = self.painting.as_ref()?.try_recv().ok()?;
        (self.painting, self.previews) = (None, previews);
        self.rested_at = Some(Instant::now() + took * REST_TIMES);
        sheet
    }

    /// Drops the sheets of all earlier requests.
    pub fn forget(&mut self) {
        (self.newest, self.painting) = (None, None);
    }
}

impl PaintRequest {
    fn paints_the_same(&self, other: &Self) -> bool {
        self.place == other.place && self.pictures.iter().map(Weak::as_ptr).eq(other.pictures.iter().map(Weak::as_ptr))
    }

    /// Paints the sheet. `None` when a picture is gone: then a newer request comes.
    fn paint(&self, previews: &mut PreviewCache) -> Option<CandidateSheet> {
        let pictures = self.pictures.iter().map(Weak::upgrade).collect::<Option<Vec<Arc<FacePicture>>>>()?;
        let preview = self.place.as_ref().and_then(|place| {
            let photo = place.photo.upgrade()?;
            let FillPlace { hole, frame, blend, task, .. } = place;
            let prepare = || {
                if task.is_fill() {
                    CropPreview::new(&photo, hole, frame, blend.mode, IN_PLACE_PX).ok()
                } else {
                    Some(CropPreview::of_face(&photo, hole, frame, *task, IN_PLACE_PX))
                }
            };
            place.clone().get_or_prepare(previews, prepare).as_ref()
        });
        let tile = |picture: &Arc<FacePicture>| match preview {
            Some(preview) => preview.render(picture),
            None => DynamicImage::ImageRgb8(picture.to_rgb8()).into_rgba8(),
        };
        Some(sheet_of(&pictures.iter().map(tile).collect::<Vec<RgbaImage>>()))
    }
}

/// Places square tiles of one size row by row, in a grid as wide as high.
fn sheet_of(tiles: &[RgbaImage]) -> CandidateSheet {
    let cell_px = tiles.first().map_or(0, |tile| tile.width() as usize);
    let columns = (1..=tiles.len()).find(|columns| columns * columns >= tiles.len()).unwrap_or(1);
    let grid = SheetGrid { cell_px, columns, rows: tiles.len().div_ceil(columns), candidates: tiles.len() };
    let mut image = ColorImage::filled([columns * cell_px, grid.rows * cell_px], Color32::TRANSPARENT);
    for (index, tile) in tiles.iter().enumerate() {
        let [left, top] = [index % columns, index / columns].map(|cell| cell * cell_px);
        for (x, y, &Rgba([red, green, blue, alpha])) in tile.enumerate_pixels() {
            image[(left + x as usize, top + y as usize)] = Color32::from_rgba_unmultiplied(red, green, blue, alpha);
        }
    }
    CandidateSheet { image, grid }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::blend::BlendMode;
    use crate::geometry::FaceFrame;
    use crate::mask::Mask;
    use crate::photo::Photo;

    fn grey(value: f32) -> Arc<FacePicture> {
        Arc::new(FacePicture::uniform(2, [value; 3]))
    }

    /// A request for the whole faces of these pictures.
    fn request(pictures: &[Arc<FacePicture>], is_live: bool) -> PaintRequest {
        PaintRequest { pictures: pictures.iter().map(Arc::downgrade).collect(), place: None, is_live }
    }

    fn place(photo: &Arc<Photo>) -> FillPlace {
        let hole = Mask::from_fn(40, 40, |x, y| (15..25).contains(&x) && (15..25).contains(&y));
        FillPlace::new(photo, &hole, FaceFrame::centered(40, 40), BlendMode::None)
    }

    fn photo() -> Arc<Photo> {
        Arc::new(Photo::from_pixels(RgbImage::from_pixel(40, 40, Rgb([200, 100, 50])).into()))
    }

    fn wait_for_sheet(painter: &mut CandidatePainter) -> CandidateSheet {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            assert!(Instant::now() < deadline, "no sheet");
            if let Some(sheet) = painter.take_sheet() {
                return sheet;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_sheet_holds_the_pictures_row_by_row() {
        let tiles = [0, 255, 255].map(|value| RgbaImage::from_pixel(2, 2, Rgba([value, value, value, 255])));
        let CandidateSheet { image, grid } = sheet_of(&tiles);
        assert_eq!((image.size, grid.columns, grid.rows, grid.candidates), ([4, 4], 2, 2, 3));
        let is_light: Vec<bool> = image.pixels.iter().map(|&pixel| pixel == Color32::WHITE).collect();
        let (o, x) = (false, true);
        assert_eq!(is_light, [o, o, x, x, o, o, x, x, x, x, o, o, x, x, o, o]);
    }

    #[test]
    fn the_fill_is_painted_into_the_photo() {
        let (photo, pictures) = (photo(), [grey(-1.0), grey(1.0)]);
        let whole = request(&pictures, false);
        let in_place = PaintRequest { place: Some(place(&photo)), ..whole.clone() };
        let CandidateSheet { image, grid } = in_place.paint(&mut None).expect("the pictures exist");
        let cell_px = grid.cell_px;
        let pixel = |candidate: usize, x: usize, y: usize| image.pixels[y * image.size[0] + candidate * cell_px + x];
        for (candidate, fill) in [(0, Color32::BLACK), (1, Color32::WHITE)] {
            assert_eq!(pixel(candidate, 5, 5), Color32::from_rgb(200, 100, 50), "the photo");
            assert_eq!(pixel(candidate, cell_px / 2, cell_px / 2), fill);
        }
        let whole = whole.paint(&mut None).expect("the pictures exist");
        assert_eq!((whole.grid.cell_px, whole.image.pixels[0]), (2, Color32::BLACK));
    }

    #[test]
    fn only_live_requests_wait_and_the_newest_wins() {
        let (mut painter, context, photo) = (CandidatePainter::default(), Context::default(), photo());
        let pictures = [grey(0.0), grey(0.1), grey(0.2)];
        painter.request(&context, request(&pictures[..1], true));
        painter.request(&context, request(&pictures[..2], true));
        assert_eq!(wait_for_sheet(&mut painter).grid.candidates, 1, "one at a time");
        painter.rested_at = Some(Instant::now() + Duration::from_mins(1));
        painter.request(&context, request(&pictures[..2], true));
        assert!(painter.painting.is_none(), "it rests");
        painter.request(&context, request(&pictures, false));
        assert_eq!(wait_for_sheet(&mut painter).grid.candidates, 3, "the finished fill does not wait");
        let in_place = PaintRequest { place: Some(place(&photo)), ..request(&pictures, true) };
        painter.rested_at = Some(Instant::now() + Duration::from_mins(1));
        painter.request(&context, in_place);
        assert_eq!(wait_for_sheet(&mut painter).grid.cell_px, IN_PLACE_PX as usize, "nor does another view");
        painter.rested_at = Some(Instant::now());
        painter.request(&context, PaintRequest { place: Some(place(&photo)), ..request(&pictures[..1], true) });
        assert_eq!(wait_for_sheet(&mut painter).grid.candidates, 1, "it has rested");
    }

    #[test]
    fn equal_requests_are_painted_once() {
        let (mut painter, context, pictures) = (CandidatePainter::default(), Context::default(), [grey(0.0)]);
        painter.request(&context, request(&pictures, false));
        wait_for_sheet(&mut painter);
        painter.request(&context, request(&pictures, true));
        assert!(painter.painting.is_none());
        let others = [grey(0.0)];
        painter.request(&context, request(&others, false));
        assert!(painter.painting.is_some(), "other pictures");
        painter.forget();
        assert!(painter.take_sheet().is_none());
        painter.request(&context, request(&pictures, false));
        assert_eq!(wait_for_sheet(&mut painter).grid.candidates, 1);
    }

    #[test]
    fn a_closed_photo_does_not_stay_in_memory() {
        let (mut painter, photo, pictures) = (CandidatePainter::default(), photo(), [grey(0.0)]);
        let in_place = PaintRequest { place: Some(place(&photo)), ..request(&pictures, false) };
        painter.request(&Context::default(), in_place);
        wait_for_sheet(&mut painter);
        assert_eq!((Arc::strong_count(&photo), Arc::strong_count(&pictures[0])), (1, 1));
    }
}
