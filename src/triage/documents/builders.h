// For tests: documents made from their parts, byte by byte. Inert: they show a trait and harm nothing.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shikake::triage::builders {

inline std::string le(uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string be(uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
  return out;
}
inline std::string utf16(std::string_view text) {
  std::string out;
  for (char c : text) (out += c) += '\0';
  return out;
}
inline std::string hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes)
    for (int shift : {4, 0}) out += "0123456789abcdef"[static_cast<uint8_t>(c) >> shift & 15];
  return out;
}

// --- shortcuts

struct ShortcutParts {
  std::string target, arguments, icon, environment_target;
  uint32_t show = 1;
  bool unicode = true;
  std::string id_list;
};
inline std::string shortcut(const ShortcutParts& parts) {
  uint32_t flags = parts.unicode ? 0x80 : 0;
  if (!parts.id_list.empty()) flags |= 0x1;
  if (!parts.target.empty()) flags |= 0x2;
  if (!parts.arguments.empty()) flags |= 0x20;
  if (!parts.icon.empty()) flags |= 0x40;
  std::string out =
      le(0x4C, 4) + le(0x00021401, 4) + le(0, 4) + le(0xC0, 4) + le(0x46000000, 4) + le(flags, 4);
  out.resize(0x3C);
  out += le(parts.show, 4);
  out.resize(0x4C);
  if (!parts.id_list.empty()) out += le(parts.id_list.size(), 2) + parts.id_list;
  if (!parts.target.empty()) {
    const uint32_t head = 28;
    std::string info =
        le(head, 4) + le(1, 4) + le(0, 4) + le(head, 4) + le(0, 4) + le(head + parts.target.size(), 4);
    info += parts.target + '\0';
    out += le(info.size() + 4, 4) + info;
  }
  auto text = [&](const std::string& value) {
    if (!value.empty()) out += le(value.size(), 2) + (parts.unicode ? utf16(value) : value);
  };
  text(parts.arguments);
  text(parts.icon);
  if (!parts.environment_target.empty()) {
    std::string block = le(0x314, 4) + le(0xA0000001, 4) + parts.environment_target;
    block.resize(0x314);
    out += block;
  }
  return out + le(0, 4);
}

// --- Flash

