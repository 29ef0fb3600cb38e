//! A way to make the next call of this thread panic inside its guard. Built with the feature `test-panic` only, and in no
//! header.

use std::cell::Cell;

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// The next guarded call of this thread panics.
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_test_panic_next() {
    ARMED.set(true);
}

/// Panics when armed.
pub(crate) fn fire() {
    if ARMED.replace(false) {
        panic!("armed by agentotel_test_panic_next");
    }
}
