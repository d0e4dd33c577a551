//! Paints the candidates' pictures for the strip, on a thread of its own.
//!
//! All pictures go into one image, so that a new preview costs one upload. A newer request replaces one that waits. While
//! a search runs, the thread rests between two paintings, so that they take no noticeable time from the search.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use egui::{Color32, ColorImage, Context};
use image::{DynamicImage, Rgba, RgbaImage};

use crate::blend::BlendMode;
use crate::catch_panic::catch_panic;
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::job::{CropPreview, lower_thread_priority};
use crate::mask::Mask;
use crate::photo::Photo;

/// Side of a fill in place: the built-in model's, which is enough for a tile at 150 % scale.
pub const IN_PLACE_PX: u32 = 128;

/// Rest after a painting during a search, as a multiple of the time it took: painting takes at most 2 % of the time. On
/// two cores, four fills in place take 25 ms beside a search with steps of 140 ms (light optimisation).
const REST_TIMES: u32 = 49;

/// What to paint. It shares everything with the state, so it is cheap to make.
#[derive(Clone)]
pub struct PaintRequest {
    /// The generator's pictures, by candidate.
    pub pictures: Vec<Arc<FacePicture>>,
    /// Where the fills are; `None` paints the generator's whole faces.
    pub place: Option<FillPlace>,
    /// A search runs and has more pictures soon.
    pub is_live: bool,
}

/// The hole of a fill, and how the fill is blended into it.
#[derive(Clone)]
pub struct FillPlace {
    pub photo: Arc<Photo>,
    pub hole: Mask,
    pub frame: FaceFrame,
    pub mode: BlendMode,
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

/// The newest sheet with the id of its request, until it is taken.
type NewestSheet = Arc<Mutex<Option<(u64, CandidateSheet)>>>;

/// Sends requests to the thread, which starts with the first one, and receives its sheets.
#[derive(Default)]
pub struct CandidatePainter {
    requests: Option<mpsc::Sender<(u64, PaintRequest)>>,
    newest_sheet: NewestSheet,
    newest_key: Option<RequestKey>,
    newest_id: u64,
    /// Sheets of requests up to this one belong to another fill.
    last_obsolete_id: u64,
}

impl CandidatePainter {
    /// Requests a sheet, unless the newest request asked for the same. Whether the sheet shows whole faces is the user's
    /// choice, so that a change of it does not wait.
    pub fn request(&mut self, context: &Context, mut request: PaintRequest) {
        let key = RequestKey::new(&request);
        request.is_live &= self.newest_key.as_ref().is_some_and(|newest| newest.place.is_some() == key.place.is_some());
        if self.newest_key.as_ref().is_some_and(|newest| newest.matches(&key)) {
            return;
        }
        self.newest_key = Some(key);
        self.newest_id += 1;
        let requests =
            self.requests.get_or_insert_with(|| start_thread(context.clone(), Arc::clone(&self.newest_sheet)));
        // Sending fails only when the thread could not be started, which the log says.
        let _ = requests.send((self.newest_id, request));
    }

    /// The newest sheet, unless it was taken already.
    pub fn take_sheet(&self) -> Option<CandidateSheet> {
        let newest = self.newest_sheet.lock().unwrap_or_else(PoisonError::into_inner).take();
        newest.filter(|(id, _)| *id > self.last_obsolete_id).map(|(_, sheet)| sheet)
    }

    /// Drops the sheets of all earlier requests.
    pub fn forget(&mut self) {
        self.newest_key = None;
        self.last_obsolete_id = self.newest_id;
    }
}

/// The inputs of a sheet, to compare them. Weak pointers, so that a closed photo does not stay in memory.
struct RequestKey {
    pictures: Vec<Weak<FacePicture>>,
    place: Option<PlaceKey>,
}

struct PlaceKey {
    photo: Weak<Photo>,
    hole: Mask,
    frame: FaceFrame,
    mode: BlendMode,
}

impl RequestKey {
    fn new(request: &PaintRequest) -> Self {
        let pictures = request.pictures.iter().map(Arc::downgrade).collect();
        Self { pictures, place: request.place.as_ref().map(PlaceKey::new) }
    }

