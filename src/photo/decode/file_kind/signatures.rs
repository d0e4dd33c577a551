//! Kinds that a few bytes at a fixed place tell.

use super::iso_media::FILM;
use super::{CAMERA_RAW, CHOOSE_A_PICTURE, CONVERT_IT, EXPORT_IT, FileKind};

const PHOTOSHOP: FileKind =
    FileKind::photo("a Photoshop document", "save a copy of it as PNG or TIFF in Photoshop, and open that");
const JPEG_2000: FileKind = FileKind::photo("a JPEG 2000 picture", CONVERT_IT);
const JPEG_XL: FileKind = FileKind::photo("a JPEG XL picture", CONVERT_IT);
const JPEG_XR: FileKind = FileKind::photo("a JPEG XR picture", CONVERT_IT);
const GIF: FileKind = FileKind::photo("a GIF", "save the frame you want as PNG and open that");
const EXR: FileKind = FileKind::photo("an OpenEXR picture", "save it as TIFF or PNG with 16 bits, and open that");
const RADIANCE: FileKind =
    FileKind::photo("a Radiance HDR picture", "save it as TIFF or PNG with 16 bits, and open that");
const QOI: FileKind = FileKind::photo("a QOI picture", CONVERT_IT);
const FARBFELD: FileKind = FileKind::photo("a farbfeld picture", CONVERT_IT);
const BPG: FileKind = FileKind::photo("a BPG picture", CONVERT_IT);
const FLIF: FileKind = FileKind::photo("a FLIF picture", CONVERT_IT);
const PCX: FileKind = FileKind::photo("a PCX picture", CONVERT_IT);
const SGI: FileKind = FileKind::photo("an SGI picture", CONVERT_IT);
const SUN_RASTER: FileKind = FileKind::photo("a Sun raster picture", CONVERT_IT);
const MNG: FileKind = FileKind::photo("an MNG or JNG picture", CONVERT_IT);
const TARGA: FileKind = FileKind::photo("a Targa picture", CONVERT_IT);
const DDS: FileKind = FileKind::photo("a DDS texture", CONVERT_IT);
const DICOM: FileKind = FileKind::photo("a DICOM picture", EXPORT_IT);
const FITS: FileKind = FileKind::photo("a FITS picture", EXPORT_IT);
const GIMP: FileKind = FileKind::photo("a GIMP document", "export it as PNG in GIMP, and open that");
const KRITA: FileKind = FileKind::photo("a Krita document", "export it as PNG in Krita, and open that");
const OPEN_RASTER: FileKind = FileKind::photo("an OpenRaster document", EXPORT_IT);
const AFFINITY: FileKind = FileKind::photo("an Affinity document", EXPORT_IT);
const PAINT_NET: FileKind = FileKind::photo("a Paint.NET document", "save it as PNG in Paint.NET, and open that");
const PAINT_SHOP: FileKind = FileKind::photo("a PaintShop Pro document", EXPORT_IT);
const CLIP_STUDIO: FileKind = FileKind::photo("a Clip Studio document", EXPORT_IT);
const PDF: FileKind = FileKind::drawing("a PDF", "export the picture in it as PNG or JPEG, and open that");
const POSTSCRIPT: FileKind = FileKind::drawing("a PostScript or EPS file", "export it as PNG and open that");
const ICON: FileKind = FileKind::drawing("an icon", "save it as PNG and open that");
const METAFILE: FileKind = FileKind::drawing("a Windows metafile", "export it as PNG and open that");
const DJVU: FileKind = FileKind::drawing("a DjVu document", "export the page as PNG and open that");
const ZIP: FileKind =
    FileKind::other("a ZIP archive or an office document", "unpack it, or export the picture in it, and open that");
const ARCHIVE: FileKind = FileKind::other("an archive", "unpack it, and open the picture in it");
const PROGRAM: FileKind = FileKind::other("a program", CHOOSE_A_PICTURE);
const SHORTCUT: FileKind = FileKind::other("a shortcut to a file", "open the file itself");
const APPLE_DOUBLE: FileKind =
    FileKind::other("what macOS stores beside a file", "open the file of the same name without ._ in front");
const PROPERTY_LIST: FileKind = FileKind::other(
    "a property list, as iCloud leaves in place of a file that was not downloaded",
    "download the picture, and open that",
);
const DATABASE: FileKind = FileKind::other("a database", CHOOSE_A_PICTURE);

