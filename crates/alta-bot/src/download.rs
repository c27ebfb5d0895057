use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use alta_http::HttpClient;
use att_console::Console;
use att_console::result::FileDownload;
use bytes::Bytes;
use http::Request;

impl Bot {
    /// Downloads a file that a command has returned (`chunks print-all`, …) from the file server of the game server, over the
    /// bot's HTTP stack. The console's token is sent to this file server only.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Console`] if the console has no file server, [`ErrorKind::Download`] if the file server cannot be reached or
    /// does not have the file.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the transfer.
    pub async fn download(&self, console: &Console, file: &FileDownload) -> Result<Bytes, Error> {
        let doing = || {
            format!(
                "downloading {:?} from {}",
                file.download_url,
                console.label()
            )
        };
        let request = console
            .download_request(file)
            .map_err(|error| Error::new(ErrorKind::Console, doing()).caused_by(error))?;
        fetch(self.rest().http(), request).await.map_err(|failed| {
            let status = match &failed {
                Failed::Status(status) => Some(*status),
                Failed::Http(_) => None,
            };
            let error = Error::new(ErrorKind::Download { status }, doing());
            match failed {
                Failed::Status(_) => error,
                Failed::Http(source) => error.caused_by(source),
            }
        })
    }
}

#[derive(Debug)]
enum Failed {
    Status(u16),
    Http(alta_http::Error),
}

async fn fetch(http: &HttpClient, request: Request<()>) -> Result<Bytes, Failed> {
    let request = request.map(|()| Bytes::new());
    let response = http.send(request).await.map_err(Failed::Http)?;
    if response.status().is_success() {
        Ok(response.into_body())
    } else {
        Err(Failed::Status(response.status().as_u16()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;
    use http::header::AUTHORIZATION;
    use std::convert::Infallible;

    fn file_server() -> HttpClient {
        HttpClient::without_layers(tower::service_fn(|request: Request<Bytes>| async move {
            let known = request.uri().path() == "/output/7/a.txt"
                && request.headers()[AUTHORIZATION] == "Bearer t";
            let response = Response::builder().status(if known { 200 } else { 404 });
            let body = if known { "content" } else { "" };
            Ok::<_, Infallible>(response.body(Bytes::from(body)).unwrap())
        }))
    }

    fn get(path: &str) -> Request<()> {
        Request::get(format!("http://203.0.113.17:7780{path}"))
            .header(AUTHORIZATION, "Bearer t")
            .body(())
            .unwrap()
    }

    #[tokio::test]
    async fn a_file_is_returned_as_bytes_and_an_unsuccessful_status_is_an_error() {
        let http = file_server();
        assert_eq!(
            fetch(&http, get("/output/7/a.txt")).await.unwrap(),
            "content"
        );
        let missing = fetch(&http, get("/output/7/b.txt")).await.unwrap_err();
        assert!(matches!(missing, Failed::Status(404)));
    }
}
