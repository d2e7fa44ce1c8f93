// Objects as a script sees them, and what the interpreter asks of the page or program around it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "honeyclient/vbscript/error.h"
#include "honeyclient/vbscript/value.h"

namespace shikake::honeyclient::vbscript {

struct Argument {
  Value value;  // what is passed; after the call what a ByRef parameter was left with
  Cell cell;    // the caller's variable, where the argument is one
};
using Arguments = std::span<Argument>;

class Object {
 public:
  virtual ~Object() = default;

  virtual std::u16string type_name() const = 0;  // as TypeName() tells it
  // A method or a property that is read; an empty name is the default member. Names come as written, and
  // are compared without case. May throw RuntimeError, and Stopped where it runs the script's own code.
  virtual Value call(std::u16string_view name, Arguments arguments) = 0;
  // A property that is assigned to, `set` with Set.
  virtual void put(std::u16string_view name, Arguments arguments, const Value& value, bool set) = 0;
  virtual std::vector<Value> items();  // For Each; not a collection: raises
  // Whether a name is called rather than read: for callers whose language tells the two apart.
  virtual bool is_method(std::u16string_view) const { return false; }
  // The host's own objects tell themselves apart from the script's by this.
  virtual bool is_of_host() const { return false; }
};

// The page or program that a script runs in. Whatever it gives must stay valid without the script.
class Host {
 public:
  virtual ~Host() = default;

  // A name that the script did not define: a global of the page, or nothing.
  virtual std::optional<Value> global(std::u16string_view name) = 0;
  // A name that no script defined is assigned to. True: the page took it; false: the script keeps it.
  virtual bool assign_global(std::u16string_view name, const Value& value) = 0;
  // A procedure or variable appeared in the global scope.
  virtual void defined(std::u16string_view name, bool procedure) = 0;

  virtual ObjectRef create_object(std::u16string_view program_id) = 0;  // null: can't
  virtual ObjectRef get_object(std::u16string_view path, std::u16string_view class_name) = 0;
  virtual int32_t message_box(std::u16string_view text, int32_t buttons, std::u16string_view title) = 0;
  virtual std::u16string input_box(std::u16string_view prompt, std::u16string_view title,
                                   std::u16string_view otherwise) = 0;
  // A text that Execute, ExecuteGlobal or Eval is about to run (`how` names it); gives its number.
  virtual uint32_t evaluated(std::u16string_view how, std::u16string_view text) = 0;

  // Of a forced run: arms that are not taken run too, and procedures that nothing calls.
  virtual bool explores() { return false; }
  // Around each: the line that it hangs on.
  virtual void exploring(uint32_t /*source*/, uint32_t /*line*/, bool /*begins*/) {}

  // A text that unescape() made.
  virtual void unescaped(std::u16string_view) {}

  virtual double now() = 0;       // local time, days since 1899-12-30
  virtual uint32_t seed() = 0;    // for Randomize
  virtual bool keep_going() = 0;  // asked every few thousand steps; false ends the script (Stopped)
};

}  // namespace shikake::honeyclient::vbscript
