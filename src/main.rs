//! Takes the arguments and the environment, and hands them on.

use std::process::ExitCode;

fn main() -> ExitCode {
    sandbar::cli::main(std::env::args_os(), &sandbar::config::Env::of_process())
}
