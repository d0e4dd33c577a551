use proptest::prelude::*;

use super::namespace::XMP;
use super::*;
use crate::photo::embedded_picture::tests::{holds_picture, old_face_base64};

const URL: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/// A packet with one description that has these attributes and elements.
fn packet(attributes: &str, elements: &str) -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
         <rdf:RDF xmlns:rdf=\"{RDF}\">\n <rdf:Description rdf:about=\"uuid:7\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:tiff=\"{TIFF}\" xmlns:xmp=\"{XMP}\" xmlns:iptc=\"{IPTC_EXTENSION}\"{attributes}>{elements}</rdf:Description>\n\
         </rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>"
    )
}

const CREATOR: &str = "<dc:creator><rdf:Seq><rdf:li>Ann &amp; \"Bob\" > Carl</rdf:li></rdf:Seq></dc:creator>";

fn merged(packet: &str) -> String {
    with_source_type(Some(packet.as_bytes()), URL)
}

/// Values of the digital source type in a packet. An older value must not stay beside the new one.
fn source_types(packet: &str) -> Vec<String> {
    let readable = ReadablePacket::find(packet).unwrap();
    readable.read(|packet| packet.values(IPTC_EXTENSION, SOURCE_TYPE).into_iter().map(str::to_owned).collect()).unwrap()
}

/// Made upright without a turn.
fn cleaned(packet: &str) -> String {
    String::from_utf8(make_upright(packet.as_bytes(), None)).unwrap()
}

#[test]
fn missing_packet_is_created() {
    let new = with_source_type(None, URL);
    assert_eq!(source_types(&new), [URL]);
    assert!(new.starts_with("<?xpacket begin=\"\u{feff}\"") && new.ends_with("<?xpacket end=\"r\"?>"), "{new}");
}

#[test]
fn added_description_leaves_the_rest_unchanged() {
    let before = packet(" tiff:Make=\"Leica\"", CREATOR);
    let after = merged(&before);
    let (head, tail) = before.split_at(before.rfind("</rdf:RDF>").unwrap());
    assert!(after.starts_with(head) && after.ends_with(tail), "{after}");
    assert_eq!(source_types(&after), [URL]);
    assert!(after[head.len()..].contains(" rdf:about=\"uuid:7\""), "about the same picture: {after}");
}

#[test]
fn older_source_type_is_replaced() {
    let attribute = packet(" iptc:DigitalSourceType='http://example.org/camera' dc:format=\"image/png\"", CREATOR);
    let element = packet("", &format!("{CREATOR}<iptc:DigitalSourceType>camera</iptc:DigitalSourceType>"));
    for before in [attribute, element] {
        let after = merged(&before);
        assert_eq!(source_types(&after), [URL]);
        assert!(!after.contains("camera") && after.contains(CREATOR), "{after}");
    }
}

#[test]
fn adding_the_source_type_twice_changes_nothing() {
    let once = merged(&packet("", CREATOR));
    assert_eq!(merged(&once), once);
}

#[test]
fn nested_and_foreign_properties_stay() {
    let nested =
        "<dc:relation rdf:parseType=\"Resource\"><iptc:DigitalSourceType>kept</iptc:DigitalSourceType></dc:relation>";
    assert!(merged(&packet("", nested)).contains(nested));
    let other = packet(" dc:DigitalSourceType=\"kept\"", "");
    assert!(merged(&other).contains(" dc:DigitalSourceType=\"kept\""));
}

#[test]
fn tags_in_comments_and_cdata_are_ignored() {
    let odd = format!("<!-- </rdf:RDF> --><dc:title><![CDATA[</rdf:RDF><iptc:x]]></dc:title>{CREATOR}<dc:a/><dc:b\n/>");
    let before = packet("\n\tdc:format = 'a>b'", &odd);
    let after = merged(&before);
    assert_eq!(source_types(&after), [URL]);
    assert!(after.contains(&odd));
}

/// A whole packet of Anna's, as text.
fn annas_packet() -> String {
    packet(" xmp:Rating=\"5\"", "<dc:rights>Anna owns this</dc:rights>")
}

