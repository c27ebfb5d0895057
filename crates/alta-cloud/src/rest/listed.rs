use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};

/// A router that, in tests, also has a list of its routes.
#[derive(Debug, Default)]
pub(super) struct Listed {
    router: Router,
    #[cfg(test)]
    table: Vec<(MethodFilter, String)>,
}

impl Listed {
    /// Adds a route.
    pub(super) fn on<T: 'static>(
        mut self,
        method: MethodFilter,
        path: &'static str,
        handler: impl Handler<T, ()>,
    ) -> Self {
        self.router = self.router.route(path, on(method, handler));
        #[cfg(test)]
        self.table.push((method, path.to_owned()));
        self
    }

    /// Changes the router otherwise than by a route.
    pub(super) fn with(mut self, change: impl FnOnce(Router) -> Router) -> Self {
        self.router = change(self.router);
        self
    }

    /// Adds routes below a base.
    pub(super) fn nest(mut self, base: &'static str, inner: Self) -> Self {
        self.router = self.router.nest(base, inner.router);
        #[cfg(test)]
        for (method, path) in inner.table {
            self.table.push((method, format!("{base}{path}")));
        }
        self
    }

    /// Adds routes beside these.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        #[cfg(test)]
        self.table.extend(other.table);
        self
    }

    pub(super) fn into_router(self) -> Router {
        self.router
    }

    /// The methods and paths.
    #[cfg(test)]
    pub(super) fn table(&self) -> Vec<(&'static str, String)> {
        let names = [
            ("GET", MethodFilter::GET),
            ("POST", MethodFilter::POST),
            ("PUT", MethodFilter::PUT),
            ("PATCH", MethodFilter::PATCH),
            ("DELETE", MethodFilter::DELETE),
        ];
        let name = |method| {
            let found = names.iter().find(|(_, filter)| *filter == method);
            found.map_or("another", |(name, _)| *name)
        };
        let table = self.table.iter();
        table
            .map(|(method, path)| (name(*method), path.clone()))
            .collect()
    }
}
