/* The scenario of scenario.json as a C program carries it out:
 *
 *     conformance-c ROLE SCENARIO CONFIG CONTEXT
 *
 * ROLE is `caller` or `callee`; CONFIG a file with the configuration `main`, exporters included; CONTEXT the
 * file that the caller's context is written to, and that the callee reads it from. Prints the counters that
 * the scenario asks for. */
#include <agentotel.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cJSON.h"

static const char *config_path, *context_path;
static cJSON *scenario;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static bool is_released;
static uint64_t exported_items;

static void give_up(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

/* Memory for what a step points to. The program is short: nothing is given back. */
static void *allocate(size_t bytes) {
  void *memory = calloc(1, bytes + 1);
  if (!memory) give_up("out of memory");
  return memory;
}

static const char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) give_up("%s cannot be read", path);
  size_t capacity = 1 << 20;
  char *text = allocate(capacity);
  text[fread(text, 1, capacity, file)] = '\0';
  fclose(file);
  return text;
}

/* What steps have named: sessions and events by their handles, spans by their contexts. */
static struct {
  const char *name;
  uint64_t handle;
  bool in_flight;
  agentotel_span_context context;
} named[512];
static size_t named_count;

static size_t find(const char *name) {
  for (size_t i = named_count; i-- > 0;)
    if (strcmp(named[i].name, name) == 0) return i;
  give_up("nothing is called %s", name);
  return 0;
}

static void name_it(const char *name, uint64_t handle, bool in_flight, agentotel_span_context context) {
  pthread_mutex_lock(&lock);
  if (named_count == sizeof named / sizeof *named) give_up("too many names");
  named[named_count].name = name;
  named[named_count].handle = handle;
  named[named_count].in_flight = in_flight;
  named[named_count++].context = context;
  pthread_mutex_unlock(&lock);
}

static const char *string_of(const cJSON *object, const char *member) {
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, member);
  return found ? found->valuestring : NULL;
}

static uint64_t handle_of(const char *name) {
  if (!name || !*name) return 0;
  pthread_mutex_lock(&lock);
  uint64_t handle = named[find(name)].handle;
  pthread_mutex_unlock(&lock);
  return handle;
}

static agentotel_target target_of(const char *name) {
  agentotel_target target = {0, NULL};
  if (!name) return target;
  pthread_mutex_lock(&lock);
  size_t at = find(name);
  if (named[at].in_flight)
    target.event = named[at].handle;
  else
    target.context = &named[at].context;
  pthread_mutex_unlock(&lock);
  return target;
}

static agentotel_str hex_text(const char *digits) {
  size_t len = strlen(digits) / 2;
  char *bytes = allocate(len);
  for (size_t i = 0; i < len; i++) {
    unsigned byte = 0;
    sscanf(digits + 2 * i, "%2x", &byte);
    bytes[i] = (char)byte;
  }
  return agentotel_str_of(bytes, len);
}

/* A text: itself, {"hex": "6100"}, or {"repeat": ["x", 10]}. */
static agentotel_str text_of(const cJSON *value) {
  const cJSON *form;
  if (!value) return agentotel_str_of(NULL, 0);
  if (cJSON_IsString(value)) return agentotel_cstr(value->valuestring);
  if ((form = cJSON_GetObjectItem(value, "hex"))) return hex_text(form->valuestring);
  if ((form = cJSON_GetObjectItem(value, "repeat"))) {
    const char *part = cJSON_GetArrayItem(form, 0)->valuestring;
    size_t len = strlen(part), count = (size_t)cJSON_GetArrayItem(form, 1)->valuedouble;
    char *text = allocate(len * count);
    for (size_t i = 0; i < count; i++)
      memcpy(text + i * len, part, len);
    return agentotel_str_of(text, len * count);
  }
  give_up("no text: %s", cJSON_PrintUnformatted(value));
  return agentotel_str_of(NULL, 0);
}

static agentotel_string_array texts_of(const cJSON *list) {
  agentotel_string_array array = {NULL, (size_t)cJSON_GetArraySize(list)};
  agentotel_str *items = allocate(array.count * sizeof *items);
  for (size_t i = 0; i < array.count; i++)
    items[i] = text_of(cJSON_GetArrayItem(list, (int)i));
  array.items = items;
  return array;
}

