//! Takes the arguments and the environment, and hands them on.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Files that are open in the shell are not for the programs that this one starts.
    sandbar::local::close_on_exec();
    sandbar::cli::main(std::env::args_os(), &sandbar::config::Env::of_process())
}
