//! The command line: what is wrong with it is said in words.

use tokio::net::TcpListener;

use super::{
    command_line,
    example::{
        args::{Args, Join},
        serve::Server,
    },
};

fn parse(line: &str) -> Result<Args, String> {
    command_line::parse("proxy", line, Args::check)
}

#[test]
fn complaints_say_what_is_wrong() {
    let complaints = [
        ("", "--origin <URL>"),
        ("--origin nine", "it has to begin with http://"),
        ("--origin 127.0.0.1:9", "it has to begin with http://"),
        ("--origin https://o.test", "there is no TLS here"),
        ("--origin ftp://o.test", "ftp:// is not http://"),
        ("--origin http://", "it has no host"),
        ("--origin http://:9", "it has no host"),
        (
            "--origin http://me:secret@o.test",
            "it may have no credentials",
        ),
        ("--origin http://o.test:0", "\":0\" is no port"),
        ("--origin http://o.test:", "\":\" is no port"),
        ("--origin http://o.test:99999", "\":99999\" is no port"),
        ("--origin http://o.test/a", "it may have no path, not /a"),
        ("--origin http://o.test?a", "it may have no query"),
        ("--origin http://o.test#a", "it may have no fragment"),
        (
            "--origin http://o.test --listen 80",
            "invalid socket address",
        ),
        ("--origin http://o.test --max-lag 0", "0 is not in 1.."),
        ("--origin http://o.test --max-lag 1k", "invalid digit"),
        (
            "--origin http://o.test --join later",
            "until-head, until-body",
        ),
        (
            "--origin http://o.test --no-pool --stats 127.0.0.1:9",
            "cannot be used",
        ),
        (
            "--origin http://o.test --no-pool --cache-status",
            "cannot be used",
        ),
        (
            "--listen 127.0.0.1:80 --origin http://127.0.0.1",
            "is the proxy itself",
        ),
        (
            "--listen [::1]:9 --origin http://[::1]:9",
            "is the proxy itself",
        ),
        (
            "--listen 1.1.1.1:9 --stats 1.1.1.1:9 --origin http://o.test",
            "is taken by --listen",
        ),
        (
            "--stats 127.0.0.1:9 --origin http://127.0.0.1:9",
            "is taken by --origin",
        ),
    ];
    for (line, complaint) in complaints {
        let said = parse(line).expect_err(line);
        assert!(said.contains(complaint), "{line}: {said}");
    }
}

#[test]
fn origins_are_names_and_ports() {
    for origin in ["o.test", "o.test:9", "127.0.0.1", "[::1]:9"] {
        for url in [format!("http://{origin}"), format!("HTTP://{origin}/")] {
            let args = parse(&format!("--origin {url}")).unwrap();
            assert_eq!(args.origin.as_str(), origin);
        }
    }
}

#[test]
fn options_are_taken() {
    let args = parse("--origin http://o.test --max-lag 9 --join until-body --cache-status");
    let args = args.unwrap();
    assert_eq!((args.max_lag, args.join), (Some(9), Some(Join::UntilBody)));
    assert!(args.cache_status && !args.no_pool && !args.origin_http2);
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap();
    for line in [
        format!("--origin http://o.test --listen {taken}"),
        format!("--origin http://o.test --listen 127.0.0.1:0 --stats {taken}"),
    ] {
        let error = Server::bind(&parse(&line).unwrap()).await.err().unwrap();
        let expected = format!("cannot listen on {taken}: ");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}