/* A value: a text, a truth value, an integer, or an object that names the type. Gives the type. */
static uint32_t value_of(const cJSON *json, agentotel_value *value) {
  const cJSON *form;
  if (cJSON_IsBool(json)) return value->boolean = cJSON_IsTrue(json), AGENTOTEL_TYPE_BOOL;
  if (cJSON_IsNumber(json)) {
    value->int64 = (int64_t)json->valuedouble;
    return AGENTOTEL_TYPE_INT64;
  }
  if ((form = cJSON_GetObjectItem(json, "double")))
    return value->float64 = form->valuedouble, AGENTOTEL_TYPE_DOUBLE;
  if ((form = cJSON_GetObjectItem(json, "bytes")))
    return value->bytes = hex_text(form->valuestring), AGENTOTEL_TYPE_BYTES;
  if ((form = cJSON_GetObjectItem(json, "json"))) return value->json = text_of(form), AGENTOTEL_TYPE_JSON;
  if ((form = cJSON_GetObjectItem(json, "strings")))
    return value->strings = texts_of(form), AGENTOTEL_TYPE_STRING_ARRAY;
  if ((form = cJSON_GetObjectItem(json, "bools"))) {
    uint8_t *items = allocate((size_t)cJSON_GetArraySize(form));
    for (int i = 0; i < cJSON_GetArraySize(form); i++)
      items[i] = (uint8_t)cJSON_IsTrue(cJSON_GetArrayItem(form, i));
    value->booleans.items = items;
    value->booleans.count = (size_t)cJSON_GetArraySize(form);
    return AGENTOTEL_TYPE_BOOL_ARRAY;
  }
  if ((form = cJSON_GetObjectItem(json, "int64s"))) {
    int64_t *items = allocate((size_t)cJSON_GetArraySize(form) * sizeof *items);
    for (int i = 0; i < cJSON_GetArraySize(form); i++)
      items[i] = (int64_t)cJSON_GetArrayItem(form, i)->valuedouble;
    value->int64s.items = items;
    value->int64s.count = (size_t)cJSON_GetArraySize(form);
    return AGENTOTEL_TYPE_INT64_ARRAY;
  }
  if ((form = cJSON_GetObjectItem(json, "doubles"))) {
    double *items = allocate((size_t)cJSON_GetArraySize(form) * sizeof *items);
    for (int i = 0; i < cJSON_GetArraySize(form); i++)
      items[i] = cJSON_GetArrayItem(form, i)->valuedouble;
    value->float64s.items = items;
    value->float64s.count = (size_t)cJSON_GetArraySize(form);
    return AGENTOTEL_TYPE_DOUBLE_ARRAY;
  }
  value->string = text_of(json);
  return AGENTOTEL_TYPE_STRING;
}

static const agentotel_attribute *attributes_of(const cJSON *object, size_t *count) {
  const cJSON *member;
  *count = object ? (size_t)cJSON_GetArraySize(object) : 0;
  agentotel_attribute *attributes = allocate(*count * sizeof *attributes);
  size_t i = 0;
  cJSON_ArrayForEach(member, object) {
    attributes[i].key = agentotel_cstr(member->string);
    attributes[i].type = value_of(member, &attributes[i].value);
    i++;
  }
  return attributes;
}

