/* Reads transcripts: each line is parsed by cJSON, checked completely, and shown as structs, so that whoever
 * uses them meets no JSON and no surprise. What is wrong is said with the file, the line and the place in it.
 */
#define _POSIX_C_SOURCE 200809L

#include "transcript.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vendor/cjson/cJSON.h"

/* Where we are, for complaints. */
struct place {
  const char *path;
  size_t line; /* from 1 */
};

static bool malformed(const struct place *place, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s:%zu: ", place->path, place->line);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return false;
}

static const cJSON *member(const cJSON *object, const char *name) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsNull(value) ? NULL : value;
}

/* A text that may be absent or null, and is "" then. */
static bool text(const struct place *place, const cJSON *object, const char *name, const char **out) {
  const cJSON *value = member(object, name);
  *out = "";
  if (value == NULL) return true;
  if (!cJSON_IsString(value)) return malformed(place, "\"%s\": expected a string", name);
  *out = value->valuestring;
  return true;
}

/* A number that may be absent or null. */
static bool number(const struct place *place, const cJSON *object, const char *name, bool *found,
                   double *out) {
  const cJSON *value = member(object, name);
  *found = value != NULL;
  *out = 0;
  if (value == NULL) return true;
  if (!cJSON_IsNumber(value)) return malformed(place, "\"%s\": expected a number", name);
  *out = value->valuedouble;
  return true;
}

static bool integer(const struct place *place, const cJSON *object, const char *name, bool *found,
                    long long *out) {
  const double limit = 9007199254740992.0; /* 2^53: beyond it a double skips integers */
  double value = 0;
  if (!number(place, object, name, found, &value)) return false;
  if (value < -limit || value > limit) return malformed(place, "\"%s\": out of range", name);
  *out = (long long)value;
  if ((double)*out != value) return malformed(place, "\"%s\": expected an integer", name);
  return true;
}

static bool read_calls(const struct place *place, const cJSON *from, struct message *message) {
  const cJSON *calls = member(from, "tool_calls");
  const cJSON *call = NULL;
  if (calls == NULL) return true;
  if (!cJSON_IsArray(calls)) return malformed(place, "\"tool_calls\": expected an array");
  message->calls = calloc((size_t)cJSON_GetArraySize(calls) + 1, sizeof *message->calls);
  if (message->calls == NULL) return malformed(place, "out of memory");
  cJSON_ArrayForEach(call, calls) {
    struct tool_call *to = &message->calls[message->call_count++];
    const cJSON *function = member(call, "function");
    if (!cJSON_IsObject(function)) return malformed(place, "\"function\" of a tool call: expected an object");
    if (!text(place, call, "id", &to->id) || !text(place, function, "name", &to->name) ||
        !text(place, function, "arguments", &to->arguments)) {
      return false;
    }
    if (to->name[0] == '\0') return malformed(place, "a tool call without a \"name\"");
  }
  return true;
}

static bool read_message(const struct place *place, const cJSON *from, struct message *message) {
  static const char *const roles[] = {"system", "user", "assistant", "tool"};
  const char *role = "";
  size_t known = 0;
  if (!cJSON_IsObject(from)) return malformed(place, "a message: expected an object");
  if (!text(place, from, "role", &role)) return false;
  while (known < 4 && strcmp(role, roles[known]) != 0) {
    known++;
  }
  if (known == 4)
    return malformed(place, "\"role\": expected system, user, assistant or tool, got \"%s\"", role);
  message->role = (enum role)known;
  if (!text(place, from, "content", &message->content)) return false;
  if (message->role == ROLE_ASSISTANT) return read_calls(place, from, message);
  if (message->role == ROLE_TOOL) {
    if (!text(place, from, "tool_call_id", &message->tool_call_id)) return false;
    if (message->tool_call_id[0] == '\0') return malformed(place, "a tool result without a \"tool_call_id\"");
    return text(place, from, "name", &message->name);
  }
  return true;
}

static bool read_transcript(const struct place *place, const cJSON *from, struct transcript *transcript) {
  const cJSON *messages = NULL;
  const cJSON *message = NULL;
  bool has_trial = false;
  if (!cJSON_IsObject(from)) return malformed(place, "expected a JSON object");
  if (!integer(place, from, "task_id", &transcript->has_task, &transcript->task_id) ||
      !integer(place, from, "trial", &has_trial, &transcript->trial) ||
      !number(place, from, "reward", &transcript->has_reward, &transcript->reward)) {
    return false;
  }
  messages = member(from, "traj");
  if (!cJSON_IsArray(messages)) return malformed(place, "\"traj\": expected an array of messages");
  transcript->messages = calloc((size_t)cJSON_GetArraySize(messages) + 1, sizeof *transcript->messages);
  if (transcript->messages == NULL) return malformed(place, "out of memory");
  cJSON_ArrayForEach(message, messages) {
    if (!read_message(place, message, &transcript->messages[transcript->message_count])) return false;
    transcript->message_count++;
  }
  return true;
}

static void transcript_free(struct transcript *transcript) {
  if (transcript->messages != NULL) {
    /* The message behind the last one may have been half read. */
    for (size_t i = 0; i <= transcript->message_count; i++) {
      free(transcript->messages[i].calls);
    }
  }
  free(transcript->messages);
  cJSON_Delete(transcript->json);
}

static bool parse_line(const struct place *place, char *line, size_t length, struct transcript *transcript) {
  const char *end = line;
  memset(transcript, 0, sizeof *transcript);
  /* The terminating NUL is passed too: cJSON then insists that nothing follows the object. */
  if (memchr(line, '\0', length) == NULL) {
    transcript->json = cJSON_ParseWithLengthOpts(line, length + 1, &end, true);
  }
  if (transcript->json == NULL) return malformed(place, "not JSON, at byte %zu", (size_t)(end - line));
  return read_transcript(place, transcript->json, transcript);
}

static bool add(struct transcripts *transcripts, const struct transcript *transcript) {
  struct transcript *items = realloc(transcripts->items, (transcripts->count + 1) * sizeof *items);
  if (items == NULL) return false;
  transcripts->items = items;
  items[transcripts->count++] = *transcript;
  return true;
}

bool transcripts_read(struct transcripts *transcripts, const char *path) {
  struct place place = {path, 0};
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length = 0;
  bool good = true;
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
  }
  errno = 0;
  while (good && (length = getline(&line, &capacity, file)) != -1) {
    struct transcript transcript;
    place.line++;
    if (strspn(line, " \t\r\n") == (size_t)length) continue;
    good = parse_line(&place, line, (size_t)length, &transcript);
    if (good && !add(transcripts, &transcript)) good = malformed(&place, "out of memory");
    if (!good) transcript_free(&transcript);
    errno = 0;
  }
  if (good && !feof(file)) good = malformed(&place, "%s", strerror(errno));
  free(line);
  fclose(file);
  return good;
}

void transcripts_free(struct transcripts *transcripts) {
  for (size_t i = 0; i < transcripts->count; i++) {
    transcript_free(&transcripts->items[i]);
  }
  free(transcripts->items);
  memset(transcripts, 0, sizeof *transcripts);
}
