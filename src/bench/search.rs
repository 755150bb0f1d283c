//! The same mix of searches over HTTP and in process: words, filters and orders that people use, each with three facets.

use crate::search::SearchRequest;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Searches before the measured ones, for caches that any server has warm.
pub(super) const WARM_UP: usize = 30;
const FACETS: [&str; 3] = ["brand", "ip_rating", "battery_options"];
/// Hits of a page.
const LIMIT: usize = 20;

/// One search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query {
    words: &'static str,
    filter: &'static str,
    sort: &'static str,
    locale: &'static str,
}

const fn query(words: &'static str, filter: &'static str, sort: &'static str, locale: &'static str) -> Query {
    Query { words, filter, sort, locale }
}

const MIXED: [Query; 12] = [
    query("headlamp", "", "", "en"),
    query("petzl red", "", "", "en"),
    query("", "light_output_max >= 400 AND ip_rating IN [IPX7, IPX8]", "", "en"),
    query("fenix 1000 lumens", "", "", "en"),
    query("stirnlampe schwarz", "", "", "de"),
    query("", "brand = \"Black Diamond\"", "-light_output_max", "en"),
    query("nitecore", "charging_port = usb_c", "", "en"),
    query("", "weight_with_battery < 3 oz", "weight_with_battery", "en"),
    query("basalt", "", "", "en"),
    query("rechargeable headlamp waterproof", "available > 0", "", "en"),
    query("", "", "-light_output_max", "en"),
    query("ledlenser", "NOT body_color = black AND runtime_max >= 100", "price", "en"),
];

impl Query {
    /// The mix over and over, `count` searches in all.
    pub(super) fn mixed(count: usize) -> impl Iterator<Item = &'static Self> {
        MIXED.iter().cycle().take(count)
    }

    /// As the index is asked in process.
    pub(super) fn request(&self) -> SearchRequest {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        SearchRequest {
            q: self.words.to_owned(),
            filter: said(self.filter),
            facets: FACETS.map(str::to_owned).to_vec(),
            sort: said(self.sort),
            locale: said(self.locale),
            limit: Some(LIMIT),
            after: None,
        }
    }

    /// As the server is asked.
    pub(super) fn path(&self) -> String {
        let mut path = format!("/api/v1/search?limit={LIMIT}&facets={}", FACETS.join(","));
        for (name, value) in [("q", self.words), ("filter", self.filter), ("sort", self.sort), ("locale", self.locale)] {
            if !value.is_empty() {
                path.extend(["&", name, "="]);
                path.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
            }
        }
        path
    }
}

/// The value that `share` of the samples do not exceed.
pub(super) fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a list")]
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or_default()
}
