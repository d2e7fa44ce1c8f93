#include "honeyclient/shellcode/stand_ins.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "honeyclient/shellcode/process.h"

namespace shikake::honeyclient::shellcode {
namespace {

using Arguments = std::span<const uint32_t>;

constexpr uint32_t no_such_file = 0xFFFF'FFFF;  // INVALID_HANDLE_VALUE, INVALID_SOCKET
constexpr uint32_t forever = 0xFFFF'FFFF;
constexpr std::string_view temporary_folder = "C:\\WINDOWS\\Temp\\";
constexpr std::string_view system_folder = "C:\\WINDOWS\\system32";
constexpr std::string_view windows_folder = "C:\\WINDOWS";
constexpr std::string_view own_path = "C:\\Program Files\\Internet Explorer\\iexplore.exe";

// --- ends and waits
uint32_t leave(Process& process, Arguments) {
  process.end(Outcome::exited);
  return 0;
}
uint32_t sleep(Process& process, Arguments a) {
  if (a[0] == forever) process.end(Outcome::waits);
  return 0;
}
uint32_t wait_for(Process& process, Arguments a) {
  if (a[1] == forever) process.end(Outcome::waits);
  return 0;
}
uint32_t terminate(Process& process, Arguments a) {
  constexpr uint32_t self_process = 0xFFFF'FFFF, self_thread = 0xFFFF'FFFE;
  if (a[0] == self_process || a[0] == self_thread || a[0] == 0) process.end(Outcome::exited);
  return 1;
}

// --- libraries
uint32_t load_library(Process& process, Arguments a) {
  return process.library(process.text(a[0]));
}
uint32_t load_library_wide(Process& process, Arguments a) {
  return process.library(process.wide_text(a[0]));
}
uint32_t find_module(Process& process, Arguments a) {
  return a[0] ? process.library(process.text(a[0])) : 0x40'0000;
}
uint32_t find_function(Process& process, Arguments a) {
  return process.function(a[0], a[1] < 0x1'0000 ? fmt::format("#{}", a[1]) : process.text(a[1]));
}
uint32_t load_dll(Process& process, Arguments a) {  // LdrLoadDll: UNICODE_STRING, out handle
  process.put_word(a[3], process.library(process.wide_text(process.word(a[2] + 4))));
  return 0;
}
uint32_t find_procedure(Process& process, Arguments a) {  // LdrGetProcedureAddress
  process.put_word(a[3], process.function(a[0], process.text(process.word(a[1] + 4))));
  return 0;
}

// --- memory
uint32_t virtual_alloc(Process& process, Arguments a) {
  return process.allocate(a[1]);
}
uint32_t virtual_alloc_in(Process& process, Arguments a) {
  return process.allocate(a[2]);
}
uint32_t allocate_size(Process& process, Arguments a) {
  return process.allocate(a[a.size() - 1]);
}
uint32_t virtual_protect(Process& process, Arguments a) {
  process.put_word(a[3], 0x40);  // what it was before: readable, writable, executable
  return 1;
}
uint32_t copy_bytes(Process& process, Arguments a) {
  process.put(a[0], process.bytes(a[1], a[2]));
  return a[0];
}
uint32_t fill_bytes(Process& process, Arguments a) {
  process.put(a[0], std::string(std::min<size_t>(a[2], max_file_bytes), static_cast<char>(a[1])));
  return a[0];
}

// --- texts
uint32_t length(Process& process, Arguments a) {
  return static_cast<uint32_t>(process.text(a[0]).size());
}
uint32_t append(Process& process, Arguments a) {
  process.put(a[0] + length(process, a), process.text(a[1]) + '\0');
  return a[0];
}
uint32_t copy_text(Process& process, Arguments a) {
  process.put(a[0], process.text(a[1]) + '\0');
  return a[0];
}
uint32_t give(Process& process, uint32_t at, uint32_t room, std::string_view text) {
  if (room <= text.size()) return static_cast<uint32_t>(text.size()) + 1;
  process.put(at, std::string(text) + '\0');
  return static_cast<uint32_t>(text.size());
}
uint32_t temporary_path(Process& process, Arguments a) {
  return give(process, a[1], a[0], temporary_folder);
}
uint32_t temporary_path_wide(Process& process, Arguments a) {
  if (a[0] > temporary_folder.size()) process.put_wide(a[1], temporary_folder);
  return static_cast<uint32_t>(temporary_folder.size());
}
uint32_t temporary_name(Process& process, Arguments a) {
  process.put(a[3], process.text(a[0]) + "\\" + process.text(a[1]).substr(0, 3) + "1.tmp" + '\0');
  return 1;
}
uint32_t system_path(Process& process, Arguments a) {
  return give(process, a[0], a[1], system_folder);
}
uint32_t windows_path(Process& process, Arguments a) {
  return give(process, a[0], a[1], windows_folder);
}
uint32_t module_path(Process& process, Arguments a) {
  return give(process, a[1], a[2], own_path);
}
uint32_t environment(Process& process, Arguments a) {
  const std::string name = process.text(a[0]);
  if (name == "TEMP" || name == "TMP" || name == "APPDATA" || name == "USERPROFILE" ||
      name == "ALLUSERSPROFILE")
    return give(process, a[1], a[2], temporary_folder);
  return 0;
}
uint32_t special_folder(Process& process, Arguments a) {
  process.put(a[1], std::string(temporary_folder) + '\0');
  return 1;
}

// --- files
uint32_t create_file(Process& process, Arguments a) {
  return process.open_file(process.text(a[0]));
}
uint32_t create_file_wide(Process& process, Arguments a) {
  return process.open_file(process.wide_text(a[0]));
}
uint32_t write_file(Process& process, Arguments a) {
  process.write_file(a[0], process.bytes(a[1], a[2]));
  if (a.size() > 3) process.put_word(a[3], a[2]);
  return a.size() > 3 ? 1 : a[2];
}
uint32_t write_stream(Process& process, Arguments a) {  // fwrite
  const uint64_t bytes = uint64_t{a[1]} * a[2];
  process.write_file(a[3],
                     process.bytes(a[0], static_cast<uint32_t>(std::min<uint64_t>(bytes, max_file_bytes))));
  return a[2];
}
uint32_t read_nothing(Process& process, Arguments a) {
  process.put_word(a[3], 0);
  return 1;
}

// --- programs
uint32_t run_command(Process& process, Arguments a) {
  process.note_command(process.text(a[0]));
  return 33;  // above 31: started
}
uint32_t run_wide_command(Process& process, Arguments a) {
  process.note_command(process.wide_text(a[0]));
  return 0;
}
uint32_t joined(Process& process, std::string program, std::string arguments, uint32_t answer) {
  if (program.empty()) std::swap(program, arguments);
  process.note_command(arguments.empty() || arguments == program ? program : program + " " + arguments);
  return answer;
}
uint32_t create_process(Process& process, Arguments a) {
  process.put_word(a[9], 0x200);  // PROCESS_INFORMATION: two handles, two numbers
  process.put_word(a[9] + 4, 0x204);
  return joined(process, process.text(a[0]), process.text(a[1]), 1);
}
uint32_t create_process_wide(Process& process, Arguments a) {
  process.put_word(a[9], 0x200);
  process.put_word(a[9] + 4, 0x204);
  return joined(process, process.wide_text(a[0]), process.wide_text(a[1]), 1);
}
uint32_t shell_execute(Process& process, Arguments a) {
  return joined(process, process.text(a[2]), process.text(a[3]), 33);
}
uint32_t shell_execute_wide(Process& process, Arguments a) {
  return joined(process, process.wide_text(a[2]), process.wide_text(a[3]), 33);
}
uint32_t shell_execute_ex(Process& process, Arguments a) {  // SHELLEXECUTEINFOA: lpFile, lpParameters
  return joined(process, process.text(process.word(a[0] + 16)), process.text(process.word(a[0] + 20)), 1);
}
uint32_t create_thread(Process& process, Arguments a) {
  process.start_thread(a[2], a[3]);
  return 0x208;
}

// --- the network
uint32_t download(Process& process, Arguments a) {
  process.note_url(process.text(a[1]));
  process.open_file(process.text(a[2]));
  return 0;
}
uint32_t download_wide(Process& process, Arguments a) {
  process.note_url(process.wide_text(a[1]));
  process.open_file(process.wide_text(a[2]));
  return 0;
}
uint32_t download_to_cache(Process& process, Arguments a) {
  process.note_url(process.text(a[1]));
  give(process, a[2], a[3], "C:\\WINDOWS\\Temp\\cache1.tmp");
  return 0;
}
uint32_t download_to_cache_wide(Process& process, Arguments a) {
  process.note_url(process.wide_text(a[1]));
  if (a[3] > 32) process.put_wide(a[2], "C:\\WINDOWS\\Temp\\cache1.tmp");
  return 0;
}
uint32_t open_stream(Process& process, Arguments a) {
  process.note_url(process.text(a[1]));
  return 1;
}
uint32_t open_url(Process& process, Arguments a) {
  process.note_url(process.text(a[1]));
  return 0x300;
}
uint32_t open_url_wide(Process& process, Arguments a) {
  process.note_url(process.wide_text(a[1]));
  return 0x300;
}
uint32_t request_connect(Process& process, std::string host, uint32_t port) {
  constexpr uint32_t http = 80, https = 443;
  process.request_scheme = (port & 0xFFFF) == https ? "https" : "http";
  port &= 0xFFFF;
  process.request_host = port == http || port == https || port == 0 ? host : fmt::format("{}:{}", host, port);
  return 0x304;
}
uint32_t internet_connect(Process& process, Arguments a) {
  return request_connect(process, process.text(a[1]), a[2]);
}
uint32_t internet_connect_wide(Process& process, Arguments a) {
  return request_connect(process, process.wide_text(a[1]), a[2]);
}
uint32_t request(Process& process, std::string path) {
  if (!path.starts_with("/")) path.insert(0, "/");
  process.note_url(process.request_scheme + "://" + process.request_host + path);
  return 0x308;
}
uint32_t open_request(Process& process, Arguments a) {
  return request(process, process.text(a[2]));
}
uint32_t open_request_wide(Process& process, Arguments a) {
  return request(process, process.wide_text(a[2]));
}
std::string socket_address(Process& process,
                           uint32_t at) {  // sockaddr_in: family, port and address, big-endian
  const std::string it = process.bytes(at, 8);
  if (it.size() < 8) return "nowhere";
  auto byte = [&](size_t i) { return static_cast<unsigned>(static_cast<uint8_t>(it[i])); };
  return fmt::format("{}.{}.{}.{}:{}", byte(4), byte(5), byte(6), byte(7), byte(2) << 8 | byte(3));
}
uint32_t connect(Process& process, Arguments a) {
  process.note_connection("connects to " + socket_address(process, a[1]));
  return 0;
}
uint32_t bind(Process& process, Arguments a) {
  process.note_connection("listens on " + socket_address(process, a[1]));
  return 0;
}
uint32_t accept(Process& process, Arguments) {
  process.end(Outcome::waits);  // nobody comes
  return no_such_file;
}
uint32_t host_by_name(Process& process, Arguments a) {
  process.note_connection("looks up " + process.text(a[0]));
  // A hostent whose one address is of the documentation range (RFC 5737).
  const uint32_t at = process.allocate(64);
  if (at == 0) return 0;
  process.put_word(at, at + 32);
  process.put_word(at + 8, 0x0004'0002);  // family, length
  process.put_word(at + 12, at + 16);
  process.put_word(at + 16, at + 24);
  process.put(at + 24, std::string_view("\xC0\x00\x02\x01", 4));
  return at;
}
uint32_t address_of_text(Process& process, Arguments a) {
  const std::string it = process.text(a[0]);
  uint32_t value = 0, part = 0, shift = 0;
  for (char c : it + ".") {
    if (c >= '0' && c <= '9') {
      part = part * 10 + static_cast<uint32_t>(c - '0');
    } else {
      value |= (part & 0xFF) << (shift & 31);
      shift += 8;
      part = 0;
    }
  }
  return value;
}
uint32_t swap_port(Process&, Arguments a) {
  return (a[0] & 0xFF) << 8 | (a[0] >> 8 & 0xFF);
}

constexpr StandIn table[] = {
    {"ntdll", "LdrGetProcedureAddress", "ppnp", find_procedure},
    {"ntdll", "LdrLoadDll", "nppp", load_dll},
    {"ntdll", "NtAllocateVirtualMemory", "npnpnn", nullptr, 0xC000'0002},
    {"ntdll", "NtProtectVirtualMemory", "nppnp", nullptr, 0},
    {"ntdll", "NtTerminateProcess", "nn", terminate},
    {"ntdll", "RtlExitUserThread", "n", leave},
    {"ntdll", "RtlMoveMemory", "ppn", copy_bytes},
    {"ntdll", "RtlZeroMemory", "pn", nullptr},
    {"ntdll", "ZwTerminateProcess", "nn", terminate},
    {"ntdll", "memcpy", "!ppn", copy_bytes},
    {"ntdll", "memset", "!pnn", fill_bytes},

    {"kernel32", "CloseHandle", "n"},
    {"kernel32", "CopyFileA", "aan"},
    {"kernel32", "CreateDirectoryA", "ap"},
    {"kernel32", "CreateFileA", "annpnnn", create_file},
    {"kernel32", "CreateFileMappingA", "npnnna", nullptr, 0x20C},
    {"kernel32", "CreateFileW", "wnnpnnn", create_file_wide},
    {"kernel32", "CreateMutexA", "pna", nullptr, 0x210},
    {"kernel32", "CreateProcessA", "aappnnpapp", create_process},
    {"kernel32", "CreateProcessInternalA", "naappnnpappp"},
    {"kernel32", "CreateProcessW", "wwppnnpwpp", create_process_wide},
    {"kernel32", "CreateRemoteThread", "npnppnp"},
    {"kernel32", "CreateThread", "pnppnp", create_thread},
    {"kernel32", "DeleteFileA", "a"},
    {"kernel32", "DeleteFileW", "w"},
    {"kernel32", "ExitProcess", "n", leave},
    {"kernel32", "ExitThread", "n", leave},
    {"kernel32", "ExpandEnvironmentStringsA", "apn", nullptr, 0},
    {"kernel32", "FatalAppExitA", "na", leave},
    {"kernel32", "FreeLibrary", "n"},
    {"kernel32", "GetCommandLineA", "", nullptr, 0},
    {"kernel32", "GetCurrentProcess", "", nullptr, 0xFFFF'FFFF},
    {"kernel32", "GetCurrentProcessId", "", nullptr, 1234},
    {"kernel32", "GetCurrentThread", "", nullptr, 0xFFFF'FFFE},
    {"kernel32", "GetCurrentThreadId", "", nullptr, 1235},
    {"kernel32", "GetEnvironmentVariableA", "apn", environment},
    {"kernel32", "GetFileAttributesA", "a", nullptr, 0x20},
    {"kernel32", "GetFileSize", "np", nullptr, 0},
    {"kernel32", "GetLastError", "", nullptr, 0},
    {"kernel32", "GetModuleFileNameA", "npn", module_path},
    {"kernel32", "GetModuleHandleA", "a", find_module},
    {"kernel32", "GetProcAddress", "na", find_function},
    {"kernel32", "GetProcessHeap", "", nullptr, 0x0100'0000},
    {"kernel32", "GetStartupInfoA", "p"},
    {"kernel32", "GetSystemDirectoryA", "pn", system_path},
    {"kernel32", "GetTempFileNameA", "aanp", temporary_name},
    {"kernel32", "GetTempPathA", "np", temporary_path},
    {"kernel32", "GetTempPathW", "np", temporary_path_wide},
    {"kernel32", "GetTickCount", "", nullptr, 0x0012'3456},
    {"kernel32", "GetVersion", "", nullptr, 0x0A28'0105},  // 5.1.2600
    {"kernel32", "GetVersionExA", "p"},
    {"kernel32", "GetWindowsDirectoryA", "pn", windows_path},
    {"kernel32", "GlobalAlloc", "nn", allocate_size},
    {"kernel32", "GlobalFree", "n", nullptr, 0},
    {"kernel32", "HeapAlloc", "nnn", allocate_size},
    {"kernel32", "HeapCreate", "nnn", nullptr, 0x0100'0000},
    {"kernel32", "HeapFree", "nnp"},
    {"kernel32", "IsBadReadPtr", "pn", nullptr, 0},
    {"kernel32", "IsDebuggerPresent", "", nullptr, 0},
    {"kernel32", "LoadLibraryA", "a", load_library},
    {"kernel32", "LoadLibraryExA", "ann", load_library},
    {"kernel32", "LoadLibraryW", "w", load_library_wide},
    {"kernel32", "LocalAlloc", "nn", allocate_size},
    {"kernel32", "LocalFree", "n", nullptr, 0},
    {"kernel32", "MoveFileA", "aa"},
    {"kernel32", "MoveFileExA", "aan"},
    {"kernel32", "OpenProcess", "nnn", nullptr, 0x214},
    {"kernel32", "OutputDebugStringA", "a"},
    {"kernel32", "PeekNamedPipe", "npnppp", nullptr, 0},
    {"kernel32", "CreatePipe", "pppn"},
    {"kernel32", "ReadFile", "npnpp", read_nothing},
    {"kernel32", "SetErrorMode", "n", nullptr, 0},
    {"kernel32", "SetFileAttributesA", "an"},
    {"kernel32", "SetFilePointer", "nnpn", nullptr, 0},
    {"kernel32", "SetUnhandledExceptionFilter", "p", nullptr, 0},
    {"kernel32", "Sleep", "n", sleep},
    {"kernel32", "SleepEx", "nn", sleep},
    {"kernel32", "TerminateProcess", "nn", terminate},
    {"kernel32", "TerminateThread", "nn", terminate},
    {"kernel32", "UnhandledExceptionFilter", "p", nullptr, 0},
    {"kernel32", "VirtualAlloc", "pnnn", virtual_alloc},
    {"kernel32", "VirtualAllocEx", "npnnn", virtual_alloc_in},
    {"kernel32", "VirtualFree", "pnn"},
    {"kernel32", "VirtualProtect", "pnnp", virtual_protect},
    {"kernel32", "VirtualProtectEx", "npnnp"},
    {"kernel32", "WaitForSingleObject", "nn", wait_for},
    {"kernel32", "WinExec", "an", run_command},
    {"kernel32", "WriteFile", "npnpp", write_file},
    {"kernel32", "WriteProcessMemory", "nppnp"},
    {"kernel32", "_lclose", "n", nullptr, 0},
    {"kernel32", "_lcreat", "an", create_file},
    {"kernel32", "_lopen", "an", create_file},
    {"kernel32", "_lwrite", "npn", write_file},
    {"kernel32", "lstrcatA", "pa", append},
    {"kernel32", "lstrcpyA", "pa", copy_text},
    {"kernel32", "lstrcmpiA", "aa", nullptr, 0},
    {"kernel32", "lstrlenA", "a", length},

    {"user32", "MessageBoxA", "naan"},
    {"user32", "GetDesktopWindow", "", nullptr, 0x1'0010},
    {"user32", "wsprintfA", "!pa", copy_text},
    {"user32", "FindWindowA", "aa", nullptr, 0},

    {"advapi32", "RegCloseKey", "n", nullptr, 0},
    {"advapi32", "RegCreateKeyExA", "nannnnppp", nullptr, 0},
    {"advapi32", "RegOpenKeyExA", "nannp", nullptr, 0},
    {"advapi32", "RegSetValueExA", "nannpn", nullptr, 0},

    {"shell32", "SHGetSpecialFolderPathA", "npnn", special_folder},
    {"shell32", "ShellExecuteA", "naaaan", shell_execute},
    {"shell32", "ShellExecuteExA", "p", shell_execute_ex},
    {"shell32", "ShellExecuteW", "nwwwwn", shell_execute_wide},

    {"urlmon", "URLDownloadToCacheFileA", "papnnn", download_to_cache},
    {"urlmon", "URLDownloadToCacheFileW", "pwpnnn", download_to_cache_wide},
    {"urlmon", "URLDownloadToFileA", "paann", download},
    {"urlmon", "URLDownloadToFileW", "pwwnn", download_wide},
    {"urlmon", "URLOpenBlockingStreamA", "papnn", open_stream},

    {"wininet", "HttpOpenRequestA", "naaaapnn", open_request},
    {"wininet", "HttpOpenRequestW", "nwwwwpnn", open_request_wide},
    {"wininet", "HttpSendRequestA", "nanpn"},
    {"wininet", "HttpSendRequestW", "nwnpn"},
    {"wininet", "InternetCloseHandle", "n"},
    {"wininet", "InternetConnectA", "nanaannn", internet_connect},
    {"wininet", "InternetConnectW", "nwnwwnnn", internet_connect_wide},
    {"wininet", "InternetOpenA", "anaan", nullptr, 0x30C},
    {"wininet", "InternetOpenUrlA", "naannn", open_url},
    {"wininet", "InternetOpenUrlW", "nwwnnn", open_url_wide},
    {"wininet", "InternetOpenW", "wnwwn", nullptr, 0x30C},
    {"wininet", "InternetReadFile", "npnp", read_nothing},
    {"wininet", "InternetSetOptionA", "nnpn"},
    {"wininet", "DeleteUrlCacheEntryA", "a"},

    {"winhttp", "WinHttpConnect", "nwnn", internet_connect_wide},
    {"winhttp", "WinHttpOpen", "wnwwn", nullptr, 0x30C},
    {"winhttp", "WinHttpOpenRequest", "nwwwwpn", open_request_wide},
    {"winhttp", "WinHttpReadData", "npnp", read_nothing},
    {"winhttp", "WinHttpReceiveResponse", "np"},
    {"winhttp", "WinHttpSendRequest", "nwnpnnn"},

    {"ws2_32", "WSACleanup", "", nullptr, 0},
    {"ws2_32", "WSAConnect", "npnpppp", connect},
    {"ws2_32", "WSAGetLastError", "", nullptr, 0},
    {"ws2_32", "WSASocketA", "nnnpnn", nullptr, 0x400},
    {"ws2_32", "WSASocketW", "nnnpnn", nullptr, 0x400},
    {"ws2_32", "WSAStartup", "np", nullptr, 0},
    {"ws2_32", "accept", "npp", accept},
    {"ws2_32", "bind", "npn", bind},
    {"ws2_32", "closesocket", "n", nullptr, 0},
    {"ws2_32", "connect", "npn", connect},
    {"ws2_32", "gethostbyname", "a", host_by_name},
    {"ws2_32", "htons", "n", swap_port},
    {"ws2_32", "inet_addr", "a", address_of_text},
    {"ws2_32", "listen", "nn", nullptr, 0},
    {"ws2_32", "recv", "npnn", nullptr, 0},
    {"ws2_32", "send", "npnn", nullptr, 0},
    {"ws2_32", "socket", "nnn", nullptr, 0x400},

    {"msvcrt", "_execl", "!a", run_command},
    {"msvcrt", "_wsystem", "!w", run_wide_command},
    {"msvcrt", "exit", "!n", leave},
    {"msvcrt", "fclose", "!n", nullptr, 0},
    {"msvcrt", "fopen", "!aa", create_file},
    {"msvcrt", "fwrite", "!pnnn", write_stream},
    {"msvcrt", "malloc", "!n", allocate_size},
    {"msvcrt", "memcpy", "!ppn", copy_bytes},
    {"msvcrt", "memset", "!pnn", fill_bytes},
    {"msvcrt", "strcat", "!pa", append},
    {"msvcrt", "strcpy", "!pa", copy_text},
    {"msvcrt", "strlen", "!a", length},
    {"msvcrt", "system", "!a", run_command},
};

}  // namespace

std::span<const StandIn> stand_ins() {
  return table;
}

}  // namespace shikake::honeyclient::shellcode
