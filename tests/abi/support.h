/* What the tests of the C interface share: assertions that speak in the library's words, a library started
 * with the file exporter, and what that exporter wrote, read back as JSON. Only a process's main thread may
 * assert: cmocka leaves a failed test by a long jump. Threads count, the main thread judges. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <agentotel.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cJSON.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GROUP(tests) cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL)

/* That a call returns a status; when it does not, with the library's words. */
#define assert_status(expected, call) assert_status_(expected, call, #call, __FILE__, __LINE__)
#define assert_ok(call) assert_status(AGENTOTEL_OK, call)
void assert_status_(agentotel_status expected, agentotel_status actual, const char *call, const char *file,
                    int line);

/* That a call returns one of two statuses, for handles that nobody gave out. */
bool is_bad_handle(agentotel_status status);

/* That this thread's last error has a word in it. */
void assert_last_error_names(const char *word);

/* Runs that are slow (valgrind) do a part of the work: `full` divided by TEST_DIVISOR, at least `least`. */
size_t scaled(size_t full, size_t least);
bool under_valgrind(void);
bool under_address_sanitizer(void);

/* A file name in a directory of this process's own, which is removed at its exit. */
const char *temporary_path(const char *name);

/* Starts the library with a configuration, as printf has it. */
void start_with(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Starts it with a file exporter that writes a new file at `recording_path`. */
void start_recording(void);
const char *recording_path(void);
/* Shuts it down, everything delivered, and checks the equations. */
void stop(void);
/* Shuts it down if it runs; teardown of tests that may fail half way. */
int stop_anyway(void **state);

/* Counters. */
agentotel_stats stats_of(uint32_t signal);
agentotel_exporter_stats exporter_stats_of(const char *exporter, uint32_t signal);
uint64_t refused_in_all(const agentotel_stats *stats);
uint64_t dropped_in_all(const agentotel_exporter_stats *stats);
/* Both equations, for the traces and logs of the exporters that are there. */
void assert_equations_hold(void);

/* What was recorded: all spans (or log records) of all lines of the file, in a JSON array. */
cJSON *read_spans(const char *path);
cJSON *read_logs(const char *path);
size_t count_spans(const char *path);
const cJSON *find_named(const cJSON *spans, const char *name);
size_t count_named(const cJSON *spans, const char *name);
/* The value of an attribute, such as {"stringValue": "x"}, or NULL. */
const cJSON *attribute_of(const cJSON *span, const char *key);
/* Its text, number (as text) or truth; fails the test when it is not there. */
const char *string_attribute(const cJSON *span, const char *key);
const char *int_attribute(const cJSON *span, const char *key);
const char *text_of(const cJSON *object, const char *member);
/* Every byte of a file; the caller frees it. */
char *read_bytes(const char *path, size_t *length);
void hex_of(const uint8_t *bytes, size_t length, char *out);

/* Short ways to say common things. */
agentotel_session new_session(void);
agentotel_event_data named_event(const char *name);
void record_named(agentotel_session session, const char *name);
agentotel_event start_named(agentotel_session session, const char *name);

/* Where a text ends at the edge of memory that must not be read: `length` readable bytes of 'a'. */
const char *text_at_the_edge(size_t length);

double seconds_now(void);
size_t entries_of(const char *directory);
/* Waits, a second at most, until a directory has as many entries. */
size_t entries_when_settled(const char *directory, size_t expected);

/* Runs this program as `--child NAME ARGUMENT` with its output in a file; returns waitpid's status, or -1
 * when it had to be killed after `seconds`. */
int run_child(const char *name, const char *argument, const char *output, double seconds);
/* The other side of it. */
int child_main(const char *name, const char *argument);
/* Waits for a process, `seconds` at most. */
int wait_at_most(int pid, double seconds);

#endif /* SUPPORT_H */