/// Where the bytes stand, the bytes, and the kind. The first that fits counts.
const SIGNATURES: [(usize, &[u8], FileKind); 74] = [
    (0, b"8BPS", PHOTOSHOP),
    (0, b"GIF8", GIF),
    (0, b"\0\0\0\x0CJXL \r\n\x87\n", JPEG_XL),
    (0, b"\xFF\x0A", JPEG_XL),
    (0, b"\0\0\0\x0CjP  \r\n\x87\n", JPEG_2000),
    (0, b"\xFF\x4F\xFF\x51", JPEG_2000),
    (0, b"II\xBC", JPEG_XR),
    (0, b"FUJIFILMCCD-RAW", CAMERA_RAW),
    (0, b"IIRO", CAMERA_RAW),
    (0, b"IIRS", CAMERA_RAW),
    (0, b"MMOR", CAMERA_RAW),
    (0, b"IIU\0", CAMERA_RAW),
    (0, b"FOVb", CAMERA_RAW),
    (0, b"\0MRM", CAMERA_RAW),
    (6, b"HEAPCCDR", CAMERA_RAW),
    (0, b"\x76\x2F\x31\x01", EXR),
    (0, b"#?RADIANCE", RADIANCE),
    (0, b"#?RGBE", RADIANCE),
    (0, b"qoif", QOI),
    (0, b"farbfeld", FARBFELD),
    (0, b"BPG\xFB", BPG),
    (0, b"FLIF", FLIF),
    (0, b"\x0A\x02\x01", PCX),
    (0, b"\x0A\x03\x01", PCX),
    (0, b"\x0A\x05\x01", PCX),
    (0, b"\x01\xDA\0", SGI),
    (0, b"\x01\xDA\x01", SGI),
    (0, b"\x59\xA6\x6A\x95", SUN_RASTER),
    (0, b"\x8AMNG", MNG),
    (0, b"\x8BJNG", MNG),
    (0, b"DDS ", DDS),
    (128, b"DICM", DICOM),
    (0, b"SIMPLE  =", FITS),
    (0, b"gimp xcf", GIMP),
    (30, b"mimetypeapplication/x-krita", KRITA),
    (30, b"mimetypeimage/openraster", OPEN_RASTER),
    (0, b"\0\xFFKA", AFFINITY),
    (0, b"PDN3", PAINT_NET),
    (0, b"Paint Shop Pro Image File", PAINT_SHOP),
    (0, b"CSFCHUNK", CLIP_STUDIO),
    (0, b"%!PS", POSTSCRIPT),
    (0, b"\xC5\xD0\xD3\xC6", POSTSCRIPT),
    (0, b"\0\0\x01\0", ICON),
    (0, b"icns", ICON),
    (0, b"\xD7\xCD\xC6\x9A", METAFILE),
    (40, b" EMF", METAFILE),
    (0, b"AT&TFORM", DJVU),
    (8, b"AVI ", FILM),
    (8, b"WAVE", FILM),
    (0, b"\x1A\x45\xDF\xA3", FILM),
    (0, b"OggS", FILM),
    (0, b"FLV\x01", FILM),
    (0, b"\0\0\x01\xBA", FILM),
    (0, b"\0\0\x01\xB3", FILM),
    (0, b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", FILM),
    (0, b"ID3", FILM),
    (0, b"\xFF\xFB", FILM),
    (0, b"fLaC", FILM),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", ZIP),
    (0, b"Rar!", ARCHIVE),
    (0, b"7z\xBC\xAF\x27\x1C", ARCHIVE),
    (0, b"\x1F\x8B", ARCHIVE),
    (0, b"\xFD7zXZ", ARCHIVE),
    (0, b"\x28\xB5\x2F\xFD", ARCHIVE),
    (257, b"ustar", ARCHIVE),
    (0, b"MZ", PROGRAM),
    (0, b"\x7FELF", PROGRAM),
    (0, b"\xCF\xFA\xED\xFE", PROGRAM),
    (0, b"\x4C\0\0\0\x01\x14\x02\0", SHORTCUT),
    (0, b"\0\x05\x16\x07", APPLE_DOUBLE),
    (0, b"bplist00", PROPERTY_LIST),
    (0, b"SQLite format 3\0", DATABASE),
];

/// A PDF may have other bytes in front (ISO 32000-1, annex H).
const PDF_SEARCH_BYTES: usize = 1024;

pub(super) fn kind_of(start: &[u8]) -> Option<FileKind> {
    let found = SIGNATURES.iter().find(|(at, bytes, _)| start.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    let is_pdf = || start.windows(5).take(PDF_SEARCH_BYTES).any(|bytes| bytes == b"%PDF-");
    found.map(|(.., kind)| *kind).or_else(|| is_pdf().then_some(PDF)).or_else(|| is_targa(start).then_some(TARGA))
}

/// Kinds that the end of a file tells: newer Targa files.
pub(super) fn kind_at_end(bytes: &[u8]) -> Option<FileKind> {
    bytes.ends_with(b"TRUEVISION-XFILE.\0").then_some(TARGA)
}

/// Whether the 18 bytes of a Targa header have allowed values: it has no signature. Only true colour and grey without a
/// colour map, as programs write them today.
fn is_targa(start: &[u8]) -> bool {
    let Some(&[_, color_map, kind, m0, m1, m2, m3, m4, ..]) = start.first_chunk::<18>() else { return false };
    let (Some(&[w0, w1, h0, h1, depth, flags]), has_no_map) =
        (start.get(12..18).and_then(<[u8]>::first_chunk::<6>), color_map == 0 && [m0, m1, m2, m3, m4] == [0; 5])
    else {
        return false;
    };
    let has_size = u16::from_le_bytes([w0, w1]) > 0 && u16::from_le_bytes([h0, h1]) > 0;
    has_no_map && [2, 3, 10, 11].contains(&kind) && has_size && [8, 16, 24, 32].contains(&depth) && flags & 0xC0 == 0
}
