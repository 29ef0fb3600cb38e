/* What a program says about the library: a failed call in the library's words, and the counters at the end.
 */
#ifndef REPORT_H
#define REPORT_H

#include <agentotel.h>
#include <stdbool.h>

/* Whether a call succeeded; if not, says on stderr which one, its status, and what the library says of it. */
bool succeeded(const char *function, agentotel_status status);

/* Prints the counters of every signal and exporter to stderr as a table, and checks that they add up. */
bool report(void);

#endif /* REPORT_H */
