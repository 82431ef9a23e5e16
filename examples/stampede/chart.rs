//! Both runs in a picture: what reached the handler over time, and how long the
//! callers waited. The runs differ by orders of magnitude and share their axes,
//! so these are logarithmic, all but the one for the share of callers.

use std::{fs, ops::Range, path::Path, time::Duration};

use indicatif::HumanCount;
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::{
    Error,
    axis::{LogAxis, seconds, time_label},
    run::Run,
    table::{counted, millis},
};

const SIZE: (u32, u32) = (1280, 900);
const FONT: &str = "sans-serif";
/// A blue and an orange that also the colour-blind can tell apart.
const ANSWERS: RGBColor = RGBColor(0, 114, 178);
const CALLS: RGBColor = RGBColor(213, 94, 0);
const GREY: RGBColor = RGBColor(130, 130, 130);
/// The points of a curve and the bars of a distribution: as many as can be seen,
/// and no more, however many callers there were.
const POINTS: u32 = 400;
const BARS: u32 = 40;

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Writes the picture to `path`.
pub(crate) fn draw(unpooled: &Run, pooled: &Run, title: &str, path: &Path) -> Result<(), Error> {
    let mut svg = String::new();
    paint([unpooled, pooled], title, &mut svg)?;
    fs::write(path, svg).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(())
}

fn paint(runs: [&Run; 2], title: &str, svg: &mut String) -> Result<(), Error> {
    let canvas = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    canvas.fill(&WHITE)?;
    let axes = Axes::fit(runs);
    let charts = canvas
        .margin(15, 5, 10, 20)
        .titled(title, (FONT, 30))?
        .split_evenly((2, 2));
    for (column, run) in runs.into_iter().enumerate() {
        axes.draw_calls(run, &charts[column])?;
        axes.draw_latency(run, &charts[column + 2])?;
    }
    canvas.present()?;
    Ok(())
}

/// What the charts of both runs have in common.
struct Axes {
    time: LogAxis,
    number: LogAxis,
    latency: LogAxis,
    percent: Range<f64>,
}

impl Axes {
    fn fit(runs: [&Run; 2]) -> Self {
        let time = span(runs.iter().flat_map(|run| [&run.calls, &run.answers]));
        let latency = span(runs.iter().map(|run| &run.latencies));
        let most = runs.iter().map(|run| run.answers.len()).max().unwrap_or(1) as f64;
        let shares = runs.iter().flat_map(|run| distribution(run, &latency));
        let highest = shares.fold(0.0, |highest, (_, share)| f64::max(highest, share));
        Self {
            time,
            // With room at the top for the legend.
            number: LogAxis::fit(1.0..2.0 * most.powf(1.25)),
            latency,
            percent: 0.0..1.25 * highest,
        }
    }

