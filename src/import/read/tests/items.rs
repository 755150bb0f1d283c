use super::{fields_with, read};
use crate::import::read::{Items, ReadOptions};

fn options() -> ReadOptions {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let items = Items { same: "handle".into(), own: texts(&["sku", "price"]), shared: texts(&["title", "image"]) };
    ReadOptions { items: Some(items), ..ReadOptions::default() }
}

fn of<'a>(row: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    row.iter().filter(|(field, _)| field == name).map(|(_, text)| text.as_str()).collect()
}

const SHOP: &str = "handle,title,sku,price,image\n\
    lamp,Lamp,L-1,10,a.jpg\n\
    lamp,,L-2,12,b.jpg\n\
    lamp,,,,c.jpg\n\
    strap,Strap,S-1,3,\n\
    ,Nameless,N-1,1,\n\
    ,Nameless too,N-2,1,\n";

#[test]
fn what_an_item_says_once_its_variants_all_say() {
    let rows = fields_with(SHOP.as_bytes(), "a.csv", &options());
    assert_eq!(rows.len(), 5);
    for row in &rows[..2] {
        assert_eq!((of(row, "title"), of(row, "image")), (vec!["Lamp"], vec!["a.jpg", "b.jpg", "c.jpg"]));
    }
    assert_eq!((of(&rows[0], "sku"), of(&rows[1], "price")), (vec!["L-1"], vec!["12"]));
    assert_eq!((of(&rows[2], "title"), of(&rows[2], "image")), (vec!["Strap"], vec![""]));
    // Rows without the field have nothing in common.
    assert_eq!((of(&rows[3], "title"), of(&rows[4], "title")), (vec!["Nameless"], vec!["Nameless too"]));
}

#[test]
fn rows_keep_their_numbers_and_errors_their_places() {
    let text = format!("{SHOP}lamp,x,y,z,a,b,c\nlamp,Lamp,L-9,1,\n");
    let items = read(text.as_bytes(), "a.csv", &options());
    let numbers: Vec<u64> = items.iter().map(|item| item.as_ref().map_or_else(|error| error.row, |record| record.row)).collect();
    assert_eq!(numbers, [1, 2, 4, 5, 6, 7, 8]);
    assert_eq!(items[5].as_ref().unwrap_err().code, "ragged_row");
}

#[test]
fn a_group_of_pictures_only_is_told_of() {
    let rows = fields_with(b"handle,title,sku,price,image\nx,,,,a.jpg\nx,,,,b.jpg\n", "a.csv", &options());
    assert_eq!(rows.len(), 1);
}
