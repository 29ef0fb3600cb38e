//! What both sides record: one span with 0, 4 or 10 string attributes. Keys are static, values are owned by the agent;
//! ten of each are about 300 bytes. Both sides take their input from here and from nowhere else.

/// The span's name.
pub const SPAN_NAME: &str = "agent.step";

/// Keys and values; the agent owns its values as strings.
const ATTRIBUTES: [(&str, &str); 10] = [
    ("agent.name", "flight-researcher"),
    ("agent.step", "compare-itineraries"),
    ("tool.name", "search_one_way"),
    ("tool.call.id", "call_6SmWkQ2vYk0aTt8b"),
    ("user.goal", "cheapest direct flight in May"),
    ("deployment.region", "eu-central-1"),
    ("prompt.template", "itinerary/v7"),
    ("cache.key", "9f2c51d07be84a6e"),
    ("request.id", "01JH8Z6M3T5K9Q2W"),
    ("queue.name", "interactive-default-low-latency"),
];

/// A key and the value that the agent owns.
pub struct Attribute {
    pub key: &'static str,
    pub value: String,
}

/// The first `count` attributes.
pub fn attributes(count: usize) -> Vec<Attribute> {
    ATTRIBUTES.iter().take(count).map(|&(key, value)| Attribute { key, value: value.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attributes_are_about_300_bytes() {
        let bytes: usize =
            attributes(10).iter().map(|attribute| attribute.key.len() + attribute.value.len()).sum();
        assert!((270..=330).contains(&bytes), "{bytes}");
    }
}
