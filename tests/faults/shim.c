/* Preloaded into a process: counts the calls that go through the C library and touch one directory, and lets
 * the n-th one of a function fail. What is counted, and whether it was hit, stands in a mapped file, so that
 * it outlives the process.
 *
 *   AGENTOTEL_FAULT_DIRECTORY    only calls on files in there count
 *   AGENTOTEL_FAULT_COUNTS       a file of 4,096 bytes: calls of each function in the order of `enum
 * function`, then hits AGENTOTEL_FAULT              function:n:errno:times; n from 1; errno 0 = only half of
 * the bytes are read or written AGENTOTEL_FAULT_FILE_SYSTEM  when set, fstatfs says that the files are on NFS
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum function {
  OPEN,
  OPENAT,
  MKDIRAT,
  FSTAT,
  FSTATAT,
  FSTATFS,
  FALLOCATE,
  MMAP,
  PREAD,
  PWRITE,
  WRITE,
  FSYNC,
  FDATASYNC,
  RENAMEAT,
  UNLINKAT,
  FLOCK,
  FDOPENDIR,
  READDIR,
  FCNTL,
  FUNCTIONS
};

enum { NFS = 0x6969, COUNTS_BYTES = 4096 };

static char directory[4096];
static size_t directory_bytes;
static _Atomic uint64_t *counts;
static unsigned wanted = FUNCTIONS;
static uint64_t wanted_call, wanted_times;
static int wanted_errno;
static int claims_nfs;

__attribute__((constructor)) static void begin(void) {
  const char *where = getenv("AGENTOTEL_FAULT_DIRECTORY");
  const char *file = getenv("AGENTOTEL_FAULT_COUNTS");
  const char *fault = getenv("AGENTOTEL_FAULT");
  if (!where || !file) return;
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC);
  long memory = syscall(SYS_mmap, NULL, COUNTS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  syscall(SYS_close, descriptor);
  if (memory == -1) abort();
  counts = (_Atomic uint64_t *)memory;
  claims_nfs = getenv("AGENTOTEL_FAULT_FILE_SYSTEM") != NULL;
  if (fault && sscanf(fault, "%u:%lu:%d:%lu", &wanted, &wanted_call, &wanted_errno, &wanted_times) != 4)
    abort();
  directory_bytes = strlen(where);
  if (directory_bytes >= sizeof directory) abort();
  memcpy(directory, where, directory_bytes);
}

static int is_inside(const char *path) {
  return directory_bytes > 0 && strncmp(path, directory, directory_bytes) == 0 &&
         (path[directory_bytes] == 0 || path[directory_bytes] == '/');
}

static int touches(int descriptor) {
  char link[64], path[4096];
  if (directory_bytes == 0 || descriptor < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_inside(path);
}

static int touches_at(int descriptor, const char *path) {
  return path[0] == '/' ? is_inside(path) : touches(descriptor);
}

/* Counts a call; whether it is to fail. */
static int fails(enum function function, int is_inside) {
  if (!is_inside) return 0;
  uint64_t call = atomic_fetch_add(&counts[function], 1) + 1;
  if (function != wanted || call < wanted_call || call - wanted_call >= wanted_times) return 0;
  atomic_fetch_add(&counts[FUNCTIONS], 1);
  if (wanted_errno != 0) errno = wanted_errno;
  return 1;
}

/* As many bytes of `bytes` as a call that is to fail transfers; -1 when it is an error. */
static ssize_t cut(size_t bytes) {
  return wanted_errno != 0 ? -1 : (ssize_t)(bytes / 2 > 0 ? bytes / 2 : bytes);
}

#define REAL(type, name, ...)       \
  static type (*real)(__VA_ARGS__); \
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, name);

