//! Draws the list of models.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::rows::ModelListRow;
use crate::app::App;
use crate::app::action::{Action, AppAction};
use crate::app::input::keymap::KeyContext;
use crate::app::overlay::picker::Picker;
use crate::app::overlay::view::list::{FilterList, FilterListRow};
use crate::app::time::format;
use crate::app::view::cx::ViewCx;
use crate::app::view::theme::Theme;
use crate::domain::chat::{Model, ModelPrice};
use crate::domain::sandbox::price::MicroDollars;
use crate::text::{ansi, wrap};

/// The columns of the facts at the right, with two blanks before each: context, price, abilities.
const CONTEXT: usize = 7;
const PRICE: usize = 15;
const ABILITIES: usize = 24;
/// The name keeps at least as many.
const NAME: usize = 24;

impl App {
    pub(in crate::app::overlay) fn view_models(
        &self,
        picker: &Picker,
        screen: Rect,
        buf: &mut Buffer,
        vx: &mut ViewCx<'_>,
    ) {
        let theme = vx.theme;
        let rows = self.model_list(picker);
        let room = FilterList::room(screen);
        let current = self.session().and_then(|session| session.chat.model());
        let list = FilterList {
            title: "Choose a model",
            right: self.models_right(rows.len(), theme),
            ask: "type to filter",
            none: "no model matches",
            below: rows
                .get(picker.selected())
                .map_or_else(Line::default, |row| below(row.model, theme)),
            rows: rows
                .iter()
                .map(|row| FilterListRow {
                    heading: row.heading.map(one_line),
                    is_current: current == Some(&row.model.reference),
                    line: model_line(row, room, theme),
                })
                .collect(),
        };
        list.draw(picker, screen, buf, vx);
    }

    /// How many match, and the key of favourites.
    fn models_right(&self, matching: usize, theme: &Theme) -> String {
        let count = format!("{matching} of {}", self.models().len());
        let contexts = [KeyContext::Picker, KeyContext::Always];
        let favourite = Action::App(AppAction::FavouriteModel);
        match self.options.keymap.key_for(favourite, &contexts) {
            Some(key) => {
                let key = theme.key_names(&key.to_string());
                format!("{key} favourite · {count}")
            }
            None => count,
        }
    }
}

/// The id, and what is known of the model, in words.
fn below(model: &Model, theme: &Theme) -> Line<'static> {
    let mut facts = vec![format!(
        "{}/{}",
        model.reference.provider, model.reference.model
    )];
    if let Some(price) = model.price {
        facts.push(format!(
            "{} in, {} out per million tokens",
            dollars(price.input),
            dollars(price.output)
        ));
    }
    if !model.variants.is_empty() {
        facts.push(format!("variants: {}", model.variants.join(", ")));
    }
    Line::styled(one_line(&facts.join(" · ")), theme.dim)
}

/// The name, and as many facts as there is room for.
fn model_line(row: &ModelListRow<'_>, room: usize, theme: &Theme) -> Line<'static> {
    let model = row.model;
    let context = match model.context_limit {
        0 => String::new(),
        tokens => format::count(tokens).replace(".0", ""),
    };
    let price = model.price.map_or_else(String::new, price);
    let abilities: Vec<&str> = model.abilities.names().collect();
    let mut right = String::new();
    let mut free = room.saturating_sub(NAME);
    for (fact, width) in [
        (format!("{context:>CONTEXT$}"), CONTEXT),
        (format!("{price:>PRICE$}"), PRICE),
        (format!("  {:<22}", abilities.join(" ")), ABILITIES),
    ] {
        let Some(left) = free.checked_sub(width) else {
            break;
        };
        free = left;
        right.push_str(&fact);
    }
    let mark = if row.is_favourite {
        theme.pick(" ★", " +")
    } else {
        ""
    };
    let free = room.saturating_sub(wrap::width(&right) + wrap::width(mark));
    let name = one_line(&model.name);
    let name = wrap::truncate(&name, free).into_owned();
    let gap = free.saturating_sub(wrap::width(&name));
    Line::from(vec![
        Span::styled(name, theme.text),
        Span::styled(mark, theme.accent),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, theme.dim),
    ])
}

/// `$3 / $15`, for a million tokens in and out.
fn price(price: ModelPrice) -> String {
    if price == ModelPrice::default() {
        return "free".to_owned();
    }
    format!("{} / {}", dollars(price.input), dollars(price.output))
}

/// `$3`, `$0.25`, `$0.075`.
fn dollars(MicroDollars(amount): MicroDollars) -> String {
    let (whole, millionths) = (amount / 1_000_000, amount % 1_000_000);
    if millionths == 0 {
        return format!("${whole}");
    }
    let digits = format!("{millionths:06}");
    let digits = digits.trim_end_matches('0');
    format!("${whole}.{digits:0<2}")
}

fn one_line(text: &str) -> String {
    ansi::plain(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn prices_have_as_many_digits_as_they_need() {
        let prices = [3_000_000, 250_000, 75_000, 500_000, 0, 12_500_000];
        let words = prices.map(|amount| dollars(MicroDollars(amount)));
        assert_eq!(words, ["$3", "$0.25", "$0.075", "$0.50", "$0", "$12.50"]);
    }
}
