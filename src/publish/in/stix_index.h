// What a STIX bundle's indicators have to be read together with: names, relationships, markings,
// sightings. Gathered in a first pass over the bundle, before the indicators are read in a second.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "intel/model.h"
#include "publish/in/input.h"
#include "publish/in/json_stream.h"

namespace shikake::publish {

// Relationships and sightings that are kept apart: some 100 bytes each.
inline constexpr size_t max_stix_links = 20'000'000;

class StixIndex {
 public:
  struct Seen {
    std::string id;  // of the sighting
    base::TimePoint first, last;
    uint64_t count = 1;
  };

  // Reads the whole bundle, and leaves `input` at its front again.
  static Result<StixIndex> build(Input& input);

  // The bundle without its objects: type, id and whatever else it has.
  const boost::json::object& envelope() const;

  // Family or campaign that an indicator indicates; "" where none.
  std::string_view family_of(std::string_view indicator) const;
  // Role of the infrastructure that it indicates.
  intel::Role role_of(std::string_view indicator) const;
  std::vector<Seen> sightings_of(std::string_view indicator) const;
  // Strictest TLP of the markings named; nothing where none of them is a TLP.
  std::optional<intel::Tlp> tlp_of(const boost::json::object& object) const;
  // The relationships that are our own evidence of an indicator, in the bundle's order: read anew from the
  // input.
  Result<std::vector<boost::json::object>> evidence_of(std::string_view indicator, const Input& input) const;
  std::string_view name_of(std::string_view id) const;  // of an identity or a malware; "" where unknown

  StixIndex(StixIndex&&) noexcept;
  StixIndex& operator=(StixIndex&&) noexcept;
  ~StixIndex();

 private:
  struct State;
  StixIndex();
  Result<> take(const JsonPiece& piece);
  Result<> take_object(const boost::json::object& object, const JsonPiece& piece);
  void take_relationship(const boost::json::object& object, const JsonPiece& piece);

  std::unique_ptr<State> state_;
};

}  // namespace shikake::publish
