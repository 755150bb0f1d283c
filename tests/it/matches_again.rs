//! What becomes of products that are stored already: found by what they say now, and compared anew when somebody asks for it.

use crate::support::{House, Server, Upload};
use beamline::catalog::{compare_all, resolve_all};
use beamline::identity::queries::{keys_of, keys_put, products_by_key};
use reqwest::Method;
use serde_json::{Value, json};

const COLUMNS: [(&str, &str); 6] = [
    ("sku", "supplier_sku"),
    ("brand", "brand"),
    ("model", "model_name"),
    ("mpn", "mpn"),
    ("title", "title"),
    ("colour", "body_color"),
];

async fn lamps(server: &Server, supplier: &str, rows: &str) -> Value {
    let column = |(from, to): &(&str, &str)| format!("[[column]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
    let columns: String = COLUMNS.iter().map(column).collect();
    let profile =
        format!("name = \"lamps\"\nlocale = \"en\"\ncurrency = \"EUR\"\n{columns}[fixed]\nproduct_kind = \"headlamp\"\n");
    let file = format!("sku,brand,model,mpn,title,colour\n{rows}\n");
    Upload::new(supplier, "lamps.csv", file).profile(&profile).done(server).await
}

async fn product(server: &Server, supplier: &str) -> Value {
    let offers = server.all(&format!("/api/v1/suppliers/{supplier}/offers")).await;
    server.get(&format!("/api/v1/products/{}", offers[0]["product"].as_str().unwrap())).await.expect(200)
}

async fn id(house: &House, product: &Value) -> i64 {
    let sku = product["sku"].as_str().unwrap().to_owned();
    house.app.db.read(move |conn| beamline::catalog::queries::product_of_sku(conn, &sku)).await.unwrap().id
}

/// The keys that a product stands under.
async fn keys(house: &House, product: i64) -> Vec<i64> {
    let keys = house.app.db.read(move |conn| keys_of(conn, &[product])).await.unwrap();
    keys.into_iter().map(|(key, _)| key).collect()
}

async fn open(server: &Server) -> Vec<Value> {
    server.all("/api/v1/matches?state=open").await
}

both_databases! {
    async fn stored_products_are_compared_anew_and_asked_about(house: House) {
        let server = Server::start(&house).await;
        lamps(&server, "alpine", "A-1,Fenix,HM65R,,Fenix HM65R headlamp,").await;
        lamps(&server, "lumen", "L-1,Phoenix Lights,HM65R,,HM65R headlamp,").await;
        let (one, other) = (product(&server, "alpine").await, product(&server, "lumen").await);
        assert!(one["sku"] != other["sku"] && open(&server).await.is_empty(), "two brands");
        // Whatever is stored is as it was: nothing new is asked.
        assert_eq!(compare_all::run(&house.app, &|_| {}).await.unwrap().asked, 0);

        server.send(Method::PATCH, "/api/v1/brands/fenix", json!({"aliases": ["Phoenix Lights"]})).await.expect(200);
        resolve_all::run(&house.app, &|_| {}).await.unwrap();
        let compared = compare_all::run(&house.app, &|_| {}).await.unwrap();
        assert_eq!((compared.products, compared.asked), (2, 1));
        let cases = open(&server).await;
        assert_eq!(cases.len(), 1);
        assert_ne!(product(&server, "alpine").await["sku"], product(&server, "lumen").await["sku"], "nothing is merged by itself");
        // Taken back, nothing was asked; asked again, it is.
        let operations = server.get("/api/v1/operations?kind=compare&limit=1").await.expect(200);
        let undo = format!("/api/v1/operations/{}/undo", operations["items"][0]["id"].as_str().unwrap());
        server.send(Method::POST, &undo, json!({})).await.expect(200);
        assert!(open(&server).await.is_empty());
        assert_eq!(compare_all::run(&house.app, &|_| {}).await.unwrap().asked, 1);
        let cases = open(&server).await;
        // What a person keeps apart stays apart.
        let path = format!("/api/v1/matches/{}/reject", cases[0]["id"].as_str().unwrap());
        server.send(Method::POST, &path, json!({})).await.expect(200);
        assert_eq!(compare_all::run(&house.app, &|_| {}).await.unwrap().asked, 0);
        assert!(open(&server).await.is_empty());
    }

    async fn a_product_is_found_by_what_it_says_now(house: House) {
        let server = Server::start(&house).await;
        let row = |mpn: &str| format!("A-1,Fenix,HM65R,{mpn},Fenix HM65R headlamp,");
        lamps(&server, "alpine", &row("HX-210")).await;
        let lamp = product(&server, "alpine").await;
        let one = id(&house, &lamp).await;
        let first = keys(&house, one).await;
        lamps(&server, "alpine", &row("HX-999")).await;
        let second = keys(&house, one).await;
        assert!(first != second && first.len() == second.len(), "the old number's key is gone: {first:?} {second:?}");
        lamps(&server, "alpine", &row("HX-210")).await;
        assert_eq!(keys(&house, one).await, first);
        resolve_all::run(&house.app, &|_| {}).await.unwrap();
        assert_eq!(keys(&house, one).await, first, "an import and a resolve say the same");

        lamps(&server, "lumen", "L-1,Petzl,Actik Core,P-1,Petzl Actik Core headlamp,").await;
        let gone = product(&server, "lumen").await;
        let other = id(&house, &gone).await;
        let theirs = keys(&house, other).await;
        let path = format!("/api/v1/products/{}", lamp["sku"].as_str().unwrap());
        server.send(Method::POST, &format!("{path}/merge"), json!({"with": [gone["sku"]]})).await.expect(200);
        assert_eq!(keys(&house, other).await, [0_i64; 0], "what was merged away is not looked at any more");
        let both = keys(&house, one).await;
        assert!(first.iter().chain(&theirs).all(|key| both.contains(key)));
        let merges = server.get("/api/v1/operations?kind=merge&limit=1").await.expect(200);
        let undo = format!("/api/v1/operations/{}/undo", merges["items"][0]["id"].as_str().unwrap());
        server.send(Method::POST, &undo, json!({})).await.expect(200);
        assert_eq!((keys(&house, one).await, keys(&house, other).await), (first, theirs));
    }

    async fn a_key_of_too_many_products_says_nothing_and_a_narrower_one_still_does(house: House) {
        let found = house.app.db.write(|conn| {
            let all: Vec<(i64, i64)> = (1..=230).map(|product| (77, product)).collect();
            keys_put(conn, &all)?;
            keys_put(conn, &[(78, 5), (78, 9)])?;
            products_by_key(conn, &[77, 78])
        });
        let found = found.await.unwrap();
        assert_eq!((found.get(&77), found.get(&78)), (None, Some(&vec![5, 9])));
    }

    async fn two_colours_that_nobody_knows_are_two_products_of_one_group(house: House) {
        let server = Server::start(&house).await;
        lamps(&server, "alpine", "A-1,Petzl,Actik,,Petzl Actik headlamp,Solar Flare").await;
        lamps(&server, "lumen", "L-1,Petzl,Actik,,Petzl Actik headlamp,Abyss").await;
        lamps(&server, "third", "T-1,Petzl,Actik,,Petzl Actik headlamp,SOLAR FLARE").await;
        let (flare, abyss, again) =
            (product(&server, "alpine").await, product(&server, "lumen").await, product(&server, "third").await);
        assert_eq!(flare["values"]["color_as_said"], "Solar Flare");
        assert_ne!(flare["sku"], abyss["sku"]);
        assert_eq!(flare["sku"], again["sku"]);
        assert!(flare["group"].is_string() && flare["group"] == abyss["group"], "{flare} {abyss}");
    }
}
