//! Combinations of features in which one has no effect are compile errors. `cargo xtask ci` does not build them, so it does not
//! read this file.

#[cfg(all(feature = "metrics", not(feature = "bot")))]
compile_error!(
    "the feature `metrics` of pytale measures managed bots; enable the feature `bot`, too"
);

#[cfg(all(
    any(feature = "hyper", feature = "platform-roots"),
    not(any(feature = "bot", feature = "console", feature = "rest", feature = "ws"))
))]
compile_error!(
    "the features `hyper` and `platform-roots` of pytale add HTTP and TLS to other features; enable `bot`, `console`, `rest` or \
     `ws`, too"
);
