use super::{Expr, Literal, MAX_DEPTH, Name, Operator, parse};
use proptest::prelude::*;

fn name(text: &str) -> Name {
    Name { text: text.to_owned(), at: 0 }
}

fn literal(text: &str, unit: Option<&str>) -> Literal {
    Literal { text: text.to_owned(), unit: unit.map(str::to_owned), at: 0 }
}

#[test]
fn reads_the_documented_example() {
    let expr = parse(r#"light_output_max >= 400 AND ip_rating IN [IPX7, IPX8] AND NOT brand = "Petzl""#).unwrap();
    let expected = Expr::And(vec![
        Expr::Compare(name("light_output_max"), Operator::GreaterOrEqual, literal("400", None)),
        Expr::In(name("ip_rating"), vec![literal("IPX7", None), literal("IPX8", None)]),
        Expr::Not(Box::new(Expr::Compare(name("brand"), Operator::Equal, literal("Petzl", None)))),
    ]);
    assert_eq!(expr, expected);
}

#[test]
fn and_binds_before_or_and_parentheses_before_both() {
    assert_eq!(parse("a = 1 or b = 2 and c = 3").unwrap(), parse("a = 1 OR (b = 2 AND c = 3)").unwrap());
    assert_ne!(parse("a = 1 or b = 2 and c = 3").unwrap(), parse("(a = 1 OR b = 2) AND c = 3").unwrap());
}

#[test]
fn units_follow_numbers_only() {
    let expr = parse("weight_with_battery < 3 oz AND brand = Petzl").unwrap();
    let Expr::And(parts) = expr else { panic!("{expr:?}") };
    assert_eq!(parts[0], Expr::Compare(name("weight_with_battery"), Operator::Less, literal("3", Some("oz"))));
    assert_eq!(parts[1], Expr::Compare(name("brand"), Operator::Equal, literal("Petzl", None)));
    // A keyword after a number is no unit.
    assert!(matches!(parse("a = 3 AND b = 4 OR c EXISTS").unwrap(), Expr::Or(_)));
}

#[test]
fn faults_name_the_character_and_what_was_expected() {
    for (text, at, expected) in [
        ("brand = ", 9, "expected a value, found the end"),
        ("brand Petzl", 7, "expected =, !=, <, <=, >, >=, IN, NOT IN or EXISTS, found 'Petzl'"),
        ("brand = Led Lenser", 13, "expected AND, OR or the end (a text of several words needs quotes), found 'Lenser'"),
        ("(brand = Petzl", 15, "expected AND, OR or ')', found the end"),
        ("brand IN [Petzl", 16, "expected ',' or ']', found the end"),
        ("brand = \"Petzl", 9, "the text that starts here has no closing \""),
        ("", 1, "expected an attribute, NOT or '(', found the end"),
        ("šö = ə AND ", 12, "expected an attribute, NOT or '(', found the end"),
    ] {
        let fault = parse(text).unwrap_err();
        assert_eq!((fault.at, fault.message.as_str()), (at, expected), "{text}");
    }
}

#[test]
fn depth_length_and_terms_are_bounded() {
    let nested = |depth: usize| format!("{}a = 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert!(parse(&nested(MAX_DEPTH)).unwrap_err().message.contains("nested"));
    assert!(parse(&"NOT ".repeat(2_000)).unwrap_err().message.contains("nested"));
    assert!(parse(&vec!["a=1"; 300].join(" OR ")).unwrap_err().message.contains("comparisons"));
    assert!(parse(&format!("a IN [{}]", vec!["1"; 1_001].join(","))).unwrap_err().message.contains("values"));
    assert!(parse(&"x".repeat(9_000)).unwrap_err().message.contains("bytes"));
}

fn literals() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(|text| literal(&text, None)),
        ("-?[0-9]{1,6}(\\.[0-9]{1,3})?", proptest::option::of("oz|g|lm|%|°C"))
            .prop_map(|(text, unit)| literal(&text, unit.as_deref())),
    ]
}

fn names() -> impl Strategy<Value = Name> {
    "[a-z_]{1,12}".prop_filter("a keyword is no name", |text| !super::is_keyword(text)).prop_map(|text| name(&text))
}

fn exprs() -> impl Strategy<Value = Expr> {
    let operators = prop_oneof![
        Just(Operator::Equal),
        Just(Operator::NotEqual),
        Just(Operator::Less),
        Just(Operator::LessOrEqual),
        Just(Operator::Greater),
        Just(Operator::GreaterOrEqual)
    ];
    let leaf = prop_oneof![
        (names(), operators, literals()).prop_map(|(name, operator, value)| Expr::Compare(name, operator, value)),
        (names(), prop::collection::vec(literals(), 1..4)).prop_map(|(name, values)| Expr::In(name, values)),
        names().prop_map(Expr::Exists),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn no_text_of_its_own_signs_makes_it_panic(text in "[()\\[\\],<>=!\"'\\\\ aINOTDREXS0-9.]{0,80}") {
        if let Ok(expr) = parse(&text) {
            prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
        }
    }

    #[test]
    fn what_is_printed_parses_back(expr in exprs()) {
        prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
    }
}
