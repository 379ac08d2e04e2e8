//! Words that every floor uses: ids, times, business hours, countries, phone numbers.

pub mod area;
pub mod clock;
pub mod country;
pub mod gsm;
pub mod holidays;
pub mod hours;
pub mod ids;
pub mod intervals;
pub mod networks;
pub mod origin;
pub mod phone;
pub mod sender;