inline std::string tag(unsigned code, const std::string& body) {
  if (body.size() < 0x3F) return le(code << 6 | body.size(), 2) + body;
  return le(code << 6 | 0x3F, 2) + le(body.size(), 4) + body;
}
inline std::string film(char kind, const std::string& tags, uint8_t version = 9) {
  const std::string body = std::string("\x00\x00\x18\x01\x00", 5) + tags + le(0, 2);
  std::string head = std::string(1, kind) + "WS" + static_cast<char>(version) + le(body.size() + 8, 4);
  if (kind == 'F') return head + body;
  std::string packed(compressBound(body.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(body.data()),
           body.size());
  packed.resize(size);
  return head + packed;
}
inline std::string u30(uint32_t value) {
  std::string out;
  do {
    out += static_cast<char>((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    value >>= 7;
  } while (value);
  return out;
}
inline std::string action_script_3(const std::vector<std::string>& texts) {
  std::string abc =
      le(16, 2) + le(46, 2) + u30(0) + u30(0) + u30(0) + u30(static_cast<uint32_t>(texts.size()) + 1);
  for (const std::string& text : texts) abc += u30(static_cast<uint32_t>(text.size())) + text;
  return tag(82, le(1, 4) + std::string("main\0", 5) + abc);
}

// --- ZIP

using Files = std::vector<std::pair<std::string, std::string>>;
inline std::string zip(const Files& files) {
  std::string out(1 << 20, '\0');
  for (const auto& [name, bytes] : files) out.resize(out.size() + bytes.size() + 2 * name.size() + 1024);
  size_t used = 0;
  ::archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (const auto& [name, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(writer, entry);
    archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

// A class with these texts among its constants.
inline std::string java_class(const std::string& name, const std::string& parent,
                              const std::vector<std::string>& texts) {
  std::string constants;
  unsigned count = 1;
  auto text = [&](const std::string& value) {
    constants += "\x01" + be(value.size(), 2) + value;
    return count++;
  };
  auto class_of = [&](const std::string& value) {
    const unsigned index = text(value);
    constants += "\x07" + be(index, 2);
    return count++;
  };
  const unsigned self = class_of(name), super = class_of(parent);
  for (const std::string& one : texts) text(one);
  return std::string("\xCA\xFE\xBA\xBE", 4) + be(0, 2) + be(50, 2) + be(count, 2) + constants + be(0x21, 2) +
         be(self, 2) + be(super, 2) + be(0, 2) + be(0, 2) + be(0, 2) + be(0, 2);
}

// --- compound files: 512-byte sectors, no small streams (each is padded to 4096 bytes)

struct Stream {
  std::string path;  // storages by "/"; they are made as needed
  std::string bytes;
  std::string class_id = {};  // of its storage: 16 bytes
};
inline std::string compound(const std::vector<Stream>& streams) {
  struct Node {
    std::string name;
    uint8_t kind = 0;
    std::vector<size_t> children;
    std::string bytes, class_id;
    uint32_t first = 0xFFFFFFFE, size = 0;
  };
  std::vector<Node> nodes(1);
  nodes[0].name = "Root Entry";
  nodes[0].kind = 5;
  for (const Stream& stream : streams) {
    size_t at = 0;
    std::string rest = stream.path;
    for (size_t slash; (slash = rest.find('/')) != std::string::npos; rest.erase(0, slash + 1)) {
      const std::string folder = rest.substr(0, slash);
      size_t found = 0;
      for (size_t child : nodes[at].children)
        if (nodes[child].name == folder) found = child;
      if (!found) {
        found = nodes.size();
        nodes.push_back({folder, 1, {}, {}, stream.class_id});
        nodes[at].children.push_back(found);
      }
      at = found;
    }
    nodes[at].children.push_back(nodes.size());
    Node leaf{rest, 2, {}, stream.bytes, {}};
    leaf.size = static_cast<uint32_t>(std::max<size_t>(stream.bytes.size(), 4096));
    nodes.push_back(std::move(leaf));
    nodes.back().bytes.resize(nodes.back().size);
  }
  // Sector 0 on: the table (as long as it must be), the directory, the streams.
  std::vector<uint32_t> table;
  std::string body;
  auto put = [&](std::string bytes) {
    const auto first = static_cast<uint32_t>(table.size());
    bytes.resize((bytes.size() + 511) / 512 * 512);
    for (size_t i = 0; i < bytes.size() / 512; ++i) table.push_back(static_cast<uint32_t>(table.size() + 1));
    table.back() = 0xFFFFFFFE;
    body += bytes;
    return first;
  };
  size_t sectors = (nodes.size() * 128 + 511) / 512;
  for (const Node& node : nodes) sectors += (node.bytes.size() + 511) / 512;
  size_t table_sectors = 1;
  while (table_sectors * 128 < sectors + table_sectors) ++table_sectors;
  for (size_t i = 0; i < table_sectors; ++i) table.push_back(0xFFFFFFFD);
  for (Node& node : nodes)
    if (node.kind == 2) node.first = put(node.bytes);
  std::string directory;
  for (size_t i = 0; i < nodes.size(); ++i) {
    // Children as a list to the right: not balanced, but a tree.
    uint32_t right = 0xFFFFFFFF, child = 0xFFFFFFFF;
    for (const Node& parent : nodes)
      for (size_t k = 0; k + 1 < parent.children.size(); ++k)
        if (parent.children[k] == i) right = static_cast<uint32_t>(parent.children[k + 1]);
    if (!nodes[i].children.empty()) child = static_cast<uint32_t>(nodes[i].children[0]);
    std::string entry = utf16(nodes[i].name);
    const size_t name_bytes = entry.size() + 2;
    entry.resize(64);
    entry +=
        le(name_bytes, 2) + le(nodes[i].kind, 1) + le(1, 1) + le(0xFFFFFFFF, 4) + le(right, 4) + le(child, 4);
    std::string id = nodes[i].class_id;
    id.resize(16);
    entry += id + le(0, 4) + le(0, 16) + le(nodes[i].first, 4) + le(nodes[i].size, 8);
    directory += entry;
  }
  const uint32_t directory_sector = put(directory);
  std::string head = std::string("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) + le(0, 8) + le(0, 8) + le(0x3E, 2) +
                     le(3, 2) + le(0xFFFE, 2) + le(9, 2) + le(6, 2) + le(0, 6) + le(0, 4) +
                     le(table_sectors, 4) + le(directory_sector, 4) + le(0, 4) + le(4096, 4) +
                     le(0xFFFFFFFE, 4) + le(0, 4) + le(0xFFFFFFFE, 4) + le(0, 4);
  for (uint32_t i = 0; i < 109; ++i) head += le(i < table_sectors ? i : 0xFFFFFFFF, 4);
  std::string tables;
  for (uint32_t entry : table) tables += le(entry, 4);
  while (tables.size() < table_sectors * 512) tables += le(0xFFFFFFFF, 4);
  return head + tables + body;
}

// Packed as [MS-OVBA] has it, with literals alone.
inline std::string packed(std::string_view text) {
  std::string out = "\x01";
  while (!text.empty()) {
    const std::string_view part = text.substr(0, 3000);
    text.remove_prefix(part.size());
    std::string chunk;
    for (size_t i = 0; i < part.size(); i += 8) (chunk += '\0') += part.substr(i, 8);
    out += le(0xB000 | (chunk.size() + 2 - 3), 2) + chunk;
  }
  return out;
}
// A project of one module, to lie in `folder` ("Macros/VBA/", "VBA/").
inline std::vector<Stream> macros(const std::string& folder, const std::string& source) {
  auto record = [](unsigned number, const std::string& body) {
    return le(number, 2) + le(body.size(), 4) + body;
  };
  const std::string dir = record(0x01, le(1, 4)) + le(0x09, 2) + le(4, 4) + le(1, 6) +
                          record(0x19, "Module1") + record(0x1A, "Module1") + record(0x32, utf16("Module1")) +
                          record(0x31, le(20, 4)) + record(0x2B, "") + record(0x10, "");
  return {{folder + "dir", packed(dir)}, {folder + "Module1", std::string(20, '\xEE') + packed(source)}};
}

// --- PDF: objects by number from 1; the first is the catalog. Readers rebuild the table that is missing.
inline std::string pdf(const std::vector<std::string>& objects) {
  std::string out = "%PDF-1.7\n";
  for (size_t i = 0; i < objects.size(); ++i)
    out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  return out + "trailer\n<< /Root 1 0 R /Size " + std::to_string(objects.size() + 1) + " >>\n%%EOF\n";
}
inline std::string pdf_stream(const std::string& dictionary, const std::string& bytes) {
  return "<< " + dictionary + " /Length " + std::to_string(bytes.size()) + " >>\nstream\n" + bytes +
         "\nendstream";
}

}  // namespace shikake::triage::builders
