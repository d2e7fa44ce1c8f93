#include "honeyclient/chain/payload.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/ascii.h"

namespace shikake::honeyclient::chain {
namespace {

constexpr Payload windows_program{PayloadKind::program, "application/vnd.microsoft.portable-executable",
                                  "Windows program"};
constexpr Payload dos_program{PayloadKind::program, "application/x-dosexec", "DOS program"};
constexpr Payload linux_program{PayloadKind::program, "application/x-executable", "Linux program"};
constexpr Payload mac_program{PayloadKind::program, "application/x-mach-binary", "macOS program"};
constexpr Payload installer{PayloadKind::program, "application/x-msi", "Windows installer"};
constexpr Payload android{PayloadKind::program, "application/vnd.android.package-archive", "Android package"};
constexpr Payload dex{PayloadKind::program, "application/x-dex", "Android program"};
constexpr Payload shortcut{PayloadKind::program, "application/x-ms-shortcut", "Windows shortcut"};
constexpr Payload windows_script{PayloadKind::program, "application/x-windows-script", "Windows script"};
constexpr Payload html_application{PayloadKind::program, "application/hta", "HTML application"};
constexpr Payload help{PayloadKind::program, "application/vnd.ms-htmlhelp", "compiled help"};
constexpr Payload notebook{PayloadKind::document, "application/onenote", "OneNote section"};
constexpr Payload zip{PayloadKind::archive, "application/zip", "ZIP archive"};
constexpr Payload rar{PayloadKind::archive, "application/vnd.rar", "RAR archive"};
constexpr Payload seven_zip{PayloadKind::archive, "application/x-7z-compressed", "7z archive"};
constexpr Payload disk_image{PayloadKind::archive, "application/x-iso9660-image", "disk image"};
constexpr Payload cabinet{PayloadKind::archive, "application/vnd.ms-cab-compressed", "cabinet"};
constexpr Payload pdf{PayloadKind::document, "application/pdf", "PDF"};
constexpr Payload flash{PayloadKind::document, "application/x-shockwave-flash", "Flash"};
constexpr Payload java{PayloadKind::document, "application/java-archive", "Java archive"};
constexpr Payload java_class{PayloadKind::document, "application/java-vm", "Java class"};
constexpr Payload ole{PayloadKind::document, "application/x-ole-storage", "Office document"};
constexpr Payload rich_text{PayloadKind::document, "application/rtf", "RTF document"};
constexpr Payload office{PayloadKind::document, "application/vnd.openxmlformats-officedocument",
                         "Office document"};

constexpr std::array all = {windows_program,
                            dos_program,
                            linux_program,
                            mac_program,
                            installer,
                            android,
                            dex,
                            shortcut,
                            windows_script,
                            html_application,
                            help,
                            notebook,
                            zip,
                            rar,
                            seven_zip,
                            cabinet,
                            disk_image,
                            pdf,
                            flash,
                            java,
                            java_class,
                            ole,
                            rich_text,
                            office};

struct Magic {
  std::string_view bytes;
  Payload payload;
};
using namespace std::string_view_literals;
constexpr Magic magics[] = {
    {"\x7f"
     "ELF"sv,
     linux_program},
    {"\xFE\xED\xFA\xCE"sv, mac_program},  // Mach-O, 32 and 64 bits, both byte orders
    {"\xFE\xED\xFA\xCF"sv, mac_program},
    {"\xCE\xFA\xED\xFE"sv, mac_program},
    {"\xCF\xFA\xED\xFE"sv, mac_program},
    {"dex\n03"sv, dex},
    {"L\0\0\0\x01\x14\x02\0"sv, shortcut},  // [MS-SHLLINK] 2.1
    {"Rar!\x1A\x07"sv, rar},
    {"7z\xBC\xAF\x27\x1C"sv, seven_zip},
    {"MSCF\0\0\0\0"sv, cabinet},
    {"{\\rt"sv, rich_text},
    {"ITSF\x03\0\0\0"sv, help},
    {"\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D"sv, notebook},  // [MS-ONESTORE] 2.3.1, guidFileType
    {"conectix"sv, disk_image},                        // a virtual disk's footer, at its beginning too
    {"vhdxfile"sv, disk_image},
    {"FWS"sv, flash},
    {"CWS"sv, flash},
    {"ZWS"sv, flash},
};

uint32_t little_endian(std::string_view body, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(body[at + i]);
  return value;
}

// A text that begins with "MZ" is no program: the header must point at a PE one, or be binary.
Payload dos_or_windows(std::string_view body) {
  constexpr size_t header = 64;  // of MS-DOS; e_lfanew is its last field
  if (body.size() < header || !body.starts_with("MZ")) return {};
  const uint32_t offset = little_endian(body, 60);
  if (offset <= body.size() - 4 && body.substr(offset, 4) == "PE\0\0"sv) return windows_program;
  return body.substr(0, header).find('\0') != std::string_view::npos ? dos_program : Payload{};
}

// A ZIP's kind by the names in it; they stand in the clear in front of each entry.
Payload zip_kind(std::string_view body) {
  if (!body.starts_with("PK\x03\x04")) return {};
  constexpr size_t searched = 256 * 1024;  // names of the first entries; whole archives may be large
  const std::string_view beginning = body.substr(0, searched);
  auto holds = [beginning](std::string_view name) { return beginning.find(name) != std::string_view::npos; };
  if (holds("AndroidManifest.xml")) return android;
  if (holds("AppxManifest.xml")) return installer;
  if (holds("META-INF/MANIFEST.MF") || holds(".class")) return java;
  if (holds("[Content_Types].xml")) return office;
  return zip;
}

// OLE storages are installers or Office documents; which one stands far inside, in directory names (UTF-16).
Payload ole_kind(std::string_view body, std::string_view path) {
  if (!body.starts_with("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv)) return {};
  return path.ends_with(".msi") ? installer : ole;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [name](std::string_view ending) { return name.ends_with(ending); });
}

// Texts, of which only the name says what runs them.
Payload by_extension(std::string_view path) {
  if (path.ends_with(".hta")) return html_application;
  if (path.ends_with(".url")) return shortcut;
  if (ends_with_any(path, {".vbs", ".vbe", ".wsf", ".wsh", ".jse", ".bat", ".cmd", ".ps1", ".msc"}))
    return windows_script;
  return {};
}

}  // namespace

Payload payload_of(std::string_view body, std::string_view declared, std::string_view path) {
  for (const Magic& magic : magics)
    if (body.starts_with(magic.bytes)) return magic.payload;
  if (Payload found = dos_or_windows(body); found.kind != PayloadKind::none) return found;
  if (Payload found = zip_kind(body); found.kind != PayloadKind::none) return found;
  if (Payload found = ole_kind(body, path); found.kind != PayloadKind::none) return found;
  // Viewers look for the header in the first KiB (ISO 32000-1, implementation note 13).
  if (body.substr(0, 1024).find("%PDF-") != std::string_view::npos && declared != "text/html") return pdf;
  constexpr size_t volume_descriptor = 0x8001;  // ECMA-119, 8.1: sector 16
  if (body.size() > volume_descriptor && body.substr(volume_descriptor).starts_with("CD001"))
    return disk_image;
  // CAFEBABE is a Java class (version 45 and up follows) or a fat Mach-O (a small count follows).
  if (body.size() >= 8 && body.starts_with("\xCA\xFE\xBA\xBE"sv))
    return static_cast<uint8_t>(body[7]) >= 45 ? java_class : mac_program;
  if (body.empty()) return {};
  // A page that is shown is a page, whatever its path says.
  if (declared == "text/html" || declared == "application/xhtml+xml") return {};
  return declared == "application/hta" ? html_application : by_extension(path);
}

Payload payload_of_saved(std::string_view body, std::string_view name) {
  const Payload found = payload_of(body, "", name);
  // Opened from a folder, it is Windows' script host that runs it.
  return found.kind == PayloadKind::none && !body.empty() && name.ends_with(".js") ? windows_script : found;
}

bool is_program_name(std::string_view name) {
  while (name.ends_with(' ') || name.ends_with('.')) name.remove_suffix(1);  // Windows drops them, too
  return ends_with_any(
      base::to_lower(name),
      {".exe", ".scr", ".pif", ".cpl", ".dll", ".xll", ".msi", ".msix", ".appx", ".lnk", ".url", ".chm",
       ".js",  ".jse", ".vbs", ".vbe", ".wsf", ".wsh", ".hta", ".bat",  ".cmd",  ".ps1", ".msc"});
}

bool is_source_name(std::string_view name) {
  return ends_with_any(base::to_lower(name), {".js", ".bat", ".cmd", ".ps1"});
}

// APPNOTE.TXT, 4.3.7: a local file header is 30 bytes, its name's length stands at 26.
ZipNames zip_names(std::string_view body) {
  constexpr size_t header = 30, length_at = 26, most = 50;
  ZipNames names;
  for (size_t at = body.find("PK\x03\x04"); at != std::string_view::npos;
       at = body.find("PK\x03\x04", at + 4)) {
    if (body.size() - at < header) break;
    const size_t length = static_cast<uint8_t>(body[at + length_at]) |
                          static_cast<size_t>(static_cast<uint8_t>(body[at + length_at + 1])) << 8;
    const std::string_view name = body.substr(at + header, std::min<size_t>(length, 255));
    std::vector<std::string>& kind = is_program_name(name) ? names.programs : names.others;
    if (kind.size() < most) kind.emplace_back(name);
  }
  return names;
}

Payload payload_by_mime(std::string_view mime) {
  auto found = std::ranges::find(all, mime, &Payload::mime);
  return found == all.end() ? Payload{} : *found;
}

}  // namespace shikake::honeyclient::chain
