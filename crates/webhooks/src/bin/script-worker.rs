//! A script worker as its own program, for the tests of this crate. In production the server starts
//! itself as a worker.

fn main() -> std::process::ExitCode {
    campanile_webhooks::scripts::worker::serve()
}