static int open_with(const char *path, int flags, mode_t mode) {
  if (fails(OPEN, is_inside(path))) return -1;
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int openat_with(int at, const char *path, int flags, mode_t mode) {
  if (fails(OPENAT, touches_at(at, path))) return -1;
  return (int)syscall(SYS_openat, at, path, flags, mode);
}

#define MODE(flags)                        \
  mode_t mode = 0;                         \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list more;                          \
    va_start(more, flags);                 \
    mode = va_arg(more, mode_t);           \
    va_end(more);                          \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  return open_with(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE(flags)
  return open_with(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
  MODE(flags)
  return openat_with(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
  MODE(flags)
  return openat_with(at, path, flags, mode);
}

int mkdirat(int at, const char *path, mode_t mode) {
  if (fails(MKDIRAT, touches_at(at, path))) return -1;
  return (int)syscall(SYS_mkdirat, at, path, mode);
}

int fstat64(int descriptor, struct stat64 *out) {
  REAL(int, "fstat64", int, struct stat64 *)
  return fails(FSTAT, touches(descriptor)) ? -1 : real(descriptor, out);
}

int fstatat64(int at, const char *restrict path, struct stat64 *restrict out, int flags) {
  REAL(int, "fstatat64", int, const char *, struct stat64 *, int)
  return fails(FSTATAT, touches_at(at, path)) ? -1 : real(at, path, out, flags);
}

int fstatfs64(int descriptor, struct statfs64 *out) {
  REAL(int, "fstatfs64", int, struct statfs64 *)
  int is_ours = touches(descriptor);
  if (fails(FSTATFS, is_ours)) return -1;
  int result = real(descriptor, out);
  if (is_ours && claims_nfs && result == 0) out->f_type = NFS;
  return result;
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t bytes) {
  if (fails(FALLOCATE, touches(descriptor))) return -1;
  return (int)syscall(SYS_fallocate, descriptor, mode, offset, bytes);
}

void *mmap64(void *where, size_t bytes, int protection, int flags, int descriptor, off64_t offset) {
  if (fails(MMAP, touches(descriptor))) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, where, bytes, protection, flags, descriptor, offset);
}

ssize_t pread64(int descriptor, void *place, size_t bytes, off64_t offset) {
  if (fails(PREAD, touches(descriptor))) {
    if (cut(bytes) < 0) return -1;
    bytes = (size_t)cut(bytes);
  }
  return syscall(SYS_pread64, descriptor, place, bytes, offset);
}

ssize_t pwrite64(int descriptor, const void *place, size_t bytes, off64_t offset) {
  if (fails(PWRITE, touches(descriptor))) {
    if (cut(bytes) < 0) return -1;
    bytes = (size_t)cut(bytes);
  }
  return syscall(SYS_pwrite64, descriptor, place, bytes, offset);
}

ssize_t write(int descriptor, const void *place, size_t bytes) {
  if (fails(WRITE, touches(descriptor))) {
    if (cut(bytes) < 0) return -1;
    bytes = (size_t)cut(bytes);
  }
  return syscall(SYS_write, descriptor, place, bytes);
}

int fsync(int descriptor) {
  return fails(FSYNC, touches(descriptor)) ? -1 : (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
  return fails(FDATASYNC, touches(descriptor)) ? -1 : (int)syscall(SYS_fdatasync, descriptor);
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
  if (fails(RENAMEAT, touches_at(from_at, from))) return -1;
  return (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  if (fails(RENAMEAT, touches_at(from_at, from))) return -1;
  return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
}

int unlinkat(int at, const char *path, int flags) {
  if (fails(UNLINKAT, touches_at(at, path))) return -1;
  return (int)syscall(SYS_unlinkat, at, path, flags);
}

int flock(int descriptor, int operation) {
  return fails(FLOCK, touches(descriptor)) ? -1 : (int)syscall(SYS_flock, descriptor, operation);
}

DIR *fdopendir(int descriptor) {
  REAL(DIR *, "fdopendir", int)
  return fails(FDOPENDIR, touches(descriptor)) ? NULL : real(descriptor);
}

struct dirent64 *readdir64(DIR *stream) {
  REAL(struct dirent64 *, "readdir64", DIR *)
  return fails(READDIR, touches(dirfd(stream))) ? NULL : real(stream);
}

int fcntl(int descriptor, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  if (command == F_DUPFD_CLOEXEC && fails(FCNTL, touches(descriptor))) return -1;
  return (int)syscall(SYS_fcntl, descriptor, command, argument);
}
