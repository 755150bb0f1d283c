use super::*;

const AI: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

#[test]
fn attribute_element_and_resource_are_read() {
    for text in [
        format!("<rdf:Description Iptc4xmpExt:DigitalSourceType=\"{AI}\"/>"),
        format!("<rdf:Description x:DigitalSourceType='{AI}'></rdf:Description>"),
        format!("<a><Iptc4xmpExt:DigitalSourceType>\n {AI} </Iptc4xmpExt:DigitalSourceType></a>"),
        format!("<a><Iptc4xmpExt:DigitalSourceType rdf:resource=\"{AI}\"/></a>"),
        "<a DigitalSourceType=\"https://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\"/>".to_owned(),
        "<a DigitalSourceType=\"trainedAlgorithmicMedia\"/>".to_owned(),
    ] {
        assert_eq!(source_type(text.as_bytes()).as_deref(), Some(AI), "{text}");
    }
}

#[test]
fn what_is_no_code_is_dropped() {
    for text in [
        "",
        "<a/>",
        "<a DigitalSourceType=\"\"/>",
        "<a DigitalSourceType=\"http://example.com/x\"/>",
        "<a DigitalSourceType='\"/><evil>'/>",
        "<a OtherSourceType=\"trainedAlgorithmicMedia\"/>",
        "<a><DigitalSourceType><b>trainedAlgorithmicMedia",
        "<<<DigitalSourceType",
    ] {
        assert_eq!(source_type(text.as_bytes()), None, "{text}");
    }
    let long = format!("<a DigitalSourceType=\"{}\"/>", "a".repeat(100));
    assert_eq!(source_type(long.as_bytes()), None);
}

#[test]
fn a_packet_says_what_it_was_made_of() {
    assert_eq!(source_type(&packet(AI)).as_deref(), Some(AI));
}
