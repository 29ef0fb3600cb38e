/*
 * agentotel for C++17 and later: the functions of agentotel.h with types, lifetimes and, by choice,
 * exceptions.
 *
 * COST        Header-only. Details, attributes and options have the layout of their C structs, which is
 * checked when this is compiled, and are passed as they are: nothing is allocated and nothing copied on the
 * way to the library. VIEWS       Texts, lists, details and attributes borrow, like std::string_view: what
 * they are made of has to live until the call that they are given to returns. ERRORS      Every call that can
 * fail is there twice: `try_x` returns an agentotel::status (or a result, which has a value too) and throws
 * nothing; `x` throws agentotel::exception. Without exceptions (-fno-exceptions, or AGENTOTEL_NO_EXCEPTIONS
 * defined) only the first ones are there. LIFETIMES   A session and an event end when they go out of scope;
 * by an exception, they end as failed. `release` gives the handle away instead. CALLBACKS   Are any function
 * objects; what they throw is contained and taken for a failure of theirs. They are destroyed when the
 * library does not use them any more. THREADS     As for the C functions: everything may be called on any
 * thread; one session or event object is not to be moved or destroyed while another thread uses it.
 */
#ifndef AGENTOTEL_HPP
#define AGENTOTEL_HPP

#include "agentotel.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__has_include) && __cplusplus >= 202002L
#if __has_include(<span>)
#include <span>
#endif
#endif

#if (defined(__cpp_exceptions) || defined(__EXCEPTIONS)) && !defined(AGENTOTEL_NO_EXCEPTIONS)
#define AGENTOTEL_EXCEPTIONS_ 1
#define AGENTOTEL_TRY_ try
#define AGENTOTEL_CATCH_ALL_ catch (...)
#else
#define AGENTOTEL_EXCEPTIONS_ 0
#define AGENTOTEL_TRY_ if (true)
#define AGENTOTEL_CATCH_ALL_ else
#endif

#if defined(__clang__)
#define AGENTOTEL_LIFETIMEBOUND_ [[clang::lifetimebound]]
#else
#define AGENTOTEL_LIFETIMEBOUND_
#endif

/// agentotel: what agents do, as OpenTelemetry.
namespace agentotel {

// ---- errors

/// What a call returned: AGENTOTEL_OK or one of AGENTOTEL_ERR_…, to which it compares.
class [[nodiscard]] status {
 public:
  constexpr status() noexcept = default;
  /// From the number that a C function returned.
  constexpr status(agentotel_status code) noexcept : code_(code) {}  // NOLINT: a status is its number
  /// Whether the call did what it says.
  constexpr bool ok() const noexcept { return code_ == AGENTOTEL_OK; }
  /// The same.
  constexpr explicit operator bool() const noexcept { return ok(); }
  /// The number.
  constexpr agentotel_status code() const noexcept { return code_; }
  /// Its name, such as `AGENTOTEL_ERR_QUEUE_FULL`.
  const char *name() const noexcept { return agentotel_status_name(code_); }
  friend constexpr bool operator==(status a, status b) noexcept { return a.code_ == b.code_; }
  friend constexpr bool operator!=(status a, status b) noexcept { return a.code_ != b.code_; }

 private:
  agentotel_status code_ = AGENTOTEL_OK;
};

namespace detail {

/// A text of the library, which says how much memory it takes: asked once with a small buffer, and again when
/// needed.
template <typename Ask>
status read_text(std::string &into, Ask ask) {
  into.resize(255);
  for (;;) {
    std::size_t needed = 0;
    status answer = ask(&into[0], into.size() + 1, &needed);
    if (answer == AGENTOTEL_ERR_BUFFER_TOO_SMALL && needed > into.size() + 1) {
      into.resize(needed - 1);
      continue;
    }
    into.resize(answer.ok() && needed > 0 ? needed - 1 : 0);
    return answer;
  }
}

}  // namespace detail

/// What went wrong in this thread's last failed call, in words.
inline std::string last_error() {
  std::string words;
  (void)detail::read_text(words, [](char *data, std::size_t capacity, std::size_t *needed) {
    return agentotel_last_error(data, capacity, needed);
  });
  return words;
}

#if AGENTOTEL_EXCEPTIONS_
/// A call that failed; `what` has the status's name and the library's words.
class exception : public std::runtime_error {
 public:
  explicit exception(status why) : exception(why, last_error()) {}
  exception(status why, const std::string &words)
      : std::runtime_error(words.empty() ? std::string(why.name()) : why.name() + (": " + words)),
        why_(why) {}
  /// Its status.
  status code() const noexcept { return why_; }

 private:
  status why_;
};
#endif

namespace detail {

#if AGENTOTEL_EXCEPTIONS_
[[noreturn]] inline void fail(status why) {
  throw exception(why);
}
inline void check(status why) {
  if (!why.ok()) fail(why);
}
#endif

}  // namespace detail

/// A status and, when it is OK, a value.
template <typename T>
class [[nodiscard]] result {
 public:
  result(status why) noexcept : why_(why) {}                                  // NOLINT: as std::expected
  result(T value) noexcept : why_(AGENTOTEL_OK), value_(std::move(value)) {}  // NOLINT
  /// Whether there is a value.
  bool ok() const noexcept { return why_.ok(); }
  explicit operator bool() const noexcept { return ok(); }
  /// What the call returned.
  status code() const noexcept { return why_; }
  /// The value; a default one when there is none.
  T &operator*() noexcept { return value_; }
  const T &operator*() const noexcept { return value_; }
  T *operator->() noexcept { return &value_; }
  const T *operator->() const noexcept { return &value_; }
#if AGENTOTEL_EXCEPTIONS_
  /// The value, or an agentotel::exception.
  T value() && {
    detail::check(why_);
    return std::move(value_);
  }
#endif

 private:
  status why_;
  T value_{};
};

// ---- values

/// A borrowed text, UTF-8: made from string literals, std::string and std::string_view. A default one is
/// absent.
struct text : agentotel_str {
  constexpr text() noexcept : agentotel_str{nullptr, 0} {}
  constexpr text(std::nullptr_t) noexcept : text() {}  // NOLINT
  /// Text with a terminating NUL; NULL is absent.
  constexpr text(const char *data) noexcept  // NOLINT
      : agentotel_str{data, data ? std::char_traits<char>::length(data) : 0} {}
  constexpr text(const char *data, std::size_t size) noexcept : agentotel_str{data, size} {}
  constexpr text(std::string_view view) noexcept : agentotel_str{view.data(), view.size()} {}  // NOLINT
  text(const std::string &string AGENTOTEL_LIFETIMEBOUND_) noexcept                            // NOLINT
      : agentotel_str{string.data(), string.size()} {}
  constexpr text(agentotel_str str) noexcept : agentotel_str(str) {}  // NOLINT
#if defined(__cpp_char8_t)
  text(const char8_t *data) noexcept : text(reinterpret_cast<const char *>(data)) {}  // NOLINT
#endif
  /// The same as a view.
  constexpr operator std::string_view() const noexcept {
    return view();
  }  // NOLINT
  constexpr std::string_view view() const noexcept {
    return {data, len};
  }
  constexpr bool absent() const noexcept {
    return data == nullptr;
  }
};

/// A borrowed array, made from anything with contiguous elements: arrays, std::vector, std::array, std::span.
template <typename T>
struct list {
  const T *items = nullptr;
  std::size_t count = 0;

  constexpr list() noexcept = default;
  constexpr list(const T *first, std::size_t size) noexcept : items(first), count(size) {}
  template <std::size_t N>
  constexpr list(const T (&array)[N]) noexcept : items(array), count(N) {}  // NOLINT
  template <typename Container, typename = std::enable_if_t<std::is_convertible_v<
                                    decltype(std::data(std::declval<const Container &>())), const T *>>>
  constexpr list(const Container &container AGENTOTEL_LIFETIMEBOUND_) noexcept  // NOLINT
      : items(std::data(container)), count(std::size(container)) {}
  constexpr const T *begin() const noexcept { return items; }
  constexpr const T *end() const noexcept { return items + count; }
};

/// A borrowed list of texts. `const texts reasons{"stop", "length"};` makes one to borrow.
using text_list = list<text>;

/// Texts in an array of their own, for a text_list.
template <std::size_t N>
struct texts : std::array<text, N> {};
template <typename... T>
texts(T...) -> texts<sizeof...(T)>;

/// An integer that may be absent; zero is a value.
struct optional_int64 : agentotel_i64 {
  constexpr optional_int64() noexcept : agentotel_i64{0, 0, {0, 0, 0, 0, 0, 0, 0}} {}
  constexpr optional_int64(std::nullopt_t) noexcept : optional_int64() {}  // NOLINT
  template <typename I, typename = std::enable_if_t<std::is_integral_v<I>>>
  constexpr optional_int64(I number) noexcept  // NOLINT
      : agentotel_i64{static_cast<std::int64_t>(number), 1, {0, 0, 0, 0, 0, 0, 0}} {}
  template <typename I>
  constexpr optional_int64(const std::optional<I> &number) noexcept  // NOLINT
      : optional_int64(number ? optional_int64(*number) : optional_int64()) {}
  constexpr bool has_value() const noexcept { return present != 0; }
};

/// A floating-point number that may be absent.
struct optional_double : agentotel_f64 {
  constexpr optional_double() noexcept : agentotel_f64{0, 0, {0, 0, 0, 0, 0, 0, 0}} {}
  constexpr optional_double(std::nullopt_t) noexcept : optional_double() {}  // NOLINT
  template <typename N, typename = std::enable_if_t<std::is_arithmetic_v<N>>>
  constexpr optional_double(N number) noexcept  // NOLINT
      : agentotel_f64{static_cast<double>(number), 1, {0, 0, 0, 0, 0, 0, 0}} {}
  template <typename N>
  constexpr optional_double(const std::optional<N> &number) noexcept  // NOLINT
      : optional_double(number ? optional_double(*number) : optional_double()) {}
  constexpr bool has_value() const noexcept { return present != 0; }
};

/// A truth value that may be absent.
struct optional_bool : agentotel_bool {
  constexpr optional_bool() noexcept : agentotel_bool{0, 0} {}
  constexpr optional_bool(std::nullopt_t) noexcept : optional_bool() {}  // NOLINT
  template <typename B, typename = std::enable_if_t<std::is_same_v<B, bool>>>
  constexpr optional_bool(B truth) noexcept  // NOLINT
      : agentotel_bool{static_cast<std::uint8_t>(truth), 1} {}
  constexpr bool has_value() const noexcept { return present != 0; }
};

/// Yes or no, no by default.
struct flag {
  std::uint32_t value = 0;
  constexpr flag() noexcept = default;
  template <typename B, typename = std::enable_if_t<std::is_same_v<B, bool>>>
  constexpr flag(B truth) noexcept : value(truth) {}  // NOLINT
  constexpr explicit operator bool() const noexcept { return value != 0; }
};

/// A moment: nanoseconds since 1970-01-01 UTC, made from those or from std::chrono::system_clock. 0 = not
/// said.
struct timestamp {
  std::int64_t unix_nano = 0;
  constexpr timestamp() noexcept = default;
  constexpr timestamp(std::int64_t nanoseconds) noexcept : unix_nano(nanoseconds) {}  // NOLINT
  template <typename Duration>
  constexpr timestamp(std::chrono::time_point<std::chrono::system_clock, Duration> time) noexcept  // NOLINT
      : unix_nano(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()) {}
  /// As std::chrono has it.
  std::chrono::system_clock::time_point time() const noexcept {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(unix_nano)));
  }
};

/// How long something took: nanoseconds, made from any duration of std::chrono. 0 = not said.
struct duration {
  std::int64_t nanoseconds = 0;
  constexpr duration() noexcept = default;
  template <typename Rep, typename Period>
  constexpr duration(std::chrono::duration<Rep, Period> time) noexcept  // NOLINT
      : nanoseconds(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()) {}
};

/// Text of a JSON object or array, for a value that is a map or list.
struct json {
  text value;
};

/// Bytes, for a value that is no text.
struct bytes {
  text value;
  constexpr explicit bytes(std::string_view view) noexcept : value(view) {}
  bytes(const void *data, std::size_t size) noexcept : value(static_cast<const char *>(data), size) {}
};

/// The value of an attribute or of a log record's body, of any type that OpenTelemetry has.
struct value {
  agentotel_value of{};
  std::uint32_t type = 0;

  constexpr value() noexcept = default;
  template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>>
  constexpr value(T number) noexcept  // NOLINT
      : type(std::is_same_v<T, bool> ? AGENTOTEL_TYPE_BOOL
             : std::is_integral_v<T> ? AGENTOTEL_TYPE_INT64
                                     : AGENTOTEL_TYPE_DOUBLE) {
    if constexpr (std::is_same_v<T, bool>) {
      of.boolean = number;
    } else if constexpr (std::is_integral_v<T>) {
      of.int64 = static_cast<std::int64_t>(number);
    } else {
      of.float64 = static_cast<double>(number);
    }
  }
  constexpr value(text string) noexcept : of{string}, type(AGENTOTEL_TYPE_STRING) {}                // NOLINT
  constexpr value(const char *string) noexcept : value(text(string)) {}                             // NOLINT
  constexpr value(std::string_view string) noexcept : value(text(string)) {}                        // NOLINT
  value(const std::string &string AGENTOTEL_LIFETIMEBOUND_) noexcept : value(text(string)) {}       // NOLINT
  constexpr value(json map_or_list) noexcept : of{map_or_list.value}, type(AGENTOTEL_TYPE_JSON) {}  // NOLINT
  constexpr value(bytes raw) noexcept : of{raw.value}, type(AGENTOTEL_TYPE_BYTES) {}                // NOLINT
  value(list<text> items) noexcept : type(AGENTOTEL_TYPE_STRING_ARRAY) {                            // NOLINT
    of.strings = {items.items, items.count};
  }
  value(list<bool> items) noexcept : type(AGENTOTEL_TYPE_BOOL_ARRAY) {  // NOLINT
    static_assert(sizeof(bool) == 1, "truth values are bytes");
    of.booleans = {reinterpret_cast<const std::uint8_t *>(items.items), items.count};
  }
  value(list<std::int64_t> items) noexcept : type(AGENTOTEL_TYPE_INT64_ARRAY) {  // NOLINT
    of.int64s = {items.items, items.count};
  }
  value(list<double> items) noexcept : type(AGENTOTEL_TYPE_DOUBLE_ARRAY) {  // NOLINT
    of.float64s = {items.items, items.count};
  }
};

/// A key and a value: `{"attempt", 2}`, `{"tags", list<text>(tags)}`, `{"filter", json{"{\"size\": 3}"}}`.
struct attribute : agentotel_attribute {
  constexpr attribute() noexcept
      : agentotel_attribute{{nullptr, 0}, AGENTOTEL_TYPE_STRING, 0, {{nullptr, 0}}} {}
  constexpr attribute(text key, const agentotel::value &value) noexcept
      : agentotel_attribute{key, value.type, 0, value.of} {}
  constexpr attribute(const agentotel_attribute &other) noexcept : agentotel_attribute(other) {}  // NOLINT
};

/// Names a span, here or in another process.
struct span_context : agentotel_span_context {
  constexpr span_context() noexcept : agentotel_span_context{{}, {}, 0, 0, {}} {}
  constexpr span_context(const agentotel_span_context &other) noexcept  // NOLINT
      : agentotel_span_context(other) {}
  /// Whether it names a span at all.
  bool valid() const noexcept {
    for (auto byte : trace_id)
      if (byte != 0) return true;
    return false;
  }
  /// Whether its trace is recorded.
  bool sampled() const noexcept { return (trace_flags & 1) != 0; }
  /// The ids as hexadecimal digits.
  std::string trace_id_hex() const { return hex(trace_id, sizeof trace_id); }
  std::string span_id_hex() const { return hex(span_id, sizeof span_id); }

 private:
  static std::string hex(const std::uint8_t *data, std::size_t size) {
    std::string digits;
    for (std::size_t i = 0; i < size; i++) {
      digits += "0123456789abcdef"[data[i] >> 4];
      digits += "0123456789abcdef"[data[i] & 15];
    }
    return digits;
  }
};

class session;
class event;

/// Names the span that something belongs to: an event in flight, or any span by its context, which has to
/// live as long. A default one is the session's root span.
struct target : agentotel_target {
  constexpr target() noexcept : agentotel_target{0, nullptr} {}
  target(const agentotel::event &running) noexcept;                   // NOLINT
  target(const span_context &span AGENTOTEL_LIFETIMEBOUND_) noexcept  // NOLINT
      : agentotel_target{0, &span} {}
  explicit constexpr target(agentotel_event handle) noexcept : agentotel_target{handle, nullptr} {}
};

/// A span of the caller's own naming: `session.record(custom{"agent.step"})`.
struct custom {
  text name;
};

// generated: enumerations, by tools/bindings.py
// clang-format off
/// The type of a value.
enum class value_type : std::uint32_t {
  /// `value.string`.
  string = AGENTOTEL_TYPE_STRING,
  /// `value.boolean`.
  bool_ = AGENTOTEL_TYPE_BOOL,
  /// `value.int64`.
  int64 = AGENTOTEL_TYPE_INT64,
  /// `value.float64`.
  double_ = AGENTOTEL_TYPE_DOUBLE,
  /// `value.bytes`.
  bytes = AGENTOTEL_TYPE_BYTES,
  /// `value.strings`.
  string_array = AGENTOTEL_TYPE_STRING_ARRAY,
  /// `value.booleans`.
  bool_array = AGENTOTEL_TYPE_BOOL_ARRAY,
  /// `value.int64s`.
  int64_array = AGENTOTEL_TYPE_INT64_ARRAY,
  /// `value.float64s`.
  double_array = AGENTOTEL_TYPE_DOUBLE_ARRAY,
  /// `value.json`: the text of a JSON object or array, recorded as an OTLP map or list.
  json = AGENTOTEL_TYPE_JSON,
};

/// How a session ended.
enum class end_state : std::uint32_t {
  /// The session's end is not judged (also: shut down while it was open).
  indeterminate = AGENTOTEL_END_INDETERMINATE,
  /// The session did what it was for.
  success = AGENTOTEL_END_SUCCESS,
  /// The session failed; its root span gets status Error.
  fail = AGENTOTEL_END_FAIL,
};

