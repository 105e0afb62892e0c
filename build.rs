//! Generates envd's messages, service traits and clients from `assets/proto`.
//!
//! `protox` compiles the files in this process, so that nobody needs `protoc`; `connectrpc-build`
//! turns the descriptors into Rust below `OUT_DIR`, which `e2b::proto` includes.

use std::error::Error;
use std::path::PathBuf;

use prost::Message;

const ROOT: &str = "assets/proto";
const FILES: [&str; 2] = ["filesystem.proto", "process.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    for file in FILES {
        println!("cargo::rerun-if-changed={ROOT}/{file}");
    }

    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let descriptors = out.join("envd.descriptors");
    std::fs::write(
        &descriptors,
        protox::compile(FILES, [ROOT])?.encode_to_vec(),
    )?;

    connectrpc_build::Config::new()
        // Beside a descriptor set the names are relative to the proto root, and the directives
        // would name files that do not exist.
        .files(&FILES)
        .descriptor_set(descriptors)
        .emit_rerun_directives(false)
        .include_file("envd.rs")
        .compile()?;
    Ok(())
}
