// The same in C++.
#include <agentotel.hpp>
#include <string>

int main(int count, char **arguments) {
  if (count != 2) return 2;
  agentotel::library running(R"({"exporters":[{"type":"file","path":")" + std::string(arguments[1]) +
                             "\"}]}");
  agentotel::session session{agentotel::session_options{}};
  (void)session.record(agentotel::custom{"installed"});
}
