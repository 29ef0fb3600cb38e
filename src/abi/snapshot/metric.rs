//! Reading instruments.

use super::{not_null, sized, text};
use crate::abi::types::*;
use crate::manager::{Error, MOST_BOUNDARIES};

/// Name, unit and description of an instrument, whether its values are whole, and its boundaries.
///
/// # Safety
/// NULL, or valid with all that it points to.
pub(crate) unsafe fn instrument(
    from: *const agentotel_instrument,
) -> Result<([String; 3], bool, Vec<f64>), Error> {
    not_null(from, "instrument")?;
    // SAFETY: not NULL, hence valid by contract; the rest is passed on.
    unsafe {
        let (from, _) = sized(from)?;
        let owned = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let texts = [
            owned(text(from.name, "name")?),
            owned(text(from.unit, "unit")?),
            owned(text(from.description, "description")?),
        ];
        let is_whole = match from.value_type {
            AGENTOTEL_VALUE_DOUBLE => false,
            AGENTOTEL_VALUE_INT64 => true,
            other => {
                let why = format!("value_type is {other}, expected one of AGENTOTEL_VALUE_… (0 and 1)");
                return Err(Error::InvalidArgument(why));
            }
        };
        let count = from.boundary_count;
        if count > MOST_BOUNDARIES {
            return Err(Error::TooLarge { what: "boundaries", given: count, most: MOST_BOUNDARIES });
        }
        if count > 0 {
            not_null(from.boundaries, "boundaries")?;
        }
        let boundaries = (0..count).map(|position| from.boundaries.add(position).read_unaligned()).collect();
        Ok((texts, is_whole, boundaries))
    }
}