#[test]
fn packets_that_are_nearly_xml_are_edited() {
    let good = annas_packet();
    let end = "\n<?xpacket end=\"w\"?>";
    let strange = [
        ("leftovers", format!("{good}</rdf:li></rdf:Bag></rdf:RDF></x:xmpmeta>{end}")),
        ("leftovers without an end mark", good.replace(end, "</rdf:RDF></x:xmpmeta>")),
        ("no marks", good[good.find("<x:").unwrap()..].replace(end, "")),
        ("zeros behind", format!("{good}\0\0\0")),
        ("zeros inside", good.replace('5', "5\0")),
        ("byte order mark", format!("\u{feff}{good}")),
        ("declaration", format!("<?xml version='1.0'?>\n{good}")),
        ("document type", format!("<!DOCTYPE x>{good}")),
        ("text before", format!("XMP {good}")),
        ("Microsoft's prefixes", good.replace("x:xmpmeta", "xmp:xmpmeta").replace("xmlns:x=", "xmlns:xmp=")),
        ("two meanings", good.replace("<dc:rights>", "<dc:a xmlns:tiff='http://example.org' tiff:b='1'/><dc:rights>")),
        ("undeclared prefix", good.replace("<dc:rights>", "<lr:b/><dc:rights>")),
        ("undeclared usual prefix", good.replace(&format!("xmlns:xmp=\"{XMP}\""), "")),
        ("no end of the root", good.replace("</x:xmpmeta>", "")),
        ("unknown reference", good.replace("<dc:rights>", "<dc:a>Tom & J&eacute;r&#0;</dc:a><dc:rights>")),
        ("control character", good.replace("<dc:rights>", "<dc:a>\u{1}</dc:a><dc:rights>")),
        ("old root", good.replace("xmpmeta", "xapmeta")),
        ("other prefix of RDF", good.replace("rdf:", "r:").replace("xmlns:rdf", "xmlns:r")),
    ];
    for (name, before) in strange {
        let after = merged(&cleaned(&before));
        assert_eq!(source_types(&after), [URL], "{name}: {after}");
        assert!(after.contains("Anna owns this") && after.contains("xmp:Rating"), "{name}: {after}");
        assert!(!after.contains("</rdf:Bag>") && after.matches("xmpmeta>").count() < 3, "{name}: {after}");
    }
}