/// What an event is about.
enum class kind : std::uint32_t {
  /// A span of the caller's own naming; `name` is required.
  custom = AGENTOTEL_KIND_CUSTOM,
  /// A call of a language model; `llm` is required.
  llm = AGENTOTEL_KIND_LLM,
  /// The execution of a tool; `tool` is required.
  tool = AGENTOTEL_KIND_TOOL,
  /// Something the agent did; `action` is required.
  action = AGENTOTEL_KIND_ACTION,
  /// A call that makes embeddings; `embeddings` is required.
  embeddings = AGENTOTEL_KIND_EMBEDDINGS,
  /// A look-up in a data source; `retrieval` is required.
  retrieval = AGENTOTEL_KIND_RETRIEVAL,
  /// An agent that is invoked or created; `agent` is required.
  agent = AGENTOTEL_KIND_AGENT,
  /// A workflow of several agents or steps; `workflow` is required.
  workflow = AGENTOTEL_KIND_WORKFLOW,
  /// A request or notification of the Model Context Protocol, as its sender sees it; `mcp_client` is required.
  mcp_client = AGENTOTEL_KIND_MCP_CLIENT,
  /// The same as its receiver sees it; `mcp_server` is required.
  mcp_server = AGENTOTEL_KIND_MCP_SERVER,
  /// An agent hands over to another one; `handoff` is required.
  handoff = AGENTOTEL_KIND_HANDOFF,
  /// A plan is made or changed; `plan` is required.
  plan = AGENTOTEL_KIND_PLAN,
  /// Somebody is asked for approval; `approval` is required.
  approval = AGENTOTEL_KIND_APPROVAL,
  /// A guardrail is applied; `guardrail` is required.
  guardrail = AGENTOTEL_KIND_GUARDRAIL,
  /// Something is looked up in or written to a memory; `memory` is required.
  memory = AGENTOTEL_KIND_MEMORY,
  /// A context is made shorter; `compaction` is required.
  compaction = AGENTOTEL_KIND_COMPACTION,
  /// The result of an evaluation; `evaluation` is required. It is no span but a log record on the span that was evaluated.
  evaluation = AGENTOTEL_KIND_EVALUATION,
  /// What somebody thinks of a result; `feedback` is required. A log record, as for an evaluation.
  feedback = AGENTOTEL_KIND_FEEDBACK,
};

/// What a language model is asked for.
enum class llm_operation : std::uint32_t {
  /// `chat`, or in an update what was said before.
  default_ = AGENTOTEL_LLM_DEFAULT,
  /// `chat`
  chat = AGENTOTEL_LLM_CHAT,
  /// `text_completion`
  text_completion = AGENTOTEL_LLM_TEXT_COMPLETION,
  /// `generate_content`
  generate_content = AGENTOTEL_LLM_GENERATE_CONTENT,
};

/// How tokens are counted; several are added up.
enum class counting : std::uint32_t {
  /// `counting` of an llm or agent event: totals include their parts, as OpenTelemetry counts and OpenAI does.
  inclusive = AGENTOTEL_COUNTING_INCLUSIVE,
  /// Cached input tokens come on top of `input_tokens`, as Anthropic counts; they are added up.
  cache_separate = AGENTOTEL_COUNTING_CACHE_SEPARATE,
  /// Reasoning tokens come on top of `output_tokens`, as Gemini counts; they are added up.
  reasoning_separate = AGENTOTEL_COUNTING_REASONING_SEPARATE,
};

/// What is done with an agent.
enum class agent_operation : std::uint32_t {
  /// `invoke_agent`, or in an update what was said before.
  default_ = AGENTOTEL_AGENT_DEFAULT,
  /// `invoke_agent`
  invoke = AGENTOTEL_AGENT_INVOKE,
  /// `create_agent`
  create = AGENTOTEL_AGENT_CREATE,
};

/// What was decided.
enum class approval_decision : std::uint32_t {
  /// not said, or in an update what was said before.
  default_ = AGENTOTEL_APPROVAL_DEFAULT,
  /// `approved`
  approved = AGENTOTEL_APPROVAL_APPROVED,
  /// `denied`
  denied = AGENTOTEL_APPROVAL_DENIED,
  /// `expired`: nobody decided in time.
  expired = AGENTOTEL_APPROVAL_EXPIRED,
};

/// What a guardrail did.
enum class guardrail_decision : std::uint32_t {
  /// not said, or in an update what was said before.
  default_ = AGENTOTEL_GUARDRAIL_DEFAULT,
  /// `allowed`
  allowed = AGENTOTEL_GUARDRAIL_ALLOWED,
  /// `blocked`
  blocked = AGENTOTEL_GUARDRAIL_BLOCKED,
  /// `modified`: let through after a change.
  modified = AGENTOTEL_GUARDRAIL_MODIFIED,
  /// `flagged`: let through, and noted.
  flagged = AGENTOTEL_GUARDRAIL_FLAGGED,
};

/// What is done with a memory.
enum class memory_operation : std::uint32_t {
  /// in an update, what was said before.
  default_ = AGENTOTEL_MEMORY_DEFAULT,
  /// `search`
  search = AGENTOTEL_MEMORY_SEARCH,
  /// `read`
  read = AGENTOTEL_MEMORY_READ,
  /// `write`
  write = AGENTOTEL_MEMORY_WRITE,
  /// `update`
  update = AGENTOTEL_MEMORY_UPDATE,
  /// `delete`
  delete_ = AGENTOTEL_MEMORY_DELETE,
};

/// The kind of a span, as OpenTelemetry has it.
enum class span_kind : std::uint32_t {
  /// The span kind that the event's kind has: CLIENT for llm (INTERNAL in-process), embeddings, retrieval, remote and created
  /// agents, mcp_client; SERVER for mcp_server; INTERNAL else.
  default_ = AGENTOTEL_SPAN_KIND_DEFAULT,
  internal = AGENTOTEL_SPAN_KIND_INTERNAL,
  server = AGENTOTEL_SPAN_KIND_SERVER,
  client = AGENTOTEL_SPAN_KIND_CLIENT,
  producer = AGENTOTEL_SPAN_KIND_PRODUCER,
  consumer = AGENTOTEL_SPAN_KIND_CONSUMER,
};

/// The status of a span, as OpenTelemetry has it.
enum class status_code : std::uint32_t {
  /// The default: success, or an error when `error` is given.
  unset = AGENTOTEL_STATUS_CODE_UNSET,
  /// Said to be good by the application itself.
  ok = AGENTOTEL_STATUS_CODE_OK,
  /// Failed. Without an `error` detail, `error.type` is `_OTHER`.
  error = AGENTOTEL_STATUS_CODE_ERROR,
};

/// How severe a log record is.
enum class severity : std::uint32_t {
  /// nothing is said; no `logs.min_severity` leaves it out.
  unspecified = AGENTOTEL_SEVERITY_UNSPECIFIED,
  trace = AGENTOTEL_SEVERITY_TRACE,
  trace2 = AGENTOTEL_SEVERITY_TRACE2,
  trace3 = AGENTOTEL_SEVERITY_TRACE3,
  trace4 = AGENTOTEL_SEVERITY_TRACE4,
  debug = AGENTOTEL_SEVERITY_DEBUG,
  debug2 = AGENTOTEL_SEVERITY_DEBUG2,
  debug3 = AGENTOTEL_SEVERITY_DEBUG3,
  debug4 = AGENTOTEL_SEVERITY_DEBUG4,
  info = AGENTOTEL_SEVERITY_INFO,
  info2 = AGENTOTEL_SEVERITY_INFO2,
  info3 = AGENTOTEL_SEVERITY_INFO3,
  info4 = AGENTOTEL_SEVERITY_INFO4,
  warn = AGENTOTEL_SEVERITY_WARN,
  warn2 = AGENTOTEL_SEVERITY_WARN2,
  warn3 = AGENTOTEL_SEVERITY_WARN3,
  warn4 = AGENTOTEL_SEVERITY_WARN4,
  error = AGENTOTEL_SEVERITY_ERROR,
  error2 = AGENTOTEL_SEVERITY_ERROR2,
  error3 = AGENTOTEL_SEVERITY_ERROR3,
  error4 = AGENTOTEL_SEVERITY_ERROR4,
  fatal = AGENTOTEL_SEVERITY_FATAL,
  fatal2 = AGENTOTEL_SEVERITY_FATAL2,
  fatal3 = AGENTOTEL_SEVERITY_FATAL3,
  fatal4 = AGENTOTEL_SEVERITY_FATAL4,
};

/// What numbers an instrument measures.
enum class number_type : std::uint32_t {
  /// numbers are doubles.
  double_ = AGENTOTEL_VALUE_DOUBLE,
  /// Numbers are whole, and sums of them are exact: they are exported as integers. Not for histograms, whose sums are doubles.
  int64 = AGENTOTEL_VALUE_INT64,
};

/// What is counted and exported apart.
enum class signal : std::uint32_t {
  traces = AGENTOTEL_SIGNAL_TRACES,
  logs = AGENTOTEL_SIGNAL_LOGS,
  metrics = AGENTOTEL_SIGNAL_METRICS,
};

/// Why an event was refused: an index into the counters.
enum class refused : std::uint32_t {
  /// Index into `agentotel_stats.refused`: an argument was wrong.
  argument = AGENTOTEL_REFUSED_ARGUMENT,
  /// The handle was stale or none.
  handle = AGENTOTEL_REFUSED_HANDLE,
  /// The queue was full.
  queue_full = AGENTOTEL_REFUSED_QUEUE_FULL,
  /// The library was shut down.
  shut_down = AGENTOTEL_REFUSED_SHUT_DOWN,
  /// Too many sessions or events were open.
  limit = AGENTOTEL_REFUSED_LIMIT,
  /// A fault inside the library was contained.
  internal = AGENTOTEL_REFUSED_INTERNAL,
};

/// Why an exporter gave something up: an index into its counters.
enum class dropped : std::uint32_t {
  /// Index into `agentotel_exporter_stats.dropped`: the queue was full and its policy is `drop_oldest`.
  overflow = AGENTOTEL_DROPPED_OVERFLOW,
  /// The queue was full and this exporter lagged behind another.
  lag = AGENTOTEL_DROPPED_LAG,
  /// Older than the exporter's `retry.max_age_s`.
  age = AGENTOTEL_DROPPED_AGE,
  /// More attempts than the exporter's `retry.max_attempts`.
  attempts = AGENTOTEL_DROPPED_ATTEMPTS,
  /// The receiver found the request too large.
  too_large = AGENTOTEL_DROPPED_TOO_LARGE,
  /// The receiver does not take this signal.
  not_served = AGENTOTEL_DROPPED_NOT_SERVED,
  /// The exporter was removed (`agentotel_remove_exporter`).
  removed = AGENTOTEL_DROPPED_REMOVED,
};

/// What a recorded event outlives.
enum class durability : std::uint32_t {
  /// What a recorded event outlives: nothing of the process.
  none = AGENTOTEL_DURABILITY_NONE,
  /// The end of the process, by whatever means.
  process = AGENTOTEL_DURABILITY_PROCESS,
  /// A loss of power too: `storage.sync` is `always`.
  power = AGENTOTEL_DURABILITY_POWER,
};

/// What an exporter does with what it has.
enum class exporter_state : std::uint32_t {
  /// requests go out as there is something to send.
  ready = AGENTOTEL_EXPORTER_READY,
  /// The last request failed in a way that may pass: it is sent again after a while, and what came after it waits.
  retrying = AGENTOTEL_EXPORTER_RETRYING,
  /// The receiver does not let the exporter in (HTTP 401, 403, 404; gRPC PERMISSION_DENIED, UNAUTHENTICATED): what there is
  /// stays pending, and one item at a time is tried.
  paused = AGENTOTEL_EXPORTER_PAUSED,
  /// The receiver does not take this signal: it is dropped, and tried every five minutes.
  not_served = AGENTOTEL_EXPORTER_NOT_SERVED,
  /// It was removed (`agentotel_remove_exporter`).
  removed = AGENTOTEL_EXPORTER_REMOVED,
};

/// Why a request failed: an index into an exporter's counters.
enum class failure : std::uint32_t {
  /// Index into `agentotel_exporter_stats.failures_by_class`: no connection (name look-up, refusal, TLS handshake).
  connect = AGENTOTEL_FAILURE_CONNECT,
  /// No complete answer within `timeout_ms`.
  timeout = AGENTOTEL_FAILURE_TIMEOUT,
  /// Certificates, keys or headers could not be had.
  credentials = AGENTOTEL_FAILURE_CREDENTIALS,
  /// The receiver was sent too much for now (HTTP 429, gRPC RESOURCE_EXHAUSTED with a delay).
  throttled = AGENTOTEL_FAILURE_THROTTLED,
  /// The receiver cannot take it now (HTTP 502, 503, 504; gRPC UNAVAILABLE and its like).
  unavailable = AGENTOTEL_FAILURE_UNAVAILABLE,
  /// The receiver does not let the exporter in.
  access = AGENTOTEL_FAILURE_ACCESS,
  /// The receiver does not take the signal.
  not_served = AGENTOTEL_FAILURE_NOT_SERVED,
  /// Refused for good with another status.
  rejected = AGENTOTEL_FAILURE_REJECTED,
  /// The receiver takes smaller requests only.
  too_large = AGENTOTEL_FAILURE_TOO_LARGE,
  /// What came back does not follow the protocol, or broke off.
  protocol = AGENTOTEL_FAILURE_PROTOCOL,
  /// The operating system refused something: a file, a descriptor, a connection that broke.
  system = AGENTOTEL_FAILURE_SYSTEM,
};

/// What is taken away by unregister.
enum class callback_kind : std::uint32_t {
  /// What `agentotel_unregister` takes away: an exporter's function (`agentotel_register_exporter`).
  exporter = AGENTOTEL_CALLBACK_EXPORTER,
  /// A formatter (`agentotel_register_formatter`).
  formatter = AGENTOTEL_CALLBACK_FORMATTER,
  /// A header provider (`agentotel_register_header_provider`).
  header_provider = AGENTOTEL_CALLBACK_HEADER_PROVIDER,
  /// A sampler (`agentotel_register_sampler`).
  sampler = AGENTOTEL_CALLBACK_SAMPLER,
  /// An attribute injector (`agentotel_register_attribute_injector`).
  attribute_injector = AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR,
  /// An observable gauge (`agentotel_register_observable_gauge`), by the instrument's name.
  observable = AGENTOTEL_CALLBACK_OBSERVABLE,
};

/// The encoding of a batch.
enum class payload_type : std::uint32_t {
  /// an OTLP `ExportTraceServiceRequest`, `ExportLogsServiceRequest` or
  /// `ExportMetricsServiceRequest` in protobuf.
  otlp_proto = AGENTOTEL_PAYLOAD_OTLP_PROTO,
  /// The same as compact OTLP/JSON.
  otlp_json = AGENTOTEL_PAYLOAD_OTLP_JSON,
};

/// How much a diagnostic line matters.
enum class diagnostic_level : std::uint32_t {
  /// something could not be done.
  error = AGENTOTEL_DIAGNOSTIC_ERROR,
  /// Something was set right, is done otherwise, or will be tried again.
  warn = AGENTOTEL_DIAGNOSTIC_WARN,
  /// What an operator may want to know.
  info = AGENTOTEL_DIAGNOSTIC_INFO,
  /// What somebody who looks for a fault may want to know.
  debug = AGENTOTEL_DIAGNOSTIC_DEBUG,
};
// clang-format on
// end of what is generated: enumerations

/// Several ways of counting at once.
constexpr counting operator|(counting a, counting b) noexcept {
  return static_cast<counting>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

// generated: structs, by tools/bindings.py
// clang-format off
/// A call of a language model (`gen_ai.*` inference of the OpenTelemetry conventions 1.41.1). The span is called
/// `{operation} {request_model}`.
struct llm {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_llm);
  /// `gen_ai.operation.name`: one of `AGENTOTEL_LLM_…`.
  llm_operation operation{};
  /// 1 when the model runs inside this process (span kind INTERNAL).
  flag in_process{};
  /// `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
  text provider{};
  /// `gen_ai.request.model`
  text request_model{};
  /// `gen_ai.response.model`
  text response_model{};
  /// `gen_ai.response.id`
  text response_id{};
  /// `gen_ai.response.finish_reasons`
  text_list finish_reasons{};
  /// `gen_ai.output.type`: `text`, `json`, `image`, `speech`.
  text output_type{};
  /// `gen_ai.request.max_tokens`
  optional_int64 max_tokens{};
  /// `gen_ai.request.choice.count`
  optional_int64 choice_count{};
  /// `gen_ai.request.seed`
  optional_int64 seed{};
  /// `gen_ai.request.temperature`
  optional_double temperature{};
  /// `gen_ai.request.top_p`
  optional_double top_p{};
  /// `gen_ai.request.top_k`
  optional_double top_k{};
  /// `gen_ai.request.frequency_penalty`
  optional_double frequency_penalty{};
  /// `gen_ai.request.presence_penalty`
  optional_double presence_penalty{};
  /// `gen_ai.request.stop_sequences`
  text_list stop_sequences{};
  /// `gen_ai.request.stream`
  optional_bool stream{};
  /// `gen_ai.response.time_to_first_chunk`, in seconds from the request. An event in flight measures it by itself.
  optional_double time_to_first_chunk_s{};
  /// `gen_ai.usage.input_tokens`: all of them, cached ones (read and creation) included, unless `counting` says otherwise.
  optional_int64 input_tokens{};
  /// `gen_ai.usage.cache_read.input_tokens`
  optional_int64 cache_read_input_tokens{};
  /// `gen_ai.usage.cache_creation.input_tokens`
  optional_int64 cache_creation_input_tokens{};
  /// `gen_ai.usage.output_tokens`: all of them, reasoning included, unless `counting` says otherwise.
  optional_int64 output_tokens{};
  /// `gen_ai.usage.reasoning.output_tokens`
  optional_int64 reasoning_output_tokens{};
  /// `server.address`
  text server_address{};
  /// `server.port`
  optional_int64 server_port{};
  /// How the tokens above are counted: `AGENTOTEL_COUNTING_…`, added up.
  ::agentotel::counting counting{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// What the call cost, in millionths of the currency that the agent reckons in, as the provider said it:
  /// `agentotel.cost.micro_units`. When absent, it is computed from the configuration's `costs`, if these know the model.
  optional_int64 cost_micro_units{};
  /// `gen_ai.conversation.id`; the session's when absent.
  text conversation_id{};
  /// `gen_ai.prompt.name`: of the prompt or prompt template.
  text prompt_name{};
  /// `agentotel.prompt.version`
  text prompt_version{};
  /// `openai.api.type`: `chat_completions`, `responses`.
  text openai_api_type{};
  /// `openai.request.service_tier`; `auto` is left out.
  text openai_request_service_tier{};
  /// `openai.response.service_tier`
  text openai_response_service_tier{};
  /// `openai.response.system_fingerprint`
  text openai_system_fingerprint{};
  /// `gen_ai.system_instructions`, a list of parts (JSON, content).
  text system_instructions{};
  /// `gen_ai.input.messages`, a list (JSON, content).
  text input_messages{};
  /// `gen_ai.output.messages`, a list; of a stream that was cut off, what had come of it (JSON, content).
  text output_messages{};
  /// `gen_ai.tool.definitions`, a list (JSON, content).
  text tool_definitions{};
};

/// The execution of a tool. The span is called `execute_tool {name}`.
struct tool {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_tool);
  /// `gen_ai.tool.name`; required.
  text name{};
  /// `gen_ai.tool.type`: `function`, `extension`, `datastore`.
  text type{};
  /// `gen_ai.tool.call.id`
  text call_id{};
  /// `gen_ai.tool.description`
  text description{};
  /// `gen_ai.tool.call.arguments`, an object (JSON, content).
  text arguments{};
  /// `gen_ai.tool.call.result` (JSON, content).
  text result{};
};

