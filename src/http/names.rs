//! What the name of a request's header says about it.
//!
//! HTTP's own names are few; most of these are what applications, proxies and
//! vendors use in their place. All are in lower case, as in a `HeaderName`.

/// What a header is to a request that might be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It makes the request another than it seems to be.
    Bar,
    /// It says who sends the request.
    Credential,
    /// It makes the request conditional.
    Condition,
    /// It says, in the words of a proxy in front, what was asked for, or how
    /// long the answer may take. Applications build links and redirects from the
    /// one, and give up by the other: neither must come from another's request.
    Circumstance,
    /// Anything else.
    Other,
}

impl Kind {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            // What most requests have is known without a closer look.
            "accept"
            | "accept-encoding"
            | "accept-language"
            | "cache-control"
            | "connection"
            | "content-length"
            | "content-type"
            | "host"
            | "origin"
            | "priority"
            | "referer"
            | "sec-ch-ua"
            | "sec-ch-ua-mobile"
            | "sec-ch-ua-platform"
            | "sec-fetch-dest"
            | "sec-fetch-mode"
            | "sec-fetch-site"
            | "sec-fetch-user"
            | "te"
            | "traceparent"
            | "upgrade-insecure-requests"
            | "user-agent"
            | "x-forwarded-for"
            | "x-request-id" => Self::Other,
            _ if name.contains('_') => Self::of(&name.replace('_', "-")),
            "upgrade"
            | "expect"
            | "x-http-method"
            | "x-http-method-override"
            | "x-method-override" => Self::Bar,
            // RFC 9110 §13, and RFC 4918 §10.4.
            "if" => Self::Condition,
            _ if name.starts_with("if-") => Self::Condition,
            _ if is_credential(name) => Self::Credential,
            _ if is_circumstance(name) => Self::Circumstance,
            _ => Self::Other,
        }
    }
}

/// RFC 9110 §11, RFC 6265, RFC 9440, RFC 9449, and what is widely used for the same.
fn is_credential(name: &str) -> bool {
    const PREFIXES: [&str; 18] = [
        "cf-access-",
        "oidc-claim-",
        "signature-",
        "ssl-client-",
        "x-amzn-mtls-clientcert",
        "x-amzn-oidc-",
        "x-appengine-user-",
        "x-auth-",
        "x-authenticated-",
        "x-authentik-",
        "x-consumer-",
        "x-credential-",
        "x-goog-authenticated-user-",
        "x-ms-client-principal",
        "x-pomerium-",
        "x-ssl-client-",
        "x-vouch-",
        "x-webauth-",
    ];
    const KEYS: [&str; 9] = [
        "api",
        "access",
        "app",
        "application",
        "functions",
        "master",
        "sas",
        "secret",
        "subscription",
    ];
    let known = matches!(
        name,
        "cookie"
            | "dpop"
            | "l5d-client-id"
            | "remote-email"
            | "remote-groups"
            | "remote-user"
            | "signature"
            | "tailscale-user-login"
            | "x-forwarded-email"
            | "x-forwarded-user"
            | "x-remote-user"
            | "x-user"
            | "x-user-email"
            | "x-user-groups"
            | "x-user-name"
            | "x-user-roles"
            | "x-zumo-auth"
    );
    let begins = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    // The last of its words, or all of it.
    let (start, last) = name.rsplit_once('-').unwrap_or(("", name));
    let ends = match last {
        "token" | "accesstoken" | "authtoken" | "accessjwt" | "bearer" | "macaroon" => true,
        "auth" | "authentication" | "authorization" | "apikey" => true,
        "clientcert" | "credential" | "credentials" | "password" | "secret" => true,
        "session" | "sessionid" | "sid" | "ticket" => true,
        "identity" | "userid" | "userinfo" => true,
        "id" => start.ends_with("session") || start.ends_with("user"),
        "key" => KEYS.iter().any(|key| start.ends_with(key)),
        _ => false,
    };
    let holds = name.contains("client-cert") || name.split('-').any(|word| word == "jwt");
    // It begins as the others do that App Engine adds, and each request has it.
    let is_address = name == "x-appengine-user-ip";
    known || ends || holds || begins && !is_address
}

fn is_circumstance(name: &str) -> bool {
    match name {
        "forwarded"
        | "cf-visitor"
        | "cloudfront-forwarded-proto"
        | "front-end-https"
        | "x-arr-ssl"
        | "x-envoy-original-path"
        | "x-host"
        | "x-http-host-override"
        | "x-ingress-path"
        | "x-scheme"
        | "x-script-name"
        | "x-url-scheme" => true,
        // These are about the client.
        "x-forwarded-by" | "x-forwarded-for" | "x-original-for" | "x-original-forwarded-for" => {
            false
        }
        _ => {
            let prefixes = ["x-forwarded-", "x-original-", "x-rewrite-"];
            let endings = ["timeout", "timeout-ms", "deadline"];
            prefixes.iter().any(|prefix| name.starts_with(prefix))
                || endings.iter().any(|ending| name.ends_with(ending))
        }
    }
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
            "x-forwarded-by",
            "x-original-for",
            "x-original-forwarded-for",
            "x-real-ip",
            "x-appengine-user-ip",
            "x-user-agent",
            "x-client-id",
            "x-device-id",
            "last-event-id",
            "keep-alive",
        ];
        for name in names {
            assert_eq!(Kind::of(name), Kind::Other, "{name}");
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
            "x-amzn-mtls-clientcert-subject",
            "x-goog-authenticated-user-email",
            "x-secret-key",
            "x-hasura-admin-secret",
            "token",
            "x-forwarded-user",
            "session-id",
            "x-session-id",
            "x-user-id",
            "auth",
            "x-auth",
            "authentication",
            "accessjwt",
            "macaroon",
            "password",
            "credentials",
            "auth_token",
            "session_id",
            "x_api_key",
            "id_token",
            "remote_user",
            "signature",
            "signature-input",
            "x-rh-identity",
            "x-userinfo",
            "x-jwt-payload",
            "x-client-cert-hash",
            "oidc_claim_sub",
            "x-user",
            "x-user-email",
            "authtoken",
            "accesstoken",
            "bearer",
            "x-credential",
            "x-clientcert",
            "x-session",
            "sessionid",
            "x-sid",
            "service-ticket",
            "x-userid",
            "x-access-key",
            "x-app-key",
            "x-application-key",
            "x-functions-key",
            "x-master-key",
            "x-sas-key",
            "ocp-apim-subscription-key",
            "l5d-client-id",
            "remote-email",
            "remote-groups",
            "tailscale-user-login",
            "x-forwarded-email",
            "x-remote-user",
            "x-user-groups",
            "x-user-name",
            "x-user-roles",
            "x-zumo-auth",
            "cf-access-authenticated-user-email",
            "x-amzn-oidc-data",
            "x-appengine-user-nickname",
            "x-auth-request-email",
            "x-authenticated-groups",
            "x-authentik-username",
            "x-consumer-username",
            "x-credential-username",
            "x-ms-client-principal-name",
            "x-pomerium-claim-email",
            "x-ssl-client-s-dn",
            "x-vouch-user",
            "x-webauth-name",
        ];
        for name in names {
            assert_eq!(Kind::of(name), Kind::Credential, "{name}");
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
            assert_eq!(Kind::of(name), Kind::Circumstance, "{name}");
        }
    }
}