#[test]
fn packets_in_other_encodings_become_utf_8() {
    let good = annas_packet().replace("Anna owns", "Änna owns");
    let utf_16: Vec<u16> = good.encode_utf16().collect();
    let packets: [(&str, Vec<u8>); 5] = [
        ("UTF-16, big endian", utf_16.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
        ("UTF-16, little endian", [0xFEFF].iter().chain(&utf_16).flat_map(|unit| unit.to_le_bytes()).collect()),
        ("UTF-32, big endian", good.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
        ("UTF-32, little endian", good.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
        ("Latin-1 inside", replaced(good.as_bytes(), "Ä".as_bytes(), b"\xC4")),
    ];
    for (name, before) in packets {
        assert_eq!(String::from_utf8(make_upright(&before, None)).unwrap(), good, "{name}");
    }
}

/// `bytes` with another sequence in place of the first `old`.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

#[test]
fn empty_rdf_gets_the_source_type() {
    for before in [format!("<rdf:RDF xmlns:rdf=\"{RDF}\"/>"), format!("<a:RDF xmlns:a=\"{RDF}\"></a:RDF>")] {
        let after = merged(&before);
        assert_eq!(source_types(&after), [URL], "{after}");
    }
}

#[test]
fn packets_without_rdf_are_replaced() {
    for before in ["", "no packet", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"] {
        assert_eq!(merged(before), with_source_type(None, URL), "{before}");
        assert_eq!(cleaned(before), before, "nothing to change");
    }
}

#[test]
fn broken_packets_are_kept_without_pictures() {
    let broken = annas_packet().replace("</rdf:Description>", "");
    let after = merged(&cleaned(&broken));
    assert_eq!(after.replace(&source_description("", URL), ""), broken, "lenient programs find both");
    assert_eq!(merged(&after), after, "not twice");
    let cut_short = broken.replace("</rdf:RDF>", "");
    assert_eq!(merged(&cleaned(&cut_short)), cut_short);
    let face = old_face_base64(image::ImageFormat::Jpeg);
    let with_face = broken.replace("Anna", &format!("Anna's face: {face}<"));
    assert!(cleaned(&with_face).contains("Anna's face: <") && !holds_picture(cleaned(&with_face).as_bytes()));
}

#[test]
fn orientation_and_sizes_follow_the_pixels() {
    let sizes = "<tiff:ImageWidth>16</tiff:ImageWidth><tiff:ImageLength>8</tiff:ImageLength>";
    let turned_sizes = "<tiff:ImageWidth>8</tiff:ImageWidth><tiff:ImageLength>16</tiff:ImageLength>";
    let before = packet(" tiff:Orientation=\"6\"", sizes);
    let upright = |turn| String::from_utf8(make_upright(before.as_bytes(), turn)).unwrap();
    assert_eq!(upright(Some(Orientation::Rotate90)), packet(" tiff:Orientation=\"1\"", turned_sizes));
    assert_eq!(upright(Some(Orientation::Rotate180)), packet(" tiff:Orientation=\"1\"", sizes));
    assert_eq!(upright(None), before, "an orientation that nobody applied stays");
    let element = packet("", "<tiff:Orientation>8</tiff:Orientation><tiff:Model>8</tiff:Model>");
    let after = String::from_utf8(make_upright(element.as_bytes(), Some(Orientation::FlipVertical))).unwrap();
    assert_eq!(after, packet("", "<tiff:Orientation>1</tiff:Orientation><tiff:Model>8</tiff:Model>"));
}

#[test]
fn pictures_are_removed_wherever_they_are() {
    let face = old_face_base64(image::ImageFormat::Jpeg);
    let thumbnail = format!(
        "<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource' xmlns:g='http://ns.adobe.com/xap/1.0/g/img/'>\
         <g:format>JPEG</g:format><g:image>{face}</g:image></rdf:li></rdf:Alt></xmp:Thumbnails>"
    );
    let google = "http://ns.google.com/photos/1.0";
    let pictures = [
        thumbnail.clone(),
        format!("<dc:pantry><rdf:Bag><rdf:li rdf:parseType='Resource'>{thumbnail}</rdf:li></rdf:Bag></dc:pantry>"),
        format!(
            "<dc:list><rdf:Bag><rdf:li xmlns:g='http://ns.adobe.com/xap/1.0/g/img/' g:image='{face}'/></rdf:Bag></dc:list>"
        ),
        format!("<d:Data xmlns:d='{google}/image/'>{face}</d:Data>"),
        format!("<d:Data xmlns:d='{google}/depthmap/'>not even a picture</d:Data>"),
        format!("<dc:other>\n{face}\n</dc:other>"),
        format!("<dc:other dc:value='data:image/jpeg;base64,{face}'/>"),
        format!("<dc:other><![CDATA[{face}]]></dc:other>"),
        format!("<dc:other>{}</dc:other>", old_face_base64(image::ImageFormat::Png)),
    ];
    for picture in pictures {
        let before = packet(" dc:format='image/jpeg'", &format!("{picture}{CREATOR}"));
        let after = cleaned(&before);
        assert!(!holds_picture(after.as_bytes()) && !after.contains("not even"), "{after}");
        assert!(after.contains(CREATOR) && after.contains(" dc:format='image/jpeg'"), "{after}");
        assert_eq!(cleaned(&after), after);
    }
}

#[test]
fn promises_of_data_behind_the_photo_are_removed() {
    let google = "http://ns.google.com/photos/1.0";
    let attributes = format!(
        " xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:Version='1.0' xmlns:GCamera='{google}/camera/' \
         GCamera:MotionPhoto='1' GCamera:MicroVideoOffset='99' GCamera:hdrp_makernote='SERSUAI' GCamera:Kept='yes' \
         xmlns:note='http://ns.adobe.com/xmp/note/' note:HasExtendedXMP='AB'"
    );
    let directory = format!(
        "<C:Directory xmlns:C='{google}/container/' xmlns:Item='{google}/container/item/'><rdf:Seq>\
         <rdf:li Item:Semantic='GainMap'/></rdf:Seq></C:Directory>"
    );
    let after = cleaned(&packet(&attributes, &format!("{directory}{CREATOR}")));
    for gone in ["hdrgm:Version", "MotionPhoto", "MicroVideo", "makernote", "HasExtended", "Directory", "GainMap"] {
        assert!(!after.contains(gone), "{gone}: {after}");
    }
    assert!(after.contains(" GCamera:Kept='yes'") && after.contains(CREATOR), "{after}");
    // A description of nothing else goes as a whole.
    let alone = "<rdf:Description rdf:about='' xmlns:h='http://ns.adobe.com/hdr-gain-map/1.0/' h:Version='1.0'/>";
    let both = packet("", CREATOR).replace("</rdf:RDF>", &format!("{alone}</rdf:RDF>"));
    assert_eq!(cleaned(&both), packet("", CREATOR));
}

#[test]
fn cmyk_packet_describes_rgb() {
    let photoshop = " xmlns:ps='http://ns.adobe.com/photoshop/1.0/'";
    let before = packet(
        &format!(
            "{photoshop} ps:ColorMode='4' ps:ICCProfile='Coated' tiff:PhotometricInterpretation='5' tiff:SamplesPerPixel='4'"
        ),
        CREATOR,
    );
    let expected = format!("{photoshop} ps:ColorMode='3' tiff:PhotometricInterpretation='2' tiff:SamplesPerPixel='3'");
    assert_eq!(cleaned(&before), packet(&expected, CREATOR));
    let rgb = packet(&format!("{photoshop} ps:ColorMode='3' ps:ICCProfile='sRGB'"), CREATOR);
    assert_eq!(cleaned(&rgb), rgb);
}

proptest! {
    #[test]
    fn broken_packets_never_panic(cut in 0usize..700, at in 0usize..700, new in any::<char>()) {
        let text: Vec<char> = packet(" tiff:Orientation='3'", CREATOR).chars().collect();
        let broken: String = text.iter().enumerate().filter(|(index, _)| *index != cut)
            .map(|(index, &c)| if index == at { new } else { c }).collect();
        let upright = String::from_utf8(make_upright(broken.as_bytes(), Some(Orientation::Rotate90))).unwrap();
        let after = merged(&upright);
        prop_assert!(after.contains(URL) || after == upright, "{}", after);
    }
}
