//! The profiles that go with the files: what a person would write who has read the supplier's columns.

use super::cells::Clerk;
use crate::import::read::{Format, ReadOptions};
use crate::pricing::money;
use crate::suppliers::{Column, FileMode, Profile, Target};

fn base(clerk: &Clerk<'_>, format: Format, what: &str) -> Profile {
    let shape = clerk.shape;
    let text = matches!(format, Format::Csv | Format::Tsv);
    Profile {
        name: format!("{} {what}", shape.name),
        locale: Some(shape.locale.clone()),
        decimal: shape.decimal,
        currency: money::currency(&shape.currency).ok(),
        file: ReadOptions {
            format: Some(format),
            separator: (text && format == Format::Csv).then_some(shape.separator),
            encoding: text.then(|| "utf-8".to_owned()),
            ..ReadOptions::default()
        },
        ..Profile::default()
    }
}

/// For the catalogue.
pub(super) fn catalog(clerk: &Clerk<'_>, format: Format) -> Profile {
    let columns = clerk.shape.column.iter().map(|shape| {
        let to = Target::special(&shape.to).unwrap_or_else(|| Target::Attribute(shape.to.clone()));
        let mut column = Column::new(&shape.from, to);
        column.unit.clone_from(&shape.unit);
        match shape.to.as_str() {
            "light_colors" | "features" => column.split = Some(clerk.shape.list.trim_end().to_owned()),
            "category" => {
                column.map.insert(clerk.shape.category.clone(), "headlamps".to_owned());
            }
            "battery_options" => {
                let word = clerk.shape.word.get("built_in").cloned().unwrap_or_default();
                column.map.insert(word, "built_in".to_owned());
            }
            "image" => column.role = Some("main".to_owned()),
            _ => {}
        }
        column
    });
    let mut profile = Profile { mode: Some(FileMode::Full), columns: columns.collect(), ..base(clerk, format, "catalogue") };
    profile.fixed.insert("product_kind".to_owned(), "headlamp".to_owned());
    profile
}

/// For the stock file.
pub(super) fn stock(clerk: &Clerk<'_>, format: Format) -> Profile {
    let stock = &clerk.shape.stock;
    let columns = [(&stock.sku, Target::SupplierSku), (&stock.warehouse, Target::Warehouse), (&stock.on_hand, Target::OnHand)];
    let columns = columns.into_iter().map(|(from, to)| Column::new(from, to)).collect();
    Profile { mode: Some(FileMode::Full), columns, ..base(clerk, format, "stock") }
}
