//! The service, in a process of its own: it answers every request with the same server.

use std::{
    convert::Infallible,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub(crate) const ARGUMENT: &str = "--as-the-server";

const ANSWER: &str = include_str!("server.json");

/// Kills the process when dropped.
pub(crate) struct Server {
    process: Child,
    base: String,
}

impl Server {
    pub(crate) fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn start() -> Server {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .arg(ARGUMENT)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut base = String::new();
    let output = process.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut base).unwrap();
    Server {
        process,
        base: base.trim().to_owned(),
    }
}

/// Serves until killed; says first where.
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}/api", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let answers = service_fn(|_: Request<Incoming>| async {
                let answer = Response::builder()
                    .header(CONTENT_TYPE, "application/json; charset=utf-8")
                    .body(Full::new(Bytes::from_static(ANSWER.as_bytes())));
                Ok::<_, Infallible>(answer.unwrap())
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answers));
        }
    });
}
