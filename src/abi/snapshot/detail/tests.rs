//! Every field of every struct is read from its place, and from no other; a shorter struct gives what it has.

use super::*;

/// A struct of a layout in which nothing is given.
fn empty(layout: &Layout) -> [u64; MOST_WORDS] {
    let mut given = [0; MOST_WORDS];
    given[0] = layout.bytes as u64;
    given
}

/// Says something in the place of a field; gives what is to be read, in words.
fn say(given: &mut [u64; MOST_WORDS], place: &Place, field: &Field) -> String {
    let text = agentotel_str { data: c"text".as_ptr(), len: 4 };
    // SAFETY: the place is that of a field of this type.
    unsafe {
        let at = given.as_mut_ptr().cast::<u8>().add(place.at.into());
        match field.holds {
            Holds::Text => at.cast::<agentotel_str>().write_unaligned(text),
            Holds::Content(_) => at.cast::<agentotel_str>().write_unaligned(text),
            Holds::Texts => {
                let array = agentotel_string_array { items: Box::leak(Box::new(text)), count: 1 };
                at.cast::<agentotel_string_array>().write_unaligned(array);
            }
            Holds::Int => {
                let number = agentotel_i64 { value: -5, present: 2, reserved: [0; 7] };
                at.cast::<agentotel_i64>().write_unaligned(number);
            }
            Holds::Double => {
                let number = agentotel_f64 { value: 0.5, present: 1, reserved: [7; 7] };
                at.cast::<agentotel_f64>().write_unaligned(number);
            }
            Holds::Truth => at.cast::<agentotel_bool>().write(agentotel_bool { value: 0, present: 1 }),
            Holds::Flag | Holds::Counting | Holds::Choice(_) => at.cast::<u32>().write_unaligned(1),
        }
    }
    let name = field.name();
    match field.holds {
        Holds::Text => format!("{name:?}: Text({:?})", b"text"),
        Holds::Content(_) => format!("{name:?}: Content(4 bytes of content)"),
        Holds::Texts => format!("{name:?}: Texts([{:?}])", b"text"),
        Holds::Int => format!("{name:?}: Int(-5)"),
        Holds::Double => format!("{name:?}: Double(0.5)"),
        Holds::Truth => format!("{name:?}: Truth(false)"),
        Holds::Flag => format!("{name:?}: Truth(true)"),
        Holds::Counting | Holds::Choice(_) => format!("{name:?}: Number(1)"),
    }
}

fn read(given: &[u64; MOST_WORDS], layout: &Layout) -> String {
    let arena = Bump::new();
    // SAFETY: as large as the largest struct, and what it points to is static.
    format!("{:?}", unsafe { fields_of_any(&arena, given.as_ptr().cast(), layout) }.unwrap())
}

#[test]
fn a_field_is_read_from_its_place_and_no_other_is() {
    for kind in KINDS {
        let layout = kind.layout;
        assert_eq!(read(&empty(layout), layout), ["{", "}"].concat());
        let (mut all, mut said) = (empty(layout), Vec::new());
        for (place, field) in layout.places.iter().zip(layout.fields) {
            let mut one = empty(layout);
            let words = say(&mut one, place, field);
            assert_eq!(read(&one, layout), format!("{{{words}}}"));
            said.push(say(&mut all, place, field));
        }
        assert_eq!(read(&all, layout), format!("{{{}}}", said.join(", ")));
    }
}

#[test]
fn what_a_shorter_struct_does_not_have_was_not_given() {
    for layout in KINDS.iter().map(|kind| kind.layout) {
        for size in (layout.first..layout.bytes).step_by(WORD) {
            let (mut all, mut said) = (empty(layout), Vec::new());
            for (place, field) in layout.places.iter().zip(layout.fields) {
                let words = say(&mut all, place, field);
                if usize::from(place.word) + WORD <= size {
                    said.push(words);
                }
            }
            all[0] = size as u64;
            assert_eq!(read(&all, layout), format!("{{{}}}", said.join(", ")), "{}", layout.name);
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let arena = Bump::new();
    // SAFETY: as above.
    let refused = |given: &[u64; MOST_WORDS], layout: &Layout| unsafe {
        fields_of_any(&arena, given.as_ptr().cast(), layout).unwrap_err().to_string()
    };
    for layout in KINDS.iter().map(|kind| kind.layout) {
        let mut short = empty(layout);
        short[0] = layout.first as u64 - 1;
        assert!(refused(&short, layout).contains(layout.name));
        for (place, field) in layout.places.iter().zip(layout.fields) {
            let mut wrong = empty(layout);
            match field.holds {
                Holds::Text | Holds::Texts | Holds::Content(_) => {
                    wrong[usize::from(place.at) / WORD + 1] = 3;
                }
                Holds::Counting | Holds::Choice(_) => {
                    wrong[usize::from(place.word) / WORD] = 99 << place.mask.trailing_zeros();
                }
                _ => continue,
            }
            let why = refused(&wrong, layout);
            assert!(why.starts_with(field.path), "{why}");
            if let Holds::Text = field.holds {
                wrong[usize::from(place.at) / WORD + 1] = u64::MAX;
                assert!(refused(&wrong, layout).contains(field.path));
            }
        }
    }
}
