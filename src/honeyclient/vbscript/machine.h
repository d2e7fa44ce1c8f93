// The interpreter's inside: scopes, frames, and the walk over the syntax tree. Only this folder includes it.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "honeyclient/vbscript/interpreter.h"
#include "honeyclient/vbscript/object.h"
#include "honeyclient/vbscript/syntax.h"

namespace shikake::honeyclient::vbscript {

class Instance;

using Variables = std::unordered_map<std::u16string, Cell>;
using Procedures = std::unordered_map<std::u16string, std::shared_ptr<Procedure>>;

// One run of a procedure, or of a program at global scope.
struct Frame {
  const Procedure* procedure = nullptr;  // null: global scope
  std::shared_ptr<Instance> me;
  std::vector<std::pair<std::u16string, Cell>> locals;  // few: looked through one by one
  Cell result;                                          // what the function's name holds
  std::vector<ObjectRef> with;
  bool resume_next = false;
  bool option_explicit = false;
  uint32_t source = 0, line = 0, column = 0;

  Cell find(std::u16string_view name) const;
};

enum class Flow : uint8_t { on, exit_for, exit_do, exit_procedure };

struct ErrorState {  // the Err object
  int32_t number = 0;
  std::u16string description, source;
};

class Machine {
 public:
  explicit Machine(Host& the_host);
  ~Machine();

  Host& host;
  ErrorState error;
  double random_state = 327680;  // Rnd's start: the language's own, so that runs repeat

  // --- what Interpreter offers
  void run(std::u16string_view text, uint32_t source);
  Value evaluate_text(std::u16string_view text, uint32_t source);
  Value call_procedure(const std::shared_ptr<Procedure>& procedure, Arguments arguments,
                       std::shared_ptr<Instance> me);
  std::shared_ptr<Procedure> find_procedure(std::u16string_view lowered) const;
  Cell find_global(std::u16string_view lowered) const;
  void define_global(std::u16string_view name, Value value);
  ObjectRef procedure_object(std::u16string_view name);
  bool call_uncalled();
  Whereabouts whereabouts() const;

  // --- what built-in functions need
  Value evaluate_here(std::u16string_view text);  // Eval
  void step(uint64_t cost = 1);                   // asks the host now and then whether to go on
  void check_text(size_t units);                  // raises past max_text_units; long texts cost steps

  // --- for objects of classes
  Value& element_of(Array& array, Arguments indices) const;
  std::shared_ptr<ClassDeclaration> find_class(std::u16string_view lowered) const;
  void terminate(std::shared_ptr<Instance> instance);

 private:
  // statements: statements.cpp
  void load(const std::shared_ptr<Program>& program);
  Flow run_block(const Block& block);
  Flow run_statement(const Statement& statement);
  Flow run_if(const Statement& statement);
  Flow run_select(const Statement& statement);
  Flow run_for(const Statement& statement);
  Flow run_for_each(const Statement& statement);
  Flow run_do(const Statement& statement);
  Flow run_with(const Statement& statement);
  bool holds(const Expression& condition);
  void declare(const Statement& statement);
  void redimension(const Declaration& declaration, bool preserve);
  void execute(const Statement& statement);
  void erase(const Statement& statement);
  void define_constant(const Statement& statement);
  void randomize(const Statement& statement);
  void take_error(const RuntimeError& raised);

  // the forced run: forced.cpp
  // Each arm but the one taken, once; true: one of them goes on behind the statement.
  bool explore(const Statement& statement, std::span<const Block* const> arms, size_t taken);
  bool explore_arm(const Statement& statement, size_t arm, const Block& block);
  // Where its own arm leaves and another would go on: once.
  bool goes_on_all_the_same(const Statement& statement, bool another_would);

  // expressions: expressions.cpp
  Value evaluate(const Expression& expression);
  Value evaluate_chain(const Expression& expression);
  Value evaluate_name(const Expression& expression);
  Value evaluate_call(const Expression& expression);
  Value call_name(const Expression& name, Arguments arguments);
  ObjectRef object_of(const Expression& expression);
  std::vector<Argument> pass(const Expression& call);
  void give_back(const Expression& call, std::vector<Argument>& arguments);

  // assignments: assignment.cpp
  void assign(const Expression& target, Value value, bool set);
  void assign_name(const Expression& target, Value value, bool set);
  void assign_call(const Expression& target, Value value, bool set);
  void append(const Statement& statement);
  Cell variable(const Expression& name, bool create);
  Cell find_variable(std::u16string_view lowered) const;
  Value* element(const Expression& call, ArrayRef& keep);

  Frame& frame() { return *frames_.back(); }
  const Frame& frame() const { return *frames_.back(); }
  void check_stack();

  // The outermost entry's place on the stack is what depth is measured from.
  class Entry {
   public:
    explicit Entry(Machine& machine);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    Machine& machine_;
    const char* outer_;
    size_t depth_;
  };

  Variables globals_;
  Procedures procedures_;
  std::unordered_map<std::u16string, std::shared_ptr<ClassDeclaration>> classes_;
  std::unordered_set<std::u16string> constants_;
  std::vector<std::unique_ptr<Frame>> frames_;
  std::vector<std::shared_ptr<Program>> programs_;  // trees that procedures and frames point into
  const char* stack_base_ = nullptr;
  uint64_t steps_ = 0, asked_at_ = 0;
  std::set<std::pair<const Statement*, size_t>> explored_;  // arms; trees live as long as this
  std::unordered_set<const Statement*> passed_;
  std::unordered_set<const Procedure*> entered_;
  uint32_t exploring_ = 0;
  bool ending_ = false;          // no more code of the script is run
  bool stop_requested_ = false;  // the host said stop where no exception may pass
};

// A built-in function; the names of all are in functions.cpp.
struct Function {
  std::u16string_view name;  // lower case
  uint8_t least, most;       // arguments
  Value (*run)(Machine&, Arguments);
};
const Function* find_function(std::u16string_view lowered);
std::optional<Value> find_constant(std::u16string_view lowered);  // vbCrLf …

// Builtin objects.
ObjectRef make_error_object(Machine& machine);
ObjectRef make_regular_expression();
ObjectRef make_instance(Machine& machine, const std::shared_ptr<ClassDeclaration>& declaration);

}  // namespace shikake::honeyclient::vbscript
