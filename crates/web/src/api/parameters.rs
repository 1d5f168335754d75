//! Checks the query parameters of our own API. An operation takes the parameters that its document
//! names, each once. Unknown and repeated parameters are refused: with a misspelt filter a caller
//! would otherwise get everything. Only the ways back from a provider's page take others: providers add
//! parameters of their own, and new ones at any time.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::Method;
use utoipa::openapi::path::{Operation, ParameterIn};

/// The parameters of each operation, by its route and method.
static KNOWN: LazyLock<HashMap<(String, Method), Vec<String>>> = LazyLock::new(known);

/// The ways back from the pages of providers.
const WAYS_BACK: [&str; 2] = ["/api/connect/{provider}/return", "/api/connect/github/app/return"];

fn known() -> HashMap<(String, Method), Vec<String>> {
    let mut all = HashMap::new();
    for (route, mut item) in super::openapi().paths.paths.clone() {
        for (method, operation) in super::operations_of(&mut item) {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("the names are constants");
            if let Some(operation) = operation.take() {
                all.insert((route.clone(), method), in_query(operation));
            }
        }
    }
    all
}

fn in_query(operation: Operation) -> Vec<String> {
    let parameters = operation.parameters.unwrap_or_default().into_iter();
    parameters
        .filter(|parameter| parameter.parameter_in == ParameterIn::Query)
        .map(|parameter| parameter.name)
        .collect()
}

/// Refuses a query with parameters that the operation does not take. Routes outside the document
/// are not checked.
///
/// # Errors
/// A sentence that names the parameter at fault.
pub(crate) fn check(method: &Method, route: &str, query: &str) -> Result<(), String> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let Some(taken) = KNOWN.get(&(route.to_owned(), method.clone())) else { return Ok(()) };
    let mut said: Vec<String> = Vec::new();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        let name: String = name.chars().take(64).collect();
        if !taken.contains(&name) && !WAYS_BACK.contains(&route) {
            let taken =
                if taken.is_empty() { "none are taken".to_owned() } else { format!("there are {}", taken.join(", ")) };
            return Err(format!("the query parameter {name:?} is not known here; {taken}"));
        }
        if said.contains(&name) {
            return Err(format!("the query parameter {name:?} is said twice"));
        }
        said.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_or_said_twice_is_refused() {
        let check = |query: &str| check(&Method::GET, "/api/deliveries", query);
        assert_eq!(check("status=failed&limit=2&workspace=ws_1&cursor="), Ok(()));
        assert!(check("statuss=failed").unwrap_err().contains("status"));
        assert!(check("limit=1&limit=2").unwrap_err().contains("twice"));
        assert!(super::check(&Method::GET, "/api/_health/live", "x=1").unwrap_err().contains("none"));
        assert_eq!(super::check(&Method::GET, "/not/ours", "x=1"), Ok(()));
    }

    #[test]
    fn a_provider_leads_back_with_parameters_of_its_own_but_says_none_twice() {
        for route in WAYS_BACK {
            assert!(KNOWN.contains_key(&(route.to_owned(), Method::GET)), "{route}");
            assert_eq!(
                super::check(&Method::GET, route, "code=1&state=2&next=https%3A%2F%2Fvercel.com&teamId=3"),
                Ok(())
            );
            assert!(super::check(&Method::GET, route, "state=1&state=2").unwrap_err().contains("twice"));
        }
    }
}