/// Something the agent did. The span is called `action {type}`.
struct action {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_action);
  /// `agentotel.action.type`; required, of few distinct values.
  text type{};
  /// `agentotel.action.params`, an object (JSON, content).
  text params{};
  /// `agentotel.action.returns` (JSON, content).
  text returns{};
  /// `agentotel.action.logs` (JSON, content).
  text logs{};
};

/// A call that makes embeddings. The span is called `embeddings {request_model}`.
struct embeddings {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_embeddings);
  /// `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
  text provider{};
  /// `gen_ai.request.model`
  text request_model{};
  /// `gen_ai.response.model`
  text response_model{};
  /// `gen_ai.request.encoding_formats`, such as `float`, `base64`.
  text_list encoding_formats{};
  /// `gen_ai.embeddings.dimension.count`
  optional_int64 dimension_count{};
  /// `gen_ai.usage.input_tokens`
  optional_int64 input_tokens{};
  /// `server.address`
  text server_address{};
  /// `server.port`
  optional_int64 server_port{};
  /// As of `agentotel_llm`.
  optional_int64 cost_micro_units{};
};

/// A look-up in a data source: a vector store, a search engine. The span is called `retrieval {data_source_id}`.
struct retrieval {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_retrieval);
  /// `gen_ai.provider.name`
  text provider{};
  /// `gen_ai.data_source.id`
  text data_source_id{};
  /// `gen_ai.request.model`
  text request_model{};
  /// `gen_ai.request.top_k`
  optional_double top_k{};
  /// `server.address`
  text server_address{};
  /// `server.port`
  optional_int64 server_port{};
  /// `gen_ai.retrieval.query.text` (a plain text, content).
  text query_text{};
  /// `gen_ai.retrieval.documents`, a list (JSON, content).
  text documents{};
};

/// An agent that is invoked, or created at a remote service. The span is called `invoke_agent {name}` or
/// `create_agent {name}`. Several agents in one session are one event each, their work below them. Tokens of an agent are
/// those of the calls below it: they are not added to the session's sums again.
struct agent {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_agent);
  /// `gen_ai.operation.name`: one of `AGENTOTEL_AGENT_…`.
  agent_operation operation{};
  /// 1 when the agent runs at another service (span kind CLIENT). Creating one is CLIENT always.
  flag remote{};
  /// `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
  text provider{};
  /// `gen_ai.agent.name`
  text name{};
  /// `gen_ai.agent.id`
  text id{};
  /// `gen_ai.agent.version`
  text version{};
  /// `gen_ai.agent.description`
  text description{};
  /// `gen_ai.request.model`
  text request_model{};
  /// `gen_ai.data_source.id`
  text data_source_id{};
  /// `gen_ai.conversation.id`; the session's when absent.
  text conversation_id{};
  /// `gen_ai.output.type`: `text`, `json`, `image`, `speech`.
  text output_type{};
  /// `gen_ai.response.finish_reasons`
  text_list finish_reasons{};
  /// `gen_ai.request.stop_sequences`
  text_list stop_sequences{};
  /// `gen_ai.request.max_tokens`
  optional_int64 max_tokens{};
  /// `gen_ai.request.choice.count`
  optional_int64 choice_count{};
  /// `gen_ai.request.seed`
  optional_int64 seed{};
  /// `gen_ai.request.temperature`
  optional_double temperature{};
  /// `gen_ai.request.top_p`
  optional_double top_p{};
  /// `gen_ai.request.frequency_penalty`
  optional_double frequency_penalty{};
  /// `gen_ai.request.presence_penalty`
  optional_double presence_penalty{};
  /// `gen_ai.usage.input_tokens`, counted as of `agentotel_llm`.
  optional_int64 input_tokens{};
  /// `gen_ai.usage.cache_read.input_tokens`
  optional_int64 cache_read_input_tokens{};
  /// `gen_ai.usage.cache_creation.input_tokens`
  optional_int64 cache_creation_input_tokens{};
  /// `gen_ai.usage.output_tokens`
  optional_int64 output_tokens{};
  /// How these tokens are counted: `AGENTOTEL_COUNTING_…`.
  ::agentotel::counting counting{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// `server.address`, of a remote one.
  text server_address{};
  /// `server.port`, of a remote one.
  optional_int64 server_port{};
  /// `gen_ai.system_instructions`, a list of parts (JSON, content).
  text system_instructions{};
  /// `gen_ai.input.messages`, a list (JSON, content).
  text input_messages{};
  /// `gen_ai.output.messages`, a list (JSON, content).
  text output_messages{};
  /// `gen_ai.tool.definitions`, a list (JSON, content).
  text tool_definitions{};
};

/// A workflow: a coordinated process of several agents or steps. The span is called `invoke_workflow {name}`.
struct workflow {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_workflow);
  /// `gen_ai.workflow.name`
  text name{};
  /// `gen_ai.input.messages`, a list (JSON, content).
  text input_messages{};
  /// `gen_ai.output.messages`, a list (JSON, content).
  text output_messages{};
};

/// A request or notification of the Model Context Protocol, for both sides of it. The span is called
/// `{method} {tool_name or prompt_name}`; it is of kind CLIENT for `mcp_client`, SERVER for `mcp_server`.
///
/// A tool that is called over the protocol would show twice, as the execution of the tool and as the call: a `tools/call`
/// of a client that is recorded whole (`agentotel_record_event`), did not fail, and names as its parent, by its handle, an
/// event in flight of kind tool, does not become a span. It adds what it says to the tool's event, whose context is
/// given out. Of several such calls below one tool the first does so; the others are spans, and so are calls that are
/// started and ended, that failed, or that name their parent by its context.
struct mcp_client {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_mcp);
  /// `mcp.method.name`, such as `tools/call`; required.
  text method{};
  /// `gen_ai.tool.name`, when the method is about a tool.
  text tool_name{};
  /// `gen_ai.prompt.name`, when it is about a prompt.
  text prompt_name{};
  /// `mcp.resource.uri`, when it is about a resource.
  text resource_uri{};
  /// `mcp.session.id`
  text session_id{};
  /// `mcp.protocol.version`, such as `2025-06-18`.
  text protocol_version{};
  /// `jsonrpc.request.id`, as a text; absent for a notification.
  text request_id{};
  /// `jsonrpc.protocol.version`; `2.0` is left out.
  text jsonrpc_version{};
  /// `rpc.response.status_code`: the error code of the response, as a text. The event has failed then, with this
  /// `error.type` unless `error` names another.
  text response_status_code{};
  /// `network.transport`: `pipe` (stdio), `tcp`, `quic`.
  text network_transport{};
  /// `network.protocol.name`, such as `http`.
  text network_protocol_name{};
  /// `network.protocol.version`
  text network_protocol_version{};
  /// The other side: `server.address` for `mcp_client`, `client.address` for `mcp_server`.
  text peer_address{};
  /// `server.port` or `client.port`.
  optional_int64 peer_port{};
  /// 1 when the result of a tool call has `isError`: the event has failed then, with the `error.type` `tool_error`
  /// unless `error` names another.
  flag is_error{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// `gen_ai.tool.call.arguments`, an object (JSON, content).
  text arguments{};
  /// `gen_ai.tool.call.result` (JSON, content).
  text result{};
};

/// A request or notification of the Model Context Protocol, for both sides of it. The span is called
/// `{method} {tool_name or prompt_name}`; it is of kind CLIENT for `mcp_client`, SERVER for `mcp_server`.
///
/// A tool that is called over the protocol would show twice, as the execution of the tool and as the call: a `tools/call`
/// of a client that is recorded whole (`agentotel_record_event`), did not fail, and names as its parent, by its handle, an
/// event in flight of kind tool, does not become a span. It adds what it says to the tool's event, whose context is
/// given out. Of several such calls below one tool the first does so; the others are spans, and so are calls that are
/// started and ended, that failed, or that name their parent by its context.
struct mcp_server {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_mcp);
  /// `mcp.method.name`, such as `tools/call`; required.
  text method{};
  /// `gen_ai.tool.name`, when the method is about a tool.
  text tool_name{};
  /// `gen_ai.prompt.name`, when it is about a prompt.
  text prompt_name{};
  /// `mcp.resource.uri`, when it is about a resource.
  text resource_uri{};
  /// `mcp.session.id`
  text session_id{};
  /// `mcp.protocol.version`, such as `2025-06-18`.
  text protocol_version{};
  /// `jsonrpc.request.id`, as a text; absent for a notification.
  text request_id{};
  /// `jsonrpc.protocol.version`; `2.0` is left out.
  text jsonrpc_version{};
  /// `rpc.response.status_code`: the error code of the response, as a text. The event has failed then, with this
  /// `error.type` unless `error` names another.
  text response_status_code{};
  /// `network.transport`: `pipe` (stdio), `tcp`, `quic`.
  text network_transport{};
  /// `network.protocol.name`, such as `http`.
  text network_protocol_name{};
  /// `network.protocol.version`
  text network_protocol_version{};
  /// The other side: `server.address` for `mcp_client`, `client.address` for `mcp_server`.
  text peer_address{};
  /// `server.port` or `client.port`.
  optional_int64 peer_port{};
  /// 1 when the result of a tool call has `isError`: the event has failed then, with the `error.type` `tool_error`
  /// unless `error` names another.
  flag is_error{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// `gen_ai.tool.call.arguments`, an object (JSON, content).
  text arguments{};
  /// `gen_ai.tool.call.result` (JSON, content).
  text result{};
};

/// An agent hands over to another one. The span is called `handoff {target_name}`.
struct handoff {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_handoff);
  /// `agentotel.handoff.target.name`: the agent that takes over; required.
  text target_name{};
  /// `agentotel.handoff.target.id`
  text target_id{};
  /// `gen_ai.agent.name`: the agent that hands over.
  text source_name{};
  /// `gen_ai.agent.id`
  text source_id{};
  /// `agentotel.handoff.reason`, of few distinct values.
  text reason{};
  /// `agentotel.handoff.input`: what is handed over (JSON, content).
  text input{};
};

/// A plan is made or changed. The span is called `plan {name}`.
struct plan {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_plan);
  /// `agentotel.plan.name`, of few distinct values.
  text name{};
  /// `gen_ai.agent.name`: whose plan it is.
  text agent_name{};
  /// `agentotel.plan.step_count`
  optional_int64 step_count{};
  /// `agentotel.plan.revision`: 0 for the first plan.
  optional_int64 revision{};
  /// `agentotel.plan.goal` (JSON, content).
  text goal{};
  /// `agentotel.plan.steps`, a list (JSON, content).
  text steps{};
};

/// Somebody is asked for approval; the span lasts until the answer is there. It is called `approval {subject}`.
struct approval {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_approval);
  /// `agentotel.approval.subject`: what is to be approved, such as the name of a tool; required, of few distinct values.
  text subject{};
  /// `agentotel.approval.approver`: who decides, such as `user` or a policy's name.
  text approver{};
  /// `agentotel.approval.reason`, of few distinct values.
  text reason{};
  /// `agentotel.approval.decision`: one of `AGENTOTEL_APPROVAL_…`. A refusal is an answer, not an error.
  approval_decision decision{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// `agentotel.approval.request`: what exactly is to be approved (JSON, content).
  text request{};
};

/// A guardrail is applied to what goes in or comes out. The span is called `guardrail {name}`.
struct guardrail {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_guardrail);
  /// `agentotel.guardrail.name`; required.
  text name{};
  /// `agentotel.guardrail.stage`: where it stands, such as `input`, `output`, `tool_call`.
  text stage{};
  /// `agentotel.guardrail.reason`: what it found, of few distinct values.
  text reason{};
  /// `agentotel.guardrail.score`
  optional_double score{};
  /// `agentotel.guardrail.decision`: one of `AGENTOTEL_GUARDRAIL_…`. A block is a decision, not an error.
  guardrail_decision decision{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// `agentotel.guardrail.input`: what it looked at (JSON, content).
  text input{};
  /// `agentotel.guardrail.output`: what it let through instead (JSON, content).
  text output{};
};

/// Something is looked up in, or written to, an agent's memory. The span is called `memory {operation}`.
struct memory {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_memory);
  /// `agentotel.memory.operation`: one of `AGENTOTEL_MEMORY_…`; required.
  memory_operation operation{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// `agentotel.memory.store`: which memory it is, such as `long_term`.
  text store{};
  /// `agentotel.memory.record.id`
  text record_id{};
  /// `agentotel.memory.record.count`: how many were found or written.
  optional_int64 record_count{};
  /// `agentotel.memory.query` (JSON, content).
  text query{};
  /// `agentotel.memory.records`: what was found or written (JSON, content).
  text records{};
};

/// A context is made shorter, by a summary or by leaving parts out. The span is called `compaction {strategy}`.
struct compaction {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_compaction);
  /// `agentotel.compaction.strategy`, such as `summarize`, `truncate`.
  text strategy{};
  /// `agentotel.compaction.trigger`, such as `context_limit`, `user`.
  text trigger{};
  /// `agentotel.compaction.tokens.before`
  optional_int64 tokens_before{};
  /// `agentotel.compaction.tokens.after`
  optional_int64 tokens_after{};
  /// `agentotel.compaction.messages.before`
  optional_int64 messages_before{};
  /// `agentotel.compaction.messages.after`
  optional_int64 messages_after{};
  /// `agentotel.compaction.summary` (JSON, content).
  text summary{};
};

/// The result of an evaluation. It is no span: it becomes the log record `gen_ai.evaluation.result` on the span that was
/// evaluated, which the event's `parent` names: by its handle while it is in flight, by its context at any time later,
/// from whatever trace it is. The time is the event's end; attributes go along; `error` says that the evaluation itself
/// failed.
struct evaluation {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_evaluation);
  /// `gen_ai.evaluation.name`: the metric, such as `relevance`; required.
  text name{};
  /// `gen_ai.evaluation.score.value`
  optional_double score_value{};
  /// `gen_ai.evaluation.score.label`, of few distinct values, such as `pass`.
  text score_label{};
  /// `gen_ai.response.id` of what was evaluated.
  text response_id{};
  /// `agentotel.evaluation.evaluator`: who evaluated, such as a model's name.
  text evaluator{};
  /// `gen_ai.evaluation.explanation` (a plain text, content).
  text explanation{};
};

/// What somebody thinks of a result. It becomes the log record `gen_ai.evaluation.result`, as `agentotel_evaluation` does, with
/// `agentotel.feedback.source` on it.
struct feedback {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_feedback);
  /// `gen_ai.evaluation.name`; `user_feedback` when absent.
  text name{};
  /// `agentotel.feedback.source`: who gave it, such as `user` (when absent), `operator`, `reviewer`.
  text source{};
  /// `gen_ai.evaluation.score.value`
  optional_double score_value{};
  /// `gen_ai.evaluation.score.label`, of few distinct values, such as `thumbs_up`.
  text score_label{};
  /// `gen_ai.response.id` of what it is about.
  text response_id{};
  /// `user.id` of who gave it.
  text user_id{};
  /// `gen_ai.evaluation.explanation` (a plain text, content).
  text comment{};
};

/// What went wrong. On an event it sets status Error and `error.type`, and leaves a log record on the event's span:
/// `gen_ai.client.operation.exception` (WARN) for calls of GenAI services (llm, embeddings, retrieval, remote and created
/// agents), `exception` (ERROR) for others.
struct error {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_error);
  /// `error.type` and `exception.type`: of few distinct values, such as an exception's class or `timeout`; `_OTHER`
  /// when absent.
  text type{};
  /// `exception.message`, and the description of the span's status.
  text message{};
  /// `agentotel.error.code`: the code that the failing side gave.
  text code{};
  /// `agentotel.error.details`
  text details{};
  /// `exception.stacktrace`
  text stack{};
  /// When, in nanoseconds since 1970-01-01 UTC; 0 = now.
  timestamp time{};
  /// The kind of the event that failed, one of `AGENTOTEL_KIND_…`, for a target that is named by its context: it decides
  /// which of the two log records is left. An event in flight knows its kind by itself.
  ::agentotel::kind kind{};
  /// Stays zero.
  std::uint32_t reserved = 0;
};

/// Another span that this one has to do with.
struct link {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_link);
  span_context context{};
  /// That span's W3C `tracestate`.
  text trace_state{};
  list<attribute> attributes{};
};

/// Something that happened at a moment during a span.
struct span_event {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_span_event);
  text name{};
  /// Nanoseconds since 1970-01-01 UTC; 0 = now.
  timestamp time{};
  list<attribute> attributes{};
};

/// What a session is, as far as it is known at its start. Everything but `struct_size` is optional.
struct session_options {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_session_options);
  /// `session.id`; a random UUID when absent.
  text session_id{};
  /// Name of the root span when no agent and provider are given; `session` when absent too.
  text name{};
  /// `gen_ai.conversation.id`, on the root span and on the session's llm spans.
  text conversation_id{};
  /// `user.id`
  text user_id{};
  /// `agentotel.session.tags`
  text_list tags{};
  /// `gen_ai.agent.name`; with `provider` it makes the root span `invoke_agent {agent_name}`.
  text agent_name{};
  /// `gen_ai.agent.id`
  text agent_id{};
  /// `gen_ai.agent.version`
  text agent_version{};
  /// `gen_ai.agent.description`
  text agent_description{};
  /// `gen_ai.provider.name`, such as `openai` or `anthropic`; llm events that name none inherit it.
  text provider{};
  /// The span that this session continues (from an incoming request, say), or NULL for a new trace; one whose ids are
  /// all zero is none.
  const ::agentotel::span_context *parent = nullptr;
  /// The parent's W3C `tracestate`, passed on; one that breaks its rules is left out alone.
  text trace_state{};
  /// Nanoseconds since 1970-01-01 UTC; 0 = now.
  timestamp start_time{};
  /// Attributes of the root span.
  list<attribute> attributes{};
  /// Baggage that came along (`agentotel_extract`), as the value of a W3C `baggage` header.
  text baggage{};
  /// The root span of a session that this one resumes, of this process or another, or NULL: the new root span has a link to
  /// it, with `agentotel.link.type` = `resumed_session`. The trace is a new one all the same.
  const ::agentotel::span_context *resumed = nullptr;
  /// `session.previous_id`: the id of that session, when this one has another.
  text previous_session_id{};
};

/// How a session ended.
struct session_end {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_session_end);
  /// One of `AGENTOTEL_END_…`.
  ::agentotel::end_state end_state{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// Why, in words: `agentotel.session.end_state_reason`.
  text reason{};
  /// `error.type` when it failed, of few distinct values; `_OTHER` when absent.
  text error_type{};
  /// Nanoseconds since 1970-01-01 UTC; 0 = now.
  timestamp end_time{};
};

