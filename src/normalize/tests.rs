//! Kinds of dirt seen in real files, in words of our own, and properties that hold for any text.

mod cells;
mod properties;
mod real_files;
