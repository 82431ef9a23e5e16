//! Which methods are pooled: [`Methods`].

use std::{collections::HashSet, fmt, sync::Arc};

/// Those that were named, and no other.
#[derive(Clone, Default)]
pub(super) struct Methods {
    /// `/package.Service/Method`
    named: HashSet<String>,
    /// `/package.Service/`
    services: Vec<String>,
    predicates: Vec<Arc<Predicate>>,
}

type Predicate = dyn Fn(&str) -> bool + Send + Sync;

impl Methods {
    /// # Panics
    ///
    /// If `path` is not the full path of a method.
    pub(super) fn add(&mut self, path: &str) {
        let (service, method) = path.rsplit_once('/').unwrap_or_default();
        let (_, service) = service.rsplit_once('/').unwrap_or_default();
        assert!(
            path.starts_with('/') && is_name(service) && is_name(method),
            "{path:?} is not the full path of a gRPC method, as \"/package.Service/Method\""
        );
        self.named.insert(path.to_owned());
    }

    /// # Panics
    ///
    /// If `path` is not the name of a service.
    pub(super) fn add_service(&mut self, path: &str) {
        let name = path.strip_prefix('/').unwrap_or(path);
        let name = name.strip_suffix('/').unwrap_or(name);
        assert!(
            is_name(name),
            "{path:?} is not the path of a gRPC service, as \"/package.Service/\""
        );
        self.services.push(format!("/{name}/"));
    }

    pub(super) fn add_all_that(&mut self, predicate: Arc<Predicate>) {
        self.predicates.push(predicate);
    }

    /// Is the method of this path pooled?
    pub(super) fn contain(&self, path: &str) -> bool {
        self.named.contains(path)
            || self.services.iter().any(|name| path.starts_with(name))
            || self.predicates.iter().any(|predicate| predicate(path))
    }
}

/// Is it what a `.proto` may call something, with its package?
fn is_name(name: &str) -> bool {
    let may_have = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    !name.is_empty() && name.chars().all(may_have)
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Methods")
            .field("named", &self.named)
            .field("services", &self.services)
            .field("predicates", &self.predicates.len())
            .finish()
    }
}
