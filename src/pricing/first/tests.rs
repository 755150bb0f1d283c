use super::*;
use proptest::prelude::*;

fn money(minor: i64, currency: Currency) -> Money {
    Money { minor, currency }
}

fn offer(rank: i32, code: &str, in_stock: bool, cost: i64) -> OfferTerms {
    OfferTerms {
        supplier_rank: rank,
        supplier_code: code.to_owned(),
        offer_key: format!("{code}-1"),
        live: true,
        in_stock,
        cost: Some(money(cost, Currency::EUR)),
        recommended_price: None,
    }
}

fn settings(currency: Currency, markup: &str, source: PriceSource) -> PriceSettings {
    PriceSettings { currency, markup: markup.parse().unwrap(), source }
}

fn rates(pairs: &[(&str, &str, &str)]) -> Rates {
    Rates(pairs.iter().map(|(base, quote, rate)| (((*base).to_owned(), (*quote).to_owned()), rate.parse().unwrap())).collect())
}

#[test]
fn stock_comes_before_rank_and_rank_before_name() {
    let price = |offers: &[OfferTerms]| {
        first_price(offers, &settings(Currency::EUR, "0", PriceSource::CostPlus), &Rates::default()).unwrap().price.minor
    };
    assert_eq!(price(&[offer(1, "a", false, 100), offer(9, "z", true, 200)]), 200, "stock first");
    assert_eq!(price(&[offer(2, "a", true, 100), offer(1, "z", true, 200)]), 200, "then rank");
    assert_eq!(price(&[offer(1, "b", true, 100), offer(1, "a", true, 200)]), 200, "then code");
    let mut gone = offer(1, "a", true, 100);
    gone.live = false;
    assert_eq!(price(&[gone.clone(), offer(5, "b", false, 300)]), 300, "a gone offer never counts");
    let none = first_price(&[gone], &settings(Currency::EUR, "0", PriceSource::CostPlus), &Rates::default());
    assert_eq!(none, Err(NoPrice::NoOffer));
}

#[test]
fn rounds_half_up_once_at_the_end() {
    let offers = [offer(1, "a", true, 1005)];
    let eur = first_price(&offers, &settings(Currency::EUR, "0.30", PriceSource::CostPlus), &Rates::default()).unwrap();
    assert_eq!(eur.price, money(1307, Currency::EUR), "13.065 is 13.07");
    // Rounding to cents before converting would give 1307 x 100 = 1307.00 JPY.
    let jpy = first_price(&offers, &settings(Currency::JPY, "0.30", PriceSource::CostPlus), &rates(&[("EUR", "JPY", "100")]));
    assert_eq!(jpy.unwrap().price, money(1307, Currency::JPY), "1306.5 yen is 1307");
    let whole = first_price(&offers, &settings(Currency::JPY, "0.30", PriceSource::CostPlus), &rates(&[("EUR", "JPY", "99.96")]));
    assert_eq!(whole.unwrap().price, money(1306, Currency::JPY), "1305.98, not 1306.48 of a price rounded before");
}

#[test]
fn the_recommended_price_counts_only_where_asked_and_stated() {
    let mut offers = [offer(1, "a", true, 1000)];
    offers[0].recommended_price = Some(money(2999, Currency::EUR));
    let by = |offers: &[OfferTerms], source| {
        first_price(offers, &settings(Currency::EUR, "0.5", source), &Rates::default()).map(|priced| priced.price.minor)
    };
    assert_eq!(by(&offers, PriceSource::Recommended), Ok(2999));
    assert_eq!(by(&offers, PriceSource::CostPlus), Ok(1500));
    offers[0].cost = None;
    assert_eq!(by(&offers, PriceSource::Recommended), Ok(2999));
    assert_eq!(by(&offers, PriceSource::CostPlus), Err(NoPrice::NoCost));
}

#[test]
fn converts_directly_inversely_and_over_a_common_currency() {
    let convert = |table: &Rates, from, to| table.convert(money(1000, from), to).map(|money| money.minor);
    let table = rates(&[("EUR", "USD", "1.25"), ("EUR", "DKK", "7.5")]);
    assert_eq!(convert(&table, Currency::EUR, Currency::USD), Some(1250));
    assert_eq!(convert(&table, Currency::USD, Currency::EUR), Some(800));
    assert_eq!(convert(&table, Currency::DKK, Currency::USD), Some(167));
    assert_eq!(convert(&table, Currency::EUR, Currency::GBP), None);
    let zero = rates(&[("EUR", "USD", "0")]);
    assert_eq!(convert(&zero, Currency::EUR, Currency::USD), None, "a rate of nothing is no rate");
    let none = first_price(&[offer(1, "a", true, 100)], &settings(Currency::GBP, "0", PriceSource::CostPlus), &table);
    assert_eq!(none, Err(NoPrice::NoRate { from: "EUR".to_owned(), to: "GBP".to_owned() }));
}

#[test]
fn explains_its_arithmetic() {
    let priced = first_price(
        &[offer(1, "acme", true, 1005)],
        &settings(Currency::USD, "0.3", PriceSource::CostPlus),
        &rates(&[("EUR", "USD", "1.1")]),
    )
    .unwrap();
    assert_eq!(
        priced.explanation,
        [
            "offer acme-1 of acme (rank 1, has stock) counts",
            "cost 10.05 EUR x (1 + 0.3) = 13.065 EUR",
            "1 EUR = 1.1 USD",
            "14.3715 USD rounded to 14.37 USD",
        ]
    );
}

proptest! {
    #[test]
    fn never_panics_and_never_depends_on_the_order(
        costs in prop::collection::vec((0_i32..3, "[a-c]", any::<bool>(), any::<bool>(), prop::option::of(any::<i64>())), 0..6),
        markup in any::<i64>(), rate in any::<i64>(),
    ) {
        let mut offers: Vec<OfferTerms> = costs.into_iter().enumerate().map(|(at, (rank, code, live, in_stock, cost))| OfferTerms {
            supplier_rank: rank,
            supplier_code: code,
            offer_key: at.to_string(),
            live,
            in_stock,
            cost: cost.map(|minor| money(minor, Currency::EUR)),
            recommended_price: None,
        }).collect();
        let settings = PriceSettings { currency: Currency::USD, markup: Decimal::new(markup, 4), source: PriceSource::CostPlus };
        let table = Rates([(("EUR".to_owned(), "USD".to_owned()), Decimal::new(rate, 6))].into());
        let there = first_price(&offers, &settings, &table);
        offers.reverse();
        prop_assert_eq!(there, first_price(&offers, &settings, &table));
    }

    #[test]
    fn a_conversion_there_and_back_is_off_by_rounding_only(minor in 0_i64..100_000_000, rate in 100_i64..100_000_000) {
        let table = Rates([(("EUR".to_owned(), "USD".to_owned()), Decimal::new(rate, 4))].into());
        let there = table.convert(money(minor, Currency::EUR), Currency::USD).unwrap();
        let back = table.convert(there, Currency::EUR).unwrap();
        // Half a cent of the middle currency, seen from the first.
        let slack = Decimal::new(5, 1) / Decimal::new(rate, 4) + Decimal::ONE;
        prop_assert!(Decimal::from((back.minor - minor).abs()) <= slack);
    }
}