static uint32_t word(const char *enumeration, const char *said) {
#define WORD(name, text, number) \
  if (strcmp(enumeration, #name) == 0 && strcmp(said, text) == 0) return number;
#include "words.inc"
#undef WORD
  give_up("%s has no %s", enumeration, said);
  return 0;
}

static uint32_t words(const char *enumeration, const cJSON *said) {
  if (cJSON_IsString(said)) return word(enumeration, said->valuestring);
  uint32_t all = 0;
  const cJSON *one;
  cJSON_ArrayForEach(one, said) all |= word(enumeration, one->valuestring);
  return all;
}

/* Fills in a detail, field by field. */
static void fill(const char *detail, void *into, const cJSON *fields) {
  const cJSON *said;
  cJSON_ArrayForEach(said, fields) {
    bool known = false;
#define FIELD(kind, type, field, sort)                                   \
  if (strcmp(detail, #kind) == 0 && strcmp(said->string, #field) == 0) { \
    void *at = (char *)into + offsetof(agentotel_##type, field);         \
    known = true;                                                        \
    FILL_##sort                                                          \
  }
#define FILL_TEXT *(agentotel_str *)at = text_of(said);
#define FILL_TEXTS *(agentotel_string_array *)at = texts_of(said);
#define FILL_INT *(agentotel_i64 *)at = AGENTOTEL_I64((int64_t)said->valuedouble);
#define FILL_DOUBLE *(agentotel_f64 *)at = AGENTOTEL_F64(said->valuedouble);
#define FILL_BOOL *(agentotel_bool *)at = AGENTOTEL_BOOL(cJSON_IsTrue(said));
#define FILL_FLAG *(uint32_t *)at = cJSON_IsTrue(said) ? 1 : 0;
#define FILL_ENUM_LLM_OPERATION *(uint32_t *)at = words("llm_operation", said);
#define FILL_ENUM_COUNTING *(uint32_t *)at = words("counting", said);
#define FILL_ENUM_AGENT_OPERATION *(uint32_t *)at = words("agent_operation", said);
#define FILL_ENUM_APPROVAL_DECISION *(uint32_t *)at = words("approval_decision", said);
#define FILL_ENUM_GUARDRAIL_DECISION *(uint32_t *)at = words("guardrail_decision", said);
#define FILL_ENUM_MEMORY_OPERATION *(uint32_t *)at = words("memory_operation", said);
#define FILL_ENUM_KIND *(uint32_t *)at = words("kind", said);
#include "fields.inc"
#undef FIELD
    if (!known) give_up("%s has no field %s", detail, said->string);
  }
}

static const agentotel_error *error_of(const cJSON *json) {
  agentotel_error *error = allocate(sizeof *error);
  error->struct_size = sizeof *error;
  fill("error", error, json);
  return error;
}

/* Whether the event has this detail, which is filled in then. */
#define DETAIL(name, type, number)                 \
  if (strcmp(said->string, #name) == 0) {          \
    agentotel_##type *own = allocate(sizeof *own); \
    own->struct_size = sizeof *own;                \
    fill(#name, own, said);                        \
    data->name = own;                              \
    data->kind = number;                           \
    continue;                                      \
  }

static void event_into(agentotel_event_data *data, const cJSON *json) {
  agentotel_event_data empty = AGENTOTEL_EVENT_DATA_INIT;
  const cJSON *said;
  *data = empty;
  cJSON_ArrayForEach(said, json) {
    DETAIL(llm, llm, AGENTOTEL_KIND_LLM)
    DETAIL(tool, tool, AGENTOTEL_KIND_TOOL)
    DETAIL(action, action, AGENTOTEL_KIND_ACTION)
    DETAIL(embeddings, embeddings, AGENTOTEL_KIND_EMBEDDINGS)
    DETAIL(retrieval, retrieval, AGENTOTEL_KIND_RETRIEVAL)
    DETAIL(agent, agent, AGENTOTEL_KIND_AGENT)
    DETAIL(workflow, workflow, AGENTOTEL_KIND_WORKFLOW)
    DETAIL(mcp_client, mcp, AGENTOTEL_KIND_MCP_CLIENT)
    DETAIL(mcp_server, mcp, AGENTOTEL_KIND_MCP_SERVER)
    DETAIL(handoff, handoff, AGENTOTEL_KIND_HANDOFF)
    DETAIL(plan, plan, AGENTOTEL_KIND_PLAN)
    DETAIL(approval, approval, AGENTOTEL_KIND_APPROVAL)
    DETAIL(guardrail, guardrail, AGENTOTEL_KIND_GUARDRAIL)
    DETAIL(memory, memory, AGENTOTEL_KIND_MEMORY)
    DETAIL(compaction, compaction, AGENTOTEL_KIND_COMPACTION)
    DETAIL(evaluation, evaluation, AGENTOTEL_KIND_EVALUATION)
    DETAIL(feedback, feedback, AGENTOTEL_KIND_FEEDBACK)
    if (strcmp(said->string, "name") == 0) {
      data->name = text_of(said);
    } else if (strcmp(said->string, "parent") == 0) {
      data->parent = target_of(said->valuestring);
    } else if (strcmp(said->string, "parent_index") == 0) {
      data->parent_index = AGENTOTEL_I64((int64_t)said->valuedouble);
    } else if (strcmp(said->string, "duration_nano") == 0) {
      data->duration_nano = (int64_t)said->valuedouble;
    } else if (strcmp(said->string, "span_kind") == 0) {
      data->span_kind = words("span_kind", said);
    } else if (strcmp(said->string, "status_code") == 0) {
      data->status_code = words("status_code", said);
    } else if (strcmp(said->string, "status_message") == 0) {
      data->status_message = text_of(said);
    } else if (strcmp(said->string, "event_id") == 0) {
      data->event_id = text_of(said);
    } else if (strcmp(said->string, "error") == 0) {
      data->error = error_of(said);
    } else if (strcmp(said->string, "attributes") == 0) {
      data->attributes = attributes_of(said, &data->attribute_count);
    } else if (strcmp(said->string, "links") == 0) {
      agentotel_link *links = allocate((size_t)cJSON_GetArraySize(said) * sizeof *links);
      const cJSON *one;
      cJSON_ArrayForEach(one, said) {
        agentotel_link *link = &links[data->link_count++];
        link->struct_size = sizeof *link;
        link->context = named[find(string_of(one, "to"))].context;
        link->trace_state = text_of(cJSON_GetObjectItem(one, "trace_state"));
        link->attributes = attributes_of(cJSON_GetObjectItem(one, "attributes"), &link->attribute_count);
      }
      data->links = links;
    } else if (strcmp(said->string, "span_events") == 0) {
      agentotel_span_event *events = allocate((size_t)cJSON_GetArraySize(said) * sizeof *events);
      const cJSON *one;
      cJSON_ArrayForEach(one, said) {
        agentotel_span_event *event = &events[data->span_event_count++];
        event->struct_size = sizeof *event;
        event->name = text_of(cJSON_GetObjectItem(one, "name"));
        event->attributes = attributes_of(cJSON_GetObjectItem(one, "attributes"), &event->attribute_count);
      }
      data->span_events = events;
    } else {
      give_up("an event has no %s", said->string);
    }
  }
}

static agentotel_event_data *event_of(const cJSON *json) {
  agentotel_event_data *data = allocate(sizeof *data);
  event_into(data, json);
  return data;
}

/* A carrier of keys and values in a JSON object. */
static agentotel_status set_member(void *object, agentotel_str key, agentotel_str value) {
  char *name = allocate(key.len), *text = allocate(value.len);
  memcpy(name, key.data, key.len);
  memcpy(text, value.data, value.len);
  cJSON_AddStringToObject(object, name, text);
  return AGENTOTEL_OK;
}

static agentotel_status get_member(void *object, agentotel_str key, size_t position, agentotel_str *value) {
  char *name = allocate(key.len);
  memcpy(name, key.data, key.len);
  const cJSON *found = cJSON_GetObjectItem(object, name);
  if (!found || position > 0) return AGENTOTEL_ERR_NOT_FOUND;
  *value = agentotel_cstr(found->valuestring);
  return AGENTOTEL_OK;
}

static agentotel_remote_context remote = AGENTOTEL_REMOTE_CONTEXT_INIT;
static char remote_state[513], remote_baggage[8193];

static agentotel_status start_session(const cJSON *step) {
  agentotel_session_options options = AGENTOTEL_SESSION_OPTIONS_INIT;
  const cJSON *said;
  cJSON_ArrayForEach(said, cJSON_GetObjectItem(step, "options")) {
#define OPTION(field) \
  if (strcmp(said->string, #field) == 0) options.field = text_of(said);
    OPTION(name)
    OPTION(conversation_id)
    OPTION(user_id)
    OPTION(agent_name)
    OPTION(agent_id)
    OPTION(agent_version)
    OPTION(agent_description)
    OPTION(provider)
    OPTION(previous_session_id)
    if (strcmp(said->string, "tags") == 0) options.tags = texts_of(said);
    if (strcmp(said->string, "attributes") == 0)
      options.attributes = attributes_of(said, &options.attribute_count);
    if (strcmp(said->string, "resumed") == 0) options.resumed = &named[find(said->valuestring)].context;
    if (strcmp(said->string, "remote") == 0) {
      options.parent = &remote.span;
      options.trace_state = agentotel_cstr(remote_state);
      options.baggage = agentotel_cstr(remote_baggage);
    }
  }
  agentotel_session session = 0;
  agentotel_span_context context;
  agentotel_status status = agentotel_start_session(&options, &session);
  if (status == AGENTOTEL_OK) status = agentotel_session_context(session, &context);
  if (status == AGENTOTEL_OK) name_it(string_of(step, "id"), session, false, context);
  return status;
}

static void run_all(const cJSON *steps);

static void *run_branch(void *steps) {
  run_all(steps);
  return NULL;
}

static agentotel_status compare(const cJSON *expected, const char *name, uint64_t value) {
  const cJSON *said = cJSON_GetObjectItem(expected, name);
  if (said && (uint64_t)said->valuedouble != value)
    give_up("%s is %llu, expected %.0f", name, (unsigned long long)value, said->valuedouble);
  return AGENTOTEL_OK;
}

static uint32_t export_batch(void *user_data, const agentotel_export_batch *batch,
                             agentotel_export_answer *answer) {
  (void)user_data;
  (void)answer;
  pthread_mutex_lock(&lock);
  if (batch->signal == AGENTOTEL_SIGNAL_TRACES) exported_items += batch->item_count;
  pthread_mutex_unlock(&lock);
  return AGENTOTEL_EXPORT_OK;
}

static uint32_t export_late(void *user_data, const agentotel_export_batch *batch,
                            agentotel_export_answer *answer) {
  (void)user_data;
  (void)batch;
  (void)answer;
  pthread_mutex_lock(&lock);
  while (!is_released)
    pthread_cond_wait(&released, &lock);
  pthread_mutex_unlock(&lock);
  return AGENTOTEL_EXPORT_OK;
}

static uint32_t should_sample(void *user_data, const agentotel_sampling_question *question,
                              agentotel_sampling_answer *answer) {
  (void)user_data;
  (void)answer;
  agentotel_str name = question->session_name;
  return name.len == 7 && memcmp(name.data, "dropped", 7) == 0 ? AGENTOTEL_SAMPLING_DROP
                                                               : AGENTOTEL_SAMPLING_KEEP;
}

static void inject(void *user_data, const agentotel_injectee *about, agentotel_attributes *attributes) {
  (void)user_data;
  agentotel_attribute kind = agentotel_attr_int64(AGENTOTEL_STR("injected.kind"), about->kind);
  if (about->is_session) kind = agentotel_attr_bool(AGENTOTEL_STR("injected.session"), 1);
  agentotel_add_attribute(attributes, &kind);
}

static void register_callbacks(void) {
  agentotel_exporter_callbacks own = AGENTOTEL_EXPORTER_CALLBACKS_INIT;
  agentotel_sampler sampler = AGENTOTEL_SAMPLER_INIT;
  agentotel_attribute_injector injector = AGENTOTEL_ATTRIBUTE_INJECTOR_INIT;
  own.export_batch = export_batch;
  agentotel_register_exporter(AGENTOTEL_STR("conformance"), &own);
  own.export_batch = export_late;
  agentotel_register_exporter(AGENTOTEL_STR("stuck"), &own);
  sampler.should_sample = should_sample;
  agentotel_register_sampler(AGENTOTEL_STR("conformance"), &sampler);
  injector.inject = inject;
  agentotel_register_attribute_injector(AGENTOTEL_STR("conformance"), &injector);
}

static agentotel_status init(const char *which) {
  const cJSON *configurations = cJSON_GetObjectItem(scenario, "configurations");
  if (!which || strcmp(which, "main") == 0)
    return agentotel_init(AGENTOTEL_ABI_VERSION, read_file(config_path));
  return agentotel_init(AGENTOTEL_ABI_VERSION,
                        cJSON_PrintUnformatted(cJSON_GetObjectItem(configurations, which)));
}

static agentotel_status run(const cJSON *step) {
  const char *what = string_of(step, "do"), *id = string_of(step, "id");
  const agentotel_session session = handle_of(string_of(step, "session"));
  const cJSON *event = cJSON_GetObjectItem(step, "event");
  const uint32_t timeout = (uint32_t)cJSON_GetNumberValue(cJSON_GetObjectItem(step, "timeout_ms"));
  agentotel_span_context context = {{0}, {0}, 0, 0, {0}};
  agentotel_status status = AGENTOTEL_OK;
#define DO(name) if (strcmp(what, #name) == 0)
  DO(init) return init(string_of(step, "config"));
  DO(session) return start_session(step);
  DO(record) {
    status = agentotel_record_event(session, event_of(event), &context);
    if (status == AGENTOTEL_OK) name_it(id, 0, false, context);
    return status;
  }
  DO(record_all) {
    const cJSON *all = cJSON_GetObjectItem(step, "events");
    size_t count = (size_t)cJSON_GetArraySize(all), recorded = 0;
    agentotel_event_data *events = allocate(count * sizeof *events);
    for (size_t i = 0; i < count; i++)
      event_into(&events[i], cJSON_GetArrayItem(all, (int)i));
    status = agentotel_record_events(session, events, count, NULL, &recorded);
    if (recorded != count) give_up("%zu of %zu events were recorded", recorded, count);
    return status;
  }
  DO(record_json) return agentotel_record_event_json(session, agentotel_cstr(string_of(step, "json")), NULL);
  DO(start) {
    agentotel_event started = 0;
    status = agentotel_start_event(session, event_of(event), &started);
    if (status == AGENTOTEL_OK) status = agentotel_event_context(started, &context);
    if (status == AGENTOTEL_OK) name_it(id, started, true, context);
    return status;
  }
  DO(update) return agentotel_update_event(handle_of(id), event_of(event));
  DO(chunk) return agentotel_event_chunk(handle_of(id), text_of(cJSON_GetObjectItem(step, "content")));
  DO(first_token) return agentotel_event_first_token(handle_of(id));
  DO(end) return agentotel_end_event(handle_of(id), event ? event_of(event) : NULL);
  DO(error) {
    return agentotel_record_error(session, target_of(string_of(step, "target")),
                                  error_of(cJSON_GetObjectItem(step, "error")));
  }
  DO(log) {
    agentotel_log_record record = AGENTOTEL_LOG_RECORD_INIT;
    const cJSON *said = cJSON_GetObjectItem(step, "record");
    record.severity_number = words("severity", cJSON_GetObjectItem(said, "severity_number"));
    record.body_type = value_of(cJSON_GetObjectItem(said, "body"), &record.body);
    record.severity_text = text_of(cJSON_GetObjectItem(said, "severity_text"));
    record.event_name = text_of(cJSON_GetObjectItem(said, "event_name"));
    record.attributes = attributes_of(cJSON_GetObjectItem(said, "attributes"), &record.attribute_count);
    return agentotel_log(session, target_of(string_of(step, "target")), &record);
  }
  DO(attributes) {
    size_t count = 0;
    const agentotel_attribute *attributes = attributes_of(cJSON_GetObjectItem(step, "attributes"), &count);
    return agentotel_session_set_attributes(session, attributes, count);
  }
  DO(end_session) {
    agentotel_session_end end = AGENTOTEL_SESSION_END_INIT;
    const cJSON *said = cJSON_GetObjectItem(step, "end");
    if (said) end.end_state = words("end_state", cJSON_GetObjectItem(said, "end_state"));
    end.reason = text_of(cJSON_GetObjectItem(said, "reason"));
    end.error_type = text_of(cJSON_GetObjectItem(said, "error_type"));
    return agentotel_end_session(handle_of(id), &end);
  }
  DO(threads) {
    const cJSON *branches = cJSON_GetObjectItem(step, "branches");
    pthread_t threads[16];
    int count = cJSON_GetArraySize(branches);
    for (int i = 0; i < count; i++)
      if (pthread_create(&threads[i], NULL, run_branch, cJSON_GetArrayItem(branches, i)) != 0)
        give_up("no thread");
    for (int i = 0; i < count; i++)
      pthread_join(threads[i], NULL);
    return AGENTOTEL_OK;
  }
  DO(expect) {
    status = run(cJSON_GetObjectItem(step, "step"));
    if (strcmp(agentotel_status_name(status), string_of(step, "status")) != 0)
      give_up("%s, expected %s: %s", agentotel_status_name(status), string_of(step, "status"),
              cJSON_PrintUnformatted(step));
    return AGENTOTEL_OK;
  }
  DO(baggage) {
    return agentotel_session_set_baggage(session, agentotel_cstr(string_of(step, "key")),
                                         agentotel_cstr(string_of(step, "value")), agentotel_str_of(NULL, 0));
  }
  DO(baggage_is) {
    char value[256] = "";
    agentotel_text_buffer buffer = agentotel_text_buffer_of(value, sizeof value);
    status = agentotel_session_get_baggage(session, agentotel_cstr(string_of(step, "key")), &buffer, NULL);
    if (strcmp(value, string_of(step, "value")) != 0) give_up("baggage is %s", value);
    return status;
  }
  DO(inject) {
    cJSON *headers = cJSON_CreateObject();
    agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
    carrier.set = set_member;
    carrier.user_data = headers;
    status = agentotel_inject(session, target_of(string_of(step, "target")), &carrier);
    FILE *file = fopen(context_path, "wb");
    if (!file || fputs(cJSON_PrintUnformatted(headers), file) < 0 || fclose(file) != 0)
      give_up("%s", context_path);
    return status;
  }
  DO(extract) {
    agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
    carrier.get = get_member;
    carrier.user_data = cJSON_Parse(read_file(context_path));
    remote.trace_state = agentotel_text_buffer_of(remote_state, sizeof remote_state);
    remote.baggage = agentotel_text_buffer_of(remote_baggage, sizeof remote_baggage);
    return agentotel_extract(&carrier, &remote);
  }
  DO(shutdown) return agentotel_shutdown(timeout);
  DO(release) {
    pthread_mutex_lock(&lock);
    is_released = true;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&lock);
    return AGENTOTEL_OK;
  }
  DO(stats) {
    agentotel_stats stats = AGENTOTEL_STATS_INIT;
    const cJSON *is = cJSON_GetObjectItem(step, "is");
    status = agentotel_get_stats(words("signal", cJSON_GetObjectItem(step, "signal")), &stats);
    compare(is, "offered", stats.offered);
    compare(is, "accepted_caller", stats.accepted_caller);
    compare(is, "accepted_derived", stats.accepted_derived);
    compare(is, "duplicate", stats.duplicate);
    compare(is, "head_unsampled", stats.head_unsampled);
    compare(is, "filtered", stats.filtered);
    compare(is, "repaired_utf8", stats.repaired_utf8);
    compare(is, "truncated_values", stats.truncated_values);
    compare(is, "dropped_attributes", stats.dropped_attributes);
    compare(is, "refused_argument", stats.refused[AGENTOTEL_REFUSED_ARGUMENT]);
    compare(is, "refused_handle", stats.refused[AGENTOTEL_REFUSED_HANDLE]);
    return status;
  }
  DO(exporter_stats) {
    agentotel_exporter_stats stats = AGENTOTEL_EXPORTER_STATS_INIT;
    const cJSON *is = cJSON_GetObjectItem(step, "is");
    status = agentotel_get_exporter_stats(agentotel_cstr(string_of(step, "name")),
                                          words("signal", cJSON_GetObjectItem(step, "signal")), &stats);
    if (status != AGENTOTEL_OK) return status;
    compare(is, "accepted", stats.accepted);
    compare(is, "exported", stats.exported);
    compare(is, "pending", stats.pending);
    compare(is, "handed_over", exported_items);
    return status;
  }
  give_up("there is no step %s", what);
  return status;
}

static void run_all(const cJSON *steps) {
  const cJSON *step;
  cJSON_ArrayForEach(step, steps) {
    agentotel_status status = run(step);
    if (status == AGENTOTEL_OK) continue;
    char words[1024] = "";
    agentotel_last_error(words, sizeof words, NULL);
    give_up("%s: %s: %s", agentotel_status_name(status), words, cJSON_PrintUnformatted(step));
  }
}

int main(int count, char **arguments) {
  if (count != 5) give_up("usage: %s ROLE SCENARIO CONFIG CONTEXT", arguments[0]);
  scenario = cJSON_Parse(read_file(arguments[2]));
  if (!scenario) give_up("%s is no JSON", arguments[2]);
  config_path = arguments[3];
  context_path = arguments[4];
  register_callbacks();
  if (init("main") != AGENTOTEL_OK) give_up("the library does not start");
  run_all(cJSON_GetObjectItem(cJSON_GetObjectItem(scenario, "roles"), arguments[1]));
  return 0;
}
