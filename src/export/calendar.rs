//! The calendar, for those who write a time for people to read.

/// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar. Eras of 400
/// years that begin in March put the leap day last (H. Hinnant, "chrono-compatible low-level date
/// algorithms").
pub(super) fn civil(days: u64) -> (u64, u64, u64) {
    let from_march_of_year_0 = days + 719_468;
    let era = from_march_of_year_0 / 146_097;
    let day_of_era = from_march_of_year_0 % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}
