# Static programs in images without anything else, for the user 65532:
#
#     docker build --target tale --tag tale .
#     docker build --target alta-sim --tag alta-sim .

FROM rust:1-alpine AS build
# Programs are linked with the version of the image.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
# The caches are shared among builds; the programs are copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --profile dist --bins --package pytale-cli --package alta-sim \
    && mkdir /programs /data \
    && cp target/dist/tale target/dist/alta-sim /programs/

FROM scratch AS alta-sim
COPY --from=build /programs/alta-sim /usr/local/bin/alta-sim
# The token file of `--self-hosted` is written here.
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /data
USER 65532:65532
# Without `--listen 0.0.0.0`, its ports are on the container's loopback, where only containers that share its network reach them.
ENTRYPOINT ["/usr/local/bin/alta-sim"]

FROM scratch AS tale
COPY --from=build /programs/tale /usr/local/bin/tale
# Settings and histories; a volume keeps them.
COPY --from=build --chown=65532:65532 /data /data
ENV HOME=/data
WORKDIR /data
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/tale"]
