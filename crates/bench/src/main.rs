//! What the gateway costs, as ratios to the least program that does the same work.

fn main() {}
