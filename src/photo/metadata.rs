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
}

/// Pixels per metre, or only the ratio of a pixel's sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelDensity {
    pub x: u32,
    pub y: u32,
    /// Whether the numbers are pixels per metre. Otherwise only their ratio has a meaning.
    pub is_per_metre: bool,
}

/// The values of the PNG chunks `gAMA`, `cHRM`, `sRGB` and `cICP`, in their units.
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
}