/// A log record, as the Logs Data Model of OpenTelemetry has it. Everything but `struct_size` is optional.
struct log_record {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_log_record);
  /// One of `AGENTOTEL_SEVERITY_…`.
  severity severity_number{};
  /// The member of `body` that is set: one of `AGENTOTEL_TYPE_…`; 0 = `body.string`, which may be absent.
  value_type body_type{};
  /// What is said: a text or, with a `body_type`, any value.
  agentotel_value body{};
  /// The severity as its source calls it; when absent, the severity number's short name, such as `WARN`.
  text severity_text{};
  /// Makes the record an event of that name, whose attributes and body have a known form.
  text event_name{};
  /// When it happened, in nanoseconds since 1970-01-01 UTC; 0 = now.
  timestamp time{};
  /// Free attributes.
  list<attribute> attributes{};

  /// Sets the body and its type.
  void set_body(const value &said) noexcept {
    body = said.of;
    body_type = static_cast<value_type>(said.type);
  }
};

/// What an instrument is. Everything but `struct_size` and `name` is optional.
struct instrument {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_instrument);
  /// 1 to 255 letters, digits, '_', '.', '-' and '/', the first one a letter. Case does not tell names apart.
  text name{};
  /// In UCUM, such as `s`, `By`, `{request}`: at most 63 characters of ASCII.
  text unit{};
  text description{};
  /// One of `AGENTOTEL_VALUE_…`.
  number_type value_type{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// For histograms: the upper bounds of the buckets but for the last one, ascending; none = OpenTelemetry's. A view in the
  /// configuration goes before.
  list<double> boundaries{};
};

/// An event: what becomes one span. Everything but `struct_size` and what its kind requires is optional.
///
/// Fields of the details that are said to be content (messages, arguments, results, …) may hold what people wrote. They are
/// recorded only as far as the configuration's `content` lets them, which by default is not at all. Those that are JSON take
/// the text of a value, as the conventions' schemas have it; other text is recorded as it is.
struct event_data {
  /// Set already.
  std::size_t struct_size = sizeof(agentotel_event_data);
  /// One of `AGENTOTEL_KIND_…`. An update or an end may leave it 0.
  ::agentotel::kind kind{};
  /// One of `AGENTOTEL_SPAN_KIND_…`.
  ::agentotel::span_kind span_kind{};
  /// The span's name. Required for custom events; for the others the conventions' name is used unless this is set.
  text name{};
  /// The parent span; zeroed, the session's root. Not for updates and ends.
  target parent{};
  /// Nanoseconds since 1970-01-01 UTC; 0 = `end_time_unix_nano` less `duration_nano`.
  timestamp start_time{};
  /// Nanoseconds since 1970-01-01 UTC; 0 = start plus duration when both are given, else now.
  timestamp end_time{};
  /// Nanoseconds; with one of the two times it gives the other. Ignored when both are given.
  ::agentotel::duration duration{};
  /// One of `AGENTOTEL_STATUS_CODE_…`.
  ::agentotel::status_code status_code{};
  /// Stays zero.
  std::uint32_t reserved = 0;
  /// Description of status Error; the error's message when absent.
  text status_message{};
  /// Free attributes.
  list<attribute> attributes{};
  /// Links to other spans, `link_count` of them.
  list<link> links{};
  /// Moments during the span, `span_event_count` of them.
  list<span_event> span_events{};
  /// Detail of `AGENTOTEL_KIND_LLM`, else NULL.
  const ::agentotel::llm *llm = nullptr;
  /// Detail of `AGENTOTEL_KIND_TOOL`, else NULL.
  const ::agentotel::tool *tool = nullptr;
  /// Detail of `AGENTOTEL_KIND_ACTION`, else NULL.
  const ::agentotel::action *action = nullptr;
  /// What went wrong, for any kind; NULL = nothing.
  const ::agentotel::error *error = nullptr;
  /// Detail of `AGENTOTEL_KIND_EMBEDDINGS`, else NULL.
  const ::agentotel::embeddings *embeddings = nullptr;
  /// Detail of `AGENTOTEL_KIND_RETRIEVAL`, else NULL.
  const ::agentotel::retrieval *retrieval = nullptr;
  /// Detail of `AGENTOTEL_KIND_AGENT`, else NULL.
  const ::agentotel::agent *agent = nullptr;
  /// Detail of `AGENTOTEL_KIND_WORKFLOW`, else NULL.
  const ::agentotel::workflow *workflow = nullptr;
  /// Detail of `AGENTOTEL_KIND_MCP_CLIENT`, else NULL.
  const ::agentotel::mcp_client *mcp_client = nullptr;
  /// Detail of `AGENTOTEL_KIND_MCP_SERVER`, else NULL.
  const ::agentotel::mcp_server *mcp_server = nullptr;
  /// Detail of `AGENTOTEL_KIND_HANDOFF`, else NULL.
  const ::agentotel::handoff *handoff = nullptr;
  /// Detail of `AGENTOTEL_KIND_PLAN`, else NULL.
  const ::agentotel::plan *plan = nullptr;
  /// Detail of `AGENTOTEL_KIND_APPROVAL`, else NULL.
  const ::agentotel::approval *approval = nullptr;
  /// Detail of `AGENTOTEL_KIND_GUARDRAIL`, else NULL.
  const ::agentotel::guardrail *guardrail = nullptr;
  /// Detail of `AGENTOTEL_KIND_MEMORY`, else NULL.
  const ::agentotel::memory *memory = nullptr;
  /// Detail of `AGENTOTEL_KIND_COMPACTION`, else NULL.
  const ::agentotel::compaction *compaction = nullptr;
  /// Detail of `AGENTOTEL_KIND_EVALUATION`, else NULL.
  const ::agentotel::evaluation *evaluation = nullptr;
  /// Detail of `AGENTOTEL_KIND_FEEDBACK`, else NULL.
  const ::agentotel::feedback *feedback = nullptr;
  /// The caller's own id of the event: `agentotel.event.id`. When an event with the same id was recorded already, one of
  /// the last 4,096 with an id, it is not recorded again: the answer is AGENTOTEL_OK with the context of the first, and
  /// `agentotel_stats.duplicate` counts it. Of two calls with one id at the same time both may record. Not for updates
  /// and ends; of started events it is an attribute only.
  text event_id{};
  /// For `agentotel_record_events` only: the parent is the event at this position of the same array, an earlier one.
  /// `parent` is zeroed then.
  optional_int64 parent_index{};

  event_data() = default;
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::llm &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::llm), llm(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::tool &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::tool), tool(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::action &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::action), action(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::embeddings &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::embeddings), embeddings(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::retrieval &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::retrieval), retrieval(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::agent &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::agent), agent(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::workflow &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::workflow), workflow(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::mcp_client &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::mcp_client), mcp_client(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::mcp_server &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::mcp_server), mcp_server(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::handoff &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::handoff), handoff(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::plan &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::plan), plan(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::approval &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::approval), approval(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::guardrail &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::guardrail), guardrail(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::memory &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::memory), memory(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::compaction &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::compaction), compaction(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::evaluation &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::evaluation), evaluation(&detail) {}
  /// An event with this detail, which has to live as long.
  event_data(const ::agentotel::feedback &detail AGENTOTEL_LIFETIMEBOUND_) noexcept
      : kind(::agentotel::kind::feedback), feedback(&detail) {}
  /// A span of the caller's own naming.
  event_data(const custom &detail) noexcept : kind(::agentotel::kind::custom), name(detail.name) {}
};
// clang-format on
// end of what is generated: structs

