//! The binary `bascule`; see the library beside it.

fn main() -> std::process::ExitCode {
    bascule::run()
}
