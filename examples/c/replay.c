/* Replays agent transcripts: each becomes a session, its assistant turns llm events, its tool results nested
 * tool events. Transcripts carry neither times nor token counts; REPLAY.md has the rule by which both are
 * derived.
 *
 *     replay [options] TRANSCRIPTS...
 *
 * With OTEL_EXPORTER_OTLP_ENDPOINT set it reports there. Without, it shows how it looks: a tree of each
 * session on stdout, and the OTLP JSON in a file. */
#define _GNU_SOURCE

#include <agentotel.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "transcript.h"
#include "vendor/cjson/cJSON.h"

#define MILLISECOND INT64_C(1000000)
#define SECOND (1000 * MILLISECOND)
#define FIRST_START (INT64_C(1700000000) * SECOND)
#define BETWEEN_SESSIONS (3600 * SECOND)
#define USER_TURN (5 * SECOND)
#define SHUTDOWN_MS 30000

struct options {
  const char *agent;
  const char *provider;
  const char *model;
  const char *ids;
  const char *out;
  size_t threads;
  size_t repeat;
};

/* What the threads share. */
struct replay {
  struct options options;
  struct transcripts transcripts;
  FILE *ids; /* or NULL */
  atomic_bool failed;
};

/* A call that the model asked for, and the span of the answer in which it did. */
struct asked {
  const struct tool_call *call;
  agentotel_span_context answer;
};

/* One session while it is replayed. */
struct playing {
  struct replay *replay;
  agentotel_session session;
  char id[96];
  int64_t clock;
  size_t input_bytes; /* of all messages before the current one */
  struct asked *asked;
  size_t asked_count;
};

static int64_t tokens(size_t bytes) {
  return (int64_t)((bytes + 3) / 4);
}

static size_t call_bytes(const struct message *message) {
  size_t bytes = 0;
  for (size_t i = 0; i < message->call_count; i++) {
    bytes += strlen(message->calls[i].name) + strlen(message->calls[i].arguments);
  }
  return bytes;
}

/* Writes down a span that the library has taken: one line, whole even when threads write at once. */
static void note(const struct playing *playing, const agentotel_span_context *context) {
  char line[16 * 2 + 1 + 8 * 2 + 1];
  char *to = line;
  if (playing->replay->ids == NULL) return;
  for (size_t i = 0; i < 16; i++) {
    to += sprintf(to, "%02x", context->trace_id[i]);
  }
  *to++ = ' ';
  for (size_t i = 0; i < 8; i++) {
    to += sprintf(to, "%02x", context->span_id[i]);
  }
  fprintf(playing->replay->ids, "%s\n", line);
}

/* An assistant turn is over before we hear of it: one call records it. */
static bool play_answer(struct playing *playing, const struct message *message, size_t index) {
  const struct options *options = &playing->replay->options;
  size_t content_bytes = strlen(message->content);
  int64_t output = tokens(content_bytes + call_bytes(message));
  agentotel_str finish = message->call_count > 0 ? AGENTOTEL_STR("tool_calls") : AGENTOTEL_STR("stop");
  agentotel_span_context context;
  char response_id[128];
  snprintf(response_id, sizeof response_id, "%s-%zu", playing->id, index);

  agentotel_llm llm = AGENTOTEL_LLM_INIT;
  llm.operation = AGENTOTEL_LLM_CHAT;
  llm.request_model = agentotel_cstr(options->model);
  llm.response_model = agentotel_cstr(options->model);
  llm.response_id = agentotel_cstr(response_id);
  llm.finish_reasons.items = &finish;
  llm.finish_reasons.count = 1;
  llm.input_tokens = AGENTOTEL_I64(tokens(playing->input_bytes));
  llm.output_tokens = AGENTOTEL_I64(output);

  agentotel_attribute attributes[] = {
      agentotel_attr_int64(AGENTOTEL_STR("replay.message.index"), (int64_t)index),
      agentotel_attr_int64(AGENTOTEL_STR("replay.content.bytes"), (int64_t)content_bytes),
  };
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  data.kind = AGENTOTEL_KIND_LLM;
  data.llm = &llm;
  data.start_time_unix_nano = playing->clock;
  data.end_time_unix_nano = playing->clock + 200 * MILLISECOND + 10 * MILLISECOND * output;
  data.attributes = attributes;
  data.attribute_count = sizeof attributes / sizeof *attributes;
  if (!succeeded("agentotel_record_event", agentotel_record_event(playing->session, &data, &context)))
    return false;

  note(playing, &context);
  playing->clock = data.end_time_unix_nano;
  for (size_t i = 0; i < message->call_count; i++) {
    playing->asked[playing->asked_count].call = &message->calls[i];
    playing->asked[playing->asked_count++].answer = context;
  }
  return true;
}

