// What the tests of the C++ header share: claims that are counted, and the library with a file exporter.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <agentotel.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

inline std::atomic<int> failures{0};
inline std::atomic<int> claims{0};

inline void claim(bool holds, const char *what, const char *file, int line) {
  claims++;
  if (holds) return;
  failures++;
  std::cerr << file << ':' << line << ": " << what << ": " << agentotel::last_error() << '\n';
}

#define CLAIM(what) claim(static_cast<bool>(what), #what, __FILE__, __LINE__)

inline std::string read_file(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A directory of this process, and a file in it.
inline std::string temporary(const std::string &name) {
  static const std::string directory = [] {
    char path[] = "/tmp/agentotel-cpp-XXXXXX";
    return std::string(mkdtemp(path));
  }();
  return directory + "/" + name;
}

inline bool contains(const std::string &text, const std::string &part) {
  if (text.find(part) != std::string::npos) return true;
  std::cerr << "not there: " << part << '\n';
  return false;
}

// Both equations, for what is offered and for what an exporter was given.
inline bool equations_hold(const char *exporter) {
  for (auto signal : {agentotel::signal::traces, agentotel::signal::logs}) {
    const auto s = agentotel::try_get_stats(signal);
    const auto e = agentotel::try_get_exporter_stats(exporter, signal);
    if (!s || !e) return false;
    if (s->offered !=
        s->accepted_caller + s->refused_in_all() + s->duplicate + s->head_unsampled + s->filtered)
      return false;
    if (e->accepted + e->recovered !=
        e->exported + e->rejected + e->dropped_in_all() + e->tail_unsampled + e->pending)
      return false;
  }
  return true;
}

inline int finish(const char *name) {
  if (failures == 0) std::cout << "ok    " << name << " (" << claims << " claims)\n";
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
