/* Reads the library's counters and checks its promise on them: whatever was offered was accepted or refused,
 * and whatever was accepted was exported, rejected, dropped or is pending. Nothing is ever lost without being
 * counted. */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

bool succeeded(const char *function, agentotel_status status) {
  char words[1024] = "";
  if (status == AGENTOTEL_OK) return true;
  /* Words that do not fit are left out; the status is always there. */
  agentotel_last_error(words, sizeof words, NULL);
  fprintf(stderr, "%s: %s: %s\n", function, agentotel_status_name(status), words);
  return false;
}

static uint64_t sum(const uint64_t *counters, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    total += counters[i];
  }
  return total;
}

static bool holds(bool equation, const char *signal, const char *where) {
  if (!equation) fprintf(stderr, "the counters of %s, %s, do not add up\n", signal, where);
  return equation;
}

/* An exporter that is not there, or does not take the signal, has nothing to say. */
static bool report_exporter(const char *name, uint32_t signal, const char *signal_name, uint64_t accepted) {
  agentotel_exporter_stats stats = AGENTOTEL_EXPORTER_STATS_INIT;
  agentotel_status status = agentotel_get_exporter_stats(agentotel_cstr(name), signal, &stats);
  if (status == AGENTOTEL_ERR_NOT_FOUND) return true;
  if (!succeeded("agentotel_get_exporter_stats", status)) return false;
  uint64_t dropped = sum(stats.dropped, AGENTOTEL_DROPPED_SLOTS);
  fprintf(stderr, "%-8s%-10s%10s%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "%10" PRIu64 "\n",
          signal_name, name, "", stats.accepted, stats.exported, stats.rejected, dropped, stats.pending);
  return holds(stats.accepted == accepted, signal_name, "accepted by the queue and by an exporter") &
         holds(stats.accepted + stats.recovered ==
                   stats.exported + stats.rejected + dropped + stats.tail_unsampled + stats.pending,
               signal_name, name);
}

static bool report_signal(uint32_t signal, const char *name) {
  static const char *const exporters[] = {"otlp", "console", "file"};
  agentotel_stats stats = AGENTOTEL_STATS_INIT;
  if (!succeeded("agentotel_get_stats", agentotel_get_stats(signal, &stats))) return false;
  uint64_t accepted = stats.accepted_caller + stats.accepted_derived;
  fprintf(stderr, "%-8s%-10s%10" PRIu64 "%10" PRIu64 "\n", name, "(queue)", stats.offered, accepted);
  bool good = holds(stats.offered == stats.accepted_caller + sum(stats.refused, AGENTOTEL_REFUSED_SLOTS) +
                                         stats.duplicate + stats.head_unsampled + stats.filtered,
                    name, "offered");
  for (size_t i = 0; i < sizeof exporters / sizeof *exporters; i++) {
    good &= report_exporter(exporters[i], signal, name, accepted);
  }
  return good;
}

bool report(void) {
  fprintf(stderr, "%-8s%-10s%10s%10s%10s%10s%10s%10s\n", "signal", "exporter", "offered", "accepted",
          "exported", "rejected", "dropped", "pending");
  bool good = report_signal(AGENTOTEL_SIGNAL_TRACES, "traces");
  good &= report_signal(AGENTOTEL_SIGNAL_LOGS, "logs");
  return good;
}
