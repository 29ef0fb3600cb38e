/* Every function of the library that returns a status, each as one call with arguments that are right but for
 * their handles, which nobody gave out. For claims about all of them: before init, after shutdown, and when
 * they panic. */
#ifndef EVERY_H
#define EVERY_H

#include "support.h"

struct every_function {
  const char *name;
  agentotel_status (*call)(void);
  /* What it answers before `agentotel_init` and after `agentotel_shutdown`. */
  agentotel_status before_init;
  agentotel_status after_shutdown;
};

extern const struct every_function every_function[];
extern const size_t every_function_count;

#endif /* EVERY_H */