#define AGENTOTEL_SAME_PLACE_(own, member, other, field) \
  static_assert(offsetof(own, member) == offsetof(other, field), "layout of " #other)
#define AGENTOTEL_SAME_SIZE_(own, other) \
  static_assert(sizeof(own) == sizeof(other) && std::is_standard_layout<own>::value, "layout of " #other)

// generated: layout, by tools/bindings.py
// clang-format off
namespace detail {
AGENTOTEL_SAME_PLACE_(llm, operation, agentotel_llm, operation);
AGENTOTEL_SAME_PLACE_(llm, in_process, agentotel_llm, in_process);
AGENTOTEL_SAME_PLACE_(llm, provider, agentotel_llm, provider);
AGENTOTEL_SAME_PLACE_(llm, request_model, agentotel_llm, request_model);
AGENTOTEL_SAME_PLACE_(llm, response_model, agentotel_llm, response_model);
AGENTOTEL_SAME_PLACE_(llm, response_id, agentotel_llm, response_id);
AGENTOTEL_SAME_PLACE_(llm, finish_reasons, agentotel_llm, finish_reasons);
AGENTOTEL_SAME_PLACE_(llm, output_type, agentotel_llm, output_type);
AGENTOTEL_SAME_PLACE_(llm, max_tokens, agentotel_llm, max_tokens);
AGENTOTEL_SAME_PLACE_(llm, choice_count, agentotel_llm, choice_count);
AGENTOTEL_SAME_PLACE_(llm, seed, agentotel_llm, seed);
AGENTOTEL_SAME_PLACE_(llm, temperature, agentotel_llm, temperature);
AGENTOTEL_SAME_PLACE_(llm, top_p, agentotel_llm, top_p);
AGENTOTEL_SAME_PLACE_(llm, top_k, agentotel_llm, top_k);
AGENTOTEL_SAME_PLACE_(llm, frequency_penalty, agentotel_llm, frequency_penalty);
AGENTOTEL_SAME_PLACE_(llm, presence_penalty, agentotel_llm, presence_penalty);
AGENTOTEL_SAME_PLACE_(llm, stop_sequences, agentotel_llm, stop_sequences);
AGENTOTEL_SAME_PLACE_(llm, stream, agentotel_llm, stream);
AGENTOTEL_SAME_PLACE_(llm, time_to_first_chunk_s, agentotel_llm, time_to_first_chunk_s);
AGENTOTEL_SAME_PLACE_(llm, input_tokens, agentotel_llm, input_tokens);
AGENTOTEL_SAME_PLACE_(llm, cache_read_input_tokens, agentotel_llm, cache_read_input_tokens);
AGENTOTEL_SAME_PLACE_(llm, cache_creation_input_tokens, agentotel_llm, cache_creation_input_tokens);
AGENTOTEL_SAME_PLACE_(llm, output_tokens, agentotel_llm, output_tokens);
AGENTOTEL_SAME_PLACE_(llm, reasoning_output_tokens, agentotel_llm, reasoning_output_tokens);
AGENTOTEL_SAME_PLACE_(llm, server_address, agentotel_llm, server_address);
AGENTOTEL_SAME_PLACE_(llm, server_port, agentotel_llm, server_port);
AGENTOTEL_SAME_PLACE_(llm, counting, agentotel_llm, counting);
AGENTOTEL_SAME_PLACE_(llm, cost_micro_units, agentotel_llm, cost_micro_units);
AGENTOTEL_SAME_PLACE_(llm, conversation_id, agentotel_llm, conversation_id);
AGENTOTEL_SAME_PLACE_(llm, prompt_name, agentotel_llm, prompt_name);
AGENTOTEL_SAME_PLACE_(llm, prompt_version, agentotel_llm, prompt_version);
AGENTOTEL_SAME_PLACE_(llm, openai_api_type, agentotel_llm, openai_api_type);
AGENTOTEL_SAME_PLACE_(llm, openai_request_service_tier, agentotel_llm, openai_request_service_tier);
AGENTOTEL_SAME_PLACE_(llm, openai_response_service_tier, agentotel_llm, openai_response_service_tier);
AGENTOTEL_SAME_PLACE_(llm, openai_system_fingerprint, agentotel_llm, openai_system_fingerprint);
AGENTOTEL_SAME_PLACE_(llm, system_instructions, agentotel_llm, system_instructions);
AGENTOTEL_SAME_PLACE_(llm, input_messages, agentotel_llm, input_messages);
AGENTOTEL_SAME_PLACE_(llm, output_messages, agentotel_llm, output_messages);
AGENTOTEL_SAME_PLACE_(llm, tool_definitions, agentotel_llm, tool_definitions);
AGENTOTEL_SAME_SIZE_(llm, agentotel_llm);
AGENTOTEL_SAME_PLACE_(tool, name, agentotel_tool, name);
AGENTOTEL_SAME_PLACE_(tool, type, agentotel_tool, type);
AGENTOTEL_SAME_PLACE_(tool, call_id, agentotel_tool, call_id);
AGENTOTEL_SAME_PLACE_(tool, description, agentotel_tool, description);
AGENTOTEL_SAME_PLACE_(tool, arguments, agentotel_tool, arguments);
AGENTOTEL_SAME_PLACE_(tool, result, agentotel_tool, result);
AGENTOTEL_SAME_SIZE_(tool, agentotel_tool);
AGENTOTEL_SAME_PLACE_(action, type, agentotel_action, type);
AGENTOTEL_SAME_PLACE_(action, params, agentotel_action, params);
AGENTOTEL_SAME_PLACE_(action, returns, agentotel_action, returns);
AGENTOTEL_SAME_PLACE_(action, logs, agentotel_action, logs);
AGENTOTEL_SAME_SIZE_(action, agentotel_action);
AGENTOTEL_SAME_PLACE_(embeddings, provider, agentotel_embeddings, provider);
AGENTOTEL_SAME_PLACE_(embeddings, request_model, agentotel_embeddings, request_model);
AGENTOTEL_SAME_PLACE_(embeddings, response_model, agentotel_embeddings, response_model);
AGENTOTEL_SAME_PLACE_(embeddings, encoding_formats, agentotel_embeddings, encoding_formats);
AGENTOTEL_SAME_PLACE_(embeddings, dimension_count, agentotel_embeddings, dimension_count);
AGENTOTEL_SAME_PLACE_(embeddings, input_tokens, agentotel_embeddings, input_tokens);
AGENTOTEL_SAME_PLACE_(embeddings, server_address, agentotel_embeddings, server_address);
AGENTOTEL_SAME_PLACE_(embeddings, server_port, agentotel_embeddings, server_port);
AGENTOTEL_SAME_PLACE_(embeddings, cost_micro_units, agentotel_embeddings, cost_micro_units);
AGENTOTEL_SAME_SIZE_(embeddings, agentotel_embeddings);
AGENTOTEL_SAME_PLACE_(retrieval, provider, agentotel_retrieval, provider);
AGENTOTEL_SAME_PLACE_(retrieval, data_source_id, agentotel_retrieval, data_source_id);
AGENTOTEL_SAME_PLACE_(retrieval, request_model, agentotel_retrieval, request_model);
AGENTOTEL_SAME_PLACE_(retrieval, top_k, agentotel_retrieval, top_k);
AGENTOTEL_SAME_PLACE_(retrieval, server_address, agentotel_retrieval, server_address);
AGENTOTEL_SAME_PLACE_(retrieval, server_port, agentotel_retrieval, server_port);
AGENTOTEL_SAME_PLACE_(retrieval, query_text, agentotel_retrieval, query_text);
AGENTOTEL_SAME_PLACE_(retrieval, documents, agentotel_retrieval, documents);
AGENTOTEL_SAME_SIZE_(retrieval, agentotel_retrieval);
AGENTOTEL_SAME_PLACE_(agent, operation, agentotel_agent, operation);
AGENTOTEL_SAME_PLACE_(agent, remote, agentotel_agent, remote);
AGENTOTEL_SAME_PLACE_(agent, provider, agentotel_agent, provider);
AGENTOTEL_SAME_PLACE_(agent, name, agentotel_agent, name);
AGENTOTEL_SAME_PLACE_(agent, id, agentotel_agent, id);
AGENTOTEL_SAME_PLACE_(agent, version, agentotel_agent, version);
AGENTOTEL_SAME_PLACE_(agent, description, agentotel_agent, description);
AGENTOTEL_SAME_PLACE_(agent, request_model, agentotel_agent, request_model);
AGENTOTEL_SAME_PLACE_(agent, data_source_id, agentotel_agent, data_source_id);
AGENTOTEL_SAME_PLACE_(agent, conversation_id, agentotel_agent, conversation_id);
AGENTOTEL_SAME_PLACE_(agent, output_type, agentotel_agent, output_type);
AGENTOTEL_SAME_PLACE_(agent, finish_reasons, agentotel_agent, finish_reasons);
AGENTOTEL_SAME_PLACE_(agent, stop_sequences, agentotel_agent, stop_sequences);
AGENTOTEL_SAME_PLACE_(agent, max_tokens, agentotel_agent, max_tokens);
AGENTOTEL_SAME_PLACE_(agent, choice_count, agentotel_agent, choice_count);
AGENTOTEL_SAME_PLACE_(agent, seed, agentotel_agent, seed);
AGENTOTEL_SAME_PLACE_(agent, temperature, agentotel_agent, temperature);
AGENTOTEL_SAME_PLACE_(agent, top_p, agentotel_agent, top_p);
AGENTOTEL_SAME_PLACE_(agent, frequency_penalty, agentotel_agent, frequency_penalty);
AGENTOTEL_SAME_PLACE_(agent, presence_penalty, agentotel_agent, presence_penalty);
AGENTOTEL_SAME_PLACE_(agent, input_tokens, agentotel_agent, input_tokens);
AGENTOTEL_SAME_PLACE_(agent, cache_read_input_tokens, agentotel_agent, cache_read_input_tokens);
AGENTOTEL_SAME_PLACE_(agent, cache_creation_input_tokens, agentotel_agent, cache_creation_input_tokens);
AGENTOTEL_SAME_PLACE_(agent, output_tokens, agentotel_agent, output_tokens);
AGENTOTEL_SAME_PLACE_(agent, counting, agentotel_agent, counting);
AGENTOTEL_SAME_PLACE_(agent, server_address, agentotel_agent, server_address);
AGENTOTEL_SAME_PLACE_(agent, server_port, agentotel_agent, server_port);
AGENTOTEL_SAME_PLACE_(agent, system_instructions, agentotel_agent, system_instructions);
AGENTOTEL_SAME_PLACE_(agent, input_messages, agentotel_agent, input_messages);
AGENTOTEL_SAME_PLACE_(agent, output_messages, agentotel_agent, output_messages);
AGENTOTEL_SAME_PLACE_(agent, tool_definitions, agentotel_agent, tool_definitions);
AGENTOTEL_SAME_SIZE_(agent, agentotel_agent);
AGENTOTEL_SAME_PLACE_(workflow, name, agentotel_workflow, name);
AGENTOTEL_SAME_PLACE_(workflow, input_messages, agentotel_workflow, input_messages);
AGENTOTEL_SAME_PLACE_(workflow, output_messages, agentotel_workflow, output_messages);
AGENTOTEL_SAME_SIZE_(workflow, agentotel_workflow);
AGENTOTEL_SAME_PLACE_(mcp_client, method, agentotel_mcp, method);
AGENTOTEL_SAME_PLACE_(mcp_client, tool_name, agentotel_mcp, tool_name);
AGENTOTEL_SAME_PLACE_(mcp_client, prompt_name, agentotel_mcp, prompt_name);
AGENTOTEL_SAME_PLACE_(mcp_client, resource_uri, agentotel_mcp, resource_uri);
AGENTOTEL_SAME_PLACE_(mcp_client, session_id, agentotel_mcp, session_id);
AGENTOTEL_SAME_PLACE_(mcp_client, protocol_version, agentotel_mcp, protocol_version);
AGENTOTEL_SAME_PLACE_(mcp_client, request_id, agentotel_mcp, request_id);
AGENTOTEL_SAME_PLACE_(mcp_client, jsonrpc_version, agentotel_mcp, jsonrpc_version);
AGENTOTEL_SAME_PLACE_(mcp_client, response_status_code, agentotel_mcp, response_status_code);
AGENTOTEL_SAME_PLACE_(mcp_client, network_transport, agentotel_mcp, network_transport);
AGENTOTEL_SAME_PLACE_(mcp_client, network_protocol_name, agentotel_mcp, network_protocol_name);
AGENTOTEL_SAME_PLACE_(mcp_client, network_protocol_version, agentotel_mcp, network_protocol_version);
AGENTOTEL_SAME_PLACE_(mcp_client, peer_address, agentotel_mcp, peer_address);
AGENTOTEL_SAME_PLACE_(mcp_client, peer_port, agentotel_mcp, peer_port);
AGENTOTEL_SAME_PLACE_(mcp_client, is_error, agentotel_mcp, is_error);
AGENTOTEL_SAME_PLACE_(mcp_client, arguments, agentotel_mcp, arguments);
AGENTOTEL_SAME_PLACE_(mcp_client, result, agentotel_mcp, result);
AGENTOTEL_SAME_SIZE_(mcp_client, agentotel_mcp);
AGENTOTEL_SAME_PLACE_(mcp_server, method, agentotel_mcp, method);
AGENTOTEL_SAME_PLACE_(mcp_server, tool_name, agentotel_mcp, tool_name);
AGENTOTEL_SAME_PLACE_(mcp_server, prompt_name, agentotel_mcp, prompt_name);
AGENTOTEL_SAME_PLACE_(mcp_server, resource_uri, agentotel_mcp, resource_uri);
AGENTOTEL_SAME_PLACE_(mcp_server, session_id, agentotel_mcp, session_id);
AGENTOTEL_SAME_PLACE_(mcp_server, protocol_version, agentotel_mcp, protocol_version);
AGENTOTEL_SAME_PLACE_(mcp_server, request_id, agentotel_mcp, request_id);
AGENTOTEL_SAME_PLACE_(mcp_server, jsonrpc_version, agentotel_mcp, jsonrpc_version);
AGENTOTEL_SAME_PLACE_(mcp_server, response_status_code, agentotel_mcp, response_status_code);
AGENTOTEL_SAME_PLACE_(mcp_server, network_transport, agentotel_mcp, network_transport);
AGENTOTEL_SAME_PLACE_(mcp_server, network_protocol_name, agentotel_mcp, network_protocol_name);
AGENTOTEL_SAME_PLACE_(mcp_server, network_protocol_version, agentotel_mcp, network_protocol_version);
AGENTOTEL_SAME_PLACE_(mcp_server, peer_address, agentotel_mcp, peer_address);
AGENTOTEL_SAME_PLACE_(mcp_server, peer_port, agentotel_mcp, peer_port);
AGENTOTEL_SAME_PLACE_(mcp_server, is_error, agentotel_mcp, is_error);
AGENTOTEL_SAME_PLACE_(mcp_server, arguments, agentotel_mcp, arguments);
AGENTOTEL_SAME_PLACE_(mcp_server, result, agentotel_mcp, result);
AGENTOTEL_SAME_SIZE_(mcp_server, agentotel_mcp);
AGENTOTEL_SAME_PLACE_(handoff, target_name, agentotel_handoff, target_name);
AGENTOTEL_SAME_PLACE_(handoff, target_id, agentotel_handoff, target_id);
AGENTOTEL_SAME_PLACE_(handoff, source_name, agentotel_handoff, source_name);
AGENTOTEL_SAME_PLACE_(handoff, source_id, agentotel_handoff, source_id);
AGENTOTEL_SAME_PLACE_(handoff, reason, agentotel_handoff, reason);
AGENTOTEL_SAME_PLACE_(handoff, input, agentotel_handoff, input);
AGENTOTEL_SAME_SIZE_(handoff, agentotel_handoff);
AGENTOTEL_SAME_PLACE_(plan, name, agentotel_plan, name);
AGENTOTEL_SAME_PLACE_(plan, agent_name, agentotel_plan, agent_name);
AGENTOTEL_SAME_PLACE_(plan, step_count, agentotel_plan, step_count);
AGENTOTEL_SAME_PLACE_(plan, revision, agentotel_plan, revision);
AGENTOTEL_SAME_PLACE_(plan, goal, agentotel_plan, goal);
AGENTOTEL_SAME_PLACE_(plan, steps, agentotel_plan, steps);
AGENTOTEL_SAME_SIZE_(plan, agentotel_plan);
AGENTOTEL_SAME_PLACE_(approval, subject, agentotel_approval, subject);
AGENTOTEL_SAME_PLACE_(approval, approver, agentotel_approval, approver);
AGENTOTEL_SAME_PLACE_(approval, reason, agentotel_approval, reason);
AGENTOTEL_SAME_PLACE_(approval, decision, agentotel_approval, decision);
AGENTOTEL_SAME_PLACE_(approval, request, agentotel_approval, request);
AGENTOTEL_SAME_SIZE_(approval, agentotel_approval);
AGENTOTEL_SAME_PLACE_(guardrail, name, agentotel_guardrail, name);
AGENTOTEL_SAME_PLACE_(guardrail, stage, agentotel_guardrail, stage);
AGENTOTEL_SAME_PLACE_(guardrail, reason, agentotel_guardrail, reason);
AGENTOTEL_SAME_PLACE_(guardrail, score, agentotel_guardrail, score);
AGENTOTEL_SAME_PLACE_(guardrail, decision, agentotel_guardrail, decision);
AGENTOTEL_SAME_PLACE_(guardrail, input, agentotel_guardrail, input);
AGENTOTEL_SAME_PLACE_(guardrail, output, agentotel_guardrail, output);
AGENTOTEL_SAME_SIZE_(guardrail, agentotel_guardrail);
AGENTOTEL_SAME_PLACE_(memory, operation, agentotel_memory, operation);
AGENTOTEL_SAME_PLACE_(memory, store, agentotel_memory, store);
AGENTOTEL_SAME_PLACE_(memory, record_id, agentotel_memory, record_id);
AGENTOTEL_SAME_PLACE_(memory, record_count, agentotel_memory, record_count);
AGENTOTEL_SAME_PLACE_(memory, query, agentotel_memory, query);
AGENTOTEL_SAME_PLACE_(memory, records, agentotel_memory, records);
AGENTOTEL_SAME_SIZE_(memory, agentotel_memory);
AGENTOTEL_SAME_PLACE_(compaction, strategy, agentotel_compaction, strategy);
AGENTOTEL_SAME_PLACE_(compaction, trigger, agentotel_compaction, trigger);
AGENTOTEL_SAME_PLACE_(compaction, tokens_before, agentotel_compaction, tokens_before);
AGENTOTEL_SAME_PLACE_(compaction, tokens_after, agentotel_compaction, tokens_after);
AGENTOTEL_SAME_PLACE_(compaction, messages_before, agentotel_compaction, messages_before);
AGENTOTEL_SAME_PLACE_(compaction, messages_after, agentotel_compaction, messages_after);
AGENTOTEL_SAME_PLACE_(compaction, summary, agentotel_compaction, summary);
AGENTOTEL_SAME_SIZE_(compaction, agentotel_compaction);
AGENTOTEL_SAME_PLACE_(evaluation, name, agentotel_evaluation, name);
AGENTOTEL_SAME_PLACE_(evaluation, score_value, agentotel_evaluation, score_value);
AGENTOTEL_SAME_PLACE_(evaluation, score_label, agentotel_evaluation, score_label);
AGENTOTEL_SAME_PLACE_(evaluation, response_id, agentotel_evaluation, response_id);
AGENTOTEL_SAME_PLACE_(evaluation, evaluator, agentotel_evaluation, evaluator);
AGENTOTEL_SAME_PLACE_(evaluation, explanation, agentotel_evaluation, explanation);
AGENTOTEL_SAME_SIZE_(evaluation, agentotel_evaluation);
AGENTOTEL_SAME_PLACE_(feedback, name, agentotel_feedback, name);
AGENTOTEL_SAME_PLACE_(feedback, source, agentotel_feedback, source);
AGENTOTEL_SAME_PLACE_(feedback, score_value, agentotel_feedback, score_value);
AGENTOTEL_SAME_PLACE_(feedback, score_label, agentotel_feedback, score_label);
AGENTOTEL_SAME_PLACE_(feedback, response_id, agentotel_feedback, response_id);
AGENTOTEL_SAME_PLACE_(feedback, user_id, agentotel_feedback, user_id);
AGENTOTEL_SAME_PLACE_(feedback, comment, agentotel_feedback, comment);
AGENTOTEL_SAME_SIZE_(feedback, agentotel_feedback);
AGENTOTEL_SAME_PLACE_(error, type, agentotel_error, type);
AGENTOTEL_SAME_PLACE_(error, message, agentotel_error, message);
AGENTOTEL_SAME_PLACE_(error, code, agentotel_error, code);
AGENTOTEL_SAME_PLACE_(error, details, agentotel_error, details);
AGENTOTEL_SAME_PLACE_(error, stack, agentotel_error, stack);
AGENTOTEL_SAME_PLACE_(error, time, agentotel_error, time_unix_nano);
AGENTOTEL_SAME_PLACE_(error, kind, agentotel_error, kind);
AGENTOTEL_SAME_SIZE_(error, agentotel_error);
AGENTOTEL_SAME_PLACE_(link, context, agentotel_link, context);
AGENTOTEL_SAME_PLACE_(link, trace_state, agentotel_link, trace_state);
AGENTOTEL_SAME_PLACE_(link, attributes, agentotel_link, attributes);
AGENTOTEL_SAME_SIZE_(link, agentotel_link);
AGENTOTEL_SAME_PLACE_(span_event, name, agentotel_span_event, name);
AGENTOTEL_SAME_PLACE_(span_event, time, agentotel_span_event, time_unix_nano);
AGENTOTEL_SAME_PLACE_(span_event, attributes, agentotel_span_event, attributes);
AGENTOTEL_SAME_SIZE_(span_event, agentotel_span_event);
AGENTOTEL_SAME_PLACE_(session_options, session_id, agentotel_session_options, session_id);
AGENTOTEL_SAME_PLACE_(session_options, name, agentotel_session_options, name);
AGENTOTEL_SAME_PLACE_(session_options, conversation_id, agentotel_session_options, conversation_id);
AGENTOTEL_SAME_PLACE_(session_options, user_id, agentotel_session_options, user_id);
AGENTOTEL_SAME_PLACE_(session_options, tags, agentotel_session_options, tags);
AGENTOTEL_SAME_PLACE_(session_options, agent_name, agentotel_session_options, agent_name);
AGENTOTEL_SAME_PLACE_(session_options, agent_id, agentotel_session_options, agent_id);
AGENTOTEL_SAME_PLACE_(session_options, agent_version, agentotel_session_options, agent_version);
AGENTOTEL_SAME_PLACE_(session_options, agent_description, agentotel_session_options, agent_description);
AGENTOTEL_SAME_PLACE_(session_options, provider, agentotel_session_options, provider);
AGENTOTEL_SAME_PLACE_(session_options, parent, agentotel_session_options, parent);
AGENTOTEL_SAME_PLACE_(session_options, trace_state, agentotel_session_options, trace_state);
AGENTOTEL_SAME_PLACE_(session_options, start_time, agentotel_session_options, start_time_unix_nano);
AGENTOTEL_SAME_PLACE_(session_options, attributes, agentotel_session_options, attributes);
AGENTOTEL_SAME_PLACE_(session_options, baggage, agentotel_session_options, baggage);
AGENTOTEL_SAME_PLACE_(session_options, resumed, agentotel_session_options, resumed);
AGENTOTEL_SAME_PLACE_(session_options, previous_session_id, agentotel_session_options, previous_session_id);
AGENTOTEL_SAME_SIZE_(session_options, agentotel_session_options);
AGENTOTEL_SAME_PLACE_(session_end, end_state, agentotel_session_end, end_state);
AGENTOTEL_SAME_PLACE_(session_end, reason, agentotel_session_end, reason);
AGENTOTEL_SAME_PLACE_(session_end, error_type, agentotel_session_end, error_type);
AGENTOTEL_SAME_PLACE_(session_end, end_time, agentotel_session_end, end_time_unix_nano);
AGENTOTEL_SAME_SIZE_(session_end, agentotel_session_end);
AGENTOTEL_SAME_PLACE_(log_record, severity_number, agentotel_log_record, severity_number);
AGENTOTEL_SAME_PLACE_(log_record, body_type, agentotel_log_record, body_type);
AGENTOTEL_SAME_PLACE_(log_record, body, agentotel_log_record, body);
AGENTOTEL_SAME_PLACE_(log_record, severity_text, agentotel_log_record, severity_text);
AGENTOTEL_SAME_PLACE_(log_record, event_name, agentotel_log_record, event_name);
AGENTOTEL_SAME_PLACE_(log_record, time, agentotel_log_record, time_unix_nano);
AGENTOTEL_SAME_PLACE_(log_record, attributes, agentotel_log_record, attributes);
AGENTOTEL_SAME_SIZE_(log_record, agentotel_log_record);
AGENTOTEL_SAME_PLACE_(instrument, name, agentotel_instrument, name);
AGENTOTEL_SAME_PLACE_(instrument, unit, agentotel_instrument, unit);
AGENTOTEL_SAME_PLACE_(instrument, description, agentotel_instrument, description);
AGENTOTEL_SAME_PLACE_(instrument, value_type, agentotel_instrument, value_type);
AGENTOTEL_SAME_PLACE_(instrument, boundaries, agentotel_instrument, boundaries);
AGENTOTEL_SAME_SIZE_(instrument, agentotel_instrument);
AGENTOTEL_SAME_PLACE_(event_data, kind, agentotel_event_data, kind);
AGENTOTEL_SAME_PLACE_(event_data, span_kind, agentotel_event_data, span_kind);
AGENTOTEL_SAME_PLACE_(event_data, name, agentotel_event_data, name);
AGENTOTEL_SAME_PLACE_(event_data, parent, agentotel_event_data, parent);
AGENTOTEL_SAME_PLACE_(event_data, start_time, agentotel_event_data, start_time_unix_nano);
AGENTOTEL_SAME_PLACE_(event_data, end_time, agentotel_event_data, end_time_unix_nano);
AGENTOTEL_SAME_PLACE_(event_data, duration, agentotel_event_data, duration_nano);
AGENTOTEL_SAME_PLACE_(event_data, status_code, agentotel_event_data, status_code);
AGENTOTEL_SAME_PLACE_(event_data, status_message, agentotel_event_data, status_message);
AGENTOTEL_SAME_PLACE_(event_data, attributes, agentotel_event_data, attributes);
AGENTOTEL_SAME_PLACE_(event_data, links, agentotel_event_data, links);
AGENTOTEL_SAME_PLACE_(event_data, span_events, agentotel_event_data, span_events);
AGENTOTEL_SAME_PLACE_(event_data, llm, agentotel_event_data, llm);
AGENTOTEL_SAME_PLACE_(event_data, tool, agentotel_event_data, tool);
AGENTOTEL_SAME_PLACE_(event_data, action, agentotel_event_data, action);
AGENTOTEL_SAME_PLACE_(event_data, error, agentotel_event_data, error);
AGENTOTEL_SAME_PLACE_(event_data, embeddings, agentotel_event_data, embeddings);
AGENTOTEL_SAME_PLACE_(event_data, retrieval, agentotel_event_data, retrieval);
AGENTOTEL_SAME_PLACE_(event_data, agent, agentotel_event_data, agent);
AGENTOTEL_SAME_PLACE_(event_data, workflow, agentotel_event_data, workflow);
AGENTOTEL_SAME_PLACE_(event_data, mcp_client, agentotel_event_data, mcp_client);
AGENTOTEL_SAME_PLACE_(event_data, mcp_server, agentotel_event_data, mcp_server);
AGENTOTEL_SAME_PLACE_(event_data, handoff, agentotel_event_data, handoff);
AGENTOTEL_SAME_PLACE_(event_data, plan, agentotel_event_data, plan);
AGENTOTEL_SAME_PLACE_(event_data, approval, agentotel_event_data, approval);
AGENTOTEL_SAME_PLACE_(event_data, guardrail, agentotel_event_data, guardrail);
AGENTOTEL_SAME_PLACE_(event_data, memory, agentotel_event_data, memory);
AGENTOTEL_SAME_PLACE_(event_data, compaction, agentotel_event_data, compaction);
AGENTOTEL_SAME_PLACE_(event_data, evaluation, agentotel_event_data, evaluation);
AGENTOTEL_SAME_PLACE_(event_data, feedback, agentotel_event_data, feedback);
AGENTOTEL_SAME_PLACE_(event_data, event_id, agentotel_event_data, event_id);
AGENTOTEL_SAME_PLACE_(event_data, parent_index, agentotel_event_data, parent_index);
AGENTOTEL_SAME_SIZE_(event_data, agentotel_event_data);
}  // namespace detail
// clang-format on
// end of what is generated: layout
#undef AGENTOTEL_SAME_PLACE_
#undef AGENTOTEL_SAME_SIZE_
static_assert(sizeof(text) == sizeof(agentotel_str) && sizeof(text_list) == sizeof(agentotel_string_array),
              "");
static_assert(sizeof(attribute) == sizeof(agentotel_attribute) && sizeof(target) == sizeof(agentotel_target),
              "");
static_assert(sizeof(span_context) == sizeof(agentotel_span_context), "");

namespace detail {

/// The C struct that has the same layout.
inline const agentotel_event_data *c(const event_data &data) noexcept {
  return reinterpret_cast<const agentotel_event_data *>(&data);
}
inline const agentotel_error *c(const error &data) noexcept {
  return reinterpret_cast<const agentotel_error *>(&data);
}
inline const agentotel_session_options *c(const session_options &data) noexcept {
  return reinterpret_cast<const agentotel_session_options *>(&data);
}
inline const agentotel_session_end *c(const session_end &data) noexcept {
  return reinterpret_cast<const agentotel_session_end *>(&data);
}
inline const agentotel_log_record *c(const log_record &data) noexcept {
  return reinterpret_cast<const agentotel_log_record *>(&data);
}
template <typename Enum>
constexpr std::uint32_t number(Enum value) noexcept {
  return static_cast<std::uint32_t>(value);
}
/// Deadlines are unsigned milliseconds: what is longer waits as long as it goes.
template <typename Rep, typename Period>
std::uint32_t milliseconds(std::chrono::duration<Rep, Period> time) noexcept {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  if (count < 0) return 0;
  return static_cast<unsigned long long>(count) > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(count);
}
/// A new function object for the library to keep, whose copy may throw: nothing then.
template <typename F>
std::decay_t<F> *keep(F &&function) noexcept {
  AGENTOTEL_TRY_ {
    return new (std::nothrow) std::decay_t<F>(std::forward<F>(function));
  }
  AGENTOTEL_CATCH_ALL_ {
    return nullptr;
  }
}
template <typename F>
void let_go(void *function) noexcept {
  delete static_cast<F *>(function);
}
/// Registers a kept function; it is let go of here when the library did not take it.
template <typename F, typename Register>
status hand_over(F *function, Register with) noexcept {
  if (!function) return AGENTOTEL_ERR_SYSTEM;
  const status answer = with(function);
  if (!answer.ok()) delete function;
  return answer;
}

}  // namespace detail

// ---- lifecycle

using std::chrono::milliseconds;

/// The library's version, such as `0.1.0`.
inline std::string_view version() noexcept {
  return agentotel_version();
}

/// The version of the binary interface that the loaded library serves.
inline std::uint32_t abi_version() noexcept {
  return agentotel_abi_version();
}

/// Starts the library; NULL is the environment and the defaults. See agentotel_init.
inline status try_init(const char *config_json = nullptr) noexcept {
  return agentotel_init(AGENTOTEL_ABI_VERSION, config_json);
}
inline status try_init(const std::string &config_json) noexcept {
  return try_init(config_json.c_str());
}

/// Delivers what has been recorded until now. See agentotel_flush.
inline status try_flush(milliseconds timeout) noexcept {
  return agentotel_flush(detail::milliseconds(timeout));
}

/// Ends what is open, delivers what is recorded, and stops the library. See agentotel_shutdown.
inline status try_shutdown(milliseconds timeout) noexcept {
  return agentotel_shutdown(detail::milliseconds(timeout));
}

#if AGENTOTEL_EXCEPTIONS_
/// As try_init, or throws.
inline void init(const char *config_json = nullptr) {
  detail::check(try_init(config_json));
}
inline void init(const std::string &config_json) {
  detail::check(try_init(config_json));
}
/// As try_flush, or throws.
inline void flush(milliseconds timeout) {
  detail::check(try_flush(timeout));
}
/// As try_shutdown, or throws.
inline void shutdown(milliseconds timeout) {
  detail::check(try_shutdown(timeout));
}

/// The library, from here to the end of the scope, which shuts it down.
class library {
 public:
  explicit library(const char *config_json = nullptr, milliseconds timeout = milliseconds(5000))
      : timeout_(timeout) {
    init(config_json);
  }
  explicit library(const std::string &config_json, milliseconds timeout = milliseconds(5000))
      : library(config_json.c_str(), timeout) {}
  library(const library &) = delete;
  library &operator=(const library &) = delete;
  ~library() { (void)try_shutdown(timeout_); }

 private:
  milliseconds timeout_;
};
#endif

// ---- logs

/// Whether a log record of this severity would be recorded, for those who would have to make its text first.
inline bool log_enabled(severity level) noexcept {
  return agentotel_log_enabled(detail::number(level)) != 0;
}

/// Records a log record of a span, or of the process alone. See agentotel_log.
inline status try_log(const log_record &record, target span = {}) noexcept {
  return agentotel_log(0, span, detail::c(record));
}
/// A severity, a body, and attributes.
inline status try_log(severity level, const value &body, list<attribute> attributes = {}) noexcept {
  log_record record;
  record.severity_number = level;
  record.set_body(body);
  record.attributes = attributes;
  return try_log(record);
}
inline status try_log(severity level, const value &body,
                      std::initializer_list<attribute> attributes) noexcept {
  return try_log(level, body, list<attribute>(attributes.begin(), attributes.size()));
}

/// Records one that is said in JSON. See agentotel_log_json.
inline status try_log_json(text json, target span = {}) noexcept {
  return agentotel_log_json(0, span, json);
}

#if AGENTOTEL_EXCEPTIONS_
/// As try_log_json, or throws.
inline void log_json(text json, target span = {}) {
  detail::check(try_log_json(json, span));
}
/// As try_log, or throws.
inline void log(const log_record &record, target span = {}) {
  detail::check(try_log(record, span));
}
inline void log(severity level, const value &body, list<attribute> attributes = {}) {
  detail::check(try_log(level, body, attributes));
}
inline void log(severity level, const value &body, std::initializer_list<attribute> attributes) {
  detail::check(try_log(level, body, attributes));
}
#endif

// ---- propagation

/// What came along with a call from another process.
struct remote_context {
  /// The span that calls; not valid when none does.
  span_context span;
  /// Its W3C `tracestate`; may be empty.
  std::string trace_state;
  /// The baggage, as the value of a W3C `baggage` header; may be empty.
  std::string baggage;

  /// Puts it into the options of a session that continues it, which borrow from here.
  void continue_in(session_options &options) const noexcept {
    options.parent = &span;
    options.trace_state = trace_state;
    options.baggage = baggage;
  }
};

/// The values of the W3C's headers; an empty one is not to be sent.
struct context_texts {
  std::string traceparent;
  std::string tracestate;
  std::string baggage;
};

namespace detail {

/// Case does not matter in the names of headers.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  for (std::size_t i = 0; i < a.size(); i++)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

template <typename Map, typename = void>
struct has_insert_or_assign : std::false_type {};
template <typename Map>
struct has_insert_or_assign<Map, std::void_t<decltype(std::declval<Map &>().insert_or_assign(
                                     std::declval<std::string>(), std::declval<std::string>()))>>
    : std::true_type {};
template <typename Map, typename = void>
struct has_emplace : std::false_type {};
template <typename Map>
struct has_emplace<Map, std::void_t<decltype(std::declval<Map &>().emplace(
                            std::declval<std::string>(), std::declval<std::string>()))>> : std::true_type {};

/// A carrier whose memory is a map, a multimap, or a sequence of pairs, of keys and values that are texts.
template <typename Map>
struct map_carrier {
  static agentotel_status set(void *map, agentotel_str key, agentotel_str value) noexcept {
    AGENTOTEL_TRY_ {
      Map &headers = *static_cast<Map *>(map);
      if constexpr (has_insert_or_assign<Map>::value) {
        headers.insert_or_assign(std::string(key.data, key.len), std::string(value.data, value.len));
      } else {
        for (auto at = headers.begin(); at != headers.end();)
          at = same_name(at->first, text(key)) ? headers.erase(at) : std::next(at);
        if constexpr (has_emplace<Map>::value) {
          headers.emplace(std::string(key.data, key.len), std::string(value.data, value.len));
        } else {
          headers.emplace_back(std::string(key.data, key.len), std::string(value.data, value.len));
        }
      }
      return AGENTOTEL_OK;
    }
    AGENTOTEL_CATCH_ALL_ {
      return AGENTOTEL_ERR_SYSTEM;
    }
  }
  static agentotel_status get(void *map, agentotel_str key, std::size_t position,
                              agentotel_str *value) noexcept {
    for (const auto &[name, found] : *static_cast<const Map *>(map)) {
      if (!same_name(name, text(key)) || position-- > 0) continue;
      *value = text(std::string_view(found));
      return AGENTOTEL_OK;
    }
    return AGENTOTEL_ERR_NOT_FOUND;
  }
  static agentotel_status key_at(void *map, std::size_t position, agentotel_str *key) noexcept {
    for (const auto &[name, found] : *static_cast<const Map *>(map)) {
      (void)found;
      if (position-- > 0) continue;
      *key = text(std::string_view(name));
      return AGENTOTEL_OK;
    }
    return AGENTOTEL_ERR_NOT_FOUND;
  }
};

/// Extracts by a call that fills a C remote context.
template <typename Extract>
result<remote_context> extract_with(Extract extract) {
  char trace_state[513] = "";
  char baggage[8193] = "";
  agentotel_remote_context found = AGENTOTEL_REMOTE_CONTEXT_INIT;
  found.trace_state = agentotel_text_buffer_of(trace_state, sizeof trace_state);
  found.baggage = agentotel_text_buffer_of(baggage, sizeof baggage);
  const status answer = extract(&found);
  if (!answer.ok()) return answer;
  return remote_context{found.span, trace_state, baggage};
}

inline status inject_texts(agentotel_session session, target span, context_texts &into) {
  char parent[64] = "";
  char state[513] = "";
  char baggage[8193] = "";
  agentotel_text_buffer parent_to = agentotel_text_buffer_of(parent, sizeof parent);
  agentotel_text_buffer state_to = agentotel_text_buffer_of(state, sizeof state);
  agentotel_text_buffer baggage_to = agentotel_text_buffer_of(baggage, sizeof baggage);
  const status answer = agentotel_inject_texts(session, span, &parent_to, &state_to, &baggage_to);
  if (answer.ok()) into = context_texts{parent, state, baggage};
  return answer;
}

inline status inject_meta(agentotel_session session, target span, std::string &into) {
  return read_text(into, [&](char *data, std::size_t capacity, std::size_t *needed) {
    agentotel_text_buffer buffer = agentotel_text_buffer_of(data, capacity);
    const agentotel_status answer = agentotel_inject_meta(session, span, &buffer);
    *needed = buffer.needed;
    return answer;
  });
}

template <typename Map>
status inject(agentotel_session session, target span, Map &headers) noexcept {
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  carrier.set = map_carrier<Map>::set;
  carrier.user_data = &headers;
  return agentotel_inject(session, span, &carrier);
}

}  // namespace detail

/// Writes a span's context alone into headers: any map, multimap or sequence of pairs of texts. See
/// agentotel_inject.
template <typename Map>
status try_inject(const span_context &span, Map &headers) noexcept {
  return detail::inject(0, span, headers);
}

/// Reads what came along in headers: any map, multimap or sequence of pairs of texts. See agentotel_extract.
template <typename Map>
result<remote_context> try_extract(const Map &headers) {
  agentotel_carrier carrier = AGENTOTEL_CARRIER_INIT;
  carrier.get = detail::map_carrier<Map>::get;
  carrier.key_at = detail::map_carrier<Map>::key_at;
  carrier.user_data = const_cast<Map *>(&headers);  // read alone
  return detail::extract_with(
      [&](agentotel_remote_context *out) { return agentotel_extract(&carrier, out); });
}

/// The same from the values of the W3C's headers. See agentotel_extract_texts.
inline result<remote_context> try_extract_texts(text traceparent, text tracestate = {}, text baggage = {}) {
  return detail::extract_with([&](agentotel_remote_context *out) {
    return agentotel_extract_texts(traceparent, tracestate, baggage, out);
  });
}

/// The same from the `params._meta` of a message of the Model Context Protocol. See agentotel_extract_meta.
inline result<remote_context> try_extract_meta(text json) {
  return detail::extract_with(
      [&](agentotel_remote_context *out) { return agentotel_extract_meta(json, out); });
}

#if AGENTOTEL_EXCEPTIONS_
/// As try_inject, or throws.
template <typename Map>
void inject(const span_context &span, Map &headers) {
  detail::check(try_inject(span, headers));
}
/// As try_extract, or throws.
template <typename Map>
remote_context extract(const Map &headers) {
  return try_extract(headers).value();
}
/// As try_extract_texts, or throws.
inline remote_context extract_texts(text traceparent, text tracestate = {}, text baggage = {}) {
  return try_extract_texts(traceparent, tracestate, baggage).value();
}
/// As try_extract_meta, or throws.
inline remote_context extract_meta(text json) {
  return try_extract_meta(json).value();
}
#endif

// ---- events

/// An event in flight, which ends with the object: as failed when an exception is on its way. See
/// agentotel_start_event.
class event {
 public:
  /// None.
  event() noexcept = default;
  /// One that was started elsewhere, to be ended here.
  explicit event(agentotel_event handle) noexcept : handle_(handle) {}
  event(event &&other) noexcept : handle_(other.release()), exceptions_(other.exceptions_) {}
  event &operator=(event &&other) noexcept {
    if (this != &other) {
      end_anyway();
      handle_ = other.release();
      exceptions_ = other.exceptions_;
    }
    return *this;
  }
  ~event() { end_anyway(); }

  /// Its handle; 0 is none.
  agentotel_event handle() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != 0; }
  /// Gives the handle away: the event is not ended here.
  agentotel_event release() noexcept { return std::exchange(handle_, 0); }

  /// Adds to it. See agentotel_update_event.
  status try_update(const event_data &data) noexcept {
    return agentotel_update_event(handle_, detail::c(data));
  }
  /// Adds attributes.
  status try_set_attributes(list<attribute> attributes) noexcept {
    event_data data;
    data.attributes = attributes;
    return try_update(data);
  }
  status try_set_attributes(std::initializer_list<attribute> attributes) noexcept {
    return try_set_attributes(list<attribute>(attributes.begin(), attributes.size()));
  }
  /// Adds what is said in JSON. See agentotel_update_event_json.
  status try_update_json(text json) noexcept { return agentotel_update_event_json(handle_, json); }
  /// Notes the first token of a streamed answer. See agentotel_event_first_token.
  status try_first_token() noexcept { return agentotel_event_first_token(handle_); }
  /// Counts a chunk of a streamed answer. See agentotel_event_chunk.
  status try_chunk(text content = {}) noexcept { return agentotel_event_chunk(handle_, content); }
  /// Its context, for passing on and for children. See agentotel_event_context.
  result<span_context> try_context() const noexcept {
    span_context out;
    const status answer = agentotel_event_context(handle_, &out);
    if (!answer.ok()) return answer;
    return out;
  }
  /// Ends it. With a full queue it stays in flight and may be ended again. See agentotel_end_event.
  status try_end() noexcept { return ended(agentotel_end_event(handle_, nullptr)); }
  /// Ends it with what its end adds.
  status try_end(const event_data &data) noexcept {
    return ended(agentotel_end_event(handle_, detail::c(data)));
  }
  /// Ends it with what is said in JSON. See agentotel_end_event_json.
  status try_end_json(text json) noexcept { return ended(agentotel_end_event_json(handle_, json)); }
  /// Records a log record of it.
  status try_log(const log_record &record) const noexcept {
    return agentotel_log(0, target(*this), detail::c(record));
  }
  /// Writes its context, and its session's baggage, into headers. See agentotel_inject.
  template <typename Map>
  status try_inject(Map &headers) const noexcept {
    return detail::inject(0, target(*this), headers);
  }
  /// The same as texts. See agentotel_inject_texts.
  status try_inject_texts(context_texts &into) const { return detail::inject_texts(0, target(*this), into); }
  /// The same for a message of the Model Context Protocol. See agentotel_inject_meta.
  status try_inject_meta(std::string &into) const { return detail::inject_meta(0, target(*this), into); }

#if AGENTOTEL_EXCEPTIONS_
  /// As those above, or throw.
  void update(const event_data &data) {
    detail::check(try_update(data));
  }
  void set_attributes(list<attribute> attributes) {
    detail::check(try_set_attributes(attributes));
  }
  void set_attributes(std::initializer_list<attribute> attributes) {
    detail::check(try_set_attributes(attributes));
  }
  void update_json(text json) {
    detail::check(try_update_json(json));
  }
  void first_token() {
    detail::check(try_first_token());
  }
  void chunk(text content = {}) {
    detail::check(try_chunk(content));
  }
  span_context context() const {
    return try_context().value();
  }
  void end() {
    detail::check(try_end());
  }
  void end(const event_data &data) {
    detail::check(try_end(data));
  }
  void end_json(text json) {
    detail::check(try_end_json(json));
  }
  void log(const log_record &record) const {
    detail::check(try_log(record));
  }
  template <typename Map>
  void inject(Map &headers) const {
    detail::check(try_inject(headers));
  }
  context_texts inject_texts() const {
    context_texts into;
    detail::check(try_inject_texts(into));
    return into;
  }
  std::string inject_meta() const {
    std::string into;
    detail::check(try_inject_meta(into));
    return into;
  }
#endif

 private:
  status ended(status answer) noexcept {
    if (answer.ok() || answer == AGENTOTEL_ERR_STALE_HANDLE || answer == AGENTOTEL_ERR_INVALID_HANDLE)
      handle_ = 0;
    return answer;
  }
  void end_anyway() noexcept {
    if (handle_ == 0) return;
    if (std::uncaught_exceptions() > exceptions_) {
      event_data data;
      data.status_code = agentotel::status_code::error;
      (void)agentotel_end_event(handle_, detail::c(data));
    } else {
      (void)agentotel_end_event(handle_, nullptr);
    }
    handle_ = 0;
  }

  agentotel_event handle_ = 0;
  int exceptions_ = std::uncaught_exceptions();
};

inline target::target(const agentotel::event &running) noexcept
    : agentotel_target{running.handle(), nullptr} {}

// ---- sessions

/// A session, which ends with the object: as failed when an exception is on its way. See
/// agentotel_start_session.
class session {
 public:
  /// None.
  session() noexcept = default;
  /// One that was started elsewhere, to be ended here.
  explicit session(agentotel_session handle) noexcept : handle_(handle) {}
  session(session &&other) noexcept : handle_(other.release()), exceptions_(other.exceptions_) {}
  session &operator=(session &&other) noexcept {
    if (this != &other) {
      end_anyway();
      handle_ = other.release();
      exceptions_ = other.exceptions_;
    }
    return *this;
  }
  ~session() { end_anyway(); }

  /// Starts one. See agentotel_start_session.
  static result<session> try_start(const session_options &options = {}) noexcept {
    agentotel_session handle = 0;
    const status answer = agentotel_start_session(detail::c(options), &handle);
    if (!answer.ok()) return answer;
    return session(handle);
  }
  /// Starts one that is said in JSON. See agentotel_start_session_json.
  static result<session> try_start_json(text json) noexcept {
    agentotel_session handle = 0;
    const status answer = agentotel_start_session_json(json, &handle);
    if (!answer.ok()) return answer;
    return session(handle);
  }

  /// Its handle; 0 is none.
  agentotel_session handle() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != 0; }
  /// Gives the handle away: the session is not ended here.
  agentotel_session release() noexcept { return std::exchange(handle_, 0); }

  /// Records an event: a detail, `custom{"name"}`, or an event_data. See agentotel_record_event.
  status try_record(const event_data &data) const noexcept {
    return agentotel_record_event(handle_, detail::c(data), nullptr);
  }
  /// The same, which gives the span's context.
  status try_record(const event_data &data, span_context &out) const noexcept {
    return agentotel_record_event(handle_, detail::c(data), &out);
  }
  /// With attributes, in place of those that the event has.
  status try_record(event_data data, std::initializer_list<attribute> attributes) const noexcept {
    data.attributes = list<attribute>(attributes.begin(), attributes.size());
    return agentotel_record_event(handle_, detail::c(data), nullptr);
  }
  status try_record(event_data data, std::initializer_list<attribute> attributes,
                    span_context &out) const noexcept {
    data.attributes = list<attribute>(attributes.begin(), attributes.size());
    return agentotel_record_event(handle_, detail::c(data), &out);
  }
  /// Records several, in order, until one is refused; gives how many were. See agentotel_record_events.
  status try_record(list<event_data> events, std::size_t &recorded,
                    span_context *contexts = nullptr) const noexcept {
    return agentotel_record_events(handle_, reinterpret_cast<const agentotel_event_data *>(events.items),
                                   events.count, contexts, &recorded);
  }
  /// Records one that is said in JSON. See agentotel_record_event_json.
  status try_record_json(text json, span_context *out = nullptr) const noexcept {
    return agentotel_record_event_json(handle_, json, out);
  }
  /// Starts an event that will be ended later. See agentotel_start_event.
  result<event> try_start_event(const event_data &data) const noexcept {
    agentotel_event started = 0;
    const status answer = agentotel_start_event(handle_, detail::c(data), &started);
    if (!answer.ok()) return answer;
    return event(started);
  }
  result<event> try_start_event(event_data data, std::initializer_list<attribute> attributes) const noexcept {
    data.attributes = list<attribute>(attributes.begin(), attributes.size());
    return try_start_event(data);
  }
  /// Starts one that is said in JSON. See agentotel_start_event_json.
  result<event> try_start_event_json(text json) const noexcept {
    agentotel_event started = 0;
    const status answer = agentotel_start_event_json(handle_, json, &started);
    if (!answer.ok()) return answer;
    return event(started);
  }
  /// Records an error of a span, or of the session itself. See agentotel_record_error.
  status try_record_error(const error &what, target span = {}) const noexcept {
    return agentotel_record_error(handle_, span, detail::c(what));
  }
  /// The same, said in JSON. See agentotel_record_error_json.
  status try_record_error_json(text json, target span = {}) const noexcept {
    return agentotel_record_error_json(handle_, span, json);
  }
  /// Records a log record of the session, or of a span of it. See agentotel_log.
  status try_log(const log_record &record, target span = {}) const noexcept {
    return agentotel_log(handle_, span, detail::c(record));
  }
  /// A severity, a body, and attributes.
  status try_log(severity level, const value &body,
                 std::initializer_list<attribute> attributes = {}) const noexcept {
    log_record record;
    record.severity_number = level;
    record.set_body(body);
    record.attributes = list<attribute>(attributes.begin(), attributes.size());
    return try_log(record);
  }
  /// One that is said in JSON. See agentotel_log_json.
  status try_log_json(text json, target span = {}) const noexcept {
    return agentotel_log_json(handle_, span, json);
  }
  /// Sets attributes of the root span. See agentotel_session_set_attributes.
  status try_set_attributes(list<attribute> attributes) const noexcept {
    return agentotel_session_set_attributes(handle_, attributes.items, attributes.count);
  }
  status try_set_attributes(std::initializer_list<attribute> attributes) const noexcept {
    return agentotel_session_set_attributes(handle_, attributes.begin(), attributes.size());
  }
  /// The root span's context. See agentotel_session_context.
  result<span_context> try_context() const noexcept {
    span_context out;
    const status answer = agentotel_session_context(handle_, &out);
    if (!answer.ok()) return answer;
    return out;
  }
  /// Ends it. See agentotel_end_session.
  status try_end() noexcept { return ended(agentotel_end_session(handle_, nullptr)); }
  status try_end(const session_end &how) noexcept {
    return ended(agentotel_end_session(handle_, detail::c(how)));
  }
  status try_end(end_state state, text reason = {}) noexcept {
    session_end how;
    how.end_state = state;
    how.reason = reason;
    return try_end(how);
  }
  /// Ends it with what is said in JSON. See agentotel_end_session_json.
  status try_end_json(text json) noexcept { return ended(agentotel_end_session_json(handle_, json)); }

  /// Adds an entry to the baggage. See agentotel_session_set_baggage.
  status try_set_baggage(text key, text value, text metadata = {}) const noexcept {
    return agentotel_session_set_baggage(handle_, key, value, metadata);
  }
  /// Takes one out. See agentotel_session_remove_baggage.
  status try_remove_baggage(text key) const noexcept {
    return agentotel_session_remove_baggage(handle_, key);
  }
  /// An entry, and its properties when wanted. See agentotel_session_get_baggage.
  status try_get_baggage(text key, std::string &value, std::string *metadata = nullptr) const {
    char text[8193] = "";
    char properties[8193] = "";
    agentotel_text_buffer text_to = agentotel_text_buffer_of(text, sizeof text);
    agentotel_text_buffer properties_to = agentotel_text_buffer_of(properties, sizeof properties);
    const status answer =
        agentotel_session_get_baggage(handle_, key, &text_to, metadata ? &properties_to : nullptr);
    if (!answer.ok()) return answer;
    value.assign(text, text_to.needed > 0 ? text_to.needed - 1 : 0);
    if (metadata) *metadata = properties;
    return answer;
  }
  /// Shows all entries: `visit(std::string_view key, std::string_view value, std::string_view metadata)`.
  /// What it throws comes out of here once the others were shown. See agentotel_session_list_baggage.
  template <typename Visit>
  status try_list_baggage(Visit &&visit) const {
    struct visitor {
      std::remove_reference_t<Visit> *visit;
      std::exception_ptr thrown;
    } state{&visit, nullptr};
    const status answer = agentotel_session_list_baggage(
        handle_,
        [](void *user_data, agentotel_str key, agentotel_str value, agentotel_str metadata) {
          visitor &own = *static_cast<visitor *>(user_data);
          AGENTOTEL_TRY_ {
            if (!own.thrown) (*own.visit)(text(key).view(), text(value).view(), text(metadata).view());
          }
          AGENTOTEL_CATCH_ALL_ {
            own.thrown = std::current_exception();
          }
        },
        &state);
#if AGENTOTEL_EXCEPTIONS_
    if (state.thrown) std::rethrow_exception(state.thrown);
#endif
    return answer;
  }

  /// Writes the context of the root span, or of another, and the baggage into headers. See agentotel_inject.
  template <typename Map>
  status try_inject(Map &headers, target span = {}) const noexcept {
    return detail::inject(handle_, span, headers);
  }
  /// The same as texts. See agentotel_inject_texts.
  status try_inject_texts(context_texts &into, target span = {}) const {
    return detail::inject_texts(handle_, span, into);
  }
  /// The same for a message of the Model Context Protocol. See agentotel_inject_meta.
  status try_inject_meta(std::string &into, target span = {}) const {
    return detail::inject_meta(handle_, span, into);
  }

#if AGENTOTEL_EXCEPTIONS_
  /// As those above, or throw.
  explicit session(const session_options &options) : session(try_start(options).value()) {}
  static session start(const session_options &options = {}) {
    return try_start(options).value();
  }
  static session start_json(text json) {
    return try_start_json(json).value();
  }
  span_context record(const event_data &data) const {
    span_context out;
    detail::check(try_record(data, out));
    return out;
  }
  span_context record(event_data data, std::initializer_list<attribute> attributes) const {
    span_context out;
    data.attributes = list<attribute>(attributes.begin(), attributes.size());
    detail::check(try_record(data, out));
    return out;
  }
  std::vector<span_context> record_all(list<event_data> events) const {
    std::vector<span_context> contexts(events.count);
    std::size_t recorded = 0;
    detail::check(try_record(events, recorded, contexts.data()));
    return contexts;
  }
  span_context record_json(text json) const {
    span_context out;
    detail::check(try_record_json(json, &out));
    return out;
  }
  event start_event(const event_data &data) const {
    return try_start_event(data).value();
  }
  event start_event(event_data data, std::initializer_list<attribute> attributes) const {
    return try_start_event(data, attributes).value();
  }
  event start_event_json(text json) const {
    return try_start_event_json(json).value();
  }
  void record_error(const error &what, target span = {}) const {
    detail::check(try_record_error(what, span));
  }
  void record_error_json(text json, target span = {}) const {
    detail::check(try_record_error_json(json, span));
  }
  void log_json(text json, target span = {}) const {
    detail::check(try_log_json(json, span));
  }
  void log(const log_record &record, target span = {}) const {
    detail::check(try_log(record, span));
  }
  void log(severity level, const value &body, std::initializer_list<attribute> attributes = {}) const {
    detail::check(try_log(level, body, attributes));
  }
  void set_attributes(list<attribute> attributes) const {
    detail::check(try_set_attributes(attributes));
  }
  void set_attributes(std::initializer_list<attribute> attributes) const {
    detail::check(try_set_attributes(attributes));
  }
  span_context context() const {
    return try_context().value();
  }
  void end() {
    detail::check(try_end());
  }
  void end(const session_end &how) {
    detail::check(try_end(how));
  }
  void end(end_state state, text reason = {}) {
    detail::check(try_end(state, reason));
  }
  void end_json(text json) {
    detail::check(try_end_json(json));
  }
  void set_baggage(text key, text value, text metadata = {}) const {
    detail::check(try_set_baggage(key, value, metadata));
  }
  void remove_baggage(text key) const {
    detail::check(try_remove_baggage(key));
  }
  /// The value of an entry of the baggage, or nothing.
  std::optional<std::string> baggage(text key) const {
    std::string value;
    const status answer = try_get_baggage(key, value);
    if (answer == AGENTOTEL_ERR_NOT_FOUND) return std::nullopt;
    detail::check(answer);
    return value;
  }
  template <typename Visit>
  void list_baggage(Visit &&visit) const {
    detail::check(try_list_baggage(std::forward<Visit>(visit)));
  }
  template <typename Map>
  void inject(Map &headers, target span = {}) const {
    detail::check(try_inject(headers, span));
  }
  context_texts inject_texts(target span = {}) const {
    context_texts into;
    detail::check(try_inject_texts(into, span));
    return into;
  }
  std::string inject_meta(target span = {}) const {
    std::string into;
    detail::check(try_inject_meta(into, span));
    return into;
  }
#endif

 private:
  status ended(status answer) noexcept {
    // An end that is wrong in itself leaves the session open; whatever else is said, it is over.
    if (answer != AGENTOTEL_ERR_INVALID_ARGUMENT && answer != AGENTOTEL_ERR_STRUCT_SIZE &&
        answer != AGENTOTEL_ERR_TOO_LARGE)
      handle_ = 0;
    return answer;
  }
  void end_anyway() noexcept {
    if (handle_ == 0) return;
    session_end how;
    if (std::uncaught_exceptions() > exceptions_) how.end_state = agentotel::end_state::fail;
    (void)agentotel_end_session(handle_, detail::c(how));
    handle_ = 0;
  }

  agentotel_session handle_ = 0;
  int exceptions_ = std::uncaught_exceptions();
};

