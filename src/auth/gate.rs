//! Which paths a role has any business on, before a handler looks at the object itself.

use super::Role;

/// Paths under one supplier's own code.
const SUPPLIER_ROOT: &str = "/api/v1/suppliers/{code}";

/// What a supplier key may do besides reading and patching under its own code. Handlers check whose it is.
const SUPPLIER: &[(&str, &str)] = &[
    ("GET", "/api/v1/suppliers"),
    ("POST", "/api/v1/suppliers/{code}/imports"),
    ("GET", "/api/v1/imports"),
    ("GET", "/api/v1/imports/{id}"),
    ("GET", "/api/v1/imports/{id}/issues"),
    ("GET", "/api/v1/imports/{id}/events"),
    ("POST", "/api/v1/imports/{id}/cancel"),
    ("GET", "/api/v1/stock"),
    ("PATCH", "/api/v1/stock"),
];

/// What a channel key may do. Handlers check whose it is, and show only what is ready for the channel.
const CHANNEL: &[(&str, &str)] = &[
    ("GET", "/feeds/{channel}/{file}"),
    ("GET", "/api/v1/search"),
    ("GET", "/api/v1/search/suggest"),
    ("GET", "/api/v1/products"),
    ("GET", "/api/v1/products/{sku}"),
    ("GET", "/api/v1/images/{id}/{rendition}"),
];

/// May this role come in by this method and route? `route` is the router's pattern, `HEAD` counts as `GET`.
pub fn allows(role: Role, method: &str, route: &str) -> bool {
    let method = if method == "HEAD" { "GET" } else { method };
    let keys = route == "/api/v1/keys" || route.starts_with("/api/v1/keys/");
    let listed = |table: &[(&str, &str)]| table.contains(&(method, route));
    match role {
        Role::Admin => true,
        Role::Manager => !keys,
        Role::Viewer => method == "GET" && !keys,
        Role::Supplier => {
            let own = route.strip_prefix(SUPPLIER_ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            (own && matches!(method, "GET" | "PATCH")) || listed(SUPPLIER)
        }
        Role::Channel => listed(CHANNEL),
    }
}
