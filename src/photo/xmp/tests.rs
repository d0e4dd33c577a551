use proptest::prelude::*;

use super::*;

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

/// Values of the digital source type in a packet.
fn source_types(packet: &str) -> Vec<&str> {
    let parsed = XmpPacket::parse(packet).unwrap();
    parsed.value_ranges(IPTC_EXTENSION, SOURCE_TYPE).into_iter().map(|range| &packet[range]).collect()
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
    assert!(
        after[head.len()..].starts_with("<rdf:Description rdf:about=\"uuid:7\""),
        "about the same picture: {after}"
    );
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

#[test]
fn unreadable_packets_are_replaced() {
    let good = packet("", CREATOR);
    let two_meanings = format!("<dc:title xmlns:tiff=\"http://example.org\">{CREATOR}</dc:title>");
    let packets = [
        "no packet".to_owned(),
        good.replace("</rdf:Description>", ""),
        good.replace("<?xpacket", "<!DOCTYPE x><?xpacket"),
        good.replace(RDF, "http://example.org"),
        packet("", &two_meanings),
        packet(" dc:format=unquoted", ""),
        format!("<rdf:RDF xmlns:rdf=\"{RDF}\"/>"),
    ];
    for before in packets {
        assert_eq!(merged(&before), with_source_type(None, URL), "{before}");
        assert_eq!(
            make_upright(before.clone().into_bytes()),
            before.into_bytes(),
            "an unreadable packet is kept unchanged"
        );
    }
    let utf_16 = [0xFE, 0xFF, 0, b'<'];
    assert_eq!(with_source_type(Some(&utf_16), URL), with_source_type(None, URL));
    assert_eq!(make_upright(utf_16.to_vec()), utf_16);
}

#[test]
fn orientation_is_reset_and_thumbnails_removed() {
    let thumbnails = "<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType=\"Resource\"/></rdf:Alt></xmp:Thumbnails>";
    let before = packet(" tiff:Orientation=\"6\"", &format!("{CREATOR}{thumbnails}"));
    let after = String::from_utf8(make_upright(before.into_bytes())).unwrap();
    assert_eq!(after, packet(" tiff:Orientation=\"1\"", CREATOR));
    let element = packet("", "<tiff:Orientation>8</tiff:Orientation><tiff:Model>8</tiff:Model>");
    let after = String::from_utf8(make_upright(format!("{element}\0\0").into_bytes())).unwrap();
    assert_eq!(after, packet("", "<tiff:Orientation>1</tiff:Orientation><tiff:Model>8</tiff:Model>"));
}

proptest! {
    #[test]
    fn broken_packets_still_get_the_source_type(cut in 0usize..600, at in 0usize..600, new in any::<char>()) {
        let text: Vec<char> = packet(" tiff:Orientation='3'", CREATOR).chars().collect();
        let broken: String = text.iter().enumerate().filter(|(index, _)| *index != cut)
            .map(|(index, &c)| if index == at { new } else { c }).collect();
        let after = merged(&String::from_utf8(make_upright(broken.into_bytes())).unwrap());
        prop_assert_eq!(source_types(&after), [URL]);
    }
}
