//! Numbers of tags (TIFF 6.0, appendix A, where no other source is named).

pub(super) const NEW_SUBFILE_TYPE: u16 = 254;
pub(super) const SUBFILE_TYPE: u16 = 255;
pub(super) const IMAGE_WIDTH: u16 = 256;
pub(super) const IMAGE_LENGTH: u16 = 257;
pub(super) const BITS_PER_SAMPLE: u16 = 258;
pub(super) const COMPRESSION: u16 = 259;
pub(super) const PHOTOMETRIC: u16 = 262;
pub(super) const FILL_ORDER: u16 = 266;
pub(super) const STRIP_OFFSETS: u16 = 273;
pub(super) const ORIENTATION: u16 = 274;
pub(super) const SAMPLES_PER_PIXEL: u16 = 277;
pub(super) const ROWS_PER_STRIP: u16 = 278;
pub(super) const STRIP_BYTE_COUNTS: u16 = 279;
pub(super) const X_RESOLUTION: u16 = 282;
pub(super) const Y_RESOLUTION: u16 = 283;
pub(super) const PLANAR_CONFIGURATION: u16 = 284;
pub(super) const RESOLUTION_UNIT: u16 = 296;
pub(super) const PREDICTOR: u16 = 317;
pub(super) const COLOR_MAP: u16 = 320;
pub(super) const TILE_WIDTH: u16 = 322;
pub(super) const TILE_LENGTH: u16 = 323;
pub(super) const TILE_OFFSETS: u16 = 324;
pub(super) const TILE_BYTE_COUNTS: u16 = 325;
/// Directories below this one (TIFF Technical Note 1, 1995).
pub(super) const SUB_DIRECTORIES: u16 = 330;
pub(super) const INK_SET: u16 = 332;
pub(super) const EXTRA_SAMPLES: u16 = 338;
pub(super) const SAMPLE_FORMAT: u16 = 339;
/// Tables of all JPEG chunks (TIFF Technical Note 2, 1995).
pub(super) const JPEG_TABLES: u16 = 347;
/// Start of an old-style JPEG.
pub(super) const JPEG_INTERCHANGE_FORMAT: u16 = 513;
pub(super) const YCBCR_COEFFICIENTS: u16 = 529;
pub(super) const YCBCR_SUBSAMPLING: u16 = 530;
pub(super) const REFERENCE_BLACK_WHITE: u16 = 532;
/// XMP packet (XMP specification, part 3, section 3.3.1).
pub(super) const XMP: u16 = 700;
/// IPTC-IIM records (as XMP).
pub(super) const IPTC: u16 = 33723;
/// Photoshop's image resources (as XMP).
pub(super) const PHOTOSHOP: u16 = 34377;
/// ICC profile (ICC.1:2022, annex B.4).
pub(super) const ICC_PROFILE: u16 = 34675;
/// Directories of EXIF (CIPA DC-008-2023, section 4.6.3).
pub(super) const EXIF_DIRECTORY: u16 = 34665;
pub(super) const GPS_DIRECTORY: u16 = 34853;
pub(super) const INTEROPERABILITY_DIRECTORY: u16 = 40965;
/// Digital Negative Specification 1.7, chapter 4.
pub(super) const DNG_VERSION: u16 = 50706;
