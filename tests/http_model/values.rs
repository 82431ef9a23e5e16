//! What the random requests and responses are made of.

/// Names of headers, each with values to choose from.
pub type Values = &'static [(&'static str, &'static [&'static [u8]])];

pub const METHODS: &[&str] = &[
    "POST", "OPTIONS", "TRACE", "CONNECT", "DELETE", "QUERY", "get",
];

pub const PATHS: &[&str] = &["/a", "/a", "/a?", "/a?q=1", "/a?q=2", "/A", "/a/", "/%61"];

pub const AUTHORITIES: &[&str] = &[
    "a.example",
    "A.example",
    "b.example",
    "a.example:80",
    "u@a.example",
];

pub const HOSTS: Values = &[(
    "host",
    &[b"a.example", b"a.example", b"A.example", b"b.example", b""],
)];

pub const KEYED: Values = &[
    ("accept", &[b"text/html", b"*/*", b"TEXT/HTML", b""]),
    ("accept-encoding", &[b"gzip", b"br", b"gzip, br"]),
    ("accept-language", &[b"de", b"en", b"\xe4"]),
    ("origin", &[b"null", b"http://b.example"]),
    ("range", &[b"bytes=0-1", b"bytes=2-", b"rows=1"]),
    ("range", &[b"bytes=0-1", b"bytes=2-"]),
    ("if-match", &[b"\"1\"", b"*"]),
    ("if-none-match", &[b"\"1\"", b"W/\"1\"", b"*"]),
    (
        "if-modified-since",
        &[b"Mon, 01 Jan 2024 00:00:00 GMT", b"never"],
    ),
    (
        "if-unmodified-since",
        &[b"Mon, 01 Jan 2024 00:00:00 GMT", b"never"],
    ),
    ("if-range", &[b"\"1\"", b"\"2\""]),
    ("x-tenant", &[b"north", b"south"]),
];

/// What makes a request pass by, or nearly does.
pub const SPECIAL: Values = &[
    (
        "authorization",
        &[b"Bearer a", b"bearer A", b"Basic Og==", b""],
    ),
    ("authorization", &[b"Bearer a", b"Bearer b"]),
    ("proxy-authorization", &[b"Basic Og==", b"Digest x"]),
    ("cookie", &[b"a=1", b"a=2", b"a=1; b", b""]),
    ("cookie", &[b"a=1", b"a=2"]),
    ("x-api-key", &[b"k", b"l"]),
    ("x-forwarded-user", &[b"k", b"l"]),
    ("x-forwarded-host", &[b"a.example", b"b.example"]),
    ("forwarded", &[b"host=a.example", b"host=b.example"]),
    ("if-schedule-tag-match", &[b"\"1\""]),
    ("upgrade", &[b"websocket", b""]),
    ("expect", &[b"100-continue", b""]),
    (
        "cache-control",
        &[
            b"no-store",
            b"NO-STORE",
            b"max-age=0, no-store",
            b"no-store=1",
            b"x=\"a,b\", no-store",
        ],
    ),
    (
        "cache-control",
        &[
            b"no-store;",
            b"no-store x",
            b"\"no-store\"",
            b"x=\", no-store",
            b"\xe4 no-store",
        ],
    ),
    (
        "cache-control",
        &[
            b"no-cache",
            b"max-age=0",
            b"only-if-cached",
            b"no-stored",
            b"x=\"no-store\"",
            b"",
        ],
    ),
    ("cache-control", &[b"=", b"a b", b"max-age=", b"\xe4"]),
];

pub const UNLISTED: Values = &[
    ("user-agent", &[b"a", b"b"]),
    ("x-request-id", &[b"1", b"2"]),
    ("traceparent", &[b"00-1", b"00-2"]),
    ("referer", &[b"/"]),
    ("dnt", &[b"1"]),
    ("te", &[b"trailers"]),
    ("pragma", &[b"no-cache"]),
    ("x-tenant", &[b"north"]),
];

pub const STATUSES: &[u16] = &[
    100, 101, 103, 201, 204, 206, 301, 304, 307, 400, 401, 403, 404, 407, 408, 410, 412, 416, 421,
    425, 429, 500, 503, 505, 511, 599, 600, 401, 407, 101, 500, 503,
];

pub const CACHE_CONTROL: Values = &[
    (
        "cache-control",
        &[
            b"max-age=0",
            b"public, max-age=60",
            b"MAX-AGE=1",
            b"s-maxage=0,must-revalidate",
            b"",
            b",",
        ],
    ),
    (
        "cache-control",
        &[
            b"no-store",
            b"No-Store",
            b"public,no-store",
            b"no-store=x",
            b"must-understand, no-store",
        ],
    ),
    (
        "cache-control",
        &[
            b"private",
            b"PRIVATE",
            b"max-age=9 , private",
            b"private=x",
            b"private=",
        ],
    ),
    (
        "cache-control",
        &[
            b"private=\"set-cookie\"",
            b"Private=\"a, b\"",
            b"private=\"\"",
            b"x=\"\\\"\", private",
        ],
    ),
    (
        "cache-control",
        &[
            b"no-cache",
            b"NO-CACHE",
            b"no-cache=\"age\"",
            b"x=\"y\",no-cache",
            b"no-cache=age",
        ],
    ),
    (
        "cache-control",
        &[
            b"\"private\"",
            b"x=\"y, private",
            b"private;",
            b"max-age=1 no-store",
            b"\xe4private",
        ],
    ),
    (
        "cache-control",
        &[
            b"max-age=\"0\"",
            b"x=\"private\"",
            b"x=\"a, no-store\"",
            b"x=\"\\\", private\"",
            b"x-private",
        ],
    ),
    (
        "cache-control",
        &[
            b"max-age=",
            b"a b",
            b"\xe4",
            b"x=\"\xe4\"",
            b"max-age = 1",
            b"=1",
        ],
    ),
    ("cdn-cache-control", &[b"no-store", b"max-age=1"]),
    ("expires", &[b"0", b"Mon, 01 Jan 2024 00:00:00 GMT"]),
    ("pragma", &[b"no-cache"]),
    ("age", &[b"7"]),
];

pub const VARY: Values = &[
    ("vary", &[b"*", b"accept, *", b"*,"]),
    (
        "vary",
        &[
            b"accept",
            b"Accept-Encoding",
            b"accept,ORIGIN",
            b", ,accept",
            b"",
            b"range, if-range",
        ],
    ),
    (
        "vary",
        &[
            b"user-agent",
            b"User-Agent",
            b"accept, user-agent",
            b"x-tenant",
            b"x-other",
        ],
    ),
    ("vary", &[b"cookie", b"authorization", b"accept, cookie"]),
    ("vary", &[b"host", b"x-forwarded-host", b"x-api-key"]),
    (
        "vary",
        &[
            b"\"accept\"",
            b"accept encoding",
            b"acc\xe4pt",
            b"accept;",
            b"accept=*",
        ],
    ),
];

pub const ANSWER: Values = &[
    ("set-cookie", &[b"a=1", b"", b"a=1; Secure"]),
    ("www-authenticate", &[b"Basic", b""]),
    ("proxy-authenticate", &[b"Basic"]),
    ("proxy-authentication-info", &[b"x"]),
    ("authentication-info", &[b"x"]),
    ("upgrade", &[b"websocket"]),
    ("etag", &[b"\"1\""]),
    ("content-length", &[b"0", b"1000000"]),
    ("content-range", &[b"bytes 0-1/9"]),
    ("x-other", &[b"\xe4", b""]),
];
