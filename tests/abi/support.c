/* What the tests share; see support.h. Talks to the library through its header alone. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void assert_status_(agentotel_status expected, agentotel_status actual, const char *call, const char *file,
                    int line) {
  char words[1024] = "";
  if (actual == expected) return;
  agentotel_last_error(words, sizeof words, NULL);
  print_error("%s: expected %s, got %s\n  last error: %s\n", call, agentotel_status_name(expected),
              agentotel_status_name(actual), words);
  _fail(file, line);
}

bool is_bad_handle(agentotel_status status) {
  return status == AGENTOTEL_ERR_INVALID_HANDLE || status == AGENTOTEL_ERR_STALE_HANDLE;
}

void assert_last_error_names(const char *word) {
  char words[4096] = "";
  assert_ok(agentotel_last_error(words, sizeof words, NULL));
  if (strstr(words, word) == NULL) fail_msg("expected \"%s\" in the last error: %s", word, words);
}

size_t scaled(size_t full, size_t least) {
  const char *divisor = getenv("TEST_DIVISOR");
  size_t part = divisor != NULL ? full / (size_t)strtoul(divisor, NULL, 10) : full;
  return part > least ? part : least;
}

bool under_valgrind(void) {
  return getenv("TEST_VALGRIND") != NULL;
}

bool under_address_sanitizer(void) {
#ifdef __SANITIZE_ADDRESS__
  return true;
#else
  return false;
#endif
}

/* Files. */

static char directory[64];
static pid_t directory_owner;

static void remove_directory(void) {
  char path[512];
  struct dirent *entry = NULL;
  /* A forked child does not clear its parent's table. */
  DIR *opened = getpid() == directory_owner ? opendir(directory) : NULL;
  if (opened == NULL) return;
  while ((entry = readdir(opened)) != NULL) {
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    unlink(path);
  }
  closedir(opened);
  rmdir(directory);
}

const char *temporary_path(const char *name) {
  static char paths[8][256];
  static size_t next;
  char *path = paths[next++ % COUNT(paths)];
  if (directory[0] == '\0') {
    strcpy(directory, "/tmp/agentotel-abi-XXXXXX");
    if (mkdtemp(directory) == NULL) abort();
    directory_owner = getpid();
    atexit(remove_directory);
  }
  snprintf(path, sizeof paths[0], "%s/%s", directory, name);
  return path;
}

char *read_bytes(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  size_t capacity = 1 << 16;
  char *bytes = malloc(capacity);
  size_t got = 0;
  *length = 0;
  while (file != NULL && (got = fread(bytes + *length, 1, capacity - *length - 1, file)) > 0) {
    *length += got;
    if (capacity - *length < 2) bytes = realloc(bytes, capacity *= 2);
  }
  if (file != NULL) fclose(file);
  bytes[*length] = '\0';
  return bytes;
}

size_t entries_of(const char *path) {
  size_t entries = 0;
  DIR *opened = opendir(path);
  if (opened == NULL) return 0;
  while (readdir(opened) != NULL) {
    entries++;
  }
  closedir(opened);
  return entries;
}

static void pause_ms(long milliseconds) {
  struct timespec length = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&length, NULL);
}

size_t entries_when_settled(const char *path, size_t expected) {
  size_t entries = entries_of(path);
  for (int i = 0; i < 100 && entries != expected; i++) {
    pause_ms(10);
    entries = entries_of(path);
  }
  return entries;
}

const char *text_at_the_edge(size_t length) {
  static char *edge;
  long page = sysconf(_SC_PAGESIZE);
  if (edge == NULL) {
    char *memory = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    memset(memory, 'a', (size_t)page);
    if (mprotect(memory + page, (size_t)page, PROT_NONE) != 0) abort();
    edge = memory + page;
  }
  return edge - length;
}

/* The library's life. */

