//! The index against products made by hand: what a person who searches would notice.

use super::index::Folder;
use super::reader::Search;
use super::text::{fold, identifier, words};
use super::writer::{Fresh, Opened, ReadyChannels, Writer};
use super::{Relation, SearchPage, SearchRequest, SearchScope};
use crate::catalog::{GoldenValue, ProductStatus, ProductView};
use crate::clock::Clock;
use crate::db::Position;
use crate::dictionary::Dictionary;
use crate::error::Code;
use crate::normalize::{Range, Value};
use crate::pricing::{Money, money};
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

mod feeding;
mod finding;
mod paging;

fn dictionary() -> Arc<Dictionary> {
    static DICTIONARY: OnceLock<Arc<Dictionary>> = OnceLock::new();
    Arc::clone(DICTIONARY.get_or_init(|| Arc::new(Dictionary::embedded().unwrap())))
}

fn start() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(super) fn at(seq: i64) -> Position {
    Position { epoch: "cafe".to_owned(), xid: 0, seq }
}

/// An index of its own in a folder of its own.
pub(super) struct Shop {
    folder: tempfile::TempDir,
    search: Search,
    clock: Clock,
    products: Vec<ProductView>,
}

impl Shop {
    pub(super) fn of(products: Vec<ProductView>) -> Self {
        Self::ready(products, &ReadyChannels::new())
    }

    fn ready(products: Vec<ProductView>, ready: &ReadyChannels) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(start());
        let search = Search::open(folder.path(), dictionary(), clock.clone()).unwrap();
        let lock = Folder::at(folder.path()).lock().unwrap().unwrap();
        let mut fresh = Fresh::create(&search, lock).unwrap();
        fresh.add(&products, ready).unwrap();
        let (lock, count) = fresh.publish(&at(1)).unwrap();
        drop(lock);
        assert_eq!(count, products.len() as u64);
        Self { folder, search, clock, products }
    }

    pub(super) fn writer(&self) -> Box<Writer> {
        let lock = Folder::at(self.folder.path()).lock().unwrap().unwrap();
        match Writer::open(&self.search, lock).unwrap() {
            Opened::Ready(writer) => writer,
            Opened::Rebuild(_, why) => panic!("{why}"),
        }
    }

    fn ask(&self, request: &SearchRequest) -> SearchPage {
        self.search.query(request, &SearchScope::default()).unwrap()
    }

    /// SKUs found by these words, in order.
    pub(super) fn find(&self, q: &str) -> Vec<String> {
        skus(&self.ask(&SearchRequest { q: q.to_owned(), ..SearchRequest::default() }))
    }

    fn find_in(&self, locale: &str, q: &str) -> Vec<String> {
        skus(&self.ask(&SearchRequest { q: q.to_owned(), locale: Some(locale.to_owned()), ..SearchRequest::default() }))
    }

    /// SKUs that pass this filter, sorted.
    fn filter(&self, filter: &str) -> Vec<String> {
        skus(&self.ask(&SearchRequest { filter: Some(filter.to_owned()), ..SearchRequest::default() }))
    }

    fn refused(&self, request: &SearchRequest) -> (Code, String) {
        let error = self.search.query(request, &SearchScope::default()).unwrap_err();
        (error.code, error.detail)
    }
}

fn skus(page: &SearchPage) -> Vec<String> {
    page.items.iter().map(|hit| hit.sku.clone()).collect()
}

/// A product with a SKU, to which the tests add what they need.
pub(super) fn lamp(id: i64, sku: &str) -> ProductView {
    ProductView {
        id,
        sku: sku.to_owned(),
        gtin: None,
        mpn: None,
        brand_code: None,
        brand: None,
        group: None,
        category: Some("headlamps".to_owned()),
        status: ProductStatus::Active,
        tags: Vec::new(),
        values: BTreeMap::new(),
        images: Vec::new(),
        suppliers: Vec::new(),
        available: 0,
        price: None,
        version: 1,
        created_at: start(),
        updated_at: start(),
        merged_into: None,
    }
}

pub(super) trait With: Sized {
    fn brand(self, name: &str) -> Self;
    fn text(self, attribute: &str, locale: &str, text: &str) -> Self;
    fn value(self, attribute: &str, value: Value) -> Self;
    fn price(self, amount: &str, currency: &str) -> Self;

