/* What a program in C does with an installed library: one session into a file, all of it delivered. */
#include <agentotel.h>
#include <stdio.h>

int main(int count, char **arguments) {
  char config[512];
  agentotel_session session = 0;
  agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
  if (count != 2) return 2;
  snprintf(config, sizeof config, "{\"exporters\":[{\"type\":\"file\",\"path\":\"%s\"}]}", arguments[1]);
  data.name = AGENTOTEL_STR("installed");
  if (agentotel_init(AGENTOTEL_ABI_VERSION, config) != AGENTOTEL_OK) return 3;
  if (agentotel_start_session(NULL, &session) != AGENTOTEL_OK) return 4;
  if (agentotel_record_event(session, &data, NULL) != AGENTOTEL_OK) return 5;
  if (agentotel_end_session(session, NULL) != AGENTOTEL_OK) return 6;
  return agentotel_shutdown(5000) == AGENTOTEL_OK ? 0 : 7;
}
