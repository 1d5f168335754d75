//! Number filters, like the library's but checked: a result that does not fit into 64 bits is an
//! error of the template. They are as forgiving as LiquidJS: `true` counts as 1, and a value that
//! is no number as 0. Whole numbers are divided like all others, unless a whole result is asked
//! for.

use liquid_core::ValueView;
use liquid_core::model::{State, Value};

use super::bounded::Own;

/// The most decimal places of `round`; more than a number has.
const PLACES: i64 = 20;

#[derive(Debug, Clone, Copy)]
enum Number {
    Whole(i64),
    Float(f64),
}

type Outcome = Result<Value, String>;

pub(super) fn all() -> [Own; 12] {
    let unary = |name, function| Own::new(name, (0, 0), function);
    let binary = |name, function| Own::new(name, (1, 1), function);
    [
        unary("abs", |input, _| match number(input) {
            Number::Whole(number) => whole(number.checked_abs()),
            Number::Float(number) => Ok(Value::scalar(number.abs())),
        }),
        unary("ceil", |input, _| rounded(float(number(input)).ceil())),
        unary("floor", |input, _| rounded(float(number(input)).floor())),
        Own::new("round", (0, 1), round),
        Own::new("sum", (0, 1), sum),
        binary("at_least", |input, words| of_two(input, words, |a, b| Some(a.max(b)), f64::max)),
        binary("at_most", |input, words| of_two(input, words, |a, b| Some(a.min(b)), f64::min)),
        binary("plus", |input, words| of_two(input, words, i64::checked_add, |a, b| a + b)),
        binary("minus", |input, words| of_two(input, words, i64::checked_sub, |a, b| a - b)),
        binary("times", |input, words| of_two(input, words, i64::checked_mul, |a, b| a * b)),
        Own::new("divided_by", (1, 2), divided),
        binary("modulo", |input, words| {
            not_zero(words)?;
            of_two(input, words, i64::checked_rem_euclid, f64::rem_euclid)
        }),
    ]
}

/// The number of a value. A missing value, and one that is no number, is 0.
fn number(value: &dyn ValueView) -> Number {
    let scalar = value.as_scalar();
    if let Some(is_true) = scalar.as_ref().and_then(|scalar| scalar.to_bool()) {
        return Number::Whole(i64::from(is_true));
    }
    let whole = scalar.as_ref().and_then(|scalar| scalar.to_integer()).map(Number::Whole);
    whole.or_else(|| scalar.and_then(|scalar| scalar.to_float()).map(Number::Float)).unwrap_or(Number::Whole(0))
}

fn float(number: Number) -> f64 {
    match number {
        Number::Whole(number) => number as f64,
        Number::Float(number) => number,
    }
}

fn whole(number: Option<i64>) -> Outcome {
    number.map(Value::scalar).ok_or_else(|| "the result is too large a number".to_owned())
}

/// A float without a fraction, as a whole number.
fn rounded(number: f64) -> Outcome {
    // The first float that does not fit. The bounds themselves are no whole floats.
    const END: f64 = 9_223_372_036_854_775_808.0;
    whole((-END..END).contains(&number).then_some(number as i64))
}

fn of_two(
    input: &dyn ValueView,
    words: &[Value],
    of_whole: fn(i64, i64) -> Option<i64>,
    of_float: fn(f64, f64) -> f64,
) -> Outcome {
    match (number(input), number(&words[0])) {
        (Number::Whole(a), Number::Whole(b)) => whole(of_whole(a, b)),
        (a, b) => Ok(Value::scalar(of_float(float(a), float(b)))),
    }
}

/// Divides. A truthy second argument asks for a whole result.
fn divided(input: &dyn ValueView, words: &[Value]) -> Outcome {
    not_zero(words)?;
    if words.get(1).is_some_and(|is_whole| is_whole.query_state(State::Truthy)) {
        return rounded((float(number(input)) / float(number(&words[0]))).floor());
    }
    let has_rest = |a: i64, b: i64| a.checked_rem(b).is_some_and(|rest| rest != 0);
    match (number(input), number(&words[0])) {
        (Number::Whole(a), Number::Whole(b)) if has_rest(a, b) => Ok(Value::scalar(a as f64 / b as f64)),
        _ => of_two(input, words, i64::checked_div, |a, b| a / b),
    }
}

fn not_zero(words: &[Value]) -> Result<(), String> {
    match float(number(&words[0])) == 0.0 {
        true => Err("Can't divide by zero".to_owned()),
        false => Ok(()),
    }
}

fn round(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let input = float(number(input));
    let places = words.first().map(|places| number(places));
    match places {
        Some(Number::Whole(places)) if places > PLACES => Err(format!("rounds to {PLACES} places at most")),
        Some(Number::Whole(places)) if places > 0 => {
            let by = 10.0_f64.powi(i32::try_from(places).unwrap_or(0));
            let rounded = (input * by).round() / by;
            // With so many places the product overflows, and the number has no more digits to
            // round.
            Ok(Value::scalar(if rounded.is_finite() { rounded } else { input }))
        }
        Some(Number::Float(_)) => Err("a whole number of places is expected".to_owned()),
        _ => rounded(input.round()),
    }
}

/// The sum of a list, or of one field of its items.
fn sum(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let field = words.first().map(|field| field.to_kstr());
    let zero = Value::scalar(0_i64);
    let Some(list) = input.as_array() else { return of_two(input, &[zero], i64::checked_add, |a, b| a + b) };
    list.values().try_fold(zero, |sum, item| {
        let part = match &field {
            None => Some(item),
            Some(field) => item.as_object().and_then(|fields| fields.get(field)),
        };
        match part {
            Some(part) => of_two(part, &[sum], i64::checked_add, |a, b| a + b),
            None => Ok(sum),
        }
    })
}