// ---- inspection

/// Counters of one signal. See agentotel_stats.
struct stats : agentotel_stats {
  stats() noexcept : agentotel_stats(AGENTOTEL_STATS_INIT) {}
  /// All that was refused, for whatever reason.
  std::uint64_t refused_in_all() const noexcept {
    std::uint64_t sum = 0;
    for (auto count : refused)
      sum += count;
    return sum;
  }
};

/// Counters of one exporter and signal. See agentotel_exporter_stats.
struct exporter_stats : agentotel_exporter_stats {
  exporter_stats() noexcept : agentotel_exporter_stats(AGENTOTEL_EXPORTER_STATS_INIT) {}
  /// All that was given up, for whatever reason.
  std::uint64_t dropped_in_all() const noexcept {
    std::uint64_t sum = 0;
    for (auto count : dropped)
      sum += count;
    return sum;
  }
};

/// How the storage fares. See agentotel_storage_stats.
struct storage_stats : agentotel_storage_stats {
  storage_stats() noexcept : agentotel_storage_stats(AGENTOTEL_STORAGE_STATS_INIT) {}
};

/// An event in flight, as try_list_live shows it. See agentotel_live_event.
struct live_event : agentotel_live_event {
  live_event() noexcept : agentotel_live_event(AGENTOTEL_LIVE_EVENT_INIT) {}
};
static_assert(sizeof(live_event) == sizeof(agentotel_live_event), "");

