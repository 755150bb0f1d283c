//! The command line: parses it and calls the library.

fn main() {}
