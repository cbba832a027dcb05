//! The `posture` program.

fn main() -> std::process::ExitCode {
    posture_local::cli::run()
}