/// Reads the counters of one signal. See agentotel_get_stats.
inline result<stats> try_get_stats(signal of) noexcept {
  stats out;
  const status answer = agentotel_get_stats(detail::number(of), &out);
  if (!answer.ok()) return answer;
  return out;
}

/// Reads the counters of one exporter. See agentotel_get_exporter_stats.
inline result<exporter_stats> try_get_exporter_stats(text name, signal of) noexcept {
  exporter_stats out;
  const status answer = agentotel_get_exporter_stats(name, detail::number(of), &out);
  if (!answer.ok()) return answer;
  return out;
}

/// What went wrong last with an exporter; empty when nothing did. See agentotel_get_exporter_error.
inline result<std::string> try_get_exporter_error(text name, signal of) {
  std::string words;
  const status answer = detail::read_text(words, [&](char *data, std::size_t capacity, std::size_t *needed) {
    return agentotel_get_exporter_error(name, detail::number(of), data, capacity, needed);
  });
  if (!answer.ok()) return answer;
  return words;
}

/// Reads how the storage fares. See agentotel_get_storage_stats.
inline result<storage_stats> try_get_storage_stats() noexcept {
  storage_stats out;
  const status answer = agentotel_get_storage_stats(&out);
  if (!answer.ok()) return answer;
  return out;
}

/// The library's last diagnostic lines. See agentotel_get_diagnostics.
inline result<std::string> try_get_diagnostics() {
  std::string lines;
  const status answer = detail::read_text(lines, [](char *data, std::size_t capacity, std::size_t *needed) {
    return agentotel_get_diagnostics(data, capacity, needed);
  });
  if (!answer.ok()) return answer;
  return lines;
}

/// The events in flight, oldest first. See agentotel_list_live.
inline result<std::vector<live_event>> try_list_live() {
  std::vector<live_event> events;
  for (;;) {
    std::size_t needed = 0;
    const status answer = agentotel_list_live(events.data(), events.size(), &needed);
    if (answer == AGENTOTEL_ERR_BUFFER_TOO_SMALL) {
      events = std::vector<live_event>(needed + 8);
      continue;
    }
    if (!answer.ok()) return answer;
    events.resize(needed);
    return events;
  }
}

#if AGENTOTEL_EXCEPTIONS_
/// As those above, or throw.
inline stats get_stats(signal of) {
  return try_get_stats(of).value();
}
inline exporter_stats get_exporter_stats(text name, signal of) {
  return try_get_exporter_stats(name, of).value();
}
inline std::string get_exporter_error(text name, signal of) {
  return try_get_exporter_error(name, of).value();
}
inline storage_stats get_storage_stats() {
  return try_get_storage_stats().value();
}
inline std::string get_diagnostics() {
  return try_get_diagnostics().value();
}
inline std::vector<live_event> list_live() {
  return try_list_live().value();
}
#endif

// ---- metrics

namespace detail {

inline const agentotel_instrument *c(const instrument &data) noexcept {
  return reinterpret_cast<const agentotel_instrument *>(&data);
}

/// The calls of each kind of instrument.
struct counter_calls {
  static agentotel_status create(const agentotel_instrument *what, std::uint64_t *out) noexcept {
    return agentotel_create_counter(what, out);
  }
  static agentotel_status measure(std::uint64_t own, double value, list<attribute> with) noexcept {
    return agentotel_counter_add(own, value, with.items, with.count);
  }
  static agentotel_status bind(std::uint64_t own, list<attribute> with, std::uint64_t *out) noexcept {
    return agentotel_bind_counter(own, with.items, with.count, out);
  }
  static agentotel_status measure_bound(std::uint64_t own, double value) noexcept {
    return agentotel_bound_counter_add(own, value);
  }
};
struct up_down_counter_calls {
  static agentotel_status create(const agentotel_instrument *what, std::uint64_t *out) noexcept {
    return agentotel_create_up_down_counter(what, out);
  }
  static agentotel_status measure(std::uint64_t own, double value, list<attribute> with) noexcept {
    return agentotel_up_down_counter_add(own, value, with.items, with.count);
  }
  static agentotel_status bind(std::uint64_t own, list<attribute> with, std::uint64_t *out) noexcept {
    return agentotel_bind_up_down_counter(own, with.items, with.count, out);
  }
  static agentotel_status measure_bound(std::uint64_t own, double value) noexcept {
    return agentotel_bound_up_down_counter_add(own, value);
  }
};
struct histogram_calls {
  static agentotel_status create(const agentotel_instrument *what, std::uint64_t *out) noexcept {
    return agentotel_create_histogram(what, out);
  }
  static agentotel_status measure(std::uint64_t own, double value, list<attribute> with) noexcept {
    return agentotel_histogram_record(own, value, with.items, with.count);
  }
  static agentotel_status bind(std::uint64_t own, list<attribute> with, std::uint64_t *out) noexcept {
    return agentotel_bind_histogram(own, with.items, with.count, out);
  }
  static agentotel_status measure_bound(std::uint64_t own, double value) noexcept {
    return agentotel_bound_histogram_record(own, value);
  }
};
struct gauge_calls {
  static agentotel_status create(const agentotel_instrument *what, std::uint64_t *out) noexcept {
    return agentotel_create_gauge(what, out);
  }
  static agentotel_status measure(std::uint64_t own, double value, list<attribute> with) noexcept {
    return agentotel_gauge_record(own, value, with.items, with.count);
  }
  static agentotel_status bind(std::uint64_t own, list<attribute> with, std::uint64_t *out) noexcept {
    return agentotel_bind_gauge(own, with.items, with.count, out);
  }
  static agentotel_status measure_bound(std::uint64_t own, double value) noexcept {
    return agentotel_bound_gauge_record(own, value);
  }
};

}  // namespace detail

/// An instrument whose attributes are fixed: measuring with it takes some tens of nanoseconds at most.
template <typename Calls>
class bound_instrument {
 public:
  /// None.
  bound_instrument() noexcept = default;
  explicit bound_instrument(std::uint64_t handle) noexcept : handle_(handle) {}
  /// Its handle; 0 is none.
  std::uint64_t handle() const noexcept { return handle_; }
  /// Adds to a counter; records a value in a histogram; sets a gauge.
  status try_measure(double value) const noexcept { return Calls::measure_bound(handle_, value); }
#if AGENTOTEL_EXCEPTIONS_
  /// As try_measure, or throws.
  void measure(double value) const {
    detail::check(try_measure(value));
  }
#endif

 private:
  std::uint64_t handle_ = 0;
};

/// An instrument: a counter, an up-down counter, a histogram or a gauge. It is a handle, good until the
/// library is shut down, to be copied at will. See agentotel_create_counter and its like.
template <typename Calls>
class basic_instrument {
 public:
  /// The same with fixed attributes.
  using bound = bound_instrument<Calls>;

