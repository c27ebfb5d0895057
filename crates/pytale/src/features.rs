//! Combinations of features in which one has no effect are compile errors. `cargo xtask ci` does not build them, so it does not
//! read this file.

// `bot` includes `kit`.
#[cfg(all(feature = "metrics", not(feature = "kit")))]
compile_error!(
    "the feature `metrics` of pytale measures the handlers of bots; enable the feature `kit` or `bot`, too"
);

#[cfg(all(
    any(feature = "hyper", feature = "platform-roots"),
    not(any(feature = "bot", feature = "console", feature = "rest", feature = "ws"))
))]
compile_error!(
    "the features `hyper` and `platform-roots` of pytale add HTTP and TLS to other features; enable `bot`, `console`, `rest` or \
     `ws`, too"
);
