# shikake_embed(OUT header-of-the-list function struct-type files…): a source file that holds text files.
# Used by a target as a generated source; regenerated when a file changes.
function(shikake_embed out header namespace type function)
  set(rows "")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND rows "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"// Made by cmake/ShikakeEmbed.cmake.
#include \"@header@\"

namespace @namespace@ {
namespace {
constexpr @type@ rows[] = {
@rows@};
}  // namespace
std::span<const @type@> @function@() { return rows; }
}  // namespace @namespace@
")
endfunction()