    /// Two curves that climb: the callers answered, and the inner calls.
    fn draw_calls(&self, run: &Run, area: &Canvas<'_>) -> Result<(), Error> {
        let mut chart = frame(area)
            .caption(format!("{}: answers and inner calls", run.name), (FONT, 22))
            .build_cartesian_2d(self.time.clone(), self.number.clone())?;
        chart
            .configure_mesh()
            .x_desc("time since the first request (log scale)")
            .y_desc("number so far (log scale)")
            .x_label_formatter(&time_label)
            .y_label_formatter(&|&number| HumanCount(number as u64).to_string())
            .bold_line_style(BLACK.mix(0.12))
            .axis_desc_style((FONT, 17))
            .label_style((FONT, 16))
            .draw()?;
        let curves = [
            ("answer", &run.answers, ANSWERS),
            ("inner call", &run.calls, CALLS),
        ];
        for (what, events, colour) in curves {
            let line = colour.stroke_width(3);
            chart
                .draw_series(LineSeries::new(climb(events, run.wall(), &self.time), line))?
                .label(counted(events.len(), what))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], line));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .legend_area_size(32)
            .margin(12)
            .label_font((FONT, 17))
            .draw()?;
        Ok(())
    }

    /// A distribution, with the median and the 99th percentile marked.
    fn draw_latency(&self, run: &Run, area: &Canvas<'_>) -> Result<(), Error> {
        let mut chart = frame(area)
            .caption(format!("{}: latency", run.name), (FONT, 22))
            .build_cartesian_2d(self.latency.clone(), self.percent.clone())?;
        chart
            .configure_mesh()
            .x_desc("time that a caller waited for its answer (log scale)")
            .y_desc("share of callers (%)")
            .x_label_formatter(&time_label)
            .y_label_formatter(&|percent| format!("{percent:.0}"))
            .y_labels(6)
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12))
            .axis_desc_style((FONT, 17))
            .label_style((FONT, 16))
            .draw()?;
        let bars = distribution(run, &self.latency);
        chart.draw_series(bars.map(|(Range { start, end }, percent)| {
            let corners = [(start, 0.0), (end, percent)];
            let mut bar = Rectangle::new(corners, ANSWERS.mix(0.7).filled());
            bar.set_margin(0, 0, 1, 1);
            bar
        }))?;

        // Each label points to where there is room. The line that it would cross
        // where the two are close ends below it.
        let is_right = |latency| self.latency.position(seconds(latency)) > 0.5;
        let (median, p99) = (run.latency(0.5), run.latency(0.99));
        let (lower, upper) = (0.91 * self.percent.end, 0.98 * self.percent.end);
        let tops = if is_right(median) {
            [lower, upper]
        } else {
            [upper, lower]
        };
        for (name, latency, top) in [("median", median, tops[0]), ("p99", p99, tops[1])] {
            let (side, gap) = if is_right(latency) {
                (HPos::Right, -6)
            } else {
                (HPos::Left, 6)
            };
            let style = (FONT, 17)
                .into_text_style(area)
                .pos(Pos::new(side, VPos::Top));
            let text = Text::new(format!("{name} {}", millis(latency)), (gap, 0), style);
            let at = seconds(latency);
            chart.draw_series([PathElement::new([(at, 0.0), (at, top)], GREY)])?;
            chart.draw_series([EmptyElement::at((at, top)) + text])?;
        }
        Ok(())
    }
}

/// The same room for labels in each chart, so that all of them line up.
fn frame<'a, 'b>(area: &'a Canvas<'b>) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut frame = ChartBuilder::on(area);
    frame.margin(14).x_label_area_size(52).y_label_area_size(75);
    frame
}

/// An axis from the first of these times to the last, with some air.
fn span<'a>(times: impl Iterator<Item = &'a Vec<Duration>>) -> LogAxis {
    let ends = times.flat_map(|times| [times.first(), times.last()]);
    let (first, last) = ends
        .flatten()
        .map(|&time| seconds(time))
        .fold((f64::MAX, 0.0), |(first, last), time| {
            (f64::min(first, time), f64::max(last, time))
        });
    LogAxis::fit(0.9 * first..1.1 * last)
}

/// How many events there had been so far, all the way to the end of the run.
fn climb(events: &[Duration], end: Duration, time: &LogAxis) -> impl Iterator<Item = (f64, f64)> {
    let end = seconds(end);
    let moments = time.pieces(POINTS).map(|piece| piece.end);
    let during_the_run = moments.take_while(move |&now| now < end).chain([end]);
    let so_far = |now| events.partition_point(|&event| seconds(event) <= now) as f64;
    during_the_run
        .map(move |now| (now, so_far(now)))
        .filter(|&(_, number)| number > 0.0)
}

/// Intervals of latency, and what share of the callers was in each, in percent.
fn distribution(run: &Run, latency: &LogAxis) -> impl Iterator<Item = (Range<f64>, f64)> {
    let below = |limit| run.latencies.partition_point(|&time| seconds(time) < limit);
    latency.pieces(BARS).map(move |piece| {
        let callers = below(piece.end) - below(piece.start);
        (piece, 100.0 * callers as f64 / run.latencies.len() as f64)
    })
}
