//! Kinds of dirt seen in real files, in words of our own, and properties that hold for any text.

mod cells;
mod given_twice;
mod names_and_denials;
mod not_what_was_asked;
mod properties;
mod quantities;
mod real_files;
mod scripts;

#[test]
fn claims_are_read_back_in_both_forms_they_were_ever_stored_in() {
    use super::value::{Bare, Compact, Measure};
    use super::{Claim, Value};
    let claim = |attribute: &str, locale: Option<&str>, value: Value| Claim {
        attribute: attribute.to_owned(),
        locale: locale.map(str::to_owned),
        value,
        raw: "86 g \"net\"".to_owned(),
        field: "Gewicht".to_owned(),
        rule: "measure.unit".to_owned(),
        confidence: 95,
    };
    let weight = Value::Measure(Measure { amount: 86.into(), unit: "g".to_owned() });
    let claims = vec![claim("weight", None, weight), claim("title", Some("de"), Value::text("Stirnlampe"))];
    let compact = serde_json::to_string(&Compact(&claims)).unwrap();
    let whole = serde_json::to_string(&claims).unwrap();
    assert!(compact.len() * 3 < whole.len() * 2, "{compact} is hardly shorter than {whole}");
    for stored in [compact, whole] {
        assert_eq!(serde_json::from_str::<Vec<Claim>>(&stored).unwrap(), claims);
        let bare: Vec<Bare> = serde_json::from_str(&stored).unwrap();
        let claimed = |claim: Claim| Claim { raw: String::new(), field: String::new(), rule: String::new(), ..claim };
        let bare: Vec<Claim> = bare.into_iter().map(Claim::from).collect();
        assert_eq!(bare, claims.iter().cloned().map(claimed).collect::<Vec<_>>());
    }
}
