//! The library in processes that fork, end in all ways, are stopped, or run out of what they need: proved from outside.
//! Each test starts processes of this test's own executable that play a role; they write down every id whose call returned
//! OK (`witness`), and what their exporters have written is held against it.

#[path = "../agent/mod.rs"]
mod agent;
mod clocks;
mod copies;
mod ends;
mod forks;
mod held;
mod lifecycle;
mod limits;
mod role;
mod silent;
mod witness;

/// The process that plays a role; nothing in a run of the tests themselves.
#[test]
fn role_process() {
    role::play(&[
        ("forking", forks::fork_while_threads_record),
        ("forking-after-start", forks::start_anew_in_a_child),
        ("exiting-in-a-child", forks::exit_in_a_child),
        ("daemonising", forks::daemonise),
        ("having-silent-children", silent::have_children),
        ("having-children-all-the-time", silent::have_children_all_the_time),
        ("ending", ends::end),
        ("recovering", ends::recover),
        ("holding", held::hold),
        ("started-by-constructor", lifecycle::was_started_by_constructor),
        ("shut-down-at-exit", lifecycle::shut_down_at_exit),
        ("starting-again-and-again", lifecycle::start_again_and_again),
        ("shut-down-while-recording", lifecycle::shut_down_while_recording),
        ("blocking-signals", clocks::block_signals),
        ("being-stopped", clocks::be_stopped),
        ("in-jumping-time", clocks::jump),
        ("without-descriptors", limits::start_without_descriptors),
        ("running-out-of-descriptors", limits::run_out_of_descriptors),
        ("without-address-space", limits::run_out_of_address_space),
        ("without-proc", limits::live_without_proc),
        ("having-two-copies", copies::use_two_copies),
    ]);
}
