//! A device in words, from what its browser says of itself. For a person to recognise their own phone by; nothing is decided by it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a session was opened on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    pub kind: DeviceKind,
    /// `Firefox`.
    #[schema(required = true)]
    pub browser: Option<String>,
    /// `Android`.
    #[schema(required = true)]
    pub system: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    Phone,
    Tablet,
    Computer,
    Unknown,
}

/// Browsers call themselves by their forebears' names too, so the younger ones are asked for first.
const BROWSERS: [(&str, &str); 12] = [
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

impl Device {
    pub fn read(user_agent: Option<&str>) -> Self {
        let text = user_agent.unwrap_or_default();
        let find = |names: &[(&str, &str)]| {
            names.iter().find(|(sign, _)| text.contains(sign)).map(|(_, name)| (*name).to_owned())
        };
        let system = find(&SYSTEMS);
        let kind = match system.as_deref() {
            Some("iPhone") => DeviceKind::Phone,
            Some("iPad") => DeviceKind::Tablet,
            Some("Android") if text.contains("Mobile") => DeviceKind::Phone,
            Some("Android") => DeviceKind::Tablet,
            Some(_) => DeviceKind::Computer,
            None => DeviceKind::Unknown,
        };
        Self { kind, browser: find(&BROWSERS), system }
    }

    /// `Chrome · Android`
    pub fn label(&self) -> String {
        let parts: Vec<&str> = [self.browser.as_deref(), self.system.as_deref()].into_iter().flatten().collect();
        if parts.is_empty() { "?".to_owned() } else { parts.join(" · ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_recognised() {
        for (user_agent, kind, browser, system) in [
            (
                "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                DeviceKind::Phone,
                "Chrome",
                "Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
                DeviceKind::Phone,
                "Safari",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                DeviceKind::Computer,
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
                DeviceKind::Computer,
                "Firefox",
                "macOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Safari/537.36",
                DeviceKind::Tablet,
                "Samsung Internet",
                "Android",
            ),
        ] {
            let device = Device::read(Some(user_agent));
            assert_eq!(device, Device { kind, browser: Some(browser.to_owned()), system: Some(system.to_owned()) });
        }
        for nothing in [None, Some(""), Some("curl/8.9")] {
            assert_eq!(Device::read(nothing), Device { kind: DeviceKind::Unknown, browser: None, system: None });
        }
    }
}
