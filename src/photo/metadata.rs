//! What a photo file says besides its pixels.

/// Metadata of a photo. After opening it is adapted to upright pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhotoMetadata {
    /// The embedded ICC profile. Exported unchanged.
    pub icc_profile: Option<Vec<u8>>,
    /// The EXIF block, without a marker in front.
    pub exif: Option<Vec<u8>>,
    /// The XMP packet.
    pub xmp: Option<Vec<u8>>,
    /// IPTC-IIM records: captions, keywords and rights as older programs write them.
    pub iptc: Option<Vec<u8>>,
    /// The print size of a pixel.
    pub density: Option<PixelDensity>,
    /// The colour space as a PNG tells it without a profile.
    pub color_encoding: ColorEncoding,
    /// What people and programs wrote into a PNG: title, author, comment and the like; and a JPEG's comments.
    pub texts: Vec<PhotoText>,
}

/// A text as a PNG has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoText {
    /// 1 to 79 characters of Latin-1, such as `Author`.
    pub keyword: String,
    pub text: String,
}

/// Pixels per metre, or only the ratio of a pixel's sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelDensity {
    pub x: u32,
    pub y: u32,
    /// Whether the numbers are pixels per metre. Otherwise only their ratio has a meaning.
    pub is_per_metre: bool,
}

/// The values of the PNG chunks `gAMA`, `cHRM`, `sRGB`, `cICP`, `mDCV` and `cLLI`, in their units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColorEncoding {
    /// Times 100,000.
    pub gamma: Option<u32>,
    /// White, red, green and blue, each x and y; times 100,000.
    pub chromaticities: Option<[u32; 8]>,
    /// The rendering intent.
    pub srgb_intent: Option<u8>,
    /// Primaries, transfer function, matrix, full range (ITU-T H.273).
    pub cicp: Option<[u8; 4]>,
    /// The display on which the photo was made: the chunk `mDCV`.
    pub mastering_display: Option<[u8; 24]>,
    /// The brightest pixel and the brightest average, times 10,000, in cd/m²: the chunk `cLLI`.
    pub content_light: Option<[u32; 2]>,
}

/// An inch in metres.
const INCH: f64 = 0.0254;

impl PixelDensity {
    /// From pixels per inch. `None` when a value is not positive, or too large for a file.
    pub(super) fn per_inch(x: f64, y: f64) -> Option<Self> {
        Some(Self { x: whole(x / INCH)?, y: whole(y / INCH)?, is_per_metre: true })
    }

    /// From pixels per centimetre. `None` as for [`Self::per_inch`].
    pub(super) fn per_centimetre(x: f64, y: f64) -> Option<Self> {
        Some(Self { x: whole(x * 100.0)?, y: whole(y * 100.0)?, is_per_metre: true })
    }

    /// The print size after a quarter turn.
    pub(super) fn turned(self) -> Self {
        Self { x: self.y, y: self.x, ..self }
    }

    /// Only the ratio of a pixel's sides. `None` for squares, because that says nothing.
    pub(super) fn ratio(x: u32, y: u32) -> Option<Self> {
        (x != y && x > 0 && y > 0).then_some(Self { x, y, is_per_metre: false })
    }
}

/// The nearest whole number from 1 to 2³¹ − 1, the largest that a PNG chunk holds.
fn whole(value: f64) -> Option<u32> {
    let value = value.round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (1.0..f64::from(i32::MAX)).contains(&value).then_some(value as u32)
}
