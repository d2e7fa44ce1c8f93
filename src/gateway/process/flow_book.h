// The flows of a run: their facts, hashes and kept content, said to the parent in frames.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "gateway/gateway.h"
#include "gateway/message.h"
#include "gateway/names.h"

namespace shikake::gateway {

class FlowBook {
 public:
  using Say = std::function<void(FrameType, std::string body)>;

  FlowBook(const Limits& limits, const NameTable& names, Say say)
      : limits_(limits), names_(names), say_(std::move(say)) {}

  // One flow while it lasts. Its facts are changed in place, then told by update().
  class Record {
   public:
    Flow facts;

   private:
    friend class FlowBook;
    base::Sha256 out_hash, in_hash;
  };
  using Handle = std::shared_ptr<Record>;

  // Null once as many flows were opened as a run may have. Looks the host up among the names.
  Handle open(Transport transport, Endpoint local, Endpoint remote);
  void update(Record& record);
  void data(Record& record, bool out, std::string_view bytes);
  void close(Record& record, FlowEnd ending);
  void close_all(FlowEnd ending);  // those that are still open

  // A host name that is known better than before.
  void set_host(Record& record, std::string_view host, HostSource source);
  void say_limit(const std::string& limit);  // once each
  void say(FrameType type, std::string body) { say_(type, std::move(body)); }

  uint32_t opened() const { return opened_; }
  uint64_t acts() const { return acts_; }  // grows with whatever happens to a flow

 private:
  const Limits& limits_;
  const NameTable& names_;
  Say say_;
  uint32_t opened_ = 0;
  uint64_t acts_ = 0;
  uint64_t kept_ = 0;
  std::map<uint32_t, std::weak_ptr<Record>> open_;
  std::set<std::string> limits_said_;
};

}  // namespace shikake::gateway