/* The latest call with this id: transcripts use an id again. */
static const struct asked *find_call(const struct playing *playing, const char *id) {
  for (size_t i = playing->asked_count; i > 0; i--) {
    if (strcmp(playing->asked[i - 1].call->id, id) == 0) return &playing->asked[i - 1];
  }
  return NULL;
}

/* A tool takes its time: it is started and ended, and what goes wrong meanwhile is recorded on it. */
static bool play_tool(struct playing *playing, const struct message *message, size_t index) {
  const struct asked *asked = find_call(playing, message->tool_call_id);
  agentotel_target target = {0, NULL};
  agentotel_span_context context;

  agentotel_tool tool = AGENTOTEL_TOOL_INIT;
  tool.name = agentotel_cstr(asked != NULL ? asked->call->name : message->name);
  tool.type = AGENTOTEL_STR("function");
  tool.call_id = agentotel_cstr(message->tool_call_id);

  agentotel_attribute attribute = agentotel_attr_int64(AGENTOTEL_STR("replay.message.index"), (int64_t)index);
  agentotel_event_data start = AGENTOTEL_EVENT_DATA_INIT;
  start.kind = AGENTOTEL_KIND_TOOL;
  start.tool = &tool;
  start.parent.context = asked != NULL ? &asked->answer : NULL;
  start.start_time_unix_nano = playing->clock;
  start.attributes = &attribute;
  start.attribute_count = 1;
  if (!succeeded("agentotel_start_event", agentotel_start_event(playing->session, &start, &target.event)))
    return false;
  if (!succeeded("agentotel_event_context", agentotel_event_context(target.event, &context))) return false;

  agentotel_event_data end = AGENTOTEL_EVENT_DATA_INIT;
  end.end_time_unix_nano =
      playing->clock + 100 * MILLISECOND + MILLISECOND * tokens(strlen(message->content));
  if (strncmp(message->content, "Error", strlen("Error")) == 0) {
    agentotel_error error = AGENTOTEL_ERROR_INIT;
    error.type = AGENTOTEL_STR("tool_error");
    error.message = agentotel_cstr(message->content);
    error.time_unix_nano = end.end_time_unix_nano;
    if (!succeeded("agentotel_record_error", agentotel_record_error(playing->session, target, &error)))
      return false;
  }
  if (!succeeded("agentotel_end_event", agentotel_end_event(target.event, &end))) return false;

  note(playing, &context);
  playing->clock = end.end_time_unix_nano;
  return true;
}

static bool play_messages(struct playing *playing, const struct transcript *transcript) {
  for (size_t i = 0; i < transcript->message_count; i++) {
    const struct message *message = &transcript->messages[i];
    switch (message->role) {
      case ROLE_SYSTEM:
        break;
      case ROLE_USER:
        playing->clock += USER_TURN;
        break;
      case ROLE_ASSISTANT:
        if (!play_answer(playing, message, i)) return false;
        break;
      case ROLE_TOOL:
        if (!play_tool(playing, message, i)) return false;
        break;
    }
    playing->input_bytes += strlen(message->content) + call_bytes(message);
  }
  return true;
}

static void name_session(struct playing *playing, const struct transcript *transcript, size_t number,
                         size_t round) {
  int length = transcript->has_task ? snprintf(playing->id, sizeof playing->id, "task-%lld-trial-%lld",
                                               transcript->task_id, transcript->trial)
                                    : snprintf(playing->id, sizeof playing->id, "line-%zu", number);
  if (round > 0) snprintf(playing->id + length, sizeof playing->id - (size_t)length, "-r%zu", round);
}

