use super::*;

/// A segment with its marker and length.
fn segment(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let data = parts.concat();
    let length = u16::try_from(data.len() + 2).unwrap();
    [&[0xFF, marker][..], &length.to_be_bytes(), &data].concat()
}

/// The start of a JPEG file with these segments, and a second picture behind.
fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let second = segment(0xE1, &[XMP, b"of the second picture"]);
    [&[0xFF, 0xD8][..], &segments.concat(), &segment(0xDA, &[b"scan"]), &[7, 8, 0xFF, 0xD9, 0xFF, 0xD8], &second]
        .concat()
}

#[test]
fn profile_parts_are_joined_by_number() {
    let part = |number: u8, data: &[u8]| segment(0xE2, &[PROFILE, &[number, 2], data]);
    assert_eq!(read(&jpeg(&[part(2, b"cd"), part(1, b"ab")])).icc_profile.as_deref(), Some(&b"abcd"[..]));
    assert_eq!(read(&jpeg(&[part(0, b"ab"), part(1, b"cd")])).icc_profile.as_deref(), Some(&b"abcd"[..]));
    assert_eq!(read(&jpeg(&[part(2, b"cd")])).icc_profile, None, "half a profile");
    assert_eq!(read(&jpeg(&[part(1, b"ab"), part(1, b"ab")])).icc_profile, None, "twice");
}

#[test]
fn first_exif_block_is_read_with_its_continuation() {
    let part = |data: &[u8]| segment(0xE1, &[EXIF, data]);
    let segments = [part(b"II\x2A\0one"), part(b"MM\0\x2Asecond"), part(b" goes on")];
    assert_eq!(read(&jpeg(&segments)).exif.as_deref(), Some(&b"II\x2A\0one goes on"[..]));
    assert_eq!(read(&jpeg(&[part(b"")])).exif, None);
}

#[test]
fn print_size_is_read_in_every_unit() {
    let density = |unit: u8, x: u16, y: u16| {
        let header = segment(0xE0, &[JFIF, &[1, 2, unit], &x.to_be_bytes(), &y.to_be_bytes(), &[0, 0]]);
        read(&jpeg(&[header])).density
    };
    assert_eq!(density(1, 300, 600), Some(PixelDensity { x: 11811, y: 23622, is_per_metre: true }));
    assert_eq!(density(2, 118, 100), Some(PixelDensity { x: 11800, y: 10000, is_per_metre: true }));
    assert_eq!(density(0, 1, 2), Some(PixelDensity { x: 1, y: 2, is_per_metre: false }));
    assert_eq!((density(0, 1, 1), density(1, 0, 0), density(9, 1, 2)), (None, None, None));
}

#[test]
fn segments_end_at_the_first_scan() {
    assert_eq!(read(&jpeg(&[])).xmp, None);
    // Fill bytes and stray bytes may stand before a marker.
    let strange = [&[0xFF, 0xFF, 0x00, 7][..], &segment(0xE1, &[XMP, b"<x/>"])].concat();
    let bytes = jpeg(&[strange]);
    assert_eq!(read(&bytes).xmp.as_deref(), Some(&b"<x/>"[..]));
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).xmp.is_none_or(|packet| packet == b"<x/>"));
    }
}

#[test]
fn extended_packet_is_joined() {
    let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    let id = "0123456789ABCDEF0123456789ABCDEF";
    let main = format!(
        "<rdf:RDF xmlns:rdf='{rdf}'><rdf:Description xmlns:n='http://ns.adobe.com/xmp/note/' n:HasExtendedXMP='{id}'/>\
         </rdf:RDF>"
    );
    let extended = format!("<r:RDF xmlns:r='{rdf}' xmlns:e='e:e'><r:Description e:story='long'/></r:RDF>");
    let part = |id: &str, from: usize, to: usize| {
        let numbers = [extended.len(), from].map(|number| u32::try_from(number).unwrap().to_be_bytes());
        segment(0xE1, &[EXTENDED_XMP, id.as_bytes(), numbers.as_flattened(), &extended.as_bytes()[from..to]])
    };
    let main_segment = segment(0xE1, &[XMP, main.as_bytes()]);
    let packet = |parts: [Vec<u8>; 2]| {
        let bytes = jpeg(&[vec![main_segment.clone()], parts.to_vec()].concat());
        String::from_utf8(read(&bytes).xmp.unwrap()).unwrap()
    };
    let joined = packet([part(id, 40, extended.len()), part(id, 0, 40)]);
    assert!(
        joined.contains(&format!("<r:Description xmlns:r=\"{rdf}\" xmlns:e=\"e:e\" e:story='long'/></rdf:RDF>")),
        "{joined}"
    );
    assert_eq!(packet([part(id, 0, 40), part(id, 50, extended.len())]), main, "a part is missing");
    let other = "F".repeat(32);
    assert_eq!(packet([part(&other, 0, 40), part(&other, 40, extended.len())]), main, "another packet's");
}

#[test]
fn image_resources_of_several_segments_are_joined() {
    let resource =
        [&b"8BIM\x04\x04\0\0\0\0\0\x07"[..], b"\x1C\x02\x50\0\x02An\0", b"8BIM\x04\x24\0\0\0\0\0\x04<x/>"].concat();
    let segments = [segment(0xED, &[PHOTOSHOP, &resource[..15]]), segment(0xED, &[PHOTOSHOP, &resource[15..]])];
    let metadata = read(&jpeg(&segments));
    assert_eq!(metadata.iptc.as_deref(), Some(&b"\x1C\x02\x50\0\x02An"[..]));
    assert_eq!(metadata.xmp.as_deref(), Some(&b"<x/>"[..]), "there is no packet of its own");
}

#[test]
fn comments_become_texts() {
    let comment = |data: &[u8]| segment(0xFE, &[data]);
    let metadata = read(&jpeg(&[comment("müßig\0".as_bytes()), comment(b"\xA9 Ann"), comment(b"\0")]));
    let texts: Vec<_> = metadata.texts.iter().map(|text| (text.keyword.as_str(), text.text.as_str())).collect();
    assert_eq!(texts, [("Comment", "müßig"), ("Comment", "© Ann")]);
}
