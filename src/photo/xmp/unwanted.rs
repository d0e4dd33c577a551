//! Properties that an exported photo must not have: they hold a picture of the old face, or tell of data behind the
//! photo in its file, which do not go along: gain maps, depth maps, films.

use super::namespace::{XMP, XMP_NOTE};

/// Namespaces that are left out as a whole, by their starts.
const NAMESPACES: [&str; 13] = [
    // A picture in base64, with its format and size. Thumbnails consist of it.
    "http://ns.adobe.com/xap/1.0/g/img/",
    // Gain maps of Adobe (ISO 21496-1) and Apple.
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    // Depth maps and other pictures that belong to one.
    "http://ns.apple.com/depthData/1.0/",
    "http://ns.apple.com/pixeldatainfo/1.0/",
    // The picture for the other eye, or before the blur; the depth map; the list of what is behind the photo.
    "http://ns.google.com/photos/1.0/image/",
    "http://ns.google.com/photos/1.0/depthmap/",
    "http://ns.google.com/photos/1.0/focus/",
    "http://ns.google.com/photos/1.0/container/",
    // "Dynamic depth": all of the above.
    "http://ns.google.com/photos/dd/1.0/",
    // Motion photos, depth maps and undone edits of Xiaomi, Oppo and Vivo.
    "http://ns.xiaomi.com/photos/1.0/camera/",
    "http://ns.oplus.com/photos/1.0/camera/",
    "http://ns.vivo.com/photos/1.0/camera/",
];

const GOOGLE_CAMERA: &str = "http://ns.google.com/photos/1.0/camera/";
/// Films behind the photo, by the starts of names; and encrypted records of the camera program, which hold the picture
/// at several stages of its making (`Image::ExifTool::Google`).
const GOOGLE_CAMERA_NAMES: [&str; 5] =
    ["MotionPhoto", "MicroVideo", "hdrp_makernote", "HdrPlusMakernote", "shot_log_data"];

/// Whether a property is left out.
pub(super) fn is_unwanted(namespace: &str, name: &str) -> bool {
    NAMESPACES.iter().any(|start| namespace.starts_with(start))
        || namespace == GOOGLE_CAMERA && GOOGLE_CAMERA_NAMES.iter().any(|start| name.starts_with(start))
        || (namespace, name) == (XMP, "Thumbnails")
        // An extended packet has become part of this one, or is missing.
        || (namespace, name) == (XMP_NOTE, "HasExtendedXMP")
}
