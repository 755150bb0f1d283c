//! The table at the end of the demo: what came in, what became of it, and where to look next.

use super::place;
use crate::app::App;
use crate::catalog::queries::{CatalogFigures, catalog_figures};
use crate::channels::publish::Publication;
use crate::db::Conn;
use crate::error::Result;
use crate::import::queries::{ImportRow, issues_by_code};
use std::fmt::Write as _;
use std::net::SocketAddr;

/// Reasons listed for rejected rows.
const REASONS: usize = 6;

/// Draws it.
pub(super) async fn draw(app: &App, imports: &[ImportRow], feeds: &[Publication], address: Option<SocketAddr>) -> Result<String> {
    let ids: Vec<String> = imports.iter().map(|import| import.id.clone()).collect();
    let (figures, reasons) = app
        .db
        .read(move |conn: &mut Conn| {
            let mut reasons: Vec<(String, i64)> = Vec::new();
            for id in &ids {
                for (severity, code, count) in issues_by_code(conn, id)? {
                    if severity == "rejected" {
                        match reasons.iter_mut().find(|(known, _)| *known == code) {
                            Some((_, sum)) => *sum += count,
                            None => reasons.push((code, count)),
                        }
                    }
                }
            }
            reasons.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
            Ok((catalog_figures(conn)?, reasons))
        })
        .await?;
    let mut text = String::new();
    imported(&mut text, imports);
    catalogue(&mut text, &figures);
    if !reasons.is_empty() {
        let listed = reasons.iter().take(REASONS).map(|(code, count)| format!("{count} {}", code.replace('_', " ")));
        let _ = writeln!(text, "  rejected rows     {}", listed.collect::<Vec<_>>().join(", "));
    }
    published(&mut text, app, feeds, address);
    if let Some(address) = address {
        let _ = writeln!(text, "\n  API and documentation  http://{address}/docs");
    }
    Ok(text)
}

fn imported(text: &mut String, imports: &[ImportRow]) {
    let _ = writeln!(
        text,
        "\n  {:<14}{:<9}{:<18}{:>6}{:>9}{:>9}{:>11}{:>10}{:>9}",
        "supplier", "kind", "file", "rows", "created", "updated", "unchanged", "rejected", "warned"
    );
    for import in imports {
        let counts = import.counts;
        let file = import.files.first().map_or("-", |file| file.name.as_str());
        let _ = writeln!(
            text,
            "  {:<14}{:<9}{:<18}{:>6}{:>9}{:>9}{:>11}{:>10}{:>9}",
            import.supplier,
            import.kind.as_str(),
            file,
            counts.rows_read,
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.rejected,
            counts.warned
        );
    }
}

fn catalogue(text: &mut String, figures: &CatalogFigures) {
    let CatalogFigures { offers, products, active, shared, brands, pieces } = figures;
    let merged = offers - products;
    let _ = writeln!(
        text,
        "\n  {offers} offers are {products} products: {merged} offers found the product another supplier had brought,"
    );
    let _ = writeln!(text, "  and {shared} products have more than one supplier.");
    let _ = writeln!(text, "\n  products          {active} active, {} drafts", products - active);
    let _ = writeln!(text, "  brands            {brands}");
    let _ = writeln!(text, "  pieces to sell    {pieces}");
}

fn published(text: &mut String, app: &App, feeds: &[Publication], address: Option<SocketAddr>) {
    for feed in feeds {
        let listed = feed.added + feed.changed + feed.unchanged;
        let _ = writeln!(
            text,
            "\n  {:<17} {}: {listed} listings ({} added, {} changed, {} removed, {} unchanged)",
            feed.channel, feed.state, feed.added, feed.changed, feed.removed, feed.unchanged
        );
        if let Some(detail) = &feed.detail {
            let _ = writeln!(text, "  {:<17} {detail}", "");
        }
        for part in &feed.parts {
            let _ = writeln!(text, "  {:<17} {}", "", place(app, feed, &part.file, address));
        }
    }
}