void start_with(const char *format, ...) {
  char config[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(config, sizeof config, format, arguments);
  va_end(arguments);
  /* Metrics are on where a test says something of them: elsewhere what arrives is what the test has recorded.
   */
  char without[sizeof config + 32];
  snprintf(without, sizeof without, "{\"metrics\":{\"enabled\":false}%s%s", config[1] == '}' ? "" : ",",
           config + 1);
  bool says = config[0] != '{' || strstr(config, "\"metrics\"") != NULL;
  assert_ok(agentotel_init(AGENTOTEL_ABI_VERSION, says ? config : without));
}

const char *recording_path(void) {
  return temporary_path("recording.jsonl");
}

void start_recording(void) {
  const char *path = recording_path();
  unlink(path);
  start_with("{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}]}", path);
}

void stop(void) {
  assert_ok(agentotel_shutdown(20000));
  assert_equations_hold();
}

int stop_anyway(void **state) {
  (void)state;
  agentotel_shutdown(1000);
  return 0;
}

agentotel_session new_session(void) {
  agentotel_session session = 0;
  assert_ok(agentotel_start_session(NULL, &session));
  return session;
}

agentotel_event_data named_event(const char *name) {
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.name = agentotel_cstr(name);
  return data;
}

void record_named(agentotel_session session, const char *name) {
  agentotel_event_data data = named_event(name);
  assert_ok(agentotel_record_event(session, &data, NULL));
}

agentotel_event start_named(agentotel_session session, const char *name) {
  agentotel_event_data data = named_event(name);
  agentotel_event event = 0;
  assert_ok(agentotel_start_event(session, &data, &event));
  return event;
}

double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Counters. */

static uint64_t sum(const uint64_t *counters, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) {
    total += counters[i];
  }
  return total;
}

agentotel_stats stats_of(uint32_t signal) {
  agentotel_stats stats = AGENTOTEL_STATS_INIT;
  assert_ok(agentotel_get_stats(signal, &stats));
  return stats;
}

agentotel_exporter_stats exporter_stats_of(const char *exporter, uint32_t signal) {
  agentotel_exporter_stats stats = AGENTOTEL_EXPORTER_STATS_INIT;
  assert_ok(agentotel_get_exporter_stats(agentotel_cstr(exporter), signal, &stats));
  return stats;
}

uint64_t refused_in_all(const agentotel_stats *stats) {
  return sum(stats->refused, AGENTOTEL_REFUSED_SLOTS);
}

uint64_t dropped_in_all(const agentotel_exporter_stats *stats) {
  return sum(stats->dropped, AGENTOTEL_DROPPED_SLOTS);
}

void assert_equations_hold(void) {
  static const char *const exporters[] = {"file", "otlp", "console", "dead"};
  for (uint32_t signal = AGENTOTEL_SIGNAL_TRACES; signal <= AGENTOTEL_SIGNAL_LOGS; signal++) {
    agentotel_stats stats = stats_of(signal);
    assert_int_equal(stats.offered, stats.accepted_caller + refused_in_all(&stats) + stats.duplicate +
                                        stats.head_unsampled + stats.filtered);
    for (size_t i = 0; i < COUNT(exporters); i++) {
      agentotel_exporter_stats of = AGENTOTEL_EXPORTER_STATS_INIT;
      agentotel_status status = agentotel_get_exporter_stats(agentotel_cstr(exporters[i]), signal, &of);
      if (status == AGENTOTEL_ERR_NOT_FOUND) continue;
      assert_ok(status);
      assert_int_equal(of.accepted + of.recovered,
                       of.exported + of.rejected + dropped_in_all(&of) + of.tail_unsampled + of.pending);
    }
  }
}

/* What was recorded. */

static void move_items(cJSON *from, cJSON *to) {
  while (from != NULL && from->child != NULL) {
    cJSON_AddItemToArray(to, cJSON_DetachItemViaPointer(from, from->child));
  }
}

