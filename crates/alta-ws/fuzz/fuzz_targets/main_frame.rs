#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alta_ws::fuzzing::frame(bytes));
