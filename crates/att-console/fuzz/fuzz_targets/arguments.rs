#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| att_console::fuzzing::arguments(bytes));
