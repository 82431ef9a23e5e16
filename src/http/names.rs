//! What the name of a request's header says about it.
//!
//! HTTP's own names are few; most of these are what applications, proxies and
//! vendors use in their place. All are in lower case, as in a `HeaderName`.

/// Does it say who sends the request? RFC 9110 §11, RFC 6265, RFC 9440, RFC 9449,
/// and what is widely used for the same.
pub(super) fn is_credential(name: &str) -> bool {
    const ENDINGS: [&str; 8] = [
        "-token",
        "-authorization",
        "-jwt",
        "api-key",
        "apikey",
        "jwt-assertion",
        "client-cert",
        "client-cert-chain",
    ];
    matches!(
        name,
        "authorization"
            | "cookie"
            | "dpop"
            | "ocp-apim-subscription-key"
            | "remote-user"
            | "tailscale-user-login"
            | "x-amzn-oidc-data"
            | "x-amzn-oidc-identity"
            | "x-auth-key"
            | "x-auth-request-email"
            | "x-auth-request-user"
            | "x-forwarded-email"
            | "x-forwarded-user"
            | "x-functions-key"
            | "x-ms-client-principal"
            | "x-remote-user"
            | "x-session-id"
            | "x-webauth-user"
            | "x-zumo-auth"
    ) || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.starts_with("ssl-client-")
        || name.starts_with("x-ssl-client-")
}

/// Does it make the request conditional? RFC 9110 §13, and RFC 4918 §10.4.
pub(super) fn is_condition(name: &str) -> bool {
    name == "if" || name.starts_with("if-")
}

/// Does it make the request another than it seems to be?
pub(super) fn is_unlike_the_rest(name: &str) -> bool {
    matches!(
        name,
        "upgrade" | "expect" | "x-http-method" | "x-http-method-override" | "x-method-override"
    )
}

/// Does it say, in the words of a proxy in front, what was asked for, or how
/// long the answer may take? Applications build links and redirects from the
/// one, and give up by the other: neither must come from somebody else's request.
pub(super) fn is_always_keyed(name: &str) -> bool {
    const TARGETS: [&str; 6] = [
        "forwarded",
        "front-end-https",
        "x-envoy-original-path",
        "x-host",
        "x-script-name",
        "x-url-scheme",
    ];
    const OF_THE_CLIENT: [&str; 4] = [
        "x-forwarded-by",
        "x-forwarded-for",
        "x-original-for",
        "x-original-forwarded-for",
    ];
    let prefixed = ["x-forwarded-", "x-original-", "x-rewrite-"];
    TARGETS.contains(&name)
        || prefixed.iter().any(|prefix| name.starts_with(prefix)) && !OF_THE_CLIENT.contains(&name)
        || name.ends_with("timeout")
        || name.ends_with("timeout-ms")
        || name.ends_with("deadline")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_sends_says_nothing_of_the_kind() {
        let names = [
            "host",
            "connection",
            "cache-control",
            "sec-ch-ua",
            "sec-ch-ua-mobile",
            "user-agent",
            "sec-fetch-user",
            "sec-fetch-site",
            "upgrade-insecure-requests",
            "accept",
            "priority",
            "accept-encoding",
            "accept-language",
            "referer",
            "dnt",
            "te",
            "x-request-id",
            "traceparent",
            "x-forwarded-for",
            "x-real-ip",
            "keep-alive",
        ];
        for name in names {
            assert!(!is_credential(name), "{name}");
            assert!(!is_condition(name), "{name}");
            assert!(!is_unlike_the_rest(name), "{name}");
            assert!(!is_always_keyed(name), "{name}");
        }
    }

    #[test]
    fn credentials_are_known_by_many_names() {
        let names = [
            "authorization",
            "proxy-authorization",
            "cookie",
            "dpop",
            "x-api-key",
            "apikey",
            "x-goog-api-key",
            "x-rapidapi-key",
            "x-auth-token",
            "private-token",
            "job-token",
            "x-vault-token",
            "x-shopify-access-token",
            "x-amz-security-token",
            "x-csrf-token",
            "x-goog-iap-jwt-assertion",
            "cf-access-jwt-assertion",
            "x-authentik-jwt",
            "client-cert",
            "client-cert-chain",
            "x-client-cert",
            "x-forwarded-client-cert",
            "x-ssl-client-cert",
            "ssl-client-subject-dn",
            "x-authorization",
            "x-forwarded-user",
        ];
        for name in names {
            assert!(is_credential(name), "{name}");
        }
    }

    #[test]
    fn what_was_asked_for_and_by_when_is_always_keyed() {
        let names = [
            "forwarded",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-forwarded-uri",
            "x-original-url",
            "x-original-host",
            "x-rewrite-url",
            "front-end-https",
            "grpc-timeout",
            "connect-timeout-ms",
            "x-envoy-upstream-rq-timeout-ms",
        ];
        for name in names {
            assert!(is_always_keyed(name), "{name}");
        }
    }
}
