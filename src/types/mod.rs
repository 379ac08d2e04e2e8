//! Words that every floor uses: ids, times, countries, phone numbers.

pub mod clock;
pub mod country;
pub mod ids;
pub mod networks;
pub mod origin;
pub mod phone;
