// A hundred threads record at once, use handles after their end, end everything twice, and record on while
// the library is shut down and callbacks run: every call is answered, and the counters add up to what was
// answered.
#include "check.hpp"

#include <thread>
#include <vector>

using namespace agentotel;
using namespace std::chrono_literals;

namespace {

constexpr int threads = 100;

int events_of_each() {
  const char *said = std::getenv("STRESS_EVENTS");
  return said ? std::atoi(said) : 10000;
}

template <typename Work>
void on_all(int count, Work work) {
  std::vector<std::thread> all;
  for (int i = 0; i < count; i++)
    all.emplace_back(work, i);
  for (auto &one : all)
    one.join();
}

void everything_at_once() {
  std::atomic<std::uint64_t> exported{0}, injected{0}, recorded{0};
  const int events = events_of_each();
  register_exporter("stress", [&](const export_batch &batch, export_answer &) {
    if (batch.signal() == signal::traces) exported += batch.item_count();
    return export_verdict::ok;
  });
  register_attribute_injector("stress", [&](const injectee &, attributes &into) {
    if (++injected % 64 == 0) (void)into.add({"injected", true});
  });
  init(
      R"({"exporters":[{"type":"host","callback":"stress"}],"inject":{"host":"stress"},
          "queue":{"overflow":"block","block_ms":60000}})");
  on_all(threads, [&](int thread) {
    session own = session::start();
    const agentotel_session handle = own.handle();
    for (int i = 0; i < events; i++) {
      if (i % 10 != 0) {
        recorded += own.try_record(custom{"step"}, {{"thread", thread}, {"text", "some words"}}).ok();
        continue;
      }
      auto started = own.try_start_event(custom{"work"});
      const agentotel_event number = started->handle();
      if (i % 100 == 0) CLAIM(started->try_chunk("x").ok());
      recorded += started->try_end().ok();
      CLAIM(started->try_end() == AGENTOTEL_ERR_INVALID_HANDLE);
      event again(number);
      CLAIM(again.try_end() == AGENTOTEL_ERR_STALE_HANDLE);
    }
    recorded += own.try_end().ok();
    CLAIM(own.try_end() == AGENTOTEL_ERR_INVALID_HANDLE);
    session late(handle);
    CLAIM(late.try_record(custom{"late"}) == AGENTOTEL_ERR_STALE_HANDLE);
    CLAIM(late.try_end() == AGENTOTEL_ERR_STALE_HANDLE);
  });
  CLAIM(try_shutdown(120s).ok());
  const stats all = get_stats(signal::traces);
  CLAIM(recorded == static_cast<std::uint64_t>(threads) * events + threads);
  CLAIM(all.accepted_caller == recorded && exported == all.accepted_caller + all.accepted_derived);
  CLAIM(equations_hold("host"));
  unregister(callback_kind::exporter, "stress", 5s);
  unregister(callback_kind::attribute_injector, "stress", 5s);
}

void shutdowns_under_load() {
  std::atomic<bool> over{false};
  std::atomic<int> calls{0};
  register_exporter("load", [&](const export_batch &, export_answer &) {
    calls++;
    (void)try_get_stats(signal::traces).ok();
    CLAIM(try_flush(1s) == AGENTOTEL_ERR_IN_CALLBACK || try_flush(1s) == AGENTOTEL_ERR_SHUT_DOWN);
    return export_verdict::ok;
  });
  std::thread restarts([&] {
    for (int i = 0; i < 10; i++) {
      CLAIM(try_init(R"({"exporters":[{"type":"host","callback":"load"}]})").ok());
      std::this_thread::sleep_for(30ms);
      CLAIM(try_shutdown(20s).ok());
      CLAIM(equations_hold("host"));
    }
    over = true;
  });
  on_all(20, [&](int) {
    while (!over) {
      auto own = session::try_start();
      for (int i = 0; i < 10; i++) {
        auto started = own->try_start_event(custom{"step"});
        (void)own->try_record(custom{"other"});
      }
    }
  });
  restarts.join();
  CLAIM(calls > 0);
  unregister(callback_kind::exporter, "load", 5s);
}

}  // namespace

int main() {
  everything_at_once();
  shutdowns_under_load();
  return finish("stress");
}
