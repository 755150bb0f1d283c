use super::{Edit, Source, lineage, resolve};
use crate::catalog::GoldenValue;
use crate::normalize::{Claim, Value};
use chrono::DateTime;
use std::collections::BTreeMap;

fn source(titles: &[(&str, &str)]) -> Source {
    let claims = titles.iter().map(|(locale, text)| Claim {
        attribute: "title".to_owned(),
        locale: Some((*locale).to_owned()),
        value: Value::text(*text),
        raw: String::new(),
        field: "name".to_owned(),
        rule: "text".to_owned(),
        confidence: 95,
    });
    Source {
        offer_id: 1,
        supplier: "alpine".to_owned(),
        rank: 1,
        supplier_sku: "A1".to_owned(),
        live: true,
        import_id: "imp_1".to_owned(),
        file: "a.csv".to_owned(),
        row: 1,
        claims: claims.collect(),
        images: Vec::new(),
        tags: Vec::new(),
    }
}

fn edit(locale: Option<&str>, value: Value) -> Edit {
    Edit {
        attribute: "title".to_owned(),
        locale: locale.map(str::to_owned),
        value,
        author: "key:me".to_owned(),
        at: DateTime::UNIX_EPOCH,
    }
}

fn titles(sources: &[Source], edits: &[Edit]) -> BTreeMap<String, String> {
    match resolve(sources, edits).values.get("title") {
        Some(GoldenValue::PerLocale(texts)) => {
            texts.iter().map(|(locale, value)| (locale.clone(), value.as_text().unwrap().to_owned())).collect()
        }
        None => BTreeMap::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_value_in_any_locale_takes_every_suppliers_text_away() {
    let sources = [source(&[("en", "Lamp"), ("de", "Lampe")])];
    assert_eq!(titles(&sources, &[]).len(), 2);
    assert!(titles(&sources, &[edit(None, Value::none())]).is_empty());
    let edits = [edit(None, Value::none()), edit(Some("de"), Value::text("Meine Lampe"))];
    assert_eq!(titles(&sources, &edits), BTreeMap::from([("de".to_owned(), "Meine Lampe".to_owned())]));
    let backwards = [edits[1].clone(), edits[0].clone()];
    assert_eq!(titles(&sources, &backwards), titles(&sources, &edits), "the order in which edits are read decides nothing");
    let one = [edit(Some("de"), Value::none())];
    assert_eq!(titles(&sources, &one), BTreeMap::from([("en".to_owned(), "Lamp".to_owned())]));
}

#[test]
fn lineage_names_the_same_winners() {
    let sources = [source(&[("en", "Lamp"), ("de", "Lampe")])];
    let edits = [edit(None, Value::none()), edit(Some("de"), Value::text("Meine Lampe"))];
    let lineage = lineage(&sources, &edits);
    let winner = |locale: &str| {
        let candidates = &lineage[&("title".to_owned(), Some(locale.to_owned()))];
        let winners: Vec<_> = candidates.iter().filter(|candidate| candidate.winner).collect();
        assert_eq!(winners.len(), 1);
        winners[0].value.clone()
    };
    assert_eq!(winner("en"), Value::none());
    assert_eq!(winner("de"), Value::text("Meine Lampe"));
    assert_eq!(lineage[&("title".to_owned(), Some("en".to_owned()))].len(), 2, "the loser is remembered");
}
