//! Beamline: product information management for people who sell headlamps they do not stock.

pub mod app;
pub mod auth;
pub mod background;
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
pub mod http;
pub mod id;
pub mod identity;
pub mod import;
pub mod jobs;
pub mod normalize;
pub mod pricing;
pub mod search;
pub mod stock;
pub mod suppliers;