static bool play_session(struct playing *playing, const struct transcript *transcript) {
  const struct options *options = &playing->replay->options;
  agentotel_span_context root;
  char conversation_id[128];
  snprintf(conversation_id, sizeof conversation_id, "%s-conversation", playing->id);

  agentotel_session_options start = AGENTOTEL_SESSION_OPTIONS_INIT;
  start.session_id = agentotel_cstr(playing->id);
  start.conversation_id = agentotel_cstr(conversation_id);
  start.agent_name = agentotel_cstr(options->agent);
  start.provider = agentotel_cstr(options->provider);
  start.start_time_unix_nano = playing->clock;
  if (!succeeded("agentotel_start_session", agentotel_start_session(&start, &playing->session))) return false;
  if (!succeeded("agentotel_session_context", agentotel_session_context(playing->session, &root)))
    return false;

  if (!play_messages(playing, transcript)) return false;

  agentotel_session_end end = AGENTOTEL_SESSION_END_INIT;
  end.end_time_unix_nano = playing->clock;
  if (transcript->has_reward && transcript->reward >= 1) {
    end.end_state = AGENTOTEL_END_SUCCESS;
  } else if (transcript->has_reward) {
    end.end_state = AGENTOTEL_END_FAIL;
    end.reason = AGENTOTEL_STR("task not solved");
  }
  if (!succeeded("agentotel_end_session", agentotel_end_session(playing->session, &end))) return false;
  note(playing, &root);
  return true;
}

static bool play(struct replay *replay, size_t number) {
  const struct transcript *transcript = &replay->transcripts.items[number % replay->transcripts.count];
  struct playing playing = {.replay = replay, .clock = FIRST_START + (int64_t)number * BETWEEN_SESSIONS};
  size_t calls = 0;
  bool good = false;
  for (size_t i = 0; i < transcript->message_count; i++) {
    calls += transcript->messages[i].call_count;
  }
  name_session(&playing, transcript, number, number / replay->transcripts.count);
  playing.asked = calloc(calls + 1, sizeof *playing.asked);
  if (playing.asked == NULL) {
    fprintf(stderr, "replay: %s: out of memory\n", playing.id);
    return false;
  }
  good = play_session(&playing, transcript);
  if (!good) fprintf(stderr, "replay: session %s was not recorded to its end\n", playing.id);
  free(playing.asked);
  return good;
}

/* A thread's part: every n-th session. One failure stops all. */
struct part {
  struct replay *replay;
  size_t first;
  pthread_t thread;
};

static void *play_part(void *argument) {
  struct part *part = argument;
  struct replay *replay = part->replay;
  size_t count = replay->transcripts.count * replay->options.repeat;
  for (size_t n = part->first; n < count && !atomic_load(&replay->failed); n += replay->options.threads) {
    if (!play(replay, n)) atomic_store(&replay->failed, true);
  }
  return NULL;
}

static bool play_all(struct replay *replay) {
  struct part *parts = calloc(replay->options.threads, sizeof *parts);
  size_t started = 0;
  int error = parts == NULL ? ENOMEM : 0;
  while (error == 0 && started < replay->options.threads) {
    parts[started].replay = replay;
    parts[started].first = started;
    error = pthread_create(&parts[started].thread, NULL, play_part, &parts[started]);
    if (error == 0) started++;
  }
  if (error != 0) {
    fprintf(stderr, "replay: cannot start a thread: %s\n", strerror(error));
    atomic_store(&replay->failed, true);
  }
  while (started > 0) {
    pthread_join(parts[--started].thread, NULL);
  }
  free(parts);
  return !atomic_load(&replay->failed);
}

/* The configuration of the demo: what is recorded goes to the terminal and to a file. */
static char *demo_config(const char *out) {
  cJSON *config = cJSON_CreateObject();
  cJSON *service = cJSON_AddObjectToObject(config, "service");
  cJSON *exporters = cJSON_AddArrayToObject(config, "exporters");
  cJSON *console = cJSON_CreateObject();
  cJSON *file = cJSON_CreateObject();
  char *text = NULL;
  if (cJSON_AddStringToObject(service, "name", "agentotel-replay") != NULL &&
      cJSON_AddStringToObject(console, "type", "console") != NULL &&
      cJSON_AddStringToObject(file, "type", "file") != NULL &&
      cJSON_AddStringToObject(file, "path", out) != NULL && exporters != NULL) {
    cJSON_AddItemToArray(exporters, console);
    cJSON_AddItemToArray(exporters, file);
    text = cJSON_PrintUnformatted(config);
  }
  cJSON_Delete(config);
  return text;
}

