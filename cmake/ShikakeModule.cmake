# shikake_module(NAME [USES modules…] [LINK libraries…] [PRIVATE_LINK libraries…] [EXCLUDE globs…])
#
# One static library shikake_NAME from src/NAME/**.cpp, and one test program NAME_test from the
# *_test.cpp files beside them. USES names other modules and is what tests/layers checks.
# EXCLUDE takes paths (relative, may be globs) that belong to executables of their own.
function(shikake_module name)
  cmake_parse_arguments(ARG "" "" "USES;LINK;PRIVATE_LINK;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cpp)
  foreach(pattern IN LISTS ARG_EXCLUDE)
    file(GLOB excluded CONFIGURE_DEPENDS ${pattern})
    list(REMOVE_ITEM sources ${excluded})
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  if(sources)
    add_library(shikake_${name} STATIC ${sources})
    set(visibility PUBLIC)
  else()
    add_library(shikake_${name} INTERFACE)
    set(visibility INTERFACE)
  endif()
  list(TRANSFORM ARG_USES PREPEND shikake_ OUTPUT_VARIABLE used)
  target_link_libraries(shikake_${name} ${visibility} ${used} ${ARG_LINK})
  if(ARG_PRIVATE_LINK)
    target_link_libraries(shikake_${name} PRIVATE ${ARG_PRIVATE_LINK})
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE shikake_${name} GTest::gtest GTest::gmock GTest::gtest_main)
    # Tests find real data and golden files by these; both may be absent at run time.
    target_compile_definitions(${name}_test PRIVATE
        SHIKAKE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" SHIKAKE_BUILD_DIR="${CMAKE_BINARY_DIR}"
        SHIKAKE_PYTHON="${SHIKAKE_PYTHON}")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endif()
endfunction()

# shikake_fuzzer(NAME USES modules…): fuzz/NAME_fuzz.cpp. Without SHIKAKE_FUZZ it becomes a test
# that replays fuzz/corpus/NAME once.
function(shikake_fuzzer name)
  cmake_parse_arguments(ARG "" "" "USES;LINK" ${ARGN})
  list(TRANSFORM ARG_USES PREPEND shikake_ OUTPUT_VARIABLE used)
  add_executable(${name}_fuzz ${name}_fuzz.cpp)
  target_link_libraries(${name}_fuzz PRIVATE ${used} ${ARG_LINK})
  if(SHIKAKE_FUZZ)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name}_fuzz PRIVATE replay_main.cpp)
    add_test(NAME fuzz_replay_${name}
             COMMAND ${name}_fuzz ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(fuzz_replay_${name} PROPERTIES TIMEOUT 300)
  endif()
endfunction()

# shikake_bench(NAME USES modules… LINK libraries…): bench/NAME_bench.cpp, built by the target
# "benches" only.
function(shikake_bench name)
  cmake_parse_arguments(ARG "" "" "USES;LINK" ${ARGN})
  list(TRANSFORM ARG_USES PREPEND shikake_ OUTPUT_VARIABLE used)
  add_executable(${name}_bench EXCLUDE_FROM_ALL ${name}_bench.cpp)
  target_link_libraries(${name}_bench PRIVATE ${used} ${ARG_LINK})
  target_compile_definitions(${name}_bench PRIVATE
      SHIKAKE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" SHIKAKE_BUILD_DIR="${CMAKE_BINARY_DIR}")
  add_dependencies(benches ${name}_bench)
endfunction()
add_custom_target(benches)
