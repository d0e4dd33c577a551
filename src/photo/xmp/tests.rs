use proptest::prelude::*;

use super::*;

const URL: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";

/// A packet with one description, of these attributes and these elements.
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

/// What a packet says about the source.
fn source_types(packet: &str) -> Vec<&str> {
    let parsed = Packet::parse(packet).unwrap();
    parsed.values(IPTC_EXTENSION, SOURCE_TYPE).into_iter().map(|range| &packet[range]).collect()
}

#[test]
fn without_a_packet_a_new_one_says_it() {
    let new = with_source_type(None, URL);
    assert_eq!(source_types(&new), [URL]);
    assert!(new.starts_with("<?xpacket begin=\"\u{feff}\"") && new.ends_with("<?xpacket end=\"r\"?>"), "{new}");
}

#[test]
fn a_description_is_added_before_the_end_and_the_rest_stays_letter_for_letter() {
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
fn an_older_source_type_is_replaced_however_it_is_written() {
    let attribute = packet(" iptc:DigitalSourceType='http://example.org/camera' dc:format=\"image/png\"", CREATOR);
    let element = packet("", &format!("{CREATOR}<iptc:DigitalSourceType>camera</iptc:DigitalSourceType>"));
    for before in [attribute, element] {
        let after = merged(&before);
        assert_eq!(source_types(&after), [URL]);
        assert!(!after.contains("camera") && after.contains(CREATOR), "{after}");
    }
}

#[test]
fn saying_it_again_changes_nothing() {
    let once = merged(&packet("", CREATOR));
    assert_eq!(merged(&once), once);
}

#[test]
fn properties_of_the_same_name_elsewhere_stay() {
    let nested =
        "<dc:relation rdf:parseType=\"Resource\"><iptc:DigitalSourceType>kept</iptc:DigitalSourceType></dc:relation>";
    assert!(merged(&packet("", nested)).contains(nested));
    let other = packet(" dc:DigitalSourceType=\"kept\"", "");
    assert!(merged(&other).contains(" dc:DigitalSourceType=\"kept\""));
}

#[test]
fn what_looks_like_a_tag_in_comments_and_data_is_none() {
    let odd = format!("<!-- </rdf:RDF> --><dc:title><![CDATA[</rdf:RDF><iptc:x]]></dc:title>{CREATOR}<dc:a/><dc:b\n/>");
    let before = packet("\n\tdc:format = 'a>b'", &odd);
    let after = merged(&before);
    assert_eq!(source_types(&after), [URL]);
    assert!(after.contains(&odd));
}

#[test]
fn what_cannot_be_understood_is_replaced() {
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
        assert_eq!(upright(before.clone().into_bytes()), before.into_bytes(), "but carried as long as it may stay");
    }
    let utf_16 = [0xFE, 0xFF, 0, b'<'];
    assert_eq!(with_source_type(Some(&utf_16), URL), with_source_type(None, URL));
    assert_eq!(upright(utf_16.to_vec()), utf_16);
}

#[test]
fn orientation_becomes_upright_and_thumbnails_go() {
    let thumbnails = "<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType=\"Resource\"/></rdf:Alt></xmp:Thumbnails>";
    let before = packet(" tiff:Orientation=\"6\"", &format!("{CREATOR}{thumbnails}"));
    let after = String::from_utf8(upright(before.into_bytes())).unwrap();
    assert_eq!(after, packet(" tiff:Orientation=\"1\"", CREATOR));
    let element = packet("", "<tiff:Orientation>8</tiff:Orientation><tiff:Model>8</tiff:Model>");
    let after = String::from_utf8(upright(format!("{element}\0\0").into_bytes())).unwrap();
    assert_eq!(after, packet("", "<tiff:Orientation>1</tiff:Orientation><tiff:Model>8</tiff:Model>"));
}

proptest! {
    #[test]
    fn broken_packets_never_panic_and_always_come_out_with_the_source(cut in 0usize..600, at in 0usize..600, new in any::<char>()) {
        let text: Vec<char> = packet(" tiff:Orientation='3'", CREATOR).chars().collect();
        let broken: String = text.iter().enumerate().filter(|(index, _)| *index != cut)
            .map(|(index, &c)| if index == at { new } else { c }).collect();
        let after = merged(&String::from_utf8(upright(broken.into_bytes())).unwrap());
        prop_assert_eq!(source_types(&after), [URL]);
    }
}
