/* Agent transcripts in OpenAI's chat format, one JSON object a line, as plain structs. Texts point into the
 * parsed JSON and live until transcripts_free; reading is not thread-safe, what was read may be shared by
 * threads. */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

struct tool_call {
  const char *id;
  const char *name;
  const char *arguments;
};

struct message {
  enum role role;
  const char *content; /* "" when there is none */
  /* Of the assistant. */
  struct tool_call *calls;
  size_t call_count;
  /* Of a tool: the call that this answers. */
  const char *tool_call_id;
  const char *name;
};

struct transcript {
  bool has_task;
  long long task_id;
  long long trial;
  bool has_reward;
  double reward;
  struct message *messages;
  size_t message_count;
  struct cJSON *json; /* owns the texts */
};

struct transcripts {
  struct transcript *items;
  size_t count;
};

/* Adds a file's transcripts. Blank lines do not count. When the file cannot be read or a line is malformed,
 * says so on stderr, with the file and the line, and returns false. */
bool transcripts_read(struct transcripts *transcripts, const char *path);

void transcripts_free(struct transcripts *transcripts);

#endif /* TRANSCRIPT_H */
