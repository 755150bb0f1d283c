//! The API's own document: OpenAPI 3.1, written by the handlers, browsable without any other host.

use crate::error::{Code, Error, Result};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema, ToSchema};

/// What the documentation page may load: what this server sends, and the pictures within its style sheet.
const DOCS_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/// What each tag stands for.
const TAGS: &[(&str, &str)] = &[
    ("suppliers", "Who ships, and from where"),
    ("imports", "Supplier files in"),
    ("products", "The golden record"),
    ("matches", "The same lamp from several suppliers: cases, merging, splitting"),
    ("search", "Finding products"),
    ("stock", "Stock per supplier and warehouse"),
    ("pricing", "Exchange rates"),
    ("channels", "What marketplaces want, listings and publications"),
    ("feeds", "The files channels read"),
    ("images", "Pictures: sent, fetched, kept once, made right for lists and channels"),
    ("operations", "What was done, and the change log as events"),
    ("jobs", "Work that outlives a request, and what of it was given up"),
    ("keys", "Who may do what"),
    ("health", "For the machines that watch the server"),
];

/// Completes what the handlers wrote with what holds for all of them: the key, the problem document, `after_change`.
pub(super) fn complete(handlers: OpenApi) -> Result<Value> {
    let mut document = serde_json::to_value(handlers)?;
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": "Beamline",
        "summary": "Product information management for people who sell headlamps they do not stock",
        "description": "Errors are RFC 9457 problem documents; their codes stand at /docs/errors. Lists take `limit` and `after`. \
                        Every resource has an ETag.",
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server"}]);
    document["security"] = json!([{"key": []}]);
    components(&mut document);
    let mut used = std::collections::BTreeSet::new();
    for (path, item) in members(&mut document["paths"]) {
        for (method, operation) in members(item) {
            for (status, response) in members(&mut operation["responses"]) {
                describe(status, response);
            }
            operation["responses"]["default"] = json!({"$ref": "#/components/responses/Problem"});
            used.extend(operation["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
            if method == "post" && path.starts_with("/api/v1/") {
                repeat(operation);
            }
            if method == "get" && path.starts_with("/api/v1/") {
                await_change(operation);
            }
        }
    }
    let tags = TAGS.iter().filter(|(name, _)| used.contains(*name));
    document["tags"] = tags.map(|(name, description)| json!({"name": name, "description": description})).collect();
    Ok(document)
}

fn components(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    let mut nested = Vec::new();
    super::Problem::schemas(&mut nested);
    schemas["Problem"] = json!(super::Problem::schema());
    for (name, schema) in nested {
        schemas[name] = json!(schema);
    }
    document["components"]["responses"]["Problem"] = json!({
        "description": "What went wrong",
        "content": {super::problem::MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    document["components"]["securitySchemes"]["key"] =
        json!({"type": "http", "scheme": "bearer", "description": "A key made by `beamline key create` or POST /api/v1/keys"});
}

/// OpenAPI 3.1 wants a description of every response; most need no other words than their status.
fn describe(status: &str, response: &mut Value) {
    if response["description"].as_str().is_none_or(str::is_empty) && response.get("$ref").is_none() {
        response["description"] = json!(match status {
            "201" => "Made",
            "202" => "Begun",
            "204" => "Done",
            _ => "As asked for",
        });
    }
}

fn await_change(operation: &mut Value) {
    let parameter = json!({
        "name": "after_change", "in": "query", "required": false, "schema": {"type": "string"},
        "description": "A Beamline-Change of an earlier answer: wait until this one shows it, 10 s at most",
    });
    add_parameter(operation, parameter);
}

fn repeat(operation: &mut Value) {
    let parameter = json!({
        "name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "A key of your own for this request, such as a UUID. A repeat with the same key within 24 hours is not done \
                        again: it gets the first answer, with `Idempotent-Replayed: true`",
    });
    add_parameter(operation, parameter);
}

fn add_parameter(operation: &mut Value, parameter: Value) {
    match operation["parameters"].as_array_mut() {
        Some(parameters) if parameters.iter().any(|one| one["name"] == parameter["name"]) => {}
        Some(parameters) => parameters.push(parameter),
        None => operation["parameters"] = json!([parameter]),
    }
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

/// The document as it is served and committed: pretty, with a line's end at the end.
pub fn text(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

/// The document, the pages that show it, and the page that lists every error code.
pub(super) fn pages<S: Clone + Send + Sync + 'static>(document: &Value) -> Result<axum::Router<S>> {
    let text = text(document)?;
    let serve = move || {
        let text = text.clone();
        async move { tagged(text) }
    };
    // "none": the page would else ask a validator on another host.
    let page =
        utoipa_swagger_ui::SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none"));
    let docs: axum::Router<S> = axum::Router::from(page).route("/docs/errors", get(errors));
    let policy = |mut response: Response| async move {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
        response
    };
    // On these routes only: on the whole router it would also stamp every path that does not exist.
    Ok(docs.route_layer(axum::middleware::map_response(policy)).route("/openapi.json", get(serve)))
}

fn tagged(text: String) -> Response {
    let tag = super::etag::of(text.as_bytes(), None);
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache"), (header::ETAG, &tag)];
    (headers, text).into_response()
}

/// The one table of codes, as a page: where the `type` of every problem points.
async fn errors() -> Result<Html<String>> {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Beamline: errors</title>\
         <style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:50rem}td,th{text-align:left;padding:.3rem 1rem .3rem 0}</style>\
         <h1>Errors</h1><table><tr><th>code</th><th>status</th><th>meaning</th></tr>",
    );
    for code in Code::ALL {
        let (name, status, title) = (code.as_str(), code.status(), code.title());
        write!(page, "<tr id=\"{name}\"><td><code>{name}</code></td><td>{status}</td><td>{title}</td></tr>")
            .map_err(Error::internal)?;
    }
    page.push_str("</table></html>\n");
    Ok(Html(page))
}
