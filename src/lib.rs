//! Beamline: product information management for people who sell headlamps they do not stock.
//!
//! Suppliers' files come in, one clean catalogue stands, and every marketplace gets the feed it wants. This page is the map of the
//! code; `ARCHITECTURE.md` says why it is so.
//!
//! | on its way | room |
//! |---|---|
//! | bytes become records, records become rows | [`import`] |
//! | a supplier's columns mean our attributes | [`suppliers`] |
//! | text becomes a typed value with its source | [`normalize`], by what [`dictionary`] says |
//! | which product is this? | [`identity`] |
//! | the best value of every attribute | [`catalog`] |
//! | what may be sold, and for how much | [`stock`], [`pricing`] |
//! | every write is told | [`db::changes`] |
//! | readers of what was told | [`search`], [`channels`] |
//! | any of it taken back | [`undo`] |
//! | one language to ask for products | [`filter`] |
//!
//! Around them: [`http`] and [`cli`] are the outside, [`auth`] says who may come in, [`jobs`] do what outlives a request,
//! [`background`] is what a serving process does besides, [`doctor`] looks whether all of it agrees, [`backup`] keeps a copy of it, and [`app`] holds the lights.

pub mod app;
pub mod auth;
pub mod background;
pub mod backup;
pub mod bench;
pub mod catalog;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod dictionary;
pub mod doctor;
pub mod error;
pub mod files;
pub mod filter;
pub mod generate;
pub mod http;
pub mod id;
pub mod identity;
pub mod import;
pub mod jobs;
pub mod media;
pub mod normalize;
pub mod pricing;
pub mod quality;
pub mod search;
pub mod stock;
pub mod suppliers;
pub mod undo;
