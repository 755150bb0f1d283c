//! No parameter is passed over in silence: one that the API's document does not name for a path is refused by name.
//!
//! A mistyped `?after_chnage=` that is ignored costs somebody an afternoon. The document is what the handlers declare, so declaring a
//! parameter there is what makes it work.

use super::extract::parameter;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The query parameters that each operation takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    by_operation: Arc<HashMap<(String, String), BTreeSet<String>>>,
}

impl Known {
    /// Reads them from the API's document.
    pub(super) fn of(document: &serde_json::Value) -> Self {
        let mut by_operation = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let names = parameters.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str());
                by_operation.insert((method.to_uppercase(), path.clone()), names.map(str::to_owned).collect());
            }
        }
        Self { by_operation: Arc::new(by_operation) }
    }

    fn unknown(&self, method: &Method, route: &str, query: &str) -> Option<(String, String)> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        let names = self.by_operation.get(&(method.to_owned(), route.to_owned()))?;
        let given = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(pair));
        for name in given {
            let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
            if !names.contains(&name) {
                let known = if names.is_empty() {
                    "this path takes no parameters".to_owned()
                } else {
                    format!("this path takes {}", names.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
                };
                return Some((name.chars().take(100).collect(), known));
            }
        }
        None
    }
}

/// Refuses unknown parameters, and the character U+0000 anywhere in an address.
pub(super) async fn refuse_unknown(State(known): State<Known>, request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        return parameter("", "the address holds the character U+0000; leave it out").into_response();
    }
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if let (Some(route), Some(query)) = (route, request.uri().query())
        && let Some((name, message)) = known.unknown(request.method(), route, query)
    {
        return parameter(name, message).into_response();
    }
    next.run(request).await
}
