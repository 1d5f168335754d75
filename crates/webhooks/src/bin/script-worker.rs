//! A worker for scripts by itself, for tests of this crate: the server is its own.

fn main() -> std::process::ExitCode {
    campanile_webhooks::scripts::worker::serve()
}