    fn matches(&self, other: &Self) -> bool {
        self.pictures.iter().map(Weak::as_ptr).eq(other.pictures.iter().map(Weak::as_ptr))
            && match (&self.place, &other.place) {
                (Some(a), Some(b)) => a.matches(b),
                (a, b) => a.is_none() && b.is_none(),
            }
    }
}

impl PlaceKey {
    fn new(place: &FillPlace) -> Self {
        let FillPlace { photo, hole, frame, mode } = place;
        Self { photo: Arc::downgrade(photo), hole: hole.clone(), frame: *frame, mode: *mode }
    }

    fn matches(&self, other: &Self) -> bool {
        self.photo.ptr_eq(&other.photo)
            && self.hole == other.hole
            && (self.frame, self.mode) == (other.frame, other.mode)
    }
}

fn start_thread(context: Context, newest_sheet: NewestSheet) -> mpsc::Sender<(u64, PaintRequest)> {
    let (sender, requests) = mpsc::channel();
    let spawned = std::thread::Builder::new().name("candidates".to_owned()).spawn(move || {
        lower_thread_priority();
        let mut place = PlaceCache::default();
        let mut rested_at = Instant::now();
        while let Some((id, request)) = next_request(&requests, rested_at) {
            let started_at = Instant::now();
            match catch_panic(|| place.paint(&request)) {
                Ok(sheet) => {
                    *newest_sheet.lock().unwrap_or_else(PoisonError::into_inner) = Some((id, sheet));
                    context.request_repaint();
                }
                Err(reason) => {
                    tracing::error!("the candidates' pictures could not be painted: {reason}");
                    place = PlaceCache::default();
                }
            }
            let finished_at = Instant::now();
            rested_at = finished_at + (finished_at - started_at) * REST_TIMES;
        }
    });
    if let Err(error) = spawned {
        tracing::error!("cannot start the thread that paints the candidates: {error}");
    }
    sender
}

/// Waits for a request, and takes the newest. A live one waits until `rested_at`. `None` when the editor closes.
fn next_request(requests: &mpsc::Receiver<(u64, PaintRequest)>, rested_at: Instant) -> Option<(u64, PaintRequest)> {
    let mut newest = requests.recv().ok()?;
    loop {
        newest = requests.try_iter().fold(newest, replaced_by);
        let wait = rested_at.saturating_duration_since(Instant::now());
        if wait.is_zero() || !newest.1.is_live {
            return Some(newest);
        }
        match requests.recv_timeout(wait) {
            Ok(newer) => newest = replaced_by(newest, newer),
            Err(RecvTimeoutError::Timeout) => return Some(newest),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// The newer of two requests, which waits only if the older one did.
fn replaced_by((_, older): (u64, PaintRequest), (id, newer): (u64, PaintRequest)) -> (u64, PaintRequest) {
    (id, PaintRequest { is_live: older.is_live && newer.is_live, ..newer })
}

/// The newest place, prepared for drawing; `None` when the fill cannot be drawn in place.
#[derive(Default)]
struct PlaceCache(Option<(PlaceKey, Option<CropPreview>)>);

impl PlaceCache {
    fn paint(&mut self, request: &PaintRequest) -> CandidateSheet {
        let preview = request.place.as_ref().and_then(|place| self.preview(place));
        let tile = |picture: &Arc<FacePicture>| match preview {
            Some(preview) => preview.render(picture),
            None => DynamicImage::ImageRgb8(picture.to_rgb8()).into_rgba8(),
        };
        let tiles: Vec<RgbaImage> = request.pictures.iter().map(tile).collect();
        sheet_of(&tiles)
    }

    fn preview(&mut self, place: &FillPlace) -> Option<&CropPreview> {
        let key = PlaceKey::new(place);
        let cached = self.0.take().filter(|(cached_key, _)| cached_key.matches(&key));
        let (_, preview) = self.0.insert(cached.unwrap_or_else(|| {
            let FillPlace { photo, hole, frame, mode } = place;
            (key, CropPreview::new(photo, hole, frame, *mode, IN_PLACE_PX).ok())
        }));
        preview.as_ref()
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
    use std::time::Duration;

    use image::{Rgb, RgbImage};

    use super::*;

    fn grey(value: f32) -> Arc<FacePicture> {
        Arc::new(FacePicture::uniform(2, [value; 3]))
    }

    fn request(is_live: bool) -> (u64, PaintRequest) {
        (u64::from(is_live), PaintRequest { pictures: vec![grey(0.0)], place: None, is_live })
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
        let photo = Arc::new(Photo::from_pixels(RgbImage::from_pixel(40, 40, Rgb([200, 100, 50])).into()));
        let hole = Mask::from_fn(40, 40, |x, y| (15..25).contains(&x) && (15..25).contains(&y));
        let place = FillPlace { photo, hole, frame: FaceFrame::centered(40, 40), mode: BlendMode::None };
        let pictures = vec![grey(-1.0), grey(1.0)];
        let in_place = PaintRequest { pictures, place: Some(place), is_live: false };
        let CandidateSheet { image, grid } = PlaceCache::default().paint(&in_place);
        let cell_px = grid.cell_px;
        let pixel = |candidate: usize, x: usize, y: usize| image.pixels[y * image.size[0] + candidate * cell_px + x];
        for (candidate, fill) in [(0, Color32::BLACK), (1, Color32::WHITE)] {
            assert_eq!(pixel(candidate, 5, 5), Color32::from_rgb(200, 100, 50), "the photo");
            assert_eq!(pixel(candidate, cell_px / 2, cell_px / 2), fill);
        }
        let whole = PlaceCache::default().paint(&PaintRequest { place: None, ..in_place });
        assert_eq!((whole.grid.cell_px, whole.image.pixels[0]), (2, Color32::BLACK));
    }

    #[test]
    fn only_live_requests_wait_and_the_newest_wins() {
        let (sender, requests) = mpsc::channel();
        let rested_at = Instant::now() + Duration::from_mins(1);
        sender.send(request(true)).expect("open");
        sender.send(request(false)).expect("open");
        assert_eq!(next_request(&requests, rested_at).expect("open").0, 0, "the finished fill does not wait");
        sender.send(request(false)).expect("open");
        sender.send(request(true)).expect("open");
        assert_eq!(next_request(&requests, rested_at).expect("open").0, 1, "nor do newer pictures in its place");
        sender.send(request(true)).expect("open");
        let sent_at = Instant::now();
        assert_eq!(next_request(&requests, sent_at + Duration::from_millis(20)).expect("open").0, 1);
        assert!(sent_at.elapsed() >= Duration::from_millis(20));
        drop(sender);
        assert!(next_request(&requests, rested_at).is_none());
    }

    #[test]
    fn equal_requests_are_sent_once() {
        let (mut painter, context) = (CandidatePainter::default(), Context::default());
        let (_, first) = request(false);
        painter.request(&context, first.clone());
        painter.request(&context, PaintRequest { is_live: true, ..first.clone() });
        assert_eq!(painter.newest_id, 1);
        painter.request(&context, request(false).1);
        assert_eq!(painter.newest_id, 2, "other pictures");
        painter.forget();
        let deadline = Instant::now() + Duration::from_secs(10);
        painter.request(&context, first);
        let sheet = loop {
            assert!(Instant::now() < deadline, "no sheet");
            if let Some(sheet) = painter.take_sheet() {
                break sheet;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        assert_eq!((painter.newest_id, sheet.grid.candidates), (3, 1));
    }
}
