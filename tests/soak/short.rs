//! A short run: nothing is wrong, and everything that is counted has come about.

use super::{arguments::parse, example::run::Run};

#[test]
fn a_short_run_is_clean() {
    let args = parse("--seconds 5 --tasks 500 --seed 1").unwrap();
    let mut lines = Vec::new();
    let run = Run::new(&args, args.seed.unwrap()).unwrap();
    let report = run.report(&mut lines).unwrap();

    let lines = String::from_utf8(lines).unwrap();
    assert!(report.is_clean(), "{lines}{report}");
    // One line each second, if the machine is not too busy to say so.
    assert!(lines.lines().count() >= 2, "{lines}");
    assert!(report.in_all(|stats| stats.led) > 1000, "{report}");
    let has_come_about = |of| assert!(report.in_all(of) > 0, "{report}");
    has_come_about(|stats| stats.joined);
    has_come_about(|stats| stats.solo);
    has_come_about(|stats| stats.shared);
    has_come_about(|stats| stats.released);
    has_come_about(|stats| stats.retried);
    has_come_about(|stats| stats.cancelled);
    has_come_about(|stats| stats.panicked);
    for (what, times) in &report.besides {
        assert!(*times > 0, "none {what}: {report}");
    }
}
