// As much HTTP as the example needs: a server that answers a number of requests, one after the other, on a
// port of its own that it prints, a client that reads an answer line by line, and a child process that is
// such a server.
#ifndef HTTP_HPP
#define HTTP_HPP

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace http {

using headers = std::map<std::string, std::string>;

struct request {
  http::headers headers;
  std::string body;
};

struct response {
  int status;
  std::string body;
};

// A socket that is closed with its scope.
class connection {
 public:
  explicit connection(int descriptor) : descriptor_(descriptor) {
    if (descriptor < 0) throw std::runtime_error("no connection");
  }
  connection(const connection &) = delete;
  connection &operator=(const connection &) = delete;
  ~connection() { close(descriptor_); }
  int get() const { return descriptor_; }

  void write(const std::string &text) const {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t wrote = send(descriptor_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (wrote <= 0) throw std::runtime_error("the connection broke");
      done += static_cast<std::size_t>(wrote);
    }
  }
  // One line, without its end; false at the end of everything.
  bool read_line(std::string &line) {
    line.clear();
    for (char byte; recv(descriptor_, &byte, 1, 0) == 1;) {
      if (byte == '\n') return true;
      if (byte != '\r') line += byte;
    }
    return !line.empty();
  }
  std::string read(std::size_t size) {
    std::string text(size, '\0');
    if (size > 0 && recv(descriptor_, &text[0], size, MSG_WAITALL) != static_cast<ssize_t>(size))
      throw std::runtime_error("the connection broke");
    return text;
  }
  headers read_headers() {
    headers found;
    for (std::string line; read_line(line) && !line.empty();) {
      const auto colon = line.find(": ");
      if (colon != std::string::npos) found[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return found;
  }

 private:
  int descriptor_;
};

inline sockaddr_in local(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

inline int serve(const std::function<response(const request &)> &handle, int times) {
  connection listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = local(0);
  socklen_t size = sizeof address;
  if (bind(listener.get(), reinterpret_cast<sockaddr *>(&address), size) != 0 ||
      listen(listener.get(), 8) != 0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr *>(&address), &size) != 0)
    throw std::runtime_error("no port to listen on");
  const std::string port = std::to_string(ntohs(address.sin_port)) + "\n";
  if (write(STDOUT_FILENO, port.data(), port.size()) < 0) return 1;
  for (int i = 0; i < times; i++) {
    connection client(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::string line;
    client.read_line(line);
    request asked{client.read_headers(), ""};
    asked.body = client.read(std::strtoul(asked.headers["content-length"].c_str(), nullptr, 10));
    const response answer = handle(asked);
    client.write("HTTP/1.1 " + std::to_string(answer.status) + " OK\r\ncontent-length: " +
                 std::to_string(answer.body.size()) + "\r\nconnection: close\r\n\r\n" + answer.body);
  }
  return 0;
}

inline void post(const std::string &port, const headers &more, const std::string &body,
                 const std::function<void(const std::string &)> &on_line) {
  connection server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = local(std::atoi(port.c_str()));
  if (connect(server.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
    throw std::runtime_error("nobody listens at " + port);
  std::string head =
      "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: " + std::to_string(body.size()) + "\r\n";
  for (const auto &[name, value] : more)
    head += name + ": " + value + "\r\n";
  server.write(head + "\r\n" + body);
  std::string line;
  server.read_line(line);
  server.read_headers();
  while (server.read_line(line))
    on_line(line);
}

// This program once more in another role, whose port is read from its output. It ends by itself.
class child {
 public:
  child(const char *program, const std::vector<std::string> &arguments) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      std::vector<char *> all{const_cast<char *>(program)};
      for (const auto &argument : arguments)
        all.push_back(const_cast<char *>(argument.c_str()));
      all.push_back(nullptr);
      execv(program, all.data());
      _exit(127);
    }
    close(ends[1]);
    for (char byte; ::read(ends[0], &byte, 1) == 1 && byte != '\n';)
      port_ += byte;
    close(ends[0]);
  }
  child(const child &) = delete;
  child &operator=(const child &) = delete;
  ~child() {
    if (process_ > 0) waitpid(process_, nullptr, 0);
  }
  const std::string &address() const { return port_; }

 private:
  pid_t process_ = -1;
  std::string port_;
};

}  // namespace http

#endif