  /// None.
  basic_instrument() noexcept = default;
  explicit basic_instrument(std::uint64_t handle) noexcept : handle_(handle) {}
  /// Its handle; 0 is none.
  std::uint64_t handle() const noexcept { return handle_; }

  /// Makes one; one of this name that there is already is found again.
  static result<basic_instrument> try_create(const instrument &what) noexcept {
    std::uint64_t handle = 0;
    const status answer = Calls::create(detail::c(what), &handle);
    if (!answer.ok()) return answer;
    return basic_instrument(handle);
  }
  /// Adds to a counter; records a value in a histogram; sets a gauge.
  status try_measure(double value, list<attribute> attributes = {}) const noexcept {
    return Calls::measure(handle_, value, attributes);
  }
  status try_measure(double value, std::initializer_list<attribute> attributes) const noexcept {
    return Calls::measure(handle_, value, list<attribute>(attributes.begin(), attributes.size()));
  }
  /// The same with fixed attributes.
  result<bound> try_bind(list<attribute> attributes) const noexcept {
    std::uint64_t handle = 0;
    const status answer = Calls::bind(handle_, attributes, &handle);
    if (!answer.ok()) return answer;
    return bound(handle);
  }
  result<bound> try_bind(std::initializer_list<attribute> attributes) const noexcept {
    return try_bind(list<attribute>(attributes.begin(), attributes.size()));
  }

#if AGENTOTEL_EXCEPTIONS_
  /// As those above, or throw.
  explicit basic_instrument(const instrument &what) : basic_instrument(try_create(what).value()) {}
  void measure(double value, list<attribute> attributes = {}) const {
    detail::check(try_measure(value, attributes));
  }
  void measure(double value, std::initializer_list<attribute> attributes) const {
    detail::check(try_measure(value, attributes));
  }
  bound bind(list<attribute> attributes) const {
    return try_bind(attributes).value();
  }
  bound bind(std::initializer_list<attribute> attributes) const {
    return try_bind(attributes).value();
  }
#endif

 private:
  std::uint64_t handle_ = 0;
};

/// A sum that only rises.
using counter = basic_instrument<detail::counter_calls>;
/// A sum that rises and falls.
using up_down_counter = basic_instrument<detail::up_down_counter_calls>;
/// A distribution, in buckets.
using histogram = basic_instrument<detail::histogram_calls>;
/// The last value.
using gauge = basic_instrument<detail::gauge_calls>;

/// What the function of an observable gauge gives its values to.
class observation {
 public:
  explicit observation(agentotel_observation *own) noexcept : own_(own) {}
  /// Says a value. See agentotel_observe.
  status observe(double value, list<attribute> attributes = {}) noexcept {
    return agentotel_observe(own_, value, attributes.items, attributes.count);
  }
  status observe(double value, std::initializer_list<attribute> attributes) noexcept {
    return agentotel_observe(own_, value, attributes.begin(), attributes.size());
  }

 private:
  agentotel_observation *own_;
};

/// Registers `void function(observation &)`, which says a gauge's values at each collection; of one that
/// throws, what it had said stays. See agentotel_register_observable_gauge.
template <typename F>
status try_register_observable_gauge(const instrument &what, F &&function) noexcept {
  using Kept = std::decay_t<F>;
  return detail::hand_over(detail::keep(std::forward<F>(function)), [&](Kept *kept) {
    agentotel_observable observable = AGENTOTEL_OBSERVABLE_INIT;
    observable.observe = [](void *own, agentotel_observation *into) {
      observation given(into);
      AGENTOTEL_TRY_ {
        (*static_cast<Kept *>(own))(given);
      }
      AGENTOTEL_CATCH_ALL_ {}
    };
    observable.user_data = kept;
    observable.destroy = detail::let_go<Kept>;
    return agentotel_register_observable_gauge(detail::c(what), &observable);
  });
}

#if AGENTOTEL_EXCEPTIONS_
/// As try_register_observable_gauge, or throws.
template <typename F>
void register_observable_gauge(const instrument &what, F &&function) {
  detail::check(try_register_observable_gauge(what, std::forward<F>(function)));
}
#endif

// ---- callbacks

/// Adds an exporter: one entry of the configuration's list. See agentotel_add_exporter.
inline status try_add_exporter(const char *exporter_json) noexcept {
  return agentotel_add_exporter(exporter_json);
}

/// Removes one, after delivering what there is. See agentotel_remove_exporter.
inline status try_remove_exporter(text name, milliseconds timeout) noexcept {
  return agentotel_remove_exporter(name, detail::milliseconds(timeout));
}

/// What an exporter says of a batch.
enum class export_verdict : std::uint32_t {
  /// It was taken.
  ok = AGENTOTEL_EXPORT_OK,
  /// It is to be handed over again.
  retry = AGENTOTEL_EXPORT_RETRY,
  /// It is refused for good.
  reject = AGENTOTEL_EXPORT_REJECT,
};

/// A batch that an exporter is handed, valid during the call.
class export_batch {
 public:
  explicit export_batch(const agentotel_export_batch &batch) noexcept : batch_(&batch) {}
  /// What is in it.
  agentotel::signal signal() const noexcept { return static_cast<agentotel::signal>(batch_->signal); }
  /// How it is encoded.
  agentotel::payload_type payload_type() const noexcept {
    return static_cast<agentotel::payload_type>(batch_->payload_type);
  }
  /// A complete OTLP export request.
  std::string_view payload() const noexcept {
    return {reinterpret_cast<const char *>(batch_->payload), batch_->payload_len};
  }
  /// How many spans or log records it has.
  std::uint64_t item_count() const noexcept { return batch_->item_count; }
  /// How long the call should take at most.
  milliseconds timeout() const noexcept { return milliseconds(batch_->timeout_ms); }

 private:
  const agentotel_export_batch *batch_;
};

/// What an exporter says beside its verdict.
class export_answer {
 public:
  explicit export_answer(agentotel_export_answer &answer) noexcept : answer_(&answer) {}
  /// With `retry`: to wait at least.
  void retry_after(milliseconds time) noexcept { answer_->retry_after_ms = detail::milliseconds(time); }
  /// With `ok`: items that were refused for good.
  void rejected_items(std::uint64_t count) noexcept { answer_->rejected_items = count; }
  /// Why, for the diagnostics; cut to fit.
  void message(std::string_view words) noexcept {
    const std::size_t size =
        words.size() < sizeof answer_->message ? words.size() : sizeof answer_->message - 1;
    std::memcpy(answer_->message, words.data(), size);
    answer_->message[size] = '\0';
  }

 private:
  agentotel_export_answer *answer_;
};

/// Registers `export_verdict function(const export_batch &, export_answer &)` as the function of exporters of
/// the type `host`. One that throws is asked again later. See agentotel_register_exporter.
template <typename F>
status try_register_exporter(text name, F &&function) noexcept {
  using Kept = std::decay_t<F>;
  return detail::hand_over(detail::keep(std::forward<F>(function)), [&](Kept *kept) {
    agentotel_exporter_callbacks callbacks = AGENTOTEL_EXPORTER_CALLBACKS_INIT;
    callbacks.export_batch = [](void *own, const agentotel_export_batch *batch,
                                agentotel_export_answer *answer) -> std::uint32_t {
      export_answer said(*answer);
      AGENTOTEL_TRY_ {
        return detail::number((*static_cast<Kept *>(own))(export_batch(*batch), said));
      }
      AGENTOTEL_CATCH_ALL_ {
        said.message("the exporter has thrown an exception");
        return AGENTOTEL_EXPORT_RETRY;
      }
    };
    callbacks.user_data = kept;
    callbacks.destroy = detail::let_go<Kept>;
    return agentotel_register_exporter(name, &callbacks);
  });
}

/// Registers `std::string function(signal, std::string_view json)` as a formatter: it makes one line of a
/// record, and an empty one leaves it out. A record for which it throws is counted as rejected. See
/// agentotel_register_formatter.
template <typename F>
status try_register_formatter(text name, F &&function) noexcept {
  struct Kept {
    std::decay_t<F> function;
    std::string line;      // what did not fit, for the call that follows
    bool waiting = false;  // all on the thread that exports
  };
  Kept *made = nullptr;
  AGENTOTEL_TRY_ {
    made = new (std::nothrow) Kept{std::forward<F>(function), {}, false};
  }
  AGENTOTEL_CATCH_ALL_ {
    made = nullptr;
  }
  return detail::hand_over(made, [&](Kept *kept) {
    agentotel_formatter formatter = AGENTOTEL_FORMATTER_INIT;
    formatter.format = [](void *user_data, std::uint32_t of, agentotel_str json, char *buffer,
                          std::size_t capacity, std::size_t *needed) -> agentotel_status {
      Kept &own = *static_cast<Kept *>(user_data);
      AGENTOTEL_TRY_ {
        if (!own.waiting || capacity < own.line.size())
          own.line = own.function(static_cast<agentotel::signal>(of), text(json).view());
        *needed = own.line.size();
        own.waiting = own.line.size() > capacity;
        if (own.waiting) return AGENTOTEL_ERR_BUFFER_TOO_SMALL;
        std::memcpy(buffer, own.line.data(), own.line.size());
        return AGENTOTEL_OK;
      }
      AGENTOTEL_CATCH_ALL_ {
        return AGENTOTEL_ERR_INTERNAL;
      }
    };
    formatter.user_data = kept;
    formatter.destroy = detail::let_go<Kept>;
    return agentotel_register_formatter(name, &formatter);
  });
}

/// The headers of one request, as far as they have been given.
class headers {
 public:
  explicit headers(agentotel_headers *own) noexcept : own_(own) {}
  /// Adds one, in place of one of the same name. See agentotel_add_header.
  status add(text name, text value) noexcept { return agentotel_add_header(own_, name, value); }

 private:
  agentotel_headers *own_;
};

/// Has an exporter's requests carry what `void function(headers &)` adds at each of them; one that throws
/// fails the attempt. See agentotel_register_header_provider.
template <typename F>
status try_register_header_provider(text exporter, F &&function) noexcept {
  using Kept = std::decay_t<F>;
  return detail::hand_over(detail::keep(std::forward<F>(function)), [&](Kept *kept) {
    agentotel_header_provider provider = AGENTOTEL_HEADER_PROVIDER_INIT;
    provider.provide = [](void *own, agentotel_headers *into) -> agentotel_status {
      headers given(into);
      AGENTOTEL_TRY_ {
        (*static_cast<Kept *>(own))(given);
        return AGENTOTEL_OK;
      }
      AGENTOTEL_CATCH_ALL_ {
        return AGENTOTEL_ERR_INTERNAL;
      }
    };
    provider.user_data = kept;
    provider.destroy = detail::let_go<Kept>;
    return agentotel_register_header_provider(exporter, &provider);
  });
}

/// A session that is to start, valid during the call.
class sampling_question {
 public:
  explicit sampling_question(const agentotel_sampling_question &question) noexcept : question_(&question) {}
  /// The 16 bytes of the trace id that it will have.
  const std::uint8_t *trace_id() const noexcept { return question_->trace_id; }
  /// The parent in another process, or nothing.
  std::optional<span_context> parent() const noexcept {
    if (!question_->parent) return std::nullopt;
    return span_context(*question_->parent);
  }
  /// The parent's `tracestate`.
  std::string_view trace_state() const noexcept { return text(question_->trace_state).view(); }
  /// The name of the root span.
  std::string_view session_name() const noexcept { return text(question_->session_name).view(); }
  /// The attributes that it is started with.
  list<agentotel_attribute> attributes() const noexcept {
    return {question_->attributes, question_->attribute_count};
  }

 private:
  const agentotel_sampling_question *question_;
};

/// What a sampler may say beside its decision.
class sampling_answer {
 public:
  explicit sampling_answer(agentotel_sampling_answer &answer) noexcept : answer_(&answer) {}
  /// The session's `tracestate`; false when it is too long.
  bool trace_state(std::string_view value) noexcept {
    if (value.size() >= sizeof answer_->trace_state) return false;
    std::memcpy(answer_->trace_state, value.data(), value.size());
    answer_->trace_state[value.size()] = '\0';
    return true;
  }

 private:
  agentotel_sampling_answer *answer_;
};

/// Registers `bool function(const sampling_question &, sampling_answer &)` as a sampler: true keeps the
/// session. One that throws has it kept. See agentotel_register_sampler.
template <typename F>
status try_register_sampler(text name, F &&function) noexcept {
  using Kept = std::decay_t<F>;
  return detail::hand_over(detail::keep(std::forward<F>(function)), [&](Kept *kept) {
    agentotel_sampler sampler = AGENTOTEL_SAMPLER_INIT;
    sampler.should_sample = [](void *own, const agentotel_sampling_question *question,
                               agentotel_sampling_answer *answer) -> std::uint32_t {
      sampling_answer said(*answer);
      AGENTOTEL_TRY_ {
        const bool keep = (*static_cast<Kept *>(own))(sampling_question(*question), said);
        return keep ? AGENTOTEL_SAMPLING_KEEP : AGENTOTEL_SAMPLING_DROP;
      }
      AGENTOTEL_CATCH_ALL_ {
        return AGENTOTEL_SAMPLING_KEEP;
      }
    };
    sampler.user_data = kept;
    sampler.destroy = detail::let_go<Kept>;
    return agentotel_register_sampler(name, &sampler);
  });
}

/// What attributes are wanted for, valid during the call.
class injectee {
 public:
  explicit injectee(const agentotel_injectee &about) noexcept : about_(&about) {}
  /// A span or a log record.
  agentotel::signal signal() const noexcept { return static_cast<agentotel::signal>(about_->signal); }
  /// The event's kind.
  agentotel::kind kind() const noexcept { return static_cast<agentotel::kind>(about_->kind); }
  /// Whether it is a session's root span.
  bool is_session() const noexcept { return about_->is_session != 0; }
  /// The session's root span.
  span_context session() const noexcept { return about_->session; }

 private:
  const agentotel_injectee *about_;
};

/// The attributes of what is being recorded.
class attributes {
 public:
  explicit attributes(agentotel_attributes *own) noexcept : own_(own) {}
  /// Adds one, in place of one of the same key. See agentotel_add_attribute.
  status add(const attribute &one) noexcept { return agentotel_add_attribute(own_, &one); }

 private:
  agentotel_attributes *own_;
};

/// Registers `void function(const injectee &, attributes &)`, which puts attributes on spans and log records,
/// on the thread that records. Of one that throws, what it had added stays. See
/// agentotel_register_attribute_injector.
template <typename F>
status try_register_attribute_injector(text name, F &&function) noexcept {
  using Kept = std::decay_t<F>;
  return detail::hand_over(detail::keep(std::forward<F>(function)), [&](Kept *kept) {
    agentotel_attribute_injector injector = AGENTOTEL_ATTRIBUTE_INJECTOR_INIT;
    injector.inject = [](void *own, const agentotel_injectee *about, agentotel_attributes *into) {
      attributes given(into);
      AGENTOTEL_TRY_ {
        (*static_cast<Kept *>(own))(injectee(*about), given);
      }
      AGENTOTEL_CATCH_ALL_ {}
    };
    injector.user_data = kept;
    injector.destroy = detail::let_go<Kept>;
    return agentotel_register_attribute_injector(name, &injector);
  });
}

/// Takes away what was registered under a name. See agentotel_unregister.
inline status try_unregister(callback_kind what, text name, milliseconds timeout) noexcept {
  return agentotel_unregister(detail::number(what), name, detail::milliseconds(timeout));
}

/// An exporter's requests carry no headers of a provider any more.
inline status try_unregister_header_provider(text exporter) noexcept {
  return agentotel_register_header_provider(exporter, nullptr);
}

/// One line of what the library says about itself, valid during the call.
class diagnostic {
 public:
  explicit diagnostic(const agentotel_diagnostic &line) noexcept : line_(&line) {}
  /// How much it matters.
  diagnostic_level level() const noexcept { return static_cast<diagnostic_level>(line_->level); }
  /// When it was said.
  timestamp time() const noexcept { return line_->time_unix_nano; }
  /// The line.
  std::string_view text() const noexcept { return agentotel::text(line_->text).view(); }
  /// Lines before this one that were left out.
  std::uint64_t left_out() const noexcept { return line_->left_out; }

 private:
  const agentotel_diagnostic *line_;
};

/// Has `void function(const diagnostic &)` told what the library says about itself. See
/// agentotel_set_diagnostic_handler.
template <typename F, typename = std::enable_if_t<!std::is_same_v<std::decay_t<F>, std::nullptr_t>>>
status try_set_diagnostic_handler(F &&function) noexcept {
  using Kept = std::decay_t<F>;
  return detail::hand_over(detail::keep(std::forward<F>(function)), [&](Kept *kept) {
    agentotel_diagnostic_handler handler = AGENTOTEL_DIAGNOSTIC_HANDLER_INIT;
    handler.handle = [](void *own, const agentotel_diagnostic *line) {
      AGENTOTEL_TRY_ {
        (*static_cast<Kept *>(own))(diagnostic(*line));
      }
      AGENTOTEL_CATCH_ALL_ {}
    };
    handler.user_data = kept;
    handler.destroy = detail::let_go<Kept>;
    return agentotel_set_diagnostic_handler(&handler);
  });
}
/// Has nobody told any more.
inline status try_set_diagnostic_handler(std::nullptr_t) noexcept {
  return agentotel_set_diagnostic_handler(nullptr);
}

#if AGENTOTEL_EXCEPTIONS_
/// As those above, or throw.
inline void add_exporter(const char *exporter_json) {
  detail::check(try_add_exporter(exporter_json));
}
inline void remove_exporter(text name, milliseconds timeout) {
  detail::check(try_remove_exporter(name, timeout));
}
template <typename F>
void register_exporter(text name, F &&function) {
  detail::check(try_register_exporter(name, std::forward<F>(function)));
}
template <typename F>
void register_formatter(text name, F &&function) {
  detail::check(try_register_formatter(name, std::forward<F>(function)));
}
template <typename F>
void register_header_provider(text exporter, F &&function) {
  detail::check(try_register_header_provider(exporter, std::forward<F>(function)));
}
template <typename F>
void register_sampler(text name, F &&function) {
  detail::check(try_register_sampler(name, std::forward<F>(function)));
}
template <typename F>
void register_attribute_injector(text name, F &&function) {
  detail::check(try_register_attribute_injector(name, std::forward<F>(function)));
}
inline void unregister(callback_kind what, text name, milliseconds timeout) {
  detail::check(try_unregister(what, name, timeout));
}
template <typename F>
void set_diagnostic_handler(F &&function) {
  detail::check(try_set_diagnostic_handler(std::forward<F>(function)));
}
#endif

}  // namespace agentotel

#undef AGENTOTEL_TRY_
#undef AGENTOTEL_CATCH_ALL_
#undef AGENTOTEL_LIFETIMEBOUND_

#endif  // AGENTOTEL_HPP
