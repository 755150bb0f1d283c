//! The command; all it does is in the library.

use std::process::ExitCode;

/// An import makes and drops millions of small texts on several threads, which the system's allocator does slowly and never gives back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    beamline::cli::main()
}
