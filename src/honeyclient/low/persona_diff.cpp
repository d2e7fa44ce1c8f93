#include "honeyclient/low/persona_diff.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <set>

#include "base/display.h"
#include "honeyclient/low/answers.h"
#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low {

namespace {

std::set<std::string> reached_by(const intel::VisitRecord& visit) {
  std::set<std::string> urls;
  for (const intel::VisitNode& node : visit.nodes)
    if (node.fetched) urls.insert(steady_url(node.url));
  return urls;
}

// Why somebody came, or would have come, to where not everybody was led.
std::set<std::string> reasons_for(const std::vector<PersonaView>& views,
                                  const std::vector<std::string>& urls) {
  std::set<std::string> wanted(urls.begin(), urls.end()), found;
  for (const PersonaView& view : views)
    for (const intel::VisitEdge& edge : view.visit.edges)
      if (!edge.decided_by.empty() && edge.to < view.visit.nodes.size() &&
          wanted.contains(steady_url(view.visit.nodes[edge.to].url)))
        found.insert(edge.decided_by);
  return found;
}

std::set<std::string> checks_of(const PersonaView& view) {
  std::set<std::string> checks;
  for (const intel::VisitEvent& event : view.visit.events)
    if (event.kind == check_event) checks.insert(event.detail);
  return checks;
}

// Checks that went so for all inside, and so for nobody outside.
std::set<std::string> checks_apart(const std::vector<const PersonaView*>& inside,
                                   const std::vector<const PersonaView*>& outside) {
  std::set<std::string> shared = checks_of(*inside[0]);
  auto drop = [&](const PersonaView& view, bool where_it_has_them) {
    const std::set<std::string> checks = checks_of(view);
    std::erase_if(shared, [&](const std::string& one) { return checks.contains(one) == where_it_has_them; });
  };
  for (const PersonaView* one : inside) drop(*one, false);
  for (const PersonaView* one : outside) drop(*one, true);
  return shared;
}

std::string_view name(Engine engine) {
  switch (engine) {
    case Engine::trident:
      return "trident";
    case Engine::gecko:
      return "gecko";
    case Engine::blink:
      return "blink";
    case Engine::webkit:
      return "webkit";
    case Engine::edge:
      return "edge";
  }
  return "";
}

std::string system_of(const Persona& persona) {
  struct Row {
    std::string_view mark, name;
  };
  static constexpr Row rows[] = {{"iPhone", "iOS"},
                                 {"iPad", "iOS"},
                                 {"Android", "Android"},
                                 {"Macintosh", "macOS"},
                                 {"Windows NT 5.1", "Windows XP"},
                                 {"Windows NT 6.0", "Windows Vista"},
                                 {"Windows NT 6.1", "Windows 7"},
                                 {"Windows NT 6.2", "Windows 8"},
                                 {"Windows NT 6.3", "Windows 8.1"},
                                 {"Windows NT 10", "Windows 10"},
                                 {"Googlebot", "a crawler"},
                                 {"Linux", "Linux"}};
  for (const Row& row : rows)
    if (persona.user_agent.find(row.mark) != std::string::npos) return std::string(row.name);
  return "";
}

// What can be said of a persona in one word each.
std::set<std::string> facts_of(const Persona& persona) {
  std::set<std::string> facts = {"engine " + std::string(name(persona.engine)),
                                 "language " + persona.language.substr(0, 2),
                                 "time zone " + persona.time_zone};
  if (std::string system = system_of(persona); !system.empty()) {
    facts.insert("system " + system);
    if (system.starts_with("Windows")) facts.insert("system Windows");
  }
  facts.insert(persona.user_agent.find("Mobile") == std::string::npos ? "a desktop" : "a phone");
  facts.insert(persona.components.empty() ? "no ActiveX" : "ActiveX");
  facts.insert(persona.referrer.empty() ? "no referrer" : "referrer of a search engine");
  for (const PersonaPlugin& plugin : persona.plugins) {
    std::string name = plugin.name.substr(0, plugin.name.find_first_of(" ("));
    facts.insert("plugin " + (name == "Shockwave" ? "Flash" : name));
  }
  return facts;
}

// Facts that all inside share and nobody outside has, and the versions of one engine that part them.
std::vector<std::string> apart(const std::vector<const Persona*>& inside,
                               const std::vector<const Persona*>& outside) {
  std::set<std::string> shared = facts_of(*inside[0]);
  for (const Persona* one : inside) {
    std::set<std::string> facts = facts_of(*one);
    std::erase_if(shared, [&](const std::string& fact) { return !facts.contains(fact); });
  }
  for (const Persona* one : outside)
    for (const std::string& fact : facts_of(*one)) shared.erase(fact);
  std::vector<std::string> found(shared.begin(), shared.end());

  bool one_engine =
      std::ranges::all_of(inside, [&](const Persona* one) { return one->engine == inside[0]->engine; });
  if (!one_engine) return found;
  uint32_t lowest = UINT32_MAX, highest = 0;
  for (const Persona* one : inside)
    lowest = std::min(lowest, one->version), highest = std::max(highest, one->version);
  bool older = false, newer = false, between = false;
  for (const Persona* one : outside) {
    if (one->engine != inside[0]->engine) continue;
    older = older || one->version < lowest;
    newer = newer || one->version > highest;
    between = between || (one->version >= lowest && one->version <= highest);
  }
  if (between || (!older && !newer)) return found;
  std::string range = std::string(name(inside[0]->engine)) + " version ";
  if (older && newer)
    range += std::to_string(lowest) + (lowest == highest ? "" : " to " + std::to_string(highest));
  else
    range += older ? "from " + std::to_string(lowest) : "up to " + std::to_string(highest);
  found.push_back(std::move(range));
  return found;
}

}  // namespace

