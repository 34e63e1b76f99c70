/* A server of HTTP on port 8080 that answers its host name, and ends when it is asked to. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void quit(int number) { _exit(0); }

int main(void) {
  char name[256] = "", request[4096], answer[512];
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(8080)};
  int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  signal(SIGTERM, quit);
  signal(SIGPIPE, SIG_IGN);
  gethostname(name, sizeof name - 1);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr*)&any, sizeof any) != 0 || listen(listener, 64) != 0) return 1;
  dprintf(1, "%s listens\n", name);
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) continue;
    if (read(peer, request, sizeof request) > 0) {
      int length = snprintf(answer, sizeof answer,
                            "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
                            strlen(name) + 1, name);
      if (write(peer, answer, length) > 0) shutdown(peer, SHUT_WR);
      while (read(peer, request, sizeof request) > 0) {
      }
    }
    close(peer);
  }
}
