/*
 * Preloaded, it counts calls of the allocator, per thread and in the whole process, and passes them on to
 * glibc. The process under measurement finds the two readers by name.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static __thread uint64_t in_thread __attribute__((tls_model("initial-exec")));
static _Atomic uint64_t in_process;

uint64_t allocations_of_this_thread(void) {
  return in_thread;
}
uint64_t allocations_of_the_process(void) {
  return atomic_load(&in_process);
}

static void count(void) {
  in_thread++;
  atomic_fetch_add_explicit(&in_process, 1, memory_order_relaxed);
}

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  void *memory = memalign(alignment, size);
  if (!memory) return ENOMEM;
  *out = memory;
  return 0;
}
