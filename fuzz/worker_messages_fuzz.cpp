// A page worker that was taken over says anything, in any order: the parent's record stays sound.
#include <sys/socket.h>

#include <cstdlib>
#include <string_view>

#include <boost/json.hpp>

#include "base/check.h"
#include "honeyclient/chain/tree.h"
#include "honeyclient/low/driver.h"
#include "message_fuzz.h"

namespace {

using namespace shikake;
namespace low = honeyclient::low;

void check(const intel::VisitRecord& record) {
  for (const intel::VisitEdge& edge : record.edges)
    SHIKAKE_CHECK(edge.from < record.nodes.size() && edge.to < record.nodes.size());
  for (size_t i = 0; i < record.nodes.size(); ++i) SHIKAKE_CHECK(record.nodes[i].id == i);
  for (const intel::VisitEvent& event : record.events) {
    SHIKAKE_CHECK(!event.node || *event.node < record.nodes.size());
    SHIKAKE_CHECK(event.detail.size() <= 3 * low::limits::max_detail);
    SHIKAKE_CHECK(base::is_valid_utf8(event.detail) && base::is_valid_utf8(event.kind));
  }
  // What is stored is read back, and is the same.
  std::string text = boost::json::serialize(intel::to_json(record));
  auto again = intel::visit_from_json(boost::json::parse(text).as_object());
  SHIKAKE_CHECK(again.has_value());
  SHIKAKE_CHECK(boost::json::serialize(intel::to_json(*again)) == text);
  SHIKAKE_CHECK(honeyclient::chain::render_tree(record).find('\x1b') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  static const low::Persona persona = *low::find_persona(low::default_persona);
  low::VisitOptions options;
  options.url = "http://page.example/";
  options.offline = true;
  low::NoBlobs blobs;
  std::vector<int> pids;
  low::Driver driver(options, persona, nullptr, nullptr, blobs, pids);
  low::Context& context = driver.new_context(nullptr, nullptr, "");
  context.url = *url::Url::parse(options.url);
  context.node = *driver.recorder().node(options.url);
  auto ends = base::FrameChannel::make_pair(low::limits::max_frame);
  SHIKAKE_CHECK(ends.has_value());
  low::WorkerState& worker = driver.attach(context, std::move(ends->first), std::nullopt);
  int count = 0;
  while (auto frame = next_frame(input)) {
    driver.handle(worker, *frame);
    while (ends->second.receive(base::Deadline::now())) {}
    if (++count % 4 == 0) driver.start_pending();
  }
  worker.settled = true;
  worker.heard = worker.sent;
  driver.start_pending();
  check(driver.recorder().finish());
  return 0;
}
