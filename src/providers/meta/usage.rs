//! How much of Meta's call budget is used, from the headers of every answer, so that a sweep can slow down before it is
//! throttled. Calling while throttled prolongs the throttling.
//!
//! Source: developers.facebook.com/docs/graph-api/overview/rate-limiting.

use std::{collections::BTreeMap, time::Duration};

use reqwest::header::HeaderMap;
use serde::Deserialize;

/// The highest figures one answer told. Percent of the budget; above 100 Meta throttles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The highest of call count and time used, over the app's and the business's budgets. Percent.
    pub percent: u32,
    /// How long Meta says to stay away, when it throttles.
    pub regain_access: Option<Duration>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Budget {
    call_count: f64,
    total_time: f64,
    total_cputime: f64,
    /// Minutes.
    estimated_time_to_regain_access: f64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AdAccount {
    acc_id_util_pct: f64,
    /// Seconds.
    reset_time_duration: f64,
}

impl Usage {
    /// Reads `X-App-Usage`, `X-Business-Use-Case-Usage` (minutes) and `X-Ad-Account-Usage` (seconds). What is missing or
    /// cannot be read counts as nothing used.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Usage {
        let app: Budget = read(headers, "x-app-usage");
        let businesses: BTreeMap<String, Vec<Budget>> = read(headers, "x-business-use-case-usage");
        let account: AdAccount = read(headers, "x-ad-account-usage");

        let mut percent = app.percent().max(account.acc_id_util_pct);
        // The reset time of an ad account is when its window ends, throttled or not.
        let mut seconds = if account.acc_id_util_pct >= 100.0 { account.reset_time_duration } else { 0.0 };
        for budget in businesses.values().flatten() {
            percent = percent.max(budget.percent());
            seconds = seconds.max(budget.estimated_time_to_regain_access * 60.0);
        }
        Usage {
            percent: percent.clamp(0.0, 10_000.0) as u32,
            regain_access: (seconds > 0.0).then(|| Duration::from_secs(seconds.min(86_400.0) as u64)),
        }
    }
}

impl Budget {
    fn percent(&self) -> f64 {
        self.call_count.max(self.total_time).max(self.total_cputime)
    }
}

fn read<T: for<'de> Deserialize<'de> + Default>(headers: &HeaderMap, name: &str) -> T {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(headers: &[(&'static str, &'static str)]) -> Usage {
        Usage::of(&headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
    }

    #[test]
    fn the_highest_figure_counts() {
        let app = ("x-app-usage", r#"{"call_count":28,"total_time":25,"total_cputime":31}"#);
        assert_eq!(usage(&[app]), Usage { percent: 31, regain_access: None });
        let business = (
            "x-business-use-case-usage",
            r#"{"1":[{"type":"pages","call_count":5}],"2":[{"type":"leadgen","call_count":100,"total_time":25,"estimated_time_to_regain_access":19}]}"#,
        );
        assert_eq!(usage(&[app, business]), Usage { percent: 100, regain_access: Some(Duration::from_secs(1140)) });
    }

    #[test]
    fn an_ad_account_resets_in_seconds_and_counts_when_it_is_full() {
        let full = ("x-ad-account-usage", r#"{"acc_id_util_pct":100,"reset_time_duration":90}"#);
        assert_eq!(usage(&[full]), Usage { percent: 100, regain_access: Some(Duration::from_secs(90)) });
        let half = ("x-ad-account-usage", r#"{"acc_id_util_pct":9.67,"reset_time_duration":90}"#);
        assert_eq!(usage(&[half]), Usage { percent: 9, regain_access: None });
    }

    #[test]
    fn nonsense_counts_as_nothing() {
        assert_eq!(usage(&[]), Usage::default());
        assert_eq!(usage(&[("x-app-usage", "{"), ("x-business-use-case-usage", "[]")]), Usage::default());
        assert_eq!(usage(&[("x-app-usage", r#"{"call_count":-5}"#)]), Usage::default());
        let forever = ("x-business-use-case-usage", r#"{"1":[{"estimated_time_to_regain_access":1e300}]}"#);
        assert_eq!(usage(&[forever]).regain_access, Some(Duration::from_secs(86_400)));
    }
}
