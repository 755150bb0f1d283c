//! Keys and roles without a database.

use super::{Caller, Permission, Role, SupplierScope, gate, secret};
use crate::error::Code;
use proptest::prelude::*;

#[test]
fn a_new_secret_is_recognised_and_no_two_are_alike() {
    let (one, other) = (secret::generate().unwrap(), secret::generate().unwrap());
    assert_ne!(one, other);
    assert_eq!(one.len(), 46);
    let hash = secret::hash(&one).unwrap();
    assert_eq!(hash.len(), 64);
    assert!(!hash.contains(&one[3..]));
}

proptest! {
    #[test]
    fn what_is_no_key_never_reaches_the_database(text in ".{0,60}") {
        prop_assume!(!text.starts_with("bl_"));
        prop_assert_eq!(secret::hash(&text), None);
    }
}

#[test]
fn a_key_of_the_wrong_length_or_letters_is_none() {
    assert_eq!(secret::hash("bl_"), None);
    assert_eq!(secret::hash(&format!("bl_{}", "a".repeat(44))), None);
    assert_eq!(secret::hash(&format!("bl_{}!", "a".repeat(42))), None);
    assert!(secret::hash(&format!("bl_{}", "a".repeat(43))).is_some());
}

/// Method, route, and who may: admin, manager, viewer, supplier, channel.
const TABLE: &[(&str, &str, [bool; 5])] = &[
    ("GET", "/api/v1/products", [true, true, true, false, true]),
    ("HEAD", "/api/v1/products/{sku}", [true, true, true, false, true]),
    ("PATCH", "/api/v1/products/{sku}", [true, true, false, false, false]),
    ("GET", "/api/v1/products/{sku}/lineage", [true, true, true, false, false]),
    ("GET", "/api/v1/products/{sku}/offers", [true, true, true, false, false]),
    ("GET", "/api/v1/search", [true, true, true, false, true]),
    ("GET", "/api/v1/suppliers", [true, true, true, true, false]),
    ("POST", "/api/v1/suppliers", [true, true, false, false, false]),
    ("PATCH", "/api/v1/suppliers/{code}", [true, true, false, true, false]),
    ("GET", "/api/v1/suppliers/{code}/warehouses", [true, true, true, true, false]),
    ("PUT", "/api/v1/suppliers/{code}/warehouses/{warehouse}", [true, true, false, false, false]),
    ("POST", "/api/v1/suppliers/{code}/imports", [true, true, false, true, false]),
    ("GET", "/api/v1/suppliersx/{code}", [true, true, true, false, false]),
    ("POST", "/api/v1/imports/{id}/release", [true, true, false, false, false]),
    ("PATCH", "/api/v1/stock", [true, true, false, true, false]),
    ("GET", "/api/v1/keys", [true, false, false, false, false]),
    ("DELETE", "/api/v1/keys/{id}", [true, false, false, false, false]),
    ("GET", "/api/v1/events", [true, true, true, false, false]),
    ("PUT", "/api/v1/rates", [true, true, false, false, false]),
    ("GET", "/feeds/{channel}/{file}", [true, true, true, false, true]),
    ("GET", "/metrics", [true, true, true, false, false]),
    ("GET", "/api/v1/a-path-of-tomorrow", [true, true, true, false, false]),
];

#[test]
fn every_role_comes_in_where_it_has_business() {
    for (method, route, expected) in TABLE {
        let allowed = Role::ALL.map(|role| gate::allows(role, method, route));
        assert_eq!(allowed, *expected, "{method} {route}");
    }
}

#[test]
fn somebody_elses_supplier_does_not_exist_for_a_supplier_key() {
    let own = Caller {
        key_id: "key_1".to_owned(),
        name: "alpine".to_owned(),
        role: Role::Supplier,
        supplier: Some(SupplierScope { id: 1, code: "alpine".to_owned() }),
        channel: None,
    };
    assert!(own.require_supplier("alpine").is_ok());
    assert_eq!(own.require_supplier("nordlys").unwrap_err().code, Code::NotFound);
    assert_eq!(own.require(Permission::Edit).unwrap_err().code, Code::Forbidden);
    assert!(!own.sees_inner());
    let channel = Caller { role: Role::Channel, supplier: None, channel: Some("google".to_owned()), ..own };
    assert!(channel.require_channel("google").is_ok());
    assert_eq!(channel.require_channel("shopify").unwrap_err().code, Code::NotFound);
    assert_eq!(channel.require_supplier("alpine").unwrap_err().code, Code::Forbidden);
}