static int run(struct replay *replay) {
  const char *endpoint = getenv("OTEL_EXPORTER_OTLP_ENDPOINT");
  bool demo = endpoint == NULL || endpoint[0] == '\0';
  char *config = demo ? demo_config(replay->options.out) : NULL;
  bool good = false;
  if (demo && config == NULL) {
    fprintf(stderr, "replay: out of memory\n");
    return 1;
  }
  good = succeeded("agentotel_init", agentotel_init(AGENTOTEL_ABI_VERSION, config));
  cJSON_free(config);
  if (!good) return 1;

  good = play_all(replay);
  good &= succeeded("agentotel_shutdown", agentotel_shutdown(SHUTDOWN_MS));
  good &= report();
  if (demo) fprintf(stderr, "OTLP JSON, a batch a line, appended to %s\n", replay->options.out);
  return good ? 0 : 1;
}

static const char usage[] =
    "usage: replay [options] TRANSCRIPTS...\n"
    "  --threads N     replay on N threads (1)\n"
    "  --repeat N      replay everything N times (1)\n"
    "  --agent NAME    the agent's name (airline)\n"
    "  --provider NAME the model's provider (openai)\n"
    "  --model NAME    the model (gpt-4o)\n"
    "  --ids FILE      write `trace_id span_id` of every span that the library has taken\n"
    "  --out FILE      without OTEL_EXPORTER_OTLP_ENDPOINT: where the OTLP JSON goes "
    "(agentotel-demo.jsonl)\n";

static size_t count_of(const char *option, const char *argument) {
  char *end = NULL;
  unsigned long value = strtoul(argument, &end, 10);
  if (argument[0] >= '1' && argument[0] <= '9' && *end == '\0' && value <= 1000000) return value;
  fprintf(stderr, "replay: --%s: expected a number from 1 to 1000000, got \"%s\"\n", option, argument);
  exit(2);
}

static struct options parse(int argc, char **argv) {
  static const struct option known[] = {
      {"threads", required_argument, NULL, 't'},
      {"repeat", required_argument, NULL, 'r'},
      {"agent", required_argument, NULL, 'a'},
      {"provider", required_argument, NULL, 'p'},
      {"model", required_argument, NULL, 'm'},
      {"ids", required_argument, NULL, 'i'},
      {"out", required_argument, NULL, 'o'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  struct options options = {"airline", "openai", "gpt-4o", NULL, "agentotel-demo.jsonl", 1, 1};
  int option = 0;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    switch (option) {
      case 't':
        options.threads = count_of("threads", optarg);
        break;
      case 'r':
        options.repeat = count_of("repeat", optarg);
        break;
      case 'a':
        options.agent = optarg;
        break;
      case 'p':
        options.provider = optarg;
        break;
      case 'm':
        options.model = optarg;
        break;
      case 'i':
        options.ids = optarg;
        break;
      case 'o':
        options.out = optarg;
        break;
      default:
        fputs(usage, option == 'h' ? stdout : stderr);
        exit(option == 'h' ? 0 : 2);
    }
  }
  if (optind == argc) {
    fputs(usage, stderr);
    exit(2);
  }
  return options;
}

int main(int argc, char **argv) {
  struct replay replay = {.options = parse(argc, argv)};
  bool good = true;
  int code = 1;
  for (int i = optind; good && i < argc; i++) {
    good = transcripts_read(&replay.transcripts, argv[i]);
  }
  if (good && replay.transcripts.count == 0) {
    fprintf(stderr, "replay: no transcripts\n");
    good = false;
  }
  if (good && replay.options.ids != NULL) {
    replay.ids = fopen(replay.options.ids, "w");
    good = replay.ids != NULL;
    if (!good) fprintf(stderr, "replay: %s: %s\n", replay.options.ids, strerror(errno));
  }
  if (good) code = run(&replay);
  if (replay.ids != NULL && (ferror(replay.ids) | fclose(replay.ids)) != 0) {
    fprintf(stderr, "replay: %s: could not be written\n", replay.options.ids);
    code = 1;
  }
  transcripts_free(&replay.transcripts);
  return code;
}
