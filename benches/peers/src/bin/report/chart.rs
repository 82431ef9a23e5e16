//! A picture of one case: panels of bars, on white, so that it can be read on a
//! dark page too.

use std::{error::Error, fs, path::Path};

use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::page::{Panel, Section};

const WIDTH: u32 = 1280;
const BAR: u32 = 26;
const FONT: &str = "sans-serif";
/// A blue and an orange that also the colour-blind can tell apart.
const OURS: RGBColor = RGBColor(0, 114, 178);
const FLOOR: RGBColor = RGBColor(213, 94, 0);
const THEIRS: RGBColor = RGBColor(165, 165, 165);

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) fn draw(section: &Section, path: &Path) -> Result<()> {
    let bars = section.panels.iter().map(|panel| panel.bars.len()).max();
    let columns = section.panels.len().clamp(1, 2);
    let rows = section.panels.len().div_ceil(columns);
    let row = BAR * bars.unwrap_or(0) as u32 + 60;
    let mut svg = String::new();
    {
        let canvas = SVGBackend::with_string(&mut svg, (WIDTH, 60 + row * rows as u32));
        let canvas = canvas.into_drawing_area();
        canvas.fill(&WHITE)?;
        let panels = canvas
            .titled(section.title, (FONT, 28))?
            .split_evenly((rows, columns));
        for (panel, area) in section.panels.iter().zip(&panels) {
            draw_panel(panel, area)?;
        }
        canvas.present()?;
    }
    fs::write(path, svg)?;
    Ok(())
}

/// The bars from the lowest to the highest, each with its name and its value.
fn draw_panel(panel: &Panel, area: &Canvas<'_>) -> Result<()> {
    let mut bars = panel.bars.clone();
    bars.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (width, _) = area.dim_in_pixel();
    let (left, right) = (230, width as i32 - 90);
    let highest = bars
        .iter()
        .map(|(_, value)| *value)
        .fold(panel.floor.unwrap_or(0.0), f64::max);
    let x =
        |value: f64| left + (f64::from(right - left) * value.max(0.0) / highest.max(1e-9)) as i32;

    let caption = (FONT, 19).into_font().color(&BLACK);
    area.draw_text(&panel.caption, &caption, (20, 8))?;
    let small = |position| (FONT, 16).into_font().color(&BLACK).pos(position);
    let name_style = small(Pos::new(HPos::Right, VPos::Center));
    let value_style = small(Pos::new(HPos::Left, VPos::Center));
    let mut top = 38;
    for (name, value) in &bars {
        let colour = if name == "tower-pool" { OURS } else { THEIRS };
        let middle = top + BAR as i32 / 2 - 3;
        area.draw_text(name, &name_style, (left - 8, middle))?;
        let corners = [(left, top), (x(*value), top + BAR as i32 - 6)];
        area.draw(&Rectangle::new(corners, colour.filled()))?;
        area.draw_text(&number(*value), &value_style, (x(*value) + 6, middle))?;
        top += BAR as i32;
    }
    if let Some(floor) = panel.floor {
        let line = [(x(floor), 32), (x(floor), top)];
        area.draw(&PathElement::new(line, FLOOR.stroke_width(2)))?;
        let text = format!("floor {}", number(floor));
        let style = (FONT, 15).into_font().color(&FLOOR);
        area.draw_text(&text, &style, (x(floor) + 4, top - 2))?;
    }
    Ok(())
}

/// Three digits or so.
pub(crate) fn number(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 1e7 => format!("{sign}{:.1} M", size / 1e6),
        size if size >= 100.0 => {
            format!("{sign}{}", indicatif::HumanCount(size.round() as u64))
        }
        size if size >= 10.0 => format!("{sign}{size:.1}"),
        size => format!("{sign}{size:.2}"),
    }
}
