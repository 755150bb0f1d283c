//! Every table, once for both databases; `migrations/` holds the same in each dialect.
#![allow(missing_docs, clippy::wildcard_imports)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    settings (key) {
        key -> Text,
        value -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    suppliers (id) {
        id -> BigInt,
        code -> Text,
        name -> Text,
        currency -> Text,
        locale -> Text,
        rank -> Integer,
        country -> Nullable<Text>,
        version -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    warehouses (id) {
        id -> BigInt,
        supplier_id -> BigInt,
        code -> Text,
        name -> Text,
        country -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    profiles (id) {
        id -> BigInt,
        supplier_id -> BigInt,
        kind -> Text,
        toml -> Text,
        proposed -> Bool,
        fingerprint -> Text,
        created_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    brands (code) {
        code -> Text,
        name -> Text,
        created_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    brand_aliases (alias) {
        alias -> Text,
        brand -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    product_groups (id) {
        id -> BigInt,
        code -> Text,
        title -> Json,
        images -> Json,
        pinned -> Bool,
        supplier_id -> Nullable<BigInt>,
        parent -> Nullable<Text>,
        version -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    products (id) {
        id -> BigInt,
        sku -> Text,
        status -> Text,
        status_by -> Text,
        gtin -> Nullable<Text>,
        brand -> Nullable<Text>,
        mpn -> Nullable<Text>,
        mpn_key -> Nullable<Text>,
        category -> Nullable<Text>,
        group_id -> Nullable<BigInt>,
        group_pinned -> Bool,
        title -> Text,
        golden -> Json,
        images -> Json,
        tags -> Json,
        available -> BigInt,
        price_minor -> Nullable<BigInt>,
        price_currency -> Nullable<Text>,
        version -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
        merged_into -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    product_edits (product_id, attribute, locale) {
        product_id -> BigInt,
        attribute -> Text,
        locale -> Text,
        value -> Json,
        author -> Text,
        operation_id -> Text,
        edited_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    offers (id) {
        id -> BigInt,
        supplier_id -> BigInt,
        supplier_sku -> Text,
        product_id -> Nullable<BigInt>,
        live -> Bool,
        gone_at -> Nullable<UtcTime>,
        row_hash -> Text,
        warned -> Bool,
        gtin -> Nullable<Text>,
        brand -> Nullable<Text>,
        mpn_key -> Nullable<Text>,
        parent -> Nullable<Text>,
        cost_minor -> Nullable<BigInt>,
        cost_currency -> Nullable<Text>,
        recommended_minor -> Nullable<BigInt>,
        recommended_currency -> Nullable<Text>,
        import_id -> Text,
        file -> Text,
        row_number -> BigInt,
        created_at -> UtcTime,
        updated_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Json;

    offer_records (offer_id) {
        offer_id -> BigInt,
        raw -> Json,
        claims -> Json,
        images -> Json,
        tags -> Json,
        issues -> Nullable<Json>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    match_keys (key, product_id) {
        key -> BigInt,
        product_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    offer_homes (offer_id) {
        offer_id -> BigInt,
        product_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    match_cases (id) {
        id -> Text,
        left_product -> BigInt,
        right_product -> BigInt,
        state -> Text,
        score -> Integer,
        reasons -> Json,
        opened_at -> UtcTime,
        decided_at -> Nullable<UtcTime>,
        decided_by -> Nullable<Text>,
        operation_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    stock_levels (offer_id, warehouse_id) {
        offer_id -> BigInt,
        warehouse_id -> BigInt,
        on_hand -> BigInt,
        reserved -> BigInt,
        reported_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    stock_movements (id) {
        id -> BigInt,
        offer_id -> BigInt,
        warehouse_id -> BigInt,
        kind -> Text,
        delta -> BigInt,
        on_hand -> BigInt,
        operation_id -> Text,
        moved_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    operations (id) {
        id -> Text,
        kind -> Text,
        actor -> Text,
        subject -> Text,
        summary -> Json,
        created_at -> UtcTime,
        finished_at -> Nullable<UtcTime>,
        undoes -> Nullable<Text>,
        undone_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    changes (seq) {
        seq -> BigInt,
        xid -> BigInt,
        kind -> Text,
        subject -> Text,
        product_id -> Nullable<BigInt>,
        offer_id -> Nullable<BigInt>,
        operation_id -> Nullable<Text>,
        before -> Nullable<Json>,
        data -> Json,
        changed_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    imports (id) {
        id -> Text,
        supplier -> Text,
        kind -> Text,
        mode -> Text,
        dry_run -> Bool,
        status -> Text,
        profile -> Nullable<Text>,
        profile_name -> Text,
        files -> Json,
        rows_read -> BigInt,
        created -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        rejected -> BigInt,
        warned -> BigInt,
        gone -> BigInt,
        change -> Nullable<Text>,
        error -> Nullable<Text>,
        operation_id -> Text,
        created_at -> UtcTime,
        started_at -> Nullable<UtcTime>,
        finished_at -> Nullable<UtcTime>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    import_issues (id) {
        id -> BigInt,
        import_id -> Text,
        file -> Text,
        row_number -> BigInt,
        field -> Text,
        code -> Text,
        message -> Text,
        raw -> Text,
        severity -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    held_offers (import_id, offer_id, warehouse_id) {
        import_id -> Text,
        offer_id -> BigInt,
        warehouse_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    jobs (id) {
        id -> Text,
        kind -> Text,
        payload -> Json,
        state -> Text,
        attempts -> Integer,
        run_at -> UtcTime,
        leased_by -> Nullable<Text>,
        lease_until -> Nullable<UtcTime>,
        error -> Nullable<Text>,
        created_at -> UtcTime,
        finished_at -> Nullable<UtcTime>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    channel_settings (channel) {
        channel -> Text,
        enabled -> Bool,
        settings -> Json,
        version -> BigInt,
        updated_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    rates (base, quote) {
        base -> Text,
        quote -> Text,
        rate -> Text,
        updated_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    listings (product_id, channel, locale) {
        product_id -> BigInt,
        channel -> Text,
        locale -> Text,
        state -> Text,
        completeness -> Integer,
        reasons -> Json,
        row_hash -> Nullable<Text>,
        sent_hash -> Nullable<Text>,
        sent_at -> Nullable<UtcTime>,
        updated_at -> UtcTime,
        missing -> Json,
        answer -> Nullable<Json>,
        answered_at -> Nullable<UtcTime>,
        sent_group -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    listing_choices (product_id, channel) {
        product_id -> BigInt,
        channel -> Text,
        choice -> Json,
        version -> BigInt,
        updated_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    listing_rows (channel, sku) {
        channel -> Text,
        sku -> Text,
        product_id -> BigInt,
        group_code -> Nullable<Text>,
        handle -> Text,
        row_hash -> Text,
        cells -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::Json;

    listing_counts (channel, level, field, code) {
        channel -> Text,
        level -> Text,
        field -> Text,
        code -> Text,
        listings -> BigInt,
        example -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    listing_reasons (channel, code, product_id, field) {
        channel -> Text,
        code -> Text,
        product_id -> BigInt,
        field -> Text,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    listing_keys (channel, field, value, product_id) {
        channel -> Text,
        field -> Text,
        value -> Text,
        product_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    publications (id) {
        id -> Text,
        channel -> Text,
        state -> Text,
        detail -> Nullable<Text>,
        added -> BigInt,
        changed -> BigInt,
        removed -> BigInt,
        unchanged -> BigInt,
        parts -> Json,
        created_at -> UtcTime,
        finished_at -> Nullable<UtcTime>,
        kind -> Text,
        report -> Nullable<Json>,
        of_publication -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    api_keys (id) {
        id -> Text,
        name -> Text,
        role -> Text,
        hash -> Text,
        supplier_id -> Nullable<BigInt>,
        channel -> Nullable<Text>,
        created_at -> UtcTime,
        revoked_at -> Nullable<UtcTime>,
        last_used_at -> Nullable<UtcTime>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    cursors (name) {
        name -> Text,
        position -> Text,
        updated_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    idempotency (scope) {
        scope -> Text,
        token -> Text,
        query -> Text,
        body_hash -> Nullable<Text>,
        effected -> Bool,
        status -> Nullable<Integer>,
        headers -> Nullable<Json>,
        body -> Nullable<Binary>,
        lease_until -> UtcTime,
        expires_at -> UtcTime,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::{Json, UtcTime};

    images (id) {
        id -> Text,
        sha256 -> Text,
        file -> Text,
        format -> Text,
        width -> Integer,
        height -> Integer,
        bytes -> BigInt,
        white_border -> Integer,
        looks -> Text,
        findings -> Text,
        facts -> Json,
        same_as -> Nullable<Text>,
        distinct_by -> Nullable<Text>,
        placeholder -> Bool,
        name -> Nullable<Text>,
        created_by -> Text,
        created_at -> UtcTime,
        made_for -> Nullable<Text>,
    }
}

diesel::table! {
    image_bands (band, value, image_id) {
        band -> Integer,
        value -> Integer,
        image_id -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::UtcTime;

    image_addresses (id) {
        id -> Text,
        address -> Text,
        host -> Text,
        state -> Text,
        image_id -> Nullable<Text>,
        etag -> Nullable<Text>,
        last_modified -> Nullable<Text>,
        code -> Nullable<Text>,
        message -> Nullable<Text>,
        attempts -> Integer,
        due_at -> UtcTime,
        worker -> Nullable<Text>,
        asked_at -> Nullable<UtcTime>,
    }
}

diesel::table! {
    product_images (product_id, address_id) {
        product_id -> BigInt,
        address_id -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::types::UtcTime;

    image_renditions (image_id, rendition) {
        image_id -> Text,
        rendition -> Text,
        file -> Text,
        format -> Text,
        width -> Integer,
        height -> Integer,
        bytes -> BigInt,
        sha256 -> Text,
        created_at -> UtcTime,
    }
}

diesel::joinable!(warehouses -> suppliers (supplier_id));
diesel::joinable!(profiles -> suppliers (supplier_id));
diesel::joinable!(brand_aliases -> brands (brand));
diesel::joinable!(product_groups -> suppliers (supplier_id));
diesel::joinable!(products -> brands (brand));
diesel::joinable!(products -> product_groups (group_id));
diesel::joinable!(product_edits -> products (product_id));
diesel::joinable!(offers -> suppliers (supplier_id));
diesel::joinable!(offers -> products (product_id));
diesel::joinable!(offer_records -> offers (offer_id));
diesel::joinable!(stock_levels -> offers (offer_id));
diesel::joinable!(stock_levels -> warehouses (warehouse_id));
diesel::joinable!(stock_movements -> offers (offer_id));
diesel::joinable!(stock_movements -> warehouses (warehouse_id));
diesel::joinable!(import_issues -> imports (import_id));
diesel::joinable!(listings -> products (product_id));
diesel::joinable!(listing_choices -> products (product_id));
diesel::joinable!(api_keys -> suppliers (supplier_id));

diesel::joinable!(image_bands -> images (image_id));
diesel::joinable!(image_addresses -> images (image_id));
diesel::joinable!(image_renditions -> images (image_id));
diesel::joinable!(product_images -> products (product_id));
diesel::joinable!(product_images -> image_addresses (address_id));

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    suppliers,
    warehouses,
    profiles,
    brands,
    brand_aliases,
    product_groups,
    products,
    product_edits,
    offers,
    offer_records,
    offer_homes,
    match_cases,
    match_keys,
    stock_levels,
    stock_movements,
    operations,
    changes,
    imports,
    import_issues,
    held_offers,
    jobs,
    channel_settings,
    rates,
    listings,
    listing_choices,
    listing_rows,
    listing_counts,
    listing_keys,
    listing_reasons,
    publications,
    api_keys,
    cursors,
    idempotency,
    images,
    image_bands,
    image_addresses,
    product_images,
    image_renditions
);
