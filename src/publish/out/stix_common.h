// What every STIX object that we write has: identifiers, times, and names of observables.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace shikake::publish {

// Objects that have no time of their own (identities, malware families): a day before there was any.
inline constexpr base::TimePoint from_the_start(
    std::chrono::sys_days(std::chrono::year(2025) / 1 / 1).time_since_epoch());
inline constexpr std::string_view own_name = "Shikake";

// type--uuid, the same wherever it is made from the same words.
std::string own_id(std::string_view type, std::string_view what);
// Three decimals at least (section 3.2); years that the format can write.
std::string stix_time(base::TimePoint time);
// The members that every domain object and relationship has (section 3.1).
boost::json::object common(std::string_view type, std::string id, base::TimePoint created,
                           base::TimePoint modified);
boost::json::object identity(std::string_view name, std::string_view identity_class);
// Section 2.9: named by the properties that make them what they are, in canonical JSON (RFC 8785).
boost::json::object observable(std::string_view type, const boost::json::object& contributing,
                               boost::json::object rest);
// "ipv4-addr" or "ipv6-addr" for the text of an address.
std::string_view address_type(std::string_view value);

}  // namespace shikake::publish