static cJSON *read_items(const char *path, const char *resources, const char *scopes, const char *items) {
  size_t length = 0;
  char *bytes = read_bytes(path, &length);
  cJSON *all = cJSON_CreateArray();
  char *rest = NULL;
  for (char *line = strtok_r(bytes, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    cJSON *request = cJSON_Parse(line);
    cJSON *resource = NULL;
    if (request == NULL) fail_msg("not JSON: %.200s", line);
    cJSON_ArrayForEach(resource, cJSON_GetObjectItem(request, resources)) {
      cJSON *scope = NULL;
      cJSON_ArrayForEach(scope, cJSON_GetObjectItem(resource, scopes)) {
        move_items(cJSON_GetObjectItem(scope, items), all);
      }
    }
    cJSON_Delete(request);
  }
  free(bytes);
  return all;
}

cJSON *read_spans(const char *path) {
  return read_items(path, "resourceSpans", "scopeSpans", "spans");
}

cJSON *read_logs(const char *path) {
  return read_items(path, "resourceLogs", "scopeLogs", "logRecords");
}

size_t count_spans(const char *path) {
  cJSON *spans = read_spans(path);
  size_t count = (size_t)cJSON_GetArraySize(spans);
  cJSON_Delete(spans);
  return count;
}

const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
  return text != NULL ? text : "";
}

const cJSON *find_named(const cJSON *spans, const char *name) {
  const cJSON *span = NULL;
  cJSON_ArrayForEach(span, spans) {
    if (strcmp(text_of(span, "name"), name) == 0) return span;
  }
  fail_msg("no span is called \"%s\"", name);
  return NULL;
}

size_t count_named(const cJSON *spans, const char *name) {
  const cJSON *span = NULL;
  size_t count = 0;
  cJSON_ArrayForEach(span, spans) {
    count += strcmp(text_of(span, "name"), name) == 0;
  }
  return count;
}

const cJSON *attribute_of(const cJSON *span, const char *key) {
  const cJSON *attribute = NULL;
  const cJSON *found = NULL;
  cJSON_ArrayForEach(attribute, cJSON_GetObjectItem(span, "attributes")) {
    if (strcmp(text_of(attribute, "key"), key) != 0) continue;
    if (found != NULL) fail_msg("attribute \"%s\" is there twice", key);
    found = cJSON_GetObjectItem(attribute, "value");
  }
  return found;
}

const char *string_attribute(const cJSON *span, const char *key) {
  const cJSON *value = cJSON_GetObjectItem(attribute_of(span, key), "stringValue");
  if (!cJSON_IsString(value)) fail_msg("no string attribute \"%s\"", key);
  return value->valuestring;
}

const char *int_attribute(const cJSON *span, const char *key) {
  const cJSON *value = cJSON_GetObjectItem(attribute_of(span, key), "intValue");
  if (!cJSON_IsString(value)) fail_msg("no integer attribute \"%s\"", key);
  return value->valuestring;
}

void hex_of(const uint8_t *bytes, size_t length, char *out) {
  for (size_t i = 0; i < length; i++) {
    sprintf(out + 2 * i, "%02x", bytes[i]);
  }
}

/* Processes. */

int wait_at_most(int pid, double seconds) {
  double deadline = seconds_now() + seconds;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (seconds_now() > deadline) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      return -1;
    }
    pause_ms(2);
  }
  return status;
}

int run_child(const char *name, const char *argument, const char *output, double seconds) {
  char program[512] = "";
  pid_t pid = 0;
  if (readlink("/proc/self/exe", program, sizeof program - 1) < 0) abort();
  if (getenv("TEST_PROGRAM") != NULL) snprintf(program, sizeof program, "%s", getenv("TEST_PROGRAM"));
  fflush(NULL);
  pid = fork();
  if (pid == 0) {
    int file = open(output != NULL ? output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execl(program, program, "--child", name, argument, (char *)NULL);
    _exit(127);
  }
  return wait_at_most(pid, seconds);
}