    fn title(self, locale: &str, text: &str) -> Self {
        self.text("title", locale, text)
    }

    fn measure(self, attribute: &str, amount: &str, unit: &str) -> Self {
        self.value(attribute, Value::measure(amount.parse().unwrap(), unit))
    }
}

impl With for ProductView {
    fn brand(mut self, name: &str) -> Self {
        self.brand = Some(name.to_owned());
        self.brand_code = Some(name.to_lowercase().replace(' ', "_"));
        self
    }

    fn text(mut self, attribute: &str, locale: &str, text: &str) -> Self {
        let entry = self.values.entry(attribute.to_owned()).or_insert_with(|| GoldenValue::PerLocale(BTreeMap::new()));
        if let GoldenValue::PerLocale(texts) = entry {
            texts.insert(locale.to_owned(), Value::text(text));
        }
        self
    }

    fn value(mut self, attribute: &str, value: Value) -> Self {
        self.values.insert(attribute.to_owned(), GoldenValue::One(value));
        self
    }

    fn price(mut self, amount: &str, currency: &str) -> Self {
        let currency = money::currency(currency).unwrap();
        self.price = Some(Money::from_decimal(amount.parse().unwrap(), currency).unwrap());
        self
    }
}

#[test]
fn folding_forgets_case_accents_and_the_dot_of_the_i() {
    for (left, right) in [
        ("Pannlampa", "PANNLAMPA"),
        ("baş fənəri", "bas feneri"),
        ("IŞIQ", "ışıq"),
        ("ışıq", "isiq"),
        ("İŞIQ", "isiq"),
        ("Ｐｅｔｚｌ", "petzl"),
        ("Straße", "STRASSE"),
        ("Hodelykt Ålesund", "hodelykt alesund"),
        ("Фонарь налобный", "ФОНАРЬ НАЛОБНЫЙ"),
    ] {
        assert_eq!(fold(left), fold(right), "{left} {right}");
    }
    // Two letters of Cyrillic, two stems.
    assert_ne!(fold("й"), fold("и"));
}

#[test]
fn words_keep_joined_names_findable() {
    let parts = |text: &str| words(text).into_iter().map(|word| word.parts).collect::<Vec<_>>();
    assert_eq!(parts("Fenix HM65R-T, 1500 lm"), [vec!["fenix"], vec!["hm65r", "t"], vec!["1500"], vec!["lm"]]);
    assert_eq!(words("MH45-X")[0].joined().as_deref(), Some("mh45x"));
    assert_eq!(parts("头灯"), [vec!["头"], vec!["灯"]]);
    assert!(words(" - / . ").is_empty());
}

#[test]
fn every_form_of_a_gtin_is_one_key() {
    for form in ["03342540846388", "3342540846388", "3342 5408 46388", "3-342540-846388"] {
        assert_eq!(identifier(form), "3342540846388");
    }
    assert_eq!(identifier("E065AA00"), identifier("e065-aa 00"));
}

mod ratings {
    use crate::filter::ip::Rating;

    fn rating(text: &str) -> Rating {
        Rating::parse(text).unwrap()
    }

    #[test]
    fn at_least_ip67_needs_known_dust() {
        for (bound, value, holds) in [
            ("IP67", "IP67", true),
            ("IP67", "IP68", true),
            ("IP67", "IPX7", false),
            ("IP67", "IP57", false),
            ("IPX7", "IPX8", true),
            ("IPX7", "IP67", true),
            ("IPX7", "IPX6", false),
            ("IP6X", "IP64", true),
            ("IP6X", "IPX8", false),
            ("IPX8", "IP69K", true),
        ] {
            assert_eq!(rating(bound).at_most(rating(value)), holds, "{value} >= {bound}");
        }
        assert!(rating("IP67").at_least(rating("IP54")));
        assert!(!rating("IP67").at_least(rating("IPX4")));
    }

    #[test]
    fn what_is_no_ip_code_is_none() {
        for text in ["", "IP", "IP6", "IPXX", "waterproof", "IK07", "IP77", "IP678", "ІР67", "💡"] {
            assert_eq!(Rating::parse(text), None, "{text}");
        }
        assert_eq!(Rating::parse("ipx-6"), Some(Rating { dust: None, water: Some(6) }));
    }
}
