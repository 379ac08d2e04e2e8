//! The program. Everything is in the library, so that tests and benchmarks start the same parts.

fn main() -> std::process::ExitCode {
    nextmove::cli::main()
}
