//! The arithmetic of the bench; that it measures at all is shown by tests/it/bench.rs.

use super::Figure;
use super::queries::database_url;
use super::search::{Query, quantile};

#[test]
fn a_quantile_is_one_of_the_samples() {
    let samples: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    for (share, value) in [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0), (0.0, 1.0)] {
        assert!((quantile(&samples, share) - value).abs() < 1e-9, "{share}");
    }
    assert!(quantile(&[], 0.5).abs() < 1e-9);
}

#[test]
fn figures_are_known_by_name() {
    for figure in Figure::ALL {
        assert_eq!(figure.as_str().parse::<Figure>().unwrap(), *figure);
    }
    let error = "speed".parse::<Figure>().unwrap_err().to_string();
    assert!(error.contains("import_again") && error.contains("write_visible_p99"), "{error}");
}

#[test]
fn the_same_search_is_asked_both_ways() {
    let all: Vec<_> = Query::mixed(13).collect();
    assert_eq!(all[0].path(), all[12].path(), "the mix begins anew");
    assert_eq!(
        all[5].path(),
        "/api/v1/search?limit=20&facets=brand,ip_rating,battery_options&filter=brand%20%3D%20%22Black%20Diamond%22&sort=%2Dlight%5Foutput%5Fmax&locale=en"
    );
    assert_eq!(all[5].request().filter.as_deref(), Some("brand = \"Black Diamond\""));
}

#[test]
fn a_database_stands_beside_the_one_that_was_named() {
    for (server, url) in [
        ("postgres://me@host/mine", "postgres://me@host/other"),
        ("postgres://me:pw@host:5433/mine?sslmode=require", "postgres://me:pw@host:5433/other?sslmode=require"),
        ("postgres://me@host", "postgres://me@host/other"),
        ("postgresql:///mine?host=/run/pg", "postgresql:///other?host=/run/pg"),
    ] {
        assert_eq!(database_url(server, "other"), url);
    }
}
