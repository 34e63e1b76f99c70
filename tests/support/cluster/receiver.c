/* Takes HTTP requests on $PORT and writes each to its standard output: the header ce-subject, a space, the body, in one
   line. Answers 204. A process for each connection. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static void quit(int number) { _exit(number - SIGTERM); }

static char *header(char *head, const char *name) {
  static char value[4096];
  char *line = head;
  size_t length = strlen(name);
  value[0] = 0;
  while ((line = strchr(line, '\n')) != NULL) {
    ++line;
    if (strncasecmp(line, name, length) != 0 || line[length] != ':') continue;
    char *from = line + length + 1;
    while (*from == ' ') ++from;
    size_t size = strcspn(from, "\r\n");
    if (size >= sizeof value) size = sizeof value - 1;
    memcpy(value, from, size);
    value[size] = 0;
    break;
  }
  return value;
}

static void serve(int connection) {
  static char buffer[1 << 20], line[(1 << 20) + 8192];
  size_t have = 0;
  for (;;) {
    buffer[have] = 0;
    char *end = strstr(buffer, "\r\n\r\n");
    size_t whole = 0, body = 0;
    if (end != NULL) {
      *end = 0;
      body = strtoul(header(buffer, "content-length"), NULL, 10);
      whole = (size_t)(end - buffer) + 4 + body;
      if (have < whole) *end = '\r';
    }
    if (end == NULL || have < whole) {
      ssize_t got = read(connection, buffer + have, sizeof buffer - 1 - have);
      if (got <= 0) return;
      have += (size_t)got;
      continue;
    }
    int size = snprintf(line, sizeof line, "%s %.*s\n", header(buffer, "ce-subject"), (int)body, end + 4);
    if (write(1, line, (size_t)size) != size) return; /* one write: lines of several processes do not mix */
    const char *answer = "HTTP/1.1 204 No Content\r\n\r\n";
    if (write(connection, answer, strlen(answer)) < 0) return;
    memmove(buffer, buffer + whole, have - whole);
    have -= whole;
  }
}

int main(void) {
  const char *port = getenv("PORT");
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port ? port : "8080"))};
  signal(SIGCHLD, SIG_IGN);
  signal(SIGTERM, quit);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0) return 1;
  for (;;) {
    int connection = accept(listener, NULL, NULL);
    if (connection < 0) continue;
    if (fork() == 0) {
      close(listener);
      serve(connection);
      _exit(0);
    }
    close(connection);
  }
}
