//! The bascule binary: configuration, real clock, real wire, subcommands.

fn main() {}
