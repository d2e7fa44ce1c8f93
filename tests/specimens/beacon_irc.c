// Trait: joins a channel of an IRC server and waits for orders.
// Reported: irc_session; one flow to irc.example:6667.
// Harmless: it says who it is, joins, answers one PING and leaves; it obeys nothing.
#include "specimen.h"

int main(void) {
  specimen_in_cell();
  int server = specimen_connect("irc.example", "6667");
  if (server < 0) return 1;
  specimen_say(server, "NICK specimen4711\r\nUSER specimen 0 * :a specimen\r\n");
  char line[2048];
  for (int i = 0; i < 4 && specimen_hear(server, line, sizeof line) > 0; ++i) {
    char* ping = strstr(line, "PING ");
    if (ping) specimen_say(server, "PONG %.*s\r\n", (int)strcspn(ping + 5, "\r\n"), ping + 5);
    if (strstr(line, " 001 ")) break;
  }
  specimen_say(server, "JOIN #specimens\r\n");
  specimen_hear(server, line, sizeof line);
  specimen_say(server, "PRIVMSG #specimens :ready\r\nQUIT :done\r\n");
  close(server);
  return 0;
}
