# Compiler settings that every target shares.

option(SHIKAKE_WERROR "Treat warnings as errors" OFF)
option(SHIKAKE_FUZZ "Build fuzzers with libFuzzer instead of the corpus replay" OFF)
set(SHIKAKE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

# Headers are found from src/, so that an include names its module: "url/url.h".
include_directories(${CMAKE_SOURCE_DIR}/src)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Wimplicit-fallthrough
                    -Wno-missing-field-initializers -fno-omit-frame-pointer
                    -fstack-protector-strong -fdata-sections -ffunction-sections)
if(SHIKAKE_WERROR)
  add_compile_options(-Werror)
endif()
if(SHIKAKE_SANITIZE)
  add_compile_options(-fsanitize=${SHIKAKE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SHIKAKE_SANITIZE})
  if(SHIKAKE_SANITIZE MATCHES "undefined")
    # The runtime of this one check makes a pipe for each object, to learn by a write whether its table can be read.
    # The filter of page workers allows no pipe, and takes the attempt for an intruder's.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
if(SHIKAKE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_link_options(-Wl,--gc-sections -Wl,--as-needed -Wl,-z,relro,-z,now)
