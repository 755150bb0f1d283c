//! Stock through HTTP: reported, summed, listed, and nobody else's.

use crate::support::{Server, Upload, key};
use beamline::auth::Role;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

/// Two suppliers of the same lamp, and of one of their own each.
async fn offers(server: &Server) -> String {
    let file = |letter: &str, stock: &str| {
        format!(
            "sku,brand,mpn,title,stock\n{letter}-1,Fenix,HM65R-T,Fenix HM65R-T,{stock}\n{letter}-2,Fenix,{letter}X200,Fenix {letter},1\n"
        )
    };
    Upload::new("alpine", "a.csv", file("A", "5")).done(server).await;
    Upload::new("bivak", "b.csv", file("B", "7")).done(server).await;
    let offers = server.all("/api/v1/suppliers/alpine/offers").await;
    offers[0]["product"].as_str().unwrap().to_owned()
}

async fn available(server: &Server, sku: &str) -> Value {
    server.get(&format!("/api/v1/products/{sku}")).await.expect(200)["available"].clone()
}

fn line(supplier: &str, supplier_sku: &str, on_hand: i64) -> Value {
    json!({"supplier": supplier, "supplier_sku": supplier_sku, "on_hand": on_hand})
}

both_databases! {
    async fn a_level_is_reported_and_the_product_sums_them(house: House) {
        let server = Server::start(&house).await;
        let sku = offers(&server).await;
        assert_eq!(available(&server, &sku).await, 12);
        let answer = server.send(Method::PATCH, "/api/v1/stock", line("alpine", "A-1", 3)).await;
        assert_eq!(answer.expect(200), json!({"lines": 1, "changed": 1}));
        let change = answer.header("beamline-change");
        let product = server.get(&format!("/api/v1/products/{sku}?after_change={change}")).await.expect(200);
        assert_eq!((&product["available"], &product["version"]), (&json!(10), &json!(1)), "stock is no edit of the catalogue");
        let found = server.get(&format!("/api/v1/search?filter=available%20%3E%3D%2010&after_change={change}")).await.expect(200);
        assert_eq!((&found["items"][0]["sku"], &found["total"]["value"]), (&json!(sku), &json!(1)));
        let event = server.get("/api/v1/events?types=stock.changed&limit=1000").await.expect(200);
        let newest = event["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&newest["subject"], &newest["data"]["available"], &newest["data"]["was"]), (&json!(sku), &json!(10), &json!(12)));

        let same = server.send(Method::PATCH, "/api/v1/stock", line("alpine", "A-1", 3)).await.expect(200);
        assert_eq!(same["changed"], 0);
        let mut north = line("alpine", "A-1", 20);
        north["warehouse"] = json!("North Hall");
        let many = json!([north, line("bivak", "B-1", 0), line("bivak", "B-2", 4)]);
        assert_eq!(server.send(Method::PATCH, "/api/v1/stock", many).await.expect(200), json!({"lines": 3, "changed": 3}));
        let stock = server.get(&format!("/api/v1/products/{sku}/stock")).await.expect(200);
        assert_eq!(stock["available"], 23);
        let mut levels: Vec<_> = stock["levels"].as_array().unwrap().iter().map(|level| (level["supplier"].as_str().unwrap(), level["warehouse"].as_str().unwrap(), level["available"].as_i64().unwrap())).collect();
        levels.sort_unstable();
        assert_eq!(levels, [("alpine", "default", 3), ("alpine", "north-hall", 20), ("bivak", "default", 0)]);
        let warehouses = server.get("/api/v1/suppliers/alpine/warehouses").await.expect(200);
        assert!(warehouses["items"].as_array().unwrap().iter().any(|one| one["code"] == "north-hall"), "{warehouses}");
    }

    async fn all_lines_are_taken_or_none(house: House) {
        let server = Server::start(&house).await;
        let sku = offers(&server).await;
        let mut odd = line("alpine", "A-2", 1);
        odd["warehouse"] = json!("---");
        let lines = json!([line("alpine", "A-1", 99), line("alpine", "A-9", 1), line("nobody", "A-1", 1), line("bivak", "B-1", -1), line("bivak", "B-1", 2_000_000_000), odd]);
        let problem = server.send(Method::PATCH, "/api/v1/stock", lines).await.problem(422, "invalid");
        let mut told: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|one| (one["pointer"].as_str().unwrap(), one["code"].as_str().unwrap())).collect();
        told.sort_unstable();
        assert_eq!(told, [("/1/supplier_sku", "unknown_sku"), ("/2/supplier", "unknown_supplier"), ("/3/on_hand", "out_of_range"), ("/4/on_hand", "out_of_range"), ("/5/warehouse", "invalid_code")]);
        assert_eq!(available(&server, &sku).await, 12, "nothing was taken");
        for wrong in [json!({"supplier": "alpine"}), json!([{"supplier": "alpine", "supplier_sku": "A-1", "on_hand": "3"}]), json!({"supplier": "alpine", "supplier_sku": "A-1", "on_hand": 3, "colour": 1})] {
            server.send(Method::PATCH, "/api/v1/stock", wrong).await.problem(422, "invalid");
        }
        let viewer = key(&house, Role::Viewer, None, None).await;
        server.send_as(&viewer, Method::PATCH, "/api/v1/stock", line("alpine", "A-1", 1)).await.problem(403, "forbidden");
        let many: Vec<Value> = (0..10_001).map(|_| line("alpine", "A-1", 1)).collect();
        server.send(Method::PATCH, "/api/v1/stock", json!(many)).await.problem(413, "too_large");
    }

    async fn an_older_report_does_not_overwrite_a_newer(house: House) {
        let server = Server::start(&house).await;
        let sku = offers(&server).await;
        house.clock.set(house.clock.now() + TimeDelta::days(2));
        let at = |on_hand: i64, time: &str| {
            let mut line = line("alpine", "A-1", on_hand);
            line["reported_at"] = json!(time);
            line
        };
        let report = |line: Value| { let server = &server; async move { server.send(Method::PATCH, "/api/v1/stock", line).await.expect(200)["changed"].clone() } };
        assert_eq!(report(at(20, "2026-01-02T12:00:00Z")).await, 1);
        assert_eq!(report(at(1, "2026-01-02T11:59:59Z")).await, 0);
        assert_eq!(available(&server, &sku).await, 27);
        // A clock that goes wrong must not hold later reports off.
        assert_eq!(report(at(21, "2099-01-01T00:00:00Z")).await, 1);
        house.clock.set(house.clock.now() + TimeDelta::minutes(1));
        assert_eq!(report(line("alpine", "A-1", 22)).await, 1);
        assert_eq!(available(&server, &sku).await, 29);
        let file = "sku,stock,reported\nA-1,2,2026-01-01T01:00:00Z\n";
        let profile = "name = \"s\"\n[[column]]\nfrom = \"sku\"\nto = \"supplier_sku\"\n[[column]]\nfrom = \"stock\"\nto = \"on_hand\"\n[[column]]\nfrom = \"reported\"\nto = \"reported_at\"\n";
        let old = Upload::new("alpine", "old.csv", file).profile(profile).query("kind=stock").done(&server).await;
        assert_eq!((&old["unchanged"], available(&server, &sku).await), (&json!(1), json!(29)), "{old}");
    }

    async fn only_live_offers_count(house: House) {
        let server = Server::start(&house).await;
        let mut rows: Vec<String> = (10..20).map(|number| format!("A-{number},Fenix,AX{number}00,Fenix {number},1")).collect();
        rows.push("A-1,Fenix,HM65R-T,Fenix HM65R-T,5".to_owned());
        let file = |rows: &[String]| format!("sku,brand,mpn,title,stock\n{}\n", rows.join("\n"));
        Upload::new("alpine", "a.csv", file(&rows)).done(&server).await;
        Upload::new("bivak", "b.csv", "sku,brand,mpn,title,stock\nB-1,Fenix,HM65R-T,Fenix HM65R-T,7\n").done(&server).await;
        let offers = server.all("/api/v1/suppliers/bivak/offers").await;
        let sku = offers[0]["product"].as_str().unwrap();
        assert_eq!(available(&server, sku).await, 12);
        rows.pop();
        let full = Upload::new("alpine", "a.csv", file(&rows)).query("mode=full").done(&server).await;
        assert_eq!((&full["gone"], available(&server, sku).await), (&json!(1), json!(7)));
        let stock = server.get(&format!("/api/v1/products/{sku}/stock")).await.expect(200);
        let gone = stock["levels"].as_array().unwrap().iter().find(|level| level["supplier"] == "alpine").unwrap();
        assert_eq!((&gone["on_hand"], &gone["available"]), (&json!(5), &json!(0)));
    }

    async fn levels_are_listed_in_pages_and_a_supplier_sees_its_own(house: House) {
        let server = Server::start(&house).await;
        let sku = offers(&server).await;
        let mut south = line("alpine", "A-1", 2);
        south["warehouse"] = json!("south");
        server.send(Method::PATCH, "/api/v1/stock", south).await.expect(200);
        let (mut seen, mut after) = (Vec::new(), String::new());
        for _ in 0..10 {
            let page = server.get(&format!("/api/v1/stock?limit=2{after}")).await.expect(200);
            assert!(page["items"].as_array().unwrap().len() <= 2);
            seen.extend(page["items"].as_array().unwrap().iter().map(|level| format!("{} {}", level["supplier_sku"].as_str().unwrap(), level["warehouse"].as_str().unwrap())));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        seen.sort();
        assert_eq!(seen, ["A-1 default", "A-1 south", "A-2 default", "B-1 default", "B-2 default"]);
        assert_eq!(server.all("/api/v1/stock?supplier=bivak").await.len(), 2);

        let own = key(&house, Role::Supplier, Some("alpine"), None).await;
        let listed = server.get_as(&own, "/api/v1/stock?supplier=bivak").await.expect(200);
        assert!(listed["items"].as_array().unwrap().iter().all(|level| level["supplier"] == "alpine"), "{listed}");
        server.send_as(&own, Method::PATCH, "/api/v1/stock", line("alpine", "A-1", 50)).await.expect(200);
        server.send_as(&own, Method::PATCH, "/api/v1/stock", json!([line("alpine", "A-1", 1), line("bivak", "B-1", 0)])).await.problem(404, "not_found");
        assert_eq!(available(&server, &sku).await, 59);
        server.get_as(&own, &format!("/api/v1/products/{sku}/stock")).await.problem(403, "forbidden");
    }
}
