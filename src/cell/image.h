// The bytes of init/main.cpp's program, to be planted in a cell.
#pragma once

#include <string_view>

namespace shikake::cell {

std::string_view init_image();

// Where it lies inside, and as what it is started.
inline constexpr const char* init_path = "/usr/lib/systemd/systemd";
inline constexpr const char* init_name = "/sbin/init";
inline constexpr const char* waiter_path = "/usr/sbin/cron";
inline constexpr const char* waiter_name = "/usr/sbin/CRON";

}  // namespace shikake::cell
