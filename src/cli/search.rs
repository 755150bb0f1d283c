//! `beamline search QUERY`

use super::{Outcome, say};
use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::search::{self, Hit, Relation, SearchPage, SearchRequest, SearchScope, facets};
use clap::Args;
use std::io::Write;

/// Search the catalogue
#[derive(Debug, Args)]
pub struct Search {
    /// Words, or a GTIN, SKU or part number in any form; may be left out with --filter
    #[arg(default_value = "", allow_hyphen_values = true)]
    query: String,

    /// An expression such as `light_output_max >= 400 AND ip_rating IN [IPX7, IPX8] AND NOT brand = "Petzl"`
    #[arg(long, env = "BEAMLINE_SEARCH_FILTER", value_name = "EXPR")]
    filter: Option<String>,

    /// Attributes whose values are counted, divided by commas
    #[arg(long, env = "BEAMLINE_SEARCH_FACETS", value_name = "A,B")]
    facets: Option<String>,

    /// `relevance`, an attribute, or `-` and an attribute for the other direction
    #[arg(long, env = "BEAMLINE_SEARCH_SORT", value_name = "F", allow_hyphen_values = true)]
    sort: Option<String>,

    /// Language to search in
    #[arg(long, env = "BEAMLINE_LOCALE", value_name = "TAG")]
    locale: Option<String>,

    /// Hits at most, 1 to 1000
    #[arg(long, env = "BEAMLINE_SEARCH_LIMIT", default_value_t = 20, value_name = "N")]
    limit: usize,

    /// The `next` of the page before
    #[arg(long, env = "BEAMLINE_SEARCH_AFTER", value_name = "CURSOR")]
    after: Option<String>,

    /// The API's answer as one JSON object
    #[arg(long, env = "BEAMLINE_JSON")]
    json: bool,
}

impl Search {
    pub(super) async fn run(self, config: Config) -> Result<Outcome> {
        let app = super::open(config).await?;
        let mut answer = Vec::new();
        search(&app, &self, &mut answer).await?;
        say(String::from_utf8_lossy(&answer).trim_end())?;
        Ok(Outcome::Done)
    }
}

/// Brings the index up to date, searches, and writes what was found.
pub async fn search(app: &App, args: &Search, out: &mut dyn Write) -> Result<()> {
    search::catch_up(app).await?;
    let request = SearchRequest {
        q: args.query.clone(),
        filter: args.filter.clone(),
        facets: args.facets.as_deref().map(facets::names).unwrap_or_default(),
        sort: args.sort.clone(),
        locale: args.locale.clone(),
        limit: Some(args.limit),
        after: args.after.clone(),
    };
    let page = app.search.search(request, SearchScope::default()).await?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&page)?)?;
    } else {
        table(&page, out)?;
    }
    Ok(())
}

fn table(page: &SearchPage, out: &mut dyn Write) -> Result<()> {
    for hit in &page.items {
        writeln!(out, "{}", line(hit))?;
    }
    for (name, values) in &page.facets {
        let values: Vec<String> = values.iter().map(|facet| format!("{} ({})", facet.value, facet.count)).collect();
        writeln!(out, "{name}: {}", values.join(", "))?;
    }
    let some = if page.total.relation == Relation::Gte { "at least " } else { "" };
    writeln!(out, "{} of {some}{} products", page.items.len(), page.total.value)?;
    Ok(())
}

fn line(hit: &Hit) -> String {
    let price = hit.price.map_or_else(|| "-".to_owned(), |price| price.to_string());
    let title = hit.title.as_deref().or(hit.model.as_deref()).unwrap_or("-");
    let title: String = title.chars().take(70).collect();
    let brand: String = hit.brand.as_deref().unwrap_or("-").chars().take(18).collect();
    format!("{:<14}  {brand:<18}  {title:<70}  {price:>14}  {:>6}", hit.sku, hit.available)
}