PersonaDiff compare_personas(const std::vector<PersonaView>& views) {
  PersonaDiff diff;
  if (views.empty()) return diff;
  diff.url = views[0].visit.url;
  std::map<std::set<std::string>, std::vector<const PersonaView*>> by_view;
  for (const PersonaView& view : views) by_view[reached_by(view.visit)].push_back(&view);
  std::map<std::string, size_t> reached_by_groups;
  for (const auto& [urls, group] : by_view)
    for (const std::string& url : urls) ++reached_by_groups[url];

  for (const auto& [urls, group] : by_view) {
    PersonaGroup made;
    std::vector<const Persona*> inside, outside;
    for (const PersonaView* view : group) {
      made.personas.push_back(view->persona.name);
      made.verdict = std::max(made.verdict, view->visit.verdict);
    }
    std::ranges::sort(made.personas);
    for (const PersonaView& view : views)
      (std::ranges::binary_search(made.personas, view.persona.name) ? inside : outside)
          .push_back(&view.persona);
    for (const std::string& url : urls)
      if (reached_by_groups[url] < by_view.size()) made.reached.push_back(url);
    if (!outside.empty()) made.told_apart_by = apart(inside, outside);
    std::set<std::string> reasons = reasons_for(views, made.reached);
    if (reasons.empty() && !made.reached.empty()) {
      std::vector<const PersonaView*> others;
      for (const PersonaView& view : views)
        if (std::ranges::find(group, &view) == group.end()) others.push_back(&view);
      reasons = checks_apart(group, others);
    }
    made.decided_by.assign(reasons.begin(), reasons.end());
    diff.groups.push_back(std::move(made));
  }
  std::ranges::stable_sort(diff.groups, {}, [](const PersonaGroup& group) { return group.personas.size(); });
  return diff;
}

boost::json::object to_json(const PersonaDiff& diff) {
  boost::json::array groups;
  auto texts = [](const std::vector<std::string>& from) {
    boost::json::array array;
    for (const std::string& text : from) array.emplace_back(base::to_valid_utf8(text));
    return array;
  };
  for (const PersonaGroup& group : diff.groups)
    groups.push_back(boost::json::object{{"personas", texts(group.personas)},
                                         {"verdict", intel::name(group.verdict)},
                                         {"reached", texts(group.reached)},
                                         {"told_apart_by", texts(group.told_apart_by)},
                                         {"decided_by", texts(group.decided_by)}});
  return {{"url", diff.url}, {"groups", std::move(groups)}};
}

std::string render(const PersonaDiff& diff) {
  constexpr size_t max_urls = 8;
  if (!diff.differs()) return "All personas were shown the same.\n";
  std::string text = "Personas were shown different things:\n";
  for (const PersonaGroup& group : diff.groups) {
    std::string who;
    for (const std::string& persona : group.personas) who += (who.empty() ? "" : ", ") + persona;
    text += "  " + who + ": " + std::string(intel::name(group.verdict)) + "\n";
    if (!group.told_apart_by.empty()) {
      std::string why;
      for (const std::string& fact : group.told_apart_by) why += (why.empty() ? "" : ", ") + fact;
      text += "    only they have: " + why + "\n";
    }
    for (size_t i = 0; i < std::min(group.decided_by.size(), max_urls); ++i)
      text += "    because " + base::for_terminal(base::defang(group.decided_by[i])) + "\n";
    for (size_t i = 0; i < std::min(group.reached.size(), max_urls); ++i)
      text += "    → " + base::for_terminal(base::defang(group.reached[i])) + "\n";
    if (group.reached.size() > max_urls)
      text += "    … " + std::to_string(group.reached.size() - max_urls) + " more\n";
  }
  return text;
}

}  // namespace shikake::honeyclient::low
