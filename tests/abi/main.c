/* The test program: runs one group of tests, named by its argument, in this process. A process is one life of
 * the library, so groups do not share one. `--list` names them all; `--child` is for tests that need another
 * process. */
#include "support.h"

int run_arguments(void);
int run_counts(void);
int run_diagnostics(void);
int run_events(void);
int run_exporters(void);
int run_formatters(void);
int run_handles(void);
int run_hosts(void);
int run_injection(void);
int run_json(void);
int run_kinds(void);
int run_lifecycle(void);
int run_live(void);
int run_logs(void);
int run_metrics(void);
int run_processes(void);
int run_propagation(void);
int run_providers(void);
int run_sampling(void);
int run_sessions(void);
int run_stats(void);
int run_texts(void);
int run_threads_group(void);
int run_values(void);

static const struct {
  const char *name;
  int (*run)(void);
} groups[] = {
    {"arguments", run_arguments},
    {"counts", run_counts},
    {"diagnostics", run_diagnostics},
    {"events", run_events},
    {"exporters", run_exporters},
    {"formatters", run_formatters},
    {"hosts", run_hosts},
    {"injection", run_injection},
    {"kinds", run_kinds},
    {"propagation", run_propagation},
    {"handles", run_handles},
    {"json", run_json},
    {"lifecycle", run_lifecycle},
    {"live", run_live},
    {"logs", run_logs},
    {"metrics", run_metrics},
    {"processes", run_processes},
    {"providers", run_providers},
    {"sampling", run_sampling},
    {"sessions", run_sessions},
    {"stats", run_stats},
    {"texts", run_texts},
    {"threads", run_threads_group},
    {"values", run_values},
};

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--child") == 0) return child_main(argv[2], argv[3]);
  for (size_t i = 0; i < COUNT(groups); i++) {
    if (argc == 2 && strcmp(argv[1], "--list") == 0) puts(groups[i].name);
    if (argc == 2 && strcmp(argv[1], groups[i].name) == 0) return groups[i].run();
  }
  if (argc == 2 && strcmp(argv[1], "--list") == 0) return 0;
  fprintf(stderr, "usage: %s GROUP | --list\n", argv[0]);
  return 2;
}
